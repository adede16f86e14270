"""Intervals and McNemar's test against SciPy, and what they promise: coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cnn_tutorial import metrics

thousand = settings(max_examples=1000, deadline=None)


@pytest.mark.slow
@thousand
@given(
    st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.5, 0.9999),
)
def test_wilson_interval_equals_scipys(counts, confidence):
    theirs = stats.binomtest(*counts).proportion_ci(confidence, method="wilson")
    ours = metrics.wilson_interval(*counts, confidence=confidence)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    assert 0 <= ours.low <= counts[0] / counts[1] <= ours.high <= 1


def test_wilson_interval_by_hand_and_wider_for_more_confidence():
    # 95 of 100: z^2 = 3.8415, (0.95 + 0.019207 ± 1.96 sqrt(0.000475 + 0.000096)) / 1.038415
    low, high = metrics.wilson_interval(95, 100)
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    wider = metrics.wilson_interval(95, 100, confidence=0.99)
    assert wider.low < low < high < wider.high
    assert metrics.wilson_interval(20, 20).high == 1.0
    assert metrics.wilson_interval(0, 20).low == 0.0
    assert metrics.wilson_interval(20, 20).low < 0.9


def test_wilson_interval_holds_the_truth_as_often_as_it_says():
    # The probability, not a simulation: over every count that 50 throws at p can have.
    n = 50
    intervals = [metrics.wilson_interval(k, n) for k in range(n + 1)]
    covered = []
    for p in np.linspace(0.05, 0.95, 181):
        chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        inside = [low <= p <= high for low, high in intervals]
        covered.append(np.dot(chances, inside))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


@pytest.mark.slow
@thousand
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=30),
    st.sampled_from([0.5, 0.9, 0.95]),
    st.integers(2, 40),
    st.integers(0, 1000),
)
def test_bootstrap_interval_equals_scipys(pairs, confidence, samples, seed):
    labels, answers = np.array(pairs).T
    theirs = stats.bootstrap(
        (labels, answers),
        metrics.accuracy,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=samples,
        confidence_level=confidence,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    ours = metrics.bootstrap_interval(
        metrics.accuracy, labels, answers, confidence=confidence, samples=samples, seed=seed
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_bootstrap_interval_of_a_mean_is_near_the_closed_form(rng):
    values = rng.normal(size=400)
    low, high = metrics.bootstrap_interval(np.mean, values)
    reach = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.01)
    narrow = metrics.bootstrap_interval(np.mean, values, confidence=0.5)
    assert low < narrow.low < narrow.high < high


def test_bootstrap_interval_depends_on_seed_and_samples_alone(rng):
    values = rng.normal(size=30)
    first = metrics.bootstrap_interval(np.mean, values, samples=200)
    assert metrics.bootstrap_interval(np.mean, values, samples=200, seed=0) == first
    assert metrics.bootstrap_interval(np.mean, values, samples=200, seed=1) != first
    assert metrics.bootstrap_interval(np.mean, values, samples=300) != first


def test_bootstrap_interval_draws_the_same_examples_from_every_array(rng):
    labels = rng.integers(0, 2, 100)
    answers = np.where(rng.uniform(size=100) < 0.7, labels, 1 - labels)
    # A difference of a model from itself is zero only if the draws go together.
    found = metrics.bootstrap_interval(
        lambda y, a, b: metrics.accuracy(y, a) - metrics.accuracy(y, b),
        labels,
        answers,
        answers.copy(),
        samples=50,
    )
    assert found == (0.0, 0.0)


def test_bootstrap_interval_of_an_array_is_two_arrays(rng):
    labels, answers = rng.integers(0, 3, (2, 60))
    found = metrics.bootstrap_interval(
        lambda y, a: metrics.recall(y, a, num_classes=3), labels, answers, samples=100
    )
    assert found.low.shape == found.high.shape == (3,)
    recall = metrics.recall(labels, answers)
    assert ((found.low < recall) & (recall < found.high)).all()
    assert " to " in str(found)


def test_bootstrap_interval_leaves_out_undefined_draws_and_says_how_many():
    labels, scores = [0] * 9 + [1], np.linspace(0, 1, 10)
    with pytest.warns(metrics.UndefinedMetricWarning, match="NaN in .* of 200 draws") as caught:
        found = metrics.bootstrap_interval(metrics.roc_auc, labels, scores, samples=200)
    assert found == (1.0, 1.0)
    assert len(caught) == 1
    with pytest.warns(metrics.UndefinedMetricWarning, match="not defined in .* its 0.0 counts"):
        metrics.bootstrap_interval(metrics.average_precision, labels, scores, samples=200)


def test_bootstrap_interval_refuses_a_statistic_without_a_value_or_a_shape():
    with pytest.raises(ValueError, match="received NaN in all 20"):
        metrics.bootstrap_interval(lambda x: np.nan, [1, 2], samples=20)
    with pytest.raises(ValueError, match=r"one shape in every draw.*give num_classes"):
        metrics.bootstrap_interval(metrics.recall, [0, 1, 2, 3], [0, 1, 2, 3], samples=50)


def test_bootstrap_interval_passes_other_warnings_on():
    def warn(x):
        np.log(np.zeros(1))
        return x.mean()

    with pytest.warns(RuntimeWarning, match="divide by zero"):
        metrics.bootstrap_interval(warn, [1.0, 2.0], samples=3)


def models(only_first, only_second, both=3, neither=2):
    """Labels, and answers of two models that disagree as often as asked."""
    right = [(1, 0)] * only_first + [(0, 1)] * only_second + [(1, 1)] * both + [(0, 0)] * neither
    first, second = np.array(right).T
    return np.ones(len(right), int), first, second


@pytest.mark.slow
@thousand
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_test_equals_scipys_binomial_test(only_first, only_second):
    found = metrics.mcnemar_test(*models(only_first, only_second))
    assert found[:2] == (only_first, only_second)
    expected = 1.0
    if only_first + only_second:
        expected = stats.binomtest(only_first, only_first + only_second).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_mcnemar_test_by_hand():
    assert metrics.mcnemar_test(*models(5, 0)).p_value == 2 / 32
    assert metrics.mcnemar_test(*models(1, 4)).p_value == 2 * (1 + 5) / 32
    assert metrics.mcnemar_test(*models(2, 2)).p_value == 1.0
    assert metrics.mcnemar_test(*models(0, 0)).p_value == 1.0


def test_mcnemar_test_ignores_what_both_have_right_or_wrong_and_knows_who_is_who():
    assert metrics.mcnemar_test(*models(7, 2, both=900, neither=50)) == metrics.mcnemar_test(
        *models(7, 2)
    )
    labels, first, second = models(7, 2)
    assert metrics.mcnemar_test(labels, second, first)[:2] == (2, 7)


def test_mcnemar_test_stays_exact_for_many_differences():
    # With n differences, b on one side, the normal approximation has z = |2b - n| / sqrt(n).
    found = metrics.mcnemar_test(*models(10_300, 9_700, both=0, neither=0))
    z = (600 - 1) / math.sqrt(20_000)
    assert found.p_value == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-2)
    assert metrics.mcnemar_test(*models(20_000, 0)).p_value == 0.0  # 2^-19999 underflows


def test_a_comparison_prints_who_wins_where():
    text = str(metrics.mcnemar_test(*models(12, 1)))
    assert text == "only the first is right 12 times, only the second once: p = 0.003"
    assert str(metrics.mcnemar_test(*models(30, 1))).endswith("p < 0.001")
