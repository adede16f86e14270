import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial import numpy_ops
from cnn_tutorial.numpy_ops import (
    check_gradient,
    conv2d,
    conv2d_backward,
    conv2d_loops,
    extract_windows,
    output_size,
)

# One change at a time from the defaults, then everything at once.
GEOMETRIES = [
    {},
    {"strides": 2},
    {"strides": (1, 3)},
    {"padding": "same"},
    {"padding": ((2, 0), (1, 3))},
    {"dilation_rate": 2},
    {"dilation_rate": (2, 1)},
    {"groups": 2},
    {"groups": 4},
    {"padding": "same", "strides": 2},
    {"padding": "same", "dilation_rate": 2, "strides": (3, 2), "groups": 2},
    {"padding": ((0, 1), (2, 0)), "strides": (2, 1), "dilation_rate": (1, 3), "groups": 4},
]


def make_operands(rng, *, groups=1, dtype=np.float64, size=(6, 7), kernel_size=(3, 2)):
    images = rng.normal(size=(2, *size, 4)).astype(dtype)
    kernel = rng.normal(size=(*kernel_size, 4 // groups, 8)).astype(dtype)
    bias = rng.normal(size=8).astype(dtype)
    return images, kernel, bias


@st.composite
def problems(draw):
    """Random operands and arguments of a convolution that exists."""
    groups = draw(st.integers(1, 3))
    channels, filters = (groups * draw(st.integers(1, 3)) for _ in range(2))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel_size, strides, dilation_rate = draw(pairs), draw(pairs), draw(pairs)
    amounts = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = draw(st.one_of(st.sampled_from(["valid", "same"]), st.tuples(amounts, amounts)))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation_rate, strict=True)]
    size = [span + draw(st.integers(0, 4)) for span in spans]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images = rng.normal(size=(draw(st.integers(1, 2)), *size, channels))
    kernel = rng.normal(size=(*kernel_size, channels // groups, filters))
    geometry = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation_rate,
        "groups": groups,
    }
    return images, kernel, rng.normal(size=filters), geometry, rng


# By hand


IMAGE = np.array([[1, 2, 0], [0, 1, 3], [2, 1, 1]], float).reshape(1, 3, 3, 1)
KERNEL = np.array([[1, 2], [0, -1]], float).reshape(2, 2, 1, 1)


@pytest.mark.parametrize("convolve", [conv2d, conv2d_loops])
def test_convolution_of_a_case_worked_by_hand(convolve):
    # top left: 1*1 + 2*2 + 0*0 - 1*1 = 4;  top right: 1*2 + 2*0 + 0*1 - 1*3 = -1
    # bottom left: 1*0 + 2*1 + 0*2 - 1*1 = 1;  bottom right: 1*1 + 2*3 + 0*1 - 1*1 = 6
    assert convolve(IMAGE, KERNEL)[0, :, :, 0].tolist() == [[4, -1], [1, 6]]
    assert convolve(IMAGE, KERNEL, np.array([10.0]))[0, :, :, 0].tolist() == [[14, 9], [11, 16]]


@pytest.mark.parametrize("convolve", [conv2d, conv2d_loops])
def test_same_padding_puts_the_odd_pixel_at_the_end(convolve):
    # A row of zeros below and a column of zeros at the right. There, top to bottom,
    # 1*0, 1*3 and 1*1; at the bottom, left to right, 1*2 + 2*1 and 1*1 + 2*1.
    expected = [[4, -1, 0], [1, 6, 3], [4, 3, 1]]
    assert convolve(IMAGE, KERNEL, padding="same")[0, :, :, 0].tolist() == expected


def test_gradient_of_a_case_worked_by_hand():
    # One output, so that the pixels and the weights that met are each other's gradient.
    image, kernel = IMAGE[:, :2, :2], KERNEL
    grad_images, grad_kernel, grad_bias = conv2d_backward(np.full((1, 1, 1, 1), 3.0), image, kernel)
    assert grad_images[0, :, :, 0].tolist() == [[3, 6], [0, -3]]
    assert grad_kernel[:, :, 0, 0].tolist() == [[3, 6], [0, 3]]
    assert grad_bias.tolist() == [3]


def test_each_filter_sees_only_the_channels_of_its_group():
    images = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 1, 1, 4)
    kernel = np.ones((1, 1, 2, 2))
    assert conv2d(images, kernel, groups=2).ravel().tolist() == [11, 1100]


def test_extract_windows_holds_the_pixels_under_each_position():
    images = np.arange(16).reshape(1, 4, 4, 1)
    windows = extract_windows(images, 2, strides=(2, 1), dilation_rate=(1, 2))
    assert windows.shape == (1, 2, 2, 2, 2, 1)
    assert windows[0, 1, 1, :, :, 0].tolist() == [[9, 11], [13, 15]]
    padded = extract_windows(images, (1, 3), padding="same")
    assert padded[0, 0, 0, :, :, 0].tolist() == [[0, 0, 1]]


def test_extract_windows_is_a_read_only_view_without_padding():
    images = np.zeros((2, 8, 8, 3))
    windows = extract_windows(images, 3, strides=2)
    assert np.shares_memory(windows, images)
    assert not windows.flags.writeable


# The formula, and what follows from it


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_conv2d_equals_the_loops(rng, assert_close, geometry, dtype):
    operands = make_operands(rng, groups=geometry.get("groups", 1), dtype=dtype)
    expected = conv2d_loops(*operands, **geometry)
    actual = conv2d(*operands, **geometry)
    assert actual.dtype == expected.dtype == dtype
    assert_close(actual, expected, 1e-6 if dtype == np.float32 else 1e-13)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_conv2d_equals_the_loops_for_random_shapes(problem):
    images, kernel, bias, geometry, _ = problem
    actual = conv2d(images, kernel, bias, **geometry)
    np.testing.assert_allclose(
        actual, conv2d_loops(images, kernel, bias, **geometry), rtol=1e-10, atol=1e-10
    )


@settings(max_examples=100, deadline=None)
@given(problems())
def test_backward_is_the_adjoint_of_forward_for_random_shapes(problem):
    # Forward is linear in the images, the kernel and the bias, each by itself. So
    # <forward(v), g> = <v, backward(g)> for every v, not only for the one backward was given.
    images, kernel, bias, geometry, rng = problem
    outputs = conv2d(images, kernel, **geometry)
    grad_output = rng.normal(size=outputs.shape)
    gradients = conv2d_backward(grad_output, images, kernel, **geometry)
    other_images, other_kernel = rng.normal(size=images.shape), rng.normal(size=kernel.shape)
    products = [
        (np.vdot(conv2d(other_images, kernel, **geometry), grad_output), other_images),
        (np.vdot(conv2d(images, other_kernel, **geometry), grad_output), other_kernel),
        (np.vdot(np.broadcast_to(bias, outputs.shape), grad_output), bias),
    ]
    for (product, other), gradient in zip(products, gradients, strict=True):
        assert gradient.shape == other.shape
        np.testing.assert_allclose(np.vdot(other, gradient), product, rtol=1e-9, atol=1e-9)


def test_conv2d_is_linear_in_the_images_and_in_the_kernel(rng, assert_close):
    images, kernel, _ = make_operands(rng)
    others, other_kernel, _ = make_operands(rng)
    mixed = conv2d(2 * images - 3 * others, kernel)
    assert_close(mixed, 2 * conv2d(images, kernel) - 3 * conv2d(others, kernel), 1e-13)
    mixed = conv2d(images, 2 * kernel - 3 * other_kernel)
    assert_close(mixed, 2 * conv2d(images, kernel) - 3 * conv2d(images, other_kernel), 1e-13)


def test_a_shifted_image_gives_a_shifted_output(rng, assert_close):
    images, kernel, bias = make_operands(rng, size=(12, 12))
    shifted = np.roll(images, (2, 4), axis=(1, 2))
    outputs = conv2d(images, kernel, bias, strides=2)
    assert_close(conv2d(shifted, kernel, bias, strides=2)[:, 1:, 2:], outputs[:, :-1, :-2], 1e-13)


def test_a_kernel_with_a_single_one_cuts_out_the_image(rng):
    images = rng.normal(size=(1, 5, 5, 1))
    kernel = np.zeros((3, 3, 1, 1))
    kernel[2, 0] = 1
    assert (conv2d(images, kernel) == images[:, 2:, :-2]).all()


def test_images_larger_than_a_block_give_the_same(rng, assert_close, monkeypatch):
    images, kernel, bias = make_operands(rng, size=(9, 11))
    whole = conv2d(images, kernel, bias, groups=1)
    # Blocks of one row, of three rows (of seven), of one image.
    for size in (1, 3 * 10 * 6 * 4 * 8, 7 * 10 * 6 * 4 * 8):
        monkeypatch.setattr(sys.modules[conv2d.__module__], "_BLOCK_BYTES", size)
        assert_close(conv2d(images, kernel, bias), whole, 1e-14)


# Central differences


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_backward_agrees_with_central_differences(rng, geometry):
    images, kernel, bias = make_operands(rng, groups=geometry.get("groups", 1))
    grad_output = rng.normal(size=conv2d(images, kernel, **geometry).shape)
    gradients = conv2d_backward(grad_output, images, kernel, **geometry)
    losses = [
        (lambda x: np.vdot(conv2d(x, kernel, bias, **geometry), grad_output), images),
        (lambda k: np.vdot(conv2d(images, k, bias, **geometry), grad_output), kernel),
        (lambda b: np.vdot(conv2d(images, kernel, b, **geometry), grad_output), bias),
    ]
    for (loss, x), gradient in zip(losses, gradients, strict=True):
        report = check_gradient(loss, gradient, x, tolerance=1e-7)
        assert report.passed, report


# Number types


@pytest.mark.parametrize(
    ("images_dtype", "kernel_dtype", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float64, np.float64, np.float64),
        (np.float32, np.float64, np.float64),
        (np.uint8, np.float32, np.float32),
        (np.int64, np.float32, np.float64),
        (np.int64, np.int64, np.int64),
        (np.uint8, np.int8, np.int64),
    ],
)
def test_dtypes_are_promoted_as_numpy_promotes(images_dtype, kernel_dtype, expected):
    images, kernel = (
        np.full((1, 3, 3, 2), 100, images_dtype),
        np.full((2, 2, 2, 1), 5, kernel_dtype),
    )
    for convolve in (conv2d, conv2d_loops):
        outputs = convolve(images, kernel)
        assert outputs.dtype == expected
        assert (outputs == 100 * 5 * 8).all()  # more than eight bits can hold
    gradients = conv2d_backward(outputs, images, kernel)
    assert all(gradient.dtype == expected for gradient in gradients)
    assert gradients[1].max() == 4 * 4000 * 100


@pytest.mark.parametrize(
    ("grad_dtype", "dtype", "expected"),
    [
        (np.float32, np.float64, np.float64),
        (np.float64, np.float32, np.float64),
        (np.uint8, np.int64, np.int64),
    ],
)
def test_all_three_gradients_are_promoted_alike(grad_dtype, dtype, expected):
    images, kernel = np.ones((1, 3, 3, 1), dtype), np.ones((2, 2, 1, 1), dtype)
    gradients = conv2d_backward(np.full((1, 2, 2, 1), 100, grad_dtype), images, kernel)
    assert [gradient.dtype for gradient in gradients] == [expected] * 3
    assert [gradient.max() for gradient in gradients] == [400] * 3  # more than eight bits hold


def test_lists_are_taken_as_arrays():
    assert conv2d([[[[1.0], [2.0]]]], [[[[3.0]]]]).ravel().tolist() == [3, 6]


@pytest.mark.parametrize("convolve", [conv2d, conv2d_loops])
def test_a_nan_reaches_the_outputs_that_see_it_and_no_others(convolve):
    images = np.ones((1, 5, 5, 1))
    images[0, 0, 0, 0] = np.nan
    expected = np.zeros((4, 4), bool)
    expected[0, 0] = True
    assert (np.isnan(convolve(images, np.ones((2, 2, 1, 1)))[0, :, :, 0]) == expected).all()
    assert np.isnan(convolve(np.ones((1, 5, 5, 1)), np.full((2, 2, 1, 1), np.nan))).all()


def test_a_nan_reaches_the_gradients():
    images, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
    grad_output = np.ones((1, 2, 2, 1))
    grad_output[0, 0, 0, 0] = np.nan
    grad_images, grad_kernel, grad_bias = conv2d_backward(grad_output, images, kernel)
    assert np.isnan(grad_images).sum() == 4
    assert np.isnan(grad_kernel).all()
    assert np.isnan(grad_bias).all()


def test_the_arguments_are_left_as_they_were(rng):
    operands = make_operands(rng)
    copies = [operand.copy() for operand in operands]
    outputs = conv2d(*operands, padding="same")
    conv2d_backward(outputs, *operands[:2], padding="same")
    assert all((a == b).all() for a, b in zip(operands, copies, strict=True))


# The module


def test_numpy_ops_imports_neither_tensorflow_nor_keras():
    program = (
        "import sys; from cnn_tutorial import numpy_ops; numpy_ops.conv2d; "
        "print([m for m in ('tensorflow', 'keras', 'jax', 'matplotlib') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_everything_named_can_be_taken_from_numpy_ops():
    assert all(callable(getattr(numpy_ops, name)) for name in numpy_ops.__all__)
    assert output_size is numpy_ops.output_size
