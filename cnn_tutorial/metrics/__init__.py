"""From counts to curves to confidence intervals, in NumPy alone, with scikit-learn's meanings.

- ``counts``       confusion matrix, accuracy, balanced accuracy, Matthews correlation, top k
- ``averages``     precision, recall and F1, by class and averaged
- ``curves``       ROC and precision-recall curves, and their areas
- ``intervals``    how far chance could carry a number: Wilson's interval, the bootstrap
- ``comparison``   McNemar's test of two models
- ``calibration``  reliability diagram, expected calibration error, Brier score
- ``temperature``  temperature scaling
- ``report``       all of it for one classifier: prints, plots, exports (``making`` makes it)

Every function can be taken from here: ``from cnn_tutorial import metrics``, then
``metrics.accuracy(labels, predictions)``. Labels come first. What the examples do not define (the
precision of a class that nobody predicted) is 0.0, with an ``UndefinedMetricWarning``.
"""

from cnn_tutorial.metrics.averages import f1_score, precision, recall
from cnn_tutorial.metrics.calibration import (
    Reliability,
    brier_score,
    expected_calibration_error,
    reliability_curve,
)
from cnn_tutorial.metrics.checks import UndefinedMetricWarning
from cnn_tutorial.metrics.comparison import Comparison, mcnemar_test
from cnn_tutorial.metrics.counts import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    matthews_correlation,
    top_k_accuracy,
)
from cnn_tutorial.metrics.curves import (
    average_precision,
    precision_recall_curve,
    roc_auc,
    roc_curve,
)
from cnn_tutorial.metrics.intervals import Interval, bootstrap_interval, wilson_interval
from cnn_tutorial.metrics.making import make_report
from cnn_tutorial.metrics.report import Report
from cnn_tutorial.metrics.temperature import apply_temperature, fit_temperature

__all__ = [
    "Comparison",
    "Interval",
    "Reliability",
    "Report",
    "UndefinedMetricWarning",
    "accuracy",
    "apply_temperature",
    "average_precision",
    "balanced_accuracy",
    "bootstrap_interval",
    "brier_score",
    "confusion_matrix",
    "expected_calibration_error",
    "f1_score",
    "fit_temperature",
    "make_report",
    "matthews_correlation",
    "mcnemar_test",
    "precision",
    "precision_recall_curve",
    "recall",
    "reliability_curve",
    "roc_auc",
    "roc_curve",
    "top_k_accuracy",
    "wilson_interval",
]
