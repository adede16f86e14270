"""Precision, recall and F1, by class and averaged over the classes. Chapter 61."""

import warnings

import numpy as np

from cnn_tutorial.metrics.checks import UndefinedMetricWarning, check_choice
from cnn_tutorial.metrics.counts import count_pairs

AVERAGES = (None, "macro", "micro", "weighted")


def precision(labels, predictions, *, average=None, num_classes=None):
    """Of what was called class k, the share that is class k.

    ``precision_k = TP_k / (TP_k + FP_k)``, with M the confusion matrix ``M[k, k] / sum_a M[a, k]``

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.
        average: None for one value a class; "macro" for their mean; "weighted" for their mean
            weighted by how often each class is true; "micro" to add up the counts of all classes
            first, which gives the accuracy.
        num_classes: int K, for the classes 0 to K - 1; None takes the classes that occur in
            either array, sorted, as scikit-learn does.

    Returns:
        float64 array ``(K,)``, or a float where ``average`` is given. A class that was never
        predicted has 0.0, with a warning.

    Raises:
        TypeError: if an array holds no numbers, or ``num_classes`` is no int.
        ValueError: if an array is empty or not 1-D, the lengths differ, a number is NaN, a
            fraction, negative or not below ``num_classes``, or ``average`` is none of these.

    Reference:
        C. J. van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7.

    Example:
        >>> precision([0, 0, 1, 1], [0, 1, 1, 1])
        array([1.        , 0.66666667])
        >>> precision([0, 0, 1, 1], [0, 1, 1, 1], average="micro")
        0.75
    """
    return _score("precision", labels, predictions, average, num_classes)


def recall(labels, predictions, *, average=None, num_classes=None):
    """Of what is class k, the share that was called class k.

    ``recall_k = TP_k / (TP_k + FN_k)``, with M the confusion matrix ``M[k, k] / sum_b M[k, b]``

    For two classes the recall of class 1 is also called sensitivity or true-positive rate, that
    of class 0 specificity.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.
        average: None, "macro", "weighted" or "micro", as for ``precision``. "macro" over the
            classes that occur among the labels is the balanced accuracy.
        num_classes: int or None, as for ``precision``.

    Returns:
        float64 array ``(K,)``, or a float where ``average`` is given. A class that has no
        example has 0.0, with a warning.

    Raises:
        TypeError, ValueError: as for ``precision``.

    Reference:
        C. J. van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7.

    Example:
        >>> recall([0, 0, 1, 1], [0, 1, 1, 1])
        array([0.5, 1. ])
    """
    return _score("recall", labels, predictions, average, num_classes)


def f1_score(labels, predictions, *, average=None, num_classes=None):
    """The harmonic mean of precision and recall: high only where both are.

    ``F1_k = 2 TP_k / (2 TP_k + FP_k + FN_k)``

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.
        average: None, "macro", "weighted" or "micro", as for ``precision``. "macro" is the mean
            of the F1 of each class, not the F1 of the mean precision and recall.
        num_classes: int or None, as for ``precision``.

    Returns:
        float64 array ``(K,)``, or a float where ``average`` is given. A class that is neither
        true nor predicted has 0.0, with a warning.

    Raises:
        TypeError, ValueError: as for ``precision``.

    Reference:
        C. J. van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7; J. Opitz and
        S. Burst, Macro F1 and macro F1, arXiv:1911.03347 (2019), on the two ways to average.

    Example:
        >>> f1_score([0, 0, 1, 1], [0, 1, 1, 1])
        array([0.66666667, 0.8       ])
    """
    return _score("f1_score", labels, predictions, average, num_classes)


def _score(name, labels, predictions, average, num_classes):
    check_choice("average", average, AVERAGES)
    matrix, classes = count_pairs(labels, predictions, num_classes)
    values, undefined = score_classes(name, matrix, pooled=average == "micro")
    if undefined.any():
        missing = {
            "precision": "never predicted",
            "recall": "without an example",
            "f1_score": "neither true nor predicted",
        }[name]
        shown = ", ".join(str(k) for k in classes[undefined][:5])
        more = f" and {undefined.sum() - 5} more" if undefined.sum() > 5 else ""
        warnings.warn(
            f"{name}: class {shown}{more} is {missing}; its value is set to 0.0",
            UndefinedMetricWarning,
            stacklevel=3,
        )
    if average is None:
        return values
    return float(np.average(values, weights=matrix.sum(axis=1) if average == "weighted" else None))


def score_classes(name, matrix, *, pooled=False):
    """Precision, recall or F1 of every class of a confusion matrix, and which are not defined.

    Args:
        name: str, "precision", "recall" or "f1_score".
        matrix: int array ``(K, K)``, rows true and columns predicted.
        pooled: bool, add up the counts of all classes first: a single value.

    Returns:
        (values, undefined): float64 and bool arrays ``(K,)``, or ``(1,)`` where pooled.

    Example:
        >>> score_classes("recall", np.array([[1, 1], [0, 0]]))
        (array([0.5, 0. ]), array([False,  True]))
    """
    right, true, predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    if pooled:
        right, true, predicted = (counts.sum(keepdims=True) for counts in (right, true, predicted))
    above, below = {
        "precision": (right, predicted),
        "recall": (right, true),
        "f1_score": (2 * right, true + predicted),
    }[name]
    return above / np.maximum(below, 1), below == 0
