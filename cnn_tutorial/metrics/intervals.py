"""How far a number could be off by the luck of the test images: intervals. Chapter 61."""

import math
import statistics
import warnings
from typing import NamedTuple

import numpy as np

from cnn_tutorial.metrics.checks import (
    UndefinedMetricWarning,
    as_count,
    check_confidence,
    check_lengths,
)


class Interval(NamedTuple):
    """The ends of an interval; unpacks as ``low, high``.

    Attributes:
        low, high: float, or float64 arrays where the statistic has several values.

    Example:
        >>> print(Interval(0.25, 0.5))
        0.250 to 0.500
    """

    low: float
    high: float

    def __str__(self):
        if np.ndim(self.low):
            return f"{self.low} to {self.high}"
        return f"{self.low:.3f} to {self.high:.3f}"


def wilson_interval(successes, trials, *, confidence=0.95):
    """An interval for a share, such as an accuracy, from how many of how many were right.

    With ``p = successes / trials``, n trials and z the normal quantile of ``(1 + confidence) / 2``

    ``(p + z^2 / 2n ± z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)``

    The shares p0 whose distance from p a normal test would not call significant. Unlike
    ``p ± z sqrt(p (1 - p) / n)`` it stays inside [0, 1] and has a width where all are right.

    Args:
        successes: int from 0 to ``trials``.
        trials: int of at least 1; the trials must not depend on each other.
        confidence: float between 0 and 1: of many such intervals about this share holds the truth.

    Returns:
        Interval(low, high).

    Raises:
        TypeError: if a count is no int, or ``confidence`` no number.
        ValueError: if ``trials`` is less than 1, ``successes`` is not from 0 to ``trials``, or
            ``confidence`` does not lie between 0 and 1.

    Reference:
        E. B. Wilson, Probable inference, the law of succession, and statistical inference,
        Journal of the American Statistical Association 22 (1927).

    Example:
        >>> print(wilson_interval(95, 100))
        0.888 to 0.978
    """
    trials = as_count("trials", trials)
    successes = as_count("successes", successes, minimum=0)
    check_confidence(confidence)
    if successes > trials:
        raise ValueError(f"successes must be at most trials, {trials}; received {successes}")
    z = -statistics.NormalDist().inv_cdf((1 - confidence) / 2)
    share = successes / trials
    middle = share + z**2 / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    # Rounding must not leave an end a little inside, or outside, of 0 or 1.
    low = 0.0 if successes == 0 else (middle - reach) / scale
    high = 1.0 if successes == trials else (middle + reach) / scale
    return Interval(low, high)


def bootstrap_interval(statistic, *arrays, confidence=0.95, samples=2000, seed=0):
    """An interval for any statistic: what it gives on examples drawn again from these.

    Draw N of the N examples with replacement, ``samples`` times, compute the statistic of each
    draw, and cut off ``(1 - confidence) / 2`` of the values at either end (the percentile method).
    A draw takes the same examples from every array, so that predictions stay with their labels
    and two models are compared on the same images. With fewer than about 30 examples the interval
    is too narrow.

    Args:
        statistic: callable from arrays like ``arrays`` to a float, or to an array of a fixed
            shape.
        *arrays: one or more, of the same length N along their first axis.
        confidence: float between 0 and 1.
        samples: int of at least 1, how often to draw.
        seed: int, or anything that ``numpy.random.default_rng`` takes.

    Returns:
        Interval(low, high): floats, or arrays of the statistic's shape. Draws in which the
        statistic is NaN (the ROC AUC where no 1 was drawn) are left out, with a warning.

    Raises:
        TypeError: if ``statistic`` is not callable, or a number is none.
        ValueError: if there is no array, one is empty or a single number, the lengths differ, a
            number is out of range, the shape of the statistic changes from draw to draw, or it
            is NaN in every draw.

    Reference:
        B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Example:
        >>> heights = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
        >>> low, high = bootstrap_interval(np.mean, heights)
        >>> bool(2 < low < 4.5 < high < 7)
        True
    """
    if not callable(statistic):
        raise TypeError(
            f"statistic must be callable, as metrics.accuracy is; received {statistic!r}: the "
            "statistic goes first, then the arrays"
        )
    check_confidence(confidence)
    samples = as_count("samples", samples)
    arrays = _as_samples(arrays)
    values, undefined = _draw(statistic, arrays, samples, np.random.default_rng(seed))
    known = ~np.isnan(values)
    if not known.any(axis=0).all():
        raise ValueError(f"statistic must be a number in some draw; received NaN in all {samples}")
    lost = int((~known).reshape(samples, -1).any(axis=1).sum())
    if lost or undefined:
        what = (
            f"NaN in {lost:,} of {samples:,} draws, which are left out"
            if lost
            else (f"not defined in {undefined:,} of {samples:,} draws, where its 0.0 counts")
        )
        warnings.warn(f"the statistic is {what}", UndefinedMetricWarning, stacklevel=2)
    tail = 100 * (1 - confidence) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return Interval(low, high) if values.ndim > 1 else Interval(float(low), float(high))


def _as_samples(arrays):
    arrays = [np.asarray(array) for array in arrays]
    if not arrays:
        raise ValueError("arrays must be at least one; received none")
    for place, array in enumerate(arrays):
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(
                f"arrays[{place}] must hold at least one example; received shape {array.shape}"
            )
    check_lengths(**{f"arrays[{place}]": array for place, array in enumerate(arrays)})
    return arrays


def _draw(statistic, arrays, samples, rng):
    """The statistic of every draw, float64, and in how many it warned of not being defined.

    Those warnings are counted instead of shown: thousands of lines say no more.
    """
    count, values, undefined = len(arrays[0]), [], 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UndefinedMetricWarning)
        for _ in range(samples):
            chosen, before = rng.integers(0, count, count), len(caught)
            value = np.asarray(statistic(*(array[chosen] for array in arrays)), dtype=np.float64)
            if values and value.shape != values[0].shape:
                raise ValueError(
                    f"statistic must have one shape in every draw; received {values[0].shape} and "
                    f"{value.shape}: where a class may be missing from a draw, give num_classes"
                )
            values.append(value)
            undefined += any(_is_undefined(one) for one in caught[before:])
    for one in caught:
        if not _is_undefined(one):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return np.array(values), undefined


def _is_undefined(warning):
    return issubclass(warning.category, UndefinedMetricWarning)
