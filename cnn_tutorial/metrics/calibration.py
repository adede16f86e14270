"""Does 90 % sure mean 90 % right? Calibration, and the repair by one number. Chapter 61."""

from typing import NamedTuple

import numpy as np

from cnn_tutorial.metrics.checks import as_count, as_probs, check_choice


class Reliability(NamedTuple):
    """The bins of a reliability diagram; unpacks as ``accuracy, confidence, counts, edges``.

    Attributes:
        accuracy: float64 ``(bins,)``, the share that came true in each bin; NaN in an empty one.
        confidence: float64 ``(bins,)``, the mean predicted probability; NaN in an empty one.
        counts: int64 ``(bins,)``, how many examples each bin holds.
        edges: float64 ``(bins + 1,)``, where the bins end. A bin holds its upper edge, and the
            first one its lower edge too.

    Example:
        >>> Reliability(np.array([0.5]), np.array([0.7]), np.array([4]), np.array([0, 1])).counts
        array([4])
    """

    accuracy: np.ndarray
    confidence: np.ndarray
    counts: np.ndarray
    edges: np.ndarray


def reliability_curve(labels, probs, *, bins=15, strategy="uniform"):
    """How often predictions came true, in bins of how sure they were.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        probs: ``(N, K)`` probabilities of K classes, of which each row's largest counts, against
            whether its class is the true one; or ``(N,)`` probabilities of class 1, against how
            often the label is 1.
        bins: int of at least 1.
        strategy: "uniform" for bins of equal width in [0, 1]; "quantile" for bins of about
            equally many examples.

    Returns:
        Reliability(accuracy, confidence, counts, edges).

    Raises:
        TypeError: if an array holds no numbers, or ``bins`` is no int.
        ValueError: if an array is empty, the shapes do not fit, a probability is NaN or outside
            [0, 1], a row does not sum to one, a label is no class, ``bins`` is less than 1, or
            ``strategy`` is neither.

    Reference:
        A. Niculescu-Mizil and R. Caruana, Predicting good probabilities with supervised learning,
        ICML 2005.

    Example:
        >>> reliability_curve([0, 1, 1, 1], [0.1, 0.2, 0.8, 0.9], bins=2).accuracy
        array([0.5, 1. ])
    """
    bins = as_count("bins", bins)
    check_choice("strategy", strategy, ("uniform", "quantile"))
    labels, probs = as_probs(labels, probs)
    if probs.ndim == 2:
        hits, sureness = probs.argmax(axis=1) == labels, probs.max(axis=1)
    else:
        hits, sureness = labels, probs
    edges = np.linspace(0.0, 1.0, bins + 1)
    if strategy == "quantile":
        edges = np.percentile(sureness, edges * 100)
    place = np.searchsorted(edges[1:-1], sureness)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        accuracy = np.bincount(place, weights=hits, minlength=bins) / counts
        confidence = np.bincount(place, weights=sureness, minlength=bins) / counts
    return Reliability(accuracy, confidence, counts, edges)


def expected_calibration_error(labels, probs, *, bins=15, strategy="uniform"):
    """How far confidence and accuracy lie apart, on average over the examples.

    ``ECE = sum_b (n_b / N) |accuracy_b - confidence_b|``, over the bins of ``reliability_curve``

    It depends on the bins, and it is not zero for a perfectly calibrated model either: chance
    alone moves the accuracy of a bin of n examples by about ``0.4 / sqrt(n)``.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        probs: ``(N, K)`` probabilities of K classes, or ``(N,)`` of class 1.
        bins: int of at least 1.
        strategy: "uniform" or "quantile", as for ``reliability_curve``.

    Returns:
        float from 0 to 1.

    Raises:
        TypeError, ValueError: as for ``reliability_curve``.

    Reference:
        M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using
        Bayesian binning, AAAI 2015; C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On
        calibration of modern neural networks, ICML 2017.

    Example:
        >>> expected_calibration_error([1, 1, 0, 0], [0.75, 0.75, 0.75, 0.75])
        0.25
    """
    found = reliability_curve(labels, probs, bins=bins, strategy=strategy)
    gaps = abs(found.accuracy - found.confidence)[found.counts > 0]
    return float(np.average(gaps, weights=found.counts[found.counts > 0]))


def brier_score(labels, probs):
    """The mean squared distance of the probabilities from what came true: lower is better.

    ``(1 / N) sum_i (p_i - y_i)^2`` for probabilities of class 1, and for K classes
    ``(1 / N) sum_i sum_k (p_ik - [y_i = k])^2``, which for K = 2 is twice the former

    Unlike the calibration error it needs no bins, and only the true probabilities minimise it.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        probs: ``(N, K)`` probabilities of K classes, or ``(N,)`` of class 1.

    Returns:
        float from 0 to 1, for K classes from 0 to 2.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty, the shapes do not fit, a probability is NaN or outside
            [0, 1], a row does not sum to one, or a label is no class.

    Reference:
        G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather
        Review 78 (1950).

    Example:
        >>> brier_score([1, 0], [0.5, 0.0])
        0.125
    """
    labels, probs = as_probs(labels, probs)
    if probs.ndim == 1:
        return float(np.mean((probs - labels) ** 2))
    targets = labels[:, None] == np.arange(probs.shape[1])
    return float(np.mean(np.sum((probs - targets) ** 2, axis=1)))
