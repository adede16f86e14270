"""A photograph at the size that a network wants, quickly; chapters 31 and 33 explain it.

Most photographs are plain JPEG files: those are decoded by OpenCV, at a half, a quarter or an
eighth of their size where the target is small. Everything else is left to ``read_photograph``.
"""

import math
import struct

import numpy as np

from cnn_tutorial.data.folders.photographs import (
    UnusablePhotographError,
    decode_photograph,
    read_content,
)

_ORIENTATION = 0x0112  # the EXIF tag


def read_resized(path, size, *, keep_aspect=True):
    """The pixels of a photograph, upright, as RGB, at a given size.

    Args:
        path: str or path-like, the file.
        size: (height, width) in pixels.
        keep_aspect: True or ``"crop"`` cuts off what is too long, ``"pad"`` adds black to what
            is too short, both in the middle; False stretches.

    Returns:
        uint8 array ``(height, width, 3)``.

    Raises:
        UnusablePhotographError: if it cannot be used; see ``read_photograph``.

    Example:
        >>> read_resized("no_such_file.jpg", (150, 150))
        Traceback (most recent call last):
        ...
        cnn_tutorial...UnusablePhotographError: no_such_file.jpg: not there
    """
    try:
        return decode_resized(read_content(path), size, keep_aspect=keep_aspect)
    except UnusablePhotographError as error:
        raise UnusablePhotographError(error.reason, path) from error.__cause__


def decode_resized(content, size, *, keep_aspect=True):
    """As ``read_resized``, of a file's bytes."""
    pixels = _decode_plain_jpeg(content, size, keep_aspect)
    if pixels is None:
        # Enough for each of the three ways; padding would do with less.
        pixels = decode_photograph(content, at_least=size)
    return resize_image(pixels, size, keep_aspect=keep_aspect)


def resize_image(image, size, *, keep_aspect=True):
    """An image at a given size: enlarged by interpolation, reduced by averaging.

    Args:
        image: uint8 array (H, W) or (H, W, C).
        size: (height, width) in pixels.
        keep_aspect: as for ``read_resized``.

    Returns:
        uint8 array of that size.

    Example:
        >>> image = np.arange(8, dtype=np.uint8).reshape(2, 4)
        >>> resize_image(image, (2, 2))
        array([[1, 2],
               [5, 6]], dtype=uint8)
        >>> resize_image(image, (4, 4), keep_aspect="pad")[:, 0]
        array([0, 0, 4, 0], dtype=uint8)
    """
    inner = _scaled_sides(image.shape[:2], size) if keep_aspect == "pad" else tuple(size)
    if keep_aspect in (True, "crop"):
        image = _centre(image, size)
    image = _interpolate(image, inner)
    if inner == tuple(size):
        return image
    padded = np.zeros((*size, *image.shape[2:]), image.dtype)
    top, left = ((whole - part) // 2 for whole, part in zip(size, inner, strict=True))
    padded[top : top + inner[0], left : left + inner[1]] = image
    return padded


def check_keep_aspect(keep_aspect):
    """Raise ValueError unless it is one of the four that there are."""
    if not isinstance(keep_aspect, (bool, np.bool_)) and keep_aspect not in ("crop", "pad"):
        raise ValueError(
            f"keep_aspect must be True or 'crop', 'pad', or False; received {keep_aspect!r}"
        )


def _decode_plain_jpeg(content, size, keep_aspect):
    """The pixels, perhaps at reduced size, or None if it is not a plain, whole, upright JPEG."""
    import cv2

    sides = _find_plain_sides(content)
    if sides is None:
        return None
    needed = _scaled_sides(sides, size) if keep_aspect == "pad" else size
    times = min(sides[0] // needed[0], sides[1] // needed[1])
    flags = cv2.IMREAD_COLOR
    for factor in (8, 4, 2):
        if factor <= times:
            flags = getattr(cv2, f"IMREAD_REDUCED_COLOR_{factor}")
            break
    flags |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        return None
    return None if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)


def _find_plain_sides(content):
    """(height, width) that a JPEG file declares, or None if anything about it is unusual.

    Usual are three colours of 8 bits, not too large, no EXIF data that asks for a turn, and an
    end: where that is missing, OpenCV would fill up with grey.

    A file is a row of segments: 0xFF, the kind, the length of what follows (two bytes, which
    count themselves), and that. The pixels come after the header of the frame.
    """
    from PIL import Image

    if not (content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9")):
        return None
    place = 2
    while place + 10 <= len(content) and content[place] == 0xFF:
        kind, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if kind in (0xC0, 0xC1, 0xC2):  # sequential or progressive, coded by Huffman
            bits, height, width, colours = struct.unpack_from(">BHHB", content, place + 4)
            limit = Image.MAX_IMAGE_PIXELS or math.inf
            usual = bits == 8 and colours == 3 and 0 < height * width <= limit
            return (height, width) if usual else None
        if kind < 0xC4 or 0xD0 <= kind <= 0xDA or kind == 0xFF:  # not before a frame's header
            return None
        place += 2 + length
        if kind == 0xE1 and not _is_upright(content[place - length + 2 : place]):
            return None
    return None


def _is_upright(segment):
    """Whether a JPEG file's APP1 segment says nothing of a turn, or that there is none."""
    from PIL import Image

    if not segment.startswith(b"Exif\0\0"):
        return True
    exif = Image.Exif()
    try:
        exif.load(segment)
        return exif.get(_ORIENTATION, 1) == 1
    except Exception:  # what it is worth, decode_photograph will say
        return False


def _scaled_sides(sides, size):
    """The sides of an image that is scaled until one of them fits and the other fits in."""
    scale = min(size[0] / sides[0], size[1] / sides[1])
    return tuple(
        min(max(round(side * scale), 1), whole) for side, whole in zip(sides, size, strict=True)
    )


def _centre(image, size):
    """The largest part in the middle of an image that has the shape that ``size`` has: a view."""
    sides = image.shape[:2]
    scale = max(size[0] / sides[0], size[1] / sides[1])
    kept = [
        min(max(round(whole / scale), 1), side) for side, whole in zip(sides, size, strict=True)
    ]
    top, left = ((side - part) // 2 for side, part in zip(sides, kept, strict=True))
    return image[top : top + kept[0], left : left + kept[1]]


def _interpolate(image, size):
    import cv2

    height, width = (min(pair) for pair in zip(size, image.shape[:2], strict=True))
    if image.shape[0] >= 2 * height or image.shape[1] >= 2 * width:
        # Interpolation looks at two pixels in each direction; from here on it would skip some.
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    if image.shape[:2] == tuple(size):
        return np.ascontiguousarray(image)
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
