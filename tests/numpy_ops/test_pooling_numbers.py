"""Pooling at the edges of arithmetic: ties, infinities, NaN, and number types."""

import numpy as np
import pytest

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

IMAGE = np.array([[1, 5, 2, 0, 7], [3, 4, 9, 8, 1], [6, 2, 1, 1, 3]], float).reshape(1, 3, 5, 1)

# Ties, infinities, NaN


def test_in_a_tie_the_first_maximum_takes_it_row_by_row():
    image = np.array([[0, 7], [7, 7]], float).reshape(1, 2, 2, 1)
    gradient = max_pool2d_backward(np.ones((1, 1, 1, 1)), image)
    assert gradient[0, :, :, 0].tolist() == [[0, 1], [0, 0]]
    zeros = np.array([-0.0, 0.0]).reshape(1, 1, 2, 1)
    assert max_pool2d_backward(np.ones((1, 1, 1, 1)), zeros, (1, 2)).ravel().tolist() == [1, 0]


def test_padding_never_takes_the_gradient_of_a_window_that_holds_a_pixel():
    images = np.full((1, 1, 1, 1), -np.inf)
    padding = ((1, 0), (1, 0))
    assert max_pool2d(images, padding=padding).item() == -np.inf
    gradient = max_pool2d_backward(np.full((1, 1, 1, 1), 3.0), images, padding=padding)
    assert gradient.item() == 3
    smallest = np.zeros((1, 1, 1, 1), np.uint8)
    assert max_pool2d(smallest, padding=padding).item() == 0
    assert max_pool2d_backward(np.full((1, 1, 1, 1), 3.0), smallest, padding=padding).item() == 3


def test_a_window_of_padding_alone_gives_minus_infinity_and_its_gradient_is_lost():
    padding = ((2, 0), (0, 0))
    outputs = max_pool2d(IMAGE, padding=padding)
    assert outputs[0, :, :, 0].tolist() == [[-np.inf, -np.inf], [5, 9]]
    gradient = max_pool2d_backward(np.ones(outputs.shape), IMAGE, padding=padding)
    assert gradient.sum() == 2


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_nan_reaches_the_windows_that_see_it_and_takes_their_gradient(place):
    images = np.arange(16.0).reshape(1, 4, 4, 1)
    images[0, *place] = np.nan
    expected = np.array([[True, False], [False, False]])
    grad_output = np.array([[1, 2], [3, 4]], float).reshape(1, 2, 2, 1)
    for pool in (max_pool2d, avg_pool2d):
        assert np.array_equal(np.isnan(pool(images)[0, :, :, 0]), expected)
    gradient = max_pool2d_backward(grad_output, images)
    assert gradient[0, *place, 0] == 1
    assert gradient.sum() == 10
    assert np.isfinite(avg_pool2d_backward(grad_output, images)).all()


def test_the_first_of_several_nans_takes_the_gradient():
    images = np.array([[9, np.nan], [np.nan, 1]]).reshape(1, 2, 2, 1)
    gradient = max_pool2d_backward(np.ones((1, 1, 1, 1)), images)
    assert gradient[0, :, :, 0].tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_stays_in_its_window(value):
    grad_output = np.ones((1, 1, 2, 1))
    grad_output[0, 0, 0, 0] = value
    gradient = max_pool2d_backward(grad_output, IMAGE)[0, :, :, 0]
    expected = np.zeros((3, 5))
    expected[0, 1], expected[1, 2] = value, 1
    np.testing.assert_array_equal(gradient, expected)
    gradient = avg_pool2d_backward(grad_output, IMAGE)[0, :, :, 0]
    assert np.isfinite(gradient).sum() == 3 * 5 - 4


def test_infinities_are_numbers_like_others():
    images = np.array([[-np.inf, -np.inf], [-np.inf, 5]]).reshape(1, 2, 2, 1)
    assert max_pool2d(images, 1).ravel().tolist() == images.ravel().tolist()
    assert max_pool2d(images).item() == 5
    assert max_pool2d(-images).item() == np.inf


# Number types


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_stay_what_they_are(dtype):
    images = IMAGE.astype(dtype)
    for pool, backward in [
        (max_pool2d, max_pool2d_backward),
        (avg_pool2d, avg_pool2d_backward),
    ]:
        outputs = pool(images)
        assert outputs.dtype == backward(outputs, images).dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_integers_keep_their_maximum_and_have_a_float64_mean(dtype):
    images = np.full((1, 3, 3, 1), np.iinfo(dtype).min, dtype)
    images[0, 0, 0, 0] = np.iinfo(dtype).max
    largest, smallest = np.iinfo(dtype).max, np.iinfo(dtype).min
    outputs = max_pool2d(images, padding="same")
    assert outputs.dtype == dtype
    assert outputs.ravel().tolist() == [largest, smallest, smallest, smallest]
    means = avg_pool2d(images)
    assert means.dtype == np.float64
    assert means.item() == images[0, :2, :2].mean()


@pytest.mark.parametrize(
    ("grad_dtype", "images_dtype", "expected"),
    [
        (np.float32, np.float64, np.float64),
        (np.float64, np.float32, np.float64),
        (np.float32, np.uint8, np.float32),
        (np.int64, np.float32, np.float64),
        (np.int64, np.int64, np.int64),
        (np.int8, np.uint8, np.int64),
    ],
)
def test_a_gradient_is_promoted_as_numpy_promotes(grad_dtype, images_dtype, expected):
    grad_output, images = np.full((1, 1, 2, 1), 1, grad_dtype), IMAGE.astype(images_dtype)
    gradient = max_pool2d_backward(grad_output, images)
    assert gradient.dtype == expected
    assert gradient.sum() == 2
    gradient = avg_pool2d_backward(grad_output, images)
    # Quarters need a float: integer images are taken as float64.
    assert gradient.dtype == (expected if images.dtype.kind == "f" else np.float64)
    assert gradient[0, 0, 0, 0] == 0.25


def test_float32_means_of_large_windows_are_right_to_the_last_digits(rng):
    images = (255 * rng.uniform(size=(1, 256, 256, 3))).astype(np.float32)
    expected = images.astype(np.float64).mean(axis=(1, 2))
    relative = np.abs(avg_pool2d(images, 256)[:, 0, 0] / expected - 1)
    assert relative.max() < 2e-6


def test_the_arguments_are_left_as_they_were(rng):
    images = rng.normal(size=(2, 5, 5, 2))
    grad_output = rng.normal(size=(2, 3, 3, 2))
    copies = images.copy(), grad_output.copy()
    for pool, backward in [
        (max_pool2d, max_pool2d_backward),
        (avg_pool2d, avg_pool2d_backward),
    ]:
        assert not np.shares_memory(pool(images, 1), images)
        pool(images, padding="same")
        backward(grad_output, images, padding="same")
    assert np.array_equal(images, copies[0])
    assert np.array_equal(grad_output, copies[1])


def test_views_and_lists_are_taken_as_arrays(rng):
    images = rng.normal(size=(1, 9, 8, 4))
    view = images[:, ::-2, 1::2, ::3]
    assert np.array_equal(max_pool2d(view), max_pool2d(view.copy()))
    assert np.array_equal(avg_pool2d(view.tolist()), avg_pool2d(view.copy()))
