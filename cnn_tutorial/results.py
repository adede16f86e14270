"""Recorded runs: what takes longer than a chapter may, run once by a tool, and drawn by a chapter.

A record is a JSON file in ``book/_results`` (installed with the package) that says when, on what
and by which command its numbers were made. A number without a record is not printed.
"""

import datetime
import importlib.metadata
import json
import os
import platform
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# In an installed package the records lie beside this file, in a checkout in book/_results.
_FOLDERS = (_HERE / "_results", _HERE.parent / "book" / "_results")
_VERSIONS = ("tensorflow", "keras", "jax", "numpy", "opencv-python-headless", "pillow")


def load_result(name):
    """A recorded run, as ``record_result`` wrote it.

    Args:
        name: str, the record's file name without ``.json``.

    Returns:
        dict with ``"date"``, ``"machine"``, ``"versions"``, ``"command"``, ``"seeds"`` and
        ``"results"``, the numbers.

    Raises:
        FileNotFoundError: if there is no such record; names those that there are.

    Example:
        >>> load_result("no_such_run")
        Traceback (most recent call last):
        ...
        FileNotFoundError: no recorded run 'no_such_run'; recorded are: ...
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text("utf-8"))
    names = sorted({path.stem for folder in _FOLDERS for path in folder.glob("*.json")})
    raise FileNotFoundError(f"no recorded run {name!r}; recorded are: {', '.join(names) or 'none'}")


def record_result(name, results, *, command, seeds=(), device=None):
    """Write ``book/_results/NAME.json`` (in a checkout; the tools in ``tools/`` call it).

    Args:
        name: str, the record's file name without ``.json``.
        results: what JSON can hold: the numbers.
        command: str, what was typed, so that anyone can make the numbers again.
        seeds: the seeds that were used.
        device: str, what it ran on if not this machine's processor, such as a GPU's name.

    Returns:
        ``pathlib.Path`` of the file.
    """
    record = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{device or platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "versions": {"python": platform.python_version()} | _installed(_VERSIONS),
        "command": command,
        "seeds": list(seeds),
        "results": results,
    }
    path = _FOLDERS[-1] / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def _installed(names):
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
