import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import (
    conv2d_flops,
    conv2d_parameters,
    dense_flops,
    dense_parameters,
    output_size,
    pad_amounts,
    receptive_field,
)

# output_size and pad_amounts


def test_output_size_worked_by_hand():
    # Windows of 3 start at 0, 2, 4 in 7 pixels; at 0, 2 in 6; the sixth pixel is not reached.
    assert output_size(7, 3, strides=2) == 3
    assert output_size(6, 3, strides=2) == 2
    assert output_size(6, 3) == 4
    assert output_size(6, 3, padding=(1, 0)) == 5
    assert output_size(6, 3, padding="same") == 6
    assert output_size(6, 3, dilation_rate=2) == 2
    assert output_size((6, 7), (3, 5), strides=(1, 2), padding=((0, 1), (2, 0))) == (5, 3)


def test_pad_amounts_worked_by_hand():
    assert pad_amounts(7, 3) == (0, 0)
    assert pad_amounts(7, 3, padding="same") == (1, 1)
    assert pad_amounts(7, 2, padding="same") == (0, 1)  # the odd pixel at the end
    assert pad_amounts(8, 3, strides=2, padding="same") == (0, 1)
    assert pad_amounts(7, 3, strides=2, padding="same") == (1, 1)
    assert pad_amounts(7, 3, dilation_rate=2, padding="same") == (2, 2)
    assert pad_amounts(7, 1, strides=3, padding="same") == (0, 0)
    assert pad_amounts((7, 8), 3, padding=((1, 2), (3, 4))) == ((1, 2), (3, 4))
    assert pad_amounts((7, 8), (2, 3), padding="same") == ((0, 1), (1, 1))


@given(st.integers(1, 30), st.integers(1, 7), st.integers(1, 5), st.integers(1, 4))
def test_output_size_counts_the_windows_that_fit(size, kernel, stride, dilation):
    before, after = pad_amounts(
        size, kernel, strides=stride, dilation_rate=dilation, padding="same"
    )
    last_pixel = size + before + after - 1
    starts = [
        start
        for start in range(0, last_pixel + 1, stride)
        if start + dilation * (kernel - 1) <= last_pixel
    ]
    arguments = {"strides": stride, "dilation_rate": dilation}
    assert output_size(size, kernel, padding="same", **arguments) == len(starts)
    assert output_size(size, kernel, padding=(before, after), **arguments) == len(starts)
    assert len(starts) == -(-size // stride)
    assert 0 <= after - before <= 1


@pytest.mark.parametrize("size", [(7, 8), (9, 6)])
@pytest.mark.parametrize("kernel_size", [1, 2, (3, 4)])
@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_output_size_matches_keras(keras, size, kernel_size, strides, padding):
    layer = keras.layers.Conv2D(5, kernel_size, strides=strides, padding=padding)
    assert layer.compute_output_shape((None, *size, 3))[1:3] == output_size(
        size, kernel_size, strides=strides, padding=padding
    )


@pytest.mark.parametrize("dilation_rate", [2, (1, 3)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_output_size_with_dilation_matches_keras(keras, dilation_rate, padding):
    layer = keras.layers.Conv2D(5, 3, dilation_rate=dilation_rate, padding=padding)
    assert layer.compute_output_shape((None, 9, 8, 3))[1:3] == output_size(
        (9, 8), 3, dilation_rate=dilation_rate, padding=padding
    )


@pytest.mark.parametrize("function", [output_size, pad_amounts])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be at least 1; received 0"),
        ({"size": 5.0}, TypeError, "size must be made of ints; received float: 5.0"),
        ({"size": (5, 5, 5)}, ValueError, r"size must be 2 ints; received \(5, 5, 5\)"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1; received 0"),
        ({"kernel_size": (3, 3)}, ValueError, r"kernel_size must be one int; received \(3, 3\)"),
        ({"strides": 0}, ValueError, "strides must be at least 1; received 0"),
        ({"strides": True}, TypeError, "strides must be made of ints; received bool"),
        ({"strides": np.True_}, TypeError, "strides must be made of ints; received bool"),
        ({"dilation_rate": -1}, ValueError, "dilation_rate must be at least 1; received -1"),
        ({"padding": "full"}, ValueError, r'"same" or \(before, after\); received \'full\''),
        ({"padding": ((1, 1), (1, 1))}, TypeError, "padding must be made of ints"),
        ({"padding": (-1, 1)}, ValueError, "padding must be at least 0; received -1"),
        ({"size": (5, 5), "padding": (1, 1)}, ValueError, r"\(\(top, bottom\), \(left, right\)\)"),
    ],
)
def test_shapes_refuse_bad_numbers(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**{"size": 5, "kernel_size": 3, **arguments})


def test_numpy_integers_are_ints():
    assert output_size(np.int64(7), np.uint8(3), strides=np.int32(2)) == 3
    assert output_size(np.array([7, 8]), 3) == (5, 6)


def test_a_kernel_that_does_not_fit_is_refused_with_the_sizes():
    with pytest.raises(ValueError, match=r"a kernel of 5 pixels does not fit into 4 \(3 and 1 of"):
        output_size(3, 5, padding=(0, 1))
    with pytest.raises(ValueError, match="3 pixels, 5 with its dilation of 2, does not fit into 4"):
        output_size(4, 3, dilation_rate=2)
    assert output_size(5, 5) == 1


# conv2d_parameters and conv2d_flops


def test_parameters_and_flops_of_a_case_worked_by_hand():
    # Four filters of 2 x 3 pixels and 5 channels: 30 weights each, 34 outputs... of 6 x 7 pixels.
    assert conv2d_parameters((2, 3), 5, 4) == 4 * 30 + 4
    assert conv2d_parameters((2, 3), 5, 4, use_bias=False) == 4 * 30
    assert conv2d_flops((6, 7), (2, 3), 5, 4, use_bias=False) == 42 * 4 * 2 * 30
    assert conv2d_flops((6, 7), (2, 3), 5, 4) == 42 * 4 * (2 * 30 + 1)
    assert conv2d_parameters(3, 8, 4, groups=4) == 4 * 9 * 2 + 4
    assert conv2d_flops(1, 3, 8, 4, groups=4, use_bias=False) == 4 * 2 * 9 * 2


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("kernel_size", [1, (3, 2)])
def test_parameters_match_keras(keras, groups, use_bias, kernel_size):
    layer = keras.layers.Conv2D(12, kernel_size, groups=groups, use_bias=use_bias)
    layer.build((None, 8, 8, 6))
    assert layer.count_params() == conv2d_parameters(
        kernel_size, 6, 12, groups=groups, use_bias=use_bias
    )


@pytest.mark.parametrize("use_bias", [True, False])
def test_flops_match_tensorflows_profiler(keras, use_bias):
    import tensorflow as tf
    from tensorflow.python.profiler.model_analyzer import profile
    from tensorflow.python.profiler.option_builder import ProfileOptionBuilder

    kernel, bias = tf.ones((3, 2, 5, 4)), tf.ones(4)

    @tf.function
    def convolve(images):
        outputs = tf.nn.conv2d(images, kernel, strides=2, padding="SAME")
        return tf.nn.bias_add(outputs, bias) if use_bias else outputs

    graph = convolve.get_concrete_function(tf.TensorSpec((1, 9, 8, 5))).graph
    options = ProfileOptionBuilder(ProfileOptionBuilder.float_operation())
    counted = profile(graph, options=options.with_empty_output().build())
    size = output_size((9, 8), (3, 2), strides=2, padding="same")
    assert conv2d_flops(size, (3, 2), 5, 4, use_bias=use_bias) == counted.total_float_ops


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1; received 0"),
        ({"filters": 2.0}, TypeError, "filters must be made of ints; received float"),
        ({"kernel_size": -3}, ValueError, "kernel_size must be at least 1; received -3"),
        ({"groups": 0}, ValueError, "groups must be at least 1; received 0"),
        ({"groups": 4}, ValueError, "groups must divide in_channels; received groups=4, in_ch"),
        ({"groups": 3}, ValueError, "groups must divide filters; received groups=3, filters=8"),
    ],
)
def test_parameters_and_flops_refuse_bad_numbers(arguments, error, message):
    arguments = {"kernel_size": 3, "in_channels": 6, "filters": 8, **arguments}
    with pytest.raises(error, match=message):
        conv2d_parameters(**arguments)
    with pytest.raises(error, match=message):
        conv2d_flops(5, **arguments)


def test_flops_refuse_a_bad_size():
    with pytest.raises(ValueError, match="size must be at least 1; received 0"):
        conv2d_flops((0, 5), 3, 1, 1)


# dense_parameters and dense_flops, and layers that are made of others


def test_dense_parameters_and_flops_worked_by_hand():
    # Four units with five weights each and a bias; five multiply-adds and one addition a unit.
    assert dense_parameters(5, 4) == 24
    assert dense_parameters(5, 4, use_bias=False) == 20
    assert dense_flops(5, 4) == 4 * 11
    assert dense_flops(5, 4, use_bias=False) == 40


@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_parameters_match_keras(keras, use_bias):
    layer = keras.layers.Dense(7, use_bias=use_bias)
    layer.build((None, 12))
    assert layer.count_params() == dense_parameters(12, 7, use_bias=use_bias)


def test_a_separable_convolution_is_counted_as_its_two_layers(keras):
    layer = keras.layers.SeparableConv2D(12, (3, 2))
    layer.build((None, 8, 8, 6))
    depthwise = conv2d_parameters((3, 2), 6, 6, groups=6, use_bias=False)
    assert layer.count_params() == depthwise + conv2d_parameters(1, 6, 12)
    layer = keras.layers.DepthwiseConv2D((3, 2), depth_multiplier=2)
    layer.build((None, 8, 8, 6))
    assert layer.count_params() == conv2d_parameters((3, 2), 6, 12, groups=6)


def test_a_transposed_convolution_is_counted_as_the_one_that_leads_back(keras):
    layer = keras.layers.Conv2DTranspose(5, (3, 2), strides=2)
    layer.build((None, 8, 8, 6))
    assert layer.count_params() == conv2d_parameters((3, 2), 5, 6, use_bias=False) + 5


@pytest.mark.parametrize("function", [dense_parameters, dense_flops])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"inputs": 0}, ValueError, "inputs must be at least 1; received 0"),
        ({"units": -1}, ValueError, "units must be at least 1; received -1"),
        ({"units": 2.0}, TypeError, "units must be made of ints; received float"),
        ({"inputs": True}, TypeError, "inputs must be made of ints; received bool"),
    ],
)
def test_dense_counts_refuse_bad_numbers(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**{"inputs": 5, "units": 4, **arguments})


# receptive_field


def test_receptive_field_worked_by_hand():
    assert receptive_field([]) == (1, 1)
    assert receptive_field([(5, 1, 1)]) == (5, 1)
    assert receptive_field([(3, 1, 2)]) == (5, 1)
    # A window of 2 after a stride of 3 sees two windows of 3 side by side.
    assert receptive_field([(3, 3, 1), (2, 2, 1)]) == (6, 6)
    field = receptive_field([(3, 2, 1)])
    assert (field.size, field.jump) == (3, 2)


@pytest.mark.parametrize(
    "layers",
    [
        [(3, 1, 1), (3, 1, 1)],
        [(3, 2, 1), (3, 1, 1), (2, 2, 1)],
        [(2, 1, 3), (3, 2, 1), (3, 1, 2)],
        [(5, 3, 1), (1, 2, 1), (3, 1, 1)],
    ],
)
def test_receptive_field_matches_gradients_through_a_keras_stack(keras, layers):
    import tensorflow as tf

    # With kernels of ones the gradient of an output pixel is positive exactly on the pixels
    # that reach it; along the width, from the first to the last of them is its field.
    stack = keras.Sequential(
        [
            keras.layers.Conv2D(
                1,
                (1, kernel),
                strides=stride,
                dilation_rate=(1, dilation),
                kernel_initializer="ones",
            )
            for kernel, stride, dilation in layers
        ]
    )
    images = tf.ones((1, 1, 64, 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        outputs = stack(images)
        pixels = [outputs[0, 0, x, 0] for x in (1, 2)]
    first, second = (np.flatnonzero(tape.gradient(p, images)[0, 0, :, 0]) for p in pixels)
    field = receptive_field(layers)
    assert first[-1] - first[0] + 1 == field.size
    assert second[0] - first[0] == field.jump


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([(3, 1)], ValueError, r"layers\[0\].* must be 3 ints; received \(3, 1\)"),
        ([(3, 1, 1), 3], TypeError, r"layers\[1\].* must be three ints; received 3"),
        ([(3, 0, 1)], ValueError, r"layers\[0\].* must be at least 1; received 0"),
        ([(3, 1.5, 1)], TypeError, r"layers\[0\].* must be made of ints; received float"),
    ],
)
def test_receptive_field_refuses_bad_layers(layers, error, message):
    with pytest.raises(error, match=message):
        receptive_field(layers)
