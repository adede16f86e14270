"""One photograph from a file to an array, safely; chapter 31 shows the steps.

A file from outside is believed in nothing: not in its name, not in the size it declares, not in
being whole. What cannot be used raises ``UnusablePhotographError``, whatever is wrong with it.
"""

import functools
import io
import os
import stat
from pathlib import Path

import numpy as np

# What photographs are kept in. Pillow knows many more formats; some of those start programs
# (EPS calls Ghostscript), and none is needed here. MPO, a JPEG with several views, comes with JPEG.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
LARGEST_FILE = 2**28  # bytes: more than Pillow's limit on pixels lets any of them be
_MAGIC = {
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_ORIENTATION = 0x0112  # the EXIF tag: which way up the camera was held, 1 to 8
_UPRIGHT = {  # what turns an array (H, W, ...) stored with this orientation upright
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: array.swapaxes(0, 1)[:, ::-1],  # a quarter turn clockwise
    7: lambda array: array.swapaxes(0, 1)[::-1, ::-1],
    8: lambda array: array.swapaxes(0, 1)[::-1],
}


class UnusablePhotographError(ValueError):
    """A file that is no photograph that could be used.

    Attributes:
        reason: str, a short phrase such as ``"empty"`` or ``"truncated"``.
        path: what was to be read, or None where it was bytes.
    """

    def __init__(self, reason, path=None):
        super().__init__(reason if path is None else f"{path}: {reason}")
        self.reason = reason
        self.path = path


def read_photograph(path, *, at_least=None):
    """The pixels of a photograph, upright, as RGB.

    Turned as its EXIF orientation says. Grey and palette images become RGB; transparent pixels
    are laid on white; CMYK is converted without regard to a colour profile; 16-bit values are
    divided by 257, so that 65,535 becomes 255, and what uses 12 of the 16 bits comes out almost
    black: scale such files before. Of an animation it is the first frame.

    Args:
        path: str or path-like, the file. Its name's ending does not matter.
        at_least: int or (height, width) in pixels, or None. A JPEG file may then be decoded at
            a half, a quarter or an eighth of its size, which is faster, as long as both sides
            of the upright result stay at least this long. Other files come as they are.

    Returns:
        uint8 array ``(H, W, 3)``, values in 0..255.

    Raises:
        UnusablePhotographError: if there is no such file, it may not be read, is not an
            ordinary file, or does not hold a whole image; its ``reason`` says which. An image
            of more pixels than ``PIL.Image.MAX_IMAGE_PIXELS`` counts as a decompression bomb.
        TypeError, ValueError: if ``at_least`` is not one or two positive ints.

    Reference:
        JEITA CP-3451, Exif 2.3 (2010), tag 0x0112, Orientation.

    Example:
        >>> read_photograph("no_such_file.jpg")
        Traceback (most recent call last):
        ...
        cnn_tutorial...UnusablePhotographError: no_such_file.jpg: not there
    """
    at_least = _check_at_least(at_least)
    try:
        return decode_photograph(read_content(path), at_least=at_least)
    except UnusablePhotographError as error:
        raise UnusablePhotographError(error.reason, path) from error.__cause__


def decode_photograph(content, *, at_least=None):
    """As ``read_photograph``, of a file's bytes.

    Args:
        content: bytes, what the file holds.
        at_least: as there.

    Returns:
        uint8 array ``(H, W, 3)``.

    Raises:
        UnusablePhotographError: as there.

    Example:
        >>> decode_photograph(b"P5 2 1 255 " + bytes([0, 255]))
        array([[[  0,   0,   0],
                [255, 255, 255]]], dtype=uint8)
    """
    image, orientation = open_photograph(content, at_least=_check_at_least(at_least))
    try:
        pixels = convert_to_rgb(image)
    except (OSError, ValueError) as error:
        raise _unusable(error) from error
    return np.array(turn_upright(pixels, orientation), order="C")  # a copy, and writable


def read_content(path):
    """The bytes of an ordinary file, or an ``UnusablePhotographError`` that says why not."""
    try:
        # Asked first, since opening a pipe or a device may wait for ever.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a special file"
            raise UnusablePhotographError(f"not a file but {kind}")
        if status.st_size > LARGEST_FILE:
            raise UnusablePhotographError(f"larger than {LARGEST_FILE // 2**20} MiB")
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise UnusablePhotographError("not there") from error
    except OSError as error:
        raise UnusablePhotographError(f"not readable ({error.strerror or error})") from error
    if not content:
        raise UnusablePhotographError("empty")
    return content


def open_photograph(content, *, at_least=None):
    """A file's first frame as a decoded Pillow image, and its EXIF orientation (1 to 8).

    The image lies as it is stored; ``turn_upright`` turns its pixels.

    Args:
        content: bytes, not empty.
        at_least: (height, width) of the upright image, or None.

    Returns:
        (``PIL.Image.Image``, int).

    Raises:
        UnusablePhotographError: if it does not hold a whole image.
    """
    from PIL import Image

    if not content:
        raise UnusablePhotographError("empty")
    # Which of Pillow's parsers stumbles, and with which exception, is up to the file.
    try:
        image = Image.open(io.BytesIO(content), formats=_formats())
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise Image.DecompressionBombError
        if at_least is not None and image.format in ("JPEG", "MPO"):
            height, width = at_least if _orientation(image) < 5 else at_least[::-1]
            image.draft(None, (width, height))
        image.load()
        # A TIFF file is turned by Pillow when it is loaded, and says so only then.
        return image, _orientation(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = f"{Image.MAX_IMAGE_PIXELS:,}"
        reason = f"a decompression bomb: it declares more than {limit} pixels"
        raise UnusablePhotographError(reason) from error
    except Image.UnidentifiedImageError as error:
        raise UnusablePhotographError(_describe_start(content)) from error
    except Exception as error:
        raise _unusable(error) from error


def turn_upright(array, orientation):
    """``array`` (H, W, ...) turned and mirrored as its EXIF orientation says: a view."""
    return _UPRIGHT.get(orientation, lambda array: array)(array)


def _orientation(image):
    """1 to 8; 1, upright, where nothing or nonsense is said."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF data that cannot be read says nothing; the pixels are still good
        return 1
    return orientation if orientation in _UPRIGHT else 1


def convert_to_rgb(image):
    """uint8 (H, W, 3) of a decoded Pillow image of any mode."""
    from PIL import Image

    if image.mode == "F":
        raise UnusablePhotographError("its floating-point values have no agreed range")
    if image.mode.startswith("I"):  # 16 bits; read from some formats as 32
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65_535:
            raise UnusablePhotographError("its 32-bit values have no agreed range")
        grey = np.round(values / 257).astype(np.uint8)
        return np.repeat(grey[..., np.newaxis], 3, axis=-1)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


@functools.cache
def _formats():
    from PIL import Image

    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)  # AVIF came with Pillow 11.3


def _describe_start(content):
    for magic, name in _MAGIC.items():
        if content.startswith(magic):
            return f"damaged: it begins as a {name} file does and does not go on as one"
    return f"not an image: it begins with {content[:16]!r}"


def _unusable(error):
    if isinstance(error, UnusablePhotographError):
        return error
    message = str(error) or type(error).__name__
    if "truncated" in message.lower():
        return UnusablePhotographError("truncated")
    return UnusablePhotographError(f"damaged: {message}")


def _check_at_least(at_least):
    """(height, width) of an int or a pair of ints, or None."""
    if at_least is None:
        return None
    pair = tuple(at_least) if isinstance(at_least, (tuple, list)) else (at_least, at_least)
    expected = f"at_least must be a positive int or a pair of them; received {at_least!r}"
    if not all(isinstance(side, (int, np.integer)) for side in pair) or any(
        isinstance(side, bool) for side in pair
    ):
        raise TypeError(expected)
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(expected)
    return tuple(int(side) for side in pair)
