import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial import numpy_ops
from cnn_tutorial.numpy_ops import (
    check_gradient,
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)

NAMES = ["relu", "leaky_relu", "sigmoid", "tanh"]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-9}


@st.composite
def problems(draw):
    """A random array, and a gradient of its shape."""
    shape = draw(st.lists(st.integers(1, 5), max_size=4))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    scale = draw(st.sampled_from([1e-3, 1, 30, 1e4]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return dtype, *(np.asarray(rng.normal(size=shape) * s, dtype) for s in (scale, 1))


# By hand


def test_relu_worked_by_hand_and_its_gradient_is_zero_at_zero():
    x = np.array([-2.0, -0.0, 0.0, 1e-300, 3.0])
    assert relu(x).tolist() == [0, 0, 0, 1e-300, 3]
    assert relu_backward(np.array([5.0, 6, 7, 8, 9]), x).tolist() == [0, 0, 0, 8, 9]


def test_leaky_relu_worked_by_hand_and_its_slope_counts():
    x, grad_output = np.array([-2.0, 0.0, 3.0]), np.array([5.0, 6.0, 7.0])
    assert leaky_relu(x).tolist() == [-0.4, 0, 3]
    assert leaky_relu(x, 0.5).tolist() == [-1, 0, 3]
    assert leaky_relu(x, negative_slope=3).tolist() == [-6, 0, 3]
    assert leaky_relu(x, 0).tolist() == relu(x).tolist()
    assert leaky_relu_backward(grad_output, x).tolist() == pytest.approx([1, 1.2, 7])
    assert leaky_relu_backward(grad_output, x, 0.5).tolist() == [2.5, 3, 7]
    assert leaky_relu_backward(grad_output, x, negative_slope=3).tolist() == [15, 18, 7]


def test_sigmoid_and_tanh_at_numbers_known_in_closed_form():
    logarithms = np.log([1 / 3, 1.0, 3.0])
    np.testing.assert_allclose(sigmoid(logarithms), [1 / 4, 1 / 2, 3 / 4], rtol=1e-15)
    np.testing.assert_allclose(tanh(logarithms), [-4 / 5, 0, 4 / 5], rtol=1e-15, atol=1e-15)
    grad_output = np.array([16.0, 16.0, 16.0])
    np.testing.assert_allclose(sigmoid_backward(grad_output, logarithms), [3, 4, 3], rtol=1e-14)
    grad_output = np.array([25.0, 25.0, 25.0])
    np.testing.assert_allclose(tanh_backward(grad_output, logarithms), [9, 25, 9], rtol=1e-14)


# Both tails


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_and_nothing_warns(name, dtype):
    x = np.array([-np.inf, -1e30, -1e4, -89, 0, 89, 1e4, 1e30, np.inf], dtype)
    forward, backward = getattr(numpy_ops, name), getattr(numpy_ops, f"{name}_backward")
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        outputs, gradient = forward(x), backward(np.ones_like(x), x)
    assert not np.isnan(outputs).any()
    assert not np.isnan(gradient).any()
    if name == "sigmoid":
        assert outputs[[0, 1, 2, -3, -2, -1]].tolist() == [0, 0, 0, 1, 1, 1]
        assert gradient[[0, 1, 2, -3, -2, -1]].tolist() == [0] * 6


def test_sigmoid_and_both_gradients_keep_all_digits_in_both_tails():
    x = np.array([-700.0, -300.0, -40.0, -1e-9, 1e-9, 40.0, 300.0, 700.0])
    # sigmoid(-x) = exp(-x) / (1 + exp(-x)); the denominator is 1 to the last digit beyond 40.
    expected = [
        math.exp(v) / (1 + math.exp(v)) if v < 0 else 1 / (1 + math.exp(-v)) for v in x.tolist()
    ]
    np.testing.assert_allclose(sigmoid(x), expected, rtol=4e-16)
    ones = np.ones_like(x)
    slopes = [math.exp(-abs(v)) / (1 + math.exp(-abs(v))) ** 2 for v in x.tolist()]
    np.testing.assert_allclose(sigmoid_backward(ones, x), slopes, rtol=1e-15)
    slopes = [1 / math.cosh(v / 2) ** 2 for v in x.tolist()]
    np.testing.assert_allclose(tanh_backward(ones, x / 2), slopes, rtol=1e-14)


def test_sigmoid_and_tanh_have_their_symmetries(rng):
    x = rng.normal(size=1000) * 5
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1, rtol=1e-15)
    np.testing.assert_allclose(tanh(x), 2 * sigmoid(2 * x) - 1, rtol=1e-9, atol=1e-15)
    assert sigmoid_backward(np.ones(1000), x).max() <= 0.25


# Keras, ONNX, central differences


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_each_matches_keras_for_random_shapes(keras, assert_close, name, problem):
    import tensorflow as tf

    dtype, x, grad_output = problem
    # TensorFlow keeps the slope in float32, so that 0.2 is not 0.2 in float64; 1/4 is 1/4.
    in_float64 = name == "leaky_relu" and dtype == np.float64
    slope = {"negative_slope": 0.25} if in_float64 else {}
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        expected = getattr(keras.ops, name)(variable, **slope)
    gradient = tape.gradient(expected, variable, output_gradients=grad_output)
    actual = getattr(numpy_ops, name)(x, **slope)
    assert actual.dtype == dtype
    assert_close(actual, expected, TOLERANCE[dtype])
    actual = getattr(numpy_ops, f"{name}_backward")(grad_output, x, **slope)
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, gradient, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])


def test_leaky_relu_matches_keras_for_other_slopes(rng, keras, assert_close):
    x = rng.normal(size=(4, 5))
    for slope in (0.0, 2**-7, 1.0, 2.5):  # exact in float32, too
        expected = keras.ops.leaky_relu(x, negative_slope=slope)
        assert_close(leaky_relu(x, slope), expected, 1e-9)


@pytest.mark.parametrize("kind", ["Relu", "LeakyRelu", "Sigmoid", "Tanh"])
def test_onnx_gives_the_same(onnx_cases, assert_close, kind):
    name = {"LeakyRelu": "leaky_relu"}.get(kind, kind.lower())
    for case, (attributes, (x,), (expected,)) in onnx_cases(kind).items():
        slope = (attributes.get("alpha", 0.01),) if kind == "LeakyRelu" else ()
        assert_close(getattr(numpy_ops, name)(x, *slope), expected, 1e-6, case)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_central_differences(rng, name):
    forward, backward = getattr(numpy_ops, name), getattr(numpy_ops, f"{name}_backward")
    x, grad_output = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    assert np.abs(x).min() > 1e-3  # away from the kink
    report = check_gradient(lambda x: np.vdot(forward(x), grad_output), backward(grad_output, x), x)
    assert report.passed, report


# Number types and bad input


@pytest.mark.parametrize("name", NAMES)
def test_a_nan_stays_where_it_is(name):
    x, grad_output = np.array([1.0, np.nan, -1.0]), np.array([1.0, 1.0, np.nan])
    assert np.isnan(getattr(numpy_ops, name)(x)).tolist() == [False, True, False]
    gradient = getattr(numpy_ops, f"{name}_backward")(grad_output, x)
    assert np.isnan(gradient).tolist() == [False, True, True]


def test_integers_are_promoted():
    x = np.array([-100, 0, 100], np.int8)
    assert relu(x).dtype == np.int8
    assert relu(x).tolist() == [0, 0, 100]
    assert relu_backward(x, x).tolist() == [0, 0, 100]
    for function in (leaky_relu, sigmoid, tanh):
        assert function(x).dtype == np.float64
    assert leaky_relu(x, np.float64(0.5)).tolist() == [-50, 0, 100]
    assert leaky_relu(np.float32([-1]), np.float64(0.5)).dtype == np.float32
    assert relu_backward(np.float64([1]), np.float32([1])).dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones(3, bool), TypeError, "x must be an array of real numbers; received dtype bool"),
        (np.ones(3, complex), TypeError, "received dtype complex128"),
        (["a"], TypeError, "received dtype <U1"),
        (None, TypeError, "received dtype object"),
        (np.ones((2, 0)), ValueError, r"x must not be empty; received shape \(2, 0\)"),
    ],
)
def test_bad_arrays_are_refused(name, x, error, message):
    with pytest.raises(error, match=message):
        getattr(numpy_ops, name)(x)
    with pytest.raises(error, match=message):
        getattr(numpy_ops, f"{name}_backward")(np.ones(3), x)
    with pytest.raises(error, match=message.replace("x must", "grad_output must")):
        getattr(numpy_ops, f"{name}_backward")(x, np.ones(3))


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_of_another_shape_is_refused(name):
    message = rf"grad_output must have the shape of {name}'s result, \(3,\); received \(1,\)"
    with pytest.raises(ValueError, match=message):
        getattr(numpy_ops, f"{name}_backward")(np.ones(1), np.ones(3))


@pytest.mark.parametrize(
    ("slope", "error", "message"),
    [
        (-0.1, ValueError, "negative_slope must be at least 0 and finite; received -0.1"),
        (np.nan, ValueError, "negative_slope must be at least 0 and finite; received nan"),
        (np.inf, ValueError, "negative_slope must be at least 0 and finite; received inf"),
        (True, TypeError, "negative_slope must be a number; received bool: True"),
        ("0.2", TypeError, "negative_slope must be a number; received str"),
        (None, TypeError, "negative_slope must be a number; received NoneType"),
    ],
)
def test_a_bad_slope_is_refused(slope, error, message):
    with pytest.raises(error, match=message):
        leaky_relu(np.ones(2), slope)
    with pytest.raises(error, match=message):
        leaky_relu_backward(np.ones(2), np.ones(2), slope)
