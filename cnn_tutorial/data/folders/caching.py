"""Decoded and resized photographs, kept in memory or in a file from the first epoch on.

A file is named by what it depends on (the sizes, the photographs' contents, their order), so that
one that no longer fits is not found; every image in it carries a checksum, so that one that was
not written whole is not taken.
"""

import hashlib
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np

_VERSION = 1  # of the file's layout and of how photographs are decoded and resized
_FOOTER = 8  # bytes behind each image: a mark and its checksum


class MemoryCache:
    """Images by their numbers, as far as they are there.

    Args:
        count: int, how many there may be.
        shape: (H, W, C) of each.
    """

    def __init__(self, count, shape):
        self._images = np.empty((count, *shape), np.uint8)  # takes memory only as it is filled
        self._there = np.zeros(count, bool)

    def get(self, index):
        """The image, uint8 (H, W, C), or None."""
        return self._images[index] if self._there[index] else None

    def put(self, index, image):
        """Keep an image."""
        self._images[index] = image
        self._there[index] = True


class FolderCache:
    """The same in a file, for a later run too; several processes may share it.

    Args:
        folder: path-like; made if it is not there.
        hashes: the photographs' content hashes, in their order.
        shape: (H, W, C) of each image.
        details: str, whatever else the images depend on.
    """

    def __init__(self, folder, hashes, shape, details=""):
        parts = [str(_VERSION), str(tuple(shape)), details, *hashes]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
        self.path = Path(folder) / f"photographs-{key}.cache"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        self._file = self.path.open("r+b", buffering=0)
        self._lock = threading.Lock()
        self._shape = tuple(shape)
        self._size = int(np.prod(shape))
        self._full = False

    def get(self, index):
        """The image, uint8 (H, W, C), or None."""
        content = np.empty(self._size + _FOOTER, np.uint8)
        with self._lock:
            self._file.seek(int(index) * len(content))
            if self._file.readinto(content) != len(content):
                return None
        image = content[: self._size]
        if content[self._size :].tobytes() != _make_footer(image):
            return None
        return image.reshape(self._shape)

    def put(self, index, image):
        """Keep an image, if the disk has room."""
        if self._full:
            return
        content = np.ascontiguousarray(image).tobytes()
        content += _make_footer(content)
        try:
            with self._lock:
                self._file.seek(int(index) * len(content))
                self._file.write(content)
        except OSError as error:
            self._full = True
            warnings.warn(
                f"{self.path} takes no more photographs ({error.strerror}); those that it does "
                "not hold are read from their own files in every epoch.",
                stacklevel=2,
            )


def _make_footer(content):
    return b"done" + zlib.crc32(content).to_bytes(4, "big")
