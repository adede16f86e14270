"""What a scan wants to know of one file, learned in one read and one decoding.

``fingerprint`` is the perceptual hash: two files that look the same have nearly the same bits,
whatever their bytes are. Chapter 31 shows it at work.
"""

import dataclasses
import functools
import hashlib

import numpy as np

from cnn_tutorial.data.folders.photographs import (
    UnusablePhotographError,
    convert_to_rgb,
    open_photograph,
    read_content,
    turn_upright,
)

_SIDE = 32  # pixels: what is left of the photograph before its frequencies are taken
_LOW = 8  # of those frequencies, the lowest in each direction


@dataclasses.dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of one usable file.

    Attributes:
        height, width: int, pixels of the upright image.
        mode: str, how its pixels are stored, in Pillow's words: ``"RGB"``, ``"L"``, ``"CMYK"``.
        format: str, what the file is, whatever its name says: ``"JPEG"``.
        orientation: int, 1 to 8, from EXIF: how the stored pixels have to be turned.
        transparent: bool, whether pixels may let the background through.
        several: bool, whether it holds more images than the first: an animation, pages.
        hash: str, SHA-256 of the file's bytes in hexadecimal.
        fingerprint: int, 64 bits: see ``compute_fingerprint``.
    """

    height: int
    width: int
    mode: str
    format: str
    orientation: int
    transparent: bool
    several: bool
    hash: str
    fingerprint: int


def inspect_photograph(path):
    """Size, kind, content hash and fingerprint of a photograph, decoded whole.

    Args:
        path: str or path-like, the file.

    Returns:
        ``Inspection``. A file that gives one is a file that ``read_photograph`` reads.

    Raises:
        UnusablePhotographError: as ``read_photograph``.

    Example:
        >>> inspect_photograph("no_such_file.jpg")
        Traceback (most recent call last):
        ...
        cnn_tutorial...UnusablePhotographError: no_such_file.jpg: not there
    """
    from PIL import Image

    try:
        content = read_content(path)
        image, orientation = open_photograph(content)
        transparent = image.has_transparency_data
        simple = image.mode in ("RGB", "L") and not transparent
        pixels = image if simple else Image.fromarray(convert_to_rgb(image))
    except UnusablePhotographError as error:
        raise UnusablePhotographError(error.reason, path) from error.__cause__
    sides = (image.height, image.width) if orientation < 5 else (image.width, image.height)
    # Shrunk first, turned then: 1,024 pixels are turned faster than all of them.
    small = pixels.resize((_SIDE, _SIDE), Image.Resampling.BOX, reducing_gap=2.0).convert("L")
    return Inspection(
        *sides,
        mode=image.mode,
        format=image.format,
        orientation=orientation,
        transparent=transparent,
        several=_holds_several(image),  # asked last, since it moves to the second
        hash=hashlib.sha256(content).hexdigest(),
        fingerprint=compute_fingerprint(turn_upright(np.asarray(small), orientation)),
    )


def compute_fingerprint(grey):
    """64 bits that say what a photograph looks like, coarsely.

    ``bit_uv = [C_uv > median of C]``, with ``C = D G D^T`` the 8 × 8 lowest frequencies of the
    32 × 32 grey values ``G`` and ``D_ui = cos(pi u (2i + 1) / 64)`` the discrete cosine
    transform; ``u`` and ``v`` in 0..7, ``i`` in 0..31. ``C_00``, the mean brightness, takes no
    part: its bit is 0. Re-encoding, resizing and brightening change few of the bits; two
    unrelated photographs differ in about half.

    Args:
        grey: real array ``(32, 32)``.

    Returns:
        int, below 2**64, the bits in row-major order, the first the highest; 0 where all of
        the image is one grey.

    Reference:
        Zauner, Implementation and benchmarking of perceptual image hash functions (2010),
        section 3.2.1.

    Example:
        >>> left_white = np.repeat([[255.0, 0.0]], 16, axis=1).repeat(32, axis=0)
        >>> compute_fingerprint(left_white) == compute_fingerprint(left_white / 2)
        True
    """
    transform = _cosines()
    # Rounded, so that what is zero but for the last digit is zero.
    frequencies = np.round(transform @ grey @ transform.T, 6).ravel()[1:]
    bits = np.concatenate([[False], frequencies > np.median(frequencies)])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _holds_several(image):
    if image.format == "MPO":  # its other images are the same view, from beside or smaller
        return False
    try:
        return getattr(image, "is_animated", False)
    except Exception:  # the first image is whole; what follows it is not read, and may be broken
        return True


@functools.cache
def _cosines():
    u, i = np.arange(_LOW)[:, np.newaxis], np.arange(_SIDE)
    return np.cos(np.pi * u * (2 * i + 1) / (2 * _SIDE))
