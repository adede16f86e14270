"""Every metric against scikit-learn on 1,000 random cases, equal to 1e-12; labels that are missing,
never predicted or all the same, ties and single examples among them.
"""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import calibration
from sklearn import metrics as reference

from cnn_tutorial import metrics

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]
thousand = settings(max_examples=1000, deadline=None)
TOLERANCE = 1e-12
CLASSES = 5

pairs = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=30
).map(lambda rows: tuple(np.array(rows).T))
# A few values, so that scores are often equal, or any float.
coarse = st.sampled_from([0.0, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.6, 0.7, 0.75, 1.0])
probability = coarse | st.floats(0, 1)
score = coarse | st.floats(-1e6, 1e6) | st.integers(-3, 3).map(float)


def with_labels(of):
    rows = st.tuples(st.integers(0, 1), of)
    return st.lists(rows, min_size=1, max_size=30).map(
        lambda rows: (np.array([y for y, _ in rows]), np.array([s for _, s in rows]))
    )


@st.composite
def score_rows(draw, of=score):
    """Labels of K classes, and K scores for each."""
    k = draw(st.integers(2, 5))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, k - 1), st.lists(of, min_size=k, max_size=k)),
            min_size=1,
            max_size=15,
        )
    )
    return np.array([label for label, _ in rows]), np.array([row for _, row in rows])


@st.composite
def prob_rows(draw):
    labels, rows = draw(score_rows(of=probability))
    rows = rows + 1e-3
    return labels, rows / rows.sum(axis=1, keepdims=True)


def assert_same(ours, theirs):
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE, equal_nan=True)


@thousand
@given(pairs)
def test_accuracy_equals_scikit_learns(pair):
    assert_same(metrics.accuracy(*pair), reference.accuracy_score(*pair))


@thousand
@given(pairs, st.sampled_from([None, 5, 7]), st.sampled_from([None, "true", "pred", "all"]))
def test_confusion_matrix_equals_scikit_learns(pair, num_classes, normalize):
    ours = metrics.confusion_matrix(*pair, num_classes, normalize=normalize)
    classes = None if num_classes is None else range(num_classes)
    theirs = reference.confusion_matrix(
        *pair, labels=None if classes is None else list(classes), normalize=normalize
    )
    assert_same(ours, theirs)
    assert (ours.dtype.kind == "i") == (normalize is None)


@thousand
@given(pairs, st.sampled_from([None, "macro", "micro", "weighted"]), st.sampled_from([None, 5, 6]))
def test_precision_recall_and_f1_equal_scikit_learns(pair, average, num_classes):
    classes = None if num_classes is None else list(range(num_classes))
    theirs = reference.precision_recall_fscore_support(
        *pair, average=average, labels=classes, zero_division=0.0
    )
    how = {"average": average, "num_classes": num_classes}
    assert_same(metrics.precision(*pair, **how), theirs[0])
    assert_same(metrics.recall(*pair, **how), theirs[1])
    assert_same(metrics.f1_score(*pair, **how), theirs[2])


@pytest.mark.parametrize("name", ["precision", "recall", "f1_score"])
@settings(max_examples=300, deadline=None)
@given(pair=pairs)
def test_what_is_not_defined_warns_where_scikit_learn_warns(name, pair):
    theirs = getattr(reference, name if name == "f1_score" else f"{name}_score")
    count = []
    for function in (getattr(metrics, name), theirs):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            function(*pair, average=None)
        count.append(len(caught))
    assert count[0] == count[1]


@thousand
@given(pairs)
def test_balanced_accuracy_equals_scikit_learns(pair):
    assert_same(metrics.balanced_accuracy(*pair), reference.balanced_accuracy_score(*pair))


@thousand
@given(pairs)
def test_matthews_correlation_equals_scikit_learns(pair):
    assert_same(metrics.matthews_correlation(*pair), reference.matthews_corrcoef(*pair))


@thousand
@given(score_rows(), st.integers(1, 6))
def test_top_k_accuracy_equals_scikit_learns(rows, k):
    labels, scores = rows
    classes = scores.shape[1]
    if classes == 2:  # there scikit-learn wants a single column
        scores, classes = np.column_stack([scores, scores[:, 0] - 1]), 3
    theirs = reference.top_k_accuracy_score(labels, scores, k=k, labels=range(classes))
    assert_same(metrics.top_k_accuracy(labels, scores, k=k), theirs)


@thousand
@given(with_labels(score))
def test_roc_curve_equals_scikit_learns(case):
    labels, scores = case
    theirs = reference.roc_curve(labels, scores, pos_label=1)
    for ours, expected in zip(metrics.roc_curve(labels, scores), theirs, strict=True):
        assert_same(ours, expected)


@thousand
@given(with_labels(score))
def test_precision_recall_curve_equals_scikit_learns(case):
    labels, scores = case
    theirs = reference.precision_recall_curve(labels, scores, pos_label=1)
    for ours, expected in zip(metrics.precision_recall_curve(labels, scores), theirs, strict=True):
        assert_same(ours, expected)


@thousand
@given(with_labels(score))
def test_roc_auc_and_average_precision_equal_scikit_learns(case):
    assert_same(metrics.roc_auc(*case), reference.roc_auc_score(*case))
    assert_same(metrics.average_precision(*case), reference.average_precision_score(*case))


@thousand
@given(prob_rows(), st.sampled_from([None, "macro", "weighted"]))
def test_areas_of_many_classes_equal_scikit_learns(rows, average):
    labels, probs = rows
    k = probs.shape[1]
    if k > 2:
        theirs = reference.roc_auc_score(
            labels, probs, multi_class="ovr", labels=range(k), average=average
        )
        assert_same(metrics.roc_auc(labels, probs, average=average), theirs)
    truth = np.eye(k, dtype=int)[labels]
    theirs = reference.average_precision_score(truth, probs, average=average)
    assert_same(metrics.average_precision(labels, probs, average=average), theirs)


@thousand
@given(with_labels(probability), st.integers(1, 20), st.sampled_from(["uniform", "quantile"]))
def test_reliability_curve_equals_scikit_learns(case, bins, strategy):
    labels, probs = case
    ours = metrics.reliability_curve(labels, probs, bins=bins, strategy=strategy)
    filled = ours.counts > 0
    theirs = calibration.calibration_curve(
        labels, probs, pos_label=1, n_bins=bins, strategy=strategy
    )
    assert_same(ours.accuracy[filled], theirs[0])
    assert_same(ours.confidence[filled], theirs[1])
    assert np.isnan(ours.accuracy[~filled]).all()
    assert ours.counts.sum() == len(labels)


@thousand
@given(prob_rows(), st.integers(1, 20), st.sampled_from(["uniform", "quantile"]))
def test_expected_calibration_error_follows_from_scikit_learns_bins(rows, bins, strategy):
    labels, probs = rows
    sureness, hits = probs.max(axis=1), (probs.argmax(axis=1) == labels).astype(int)
    true, predicted = calibration.calibration_curve(
        hits, sureness, pos_label=1, n_bins=bins, strategy=strategy
    )
    edges = np.linspace(0, 1, bins + 1)
    if strategy == "quantile":
        edges = np.percentile(sureness, 100 * edges)
    bin_of = [sum(edge < p for edge in edges[1:-1]) for p in sureness]
    counts = np.bincount(bin_of)
    expected = np.sum(abs(true - predicted) * counts[counts > 0]) / len(labels)
    ours = metrics.expected_calibration_error(labels, probs, bins=bins, strategy=strategy)
    assert_same(ours, expected)


@thousand
@given(with_labels(probability))
def test_brier_score_equals_scikit_learns(case):
    assert_same(metrics.brier_score(*case), reference.brier_score_loss(*case, pos_label=1))
    labels, probs = case
    both = np.column_stack([1 - probs, probs])
    assert_same(metrics.brier_score(labels, both), 2 * metrics.brier_score(labels, probs))


@settings(max_examples=300, deadline=None)
@given(pairs)
def test_the_reports_table_equals_scikit_learns_classification_report(pair):
    names = list("abcde")
    ours = metrics.make_report(*pair, class_names=names).to_dict()
    theirs = reference.classification_report(
        *pair, labels=range(5), target_names=names, output_dict=True, zero_division=0.0
    )
    ours["classes"] |= {
        "macro avg": ours["averages"]["macro mean"],
        "weighted avg": ours["averages"]["weighted mean"],
    }
    for name, row in ours["classes"].items():
        expected = [theirs[name][key] for key in ("precision", "recall", "f1-score", "support")]
        assert_same(list(row.values()), expected)
