import sys
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from cnn_tutorial.numpy_ops import (
    check_gradient,
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
)

FORWARD = [softmax, log_softmax]
BACKWARD = [softmax_backward, log_softmax_backward]
PAIRS = list(zip(FORWARD, BACKWARD, strict=True))
EPS = sys.float_info.epsilon


def exact_softmax(logits):
    """Probabilities and their logarithms with 300 digits."""
    with localcontext(prec=300):
        powers = [Decimal(z).exp() for z in logits]
        total = sum(powers)
        return [power / total for power in powers], [(power / total).ln() for power in powers]


def relative_errors(received, exact):
    return [
        abs(Decimal(float(r)) / e - 1) if e else abs(r)
        for r, e in zip(received, exact, strict=True)
    ]


@st.composite
def logits_and_axis(draw):
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.1, 1.0, 30.0]))
    return scale * rng.normal(size=shape), axis, rng.normal(size=shape)


# By hand


def test_softmax_of_a_case_worked_by_hand():
    # exp(0), exp(log 2), exp(log 5) are 1, 2, 5; their sum is 8.
    logits = np.log([[1.0, 2.0, 5.0]])
    np.testing.assert_allclose(softmax(logits), [[0.125, 0.25, 0.625]], rtol=1e-15)
    np.testing.assert_allclose(log_softmax(logits), np.log([[0.125, 0.25, 0.625]]), rtol=1e-15)


def test_gradients_of_a_case_worked_by_hand():
    # p = (1/4, 3/4), g = (8, 0): sum p g = 2, so p (g - 2) = (6/4, -6/4).
    logits, grad_output = np.log([1.0, 3.0]), np.array([8.0, 0.0])
    np.testing.assert_allclose(softmax_backward(grad_output, logits), [1.5, -1.5], rtol=1e-15)
    # g - p * sum g = (8 - 2, 0 - 6)
    np.testing.assert_allclose(log_softmax_backward(grad_output, logits), [6, -6], rtol=1e-15)


def test_the_axis_says_which_numbers_belong_together():
    logits = np.log([[1.0, 2.0], [3.0, 2.0]])
    np.testing.assert_allclose(softmax(logits), [[1 / 3, 2 / 3], [0.6, 0.4]])
    np.testing.assert_allclose(softmax(logits, axis=0), [[0.25, 0.5], [0.75, 0.5]])
    np.testing.assert_allclose(np.exp(log_softmax(logits, axis=0)), [[0.25, 0.5], [0.75, 0.5]])
    ones = np.eye(2)
    for backward in BACKWARD:
        by_columns = backward(ones, logits, axis=0)
        np.testing.assert_allclose(by_columns, backward(ones.T, logits.T).T, rtol=1e-15)
        assert np.abs(by_columns - backward(ones, logits)).max() > 0.05


# What follows from the formulas


@settings(max_examples=60, deadline=None)
@given(logits_and_axis())
def test_softmax_has_the_properties_of_its_formula(problem):
    logits, axis, grad_output = problem
    probs = softmax(logits, axis=axis)
    np.testing.assert_allclose(probs.sum(axis=axis), 1, rtol=1e-14)
    assert (probs >= 0).all()
    assert (probs <= 1).all()
    # Adding a constant changes nothing, not even in the last digit where the sum is exact.
    assert (softmax(np.round(logits) + 2, axis=axis) == softmax(np.round(logits), axis=axis)).all()
    np.testing.assert_allclose(np.exp(log_softmax(logits, axis=axis)), probs, rtol=1e-12, atol=0)
    for backward in BACKWARD:  # so no gradient moves all logits together
        gradient = backward(grad_output, logits, axis=axis)
        np.testing.assert_allclose(gradient.sum(axis=axis), 0, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(logits_and_axis())
def test_softmax_equals_scipy(problem):
    logits, axis, _ = problem
    np.testing.assert_allclose(
        softmax(logits, axis=axis), special.softmax(logits, axis=axis), 1e-13
    )
    np.testing.assert_allclose(
        log_softmax(logits, axis=axis), special.log_softmax(logits, axis=axis), 1e-13, 1e-15
    )


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_backward_agrees_with_central_differences(rng, forward, backward, axis):
    logits, grad_output = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2))
    report = check_gradient(
        lambda x: np.vdot(forward(x, axis=axis), grad_output),
        backward(grad_output, logits, axis=axis),
        logits,
    )
    assert report.passed, report


# The last digits


@pytest.mark.parametrize(
    "logits",
    [[40, 0], [0, 40], [700, 0], [0.5, 0.25], [-3, 5, 5], [1000, 990, 600], [-1e4, -1e4 - 60]],
)
def test_both_ends_are_exact_to_a_few_units_in_the_last_digit(logits):
    # All these differences are exact, so that the rounding of exp, log1p and the sums is left.
    probs, log_probs = exact_softmax(logits)
    assert max(relative_errors(softmax(logits), probs)) < 4 * EPS
    assert max(relative_errors(log_softmax(logits), log_probs)) < 4 * EPS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=6))
def test_random_logits_are_exact_to_the_rounding_of_their_differences(logits):
    probs, log_probs = exact_softmax(logits)
    allowed = (4 + max(logits) - min(logits)) * EPS
    assert max(relative_errors(softmax(logits), probs)) < allowed
    assert max(relative_errors(log_softmax(logits), log_probs)) < allowed


def test_gradients_are_exact_where_a_probability_is_nearly_one():
    small = np.exp(-40) / (1 + np.exp(-40))
    for backward, grad_output in [(softmax_backward, [0, -1]), (log_softmax_backward, [-1, 0])]:
        gradient = backward(np.array(grad_output), np.array([40.0, 0.0]))
        np.testing.assert_allclose(gradient * np.sign(gradient), [small, small], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("forward", FORWARD)
def test_nothing_overflows_and_nothing_warns_at_ten_thousand(forward, dtype):
    logits = np.array([[1e4, -1e4, 0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype)
    with np.errstate(all="raise"):
        outputs = forward(logits)
    third = 1 / 3 if forward is softmax else -np.log(3)
    first = [1, 0, 0] if forward is softmax else [0, -2e4, -1e4]
    np.testing.assert_allclose(outputs, [first, [third] * 3, [third] * 3], rtol=1e-6)
    for backward in BACKWARD:
        assert np.isfinite(backward(np.ones_like(logits), logits)).all()


def test_minus_infinity_stands_for_a_class_that_cannot_be():
    logits = np.array([-np.inf, 0.0, np.log(3)])
    with np.errstate(all="raise"):
        np.testing.assert_allclose(softmax(logits), [0, 0.25, 0.75])
        np.testing.assert_allclose(log_softmax(logits), [-np.inf, np.log(0.25), np.log(0.75)])
        for backward in BACKWARD:
            without = backward(np.array([5.0, 7.0]), logits[1:])
            gradient = backward(np.array([0.0, 5.0, 7.0]), logits)
            np.testing.assert_allclose(gradient, [0, *without], rtol=1e-14)


@pytest.mark.parametrize("bad", [[np.nan, 0], [np.inf, 0], [-np.inf, -np.inf]], ids=str)
@pytest.mark.parametrize("forward", FORWARD)
def test_where_there_is_no_answer_the_row_is_nan_and_no_other(forward, bad):
    with np.errstate(all="raise"):
        outputs = forward(np.array([bad, [1.0, 2.0]]))
    assert np.isnan(outputs[0]).all()
    assert np.isfinite(outputs[1]).all()


# Number types


@pytest.mark.parametrize(
    ("given", "expected"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.uint8, np.float64)],
)
def test_floats_keep_their_dtype_and_integers_become_float64(given, expected):
    logits = np.array([[3, 1], [0, 200]], given)
    for forward in FORWARD:
        assert forward(logits).dtype == expected
        np.testing.assert_allclose(
            forward(logits), forward(logits.astype(np.float64)), rtol=1e-6, atol=1e-12
        )
    for backward in BACKWARD:
        assert backward(np.ones((2, 2), np.float32), logits).dtype == expected


def test_the_arguments_are_left_as_they_were(rng):
    logits, grad_output = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    copies = logits.copy(), grad_output.copy()
    for forward, backward in PAIRS:
        forward(logits)
        backward(grad_output, logits)
    assert (logits == copies[0]).all()
    assert (grad_output == copies[1]).all()


# Keras


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(problem=logits_and_axis())
def test_softmax_and_its_gradient_match_keras(
    keras, assert_close, forward, backward, dtype, problem
):
    import tensorflow as tf

    logits, axis, grad_output = problem
    logits, grad_output = logits.astype(dtype), grad_output.astype(dtype)
    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = getattr(keras.ops, forward.__name__)(x, axis=axis)
    tolerance = 1e-5 if dtype == np.float32 else 1e-9
    assert_close(forward(logits, axis=axis), outputs, tolerance)
    gradient = tape.gradient(outputs, x, output_gradients=tf.constant(grad_output))
    received = backward(grad_output, logits, axis=axis)
    largest = np.abs(grad_output).max()  # what the gradient is made of; it may cancel to nothing
    assert np.abs(received - gradient).max() <= tolerance * largest


# ONNX


@pytest.mark.parametrize(
    ("forward", "operation"), [(softmax, "Softmax"), (log_softmax, "LogSoftmax")]
)
def test_onnx_gives_the_same(onnx_cases, assert_close, forward, operation):
    for name, (attributes, inputs, expected) in onnx_cases(operation).items():
        assert_close(forward(inputs[0], axis=attributes.get("axis", -1)), expected[0], 1e-6, name)


# Bad input


@pytest.mark.parametrize("forward", FORWARD)
@pytest.mark.parametrize(
    ("x", "axis", "error", "message"),
    [
        (np.zeros((0, 3)), -1, ValueError, r"x must not be empty; received shape \(0, 3\)"),
        (np.zeros((3, 0)), -1, ValueError, r"x must not be empty; received shape \(3, 0\)"),
        (1.0, -1, ValueError, "x must have at least one axis"),
        ([1.0], 1, ValueError, r"axis must be below 1, x having shape \(1,\); received 1"),
        ([1.0], -2, ValueError, "axis must be at least -1; received -2"),
        ([1.0], 0.0, TypeError, "axis must be made of ints; received float: 0.0"),
        ([1.0], None, TypeError, "axis must be made of ints; received NoneType"),
        ([True], -1, TypeError, "x must be an array of real numbers; received dtype bool"),
        ([1j], -1, TypeError, "received dtype complex128"),
        (["1"], -1, TypeError, "x must be an array of real numbers"),
    ],
)
def test_bad_input_is_refused_with_its_name(forward, x, axis, error, message):
    with pytest.raises(error, match=message):
        forward(x, axis=axis)
    backward = BACKWARD[FORWARD.index(forward)]
    with pytest.raises(error, match=message):
        backward(np.ones(np.shape(x)) if np.size(x) else np.ones(1), x, axis=axis)


@pytest.mark.parametrize("backward", BACKWARD)
def test_a_gradient_of_another_shape_is_refused(backward):
    message = (
        rf"of {backward.__name__.removesuffix('_backward')}'s result, \(2, 3\); received \(3,\)"
    )
    with pytest.raises(ValueError, match=message):
        backward(np.ones(3), np.ones((2, 3)))
