"""A classifier's report, made from its answers. Chapter 61."""

import warnings

import numpy as np

from cnn_tutorial.metrics.averages import score_classes
from cnn_tutorial.metrics.calibration import brier_score, expected_calibration_error
from cnn_tutorial.metrics.checks import (
    UndefinedMetricWarning,
    as_class_pair,
    as_probs,
    check_confidence,
)
from cnn_tutorial.metrics.counts import (
    balanced_accuracy,
    confusion_matrix,
    matthews_correlation,
)
from cnn_tutorial.metrics.curves import average_precision, roc_auc
from cnn_tutorial.metrics.intervals import wilson_interval
from cnn_tutorial.metrics.report import COLUMNS, Report


def make_report(labels, predictions, *, class_names=None, confidence=0.95):
    """Everything that counts tell of a classifier, and next to it what a constant answer has.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        predictions: int or bool ``(N,)`` predicted classes; or float ``(N, K)`` probabilities, or
            float ``(N,)`` probabilities of class 1: then the report has curves and calibration
            too. The answer is the class with the largest probability. Of two classes class 1 is
            the one that curves and calibration are about.
        class_names: list of K str, or None for the numbers; also says how many classes there are.
        confidence: float between 0 and 1, of the accuracy's interval.

    Returns:
        Report: it prints, shows as tables in a notebook, plots, and exports.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty, the shapes do not fit, a label is no class, a
            probability is NaN or outside [0, 1], or ``class_names`` are not one for each class,
            each different.

    Example:
        >>> report = make_report([0, 0, 0, 1], [0, 0, 0, 0], class_names=["well", "ill"])
        >>> print(report)
        4 examples, 2 classes
        accuracy             0.750  (95 % interval 0.301 to 0.954)
        always 'well'        0.750
        balanced accuracy    0.500
        Matthews correlation 0.000
        <BLANKLINE>
        class         precision recall     F1 examples
        well              0.750  1.000  0.857        3
        ill               0.000  0.000  0.000        1
        macro mean        0.375  0.500  0.429        4
        weighted mean     0.562  0.750  0.643        4
        <BLANKLINE>
        Not shown to be better than always answering 'well'.
        Never predicted: ill.
        Most often taken for another: ill for well (1).
    """
    check_confidence(confidence)
    labels, predictions, probs = _take_apart(labels, predictions, class_names)
    if probs is not None:
        num_classes = 2 if probs.ndim == 1 else probs.shape[1]
    else:
        num_classes = 1 + int(max(labels.max(), predictions.max()))
    names = _as_names(class_names, num_classes)
    matrix = confusion_matrix(labels, predictions, len(names))
    columns = [score_classes(name, matrix)[0] for name in COLUMNS[:3]]
    with warnings.catch_warnings():  # the remarks say it
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        summary = _summarize(labels, predictions, matrix, confidence)
        if probs is not None:
            summary |= {
                "roc_auc": roc_auc(labels, probs),
                "average_precision": average_precision(labels, probs),
                "expected_calibration_error": expected_calibration_error(labels, probs),
                "brier_score": brier_score(labels, probs),
            }
    return Report(names, matrix, *columns, matrix.sum(axis=1), summary, confidence, labels, probs)


def _take_apart(labels, predictions, class_names):
    """Labels, predicted classes, and the probabilities or None."""
    if np.asarray(predictions).dtype.kind != "f":
        count = None if class_names is None else len(class_names)
        return *as_class_pair(labels, predictions, count), None
    labels, probs = as_probs(labels, predictions, "predictions")
    if probs.ndim == 1:
        return labels, (probs > 0.5).astype(np.int64), probs
    return labels, probs.argmax(axis=1), probs[:, 1] if probs.shape[1] == 2 else probs


def _as_names(class_names, num_classes):
    if class_names is None:
        return [str(k) for k in range(num_classes)]
    names = [str(name) for name in class_names]
    if len(names) < num_classes or len(set(names)) < len(names):
        raise ValueError(
            f"class_names must be one for each of {num_classes} classes, all different; "
            f"received {len(names)}: {', '.join(names[:10])}"
        )
    return names


def _summarize(labels, predictions, matrix, confidence):
    right, total = int(matrix.trace()), int(matrix.sum())
    low, high = wilson_interval(right, total, confidence=confidence)
    return {
        "accuracy": right / total,
        "accuracy_low": low,
        "accuracy_high": high,
        "majority_share": int(matrix.sum(axis=1).max()) / total,
        "balanced_accuracy": balanced_accuracy(labels, predictions),
        "matthews_correlation": matthews_correlation(labels, predictions),
    }
