"""What the losses ask of targets, labels and predictions, with errors that name what came.

Nothing here is mathematics. NaN passes every check, so that it propagates into the loss.
"""

import warnings

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_real

ROW_TOLERANCE = 1e-3  # how far from one the probabilities of a row may sum
_ROUNDING = 1e-6  # how far out of [0, 1] rounding may carry a probability


def as_targets_and_predictions(targets, predictions):
    """Both as floating arrays of one shape, the targets in float64.

    Example:
        >>> as_targets_and_predictions([1], [0.5])
        (array([1.]), array([0.5]))
    """
    targets, predictions = as_floats("targets", targets), as_floats("predictions", predictions)
    if targets.shape != predictions.shape:
        advice = ""
        if (*targets.shape, 1) == predictions.shape:
            advice = "; give targets[..., None], or predictions[..., 0]"
        elif targets.shape == (*predictions.shape, 1):
            advice = "; give targets[..., 0], or predictions[..., None]"
        raise ValueError(
            f"targets must have the shape of predictions, {predictions.shape}; "
            f"received {targets.shape}{advice}"
        )
    return targets.astype(np.float64), predictions


def check_binary(targets, predictions, from_logits):
    """The operands of the binary cross-entropy: each target and each probability in [0, 1].

    Example:
        >>> check_binary([1, 0], [0.5, 0.5], False)[0]
        array([1., 0.])
    """
    targets, predictions = as_targets_and_predictions(targets, predictions)
    _check_range("targets", targets)
    if _as_flag(from_logits):
        # Logits near the start of training may well lie between 0 and 1, but hardly fill the range.
        between = ((predictions >= 0) & (predictions <= 1)).all()
        if between and predictions.min() < 0.25 and predictions.max() > 0.75:
            _warn_of_probabilities("fill the range from 0 to 1", "sigmoid", 4)
    else:
        _check_range("predictions", predictions, "; did you mean from_logits=True?")
    return targets, predictions


def check_categorical(targets, predictions, from_logits):
    """The operands of the categorical cross-entropy: rows of probabilities that sum to one.

    Example:
        >>> check_categorical([[1, 0]], [[0.5, 0.5]], False)[0]
        array([[1., 0.]])
    """
    predictions = _as_classes(predictions, from_logits)
    shape = np.shape(targets)
    if shape != predictions.shape and shape in (
        predictions.shape[:-1],
        (*predictions.shape[:-1], 1),
    ):
        raise ValueError(
            f"targets must be rows of {predictions.shape[-1]} probabilities, of predictions' shape "
            f"{predictions.shape}; received {shape}: sparse_categorical_cross_entropy takes class "
            "numbers"
        )
    targets, predictions = as_targets_and_predictions(targets, predictions)
    _check_range("targets", targets)
    _check_rows("targets", targets)
    return targets, predictions


def check_sparse(labels, predictions, from_logits):
    """The labels as integers, one for each row of predictions, and the predictions.

    Example:
        >>> check_sparse([1.0], [[0.5, 0.5]], False)[0]
        array([1])
    """
    predictions = _as_classes(predictions, from_logits)
    return check_labels(labels, predictions.shape), predictions


def check_labels(labels, shape):
    """The labels as integers, one for each row of predictions of that shape.

    Example:
        >>> check_labels([1.0], (1, 2))
        array([1])
    """
    labels = as_real("labels", labels)
    classes, expected = shape[-1], shape[:-1]
    if labels.shape != expected:
        advice = ""
        if labels.shape == shape:
            advice = (
                ": categorical_cross_entropy takes one-hot rows; or give labels.argmax(axis=-1)"
            )
        elif labels.shape == (*expected, 1):
            advice = "; give labels[..., 0]"
        raise ValueError(
            f"labels must be class numbers of shape {expected}, one for each row of predictions "
            f"{shape}; received shape {labels.shape}{advice}"
        )
    is_whole, is_class = labels == np.floor(labels), (labels >= 0) & (labels < classes)
    if not is_whole.all():
        raise ValueError(f"labels must be whole numbers; received {labels[~is_whole][0]}")
    if not is_class.all():
        raise ValueError(
            f"labels must be from 0 to {classes - 1}, predictions having {classes} classes; "
            f"received {labels[~is_class][0]}"
        )
    return labels.astype(np.intp)


def _as_classes(predictions, from_logits):
    """Predictions with the classes on their last axis, as probabilities or logits."""
    predictions = as_floats("predictions", predictions)
    if predictions.ndim == 0:
        raise ValueError("predictions must have an axis of classes; received a single number")
    if predictions.shape[-1] == 1:
        warnings.warn(
            f"predictions have one class only (shape {predictions.shape}), which is always right; "
            "for one probability or logit a sample use binary_cross_entropy",
            stacklevel=4,
        )
    if _as_flag(from_logits):
        between = ((predictions >= 0) & (predictions <= 1)).all()
        if between and predictions.shape[-1] > 1 and not _wrong_rows(predictions).any():
            _warn_of_probabilities("lie between 0 and 1, and every row sums to one", "softmax", 5)
    else:
        _check_range("predictions", predictions, "; did you mean from_logits=True?")
        _check_rows(
            "predictions", predictions, "; did you mean from_logits=True, or forget softmax?"
        )
    return predictions


def _as_flag(from_logits):
    if not isinstance(from_logits, bool | np.bool_):
        raise TypeError(
            f"from_logits must be True or False; received {type(from_logits).__name__}: "
            f"{from_logits!r}"
        )
    return from_logits


def _check_range(name, probs, advice=""):
    if ((probs < -_ROUNDING) | (probs > 1 + _ROUNDING)).any():
        raise ValueError(
            f"{name} must be probabilities, from 0 to 1; received numbers from "
            f"{np.nanmin(probs):g} to {np.nanmax(probs):g}{advice}"
        )


def _check_rows(name, probs, advice=""):
    wrong = _wrong_rows(probs)
    if wrong.any():
        row = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"every row of {name} must sum to one within {ROW_TOLERANCE:g}; received a sum of "
            f"{probs[row].sum():g} in {name}[{', '.join(map(str, row)) or '...'}]{advice}"
        )


def _wrong_rows(probs):
    return abs(probs.sum(axis=-1, dtype=np.float64) - 1) > ROW_TOLERANCE


def _warn_of_probabilities(seen, activation, stacklevel):
    warnings.warn(
        f"from_logits=True, but the predictions look like probabilities: they {seen}. If they come "
        f"out of a {activation}, it is now applied twice, and the loss is wrong without any other "
        "sign; set from_logits=False, or leave the activation out.",
        stacklevel=stacklevel,
    )
