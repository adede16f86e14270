"""A folder of real photographs, one subfolder a class; chapters 31 and 41 work on it.

1,399 photographs of cats and dogs from a public repository, or the first 500 of each from a
mirror. Where neither is within reach, CIFAR-10's cats and dogs stand in, enlarged, and say so.
"""

import functools
import hashlib
import re
import secrets
import warnings

from cnn_tutorial.data.archives import read_files
from cnn_tutorial.data.fetching import (
    DataUnavailableError,
    describe,
    download_any,
    fetch_arrays,
)
from cnn_tutorial.data.sources import SOURCES, check_name
from cnn_tutorial.data.storage import locked, raise_if_disk_full, scratch_folder
from cnn_tutorial.places import cache_folder, hand_laid_folders

FOLDERS = ("cats_dogs",)
_COMMIT = "9e4f1e1b8eb00fb52c7b1f7e271e573cbe5a2d2f"
_ADDRESS = f"https://github.com/ardamavi/Dog-Cat-Classifier/archive/{_COMMIT}.zip"
_PHOTOGRAPH = re.compile(r"(?:^|/)((cat|dog)/\2\.\d+\.jpg)$")
# Number of photographs -> checksum of their names and contents: all of them, or 500 a class.
_CHECKSUMS = {
    1399: "5ac132ad7e6696c990e3718eed5c0d40cf61438cca939ad24cfade376724ffa4",
    1000: "a1a44f0e3b7775dc0adc82ec66f1ca8e271e512a8fd5f24c4057b4ea5ee14201",
}
_STAND_IN_NOTE = "STAND_IN.txt"
_STAND_IN_SIZE = 256  # pixels; CIFAR-10's images have 32


def fetch_folder(name):
    """A folder with real photographs in one subfolder a class.

    ``"cats_dogs"`` holds ``cat`` and ``dog``: colour JPEG files of about 500×375 pixels, from
    the public repository ardamavi/Dog-Cat-Classifier (Apache-2.0). Those laid into a folder
    that ``CNN_TUTORIAL_MIRROR`` names, as ``cats_dogs/cat/*.jpg`` and ``cats_dogs/dog/*.jpg``,
    are used where they lie. Where the photographs are out of reach, CIFAR-10's cats and dogs
    stand in, 500 a class, enlarged from 32×32 pixels: a warning and the file ``STAND_IN.txt``
    in the folder say so, and the next session looks for the real ones again.

    Args:
        name: str, ``"cats_dogs"``.

    Returns:
        ``pathlib.Path`` of the folder. Take what you change from a copy of it.

    Raises:
        TypeError: if ``name`` is not a str.
        ValueError: if there is no such folder.
        DataUnavailableError: if neither the photographs nor CIFAR-10 can be had.
        OSError: if the cache folder is not writable, or full.

    Example:
        >>> fetch_folder("cat_dog")
        Traceback (most recent call last):
        ...
        ValueError: name must be one of cats_dogs; received 'cat_dog'. Did you mean 'cats_dogs'?
    """
    check_name(name, FOLDERS)
    for folder in (parent / name for parent in hand_laid_folders()):
        if _is_whole(folder):
            return folder
    cached = cache_folder() / name
    tried = []
    with scratch_folder(elsewhere=False) as scratch, locked(cached):
        if _is_whole(cached):  # another process fetched them while this one waited for the lock
            return cached
        for label, photographs_from in _origins(name, scratch):
            try:
                _write_files(_verify(photographs_from()), scratch / "whole")
                _move_folder(scratch / "whole", cached)
                return cached
            except Exception as error:  # nothing that one source does may keep us from the next
                raise_if_disk_full(error)
                tried.append(f"{label}: {describe(error)}")
        reasons = (
            f"What was tried: {'; '.join(tried)}. To have the real ones, download {_ADDRESS} "
            f"elsewhere and put it into the folder {cached}."
        )
        try:
            stand_in = _make_stand_in(scratch, cached.with_name(f"{name}_stand_in"))
        except DataUnavailableError as error:
            message = f"{name} could not be fetched. {reasons}\nNor could its stand-in:\n{error}"
            raise DataUnavailableError(message) from error
    warnings.warn(
        "these are not the real photographs: CIFAR-10's cats and dogs, 32×32 pixels enlarged, "
        f"stand in for them in {stand_in}. {reasons}",
        stacklevel=2,
    )
    return stand_in


def folder_checksum(photographs):
    """SHA-256, in hexadecimal, of files' names and contents, whatever their order.

    Args:
        photographs: dict of name to bytes.

    Example:
        >>> folder_checksum({"a": b"1", "b": b"2"}) == folder_checksum({"b": b"2", "a": b"1"})
        True
    """
    digest = hashlib.sha256()
    for name in sorted(photographs):
        digest.update(f"{name} {hashlib.sha256(photographs[name]).hexdigest()}\n".encode())
    return digest.hexdigest()


def _is_whole(folder):
    """Whether the right photographs lie in the folder, ready for use."""
    paths = [*folder.glob("cat/*.jpg"), *folder.glob("dog/*.jpg")]
    try:
        _verify({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})
    except (ValueError, OSError):
        return False
    return True


def _verify(photographs):
    count = len(photographs)
    if count not in _CHECKSUMS:
        expected = " or ".join(f"{number:,}" for number in _CHECKSUMS)
        raise ValueError(f"it holds {count:,} photographs; expected {expected}")
    if folder_checksum(photographs) != _CHECKSUMS[count]:
        raise ValueError(f"its {count:,} photographs are not all the right ones")
    return photographs


def _origins(name, scratch):
    """Pairs of a source's name for people and a function -> dict of photographs."""

    def from_web():
        archive = scratch / f"{_COMMIT}.zip"
        download_any([_ADDRESS], archive)
        return read_files(archive, _PHOTOGRAPH)

    for folder in (parent / name for parent in hand_laid_folders()):
        if folder.is_dir():
            yield str(folder), functools.partial(read_files, folder, _PHOTOGRAPH)
    yield _ADDRESS, from_web


def _make_stand_in(scratch, target):
    """Write CIFAR-10's cats and dogs as JPEG files, 500 a class, and a note on what they are."""
    from PIL import Image

    if (target / _STAND_IN_NOTE).is_file():
        return target
    source = SOURCES["cifar10"]
    images, labels = fetch_arrays(source)
    whole = scratch / "stand_in"
    for kind in ("cat", "dog"):
        (whole / kind).mkdir(parents=True)
        chosen = images[labels == source.class_names.index(kind)][:500]
        for number, pixels in enumerate(chosen):
            image = Image.fromarray(pixels).resize((_STAND_IN_SIZE, _STAND_IN_SIZE))
            image.save(whole / kind / f"{kind}.{number}.jpg", quality=90)
    (whole / _STAND_IN_NOTE).write_text(
        "Not the real photographs: these are cats and dogs of CIFAR-10 (32x32 pixels),\n"
        f"enlarged to {_STAND_IN_SIZE}x{_STAND_IN_SIZE}. The real ones are part of\n{_ADDRESS}\n",
        encoding="utf-8",
    )
    _move_folder(whole, target)
    return target


def _write_files(contents, folder):
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _move_folder(folder, target):
    """Move ``folder`` to ``target`` in one step; what stood there is set aside, not deleted."""
    if target.exists():
        target.replace(f"{target}.aside-{secrets.token_hex(4)}")
    folder.replace(target)
