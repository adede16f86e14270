"""Global pooling: by hand, as pooling with one window, by central differences; what it refuses."""

import numpy as np
import pytest

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    check_gradient,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

FORWARD = [global_avg_pool2d, global_max_pool2d]
BACKWARD = [global_avg_pool2d_backward, global_max_pool2d_backward]
IMAGES = np.array(
    [[[1, 10], [4, 40]], [[7, 20], [0, 30]]],
    float,
)[None]  # (1, 2, 2, 2)


def test_global_pooling_by_hand():
    assert global_avg_pool2d(IMAGES).tolist() == [[3, 25]]
    assert global_max_pool2d(IMAGES).tolist() == [[7, 40]]


def test_global_gradients_by_hand():
    grad_output = np.array([[8.0, 4.0]])
    gradient = global_avg_pool2d_backward(grad_output, IMAGES)
    assert gradient[0].tolist() == [[[2, 1], [2, 1]], [[2, 1], [2, 1]]]
    gradient = global_max_pool2d_backward(grad_output, IMAGES)
    assert gradient[0].tolist() == [[[0, 0], [0, 4]], [[8, 0], [0, 0]]]


def test_global_pooling_is_pooling_with_one_window(rng):
    images = rng.integers(0, 5, (3, 6, 5, 4)).astype(float)  # with ties
    grad_output = rng.normal(size=(3, 4))
    whole, grad_window = (6, 5), grad_output[:, None, None]
    assert np.array_equal(global_max_pool2d(images), max_pool2d(images, whole)[:, 0, 0])
    assert np.array_equal(global_avg_pool2d(images), avg_pool2d(images, whole)[:, 0, 0])
    assert np.array_equal(
        global_max_pool2d_backward(grad_output, images),
        max_pool2d_backward(grad_window, images, whole),
    )
    np.testing.assert_allclose(
        global_avg_pool2d_backward(grad_output, images),
        avg_pool2d_backward(grad_window, images, whole),
        rtol=1e-14,
    )


def test_where_the_pixels_lie_does_not_matter(rng):
    images = rng.normal(size=(2, 4, 6, 3))
    shuffled = rng.permutation(images.reshape(2, 24, 3), axis=1).reshape(images.shape)
    assert np.array_equal(global_max_pool2d(shuffled), global_max_pool2d(images))
    np.testing.assert_allclose(global_avg_pool2d(shuffled), global_avg_pool2d(images), rtol=1e-12)


@pytest.mark.parametrize(("forward", "backward"), list(zip(FORWARD, BACKWARD, strict=True)))
def test_global_backward_agrees_with_central_differences(rng, forward, backward):
    images = 0.01 * rng.permutation(2 * 3 * 4 * 2).reshape(2, 3, 4, 2)
    grad_output = rng.normal(size=(2, 2))
    report = check_gradient(
        lambda x: np.vdot(forward(x), grad_output),
        backward(grad_output, images),
        images,
        tolerance=1e-8,
    )
    assert report.passed, report


def test_in_a_tie_the_first_maximum_of_the_image_takes_the_gradient():
    images = np.zeros((1, 2, 3, 1))
    images[0, 0, 2], images[0, 1, 1] = 5, 5
    gradient = global_max_pool2d_backward(np.array([[3.0]]), images)
    assert gradient[0, :, :, 0].tolist() == [[0, 0, 3], [0, 0, 0]]


def test_a_nan_reaches_its_channel_alone_and_takes_its_gradient():
    images = IMAGES.copy()
    images[0, 1, 0, 0] = np.nan
    for forward in FORWARD:
        assert np.isnan(forward(images)).tolist() == [[True, False]]
    gradient = global_max_pool2d_backward(np.array([[8.0, np.nan]]), images)
    np.testing.assert_array_equal(gradient[0], [[[0, 0], [0, np.nan]], [[8, 0], [0, 0]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_global_pooling_keeps_floats(dtype):
    images = IMAGES.astype(dtype)
    for forward, backward in zip(FORWARD, BACKWARD, strict=True):
        outputs = forward(images)
        assert outputs.dtype == backward(outputs, images).dtype == dtype


def test_global_pooling_of_integers():
    images = IMAGES.astype(np.uint8)
    assert global_max_pool2d(images).dtype == np.uint8
    assert global_avg_pool2d(images).dtype == np.float64
    assert global_avg_pool2d(np.full((1, 9, 9, 1), 255, np.uint8)).item() == 255
    grad_output = np.ones((1, 2), np.uint8)
    assert global_max_pool2d_backward(grad_output, images).sum() == 2
    assert global_avg_pool2d_backward(grad_output, images).sum() == 2


def test_global_pooling_of_one_pixel_changes_nothing(rng):
    images = rng.normal(size=(2, 1, 1, 3))
    for forward in FORWARD:
        assert np.array_equal(forward(images), images[:, 0, 0])


@pytest.mark.parametrize("forward", FORWARD)
def test_global_pooling_refuses_what_it_cannot_pool(forward):
    with pytest.raises(ValueError, match=r"images must have shape \(N, H, W, C\); received"):
        forward(np.ones((3, 3, 1)))
    with pytest.raises(
        ValueError, match=r"images must not be empty; received shape \(1, 0, 2, 1\)"
    ):
        forward(np.ones((1, 0, 2, 1)))
    for dtype in (bool, complex, object):
        with pytest.raises(TypeError, match="images must be an array of real numbers"):
            forward(np.ones((1, 2, 2, 1), dtype))


@pytest.mark.parametrize("backward", BACKWARD)
def test_global_backward_refuses_a_gradient_of_another_shape(backward):
    name = backward.__name__.removesuffix("_backward")
    for shape in [(1, 1, 1, 2), (2, 1), (2,), (1, 3)]:
        message = rf"grad_output must have the shape of {name}'s result, \(1, 2\); received"
        with pytest.raises(ValueError, match=message):
            backward(np.ones(shape), IMAGES)
    for dtype in (bool, complex, object):
        with pytest.raises(TypeError, match="grad_output must be an array of real numbers"):
            backward(np.ones((1, 2), dtype), IMAGES)
        with pytest.raises(TypeError, match="images must be an array of real numbers"):
            backward(np.ones((1, 2)), IMAGES.astype(dtype))
    with pytest.raises(ValueError, match="images must not be empty"):
        backward(np.ones((1, 2)), np.ones((1, 0, 2, 2)))
