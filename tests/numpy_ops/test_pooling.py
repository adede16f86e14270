"""max_pool2d and avg_pool2d by hand, by their formula, by central differences."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    check_gradient,
    max_pool2d,
    max_pool2d_backward,
)

# One change at a time from the defaults, then several at once.
GEOMETRIES = [
    {},
    {"pool_size": 3},
    {"pool_size": (1, 3)},
    {"strides": 1},
    {"strides": 3},  # larger than the window: pixels between the windows are never seen
    {"pool_size": 3, "strides": 2},
    {"pool_size": (3, 2), "strides": (1, 2)},
    {"padding": "same"},
    {"pool_size": 3, "strides": 1, "padding": "same"},
    {"pool_size": 4, "strides": (3, 2), "padding": "same"},
    {"pool_size": 3, "padding": ((2, 0), (1, 1))},
    {"pool_size": (2, 3), "strides": (1, 2), "padding": ((0, 1), (2, 2))},
]

IMAGE = np.array([[1, 5, 2, 0, 7], [3, 4, 9, 8, 1], [6, 2, 1, 1, 3]], float).reshape(1, 3, 5, 1)


@st.composite
def geometries(draw):
    """Random arguments, and a size of image with a pixel in every window."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    pool_size, strides = draw(pairs), draw(st.one_of(st.none(), pairs))
    amounts = [
        st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)) for k in pool_size
    ]  # less than a window, so that every window holds a pixel
    padding = draw(st.one_of(st.sampled_from(["valid", "same"]), st.tuples(*amounts)))
    size = tuple(k + draw(st.integers(0, 5)) for k in pool_size)
    return size, {"pool_size": pool_size, "strides": strides, "padding": padding}


def list_windows(size, pool_size=2, strides=None, padding="valid"):
    """For each output pixel, the image's pixels in its window, row by row: the definition."""
    pool_size = np.broadcast_to(pool_size, 2)
    strides = pool_size if strides is None else np.broadcast_to(strides, 2)
    if padding == "valid":
        padding = ((0, 0), (0, 0))
    if padding == "same":
        totals = [
            max((-(-n // s) - 1) * s + k - n, 0)
            for n, k, s in zip(size, pool_size, strides, strict=True)
        ]
        padding = [(total // 2, total - total // 2) for total in totals]
    counts = [
        (n + sum(p) - k) // s + 1
        for n, p, k, s in zip(size, padding, pool_size, strides, strict=True)
    ]
    windows = {}
    for i, j in np.ndindex(*counts):
        top, left = i * strides[0] - padding[0][0], j * strides[1] - padding[1][0]
        places = [(top + m, left + n) for m, n in np.ndindex(*pool_size)]
        windows[i, j] = [(r, c) for r, c in places if 0 <= r < size[0] and 0 <= c < size[1]]
    return counts, windows


def pool_by_definition(reduce, images, geometry):
    counts, windows = list_windows(images.shape[1:3], **geometry)
    outputs = np.empty((len(images), *counts, images.shape[3]))
    for (i, j), places in windows.items():
        outputs[:, i, j] = reduce([images[:, r, c] for r, c in places], axis=0)
    return outputs


def max_backward_by_definition(grad_output, images, geometry):
    _, windows = list_windows(images.shape[1:3], **geometry)
    gradient = np.zeros(images.shape)
    for (i, j), places in windows.items():
        for b, c in np.ndindex(len(images), images.shape[3]):
            row, column = max(places, key=lambda place: images[b, *place, c])  # the first of them
            gradient[b, row, column, c] += grad_output[b, i, j, c]
    return gradient


# By hand


def test_max_pooling_of_a_case_worked_by_hand():
    # The last column and the last row fill no window of 2 x 2.
    assert max_pool2d(IMAGE)[0, :, :, 0].tolist() == [[5, 9]]
    assert max_pool2d(IMAGE, strides=1)[0, :, :, 0].tolist() == [[5, 9, 9, 8], [6, 9, 9, 8]]
    assert max_pool2d(IMAGE, (1, 3))[0, :, :, 0].tolist() == [[5], [9], [6]]
    assert max_pool2d(IMAGE, (1, 2), strides=(2, 3))[0, :, :, 0].tolist() == [[5, 7], [6, 3]]


def test_same_padding_keeps_the_last_row_and_column():
    expected = [[5, 9, 7], [6, 1, 3]]
    assert max_pool2d(IMAGE, padding="same")[0, :, :, 0].tolist() == expected
    # Four, two, two and one pixel of the image in a window.
    expected = [[13 / 4, 19 / 4, 8 / 2], [8 / 2, 2 / 2, 3]]
    assert avg_pool2d(IMAGE, padding="same")[0, :, :, 0].tolist() == expected


def test_explicit_padding_goes_where_it_is_said():
    outputs = max_pool2d(IMAGE, padding=((1, 0), (0, 1)))
    assert outputs[0, :, :, 0].tolist() == [[5, 2, 7], [6, 9, 3]]
    outputs = avg_pool2d(IMAGE, padding=((1, 0), (0, 1)))
    assert outputs[0, :, :, 0].tolist() == [[3, 1, 7], [15 / 4, 19 / 4, 2]]


def test_average_pooling_of_a_case_worked_by_hand():
    assert avg_pool2d(IMAGE)[0, :, :, 0].tolist() == [[13 / 4, 19 / 4]]
    assert avg_pool2d(IMAGE, (3, 1), strides=(1, 4))[0, :, :, 0].tolist() == [[10 / 3, 11 / 3]]


def test_the_maximum_takes_the_gradient_by_hand():
    gradient = max_pool2d_backward(np.array([[[[10.0], [20.0]]]]), IMAGE)
    expected = [[0, 10, 0, 0, 0], [0, 0, 20, 0, 0], [0, 0, 0, 0, 0]]
    assert gradient[0, :, :, 0].tolist() == expected


def test_a_pixel_that_wins_several_windows_takes_all_their_gradients():
    # 9 wins the two windows in the middle, of the upper row and of the lower.
    grad_output = np.array([[1, 2, 3, 4], [10, 20, 30, 40]], float).reshape(1, 2, 4, 1)
    gradient = max_pool2d_backward(grad_output, IMAGE, strides=1)
    expected = [[0, 1, 0, 0, 0], [0, 0, 55, 44, 0], [10, 0, 0, 0, 0]]
    assert gradient[0, :, :, 0].tolist() == expected


def test_the_average_divides_the_gradient_among_the_pixels_that_are_there():
    grad_output = np.array([[4, 8, 6], [2, 10, 5]], float).reshape(1, 2, 3, 1)
    gradient = avg_pool2d_backward(grad_output, IMAGE, padding="same")
    expected = [[1, 1, 2, 2, 3], [1, 1, 2, 2, 3], [1, 1, 5, 5, 5]]
    assert gradient[0, :, :, 0].tolist() == expected


def test_channels_and_images_are_pooled_each_by_itself():
    images = np.arange(2 * 2 * 2 * 3, dtype=float).reshape(2, 2, 2, 3)
    images[0, 0, 0] = [100, -1, 50]
    assert max_pool2d(images)[:, 0, 0].tolist() == [[100, 10, 50], [21, 22, 23]]
    assert avg_pool2d(images)[1, 0, 0].tolist() == [16.5, 17.5, 18.5]
    gradient = max_pool2d_backward(np.ones((2, 1, 1, 3)), images)
    assert gradient[0].tolist() == [[[1, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]]]


# By the definition


@settings(max_examples=80, deadline=None)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_pooling_equals_its_definition_for_random_shapes(drawn, seed):
    size, geometry = drawn
    images = np.random.default_rng(seed).normal(size=(2, *size, 2))
    expected = pool_by_definition(np.max, images, geometry)
    assert np.array_equal(max_pool2d(images, **geometry), expected)
    expected = pool_by_definition(np.mean, images, geometry)
    np.testing.assert_allclose(avg_pool2d(images, **geometry), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_in_a_tie_the_first_maximum_takes_the_gradient_for_random_shapes(drawn, seed):
    size, geometry = drawn
    rng = np.random.default_rng(seed)
    images = rng.integers(-1, 2, (2, *size, 2)).astype(float)  # three values: ties everywhere
    grad_output = rng.integers(1, 100, max_pool2d(images, **geometry).shape).astype(float)
    expected = max_backward_by_definition(grad_output, images, geometry)
    assert np.array_equal(max_pool2d_backward(grad_output, images, **geometry), expected)


@settings(max_examples=80, deadline=None)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_average_backward_is_the_adjoint_of_forward_for_random_shapes(drawn, seed):
    # The average is linear: <forward(v), g> = <v, backward(g)> for every v.
    size, geometry = drawn
    rng = np.random.default_rng(seed)
    images, others = rng.normal(size=(2, 2, *size, 2))
    grad_output = rng.normal(size=avg_pool2d(images, **geometry).shape)
    product = np.vdot(avg_pool2d(others, **geometry), grad_output)
    gradient = avg_pool2d_backward(grad_output, images, **geometry)
    np.testing.assert_allclose(np.vdot(others, gradient), product, rtol=1e-10, atol=1e-10)


def test_the_maximum_is_the_image_along_its_gradient(rng):
    # max(t x) = t max(x) for t > 0: by Euler <forward(x), g> = <x, backward(g)>, at x itself.
    images = rng.normal(size=(2, 7, 6, 3))
    for geometry in GEOMETRIES:
        outputs = max_pool2d(images, **geometry)
        grad_output = rng.normal(size=outputs.shape)
        gradient = max_pool2d_backward(grad_output, images, **geometry)
        assert np.isclose(np.vdot(images, gradient), np.vdot(outputs, grad_output))
        assert np.isclose(gradient.sum(), grad_output.sum())  # nothing lost, nothing added


def test_a_shift_by_the_stride_shifts_the_output_by_one(rng):
    images = rng.normal(size=(1, 12, 12, 2))
    shifted = np.roll(images, (2, 4), axis=(1, 2))
    for pool in (max_pool2d, avg_pool2d):
        outputs = pool(images)
        assert np.array_equal(pool(shifted), np.roll(outputs, (1, 2), axis=(1, 2)))


@pytest.mark.parametrize("images_in_a_block", [1, 2, 3])
def test_blocks_of_images_give_the_same(rng, monkeypatch, images_in_a_block):
    images = rng.normal(size=(5, 6, 7, 2))
    grad_output = rng.normal(size=(5, 3, 4, 2))
    how = {"pool_size": 3, "strides": 2, "padding": "same"}

    def pool_and_back():
        yield from (max_pool2d(images, **how), avg_pool2d(images, **how))
        yield max_pool2d_backward(grad_output, images, **how)
        yield avg_pool2d_backward(grad_output, images, **how)

    whole = list(pool_and_back())
    size = images_in_a_block * images[0].nbytes
    monkeypatch.setattr(sys.modules[max_pool2d.__module__], "_BLOCK_BYTES", size)
    for actual, expected in zip(pool_and_back(), whole, strict=True):
        assert np.array_equal(actual, expected)


# Central differences


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@pytest.mark.parametrize(
    ("pool", "backward"), [(max_pool2d, max_pool2d_backward), (avg_pool2d, avg_pool2d_backward)]
)
def test_backward_agrees_with_central_differences(rng, geometry, pool, backward):
    # A hundredth apart at least: the step of the differences turns no maximum over.
    images = 0.01 * rng.permutation(2 * 6 * 7 * 3).reshape(2, 6, 7, 3)
    grad_output = rng.normal(size=pool(images, **geometry).shape)
    report = check_gradient(
        lambda x: np.vdot(pool(x, **geometry), grad_output),
        backward(grad_output, images, **geometry),
        images,
        tolerance=1e-8,
    )
    assert report.passed, report
