"""conv2d and conv2d_backward against Keras and JAX, over every kind of argument."""

import itertools

import numpy as np
import pytest

from cnn_tutorial import session
from cnn_tutorial.numpy_ops import conv2d, conv2d_backward, pad_amounts

PADDINGS = ["valid", "same", ((0, 0), (1, 2)), ((2, 1), (0, 3))]
STRIDES = [1, 2, 3, (1, 2)]
DILATIONS = [1, 2, (2, 1), 3]
GROUPS = [1, 2, 4]
# Odd and even, square and not, a kernel of one row.
SIZES = [((7, 8), (3, 2)), ((8, 7), (1, 3)), ((6, 6), (2, 2)), ((9, 7), (3, 3))]


def make_grid(paddings, strides, dilations, groups, sizes):
    """Operands and arguments for every combination."""
    rng = np.random.default_rng(0)
    cases = []
    for padding, stride, dilation, group, (size, kernel_size) in itertools.product(
        paddings, strides, dilations, groups, sizes
    ):
        images = rng.normal(size=(2, *size, 4)).astype(np.float32)
        kernel = rng.normal(size=(*kernel_size, 4 // group, 8)).astype(np.float32)
        geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        cases.append((images, kernel, geometry, group))
    return cases


def keras_convolution(images, kernel, geometry):
    import keras

    # Keras sees the groups in the kernel's shape, and knows no explicit padding.
    padding = geometry["padding"]
    if not isinstance(padding, str):
        images = keras.ops.pad(images, ((0, 0), *padding, (0, 0)))
        geometry = {**geometry, "padding": "valid"}
    return keras.ops.conv(images, kernel, **geometry, data_format="channels_last")


def keras_outputs(cases):
    import keras

    return [
        keras.ops.convert_to_numpy(keras_convolution(images, kernel, geometry))
        for images, kernel, geometry, _ in cases
    ]


def jax_convolution(images, kernel, geometry, groups):
    import jax

    def pair(value):
        return (value, value) if isinstance(value, int) else value

    padding = geometry["padding"]
    return jax.lax.conv_general_dilated(
        images,
        kernel,
        window_strides=pair(geometry["strides"]),
        padding=padding.upper() if isinstance(padding, str) else padding,
        rhs_dilation=pair(geometry["dilation_rate"]),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


def assert_equal_to(expected, cases, assert_close):
    for (images, kernel, geometry, groups), outputs in zip(cases, expected, strict=True):
        actual = conv2d(images, kernel, **geometry, groups=groups)
        assert actual.dtype == np.float32
        assert_close(actual, outputs, 1e-5, f"{geometry}, groups={groups}, {kernel.shape}")


def is_strided_and_dilated(geometry):
    return geometry["strides"] != 1 and geometry["dilation_rate"] != 1


def test_conv2d_matches_keras_for_every_padding_and_stride(keras, assert_close):
    cases = make_grid(PADDINGS, [1, 2], [1], [1], SIZES[:2])
    assert_equal_to(keras_outputs(cases), cases, assert_close)


def test_conv2d_with_a_bias_matches_keras_conv2d_layer(keras, assert_close, rng):
    layer = keras.layers.Conv2D(
        6, (3, 2), strides=2, padding="same", groups=1, bias_initializer="normal"
    )
    images = rng.normal(size=(2, 7, 8, 3)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(layer(images))
    kernel, bias = layer.get_weights()
    assert_close(conv2d(images, kernel, bias, strides=2, padding="same"), expected, 1e-5)


def test_conv2d_and_backward_match_jax_for_strides_dilation_and_groups_together(assert_close):
    import jax

    case = make_grid(["same"], [(2, 1)], [(1, 2)], [2], SIZES[:1])[0]
    images, kernel, geometry, groups = case
    bias = np.arange(8, dtype=np.float32)
    outputs, pull_back = jax.vjp(
        lambda x, k, b: jax_convolution(x, k, geometry, groups) + b, images, kernel, bias
    )
    grad_output = make_grad_output(case)
    actual = conv2d(images, kernel, bias, **geometry, groups=groups)
    gradients = conv2d_backward(grad_output, images, kernel, **geometry, groups=groups)
    for ours, theirs in zip((actual, *gradients), (outputs, *pull_back(grad_output)), strict=True):
        assert ours.dtype == np.float32
        assert_close(ours, theirs, 1e-5)


def make_grad_output(case):
    images, kernel, geometry, groups = case
    shape = conv2d(images, kernel, **geometry, groups=groups).shape
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.slow
def test_conv2d_matches_keras_on_tensorflow_over_the_whole_grid(keras, assert_close):
    assert keras.backend.backend() == "tensorflow"
    cases = [
        case
        for case in make_grid(PADDINGS, STRIDES, DILATIONS, GROUPS, SIZES)
        if not is_strided_and_dilated(case[2])  # TensorFlow refuses these
    ]
    assert len(cases) > 300
    assert_equal_to(keras_outputs(cases), cases, assert_close)


@pytest.mark.slow
def test_conv2d_matches_keras_on_jax_where_strides_and_dilation_meet(assert_close):
    cases = [
        case
        for case in make_grid(PADDINGS, STRIDES, DILATIONS, GROUPS, SIZES[::3])
        if is_strided_and_dilated(case[2])
    ]
    assert len(cases) > 200

    def outputs_on_jax(cases):
        import keras

        assert keras.backend.backend() == "jax"
        return keras_outputs(cases)

    assert_equal_to(session.run_with("jax", outputs_on_jax, cases), cases, assert_close)


@pytest.mark.slow
def test_backward_matches_keras_on_tensorflow_over_the_grid(keras, assert_close):
    import tensorflow as tf

    # TensorFlow compiles each gradient with groups, a quarter of a second each: fewer of them.
    cases = make_grid(PADDINGS, STRIDES, DILATIONS, GROUPS[:1], SIZES)
    cases += make_grid(PADDINGS, STRIDES[:2], DILATIONS[:2], GROUPS[1:], SIZES[3:])
    assert len(cases) > 250
    for case in cases:
        images, kernel, geometry, groups = case
        grad_output = make_grad_output(case)
        operands = tf.constant(images), tf.constant(kernel)
        with tf.GradientTape() as tape:
            tape.watch(operands)
            if is_strided_and_dilated(geometry):
                outputs = strided_by_cutting(*operands, geometry)
            else:
                outputs = keras_convolution(*operands, geometry)
            loss = tf.reduce_sum(outputs * grad_output)
        expected = tape.gradient(loss, operands)
        gradients = conv2d_backward(grad_output, images, kernel, **geometry, groups=groups)
        for gradient, wanted in zip(gradients, expected, strict=False):  # without the bias's
            assert gradient.dtype == np.float32
            assert_close(gradient, wanted, 1e-5, f"{geometry}, groups={groups}, {kernel.shape}")


def strided_by_cutting(images, kernel, geometry):
    """Every stride-th pixel of the convolution with a stride of 1.

    TensorFlow refuses strides and dilation together, and XLA (JAX 0.10.2, on a processor) stops
    the process while it compiles some of these gradients.
    """
    amounts = pad_amounts(tuple(images.shape)[1:3], tuple(kernel.shape)[:2], **geometry)
    outputs = keras_convolution(images, kernel, {**geometry, "strides": 1, "padding": amounts})
    vertical, horizontal = np.broadcast_to(geometry["strides"], 2)
    return outputs[:, ::vertical, ::horizontal]
