import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import check_gradients, dense, dense_backward

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-9}


@st.composite
def problems(draw):
    """Random operands of a dense layer, and a gradient for its outputs."""
    features, units = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    batch = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shapes = [(*batch, features), (features, units), (units,), (*batch, units)]
    return dtype, *(rng.normal(size=shape).astype(dtype) for shape in shapes)


def test_dense_worked_by_hand():
    # 1*1 + 2*3 + 10 and 1*2 + 2*4 + 20;  3*1 + 0*3 + 10 and 3*2 + 0*4 + 20
    inputs, weights = [[1.0, 2.0], [3.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]]
    assert dense(inputs, weights, [10.0, 20.0]).tolist() == [[17, 30], [13, 26]]
    assert dense(inputs, weights).tolist() == [[7, 10], [3, 6]]


def test_gradient_worked_by_hand():
    inputs, weights = [[1.0, 2.0], [3.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]]
    grad_inputs, grad_weights, grad_bias = dense_backward([[1.0, 0], [10, 100]], inputs, weights)
    # The first example asks for the first unit only; the second for 10*1 + 100*2, 10*3 + 100*4.
    assert grad_inputs.tolist() == [[1, 3], [210, 430]]
    # Input 0 was 1 and 3: 1*1 + 3*10 and 1*0 + 3*100. Input 1 was 2 and 0.
    assert grad_weights.tolist() == [[31, 300], [2, 0]]
    assert grad_bias.tolist() == [11, 100]


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_dense_and_its_gradient_match_keras_for_random_shapes(keras, assert_close, problem):
    import tensorflow as tf

    dtype, inputs, weights, bias, grad_output = problem
    layer = keras.layers.Dense(len(bias), dtype=np.dtype(dtype).name)
    layer.build(inputs.shape)
    layer.set_weights([weights, bias])
    variable = tf.Variable(inputs)
    with tf.GradientTape() as tape:
        expected = layer(variable)
    sources = [variable, layer.kernel.value, layer.bias.value]
    gradients = tape.gradient(expected, sources, output_gradients=grad_output)
    actual = dense(inputs, weights, bias)
    assert actual.dtype == dtype
    assert_close(actual, expected, TOLERANCE[dtype])
    for mine, theirs in zip(dense_backward(grad_output, inputs, weights), gradients, strict=True):
        assert mine.dtype == dtype
        assert_close(mine, theirs, TOLERANCE[dtype])


def test_gradients_agree_with_central_differences(rng):
    operands = {
        "inputs": rng.normal(size=(2, 3, 4)),
        "weights": rng.normal(size=(4, 5)),
        "bias": rng.normal(size=5),
    }
    grad_output = rng.normal(size=(2, 3, 5))
    gradients = dense_backward(grad_output, operands["inputs"], operands["weights"])
    reports = check_gradients(
        lambda **operands: np.vdot(dense(**operands), grad_output),
        dict(zip(operands, gradients, strict=True)),
        operands,
        tolerance=1e-8,
    )
    assert all(report.passed for report in reports.values()), reports


def test_onnx_gives_the_same(onnx_cases, assert_close):
    checked = 0
    for name, (attributes, inputs, outputs) in onnx_cases("Gemm").items():
        a, b, *c = inputs
        a = a.T if attributes.get("transA") else a
        b = b.T if attributes.get("transB") else b
        a, c = a * attributes.get("alpha", 1), [c * attributes.get("beta", 1) for c in c]
        bias = np.broadcast_to(c[0], outputs[0].shape) if c else 0 * outputs[0]
        # Gemm adds a matrix where dense adds a vector: what differs from row to row is added here.
        mine = dense(a, b, bias[0]) + (bias - bias[0])
        assert_close(mine, outputs[0], 1e-6, name)
        checked += 1
    assert checked >= 8


def test_dtypes_are_promoted_as_numpy_promotes():
    for inputs, weights, expected in [
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.uint8, np.float32, np.float32),
        (np.uint8, np.int8, np.int64),
    ]:
        operands = np.full((1, 3), 100, inputs), np.full((3, 1), 100, weights)
        outputs = dense(*operands)
        assert outputs.dtype == expected
        assert outputs.item() == 30000
        gradients = dense_backward(outputs, *operands)
        assert all(gradient.dtype == expected for gradient in gradients)
        assert gradients[1].tolist() == [[3_000_000]] * 3


def test_a_nan_reaches_the_outputs_and_gradients_of_its_example():
    inputs, weights = np.ones((2, 3)), np.ones((3, 2))
    inputs[0, 1] = np.nan
    assert np.isnan(dense(inputs, weights)).tolist() == [[True, True], [False, False]]
    grad_inputs, grad_weights, _ = dense_backward(np.ones((2, 2)), inputs, weights)
    assert not np.isnan(grad_inputs).any()
    assert np.isnan(grad_weights[1]).all()
    assert not np.isnan(grad_weights[[0, 2]]).any()


def test_the_arguments_are_left_as_they_were(rng):
    operands = [rng.normal(size=shape) for shape in [(2, 3), (3, 4), (4,)]]
    copies = [operand.copy() for operand in operands]
    dense_backward(dense(*operands), *operands[:2])
    assert all((a == b).all() for a, b in zip(operands, copies, strict=True))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"inputs": np.ones((2, 4))}, ValueError, r"inputs must have D = 3 .* received shape \(2,"),
        ({"inputs": np.float64(1)}, ValueError, r"inputs must have D = 3 .* received shape \(\)"),
        ({"inputs": np.ones((0, 3))}, ValueError, "inputs must not be empty"),
        ({"inputs": np.ones((2, 3), bool)}, TypeError, "inputs must be .* received dtype bool"),
        ({"inputs": [["a", "b", "c"]]}, TypeError, "inputs must be .* received dtype <U1"),
        ({"weights": np.ones(3)}, ValueError, r"weights must have shape \(D, units\); received"),
        ({"weights": np.ones((3, 2), complex)}, TypeError, "weights must be .* dtype complex128"),
        ({"bias": np.ones(3)}, ValueError, r"bias must have shape \(2,\), one entry a unit"),
        ({"bias": np.ones((1, 2))}, ValueError, r"bias must have shape \(2,\).*received \(1, 2\)"),
        ({"bias": np.ones(2, object)}, TypeError, "bias must be .* received dtype object"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    operands = {"inputs": np.ones((2, 3)), "weights": np.ones((3, 2)), **arguments}
    with pytest.raises(error, match=message):
        dense(**operands)
    if "bias" not in arguments:
        with pytest.raises(error, match=message):
            dense_backward(np.ones((2, 2)), **operands)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape of dense's result, \(2, 2\); received \(2, 3\)"):
        dense_backward(np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(TypeError, match=r"grad_output must be .* received dtype bool"):
        dense_backward(np.ones((2, 2), bool), np.ones((2, 3)), np.ones((3, 2)))
