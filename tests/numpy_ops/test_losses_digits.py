"""Losses of logits to the last digits, at both ends, of infinite logits and of integers."""

import math
import sys
import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest

from cnn_tutorial import numpy_ops
from cnn_tutorial.numpy_ops import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    categorical_cross_entropy,
    categorical_cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    sparse_categorical_cross_entropy,
    sparse_categorical_cross_entropy_backward,
)

EPS = sys.float_info.epsilon
CROSS_ENTROPIES = [
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "sparse_categorical_cross_entropy",
]


def both(name):
    return getattr(numpy_ops, name), getattr(numpy_ops, f"{name}_backward")


# The last digits


def exact_log1p_exp(z):
    """log(1 + exp(z)) with 400 digits."""
    with localcontext(prec=400):
        return (1 + Decimal(z).exp()).ln()


def assert_last_digits(received, exact, units=4):
    assert abs(Decimal(float(received)) / exact - 1) < units * EPS, (received, float(exact))


@pytest.mark.parametrize("z", [40, -40, 300, -300, 36.7, 1e-3, 0.0, -7.25, 710.5])
def test_losses_of_logits_are_exact_at_both_ends(z):
    right, wrong = exact_log1p_exp(-z), exact_log1p_exp(z)
    logits, two = np.array([z]), np.array([[z, 0.0]])
    for target, exact in [(1, right), (0, wrong)]:
        assert_last_digits(binary_cross_entropy([target], logits, from_logits=True), exact)
        one_hot = np.array([[target, 1 - target]])
        assert_last_digits(categorical_cross_entropy(one_hot, two, from_logits=True), exact)
        label = [1 - target]
        assert_last_digits(sparse_categorical_cross_entropy(label, two, from_logits=True), exact)


@pytest.mark.parametrize("z", [40, -40, 300, -300, 36.7, 1e-3, 0.0, -7.25])
def test_gradients_of_logits_are_exact_at_both_ends(z):
    with localcontext(prec=400):
        yes = 1 / (1 + Decimal(-z).exp())
        no = 1 - yes
    logits, two = np.array([z]), np.array([[z, 0.0]])
    for target, exact in [(1, -no), (0, yes)]:
        gradient = binary_cross_entropy_backward([target], logits, from_logits=True)
        assert_last_digits(gradient[0], exact)
        one_hot, label = np.array([[target, 1 - target]]), [1 - target]
        for gradient in (
            categorical_cross_entropy_backward(one_hot, two, from_logits=True),
            sparse_categorical_cross_entropy_backward(label, two, from_logits=True),
        ):
            assert_last_digits(gradient[0, 0], exact)
            assert_last_digits(gradient[0, 1], -exact)


def test_logits_in_float32_lose_no_digits_either():
    # The difference of the two is not a float32 number.
    logits = np.array([[40.3, 0.7]], np.float32)
    exact = exact_log1p_exp(Decimal(float(logits[0, 1])) - Decimal(float(logits[0, 0])))
    loss = sparse_categorical_cross_entropy([0], logits, from_logits=True)
    assert_last_digits(loss, exact, units=40)
    gradient = sparse_categorical_cross_entropy_backward([0], logits, from_logits=True)
    assert gradient.dtype == np.float32
    assert gradient[0, 0] == np.float32(-float(exact))


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    for classes in (2, 3, 10, 1000):
        loss = sparse_categorical_cross_entropy([1], np.full((1, classes), 7.0), from_logits=True)
        assert loss == pytest.approx(math.log(classes), rel=1e-14)


def test_the_case_that_most_formulas_get_wrong():
    loss = sparse_categorical_cross_entropy([0], [[40.0, 0.0]], from_logits=True)
    assert loss == binary_cross_entropy([1], [40.0], from_logits=True) == math.log1p(math.exp(-40))
    gradient = sparse_categorical_cross_entropy_backward([0], [[40.0, 0.0]], from_logits=True)
    np.testing.assert_allclose(gradient, [[-4.248354255291589e-18, 4.248354255291589e-18]], 1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CROSS_ENTROPIES)
def test_nothing_overflows_and_nothing_warns_at_ten_thousand(name, dtype):
    loss, backward = both(name)
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    targets = {
        "binary_cross_entropy": np.array([[1, 0], [1, 0]]),
        "categorical_cross_entropy": np.array([[1, 0], [1, 0]]),
        "sparse_categorical_cross_entropy": np.array([0, 0]),
    }[name]
    # The first row is right, and costs nothing; the second is wrong by as much as its logits say.
    with np.errstate(all="raise"), warnings.catch_warnings(action="error"):
        value = loss(targets, logits, from_logits=True)
        gradient = backward(targets, logits, from_logits=True)
    assert value == (0.5e4 if name.startswith("binary") else 1e4)
    entries = 4 if name.startswith("binary") else 2
    np.testing.assert_allclose(gradient, np.array([[0, 0], [-1, 1]]) / entries)


# Infinity and NaN


def test_a_class_that_cannot_be_costs_nothing_and_is_not_moved():
    masked, logits = np.array([[-np.inf, 1.0, 2.0]]), np.array([[1.0, 2.0]])
    expected = sparse_categorical_cross_entropy([0], logits, from_logits=True)
    moved = sparse_categorical_cross_entropy_backward([0], logits, from_logits=True)
    with np.errstate(all="raise"):
        for targets, name in [([1], CROSS_ENTROPIES[2]), ([[0, 1, 0]], CROSS_ENTROPIES[1])]:
            loss, backward = both(name)
            assert loss(targets, masked, from_logits=True) == pytest.approx(expected, rel=1e-14)
            gradient = backward(targets, masked, from_logits=True)
            np.testing.assert_allclose(gradient, [[0, *moved[0]]], rtol=1e-14)


def test_a_class_that_cannot_be_and_is_costs_infinitely_much():
    masked = np.array([[-np.inf, 1.0, 2.0]])
    with np.errstate(all="raise"):
        assert sparse_categorical_cross_entropy([0], masked, from_logits=True) == np.inf
        smoothed = categorical_cross_entropy(
            [[0, 1, 0]], masked, from_logits=True, label_smoothing=0.1
        )
        assert smoothed == np.inf
        infinite = np.array([np.inf, -np.inf, np.inf, -np.inf])
        assert binary_cross_entropy([1, 0], infinite[:2], from_logits=True) == 0
        assert binary_cross_entropy([0, 0, 1, 0], infinite, from_logits=True) == np.inf
        gradient = binary_cross_entropy_backward([0, 1, 1, 0], infinite, from_logits=True)
    assert gradient.tolist() == [0.25, -0.25, 0, 0]


# Integers


def test_small_integers_are_subtracted_as_numbers():
    byte = np.array([0, 200], np.uint8)
    assert mean_squared_error(byte, byte[::-1]) == 200**2
    assert mean_squared_error_backward(byte, byte[::-1]).tolist() == [200, -200]


def test_labels_of_every_number_type_are_taken_if_they_are_whole():
    logits = np.array([[1.0, 2.0], [3.0, 1.0]])
    losses = {
        sparse_categorical_cross_entropy(np.array([1, 0], dtype), logits, from_logits=True)
        for dtype in (np.uint8, np.int8, np.int64, np.float32, np.float64)
    }
    assert len(losses) == 1
