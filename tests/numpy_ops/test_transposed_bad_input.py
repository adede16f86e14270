"""What conv2d_transpose, its loops and its gradient refuse, and what they say."""

import numpy as np
import pytest

from cnn_tutorial.numpy_ops import (
    conv2d_transpose,
    conv2d_transpose_backward,
    conv2d_transpose_loops,
)

FUNCTIONS = [conv2d_transpose, conv2d_transpose_loops, conv2d_transpose_backward]


def call(function, images, kernel, **arguments):
    if function is conv2d_transpose_backward:
        return function(np.ones((1, 1, 1, 1)), images, kernel, **arguments)
    return function(images, kernel, **arguments)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("images", "kernel", "message"),
    [
        ((5, 5, 1), (2, 2, 1, 1), r"images must have shape \(N, H, W, c_in\); received \(5, 5, 1"),
        ((1, 5, 5, 1), (2, 2, 1), r"kernel must have shape \(kh, kw, c_out, c_in\); received"),
        ((1, 0, 5, 1), (2, 2, 1, 1), r"images must not be empty; received shape \(1, 0, 5, 1\)"),
        ((1, 5, 5, 1), (2, 2, 0, 1), r"kernel must not be empty; received shape \(2, 2, 0, 1\)"),
        ((1, 5, 5, 3), (2, 2, 3, 1), r"kernel must have the 3 channels of images .* received 1"),
    ],
)
def test_wrong_shapes_are_refused(function, images, kernel, message):
    with pytest.raises(ValueError, match=message):
        call(function, np.ones(images), np.ones(kernel))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (1.0, TypeError),
        (True, TypeError),
        ((1, 2, 3), ValueError),
        ((1, None), TypeError),
    ],
)
def test_strides_that_are_not_positive_ints_are_refused(function, value, error):
    with pytest.raises(error, match=r"strides must be .*received"):
        call(function, np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), strides=value)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("padding", "error", "message"),
    [
        ("full", ValueError, r'padding must be "valid", "same" or .* received \'full\''),
        (1, ValueError, r'padding must be "valid", "same" or .* received 1'),
        (((0, -1), (0, 0)), ValueError, "padding must be at least 0; received -1"),
        (((0, 1.5), (0, 0)), TypeError, "padding must be made of ints; received float"),
        (
            ((2, 2), (0, 0)),
            ValueError,
            r"at least one pixel; received 2 and 2 to cut off 4 pixels \(size 3, stride 1, ke",
        ),
    ],
)
def test_bad_padding_is_refused(function, padding, error, message):
    with pytest.raises(error, match=message):
        call(function, np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), padding=padding)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [bool, complex, object])
def test_arrays_that_are_not_real_are_refused(function, dtype):
    images, kernel = np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1))
    with pytest.raises(TypeError, match="images must be an array of real numbers; received dtype"):
        call(function, images.astype(dtype), kernel)
    with pytest.raises(TypeError, match="kernel must be an array of real numbers; received dtype"):
        call(function, images, kernel.astype(dtype))


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_a_bias_of_the_wrong_length_is_refused(transpose):
    operands = np.ones((1, 2, 2, 3)), np.ones((2, 2, 4, 3)), np.ones(3)
    with pytest.raises(ValueError, match=r"bias must have shape \(4,\), .*received \(3,\)"):
        transpose(*operands)


def test_a_gradient_of_the_wrong_shape_is_refused():
    images, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
    message = r"shape of conv2d_transpose's result, \(1, 6, 6, 1\); received \(1, 4, 4, 1\)"
    with pytest.raises(ValueError, match=message):
        conv2d_transpose_backward(np.ones((1, 4, 4, 1)), images, kernel, strides=2)
    with pytest.raises(ValueError, match=r"grad_output must have the shape .*received \(4, 4\)"):
        conv2d_transpose_backward(np.ones((4, 4)), images, kernel)
