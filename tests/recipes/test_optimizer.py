"""Muon's orthogonalisation against a singular value decomposition; updates worked by hand."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # Keras loads


@pytest.fixture(scope="module")
def recipes(keras):
    from cnn_tutorial import recipes

    return recipes


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (6, 6)])
def test_orthogonalizing_keeps_singular_vectors_and_makes_values_about_one(keras, recipes, shape):
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.normal(size=(shape[0], min(shape))))
    right, _ = np.linalg.qr(rng.normal(size=(shape[1], min(shape))))
    values = np.linspace(0.3, 2, min(shape))
    matrix = (left * values) @ right.T
    result = keras.ops.convert_to_numpy(recipes.orthogonalize(matrix.astype("float32"), 5))
    middle = left.T @ result @ right
    np.testing.assert_allclose(middle, np.diag(np.diag(middle)), atol=1e-4)
    assert np.diag(middle).min() > 0.6
    assert np.diag(middle).max() < 1.3


def test_each_pass_is_the_polynomial_of_the_singular_values(keras, recipes):
    matrix = np.diag([3.0, 1.0]).astype("float32")
    expected = np.array([3.0, 1.0]) / np.sqrt(10)
    for passes in (1, 2, 3):
        expected = 3.4445 * expected - 4.7750 * expected**3 + 2.0315 * expected**5
        result = keras.ops.convert_to_numpy(recipes.orthogonalize(matrix, passes))
        np.testing.assert_allclose(np.diag(result), expected, rtol=1e-4)


def update(keras, recipes, first, gradients, **options):
    """The value of one variable after an update with each gradient."""
    variable = keras.Variable(np.array(first, "float32"))
    optimizer = recipes.MuonSGD(**options)
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    return keras.ops.convert_to_numpy(variable)


@pytest.mark.parametrize(
    ("first", "own"), [([1.0, -2.0], "bias_rate"), ([[1.0], [-2.0]], "head_rate")]
)
def test_vectors_and_matrices_go_by_nesterov_with_decay_at_their_own_rate(
    keras, recipes, first, own
):
    options = {"bias_rate": 0.3, "head_rate": 0.7, "decay": 0.01}
    first = np.array(first)
    gradients = [np.full(first.shape, 0.5), np.full(first.shape, -0.25)]
    w, m, rate = first.copy(), 0.0, options[own]
    for gradient in gradients:
        g = gradient + w * 0.01 / rate
        m = 0.85 * m + g
        w = w - 0.5 * rate * (g + 0.85 * m)
    found = update(keras, recipes, first, gradients, learning_rate=0.5, **options)
    np.testing.assert_allclose(found, w, rtol=1e-5)


def test_kernels_are_scaled_and_moved_by_the_orthogonalized_step(keras, recipes):
    rng = np.random.default_rng(0)
    kernel, *gradients = rng.normal(size=(3, 3, 3, 4, 6))
    w, m = kernel.copy(), 0.0
    for gradient in gradients:
        m = 0.6 * m + gradient
        flat = (gradient + 0.6 * m).reshape(36, 6).astype("float32")
        step = keras.ops.convert_to_numpy(recipes.orthogonalize(flat)).reshape(w.shape)
        w = w * np.sqrt(6) / np.linalg.norm(w) - 0.5 * 0.2 * step
    options = {"learning_rate": 0.5, "kernel_rate": 0.2}
    found = update(keras, recipes, kernel, gradients, **options)
    np.testing.assert_allclose(found, w, rtol=1e-4, atol=1e-5)


def test_the_optimizer_is_made_again_from_its_configuration(keras, recipes):
    options = {"kernel_rate": 0.1, "bias_rate": 2.0, "head_rate": 3.0, "decay": 0.5}
    again = recipes.MuonSGD.from_config(recipes.MuonSGD(**options).get_config())
    assert {name: getattr(again, name) for name in options} == options
