"""What conv2d, its loops and its gradient refuse, and what they say."""

import numpy as np
import pytest

from cnn_tutorial.numpy_ops import conv2d, conv2d_backward, conv2d_loops, extract_windows


def call(function, images, kernel, **arguments):
    if function is conv2d_backward:
        return function(np.ones((1, 1, 1, 1)), images, kernel, **arguments)
    return function(images, kernel, **arguments)


FUNCTIONS = [conv2d, conv2d_loops, conv2d_backward]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("images", "kernel", "message"),
    [
        (
            (5, 5, 1),
            (2, 2, 1, 1),
            r"images must have shape \(N, H, W, c_in\); received \(5, 5, 1\)",
        ),
        ((1, 5, 5, 1), (2, 2, 1), r"kernel must have shape .* received \(2, 2, 1\)"),
        ((0, 5, 5, 1), (2, 2, 1, 1), r"images must not be empty; received shape \(0, 5, 5, 1\)"),
        ((1, 5, 5, 1), (2, 0, 1, 1), r"kernel must not be empty; received shape \(2, 0, 1, 1\)"),
        ((1, 5, 5, 3), (2, 2, 1, 1), r"kernel must have c_in // groups = 3 channels .*received 1"),
        ((1, 3, 5, 1), (4, 2, 1, 1), r"a kernel of 4 pixels does not fit into 3 \(3 and 0 of pad"),
    ],
)
def test_wrong_shapes_are_refused(function, images, kernel, message):
    with pytest.raises(ValueError, match=message):
        call(function, np.ones(images), np.ones(kernel))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_kernel_larger_than_the_padded_image_is_refused_with_its_sizes(function):
    images, kernel = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1))
    message = r"a kernel of 3 pixels, 7 with its dilation of 3, does not fit into 5 \(4 and 1 of"
    with pytest.raises(ValueError, match=message):
        call(function, images, kernel, dilation_rate=3, padding=((1, 0), (3, 0)))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("channels", "filters", "groups"), [(3, 4, 2), (4, 3, 2)])
def test_groups_that_do_not_divide_the_channels_are_refused(function, channels, filters, groups):
    images, kernel = np.ones((1, 3, 3, channels)), np.ones((1, 1, channels // groups, filters))
    with pytest.raises(ValueError, match=f"groups must divide .* received groups={groups}"):
        call(function, images, kernel, groups=groups)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ["strides", "dilation_rate", "groups"])
@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.0, TypeError), (True, TypeError), ("2", TypeError)],
)
def test_numbers_that_are_not_positive_ints_are_refused(function, name, value, error):
    with pytest.raises(error, match=f"{name} must be .*received"):
        call(function, np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), **{name: value})


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ["strides", "dilation_rate"])
@pytest.mark.parametrize(
    ("value", "error"), [((1, 2, 3), ValueError), ((1, 0), ValueError), ((1, None), TypeError)]
)
def test_pairs_that_are_not_two_positive_ints_are_refused(function, name, value, error):
    with pytest.raises(error, match=f"{name} must be .*received"):
        call(function, np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), **{name: value})


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("padding", "error"),
    [
        ("SAME", ValueError),
        ("causal", ValueError),
        (1, ValueError),
        (None, ValueError),
        ((1, 1), ValueError),
        (((1, 1),), ValueError),
        (((1, 1), (1, 1, 1)), ValueError),
        (((1, -1), (0, 0)), ValueError),
        (((1, 0.5), (0, 0)), TypeError),
        (((1, True), (0, 0)), TypeError),
    ],
)
def test_malformed_or_negative_padding_is_refused(function, padding, error):
    with pytest.raises(error, match=r"padding must be .*received"):
        call(function, np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), padding=padding)


@pytest.mark.parametrize("convolve", [conv2d, conv2d_loops])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 2)])
def test_a_bias_of_another_shape_is_refused(convolve, shape):
    with pytest.raises(ValueError, match="bias must have shape"):
        convolve(np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 2)), np.ones(shape))


@pytest.mark.parametrize("dtype", [bool, complex, object, "U1"])
def test_arrays_that_are_not_real_are_refused(dtype):
    images, kernel, grad = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), np.ones((1, 2, 2, 1))
    for name, call_it in {
        "images": lambda: conv2d(images.astype(dtype), kernel),
        "kernel": lambda: conv2d_loops(images, kernel.astype(dtype)),
        "bias": lambda: conv2d(images, kernel, np.ones(1).astype(dtype)),
        "grad_output": lambda: conv2d_backward(grad.astype(dtype), images, kernel),
    }.items():
        with pytest.raises(TypeError, match=f"{name} must be an array of real numbers"):
            call_it()
    with pytest.raises(TypeError, match="images must be an array of real numbers"):
        extract_windows(images.astype(dtype), 2)


@pytest.mark.parametrize("shape", [(1, 2, 3, 1), (2, 2, 2, 1), (1, 2, 2, 2), (1, 1, 1, 1), (2, 2)])
def test_a_grad_output_of_another_shape_is_refused(shape):
    message = r"grad_output must have the shape of conv2d's result, \(1, 2, 2, 1\); received"
    with pytest.raises(ValueError, match=message):
        conv2d_backward(np.ones(shape), np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)))


def test_extract_windows_refuses_what_conv2d_refuses():
    with pytest.raises(ValueError, match=r"images must have shape \(N, H, W, C\)"):
        extract_windows(np.ones((3, 3)), 2)
    with pytest.raises(ValueError, match="a kernel of 4 pixels does not fit into 3"):
        extract_windows(np.ones((1, 3, 3, 1)), 4)
    with pytest.raises(ValueError, match="kernel_size must be at least 1; received 0"):
        extract_windows(np.ones((1, 3, 3, 1)), 0)
