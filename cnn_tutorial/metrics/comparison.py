"""Is one model better than another, or was it luck? McNemar's test. Chapter 61."""

import math
from typing import NamedTuple

import numpy as np

from cnn_tutorial.metrics.checks import as_class_pair


class Comparison(NamedTuple):
    """What ``mcnemar_test`` found; unpacks as ``only_first, only_second, p_value``.

    Attributes:
        only_first: int, examples that the first model alone has right.
        only_second: int, examples that the second model alone has right.
        p_value: float from 0 to 1, how often two equally good models would differ at least so
            much.

    Example:
        >>> print(Comparison(10, 4, 0.1796))
        only the first is right 10 times, only the second 4 times: p = 0.180
    """

    only_first: int
    only_second: int
    p_value: float

    def __str__(self):
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        return (
            f"only the first is right {_times(self.only_first)}, "
            f"only the second {_times(self.only_second)}: {p}"
        )


def mcnemar_test(labels, first, second):
    """Whether two models' accuracies on the same examples differ by more than luck.

    Examples that both have right, or both wrong, say nothing of who is better. Of the n others,
    b are right with the first model and n - b with the second; were both equally good, each would
    fall to either side like a fair coin:

    ``p = min(1, 2 P(X <= min(b, n - b)))``, X of the binomial distribution of n and 1/2

    The test is exact, for few differences as for many. Where it finds nothing the models need not
    be equally good: there may be too few examples.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        first: ``(N,)`` classes that the first model predicts.
        second: ``(N,)`` classes that the second model predicts for the same examples.

    Returns:
        Comparison(only_first, only_second, p_value); p is 1.0 where the models differ nowhere.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty or not 1-D, the lengths differ, or a number is NaN, a
            fraction or negative.

    Reference:
        Q. McNemar, Note on the sampling error of the difference between correlated proportions or
        percentages, Psychometrika 12 (1947); T. G. Dietterich, Approximate statistical tests for
        comparing supervised classification learning algorithms, Neural Computation 10 (1998).

    Example:
        >>> mcnemar_test([1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0])
        Comparison(only_first=3, only_second=0, p_value=0.25)
    """
    labels, first = as_class_pair(labels, first, names=("labels", "first"))
    labels, second = as_class_pair(labels, second, names=("labels", "second"))
    first_right, second_right = first == labels, second == labels
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    p_value = _two_sided(min(only_first, only_second), only_first + only_second)
    return Comparison(only_first, only_second, p_value)


def _two_sided(fewer, total):
    """``min(1, 2 P(X <= fewer))`` for X binomial of ``total`` and 1/2.

    The largest term is exact, in whole numbers, and the ratio of two neighbours is
    ``P(i - 1) / P(i) = i / (total - i + 1)``.
    """
    largest = math.comb(total, fewer) / 2**total
    i = np.arange(fewer, 0, -1)
    others = np.cumprod(i / (total - i + 1)).sum()
    return min(1.0, 2 * largest * (1 + float(others)))


def _times(count):
    return "once" if count == 1 else f"{count:,} times"
