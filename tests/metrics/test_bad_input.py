"""Every metric refuses what it cannot measure: which argument, what it wants, what came."""

import numpy as np
import pytest

from cnn_tutorial import metrics

NAN = float("nan")
OF_CLASSES = [
    metrics.accuracy,
    metrics.confusion_matrix,
    metrics.precision,
    metrics.recall,
    metrics.f1_score,
    metrics.balanced_accuracy,
    metrics.matthews_correlation,
    metrics.make_report,
]
OF_SCORES = [
    metrics.roc_curve,
    metrics.roc_auc,
    metrics.precision_recall_curve,
    metrics.average_precision,
    metrics.fit_temperature,
]
OF_PROBS = [
    metrics.reliability_curve,
    metrics.expected_calibration_error,
    metrics.brier_score,
    metrics.make_report,
]


def name(function):
    return function.__name__


@pytest.mark.parametrize("metric", OF_CLASSES, ids=name)
@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        ([], [], r"(labels|predictions) must not be empty; received shape \(0,\)"),
        ([0, 1], [1], "labels and predictions must have the same length.*2 labels, 1 predictions"),
        ([0, NAN], [0, 1], r"labels must be class numbers; received NaN at \[1\]"),
        ([0, 0.5], [0, 1], "labels must be class numbers, which are whole; received 0.5"),
        ([0, np.inf], [0, 1], "which are whole; received inf"),
        ([0, -1], [0, 1], "labels must be class numbers, from 0; received -1"),
        ([0, 1], [0, -2], "predictions must be class numbers, from 0; received -2"),
        ([[0], [1]], [0, 1], r"shape \(N,\); received \(2, 1\); give labels\[:, 0\]"),
        ([[1, 0], [0, 1]], [0, 1], r"received \(2, 2\); give labels.argmax\(axis=1\)"),
        ([0, 1], [[1, 0], [0, 1]], r"predictions.*give predictions.argmax\(axis=1\)"),
        (1, [0], r"labels must be class numbers of shape \(N,\); received \(\)"),
    ],
)
def test_class_numbers_that_are_none_are_refused(metric, labels, predictions, says):
    with pytest.raises(ValueError, match=says):
        metric(labels, predictions)


@pytest.mark.parametrize("metric", OF_CLASSES, ids=name)
@pytest.mark.parametrize("labels", [["cat", "dog"], [None, 1], [1j, 0]])
def test_class_numbers_of_another_type_are_refused(metric, labels):
    with pytest.raises(TypeError, match="labels must be class numbers, whole and from 0; received"):
        metric(labels, [0, 1])


@pytest.mark.parametrize(
    "metric", [metrics.confusion_matrix, metrics.precision, metrics.recall, metrics.f1_score]
)
def test_num_classes_must_be_a_number_above_every_class(metric):
    with pytest.raises(ValueError, match=r"predictions must be from 0 to 2, .* 3 classes; recei"):
        metric([0, 1], [0, 3], num_classes=3)
    with pytest.raises(ValueError, match="num_classes must be at least 1; received 0"):
        metric([0, 1], [0, 1], num_classes=0)
    with pytest.raises(TypeError, match=r"num_classes must be an int; received float: 2\.0"):
        metric([0, 1], [0, 1], num_classes=2.0)


@pytest.mark.parametrize("metric", OF_SCORES, ids=name)
@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [
        ([], [], "must not be empty"),
        ([0, 1], [0.5], "must have the same length"),
        ([0, 1], [0.5, NAN], r"must be finite; received NaN at \[1\]"),
        ([0, 1], [0.5, -np.inf], r"must be finite; received an infinite number at \[1\]"),
        ([NAN, 1], [0.5, 0.1], "labels must be class numbers; received NaN"),
        ([0, 2], [0.5, 0.1], r"labels must be 0 or 1 where \w+ has shape \(N,\); received 2"),
        ([0, 1], [[0.5], [0.1]], r"received \(2, 1\); give \w+\[:, 0\]"),
    ],
)
def test_scores_that_cannot_be_ranked_are_refused(metric, labels, scores, says):
    with pytest.raises(ValueError, match=says):
        metric(labels, scores)


@pytest.mark.parametrize("metric", [metrics.roc_curve, metrics.precision_recall_curve])
def test_curves_want_one_column(metric):
    with pytest.raises(ValueError, match=r"received \(2, 2\); give scores\[:, 1\]"):
        metric([0, 1], [[0.1, 0.9], [0.2, 0.8]])


@pytest.mark.parametrize("metric", [metrics.roc_auc, metrics.average_precision], ids=name)
def test_areas_of_many_classes_want_a_column_for_each(metric):
    with pytest.raises(ValueError, match="labels must be from 0 to 2, there being 3 classes"):
        metric([0, 3], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"shape \(N, K\).*received \(2, 3, 1\)"):
        metric([0, 1], np.zeros((2, 3, 1)))


@pytest.mark.parametrize("metric", OF_PROBS, ids=name)
@pytest.mark.parametrize(
    ("labels", "probs", "says"),
    [
        ([0, 1], [0.5, 1.2], r"\w+ must be probabilities, from 0 to 1; .* from 0.5 to 1.2: are"),
        ([0, 1], [-0.1, 0.2], "numbers from -0.1 to 0.2: are they logits"),
        ([0, 1], [[2.0, -1.0], [0.5, 0.5]], "from -1 to 2: are they logits"),
        ([0, 1], [[0.5, 0.5], [0.6, 0.6]], r"sum to one within 0.001; .* 1.2 in \w+\[1\]"),
        ([0, 1], [0.5, NAN], r"must be finite; received NaN at \[1\]"),
        ([0, 1], [[0.5, 0.5], [NAN, 0.5]], r"received NaN at \[1, 0\]"),
        ([0, 1, 1], [0.5, 0.2], r"labels and \w+ must have the same length.*3 labels, 2 \w+"),
        ([0, 2], [[0.5, 0.5], [0.4, 0.6]], "labels must be from 0 to 1"),
        ([0, 1], [[0.5], [0.2]], r"received \(2, 1\); give \w+\[:, 0\]"),
    ],
)
def test_probabilities_that_are_none_are_refused(metric, labels, probs, says):
    with pytest.raises(ValueError, match=says):
        metric(labels, np.array(probs))


def test_rounding_may_carry_a_probability_a_little_too_far():
    assert metrics.brier_score([1], [1 + 5e-7]) == 0.0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: metrics.precision([0], [0], average="mean"), ValueError, "average must be None, "),
        (lambda: metrics.roc_auc([0], [0], average="micro"), ValueError, "'weighted'; rec.*'micro"),
        (lambda: metrics.confusion_matrix([0], [0], normalize="rows"), ValueError, "normalize mus"),
        (lambda: metrics.reliability_curve([0], [0.1], bins=0), ValueError, "bins must be at lea"),
        (lambda: metrics.reliability_curve([0], [0.1], bins=1.5), TypeError, "bins must be an in"),
        (lambda: metrics.reliability_curve([0], [0], strategy="x"), ValueError, "strategy must be"),
        (lambda: metrics.top_k_accuracy([0], [[1, 2]], k=0), ValueError, "k must be at least 1"),
        (lambda: metrics.top_k_accuracy([0], [1]), ValueError, r"scores must have shape \(N, K\)"),
        (lambda: metrics.roc_auc([0, 1], ["a", "b"]), TypeError, "scores must be an array of rea"),
        (lambda: metrics.wilson_interval(3, 2), ValueError, "successes must be at most trials, 2"),
        (lambda: metrics.wilson_interval(0, 0), ValueError, "trials must be at least 1"),
        (lambda: metrics.wilson_interval(-1, 2), ValueError, "successes must be at least 0"),
        (lambda: metrics.wilson_interval(0.5, 2), TypeError, "successes must be an int"),
        (lambda: metrics.wilson_interval(1, 2, confidence=95), ValueError, "between 0 and 1, as "),
        (lambda: metrics.wilson_interval(1, 2, confidence="9"), TypeError, "confidence must be a"),
        (lambda: metrics.apply_temperature([1.0], 0), ValueError, "temperature must be above 0"),
        (lambda: metrics.apply_temperature([1.0], NAN), ValueError, "temperature must be above 0"),
        (lambda: metrics.apply_temperature([1.0], "a"), TypeError, "temperature must be a number"),
        (lambda: metrics.apply_temperature([[1.0]], 1), ValueError, r"give logits\[:, 0\]"),
        (lambda: metrics.apply_temperature([NAN], 1), ValueError, "logits must be finite"),
        (lambda: metrics.bootstrap_interval([1], [2]), TypeError, "statistic must be callable"),
        (lambda: metrics.bootstrap_interval(np.mean), ValueError, "arrays must be at least one"),
        (lambda: metrics.bootstrap_interval(np.mean, []), ValueError, r"arrays\[0\] must hold at"),
        (lambda: metrics.bootstrap_interval(np.mean, 3), ValueError, r"received shape \(\)"),
        (
            lambda: metrics.bootstrap_interval(metrics.accuracy, [1, 2], [1]),
            ValueError,
            r"received 2 arrays\[0\], 1 arrays\[1\]",
        ),
        (
            lambda: metrics.bootstrap_interval(np.mean, [1], samples=0),
            ValueError,
            "samples must be at least 1",
        ),
        (
            lambda: metrics.mcnemar_test([0, 1], [0, 1], [0]),
            ValueError,
            "labels and second must have the same length.*2 labels, 1 second",
        ),
        (lambda: metrics.mcnemar_test([0], [NAN], [0]), ValueError, "first must be class numbers"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_report_tells_class_numbers_in_floats_from_logits():
    with pytest.raises(ValueError, match=r"predictions must be probabil.*: are they class numbers"):
        metrics.make_report([0, 1], [0.0, 2.0])


def test_a_report_wants_one_name_for_each_class():
    with pytest.raises(ValueError, match=r"one for each of 3 classes.*received 2: a, b"):
        metrics.make_report([0, 1], np.full((2, 3), 1 / 3), class_names=["a", "b"])
    with pytest.raises(ValueError, match="all different; received 2: a, a"):
        metrics.make_report([0, 1], [0, 1], class_names=["a", "a"])
    with pytest.raises(ValueError, match="labels must be from 0 to 0, there being 1 classes"):
        metrics.make_report([0, 1], [0, 1], class_names=["a"])
