"""Counts, averages and curves: cases worked by hand, and what the closed forms say."""

import numpy as np
import pytest

from cnn_tutorial import metrics

# 6 well, 2 ill; one of the well is called ill, one of the ill is found.
LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1])
ANSWERS = np.array([0, 0, 0, 0, 0, 1, 1, 0])


def test_the_counts_of_eight_patients_by_hand():
    assert metrics.accuracy(LABELS, ANSWERS) == 6 / 8
    assert metrics.confusion_matrix(LABELS, ANSWERS).tolist() == [[5, 1], [1, 1]]
    assert metrics.precision(LABELS, ANSWERS).tolist() == [5 / 6, 1 / 2]
    assert metrics.recall(LABELS, ANSWERS).tolist() == [5 / 6, 1 / 2]
    assert metrics.f1_score(LABELS, ANSWERS).tolist() == [5 / 6, 1 / 2]
    assert metrics.balanced_accuracy(LABELS, ANSWERS) == pytest.approx((5 / 6 + 1 / 2) / 2)
    assert metrics.matthews_correlation(LABELS, ANSWERS) == pytest.approx((5 - 1) / 12)


def test_labels_come_first_so_that_swapping_them_swaps_precision_and_recall():
    labels, answers = [0, 0, 1, 1, 1], [0, 1, 1, 1, 0]
    answers[0] = 1
    assert metrics.confusion_matrix(labels, answers).tolist() == [[0, 2], [1, 2]]
    np.testing.assert_array_equal(
        metrics.precision(labels, answers), metrics.recall(answers, labels)
    )
    assert metrics.precision(labels, answers)[1] != metrics.recall(labels, answers)[1]


def test_the_averages_differ_as_their_definitions_say():
    labels, answers = [0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 0, 2]
    each = np.array([2 / 3, 1, 1 / 2])
    assert metrics.recall(labels, answers) == pytest.approx(each)
    assert metrics.recall(labels, answers, average="macro") == pytest.approx(each.mean())
    weighted = each @ [3, 1, 2] / 6
    assert metrics.recall(labels, answers, average="weighted") == pytest.approx(weighted)
    assert metrics.recall(labels, answers, average="micro") == pytest.approx(4 / 6)


def test_num_classes_makes_room_for_classes_that_do_not_occur():
    assert metrics.confusion_matrix([0, 3], [0, 3]).tolist() == [[1, 0], [0, 1]]
    assert metrics.confusion_matrix([0, 3], [0, 3], 4).diagonal().tolist() == [1, 0, 0, 1]
    assert metrics.recall([0, 3], [0, 3], average="macro") == 1.0
    with pytest.warns(metrics.UndefinedMetricWarning, match="class 1, 2 is without an example"):
        assert metrics.recall([0, 3], [0, 3], average="macro", num_classes=4) == 0.5


@pytest.mark.parametrize(
    ("normalize", "expected"),
    [
        ("true", [[0.75, 0.25], [0.0, 1.0]]),
        ("pred", [[1.0, 0.2], [0.0, 0.8]]),
        ("all", [[3 / 8, 1 / 8], [0.0, 4 / 8]]),
    ],
)
def test_confusion_matrix_divides_by_rows_columns_or_all(normalize, expected):
    labels, answers = [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1]
    found = metrics.confusion_matrix(labels, answers, normalize=normalize)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("call", "value", "says"),
    [
        (lambda: metrics.precision([0, 1], [0, 0])[1], 0.0, "precision: class 1 is never predict"),
        (lambda: metrics.recall([0, 0], [0, 1])[1], 0.0, "recall: class 1 is without an example"),
        (lambda: metrics.f1_score([0], [0], num_classes=2)[1], 0.0, "neither true nor predicted"),
        (lambda: metrics.precision([0, 1], [0, 0], average="macro"), 0.25, "never predicted"),
        (lambda: metrics.confusion_matrix([0], [0], 2, normalize="true")[1, 1], 0.0, "in row 1"),
        (lambda: metrics.confusion_matrix([0], [0], 2, normalize="pred")[1, 1], 0.0, "in column 1"),
        (lambda: metrics.matthews_correlation([0, 1], [1, 1]), 0.0, "all predictions are of one"),
        (lambda: metrics.matthews_correlation([1, 1], [0, 1]), 0.0, "all labels are of one"),
        (lambda: metrics.average_precision([0, 0], [0.1, 0.2]), 0.0, "no label is 1"),
        (lambda: metrics.precision_recall_curve([0], [0.1])[1][0], 1.0, "no label is 1"),
        (lambda: metrics.roc_auc([1, 1], [0.1, 0.2]), np.nan, "every label is 1"),
        (lambda: metrics.roc_curve([1, 1], [0.1, 0.2])[0][0], np.nan, "no label is 0: the false"),
        (lambda: metrics.roc_curve([0, 0], [0.1, 0.2])[1][0], np.nan, "no label is 1: the true"),
        (lambda: metrics.top_k_accuracy([0], [[0.1, 0.2]], k=2), 1.0, "k=2 with 2 classes"),
    ],
)
def test_what_the_examples_do_not_define_has_its_value_and_a_warning_at_the_callers_line(
    call, value, says
):
    with pytest.warns(metrics.UndefinedMetricWarning, match=says) as caught:
        found = call()
    assert found == value or (np.isnan(found) and np.isnan(value))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_top_k_accuracy_counts_the_true_class_among_the_k_first():
    scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]]
    assert metrics.top_k_accuracy([0, 0, 1], scores, k=1) == pytest.approx(1 / 3)
    assert metrics.top_k_accuracy([0, 0, 1], scores, k=2) == pytest.approx(2 / 3)


def test_the_roc_curve_of_six_scores_by_hand():
    labels, scores = [1, 1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.55, 0.1]
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores)
    assert fpr.tolist() == [0, 0, 0, 1 / 3, 1 / 3, 1]
    assert tpr.tolist() == [0, 1 / 3, 2 / 3, 2 / 3, 1, 1]
    assert thresholds.tolist() == [np.inf, 0.9, 0.8, 0.7, 0.6, 0.1]
    assert metrics.roc_auc(labels, scores) == pytest.approx(8 / 9)


def test_the_area_under_roc_is_how_often_a_one_beats_a_zero(rng):
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 9, 60)
    ones, zeros = scores[labels == 1][:, None], scores[labels == 0]
    beaten = np.mean((ones > zeros) + 0.5 * (ones == zeros))
    assert metrics.roc_auc(labels, scores) == pytest.approx(beaten, abs=1e-12)
    assert metrics.roc_auc(labels, np.exp(scores)) == pytest.approx(beaten, abs=1e-12)
    assert metrics.roc_auc(labels, -scores) == pytest.approx(1 - beaten, abs=1e-12)


def test_average_precision_adds_up_rectangles_by_hand():
    labels, scores = [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6]
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    assert precision == pytest.approx([1 / 2, 2 / 3, 1 / 2, 1, 1])
    assert recall.tolist() == [1, 1, 0.5, 0.5, 0]
    assert thresholds.tolist() == [0.6, 0.7, 0.8, 0.9]
    assert metrics.average_precision(labels, scores) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_areas_of_several_classes_are_averaged_as_asked(rng):
    labels = np.array([0] * 5 + [1] * 15 + [2] * 30)
    scores = rng.normal(size=(50, 3)) + 2 * np.eye(3)[labels] * [1, 0.2, 0.5]
    for area in (metrics.roc_auc, metrics.average_precision):
        each = [area((labels == k).astype(int), scores[:, k]) for k in range(3)]
        assert area(labels, scores, average=None).tolist() == each
        assert area(labels, scores) == pytest.approx(np.mean(each))
        assert area(labels, scores, average="weighted") == pytest.approx(
            np.dot(each, [0.1, 0.3, 0.6])
        )
        assert len({area(labels, scores, average=a) for a in ("macro", "weighted")}) == 2


def test_booleans_and_whole_floats_count_as_class_numbers():
    probs = np.array([0.2, 0.7, 0.9])
    assert metrics.accuracy([0.0, 1.0, 0.0], probs > 0.5) == pytest.approx(2 / 3)
    assert metrics.roc_auc(np.array([False, True, True]), probs) == 1.0


def test_many_examples_do_not_overflow_the_matthews_correlation():
    labels = np.repeat([0, 1], 200_000)
    assert metrics.matthews_correlation(labels, labels) == 1.0
    assert metrics.matthews_correlation(labels, 1 - labels) == -1.0
