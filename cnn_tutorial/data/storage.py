"""The cache folder (``places.py`` says where it is): written in one step, one process at a time."""

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
import time
import warnings
from pathlib import Path

from cnn_tutorial.places import CACHE_VARIABLE, cache_folder
from cnn_tutorial.progress import Progress


def import_pooch():
    """The module pooch, imported without the complaint that tqdm makes in a plain notebook."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        import pooch
    return pooch


def raise_if_disk_full(error):
    """Raise a helpful OSError if ``error`` says that there is no room: no source mends that."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise OSError(
            error.errno,
            f"the disk is full: make room, or set {CACHE_VARIABLE} to a folder that has some",
            str(error.filename or cache_folder()),
        ) from error


@contextlib.contextmanager
def new_file(path):
    """A temporary name beside ``path``; what is written there becomes ``path`` in one step."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch_folder(*, elsewhere=True):
    """A temporary folder in the cache folder, or in the system's if that is not writable.

    With ``elsewhere=False`` a cache folder that is not writable is an OSError instead.
    """
    parent = cache_folder()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".fetching-", dir=parent)
    except OSError as error:
        raise_if_disk_full(error)
        if not elsewhere:
            raise OSError(
                error.errno,
                f"the cache folder is not writable: set {CACHE_VARIABLE} to one that is",
                str(parent),
            ) from error
        folder = tempfile.mkdtemp(prefix="cnn_tutorial-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(path):
    """Hold the lock of ``path`` among all processes of this machine, waiting for it if need be.

    It only spares a second download: nothing breaks where a file system knows no locks, or the
    folder cannot be written to. The system gives the lock back when a process dies.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f".{path.name}.lock").open("a")
    except OSError:
        yield
        return
    with file:
        if not _try_lock(file):
            with Progress(f"waiting for another process to fetch {path.stem}"):
                while not _try_lock(file):
                    time.sleep(0.1)
        yield


def _try_lock(file):
    """Whether the lock was had, or there is none to be had on this file system."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True
