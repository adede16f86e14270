"""What max_pool2d, avg_pool2d and their gradients refuse, and what they say."""

import numpy as np
import pytest

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)


def backward_of(backward):
    """A gradient called like its operation; what is wrong is found before its shape."""

    def call(images, *arguments, **keywords):
        return backward(np.ones((1, 2, 2, 1)), images, *arguments, **keywords)

    return call


CALLS = {
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "max_pool2d_backward": backward_of(max_pool2d_backward),
    "avg_pool2d_backward": backward_of(avg_pool2d_backward),
}
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
BACKWARD = pytest.mark.parametrize("backward", [max_pool2d_backward, avg_pool2d_backward])


@EVERY_CALL
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 4, 1), r"images must have shape \(N, H, W, C\); received \(4, 4, 1\)"),
        ((1, 1, 4, 4, 1), r"images must have shape \(N, H, W, C\); received \(1, 1, 4, 4, 1\)"),
        ((0, 4, 4, 1), r"images must not be empty; received shape \(0, 4, 4, 1\)"),
        ((1, 4, 4, 0), r"images must not be empty; received shape \(1, 4, 4, 0\)"),
        ((1, 1, 4, 1), r"a window of 2 pixels does not fit into 1 \(1 and 0 of padding\)"),
    ],
)
def test_wrong_shapes_are_refused(call, shape, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones(shape))


@EVERY_CALL
def test_a_window_larger_than_the_padded_image_is_refused_with_its_sizes(call):
    message = r"pool_size must not exceed .* a window of 4 pixels does not fit into 3 \(2 and 1 of"
    with pytest.raises(ValueError, match=message):
        call(np.ones((1, 5, 2, 1)), 4, padding=((0, 0), (1, 0)))


@EVERY_CALL
@pytest.mark.parametrize("dtype", [bool, complex, object, str])
def test_arrays_that_are_not_real_are_refused(call, dtype):
    with pytest.raises(TypeError, match="images must be an array of real numbers; received dtype"):
        call(np.ones((1, 4, 4, 1), dtype))


@EVERY_CALL
@pytest.mark.parametrize("name", ["pool_size", "strides"])
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "must be at least 1; received 0"),
        (-2, ValueError, "must be at least 1; received -2"),
        ((2, 0), ValueError, "must be at least 1; received 0"),
        ((2, 2, 2), ValueError, r"must be 2 ints; received \(2, 2, 2\)"),
        (1.0, TypeError, "must be made of ints; received float: 1.0"),
        (True, TypeError, "must be made of ints; received bool: True"),
        ("2", TypeError, "must be made of ints; received str: '2'"),
    ],
)
def test_numbers_that_are_no_window_are_refused(call, name, value, error, message):
    with pytest.raises(error, match=f"{name} {message}"):
        call(np.ones((1, 4, 4, 1)), **{name: value})


@EVERY_CALL
def test_a_pool_size_of_none_is_refused(call):
    with pytest.raises(TypeError, match="pool_size must be made of ints; received NoneType: None"):
        call(np.ones((1, 4, 4, 1)), None)


@EVERY_CALL
@pytest.mark.parametrize("padding", ["SAME", 1, None, (1, 1), ((1, 1),), (("1", 0), (0, 0))])
def test_padding_that_does_not_exist_is_refused(call, padding):
    with pytest.raises((ValueError, TypeError), match="padding must be"):
        call(np.ones((1, 4, 4, 1)), padding=padding)


@EVERY_CALL
def test_negative_padding_is_refused(call):
    with pytest.raises(ValueError, match="padding must be at least 0; received -1"):
        call(np.ones((1, 4, 4, 1)), padding=((-1, 0), (0, 0)))


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
@pytest.mark.parametrize(
    ("padding", "pixel"),
    [(((2, 0), (0, 0)), r"\(0, 0\)"), (((0, 0), (0, 2)), r"\(0, 2\)")],
)
def test_a_window_of_padding_alone_has_no_mean(dtype, padding, pixel):
    images = np.ones((1, 4, 4, 1), dtype)
    message = rf"padding must leave a pixel .* the window of output pixel {pixel} lies wholly in it"
    with pytest.raises(ValueError, match=message):
        avg_pool2d(images, padding=padding)
    with pytest.raises(ValueError, match=message):
        avg_pool2d_backward(np.ones((1, 3, 2, 1)), images, padding=padding)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_a_window_of_padding_alone_has_no_largest_integer(dtype):
    images = np.ones((1, 4, 4, 1), dtype)
    with pytest.raises(ValueError, match="padding must leave a pixel of the image in every window"):
        max_pool2d(images, padding=((0, 0), (2, 0)))
    with pytest.raises(ValueError, match="padding must leave a pixel of the image in every window"):
        max_pool2d_backward(np.ones((1, 2, 3, 1)), images, padding=((0, 0), (2, 0)))


@BACKWARD
@pytest.mark.parametrize("shape", [(1, 2, 3, 1), (2, 2, 2, 1), (1, 2, 2, 3), (2, 2), (1, 1, 1, 1)])
def test_a_grad_output_of_another_shape_is_refused(backward, shape):
    name = backward.__name__.removesuffix("_backward")
    message = rf"grad_output must have the shape of {name}'s result, \(1, 2, 2, 1\); received"
    with pytest.raises(ValueError, match=message):
        backward(np.ones(shape), np.ones((1, 5, 4, 1)))


@BACKWARD
@pytest.mark.parametrize("dtype", [bool, complex, object])
def test_a_grad_output_that_is_not_real_is_refused(backward, dtype):
    with pytest.raises(TypeError, match="grad_output must be an array of real numbers"):
        backward(np.ones((1, 2, 2, 1), dtype), np.ones((1, 4, 4, 1)))


@EVERY_CALL
def test_strides_and_padding_are_taken_by_name_only(call):
    with pytest.raises(TypeError, match="positional argument"):
        call(np.ones((1, 4, 4, 1)), 2, 1)
