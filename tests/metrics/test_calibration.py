"""Calibration and temperature: worked by hand, against SciPy's minimum, repaired as promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from cnn_tutorial import metrics


def test_the_calibration_error_of_six_answers_by_hand():
    probs = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.45, 0.55], [0.05, 0.95]]
    labels = [0, 1, 1, 1, 0, 1]
    # (0.5, 0.75]: 0.7 0.6 0.55, two of three right; (0.75, 1]: 0.9 0.8 0.95, two of three right.
    found = metrics.reliability_curve(labels, probs, bins=4)
    assert found.counts.tolist() == [0, 0, 3, 3]
    assert found.accuracy[2:] == pytest.approx([2 / 3, 2 / 3])
    assert found.confidence[2:] == pytest.approx([1.85 / 3, 2.65 / 3])
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    by_hand = (abs(2 - 1.85) + abs(2 - 2.65)) / 6
    assert metrics.expected_calibration_error(labels, probs, bins=4) == pytest.approx(by_hand)
    one_bin = metrics.expected_calibration_error(labels, probs, bins=1)
    assert one_bin == pytest.approx(abs(4 - 4.5) / 6)


def test_a_bin_holds_its_upper_edge_and_the_first_its_lower_one_too():
    found = metrics.reliability_curve([0, 0, 0, 0], [0.0, 0.5, 0.500001, 1.0], bins=2)
    assert found.counts.tolist() == [2, 2]


def test_fifteen_bins_are_the_default_and_quantile_bins_hold_equally_many(rng):
    probs = rng.uniform(size=90) ** 4
    labels = rng.integers(0, 2, 90)
    assert len(metrics.reliability_curve(labels, probs).counts) == 15
    found = metrics.reliability_curve(labels, probs, bins=9, strategy="quantile")
    assert set(found.counts.tolist()) == {10}
    uniform = metrics.expected_calibration_error(labels, probs, bins=9)
    quantile = metrics.expected_calibration_error(labels, probs, bins=9, strategy="quantile")
    assert uniform != quantile


def test_one_column_is_about_class_one_and_two_are_about_the_answer():
    probs, labels = np.array([0.1, 0.1, 0.9]), [0, 0, 1]
    both = np.column_stack([1 - probs, probs])
    assert metrics.reliability_curve(labels, probs, bins=2).counts.tolist() == [2, 1]
    assert metrics.reliability_curve(labels, both, bins=2).counts.tolist() == [0, 3]


def test_the_brier_score_by_hand():
    assert metrics.brier_score([1, 0], [0.7, 0.4]) == pytest.approx((0.09 + 0.16) / 2)
    found = metrics.brier_score([2], [[0.2, 0.3, 0.5]])
    assert found == pytest.approx(0.04 + 0.09 + 0.25)


@st.composite
def networks(draw):
    """Labels and logits that know something of them, but not all."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, classes = draw(st.integers(60, 200)), draw(st.integers(2, 6))
    labels = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes))
    logits[np.arange(count), labels] += 1
    return labels, draw(st.sampled_from([0.01, 0.3, 1.0, 4.0, 100.0])) * logits


def negative_log_likelihood(labels, logits, temperature):
    return -special.log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(networks())
def test_fit_temperature_finds_scipys_minimum(network):
    labels, logits = network
    found = metrics.fit_temperature(labels, logits)
    scale = logits.std()
    theirs = optimize.minimize_scalar(
        lambda t: negative_log_likelihood(labels, logits, scale * np.exp(t)),
        bounds=(-8, 8),
        options={"xatol": 1e-10},
        method="bounded",
    )
    assert found == pytest.approx(scale * np.exp(theirs.x), rel=1e-4)
    ours = negative_log_likelihood(labels, logits, found)
    assert ours <= theirs.fun + 1e-12


def test_fit_temperature_has_the_closed_form_of_one_logit():
    # All say z; a share q of the labels is 1. Then sigmoid(z / T) = q.
    labels, z = [1] * 7 + [0] * 3, 5.0
    expected = z / np.log(0.7 / 0.3)
    assert metrics.fit_temperature(labels, [z] * 10) == pytest.approx(expected, rel=1e-12)
    both = np.column_stack([np.zeros(10), np.full(10, z)])
    assert metrics.fit_temperature(labels, both) == pytest.approx(expected, rel=1e-12)


def test_fit_temperature_undoes_a_factor_on_the_logits(rng):
    labels = rng.integers(0, 4, 300)
    logits = rng.normal(size=(300, 4)) + np.eye(4)[labels]
    plain = metrics.fit_temperature(labels, logits)
    assert metrics.fit_temperature(labels, 7 * logits) == pytest.approx(7 * plain, rel=1e-9)
    shifted = metrics.fit_temperature(labels, logits + rng.normal(size=(300, 1)))
    assert shifted == pytest.approx(plain, rel=1e-9)


def test_temperature_repairs_an_overconfident_network_and_keeps_its_answers(rng):
    logits = rng.normal(size=(4000, 5))
    labels = (rng.uniform(size=(4000, 1)) > special.softmax(logits, 1).cumsum(1)).sum(1)
    wild = 3 * logits  # three times too sure of what it knows
    temperature = metrics.fit_temperature(labels[:2000], wild[:2000])
    assert temperature == pytest.approx(3, rel=0.1)
    before = metrics.apply_temperature(wild[2000:])
    after = metrics.apply_temperature(wild[2000:], temperature)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    error = metrics.expected_calibration_error
    assert error(labels[2000:], after) < error(labels[2000:], before) / 5


def test_apply_temperature_is_the_softmax_of_the_quotient(rng):
    logits = rng.normal(size=(6, 3)) * 500
    np.testing.assert_allclose(
        metrics.apply_temperature(logits, 2.5), special.softmax(logits / 2.5, axis=1), atol=1e-15
    )
    np.testing.assert_allclose(
        metrics.apply_temperature(logits[:, 0], 2.5), special.expit(logits[:, 0] / 2.5), atol=1e-15
    )


def test_fit_temperature_says_when_no_temperature_is_best():
    with pytest.raises(ValueError, match=r"contradict the logits somewhere.*received 2"):
        metrics.fit_temperature([0, 1], [[1.0, 0.0], [0.0, 3.0]])
    with pytest.raises(ValueError, match="logits must be higher for the labels"):
        metrics.fit_temperature([1, 0, 1], [[1.0, 0.0], [0.0, 3.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="labels must contradict"):
        metrics.fit_temperature([0, 1], np.zeros((2, 2)))
