"""The losses and their gradients against Keras on TensorFlow, at clipped probabilities too, against
Keras on JAX, with what the two do differently, and against ONNX's test vectors.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial import numpy_ops, session
from cnn_tutorial.numpy_ops import sigmoid, softmax

KERAS_NAMES = {
    "mean_squared_error": "mean_squared_error",
    "binary_cross_entropy": "binary_crossentropy",
    "categorical_cross_entropy": "categorical_crossentropy",
    "sparse_categorical_cross_entropy": "sparse_categorical_crossentropy",
}
TOLERANCES = {np.float32: 1e-5, np.float64: 1e-9}


def keras_loss_and_gradient(keras, name, targets, predictions, how):
    """What ``keras.losses`` gives, averaged over the batch as ``fit`` does it."""
    import tensorflow as tf

    x = tf.constant(predictions)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = getattr(keras.losses, KERAS_NAMES[name])(targets, x, **how)
        loss = keras.ops.mean(values)
    return float(loss), tape.gradient(loss, x).numpy()


def assert_same(received, expected, dtype):
    """Loss and gradient, each relative to its largest value, or to Keras's own rounding.

    Keras adds a row's probabilities in their own dtype. Their sum is about one, so a loss near
    zero comes out as a whole number of rounding steps at one, where we have all its digits
    (test_losses_digits.py).
    """
    for ours, theirs in zip(received, expected, strict=True):
        allowed = max(TOLERANCES[dtype] * np.abs(theirs).max(), np.finfo(dtype).eps)
        assert np.abs(ours - theirs).max() <= allowed


def compute(name, targets, predictions, how):
    loss = getattr(numpy_ops, name)(targets, predictions, **how)
    return loss, getattr(numpy_ops, f"{name}_backward")(targets, predictions, **how)


@st.composite
def problems(draw, name):
    """Targets or labels, predictions and arguments that are in the contract's domain."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shape = (*draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), draw(st.integers(2, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = draw(st.sampled_from([0.3, 1.0, 5.0])) * rng.normal(size=shape)
    if name == "mean_squared_error":
        return dtype, rng.normal(size=shape).astype(dtype), logits.astype(dtype), {}
    how = {"from_logits": draw(st.booleans())}
    if name == "binary_cross_entropy":
        targets, probs = rng.integers(0, 2, shape).astype(dtype), sigmoid(logits)
        if draw(st.booleans()):
            targets = rng.uniform(size=shape).astype(dtype)
    else:
        targets, probs = rng.integers(0, shape[-1], shape[:-1]), softmax(logits)
        probs *= rng.uniform(0.9992, 1.0008, (*shape[:-1], 1))  # Keras rescales, and so do we
        probs = np.minimum(probs, 1)
        if name == "categorical_cross_entropy":
            targets = np.eye(shape[-1], dtype=dtype)[targets]
            if draw(st.booleans()):
                targets = softmax(rng.normal(size=shape)).astype(dtype)
    if not name.startswith("sparse"):
        how["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 0.5]))
    return dtype, targets, (logits if how["from_logits"] else probs).astype(dtype), how


@pytest.mark.filterwarnings("ignore:from_logits=True")
@pytest.mark.parametrize("name", KERAS_NAMES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_loss_and_gradient_match_keras(keras, name, data):
    dtype, targets, predictions, how = data.draw(problems(name))
    expected = keras_loss_and_gradient(keras, name, targets, predictions, how)
    assert_same(compute(name, targets, predictions, how), expected, dtype)


# Probabilities that Keras clips. 0.9999999 is below float32's bound of 1 - 1.19e-7 or above it.
BINARY_ENDS = [0.0, 1e-9, 1e-7, 2e-7, 0.3, 0.9999995, 0.9999999, 1 - 1e-9, 1.0]
ROWS = [
    [1.0, 0.0, 0.0],
    [1 - 1e-9, 1e-9, 0.0],
    [0.3, 0.7, 0.0],
    [0.3, 0.7 - 1e-8, 1e-8],
    [1.0005, 0.0, 0.0],
    [0.6, 0.3996, 0.0],
]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("end", BINARY_ENDS)
def test_clipped_binary_probabilities_match_keras(keras, end, target, dtype, smoothing):
    operands = np.array([target], dtype), np.array([end], dtype)
    how = {"label_smoothing": smoothing}
    expected = keras_loss_and_gradient(keras, "binary_cross_entropy", *operands, how)
    assert_same(compute("binary_cross_entropy", *operands, how), expected, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_clipped_rows_match_keras(keras, row, label, dtype):
    row = np.minimum(np.array([row], dtype), dtype(1 + 9e-7))  # no entry above 1
    one_hot = np.eye(3, dtype=dtype)[[label]]
    for smoothing in (0.0, 0.1):
        how = {"label_smoothing": smoothing}
        expected = keras_loss_and_gradient(keras, "categorical_cross_entropy", one_hot, row, how)
        assert_same(compute("categorical_cross_entropy", one_hot, row, how), expected, dtype)
    name = "sparse_categorical_cross_entropy"
    expected = keras_loss_and_gradient(keras, name, np.array([label]), row, {})
    assert_same(compute(name, np.array([label]), row, {}), expected, dtype)


@pytest.mark.parametrize("label", [0, 1])
def test_a_sure_prediction_has_the_exact_loss_where_keras_has_a_rounding_step(keras, label):
    """Found by Hypothesis: Keras gives 1.19e-7 for the first, a relative error of 0.19."""
    row = np.array([[9.9961829e-01, 2.2313614e-11]], np.float32)
    name = "sparse_categorical_cross_entropy"
    expected = keras_loss_and_gradient(keras, name, np.array([label]), row, {})
    received = compute(name, np.array([label]), row, {})
    assert_same(received, expected, np.float32)
    ends = np.clip(row.astype(np.float64), 1e-7, 1)[0]
    assert received[0] == pytest.approx(np.log(ends.sum() / ends[label]), rel=1e-5)


def losses_on_jax(names, problems):
    """Runs in a process of its own: loss and gradient of every problem, in float32."""
    import jax
    import keras
    import numpy as np

    results = []
    for name, targets, predictions, how in problems:

        def loss(p, name=name, targets=targets, how=how):
            return keras.ops.mean(getattr(keras.losses, names[name])(targets, p, **how))

        value, gradient = jax.value_and_grad(loss)(predictions)
        results.append((float(value), np.asarray(gradient)))
    return results


@pytest.mark.slow
def test_keras_on_jax_differs_only_where_the_docstrings_say_so():
    rng = np.random.default_rng(0)
    logits = (4 * rng.normal(size=(5, 3))).astype(np.float32)
    probs, labels = softmax(logits), rng.integers(0, 3, 5)
    one_hot, clipped = np.eye(3, dtype=np.float32)[labels], np.array([[1, 0, 0]], np.float32)
    first, second = np.eye(3, dtype=np.float32)[[[0], [1]]]
    problems = [
        ("mean_squared_error", one_hot, logits, {}),
        ("binary_cross_entropy", one_hot, logits, {"from_logits": True}),
        ("binary_cross_entropy", one_hot, sigmoid(logits), {"label_smoothing": 0.1}),
        ("binary_cross_entropy", first, clipped, {}),
        ("binary_cross_entropy", second, clipped, {}),
        ("categorical_cross_entropy", one_hot, logits, {"from_logits": True}),
        ("categorical_cross_entropy", one_hot, probs, {"label_smoothing": 0.1}),
        ("categorical_cross_entropy", first, clipped, {}),
        ("categorical_cross_entropy", second, clipped, {}),
        ("sparse_categorical_cross_entropy", labels, logits, {"from_logits": True}),
        ("sparse_categorical_cross_entropy", labels, probs, {}),
        # Here they differ. On TensorFlow the clipped row (1 - e, e, e) is divided by its sum.
        ("sparse_categorical_cross_entropy", np.array([0]), clipped, {}),
        # Exactly on the bound JAX passes half of the gradient, TensorFlow all of it.
        ("binary_cross_entropy", first[:, :1], np.array([[1e-7]], np.float32), {}),
    ]
    *same, sparse, bound = session.run_with("jax", losses_on_jax, KERAS_NAMES, problems)
    for problem, expected in zip(problems, same, strict=False):
        assert_same(compute(*problem), expected, np.float32)
    assert sparse[0] == pytest.approx(1.19e-7, rel=1e-2)
    assert compute(*problems[-2])[0] == pytest.approx(2e-7, rel=1e-2)
    assert bound[1].item() == pytest.approx(compute(*problems[-1])[1].item() / 2)


def test_onnx_gives_the_same(onnx_cases, assert_close):
    for name, (attributes, inputs, expected) in onnx_cases("SoftmaxCrossEntropyLoss").items():
        logits, labels = np.moveaxis(inputs[0], 1, -1), inputs[1]  # ONNX has the classes second
        class_weights = inputs[2] if len(inputs) > 2 else np.ones(logits.shape[-1])
        ignored = labels == attributes.get("ignore_index", np.inf)
        labels = np.where(ignored, 0, labels)
        weights = np.where(ignored, 0, class_weights[labels])
        losses = np.empty(labels.shape)
        for index in np.ndindex(labels.shape):
            losses[index] = numpy_ops.sparse_categorical_cross_entropy(
                labels[index], logits[index], from_logits=True
            )
        losses *= weights
        reduction = attributes["reduction"].decode()
        received = {"none": losses, "sum": losses.sum(), "mean": losses.sum() / weights.sum()}
        assert_close(received[reduction], expected[0], 1e-5, name)
        if not ignored.any() and len(inputs) == 2 and reduction == "mean":
            whole = numpy_ops.sparse_categorical_cross_entropy(labels, logits, from_logits=True)
            assert_close(whole, expected[0], 1e-5, name)
        if len(expected) > 1:
            log_probs = numpy_ops.log_softmax(inputs[0], axis=1)
            assert_close(log_probs, expected[1], 1e-5, name)
