"""From counts: the confusion matrix, and the numbers that sum it up. Chapter 61."""

import math
import warnings

import numpy as np

from cnn_tutorial.metrics.checks import (
    UndefinedMetricWarning,
    as_class_pair,
    as_count,
    as_rows,
    check_choice,
)


def accuracy(labels, predictions):
    """The share of examples whose predicted class is the true one.

    ``accuracy = (1 / N) sum_i [prediction_i = label_i]``

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.

    Returns:
        float from 0 to 1.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty or not 1-D, the lengths differ, or a number is NaN, a
            fraction or negative.

    Example:
        >>> accuracy([0, 1, 1, 1], [0, 1, 1, 0])
        0.75
    """
    labels, predictions = as_class_pair(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion_matrix(labels, predictions, num_classes=None, *, normalize=None):
    """How many examples of each class (rows) were taken for each class (columns).

    ``M[a, b] = sum_i [label_i = a and prediction_i = b]``

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.
        num_classes: int K, for rows and columns 0 to K - 1; None takes the classes that occur in
            either array, sorted, as scikit-learn does: a class that occurs in neither is left out.
        normalize: None for counts; "true" divides every row by its sum, "pred" every column,
            "all" the whole. Where the sum is zero stands 0.0, with a warning.

    Returns:
        Array ``(K, K)``: int64 counts, or float64 shares.

    Raises:
        TypeError: if an array holds no numbers, or ``num_classes`` is no int.
        ValueError: if an array is empty or not 1-D, the lengths differ, a number is NaN, a
            fraction, negative or not below ``num_classes``, or ``normalize`` is none of these.

    Example:
        >>> confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
        array([[1, 1],
               [0, 2]])
    """
    check_choice("normalize", normalize, (None, "true", "pred", "all"))
    matrix, _ = count_pairs(labels, predictions, num_classes)
    if normalize is None:
        return matrix
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    sums = matrix.sum(axis=axis, keepdims=True)
    empty = np.flatnonzero(sums == 0)
    if empty.size:
        line = "row" if normalize == "true" else "column"
        warn_undefined(f"no example in {line} {_names(empty)}, which is set to 0.0")
    return matrix / np.maximum(sums, 1)


def count_pairs(labels, predictions, num_classes=None):
    """The confusion matrix, int64 ``(K, K)``, and the K classes that its rows stand for.

    Example:
        >>> matrix, classes = count_pairs([0, 7], [7, 7])
        >>> classes
        array([0, 7])
    """
    if num_classes is not None:
        num_classes = as_count("num_classes", num_classes)
    labels, predictions = as_class_pair(labels, predictions, num_classes)
    if num_classes is not None:
        classes = np.arange(num_classes)
    else:
        classes, places = np.unique(np.concatenate([labels, predictions]), return_inverse=True)
        labels, predictions = np.split(places, 2)
    k = len(classes)
    matrix = np.bincount(labels * k + predictions, minlength=k * k).reshape(k, k)
    return matrix, classes


def balanced_accuracy(labels, predictions):
    """The mean over the classes of how much of each was found: blind to how common they are.

    ``balanced_accuracy = (1 / K) sum_k M[k, k] / sum_b M[k, b]``

    A constant answer has ``1 / K``, however rare the other classes are.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes. A class that is predicted but never true has
            nothing to be found and does not count.

    Returns:
        float from 0 to 1.

    Raises:
        TypeError, ValueError: as for ``accuracy``.

    Reference:
        K. H. Brodersen, C. S. Ong, K. E. Stephan and J. M. Buhmann, The balanced accuracy and its
        posterior distribution, ICPR 2010.

    Example:
        >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
        0.5
    """
    matrix, _ = count_pairs(labels, predictions)
    sizes = matrix.sum(axis=1)
    return float(np.mean(matrix.diagonal()[sizes > 0] / sizes[sizes > 0]))


def matthews_correlation(labels, predictions):
    """The correlation of prediction and truth: 1 all right, 0 no better than chance, -1 reversed.

    For two classes, with TP, TN, FP, FN the four counts of the confusion matrix,

    ``mcc = (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN))``

    and for K classes, with t_k true and p_k predicted examples of class k and c right ones,

    ``mcc = (c N - sum_k t_k p_k) / sqrt((N^2 - sum_k p_k^2)(N^2 - sum_k t_k^2))``

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: ``(N,)`` predicted classes.

    Returns:
        float from -1 to 1; 0.0, with a warning, where labels or predictions are all one class.

    Raises:
        TypeError, ValueError: as for ``accuracy``.

    Reference:
        B. W. Matthews, Comparison of the predicted and observed secondary structure of T4 phage
        lysozyme, Biochimica et Biophysica Acta 405 (1975); for K classes J. Gorodkin, Comparing
        two K-category assignments by a K-category correlation coefficient, Computational Biology
        and Chemistry 28 (2004).

    Example:
        >>> matthews_correlation([0, 0, 1, 1], [0, 0, 1, 1])
        1.0
    """
    matrix, _ = count_pairs(labels, predictions)
    # In Python's integers, which do not overflow.
    true, predicted = matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist()
    total = sum(true)
    together = sum(t * p for t, p in zip(true, predicted, strict=True))
    spread_true = total**2 - sum(t * t for t in true)
    spread_predicted = total**2 - sum(p * p for p in predicted)
    if spread_true * spread_predicted == 0:
        which = "labels" if spread_true == 0 else "predictions"
        warn_undefined(f"all {which} are of one class: their correlation is set to 0.0")
        return 0.0
    right = int(matrix.trace())
    return (right * total - together) / math.sqrt(spread_true * spread_predicted)


def top_k_accuracy(labels, scores, *, k=5):
    """The share of examples whose true class is among the k with the highest scores.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0 to K - 1.
        scores: ``(N, K)`` real numbers, higher for a likelier class: probabilities or logits.
            Among equal scores the higher class number goes first, as in scikit-learn.
        k: int of at least 1. From K on the answer is always 1.0, and a warning says so.

    Returns:
        float from 0 to 1.

    Raises:
        TypeError: if an array holds no numbers, or ``k`` is no int.
        ValueError: if an array is empty, the shapes do not fit, a number is NaN or infinite, a
            label is no class, or ``k`` is less than 1.

    Example:
        >>> top_k_accuracy([2, 0], [[0.5, 0.3, 0.2], [0.3, 0.4, 0.3]], k=2)
        0.0
    """
    k = as_count("k", k)
    labels, scores = as_rows(labels, scores)
    if k >= scores.shape[1]:
        warn_undefined(f"k={k} with {scores.shape[1]} classes: every answer counts as right")
    order = np.argsort(scores, axis=1, kind="stable")[:, ::-1]
    return float(np.mean((order[:, :k] == labels[:, None]).any(axis=1)))


def warn_undefined(text):
    """Warn of a metric that is not defined, where the reader called it.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warn_undefined("no example")
        >>> str(caught[0].message)
        'no example'
    """
    warnings.warn(text, UndefinedMetricWarning, stacklevel=3)


def _names(classes):
    shown = ", ".join(str(k) for k in classes[:5])
    return f"{shown} and {len(classes) - 5} more" if len(classes) > 5 else shown
