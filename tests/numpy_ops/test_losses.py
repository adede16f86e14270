"""The losses by hand, by closed forms and by central differences."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from cnn_tutorial import numpy_ops
from cnn_tutorial.numpy_ops import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    categorical_cross_entropy,
    categorical_cross_entropy_backward,
    check_gradient,
    mean_squared_error,
    mean_squared_error_backward,
    sigmoid,
    softmax,
    sparse_categorical_cross_entropy,
    sparse_categorical_cross_entropy_backward,
)

CROSS_ENTROPIES = [
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "sparse_categorical_cross_entropy",
]


def make_problem(name, rng, *, from_logits=True, dtype=np.float64):
    """Targets (or labels) and predictions that fit the loss ``name``."""
    logits = rng.normal(size=(4, 3))
    if name == "binary_cross_entropy":
        targets = rng.integers(0, 2, (4, 3)).astype(float)
        predictions = logits if from_logits else sigmoid(logits)
    else:
        labels = rng.integers(0, 3, 4)
        targets = labels if name.startswith("sparse") else np.eye(3)[labels]
        predictions = logits if from_logits else softmax(logits)
    return targets, predictions.astype(dtype)


def both(name):
    return getattr(numpy_ops, name), getattr(numpy_ops, f"{name}_backward")


# By hand


def test_squared_error_of_a_case_worked_by_hand():
    targets, predictions = np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[1.0, 3.0], [0.0, 1.0]])
    # (0 + 9 + 4 + 1) / 4, and 2 (p - t) / 4
    assert mean_squared_error(targets, predictions) == 3.5
    assert mean_squared_error_backward(targets, predictions).tolist() == [[0, 1.5], [-1, -0.5]]


def test_binary_cross_entropy_of_a_case_worked_by_hand():
    # A yes that was given 1/4, and a no that was given a yes of 1/2: (log 4 + log 2) / 2.
    targets, probs = np.array([1, 0]), np.array([0.25, 0.5])
    assert binary_cross_entropy(targets, probs) == pytest.approx(1.5 * math.log(2), rel=1e-15)
    # -1/p = -4 and 1/(1 - p) = 2, each over 2
    np.testing.assert_allclose(binary_cross_entropy_backward(targets, probs), [-2, 1], rtol=1e-15)
    logits = np.array([-math.log(3), 0.0])  # p = 1 / (1 + 3) and 1 / 2
    loss = binary_cross_entropy(targets, logits, from_logits=True)
    assert loss == pytest.approx(1.5 * math.log(2), rel=1e-15)
    gradient = binary_cross_entropy_backward(targets, logits, from_logits=True)
    np.testing.assert_allclose(gradient, [-0.375, 0.25], rtol=1e-15)


def test_categorical_cross_entropy_of_a_case_worked_by_hand():
    # Powers 1, 2, 5 of 8: p = (1/8, 1/4, 5/8). The right class is the middle one: log 4.
    targets, probs = np.array([[0, 1, 0]]), np.array([[0.125, 0.25, 0.625]])
    logits = np.log([[1.0, 2.0, 5.0]])
    for labels, loss, backward in [
        (targets, categorical_cross_entropy, categorical_cross_entropy_backward),
        (
            np.array([1]),
            sparse_categorical_cross_entropy,
            sparse_categorical_cross_entropy_backward,
        ),
    ]:
        assert loss(labels, logits, from_logits=True) == pytest.approx(math.log(4), rel=1e-15)
        assert loss(labels, probs) == pytest.approx(math.log(4), rel=1e-15)
        gradient = backward(labels, logits, from_logits=True)  # p - t
        np.testing.assert_allclose(gradient, [[0.125, -0.75, 0.625]], rtol=1e-15)
        gradient = backward(labels, probs)  # 1 for all, since rows are rescaled, less 1/p
        np.testing.assert_allclose(gradient, [[1, -3, 1]], rtol=1e-15)


def test_label_smoothing_of_a_case_worked_by_hand():
    # 0.4 of the target is spread over 4 classes: (0.1, 0.7, 0.1, 0.1). All logits equal: log 4.
    targets = np.array([[0, 1, 0, 0]])
    gradient = categorical_cross_entropy_backward(
        targets, np.zeros((1, 4)), from_logits=True, label_smoothing=0.4
    )
    np.testing.assert_allclose(gradient, [[0.15, -0.45, 0.15, 0.15]], rtol=1e-14)
    logits = np.array([[0.0, 2.0, 0.0, 0.0]])  # each 2 less costs 2 * 0.3 more
    for smoothing in (0.0, 0.4):
        loss = categorical_cross_entropy(
            targets, logits, from_logits=True, label_smoothing=smoothing
        )
        by_hand = math.log(math.exp(2) + 3) - 2 * (1 - 0.75 * smoothing)
        assert loss == pytest.approx(by_hand, rel=1e-14)
    # Yes becomes 0.8, no becomes 0.2.
    loss = binary_cross_entropy([1.0, 0.0], [0.75, 0.75], label_smoothing=0.4)
    by_hand = -(math.log(0.75) + math.log(0.25)) / 2
    assert loss == pytest.approx(by_hand, rel=1e-15)
    gradient = binary_cross_entropy_backward(
        [1.0, 0.0], [0.0, 0.0], from_logits=True, label_smoothing=0.4
    )
    np.testing.assert_allclose(gradient, [-0.15, 0.15], rtol=1e-15)


@pytest.mark.parametrize("name", ["mean_squared_error", *CROSS_ENTROPIES])
def test_the_loss_is_a_float_and_the_mean_over_the_batch(rng, name):
    loss, backward = both(name)
    targets, predictions = make_problem(name, rng)
    if name == "mean_squared_error":
        targets, how = rng.normal(size=(4, 3)), {}
    else:
        how = {"from_logits": True}
    whole = loss(targets, predictions, **how)
    assert type(whole) is float
    one_by_one = [loss(targets[b : b + 1], predictions[b : b + 1], **how) for b in range(4)]
    assert whole == pytest.approx(np.mean(one_by_one), rel=1e-14)
    gradient = backward(targets, predictions, **how)
    rows = [backward(targets[b : b + 1], predictions[b : b + 1], **how) for b in range(4)]
    np.testing.assert_allclose(gradient, np.concatenate(rows) / 4, rtol=1e-13)


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@pytest.mark.parametrize("from_logits", [True, False])
def test_several_axes_before_the_classes_count_as_one_batch(rng, name, from_logits):
    loss, backward = both(name)
    targets, predictions = make_problem(name, rng, from_logits=from_logits)
    folded = targets.reshape(2, 2, *targets.shape[1:]), predictions.reshape(2, 2, 3)
    how = {"from_logits": from_logits}
    assert loss(*folded, **how) == pytest.approx(loss(targets, predictions, **how), rel=1e-14)
    gradient = backward(*folded, **how)
    np.testing.assert_allclose(gradient.reshape(4, 3), backward(targets, predictions, **how))


# Closed forms


def test_the_losses_agree_with_each_other(rng):
    logits, targets = 3 * rng.normal(size=50), rng.integers(0, 2, 50)
    two, one_hot = np.stack([np.zeros(50), logits], axis=1), np.eye(2)[targets]
    binary = binary_cross_entropy(targets, logits, from_logits=True)
    assert categorical_cross_entropy(one_hot, two, from_logits=True) == pytest.approx(binary)
    assert sparse_categorical_cross_entropy(targets, two, from_logits=True) == pytest.approx(binary)
    assert binary_cross_entropy(targets, sigmoid(logits)) == pytest.approx(binary, rel=1e-9)
    assert categorical_cross_entropy(one_hot, softmax(two)) == pytest.approx(binary, rel=1e-9)
    smoothed = binary_cross_entropy(targets, logits, from_logits=True, label_smoothing=0.3)
    soft = categorical_cross_entropy(one_hot, two, from_logits=True, label_smoothing=0.3)
    assert soft == pytest.approx(smoothed, rel=1e-14)


def test_soft_targets_are_best_met_by_themselves(rng):
    targets = softmax(rng.normal(size=(6, 4)))
    at_best = categorical_cross_entropy(targets, np.log(targets), from_logits=True)
    entropy = -np.mean((targets * np.log(targets)).sum(axis=1))
    assert at_best == pytest.approx(entropy, rel=1e-14)
    gradient = categorical_cross_entropy_backward(targets, np.log(targets), from_logits=True)
    assert np.abs(gradient).max() < 1e-16
    for _ in range(20):
        elsewhere = np.log(targets) + 0.1 * rng.normal(size=targets.shape)
        assert categorical_cross_entropy(targets, elsewhere, from_logits=True) > at_best


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_scikit_learn_has_the_same_log_loss(classes, count, seed):
    rng = np.random.default_rng(seed)
    labels, probs = rng.integers(0, classes, count), softmax(rng.normal(size=(count, classes)))
    expected = metrics.log_loss(labels, probs, labels=range(classes))
    assert sparse_categorical_cross_entropy(labels, probs) == pytest.approx(expected, rel=1e-9)
    assert categorical_cross_entropy(np.eye(classes)[labels], probs) == pytest.approx(expected)
    binary = metrics.log_loss(labels > 0, 1 - probs[:, 0], labels=[0, 1])
    received = binary_cross_entropy((labels > 0).astype(int), 1 - probs[:, 0])
    assert received == pytest.approx(binary, rel=1e-9)


# NaN


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("name", ["mean_squared_error", *CROSS_ENTROPIES])
def test_a_nan_reaches_the_loss_and_its_own_row_of_the_gradient(rng, name, from_logits):
    loss, backward = both(name)
    how = {} if name == "mean_squared_error" else {"from_logits": from_logits}
    if name == "mean_squared_error":
        targets, predictions = rng.normal(size=(2, 4, 3))
    else:
        targets, predictions = make_problem(name, rng, from_logits=from_logits)
    predictions[1, 2] = np.nan
    with np.errstate(all="raise"), warnings.catch_warnings(action="error"):
        assert math.isnan(loss(targets, predictions, **how))
        gradient = backward(targets, predictions, **how)
    assert np.isnan(gradient[1, 2])
    assert np.isfinite(gradient[[0, 2, 3]]).all()


# Central differences


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("name", CROSS_ENTROPIES)
def test_gradients_agree_with_central_differences(rng, name, from_logits, smoothing):
    loss, backward = both(name)
    targets, predictions = make_problem(name, rng, from_logits=from_logits)
    how = {"from_logits": from_logits}
    if not name.startswith("sparse"):
        how["label_smoothing"] = smoothing
    gradient = backward(targets, predictions, **how)
    report = check_gradient(lambda p: loss(targets, p, **how), gradient, predictions)
    assert report.passed, report


def test_gradients_with_soft_targets_agree_with_central_differences(rng):
    logits, targets = rng.normal(size=(4, 3)), softmax(rng.normal(size=(4, 3)))
    targets[0] *= 1.0005  # allowed, and the gradient is then p * 1.0005 - t
    for predictions, from_logits in [(logits, True), (softmax(logits), False)]:
        gradient = categorical_cross_entropy_backward(targets, predictions, from_logits=from_logits)
        report = check_gradient(
            lambda p, how=from_logits: categorical_cross_entropy(targets, p, from_logits=how),
            gradient,
            predictions,
        )
        assert report.passed, report
        gradient = binary_cross_entropy_backward(targets, predictions, from_logits=from_logits)
        report = check_gradient(
            lambda p, how=from_logits: binary_cross_entropy(targets, p, from_logits=how),
            gradient,
            predictions,
        )
        assert report.passed, report


def test_squared_error_gradient_agrees_with_central_differences(rng):
    targets, predictions = rng.normal(size=(2, 4, 3))
    gradient = mean_squared_error_backward(targets, predictions)
    report = check_gradient(lambda p: mean_squared_error(targets, p), gradient, predictions)
    assert report.passed, report


# Number types, and what the arguments change


@pytest.mark.parametrize("name", ["mean_squared_error", *CROSS_ENTROPIES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_the_dtype_of_the_predictions(rng, name, dtype):
    targets, predictions = make_problem(name, rng, dtype=dtype)
    if name == "mean_squared_error":
        targets, how = rng.normal(size=(4, 3)), {}
    else:
        how = {"from_logits": True}
    gradient = both(name)[1](targets, predictions, **how)
    assert gradient.dtype == dtype
    assert gradient.shape == predictions.shape
    whole = np.array([[3, 1, 0]] * 4, np.uint8)
    assert both(name)[1](targets, whole, **how).dtype == np.float64


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
def test_each_argument_changes_the_loss_and_the_gradient(rng, name):
    targets, probs = make_problem(name, rng, from_logits=False)
    others = 1 - targets if name.startswith("binary") else np.roll(targets, 1, axis=-1)
    if name.startswith("sparse"):
        others = (targets + 1) % 3
    for function in both(name):
        with warnings.catch_warnings(action="ignore"):
            results = [
                function(targets, probs),
                function(others, probs),
                function(targets, 0.5 * probs + 0.5 / 3),
                function(targets, probs, from_logits=True),
            ]
            if not name.startswith("sparse"):
                results.append(function(targets, probs, label_smoothing=0.1))
        for k, result in enumerate(results):
            for other in results[:k]:
                assert np.abs(result - other).max() > 1e-3


def test_the_arguments_are_left_as_they_were(rng):
    for name in CROSS_ENTROPIES:
        for from_logits in (True, False):
            targets, predictions = make_problem(name, rng, from_logits=from_logits)
            copies = targets.copy(), predictions.copy()
            for function in both(name):
                function(targets, predictions, from_logits=from_logits)
            assert (targets == copies[0]).all()
            assert (predictions == copies[1]).all()
