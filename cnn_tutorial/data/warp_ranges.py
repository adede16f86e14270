"""What a random warp draws, and from which ranges (chapter 32).

The names, units and meanings of the ranges are those of Keras's old ``ImageDataGenerator``, and
so is the distribution of what is drawn. Functions with an ``ops`` argument work on NumPy arrays
and, with ``ops=keras.ops``, on tensors.
"""

import math
import numbers
from typing import NamedTuple

import numpy as np

NUM_DRAWS = 9  # random numbers that one image takes


class ShiftRange(NamedTuple):
    """What a shift is drawn from: one of ``choices`` or, if there is none, up to ``limit``."""

    choices: tuple
    limit: float
    is_fraction: bool  # of the image's height or width; otherwise pixels


class WarpRanges(NamedTuple):
    """The ranges of a random warp, checked."""

    rotation: float
    row_shift: ShiftRange
    column_shift: ShiftRange
    shear: float
    zoom: tuple
    flip: bool

    @property
    def is_identity(self):
        """Whether no draw can change an image."""
        still = all(not (shift.limit or shift.choices) for shift in self[1:3])
        return still and not (self.rotation or self.shear or self.flip) and self.zoom == (1, 1)


class WarpParameters(NamedTuple):
    """What was drawn for each of N images: seven arrays (N,).

    ``rotation`` and ``shear`` are in degrees, shifts in pixels, zooms are factors, ``flip`` is 0
    or 1. Positive values turn the picture counter-clockwise, move it up and to the left, and
    zoom out.
    """

    rotation: np.ndarray
    row_shift: np.ndarray
    column_shift: np.ndarray
    shear: np.ndarray
    row_zoom: np.ndarray
    column_zoom: np.ndarray
    flip: np.ndarray


def check_ranges(
    *,
    rotation_range=0,
    width_shift_range=0,
    height_shift_range=0,
    shear_range=0,
    zoom_range=0,
    horizontal_flip=False,
):
    """The ranges of a random warp as ``WarpRanges``, or an error that says what is wrong.

    See ``RandomWarp`` for what each means.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if a range is negative or infinite, or zooms would not be positive.

    Example:
        >>> check_ranges(zoom_range=0.2).zoom
        (0.8, 1.2)
    """
    if not isinstance(horizontal_flip, (bool, np.bool_)):
        raise TypeError(f"horizontal_flip must be a bool; received {horizontal_flip!r}")
    return WarpRanges(
        _check_number("rotation_range", rotation_range, "degrees"),
        _check_shift("height_shift_range", height_shift_range),
        _check_shift("width_shift_range", width_shift_range),
        _check_number("shear_range", shear_range, "degrees"),
        _check_zoom(zoom_range),
        bool(horizontal_flip),
    )


def draw_uniforms(seeds, *, stream=0):
    """Random numbers in [0, 1) that depend on an image's seed alone.

    Args:
        seeds: integer array (N,), one seed an image; any 64-bit numbers, close ones too.
        stream: int; another one gives other numbers for the same seeds.

    Returns:
        float64 array (N, 9), multiples of 2^-53.

    Reference:
        Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014
        (SplitMix64: a hash of seed + k · constant, for the k-th number).

    Example:
        >>> one, two = draw_uniforms(np.array([7, 8])), draw_uniforms(np.array([8]))
        >>> one.shape, bool((one[1] == two[0]).all())
        ((2, 9), True)
    """
    step = 0x9E3779B97F4A7C15
    seeds = np.asarray(seeds).astype(np.uint64)
    starts = mix(mix(seeds) + np.uint64(stream * step % 2**64))
    counts = np.arange(1, NUM_DRAWS + 1, dtype=np.uint64) * np.uint64(step)
    return (mix(starts[:, None] + counts) >> np.uint64(11)) * 2.0**-53


def mix(x):
    """SplitMix64's hash of unsigned integers; the arithmetic is modulo 2^64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def draw_parameters(uniforms, ranges, height, width, *, ops=np):
    """The parameters that uniform random numbers stand for.

    Args:
        uniforms: array (N, 9) in [0, 1).
        ranges: ``WarpRanges``.
        height: int, pixels.
        width: int, pixels.
        ops: ``numpy`` or ``keras.ops``.

    Returns:
        ``WarpParameters`` of arrays (N,).
    """
    u = [uniforms[:, k] for k in range(NUM_DRAWS)]
    low, high = ranges.zoom
    return WarpParameters(
        rotation=(2 * u[0] - 1) * ranges.rotation,
        row_shift=_draw_shift(u[1], u[2], ranges.row_shift, height, ops),
        column_shift=_draw_shift(u[3], u[4], ranges.column_shift, width, ops),
        shear=(2 * u[5] - 1) * ranges.shear,
        row_zoom=low + (high - low) * u[6],
        column_zoom=low + (high - low) * u[7],
        flip=ops.where(u[8] < 0.5, ops.ones_like(u[8]), ops.zeros_like(u[8])) * ranges.flip,
    )


def _draw_shift(u, v, shift, size, ops):
    """Shifts in pixels (N,), from two uniform numbers an image: how far, and the sign."""
    unit = cast(size, u.dtype, ops) if shift.is_fraction else 1
    if not shift.choices:
        return (2 * u - 1) * shift.limit * unit
    count = len(shift.choices)
    which = ops.minimum(cast(u * count, "int32", ops), count - 1)
    sign = ops.where(v < 0.5, ops.ones_like(v), -ops.ones_like(v))
    return ops.take(cast(shift.choices, u.dtype, ops), which) * sign * unit


def cast(x, dtype, ops):
    """``x`` as an array or tensor of ``dtype``."""
    return np.asarray(x).astype(dtype) if ops is np else ops.cast(x, dtype)


def is_number(value):
    """Whether a value is a real number, and not a bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _check_number(name, value, unit):
    if not is_number(value):
        raise TypeError(f"{name} must be a number of {unit}; received {value!r}")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number of {unit}, 0 or more; got {value!r}")
    return float(value)


def _check_shift(name, value):
    """An int n: whole pixels below n. A float: below 1 a fraction, else pixels. A sequence: one."""
    if isinstance(value, (tuple, list, np.ndarray)):
        if not all(is_number(item) and math.isfinite(item) for item in value):
            raise TypeError(f"{name} must hold finite numbers only; received {value!r}")
        choices = tuple(float(item) for item in value)
        return ShiftRange(choices, 0.0, is_fraction=bool(choices) and max(choices) < 1)
    limit = _check_number(name, value, "pixels, or below 1 a fraction of the size")
    if isinstance(value, numbers.Integral):
        return ShiftRange(tuple(map(float, range(int(value)))), 0.0, is_fraction=False)
    return ShiftRange((), limit, is_fraction=limit < 1)


def _check_zoom(value):
    if is_number(value):
        _check_number("zoom_range", value, "size")
        low, high = 1 - value, 1 + value
    elif isinstance(value, (tuple, list)) and len(value) == 2 and all(map(is_number, value)):
        low, high = value
    else:
        raise TypeError(f"zoom_range must be a number or a pair (low, high); received {value!r}")
    if not 0 < low <= high < math.inf:
        raise ValueError(
            f"zoom_range must give zooms above 0, the lower first; received {value!r}, which "
            f"is from {low} to {high}"
        )
    return (float(low), float(high))
