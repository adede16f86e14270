import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import check_gradient, dropout, dropout_backward


def test_what_is_kept_is_scaled_and_what_is_dropped_is_zero(rng):
    inputs = rng.normal(size=(50, 8))
    outputs, mask = dropout(inputs, 0.75, rng=rng)
    assert mask.dtype == bool
    assert mask.shape == outputs.shape == inputs.shape
    np.testing.assert_allclose(outputs[mask], inputs[mask] * 4, rtol=1e-15)
    assert (outputs[~mask] == 0).all()


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_is_the_rate_and_the_mean_is_kept(rate):
    outputs, mask = dropout(np.ones((100, 1000)), rate, rng=np.random.default_rng(0))
    # Five standard deviations of a share of 100,000 coin tosses, and of the mean it makes.
    deviation = 5 * np.sqrt(rate * (1 - rate) / mask.size)
    assert abs((~mask).mean() - rate) <= deviation
    assert abs(outputs.mean() - 1) <= deviation / (1 - rate) + 1e-12
    # Entries are dropped one by one, not whole rows or columns.
    for axis in (0, 1):
        spread = np.sqrt(rate * (1 - rate) / mask.shape[axis])
        assert mask.mean(axis=axis).std() == pytest.approx(spread, rel=0.3, abs=1e-12)


def test_rate_zero_keeps_everything(rng):
    inputs = rng.normal(size=5)
    outputs, mask = dropout(inputs, 0, rng=rng)
    assert mask.all()
    assert (outputs == inputs).all()


def test_the_generator_decides_the_mask():
    ones = np.ones(100)
    first, second = (dropout(ones, 0.5, rng=np.random.default_rng(7))[1] for _ in range(2))
    assert (first == second).all()
    assert (first != dropout(ones, 0.5, rng=np.random.default_rng(8))[1]).any()
    generator = np.random.default_rng(7)
    assert (first == dropout(ones, 0.5, rng=generator)[1]).all()
    assert (first != dropout(ones, 0.5, rng=generator)[1]).any()


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-9)])
@settings(max_examples=20, deadline=None)
@given(
    shape=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    rate=st.floats(0, 0.9),
    seed=st.integers(0, 1000),
)
def test_keras_scales_what_it_keeps_in_the_same_way(keras, dtype, tolerance, shape, rate, seed):
    # The draws differ; what becomes of an entry that both keep, or both drop, does not.
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    inputs, grad_output = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    variable = tf.Variable(inputs)
    layer = keras.layers.Dropout(rate, seed=seed, dtype=np.dtype(dtype).name)
    with tf.GradientTape() as tape:
        theirs = layer(variable, training=True)
    their_gradient = tape.gradient(theirs, variable, output_gradients=grad_output).numpy()
    mine, mask = dropout(inputs, rate, rng=rng)
    my_gradient = dropout_backward(grad_output, mask, rate)
    their_mask = theirs.numpy() != 0
    for both in (mask & their_mask, ~mask & ~their_mask):
        np.testing.assert_allclose(mine[both], theirs.numpy()[both], rtol=tolerance)
        np.testing.assert_allclose(my_gradient[both], their_gradient[both], rtol=tolerance)
    assert mine.dtype == my_gradient.dtype == dtype


def test_gradient_agrees_with_central_differences(rng):
    inputs, grad_output = rng.normal(size=(2, 6)), rng.normal(size=(2, 6))
    _, mask = dropout(inputs, 0.3, rng=np.random.default_rng(4))
    assert 0 < mask.sum() < mask.size

    def loss(inputs):
        return np.vdot(dropout(inputs, 0.3, rng=np.random.default_rng(4))[0], grad_output)

    report = check_gradient(loss, dropout_backward(grad_output, mask, 0.3), inputs)
    assert report.passed, report
    assert not check_gradient(loss, dropout_backward(grad_output, mask, 0.4), inputs).passed


def test_integers_become_floats_and_a_nan_stays_where_it_is_kept(rng):
    outputs, mask = dropout(np.full(20, 3), 0.5, rng=rng)
    assert outputs.dtype == np.float64
    assert outputs.tolist() == np.where(mask, 6, 0).tolist()
    outputs, mask = dropout(np.full(20, np.nan), 0.5, rng=rng)
    assert (np.isnan(outputs) == mask).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rate": 1.0}, ValueError, "rate must be at least 0 and below 1; received 1.0"),
        ({"rate": -0.1}, ValueError, "rate must be at least 0 and below 1; received -0.1"),
        ({"rate": np.nan}, ValueError, "rate must be at least 0 and below 1; received nan"),
        ({"rate": False}, TypeError, "rate must be a number; received bool"),
        ({"rate": "0.5"}, TypeError, "rate must be a number; received str"),
        ({"rate": 0.5 + 0j}, TypeError, "rate must be a number; received complex"),
        ({"rate": [0.5]}, TypeError, "rate must be a number; received list"),
        ({"rng": 0}, TypeError, r"rng must be a numpy.random.Generator.*; received int"),
        ({"rng": None}, TypeError, "rng must be .* received NoneType"),
        ({"rng": np.random.RandomState(0)}, TypeError, "rng must be .* received RandomState"),
        ({"inputs": np.ones(0)}, ValueError, "inputs must not be empty"),
        ({"inputs": np.ones(3, bool)}, TypeError, "inputs must be .* received dtype bool"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        dropout(**{"inputs": np.ones(3), "rate": 0.5, "rng": np.random.default_rng(0), **arguments})


def test_bad_arguments_of_the_gradient_are_refused():
    mask = np.ones(3, bool)
    with pytest.raises(TypeError, match="mask must be a boolean array; received dtype int64"):
        dropout_backward(np.ones(3), mask.astype(np.int64), 0.5)
    with pytest.raises(ValueError, match=r"shape of dropout's result, \(3,\); received \(2,\)"):
        dropout_backward(np.ones(2), mask, 0.5)
    with pytest.raises(ValueError, match="rate must be at least 0 and below 1; received 1"):
        dropout_backward(np.ones(3), mask, 1)
    with pytest.raises(TypeError, match=r"grad_output must be .* received dtype bool"):
        dropout_backward(mask, mask, 0.5)
