"""Pooling and its gradient against Keras, and against ONNX's own node tests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

TOLERANCES = {np.float32: 1e-5, np.float64: 1e-9}


@st.composite
def problems(draw):
    """Images whose values all differ, so that no maximum is tied, and arguments that fit."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    pool_size, strides = draw(pairs), draw(st.one_of(st.none(), pairs))
    amounts = [st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)) for k in pool_size]
    padding = draw(st.one_of(st.sampled_from(["valid", "same"]), st.tuples(*amounts)))
    size = [k + draw(st.integers(0, 6)) for k in pool_size]
    shape = (draw(st.integers(1, 2)), *size, draw(st.integers(1, 3)))
    dtype = draw(st.sampled_from(list(TOLERANCES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = np.sqrt(np.arange(np.prod(shape)) + 0.7) - 1.3  # no two alike, no sum that is zero
    images = rng.permutation(values).reshape(shape).astype(dtype)
    geometry = {"pool_size": pool_size, "strides": strides, "padding": padding}
    return images, geometry, rng


def pool_with_keras(keras, tensor, mode, pool_size, strides=None, padding="valid"):
    """Keras knows no explicit padding: minus infinity, or a mean of what is not padding."""
    pool = keras.ops.max_pool if mode == "max" else keras.ops.average_pool
    strides = pool_size if strides is None else strides
    if isinstance(padding, str):
        return pool(tensor, pool_size, strides, padding)
    frame = ((0, 0), *padding, (0, 0))
    if mode == "max":
        return pool(keras.ops.pad(tensor, frame, constant_values=-np.inf), pool_size, strides)
    shares = pool(keras.ops.pad(keras.ops.ones_like(tensor), frame), pool_size, strides)
    return pool(keras.ops.pad(tensor, frame), pool_size, strides) / shares


def keras_gradient(forward, images, grad_output):
    import tensorflow as tf

    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(forward(images) * grad_output)
    return tape.gradient(loss, images).numpy()


@pytest.mark.parametrize(
    ("mode", "pool", "backward"),
    [("max", max_pool2d, max_pool2d_backward), ("average", avg_pool2d, avg_pool2d_backward)],
)
def test_pooling_and_its_gradient_match_keras_for_random_shapes(
    keras, assert_close, mode, pool, backward
):
    @settings(max_examples=100, deadline=None)
    @given(problems())
    def match(problem):
        images, geometry, rng = problem
        dtype = images.dtype.type
        outputs = pool(images, **geometry)
        tensor = keras.ops.convert_to_tensor(images, dtype=images.dtype.name)
        expected = pool_with_keras(keras, tensor, mode, **geometry)
        assert outputs.dtype == np.dtype(dtype) == keras.backend.standardize_dtype(expected.dtype)
        assert_close(outputs, expected, TOLERANCES[dtype], str(geometry))
        grad_output = rng.normal(size=outputs.shape).astype(dtype)
        gradient = backward(grad_output, images, **geometry)
        expected = keras_gradient(
            lambda tensor: pool_with_keras(keras, tensor, mode, **geometry), images, grad_output
        )
        assert gradient.dtype == dtype
        assert_close(gradient, expected, TOLERANCES[dtype], str(geometry))

    match()


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mode", ["max", "average"])
def test_pooling_matches_keras_layers(keras, assert_close, rng, mode, padding):
    images = rng.normal(size=(2, 7, 8, 3)).astype(np.float32)
    name = "MaxPooling2D" if mode == "max" else "AveragePooling2D"
    pool = max_pool2d if mode == "max" else avg_pool2d
    for pool_size, strides in [(2, None), (3, 2), ((2, 3), (3, 1)), (2, 3)]:
        layer = getattr(keras.layers, name)(pool_size, strides, padding)
        expected = keras.ops.convert_to_numpy(layer(images))
        assert_close(pool(images, pool_size, strides=strides, padding=padding), expected, 1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_ties_are_broken_as_tensorflow_breaks_them(keras, rng, padding):
    # Integers from 0 to 2, and zeros everywhere, as they are behind a ReLU.
    for images in (rng.integers(0, 3, (2, 8, 7, 3)), np.zeros((1, 8, 7, 1))):
        images = images.astype(np.float32)
        for pool_size, strides in [(2, 2), (3, 2), (3, 1)]:
            geometry = {"pool_size": pool_size, "strides": strides, "padding": padding}
            shape = max_pool2d(images, **geometry).shape
            grad_output = rng.integers(1, 9, shape).astype(np.float32)
            expected = keras_gradient(
                lambda tensor, geometry=geometry: pool_with_keras(keras, tensor, "max", **geometry),
                images,
                grad_output,
            )
            assert np.array_equal(max_pool2d_backward(grad_output, images, **geometry), expected)


@settings(max_examples=50, deadline=None)
@given(problem=problems())
def test_global_pooling_and_its_gradient_match_keras(keras, assert_close, problem):
    images, _, rng = problem
    dtype = images.dtype.type
    grad_output = rng.normal(size=(len(images), images.shape[3])).astype(dtype)
    for layer, pool, backward in [
        (keras.layers.GlobalMaxPooling2D, global_max_pool2d, global_max_pool2d_backward),
        (keras.layers.GlobalAveragePooling2D, global_avg_pool2d, global_avg_pool2d_backward),
    ]:
        layer = layer(dtype=images.dtype.name)
        assert_close(pool(images), layer(images), TOLERANCES[dtype])
        expected = keras_gradient(layer, images, grad_output)
        assert_close(backward(grad_output, images), expected, TOLERANCES[dtype])


def test_in_a_tie_tensorflow_divides_a_global_maximum_where_we_do_not(keras):
    # The docstring says so: should TensorFlow change its mind, it is to be told here.
    images, grad_output = np.full((1, 2, 2, 1), 5.0, np.float32), np.ones((1, 1), np.float32)
    theirs = keras_gradient(keras.layers.GlobalMaxPooling2D(), images, grad_output)
    assert theirs.ravel().tolist() == [0.25, 0.25, 0.25, 0.25]
    ours = global_max_pool2d_backward(grad_output, images)
    assert ours.ravel().tolist() == [1, 0, 0, 0]


# ONNX's layout is N C H W, or N C W for one dimension, and its strides are 1 unless they are given.


def geometry_of(attributes, size):
    """ONNX's attributes as our arguments; rounding up, and its other *same*, as padding."""
    windows = attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * len(windows))
    pads = attributes.get("pads", [0] * 2 * len(windows))
    padding = []
    for axis, (n, k, s) in enumerate(zip(size, windows, strides, strict=True)):
        before, after = pads[axis], pads[axis + len(windows)]
        if attributes.get("auto_pad") == b"SAME_LOWER":  # the odd pixel at the beginning
            total = max((-(-n // s) - 1) * s + k - n, 0)
            before, after = total - total // 2, total // 2
        elif attributes.get("ceil_mode"):
            after += -(n + before + after - k) % s
        padding.append((before, after))
    if attributes.get("auto_pad") == b"SAME_UPPER":
        padding = "same"
    return {"pool_size": tuple(windows), "strides": tuple(strides), "padding": padding}


def is_ours(attributes, inputs):
    """One or two dimensions, without dilation; and no ONNX rule of its own for the last window."""
    unknown = attributes.get("ceil_mode") and (
        attributes.get("count_include_pad") or attributes["kernel_shape"] == [1, 1]
    )
    return inputs[0].ndim <= 4 and "dilations" not in attributes and not unknown


def to_ours(array):
    """N C H W, or N C W with one column, as N H W C."""
    return np.moveaxis(array[..., None] if array.ndim == 3 else array, 1, -1)


@pytest.mark.parametrize(
    ("operation", "pool"), [("MaxPool", max_pool2d), ("AveragePool", avg_pool2d)]
)
def test_onnx_gives_the_same(onnx_cases, assert_close, operation, pool):
    checked = 0
    for name, (attributes, inputs, outputs) in onnx_cases(operation).items():
        if not is_ours(attributes, inputs):
            continue
        geometry = geometry_of(attributes, inputs[0].shape[2:])
        if inputs[0].ndim == 3:
            geometry = {
                "pool_size": (*geometry["pool_size"], 1),
                "strides": (*geometry["strides"], 1),
                "padding": (*geometry["padding"], (0, 0)),
            }
        images = to_ours(inputs[0])
        if attributes.get("count_include_pad"):  # then the padding is part of the image
            images = np.pad(images, ((0, 0), *geometry.pop("padding"), (0, 0)))
        result = pool(images, **geometry)
        assert result.dtype == outputs[0].dtype, name
        assert_close(result, to_ours(outputs[0]), 1e-6, name)
        checked += 1
    assert checked >= 10


@pytest.mark.parametrize(
    ("operation", "pool"),
    [("GlobalMaxPool", global_max_pool2d), ("GlobalAveragePool", global_avg_pool2d)],
)
def test_onnx_gives_the_same_global_pooling(onnx_cases, assert_close, operation, pool):
    for name, (_, inputs, outputs) in onnx_cases(operation).items():
        assert_close(pool(to_ours(inputs[0])), outputs[0][:, :, 0, 0], 1e-6, name)
