"""The losses, each one number for a batch, and their gradients (chapter 24).

Three of them are the negative logarithm of the probability that the predictions give to what was
seen: of a number with Gaussian noise, of a yes or no, of one class among several. Predictions are
probabilities, or, with ``from_logits=True``, what softmax or sigmoid makes probabilities of.

Probabilities are clipped at 1e-7, as Keras does it, so that no logarithm is infinite. Logits need
no clipping: their formulas are written so that nothing overflows and nothing cancels, and computed
in float64.
"""

import numpy as np

from cnn_tutorial.numpy_ops.activations import sigmoid
from cnn_tutorial.numpy_ops.checks import as_number
from cnn_tutorial.numpy_ops.loss_checks import (
    as_targets_and_predictions,
    check_binary,
    check_categorical,
    check_sparse,
)
from cnn_tutorial.numpy_ops.softmax import log_softmax, log_softmax_backward

CLIP = 1e-7  # keras.config.epsilon()


def mean_squared_error(targets, predictions):
    """The mean over all entries of the squared difference.

    ``L = mean of (predictions - targets)**2``: up to a factor and a constant, the negative
    log-likelihood of targets that scatter about the predictions with Gaussian noise.

    Args:
        targets: real array of any shape.
        predictions: real array of the same shape.

    Returns:
        A float.

    Raises:
        ValueError: if the shapes differ (nothing is broadcast) or the arrays are empty.
        TypeError: if an array is not real.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 5.5.1.

    Example:
        >>> mean_squared_error([1.0, 2.0], [1.0, 5.0])
        4.5
    """
    targets, predictions = as_targets_and_predictions(targets, predictions)
    return float(np.mean((predictions - targets) ** 2))


def mean_squared_error_backward(targets, predictions):
    """The gradient of ``mean_squared_error`` with respect to the predictions.

    ``2 * (predictions - targets) / number of entries``. Arguments and errors are those of
    ``mean_squared_error``; the result has predictions' shape and dtype (float64 for integers).

    Example:
        >>> mean_squared_error_backward([1.0, 2.0], [1.0, 5.0])
        array([0., 3.])
    """
    targets, predictions = as_targets_and_predictions(targets, predictions)
    return (2 * (predictions - targets) / targets.size).astype(predictions.dtype)


def binary_cross_entropy(targets, predictions, *, from_logits=False, label_smoothing=0.0):
    """The mean over all entries of the cross-entropy of a yes-or-no answer, in nats.

    ``-t log p - (1 - t) log(1 - p)`` with ``p`` clipped to ``[1e-7, 1 - 1e-7]``. For a logit ``z``,
    where ``p = sigmoid(z)``, that is ``|z| w + log1p(exp(-|z|))`` with ``w = 1 - t`` if ``z > 0``,
    else ``t``: how far the logit is on the wrong side.

    Args:
        targets: real array ``t`` of any shape, each entry in ``[0, 1]``, mostly 0 or 1.
        predictions: real array of the same shape, probabilities of a yes, or their logits.
        from_logits: bool, whether the predictions are logits. They may be infinite.
        label_smoothing: float ``s`` in ``[0, 1)``; replaces ``t`` by ``(1 - s) t + s / 2``.

    Returns:
        A float.

    Raises:
        ValueError: if the shapes differ (nothing is broadcast), an array is empty, a target or a
            probability lies outside ``[0, 1]``, or ``label_smoothing`` is out of range.
        TypeError: if an array is not real, ``from_logits`` not a bool or ``label_smoothing`` not a
            number.

    Warns:
        UserWarning: if ``from_logits`` is True and the predictions fill the range from 0 to 1 and
            do not leave it.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.2.2.2.

    Example:
        >>> round(binary_cross_entropy([1, 0], [0.5, 0.5]), 6)
        0.693147
        >>> binary_cross_entropy([1], [40.0], from_logits=True)
        4.248354255291589e-18
    """
    targets, predictions = check_binary(targets, predictions, from_logits)
    yes, no = _smooth(targets, label_smoothing, 2), _smooth(1 - targets, label_smoothing, 2)
    if not from_logits:
        probs, _ = _clip(predictions)
        return float(-np.mean(yes * np.log(probs) + no * np.log(1 - probs)))
    size = np.abs(predictions.astype(np.float64))
    wrong_side = np.where(predictions > 0, no, yes)
    with np.errstate(under="ignore"):
        return float(np.mean(_multiply(wrong_side, size) + np.log1p(np.exp(-size))))


def binary_cross_entropy_backward(targets, predictions, *, from_logits=False, label_smoothing=0.0):
    """The gradient of ``binary_cross_entropy`` with respect to the predictions.

    For logits ``sigmoid(z) - t``, computed as ``(1 - t) sigmoid(z) - t sigmoid(-z)``; for
    probabilities ``(1 - t) / (1 - p) - t / p``, and 0 where ``p`` was clipped; each divided by the
    number of entries. Arguments, warnings and errors are those of ``binary_cross_entropy``; the
    result has predictions' shape and dtype (float64 for integers).

    Example:
        >>> binary_cross_entropy_backward([1], [40.0], from_logits=True)
        array([-4.24835426e-18])
    """
    targets, predictions = check_binary(targets, predictions, from_logits)
    yes, no = _smooth(targets, label_smoothing, 2), _smooth(1 - targets, label_smoothing, 2)
    if from_logits:
        logits = predictions.astype(np.float64)
        gradient = no * sigmoid(logits) - yes * sigmoid(-logits)
    else:
        probs, passes = _clip(predictions)
        gradient = np.where(passes, no / (1 - probs) - yes / probs, 0)
    return (gradient / targets.size).astype(predictions.dtype)


def categorical_cross_entropy(targets, predictions, *, from_logits=False, label_smoothing=0.0):
    """The mean over the rows of the cross-entropy of one class among several, in nats.

    ``- sum over k of t_k log p_k``, the classes ``k`` on the last axis. From logits ``log p`` is
    ``log_softmax``. Probabilities are divided by their sum, then clipped to ``[1e-7, 1 - 1e-7]``.

    Args:
        targets: real array ``(..., K)``, rows of probabilities: one-hot, or soft.
        predictions: real array of the same shape, rows of probabilities or of logits.
        from_logits: bool, whether the predictions are logits. Minus infinity stands for a class
            that cannot be, and costs nothing where its target is 0.
        label_smoothing: float ``s`` in ``[0, 1)``; replaces ``t_k`` by ``(1 - s) t_k + s / K``.

    Returns:
        A float.

    Raises:
        ValueError: if the shapes differ (class numbers belong to
            ``sparse_categorical_cross_entropy``), an array is empty, targets or probabilities lie
            outside ``[0, 1]`` or a row of them does not sum to one within 0.001 (Keras rescales
            it silently), or ``label_smoothing`` is out of range.
        TypeError: if an array is not real, ``from_logits`` not a bool or ``label_smoothing`` not a
            number.

    Warns:
        UserWarning: if ``from_logits`` is True and the predictions are rows of probabilities, or
            there is one class only.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.2.2.3; for the smoothing
        Szegedy et al., Rethinking the Inception Architecture (CVPR 2016), section 7.

    Example:
        >>> round(categorical_cross_entropy([[0, 1]], [[0.75, 0.25]]), 6)
        1.386294
        >>> categorical_cross_entropy([[1, 0]], [[40.0, 0.0]], from_logits=True)
        4.248354255291589e-18
    """
    targets, predictions = check_categorical(targets, predictions, from_logits)
    targets = _smooth(targets, label_smoothing, targets.shape[-1])
    if from_logits:
        log_probs = log_softmax(predictions.astype(np.float64))
    else:
        log_probs = np.log(_clip(predictions / predictions.sum(axis=-1, keepdims=True))[0])
    return float(np.mean(_multiply(targets, -log_probs).sum(axis=-1)))


def categorical_cross_entropy_backward(
    targets, predictions, *, from_logits=False, label_smoothing=0.0
):
    """The gradient of ``categorical_cross_entropy`` with respect to the predictions.

    For logits ``p_k - t_k``, computed as ``log_softmax_backward`` does it; for probabilities with
    the sum ``S`` it is ``(sum of the t_j that were not clipped) / S - t_k / p_k``, where the second
    term is left out if ``p_k / S`` was clipped; each divided by the number of rows. Arguments,
    warnings and errors are those of ``categorical_cross_entropy``; the result has predictions'
    shape and dtype (float64 for integers).

    Example:
        >>> categorical_cross_entropy_backward([[0, 1]], [[0.0, 0.0]], from_logits=True)
        array([[ 0.5, -0.5]])
    """
    targets, predictions = check_categorical(targets, predictions, from_logits)
    classes = targets.shape[-1]
    weights = _smooth(targets, label_smoothing, classes) / (targets.size // classes)
    if from_logits:
        gradient = log_softmax_backward(-weights, predictions.astype(np.float64))
    else:
        sums = predictions.sum(axis=-1, keepdims=True)
        probs, passes = _clip(predictions / sums)
        counted = np.where(passes, weights, 0)
        gradient = (counted.sum(axis=-1, keepdims=True) - counted / probs) / sums
    return gradient.astype(predictions.dtype)


def sparse_categorical_cross_entropy(labels, predictions, *, from_logits=False):
    """``categorical_cross_entropy`` for targets that are given as class numbers.

    ``-log p_y`` of the right class ``y``, the mean over the rows. Probabilities are clipped to
    ``[1e-7, 1 - 1e-7]``, then divided by their sum: here Keras on TensorFlow has the other order
    than for one-hot targets, and so has this (on JAX it has not; it shows in the seventh digit).

    Args:
        labels: integer array ``(...)``, or floats that are whole numbers, from 0 to ``K - 1``.
        predictions: real array ``(..., K)``, rows of probabilities or of logits.
        from_logits: bool, whether the predictions are logits. Minus infinity stands for a class
            that cannot be.

    Returns:
        A float.

    Raises:
        ValueError: if ``labels`` are not one for each row (one-hot rows belong to
            ``categorical_cross_entropy``), not whole, or not among the classes, an array is empty,
            a probability lies outside ``[0, 1]`` or a row does not sum to one within 0.001.
        TypeError: if an array is not real, or ``from_logits`` not a bool.

    Warns:
        UserWarning: as ``categorical_cross_entropy``.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.2.2.3.

    Example:
        >>> round(sparse_categorical_cross_entropy([1], [[0.75, 0.25]]), 6)
        1.386294
    """
    labels, predictions = check_sparse(labels, predictions, from_logits)
    logits = predictions if from_logits else np.log(_clip(predictions)[0])
    log_probs = log_softmax(logits.astype(np.float64))
    log_probs = np.take_along_axis(log_probs, labels[..., None], axis=-1)
    return float(0 - np.mean(log_probs))


def sparse_categorical_cross_entropy_backward(labels, predictions, *, from_logits=False):
    """The gradient of ``sparse_categorical_cross_entropy`` with respect to the predictions.

    ``p_k - (1 if k is the label else 0)`` for logits; for probabilities that, divided by ``p_k``,
    and 0 where ``p_k`` was clipped; each divided by the number of rows. Arguments, warnings and
    errors are those of ``sparse_categorical_cross_entropy``; the result has predictions' shape and
    dtype (float64 for integers).

    Example:
        >>> sparse_categorical_cross_entropy_backward([1], [[0.0, 0.0]], from_logits=True)
        array([[ 0.5, -0.5]])
    """
    labels, predictions = check_sparse(labels, predictions, from_logits)
    one_hot = np.zeros(predictions.shape)
    np.put_along_axis(one_hot, labels[..., None], 1, axis=-1)
    if from_logits:
        gradient = log_softmax_backward(-one_hot, predictions.astype(np.float64))
    else:
        probs, passes = _clip(predictions)
        logits = np.log(probs).astype(np.float64)
        gradient = np.where(passes, log_softmax_backward(-one_hot, logits) / probs, 0)
    return (gradient / labels.size).astype(predictions.dtype)


def _clip(probs):
    """Probabilities kept from 0 and 1, and where they were not moved.

    The bounds are numbers of the probabilities' own dtype, as in Keras: 1 - 1e-7 is 1 - 1.19e-7 in
    float32. Shorter dtypes, in which it would be 1, become float32.
    """
    probs = probs.astype(np.result_type(probs, np.float32), copy=False)
    low, high = probs.dtype.type(CLIP), probs.dtype.type(1 - CLIP)
    passes = ~((probs < low) | (probs > high))  # NaN passes
    return np.clip(probs, low, high), passes


def _smooth(targets, label_smoothing, classes):
    s = as_number("label_smoothing", label_smoothing, below=1.0)
    return (1 - s) * targets + s / classes if s else targets


def _multiply(weights, values):
    """The products; a weight of 0 makes an infinite value 0, but not a NaN."""
    counts = (weights != 0) | np.isnan(values)
    return np.multiply(weights, values, where=counts, out=np.zeros(values.shape))
