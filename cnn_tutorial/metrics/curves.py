"""From scores to curves: ROC, precision and recall at every threshold, and their areas. Chapter 61.

A score says how likely class 1 is: a probability, a logit, or anything that grows with it. An
example counts as class 1 where its score reaches the threshold.
"""

import warnings

import numpy as np

from cnn_tutorial.metrics.checks import UndefinedMetricWarning, as_binary, as_rows, check_choice

AVERAGES = (None, "macro", "weighted")


def roc_curve(labels, scores):
    """False-positive and true-positive rate at every threshold that matters.

    ``FPR(t) = #{i: y_i = 0, s_i >= t} / #{i: y_i = 0}``
    ``TPR(t) = #{i: y_i = 1, s_i >= t} / #{i: y_i = 1}``

    Thresholds whose point lies on the straight line between its neighbours are left out.

    Args:
        labels: ``(N,)`` of 0 and 1.
        scores: ``(N,)`` finite real numbers, higher for a likelier 1.

    Returns:
        (fpr, tpr, thresholds), float64 arrays ``(T,)``; the rates rise from 0 to 1, the
        thresholds fall from infinity. A rate of nothing (labels all 0 or all 1) is NaN, with a
        warning, as in scikit-learn.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty or not 1-D, the lengths differ, a label is neither 0 nor
            1, or a score is NaN or infinite.

    Reference:
        T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27 (2006).

    Example:
        >>> fpr, tpr, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> fpr, tpr
        (array([0. , 0. , 0.5, 0.5, 1. ]), array([0. , 0.5, 0.5, 1. , 1. ]))
    """
    labels, scores = as_binary(labels, scores)
    return _roc(labels, scores, stacklevel=3)


def roc_auc(labels, scores, *, average="macro"):
    """The area under the ROC curve: how often a 1 has a higher score than a 0.

    ``AUC = P(s_i > s_j | y_i = 1, y_j = 0) + P(s_i = s_j | y_i = 1, y_j = 0) / 2``

    0.5 is chance, and it does not depend on how rare the ones are.

    Args:
        labels: ``(N,)`` of 0 and 1, or class numbers from 0 to K - 1.
        scores: ``(N,)``, or ``(N, K)`` for K classes, each of which is then set against the rest.
        average: of the K values "macro" is the mean, "weighted" the mean weighted by how many
            examples each class has, None leaves them apart. Without effect for ``(N,)``.

    Returns:
        float from 0 to 1, or with ``average=None`` float64 ``(K,)``. NaN, with a warning, where
        the labels are all of one class, or a class has no example, as in scikit-learn.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty, the shapes do not fit, a label is no class, a score is
            NaN or infinite, or ``average`` is none of these.

    Reference:
        J. A. Hanley and B. J. McNeil, The meaning and use of the area under a receiver operating
        characteristic (ROC) curve, Radiology 143 (1982).

    Example:
        >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    return _one_against_rest(_area_under_roc, labels, scores, average)


def precision_recall_curve(labels, scores):
    """Precision and recall at every threshold, from the lowest score to the highest.

    ``precision(t) = #{i: y_i = 1, s_i >= t} / #{i: s_i >= t}``
    ``recall(t) = #{i: y_i = 1, s_i >= t} / #{i: y_i = 1}``

    Args:
        labels: ``(N,)`` of 0 and 1.
        scores: ``(N,)`` finite real numbers, higher for a likelier 1.

    Returns:
        (precision, recall, thresholds), float64 arrays ``(T + 1,)``, ``(T + 1,)`` and ``(T,)``:
        the last point, precision 1 at recall 0, belongs to no threshold. Where no label is 1 the
        recall is 1 at every threshold, with a warning, as in scikit-learn.

    Raises:
        TypeError, ValueError: as for ``roc_curve``.

    Reference:
        J. Davis and M. Goadrich, The relationship between precision-recall and ROC curves,
        ICML 2006.

    Example:
        >>> precision, recall, thresholds = precision_recall_curve([0, 1, 1], [0.2, 0.1, 0.9])
        >>> recall, thresholds
        (array([1. , 0.5, 0.5, 0. ]), array([0.1, 0.2, 0.9]))
    """
    labels, scores = as_binary(labels, scores)
    return _precision_recall(labels, scores, stacklevel=3)


def average_precision(labels, scores, *, average="macro"):
    """The area under the precision-recall curve, drawn as steps.

    ``AP = sum_n (recall_n - recall_{n-1}) precision_n``, thresholds falling

    Chance is the share of ones: where ones are rare it is low, and so AP shows what ROC hides.

    Args:
        labels: ``(N,)`` of 0 and 1, or class numbers from 0 to K - 1.
        scores: ``(N,)``, or ``(N, K)`` for K classes, each of which is then set against the rest.
        average: "macro", "weighted" or None, as for ``roc_auc``.

    Returns:
        float from 0 to 1, or with ``average=None`` float64 ``(K,)``. 0.0, with a warning, for a
        class that has no example.

    Raises:
        TypeError, ValueError: as for ``roc_auc``.

    Reference:
        J. Davis and M. Goadrich, The relationship between precision-recall and ROC curves,
        ICML 2006, on why straight lines between the points would flatter.

    Example:
        >>> average_precision([0, 0, 1, 1], [0.1, 0.4, 0.2, 0.8])
        0.8333333333333333
    """
    return _one_against_rest(_area_under_precision, labels, scores, average)


def _count_at_thresholds(labels, scores):
    """How many zeros and ones have a score of at least each threshold, thresholds falling."""
    order = np.argsort(-scores)
    labels, scores = labels[order], scores[order]
    last = np.append(np.flatnonzero(scores[1:] != scores[:-1]), len(scores) - 1)
    ones = np.cumsum(labels)[last]
    return 1 + last - ones, ones, scores[last]


def _roc(labels, scores, *, stacklevel):
    zeros, ones, thresholds = _count_at_thresholds(labels, scores)
    if len(zeros) > 2:  # keep the two ends, and where either count changes its step
        corner = (np.diff(zeros, 2) != 0) | (np.diff(ones, 2) != 0)
        kept = np.concatenate([[True], corner, [True]])
        zeros, ones, thresholds = zeros[kept], ones[kept], thresholds[kept]
    zeros, ones = np.append(0, zeros), np.append(0, ones)
    if not zeros[-1] or not ones[-1]:
        missing = "0: the false" if not zeros[-1] else "1: the true"
        text = f"no label is {missing}-positive rate is not defined, and set to NaN"
        warnings.warn(text, UndefinedMetricWarning, stacklevel=stacklevel)
    with np.errstate(invalid="ignore"):
        return zeros / zeros[-1], ones / ones[-1], np.append(np.inf, thresholds)


def _precision_recall(labels, scores, *, stacklevel):
    zeros, ones, thresholds = _count_at_thresholds(labels, scores)
    if not ones[-1]:
        text = "no label is 1: the recall is not defined, and set to 1 at every threshold"
        warnings.warn(text, UndefinedMetricWarning, stacklevel=stacklevel)
    recall = ones / ones[-1] if ones[-1] else np.ones(len(ones))
    precision = ones / (zeros + ones)
    return np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0), thresholds[::-1]


def _area_under_roc(labels, scores):
    if labels.all() or not labels.any():
        text = f"every label is {int(labels[0])}: the ROC AUC is not defined, and set to NaN"
        warnings.warn(text, UndefinedMetricWarning, stacklevel=4)
        return float("nan")
    fpr, tpr, _ = _roc(labels, scores, stacklevel=4)
    return float(np.trapezoid(tpr, fpr))


def _area_under_precision(labels, scores):
    precision, recall, _ = _precision_recall(labels, scores, stacklevel=5)
    return float(-np.sum(np.diff(recall) * precision[:-1])) + 0.0  # no -0.0


def _one_against_rest(area, labels, scores, average):
    """The area of a binary problem, or of each of K classes against all others."""
    check_choice("average", average, AVERAGES)
    if np.ndim(scores) < 2 or np.shape(scores)[1] == 1:
        return area(*as_binary(labels, scores))
    labels, scores = as_rows(labels, scores)
    sizes = np.bincount(labels, minlength=scores.shape[1])
    areas = np.empty(scores.shape[1])
    for k in range(scores.shape[1]):
        areas[k] = area(labels == k, scores[:, k])
    if average is None:
        return areas
    if average == "macro":
        return float(areas.mean())
    return float(np.sum(areas[sizes > 0] * sizes[sizes > 0]) / sizes.sum())
