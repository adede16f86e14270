"""Checks of arguments that several functions take: each names what was expected and what came."""

import numbers

import numpy as np


def check_int(name, value, *, low=1, high=None):
    """Raise unless ``value`` is an int (no bool) from ``low`` to ``high``.

    Args:
        name: str, the argument's name.
        value: what came.
        low: int, the smallest allowed.
        high: int, the largest allowed, or None.

    Raises:
        TypeError: if it is no int.
        ValueError: if it is out of range.

    Example:
        >>> check_int("batch_size", 0)
        Traceback (most recent call last):
        ...
        ValueError: batch_size must be an int from 1; received 0
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an int; received {type(value).__name__}: {value!r}")
    if value < low or (high is not None and value > high):
        bound = "" if high is None else f" to {high}"
        raise ValueError(f"{name} must be an int from {low}{bound}; received {value}")


def check_seed(seed):
    """Raise unless ``seed`` is an int that TensorFlow takes as a seed and is not negative."""
    check_int("seed", seed, low=0, high=2**63 - 1)


def check_image_size(image_size):
    """(height, width) of an int or a pair of ints, or an error.

    Example:
        >>> check_image_size(150), check_image_size([100, 200])
        ((150, 150), (100, 200))
    """
    if isinstance(image_size, numbers.Integral) or not hasattr(image_size, "__len__"):
        image_size = (image_size, image_size)
    if len(image_size) != 2 or isinstance(image_size, (str, bytes)):
        raise ValueError(f"image_size must be an int or (height, width); received {image_size!r}")
    for side in image_size:
        check_int("image_size", side)
    return tuple(int(side) for side in image_size)
