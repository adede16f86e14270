import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import (
    batch_norm,
    batch_norm_backward,
    batch_norm_train,
    check_gradients,
)

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-9}


@st.composite
def problems(draw):
    """Random operands, with means and deviations that differ from channel to channel."""
    channels = draw(st.integers(1, 5))
    size = draw(st.sampled_from([(), (3,), (2, 3)]))
    shape = (draw(st.integers(3, 6)), *size, channels)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    deviation = rng.uniform(0.5, 2, channels)
    inputs = rng.normal(size=shape) * deviation + rng.normal(size=channels)
    vectors = [rng.normal(size=channels) for _ in range(3)] + [rng.uniform(0, 2, channels)]
    epsilon = draw(st.sampled_from([1e-3, 1e-5, 0.5]))
    arrays = [inputs, rng.normal(size=shape), *vectors]
    return dtype, epsilon, *(array.astype(dtype) for array in arrays)


# By hand and in closed form


def test_batch_normalisation_worked_by_hand():
    inputs = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    gamma, beta = np.array([2.0, 1.0]), np.array([100.0, 0.0])
    # Means 3 and 20; deviations -2, 0, 2 and -10, -10, 20; variances 8/3 and 200.
    outputs, mean, variance = batch_norm_train(inputs, gamma, beta, epsilon=4 / 3)
    assert mean.tolist() == [3, 20]
    np.testing.assert_allclose(variance, [8 / 3, 200], rtol=1e-15)
    np.testing.assert_allclose(outputs[:, 0], [98, 100, 102], rtol=1e-15)
    np.testing.assert_allclose(outputs[:, 1] * np.sqrt(200 + 4 / 3), [-10, -10, 20], rtol=1e-14)
    # At inference the statistics are what one says they are.
    outputs = batch_norm(inputs, gamma, beta, [1.0, 10.0], [3.0, 8.0], epsilon=1)
    np.testing.assert_allclose(outputs, [[100, 0], [102, 0], [104, 10]], rtol=1e-15)


def test_every_argument_of_inference_counts(rng):
    arguments = {
        name: rng.uniform(1, 2, 3) for name in ("inputs", "gamma", "beta", "mean", "variance")
    }
    arguments["inputs"] = rng.normal(size=(2, 3))
    before = batch_norm(**arguments)
    for name, value in arguments.items():
        changed = batch_norm(**{**arguments, name: value + 1})
        assert np.abs(changed - before).min() > 1e-3, name
    assert np.abs(batch_norm(**arguments, epsilon=1) - before).max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(problem=problems())
def test_outputs_have_the_mean_and_variance_that_they_should(problem):
    dtype, epsilon, inputs, _, gamma, beta, _, _ = problem
    outputs, mean, variance = batch_norm_train(inputs, gamma, beta, epsilon=epsilon)
    axes = tuple(range(inputs.ndim - 1))
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(mean, inputs.mean(axes, np.float64), **tolerance)
    np.testing.assert_allclose(variance, inputs.var(axes, np.float64), **tolerance)
    np.testing.assert_allclose(outputs.mean(axes, np.float64), beta, **tolerance)
    expected = gamma**2 * variance / (variance + epsilon)
    np.testing.assert_allclose(outputs.var(axes, np.float64), expected, **tolerance)


@settings(max_examples=30, deadline=None)
@given(problem=problems())
def test_the_gradient_knows_that_shift_and_scale_do_not_matter(problem):
    # Adding a number to a channel, or multiplying its deviations with one, leaves the outputs as
    # they are (but for epsilon), so that the gradient has no part in these two directions.
    _, epsilon, inputs, grad_output, gamma, _, _, _ = problem
    inputs, grad_output = inputs.astype(np.float64), grad_output.astype(np.float64)
    grad_inputs, grad_gamma, _ = batch_norm_backward(grad_output, inputs, gamma, epsilon=epsilon)
    axes = tuple(range(inputs.ndim - 1))
    np.testing.assert_allclose(grad_inputs.sum(axes), 0, atol=1e-11)
    centred = inputs - inputs.mean(axes)
    variance = inputs.var(axes)
    part = gamma * grad_gamma * epsilon / (variance + epsilon)  # what epsilon leaves
    np.testing.assert_allclose((grad_inputs * centred).sum(axes), part, atol=1e-11)


def test_at_inference_the_gradient_is_the_adjoint_of_a_linear_map(rng):
    inputs, grad_output = rng.normal(size=(2, 3, 3, 4)), rng.normal(size=(2, 3, 3, 4))
    gamma, mean, variance = rng.normal(size=4), rng.normal(size=4), rng.uniform(1, 2, 4)
    zeros = np.zeros(4)
    gradient, *_ = batch_norm_backward(grad_output, inputs, gamma, mean=mean, variance=variance)
    forward = batch_norm(inputs, gamma, zeros, zeros, variance)
    assert np.vdot(forward, grad_output) == pytest.approx(np.vdot(inputs, gradient), rel=1e-12)


# Keras, ONNX, central differences


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_training_matches_keras_for_random_shapes(keras, assert_close, problem):
    import tensorflow as tf

    dtype, epsilon, inputs, grad_output, gamma, beta, _, _ = problem
    layer = keras.layers.BatchNormalization(
        momentum=0.0, epsilon=epsilon, dtype=np.dtype(dtype).name
    )
    layer.build(inputs.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    variable = tf.Variable(inputs)
    with tf.GradientTape() as tape:
        expected = layer(variable, training=True)
    sources = [variable, layer.gamma.value, layer.beta.value]
    expected_gradients = tape.gradient(expected, sources, output_gradients=grad_output)
    outputs, mean, variance = batch_norm_train(inputs, gamma, beta, epsilon=epsilon)
    tolerance = TOLERANCE[dtype]
    assert_close(outputs, expected, tolerance)
    assert_close(mean, layer.moving_mean.numpy(), tolerance)  # momentum 0: the batch's own
    assert_close(variance, layer.moving_variance.numpy(), tolerance)
    gradients = batch_norm_backward(grad_output, inputs, gamma, epsilon=epsilon)
    for mine, theirs in zip(gradients, expected_gradients, strict=True):
        assert mine.dtype == dtype
        # Of the terms that are subtracted, hardly anything may be left: hence the floor.
        floor = np.abs(gamma).max() / np.sqrt(variance.min() + epsilon)
        np.testing.assert_allclose(
            mine, theirs, rtol=tolerance, atol=tolerance * max(floor, np.abs(theirs).max())
        )


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_inference_matches_keras_for_random_shapes(keras, assert_close, problem):
    import tensorflow as tf

    dtype, epsilon, inputs, grad_output, gamma, beta, mean, variance = problem
    layer = keras.layers.BatchNormalization(epsilon=epsilon, dtype=np.dtype(dtype).name)
    layer.build(inputs.shape)
    layer.set_weights([gamma, beta, mean, variance])
    variable = tf.Variable(inputs)
    with tf.GradientTape() as tape:
        expected = layer(variable, training=False)
    sources = [variable, layer.gamma.value, layer.beta.value]
    expected_gradients = tape.gradient(expected, sources, output_gradients=grad_output)
    outputs = batch_norm(inputs, gamma, beta, mean, variance, epsilon=epsilon)
    assert outputs.dtype == dtype
    assert_close(outputs, expected, TOLERANCE[dtype])
    gradients = batch_norm_backward(
        grad_output, inputs, gamma, mean=mean, variance=variance, epsilon=epsilon
    )
    # A sum that happens to cancel is right, in Keras as here, to the digits of its terms.
    terms = [0, grad_output * (inputs - mean) / np.sqrt(variance + epsilon), grad_output]
    for mine, theirs, summed in zip(gradients, expected_gradients, terms, strict=True):
        assert mine.dtype == dtype
        largest = max(np.abs(theirs).max(), np.abs(summed).max())
        assert np.abs(mine - theirs).max() <= TOLERANCE[dtype] * largest


def test_onnx_gives_the_same(onnx_cases, assert_close):
    for name, (attributes, inputs, expected) in onnx_cases("BatchNormalization").items():
        images, gamma, beta, mean, variance = inputs
        epsilon = attributes.get("epsilon", 1e-5)
        images = np.moveaxis(images, 1, -1)  # ONNX has the channels second
        if attributes.get("training_mode"):
            outputs, batch_mean, batch_variance = batch_norm_train(
                images, gamma, beta, epsilon=epsilon
            )
            momentum = attributes.get("momentum", 0.9)
            moving = [
                momentum * old + (1 - momentum) * new
                for old, new in ((mean, batch_mean), (variance, batch_variance))
            ]
            for mine, theirs in zip(moving, expected[1:], strict=True):
                assert_close(mine, theirs, 1e-5, name)
        else:
            outputs = batch_norm(images, gamma, beta, mean, variance, epsilon=epsilon)
        assert_close(np.moveaxis(outputs, -1, 1), expected[0], 1e-5, name)


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 3)])
@pytest.mark.parametrize("epsilon", [1e-3, 0.5])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_agree_with_central_differences(rng, shape, epsilon, training):
    arguments = {"inputs": rng.normal(size=shape) * 2 + 1}
    arguments |= {"gamma": rng.normal(size=3), "beta": rng.normal(size=3)}
    fixed = {} if training else {"mean": rng.normal(size=3), "variance": rng.uniform(1, 2, 3)}
    grad_output = rng.normal(size=shape)

    def loss(inputs, gamma, beta):
        if training:
            outputs, _, _ = batch_norm_train(inputs, gamma, beta, epsilon=epsilon)
        else:
            outputs = batch_norm(inputs, gamma, beta, **fixed, epsilon=epsilon)
        return np.vdot(outputs, grad_output)

    gradients = batch_norm_backward(
        grad_output, arguments["inputs"], arguments["gamma"], **fixed, epsilon=epsilon
    )
    gradients = dict(zip(arguments, gradients, strict=True))
    reports = check_gradients(loss, gradients, arguments, tolerance=1e-8)
    assert all(report.passed for report in reports.values()), reports


# Numbers


@pytest.mark.parametrize("shape", [(1000, 2), (10, 10, 10, 2)])
def test_a_large_mean_does_not_cost_the_variance_its_digits(rng, shape):
    # mean(x^2) - mean(x)^2 would have no digit left: the ratio of the two is 1e8.
    inputs = (rng.normal(size=shape) + 1e4).astype(np.float32)
    axes = tuple(range(len(shape) - 1))
    outputs, mean, variance = batch_norm_train(inputs, np.float32([1, 1]), np.float32([0, 0]))
    assert outputs.dtype == mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(mean, inputs.mean(axes, np.float64), rtol=1.2e-7)
    np.testing.assert_allclose(variance, inputs.astype(np.float64).var(axes), rtol=1e-6)
    np.testing.assert_allclose(outputs.mean(axes, np.float64), 0, atol=1e-6)
    constant = np.full(shape, 0.1, np.float32)
    outputs, _, variance = batch_norm_train(constant, np.float32([1, 1]), np.float32([0, 0]))
    assert variance.max() < 1e-15
    assert np.abs(outputs).max() < 1e-6


def test_dtypes_are_promoted_and_integers_count_as_float64():
    inputs, ones = np.array([[1], [3]], np.uint8), np.ones(1, np.float32)
    outputs, mean, variance = batch_norm_train(inputs, ones, ones, epsilon=0)
    assert outputs.dtype == mean.dtype == variance.dtype == np.float64
    assert outputs.tolist() == [[0], [2]]
    in_float32 = inputs.astype(np.float32)
    assert batch_norm(in_float32, ones, ones, ones, ones).dtype == np.float32
    assert batch_norm(in_float32, ones, ones, ones.astype(np.float64), ones).dtype == np.float64
    gradients = batch_norm_backward(in_float32.astype(np.float64), in_float32, ones)
    assert all(gradient.dtype == np.float64 for gradient in gradients)
    assert batch_norm(in_float32, ones, ones, ones, ones, epsilon=np.float64(1)).dtype == np.float32


def test_a_nan_reaches_its_channel_and_no_other():
    inputs, ones = np.ones((4, 2)), np.ones(2)
    inputs[0, 1] = np.nan
    outputs, mean, variance = batch_norm_train(inputs, ones, ones)
    for array in (outputs[0], outputs[1], mean, variance):
        assert np.isnan(array).tolist() == [False, True]
    for gradient in batch_norm_backward(np.ones((4, 2)), inputs, ones)[:2]:
        assert np.isnan(np.atleast_2d(gradient)[-1]).tolist() == [False, True]
    at_inference = batch_norm(inputs, ones, ones, ones, ones)
    assert np.isnan(at_inference).sum() == 1


def test_the_arguments_are_left_as_they_were(rng):
    inputs, gamma = rng.normal(size=(3, 2)), rng.normal(size=2)
    copies = inputs.copy(), gamma.copy()
    outputs, mean, variance = batch_norm_train(inputs, gamma, gamma)
    batch_norm_backward(outputs, inputs, gamma)
    batch_norm_backward(outputs, inputs, gamma, mean=mean, variance=variance)
    assert (inputs == copies[0]).all()
    assert (gamma == copies[1]).all()


# Bad input

BAD = [
    ({"inputs": np.ones(2)}, ValueError, r"inputs must have at least two axes.*received \(2,\)"),
    ({"inputs": np.ones((0, 2))}, ValueError, "inputs must not be empty"),
    ({"inputs": np.ones((3, 2), bool)}, TypeError, "inputs must be .* received dtype bool"),
    ({"gamma": np.ones(3)}, ValueError, r"gamma must have shape \(2,\), one entry a channel; rec"),
    ({"gamma": np.ones((1, 2))}, ValueError, r"gamma must have shape \(2,\).*received \(1, 2\)"),
    ({"gamma": np.ones(2, complex)}, TypeError, "gamma must be .* received dtype complex128"),
    ({"epsilon": -1e-3}, ValueError, "epsilon must be at least 0 and finite; received -0.001"),
    ({"epsilon": np.nan}, ValueError, "epsilon must be at least 0 and finite; received nan"),
    ({"epsilon": "a"}, TypeError, "epsilon must be a number; received str: 'a'"),
]
OF_INFERENCE = [
    ({"mean": np.ones(1)}, ValueError, r"mean must have shape \(2,\)"),
    ({"variance": 1.0}, ValueError, r"variance must have shape \(2,\)"),
    ({"variance": np.array([1, -0.5])}, ValueError, "variance must be at least 0; received -0.5"),
    ({"variance": np.ones(2, bool)}, TypeError, "variance must be .* received dtype bool"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD + OF_INFERENCE)
def test_bad_arguments_are_refused(arguments, error, message):
    ones = np.ones(2)
    good = {"inputs": np.ones((3, 2)), "gamma": ones, "mean": ones, "variance": ones}
    with pytest.raises(error, match=message):
        batch_norm(**{**good, "beta": ones, **arguments})
    with pytest.raises(error, match=message):
        batch_norm_backward(**{"grad_output": np.ones((3, 2)), **good, **arguments})


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_arguments_of_training_are_refused(arguments, error, message):
    good = {"inputs": np.ones((3, 2)), "gamma": np.ones(2)}
    with pytest.raises(error, match=message):
        batch_norm_train(**{**good, "beta": np.ones(2), **arguments})
    with pytest.raises(error, match=message):
        batch_norm_backward(**{"grad_output": np.ones((3, 2)), **good, **arguments})


def test_a_bad_beta_and_half_the_statistics_are_refused():
    inputs, ones = np.ones((3, 2)), np.ones(2)
    for call in (
        lambda beta: batch_norm(inputs, ones, beta, ones, ones),
        lambda beta: batch_norm_train(inputs, ones, beta),
    ):
        with pytest.raises(ValueError, match=r"beta must have shape \(2,\)"):
            call(np.ones(3))
    with pytest.raises(ValueError, match=r"given both .* or neither .*; variance is missing"):
        batch_norm_backward(inputs, inputs, ones, mean=ones)
    with pytest.raises(ValueError, match="mean is missing"):
        batch_norm_backward(inputs, inputs, ones, variance=ones)
    with pytest.raises(ValueError, match=r"grad_output must have .* \(3, 2\); received \(3, 1\)"):
        batch_norm_backward(np.ones((3, 1)), inputs, ones)
