"""Reading files out of a folder or an archive, without unpacking anything to disk.

What came from outside is read into memory, member by member, under names that a pattern has
to match: a hostile archive has nowhere to write, and links in it are not followed.
"""

import gzip
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

# The largest file that any of the book's sets holds is 47 MB; more is not what was asked for.
MAX_FILE_BYTES = 200_000_000
_TAR_SUFFIXES = (".tgz", ".tar.gz", ".tar")
_ZIP_SUFFIXES = (".zip", ".whl")
ARCHIVE_SUFFIXES = (*_TAR_SUFFIXES, *_ZIP_SUFFIXES, ".deb")


def read_files(path, pattern):
    """Contents of the files under ``path`` whose names match ``pattern``.

    Args:
        path: folder (its archives are read too), or archive: tar, zip, wheel or deb.
        pattern: compiled regular expression, searched for in each name with ``/`` between its
            parts; what its first group matches is the file's key. Gzipped files are expanded.

    Returns:
        Dict of str to bytes.

    Raises:
        ValueError: if a file is larger than ``MAX_FILE_BYTES``, or an archive is damaged.
        OSError: if something cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, pattern)
    try:
        if path.name.endswith(_ZIP_SUFFIXES):
            return _read_zip(path, pattern)
        if path.name.endswith(".deb"):
            return _read_deb(path, pattern)
        with tarfile.open(path) as archive:
            return _read_tar(archive, pattern)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name} is not a whole archive: {error}") from error


def _read_folder(folder, pattern):
    contents = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        match = pattern.search(path.relative_to(folder).as_posix())
        if match:
            with path.open("rb") as file:
                contents[match[1]] = _read(file, path.stat().st_size, path.name)
        elif path.name.endswith(ARCHIVE_SUFFIXES):
            contents.update(read_files(path, pattern))
    return contents


def _read_tar(archive, pattern):
    contents = {}
    for member in archive:
        match = pattern.search(member.name)
        if match and member.isreg():
            file = archive.extractfile(member)
            contents[match[1]] = _read(file, member.size, member.name)
    return contents


def _read_zip(path, pattern):
    contents = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            match = pattern.search(member.filename)
            if match and not member.is_dir():
                with archive.open(member) as file:
                    contents[match[1]] = _read(file, member.file_size, member.filename)
    return contents


def _read_deb(path, pattern):
    try:
        run = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True)
    except FileNotFoundError:
        raise OSError(f"{path.name} can only be read where dpkg-deb is installed") from None
    if run.returncode:
        raise ValueError(f"{path.name} is not a whole archive: {run.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(run.stdout)) as archive:
        return _read_tar(archive, pattern)


def _read(file, size, name):
    """The bytes of an open file, expanded if it is gzipped, never more than is allowed."""
    if size > MAX_FILE_BYTES:
        raise ValueError(f"{name} is said to hold {size} bytes: more than any file of the book")
    content = file.read(MAX_FILE_BYTES + 1)
    if content[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(content)) as expanded:
            content = expanded.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{name} expands to more than any file of the book")
    return content
