"""Checkpoint files: written in one step, checked when they are read, two of them kept.

A checkpoint is ``epoch-0007.npz`` in the folder: NumPy's own format, with the arrays and a
manifest in JSON under the name ``manifest``. Whoever is killed while writing leaves a temporary
file behind and the checkpoints as they were. Chapter 51 explains it.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import secrets
import warnings
from pathlib import Path

import numpy as np

from cnn_tutorial.training.errors import CheckpointError, DamagedCheckpointError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FORMAT = 1  # of the files: another number is refused
KEPT = 2  # the newest and the one before
_NAME = re.compile(r"epoch-(\d{4,})\.npz")


def write_checkpoint(folder, epoch, arrays, manifest):
    """Write a checkpoint so that it is there wholly or not at all; of the older ones one stays.

    Into a temporary file, which is forced onto the disk (``fsync``) before it gets its name
    (``os.replace``, one indivisible step).

    Args:
        folder: path of a folder; made if it is missing.
        epoch: int, the number of finished epochs.
        arrays: dict of name and array, of any numeric dtype.
        manifest: dict that JSON can hold.

    Returns:
        ``pathlib.Path`` of the file.

    Raises:
        OSError: if the folder cannot be written or the disk is full; says what is still there.

    Reference:
        POSIX.1-2017, ``rename`` and ``fsync``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_checkpoint(folder, 3, {"kernel": np.ones(2)}, {"seed": 0})
        ...     arrays, manifest = read_checkpoint(path)
        >>> path.name, arrays["kernel"], manifest["seed"]
        ('epoch-0003.npz', array([1., 1.]), 0)
    """
    folder = Path(folder)
    path = folder / f"epoch-{epoch:04d}.npz"
    temporary = folder / f".{path.name}-{secrets.token_hex(4)}"
    stored, dtypes = _to_plain(arrays)
    manifest = {**manifest, "format": FORMAT, "epoch": epoch, "dtypes": dtypes}
    manifest["checksum"] = _checksum(stored, manifest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez(file, manifest=_encode(manifest), **stored)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(folder)
    except OSError as error:
        raise _explain(error, folder) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    for old in find_checkpoints(folder)[KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def find_checkpoints(folder):
    """The checkpoints in a folder, newest first; temporary files do not count.

    Args:
        folder: path; it need not exist.

    Returns:
        list of ``pathlib.Path``.

    Example:
        >>> find_checkpoints("no such folder")
        []
    """
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in Path(folder).iterdir():
            if match := _NAME.fullmatch(path.name):
                found.append((int(match[1]), path))
    return [path for _, path in sorted(found, reverse=True)]


def read_checkpoint(path):
    """The arrays and the manifest of a checkpoint whose checksum is right.

    Args:
        path: of one file.

    Returns:
        tuple ``(arrays, manifest)``, as they were given to ``write_checkpoint``; the manifest has
        ``"format"`` and ``"epoch"`` besides.

    Raises:
        CheckpointError: if the file is damaged or of another format.
        OSError: if it cannot be read.
    """
    content = io.BytesIO(Path(path).read_bytes())
    try:
        with np.load(content, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        manifest = json.loads(bytes(stored.pop("manifest")))
        found, checksum = manifest["format"], manifest.pop("checksum")
    except Exception as error:  # zipfile, zlib, NumPy and json each have errors of their own
        raise DamagedCheckpointError(f"{path} is damaged: {error}") from error
    if found != FORMAT:
        raise CheckpointError(f"{path} has format {found!r}; this package reads format {FORMAT}")
    if checksum != _checksum(stored, manifest):
        raise DamagedCheckpointError(f"{path} is damaged: its content has another checksum")
    return _from_plain(stored, manifest.pop("dtypes")), manifest


def read_newest(folder):
    """The newest checkpoint that is whole; a damaged one is a warning, and the one before is read.

    Args:
        folder: path; it need not exist.

    Returns:
        tuple ``(path, arrays, manifest)``, or None if there is no checkpoint.

    Raises:
        CheckpointError: if there are checkpoints and none is whole, or one is of another format.
        OSError: if the folder cannot be read.
    """
    errors = []
    for path in find_checkpoints(folder):
        try:
            arrays, manifest = read_checkpoint(path)
        except DamagedCheckpointError as error:
            errors.append(str(error))
            continue
        for error in errors:
            warnings.warn(f"{error}; the one before, {path.name}, is used", stacklevel=3)
        return path, arrays, manifest
    if errors:
        raise CheckpointError(
            f"no checkpoint in {folder} is whole, so that training cannot go on from one; remove "
            f"the folder, or name another, to start anew. {'; '.join(errors)}"
        )
    return None


def count_epochs(checkpoint):
    """The number of epochs after which ``fit`` would go on from a checkpoint folder.

    All of the newest checkpoint is read: of a damaged one ``fit`` takes the one before, and warns.

    Args:
        checkpoint: path of the folder that ``fit`` is given; it need not exist.

    Returns:
        int, 0 if there is no checkpoint.

    Raises:
        CheckpointError: as ``fit``, if there are checkpoints and none is whole.

    Example:
        >>> count_epochs("no such folder")
        0
    """
    with warnings.catch_warnings(action="ignore"):  # fit says it
        found = read_newest(checkpoint)
    return found[2]["epoch"] if found else 0


@contextlib.contextmanager
def lock_folder(folder):
    """Refuse a folder that another training is using, and keep others out meanwhile.

    The lock is the folder's own (``flock``), and ends with the process, however that ends. Where
    the system or the disk has none, as on Windows, nothing is refused.

    Args:
        folder: path, made if it is missing; or None for nothing.

    Raises:
        CheckpointError: if another training holds it.
    """
    descriptor = None
    if folder is not None and fcntl is not None:
        with contextlib.suppress(OSError):  # write_checkpoint explains it
            Path(folder).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
    try:
        if descriptor is not None:
            with contextlib.suppress(OSError):
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise CheckpointError(
                        f"checkpoint: another training is using {folder}; wait for its end, or "
                        "name another folder"
                    ) from None
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def clean_folder(folder):
    """Remove the temporary files that a killed process has left behind."""
    with contextlib.suppress(OSError):
        for path in Path(folder).glob(".epoch-*.npz-*"):
            path.unlink(missing_ok=True)


def _to_plain(arrays):
    """The arrays as dtypes that NumPy's format knows, and the names of their own."""
    stored, dtypes = {}, {}
    for name, array in arrays.items():
        array = np.asarray(array)
        dtypes[name] = array.dtype.name
        if array.dtype.kind not in "biufc":  # bfloat16 and its like: their bytes
            array = array.view(f"u{array.dtype.itemsize}")
        stored[name] = array
    return stored, dtypes


def _from_plain(stored, dtypes):
    arrays = {}
    for name, array in stored.items():
        if array.dtype.name != dtypes[name]:
            import ml_dtypes  # comes with TensorFlow and with JAX

            array = array.view(getattr(ml_dtypes, dtypes[name]))
        arrays[name] = array
    return arrays


def _checksum(stored, manifest):
    """SHA-256 over the manifest and every array with its name, shape and dtype."""
    digest = hashlib.sha256(_encode(manifest).tobytes())
    for name in sorted(stored):
        array = np.ascontiguousarray(stored[name])
        digest.update(f"{name} {stored[name].shape} {array.dtype.str}".encode())
        digest.update(array.data.cast("B") if array.size else b"")
    return digest.hexdigest()


def _encode(manifest):
    return np.frombuffer(json.dumps(manifest, sort_keys=True).encode(), np.uint8)


def _sync_folder(folder):
    """Force the new name onto the disk too, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _explain(error, folder):
    """The same error in words that say what to do."""
    kept = []
    with contextlib.suppress(OSError):
        kept = find_checkpoints(folder)
    still = f"; {kept[0].name} is whole and stays" if kept else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = f"the disk is full, the checkpoint was not written{still}: make room and go on"
    else:
        what = (
            f"checkpoint must be a folder that can be written ({error.strerror or error})"
            f"{still}: name another"
        )
    return OSError(error.errno or errno.EIO, what, str(folder))
