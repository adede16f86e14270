"""Every file below a folder, looked at in parallel: what can be used and what cannot, and why.

Nothing is deleted, moved or changed, and nothing outside the folder is read: links are followed
only where they end inside it. Chapter 31 uses it first.
"""

import errno
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnn_tutorial.data.folders.inspection import inspect_photograph
from cnn_tutorial.data.folders.photographs import UnusablePhotographError
from cnn_tutorial.data.folders.report import FolderReport
from cnn_tutorial.progress import Progress

_CHUNK = 16  # files that a thread takes at a time
_SMALL = 16  # pixels: a side below this is noted
_NARROW = 4  # times as long as wide: noted
_SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir")
_ENDINGS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "JPEG2000": (".jp2", ".j2k", ".jpx"),
    "AVIF": (".avif",),
}


def scan_folder(path, *, workers=None, progress=True):
    """Look through a folder of photographs, one subfolder a class, and report what is there.

    Every file is read and decoded whole. A class is a direct subfolder with at least one usable
    photograph, at any depth below it. Set aside, with the reason, is everything else: what is no
    whole image, hidden and system files, files beside the class folders, links to folders, and
    links that lead out of ``path``.

    Args:
        path: str or path-like, the folder that holds the class folders.
        workers: int, how many threads; None takes one for each core that may be used. The
            report is the same for any number.
        progress: bool, whether to show a progress bar.

    Returns:
        ``FolderReport``, also where nothing in the folder is usable.

    Raises:
        FileNotFoundError: if there is no such folder.
        NotADirectoryError: if it is a file.
        TypeError, ValueError: if ``workers`` is not None or a positive int.

    Example:
        >>> scan_folder("no_such_folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: path must be a folder; there is no 'no_such_folder'
    """
    root = _check_folder(path)
    workers = _check_workers(workers)
    files, folders, problems = find_files(root)
    usable, notes = [], []
    with (
        Progress("looking through photographs", len(files), unit="files", shown=progress) as bar,
        warnings.catch_warnings(),
        ThreadPoolExecutor(workers) as pool,
    ):
        # What Pillow warns of is in the report, or does not concern the pixels.
        warnings.filterwarnings("ignore", module="PIL")
        chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
        for results in pool.map(_inspect_all, chunks):
            for file, inspection, reason in results:
                if inspection is None:
                    problems.append((file, reason))
                else:
                    usable.append((file, inspection))
                    notes += [(file, note) for note in _list_notes(file, root, inspection)]
            bar.update(len(results))
    classes = {_class_of(file, root) for file, _ in usable}
    empty = [folder for folder in folders if folder.name not in classes]
    problems += [(folder, "a folder without a usable photograph: no class") for folder in empty]
    return _make_report(root, usable, sorted(problems, key=lambda item: item[0].parts), notes)


def find_files(root):
    """What is to be looked at below ``root``, and what is not even looked at.

    Args:
        root: ``pathlib.Path`` of a folder.

    Returns:
        (list of files, sorted by their path; list of the direct subfolders, which may be
        classes; list of (path, reason) of what is passed over).
    """
    real_root = os.path.realpath(root)
    files, classes, problems, waiting = [], [], [], [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                entries = list(entries)
        except OSError as error:
            problems.append((folder, f"not readable ({error.strerror or error})"))
            continue
        for entry in entries:
            path = folder / entry.name
            reason = _reason_to_pass_over(entry, real_root)
            if reason is not None:
                problems.append((path, reason))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
                if folder == root:
                    classes.append(path)
            elif folder == root:
                problems.append((path, "not in a class's folder"))
            else:
                files.append(path)
    return sorted(files, key=lambda file: file.parts), classes, problems


def _reason_to_pass_over(entry, real_root):
    """Why a directory entry is not looked at, or None."""
    if entry.name.startswith("."):
        return "hidden"
    if entry.name.lower() in _SYSTEM_FILES:
        return "made by the operating system, not a photograph"
    if not entry.is_symlink():
        return None
    try:
        target = os.path.realpath(entry.path, strict=True)
    except OSError as error:
        circle = error.errno == errno.ELOOP
        return "a link that leads in a circle" if circle else "a broken link"
    if os.path.commonpath([real_root, target]) != real_root:
        return "a link that leads out of the folder"
    return "a link to a folder" if os.path.isdir(target) else None


def _inspect_all(files):
    """(file, Inspection or None, reason or None) of each."""
    results = []
    for file in files:
        try:
            results.append((file, inspect_photograph(file), None))
        except UnusablePhotographError as error:
            results.append((file, None, error.reason))
    return results


def _list_notes(file, root, found):
    """What is odd about a usable file; in brackets what differs from file to file."""
    size = f"{found.height}×{found.width}"
    ending = file.suffix.lower()
    several = "its pages" if found.format == "TIFF" else "an animation"
    odd = {
        f"named wrongly (is {found.format})": ending not in _ENDINGS[found.format],
        f"turned upright by EXIF (orientation {found.orientation})": found.orientation != 1,
        f"only the first image used (of {several})": found.several,
        "CMYK (colours approximate)": found.mode == "CMYK",
        "16 bits (scaled to 8)": found.mode.startswith("I"),
        "transparent (laid on white)": found.transparent,
        "palette": found.mode.startswith("P"),
        f"very small ({size})": min(found.height, found.width) < _SMALL,
        f"long and narrow ({size})": max(found.height, found.width)
        > _NARROW * min(found.height, found.width),
        "one grey all over": found.fingerprint == 0,
        "deeper than its class's folder": len(file.relative_to(root).parts) > 2,
        "a link": file.is_symlink(),
    }
    return [note for note, holds in odd.items() if holds]


def _make_report(root, usable, problems, notes):
    names = [_class_of(file, root) for file, _ in usable]
    class_names = tuple(sorted(set(names)))
    label_of = {name: label for label, name in enumerate(class_names)}
    inspections = [inspection for _, inspection in usable]
    return FolderReport(
        path=root,
        files=tuple(file for file, _ in usable),
        labels=np.array([label_of[name] for name in names], np.int64),
        class_names=class_names,
        problems=tuple(problems),
        notes=tuple(notes),
        sizes=np.array([(i.height, i.width) for i in inspections], np.int64).reshape(-1, 2),
        modes=np.array([i.mode for i in inspections], np.str_),
        hashes=np.array([i.hash for i in inspections], np.str_),
        fingerprints=np.array([i.fingerprint for i in inspections], np.uint64),
    )


def _class_of(file, root):
    return file.relative_to(root).parts[0]


def _check_folder(path):
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a str or a path; received {path!r}")
    root = Path(path).absolute()
    if not root.exists():
        raise FileNotFoundError(f"path must be a folder; there is no {str(path)!r}")
    if not root.is_dir():
        raise NotADirectoryError(f"path must be a folder; {str(path)!r} is a file")
    return root


def _check_workers(workers):
    if workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    expected = f"workers must be a positive int or None; received {workers!r}"
    if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)):
        raise TypeError(expected)
    if workers < 1:
        raise ValueError(expected)
    return int(workers)
