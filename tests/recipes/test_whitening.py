"""Whitened patches are uncorrelated, by NumPy alone, and by the layer in the network."""

import numpy as np
import pytest

from cnn_tutorial import recipes
from cnn_tutorial.recipes.whitening import DEVIATION, MEAN


def patches(images, size):
    """Every patch, standardised and flattened, by loops."""
    pixels = (images.astype(float) - MEAN) / DEVIATION
    last = images.shape[1] - size + 1
    cut = [
        pixels[:, r : r + size, c : c + size].reshape(len(images), -1)
        for r in range(last)
        for c in range(last)
    ]
    return np.concatenate(cut)


@pytest.mark.parametrize("size", [2, 3])
def test_whitened_patches_have_the_identity_as_covariance(smooth_images, size):
    images = smooth_images[:60]
    kernel = recipes.find_whitening(images, size=size, epsilon=0.0)
    flat = patches(images, size)
    before = flat.T @ flat / len(flat)
    half = 3 * size**2
    outputs = flat @ kernel.reshape(half, -1)[:, :half]
    after = outputs.T @ outputs / len(outputs)
    assert np.abs(before - np.eye(half)).max() > 0.5
    np.testing.assert_allclose(after, np.eye(half), atol=2e-3)


def test_epsilon_keeps_directions_that_hardly_vary_small(smooth_images):
    images, epsilon = smooth_images[:60], 0.1
    kernel = recipes.find_whitening(images, epsilon=epsilon)
    flat = patches(images, 2)
    values = np.linalg.eigvalsh(flat.T @ flat / len(flat))[::-1]
    outputs = flat @ kernel.reshape(12, -1)[:, :12]
    found = (outputs**2).mean(axis=0)
    np.testing.assert_allclose(found, values / (values + epsilon), rtol=1e-3)


def test_the_second_half_of_the_filters_is_the_negative_of_the_first(smooth_images):
    kernel = recipes.find_whitening(smooth_images[:20])
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 8, 8, 1), (4, 1, 8, 3)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="images must be"):
        recipes.find_whitening(np.zeros(shape, np.uint8))


@pytest.mark.slow
def test_the_first_layer_of_the_network_whitens_and_is_not_trained(keras, tiny, smooth_images):
    from cnn_tutorial.recipes.running import make_model

    model = make_model(tiny(), smooth_images, updates=10)
    layer = keras.Model(model.input, model.get_layer("whiten").output)
    outputs = layer.predict(smooth_images, verbose=0)[..., :12].reshape(-1, 12)
    found = outputs.T @ outputs / len(outputs)
    assert np.abs(found - np.diag(np.diag(found))).max() < 0.01
    assert np.abs(np.diag(found) - 1).max() < 0.05
    assert "whiten" not in " ".join(w.path for w in model.trainable_weights)


@pytest.mark.slow
def test_without_whitening_the_first_layer_is_trained(keras, tiny, smooth_images):
    from cnn_tutorial.recipes.running import make_model

    model = make_model(tiny(whitening=False), smooth_images, updates=10)
    assert "whiten" in " ".join(w.path for w in model.trainable_weights)
