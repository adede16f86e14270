"""Find a Python for the book, and say in one sentence what stands in the way.

Part of tools/setup_environment.py: standard library only, in the syntax of Python 3.6.
"""

import glob
import os
import re
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
GET_PYTHON = (
    "Install Python {0}, for example with `sudo apt install python{0}-venv` (Debian, Ubuntu), "
    "`brew install python@{0}` (macOS) or from python.org, or name the program: "
    "`make PYTHON=/path/to/python{0} ...`."
)
# What a failed installation says in its log, and the sentence that helps. First match wins.
CAUSES = [
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "The disk is full. Free {gigabytes} GB (`df -h .` shows what is left; `pip cache purge` "
        "empties pip's cache) and run it again: it goes on from where it stopped.",
    ),
    (
        r"Read-only file system|Errno 30|Permission denied|Errno 13",
        "This folder cannot be written to. Copy the repository to a folder of your own and run "
        "it again there.",
    ),
    (
        r"No module named '?ensurepip|ensurepip is not available|ensurepip.*non-zero exit",
        "Python's `venv` module is incomplete, as Debian and Ubuntu ship it. Run `sudo apt "
        "install python3-venv` (or `python{version}-venv`) and run it again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|ProxyError|Tunnel connection failed",
        "A proxy or a certificate stands between this machine and the package index. Set "
        "`HTTPS_PROXY` or `PIP_CERT` as your network's administrator says and run it again.",
    ),
    (
        r"NewConnectionError|NameResolutionError|Name or service not known|Network is unreachable"
        r"|name resolution|Connection refused|ConnectTimeout|ReadTimeout|Max retries exceeded"
        r"|Connection reset|RemoteDisconnected",
        "The package index cannot be reached. Check the network (or a proxy: `HTTPS_PROXY`) and "
        "run it again: what was downloaded is kept.",
    ),
    (
        r"No matching distribution found for (?P<package>\S+)",
        "There is no build of {package} for this Python and processor. Python 3.12 on 64-bit "
        "Linux or macOS has all of them: choose one with `make PYTHON=...`.",
    ),
]


class Trouble(Exception):
    """Something that the reader can mend; its text is the sentence that helps."""


def probe(program):
    """``(version, has_pip, path)`` of a Python program, or None if it does not run.

    The version is a triple. A name can exist and not run: a version manager's stand-in does. The
    path is that of the Python behind a virtual environment, which may be the one to be replaced.
    """
    code = "import sys\ntry: import ensurepip, venv\nexcept ImportError: print('no pip')\n"
    code += "print('version', *sys.version_info[:3])\n"
    code += "print('path', getattr(sys, '_base_executable', sys.executable))"
    try:
        said = subprocess.check_output([program, "-c", code], stderr=subprocess.DEVNULL).decode()
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"version (\d+) (\d+) (\d+)", said)
    path = re.search(r"path (.+)", said)
    if not (version and path):
        return None
    return tuple(int(n) for n in version.groups()), "no pip" not in said, path.group(1).strip()


def dotted(version):
    """A version's parts with dots between them: ``(3, 11, 7)`` gives "3.11.7"."""
    return ".".join(str(part) for part in version)


def find_python(versions, wanted=None):
    """``(path, version)`` of the first suitable Python: ``wanted``, this one, or another.

    The running Python comes first: it is what `python3` means on this machine. Then
    python3.13, python3.12 and so on are tried, newest first, as far as ``versions`` has them,
    and those that pyenv has installed and not switched on.
    """
    names = [wanted] if wanted else [sys.executable]
    for version in [] if wanted else versions:
        pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        names += ["python" + version]
        names += glob.glob(os.path.join(pyenv, "versions", version + ".*", "bin", "python"))
    seen, no_pip = [], None
    for name in names:
        found = probe(name)
        if found is None:
            continue
        version, has_pip, path = found
        seen.append(version)
        if dotted(version[:2]) in versions:
            if has_pip:
                return path, dotted(version)
            no_pip = no_pip or dotted(version[:2])
    get_python = GET_PYTHON.format(versions[len(versions) // 2])
    allowed = versions[-1] + " to " + versions[0] if len(versions) > 1 else versions[0]
    if no_pip:
        raise Trouble(cause("ensurepip is not available", version=no_pip))
    if not seen:
        raise Trouble(f"Python {allowed} is needed, and {wanted} does not run. {get_python}")
    if min(seen)[:2] > NEWEST:
        why = ", which is too new: TensorFlow has no build for it yet"
    elif max(seen)[:2] < OLDEST:
        why = ", which is too old"
    else:
        why = ""
    found = ", ".join(dotted(version) for version in sorted(set(seen)))
    raise Trouble(f"Python {allowed} is needed; found here: {found}{why}. {get_python}")


def cause(log, **known):
    """The sentence for the first known cause in a log, or None."""
    for pattern, sentence in CAUSES:
        found = re.search(pattern, log)
        if found:
            known.update(found.groupdict())
            known.setdefault("gigabytes", "5")
            known.setdefault("version", "3")
            return sentence.format(**known)
    return None
