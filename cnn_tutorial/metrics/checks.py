"""What metrics ask of their arguments, with errors that name what came.

Nothing here is mathematics; the metrics call it first.
"""

import numbers

import numpy as np

ROW_TOLERANCE = 1e-3  # how far from one the probabilities of a row may sum, as in the losses
_ROUNDING = 1e-6  # how far out of [0, 1] rounding may carry a probability


class UndefinedMetricWarning(UserWarning):
    """A metric that these examples do not define, such as the precision of what nobody predicted.

    Example:
        >>> issubclass(UndefinedMetricWarning, UserWarning)
        True
    """


def as_classes(name, array, num_classes=None):
    """``array`` as class numbers, int64 of shape ``(N,)``; booleans count as 0 and 1.

    Args:
        name: str, the argument's name in the error.
        array: whole numbers of at least 0.
        num_classes: int, the numbers must be below it; None takes any.

    Raises:
        TypeError: if it holds no numbers.
        ValueError: if it is empty, not 1-D, or holds NaN, a fraction, a negative number or one
            that is too large.

    Example:
        >>> as_classes("labels", [1.0, 0.0])
        array([1, 0])
    """
    array = np.asarray(array)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; received shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be class numbers, whole and from 0; received dtype {array.dtype}"
        )
    if array.ndim != 1:
        advice = ""
        if array.ndim == 2:
            fitting = "[:, 0]" if array.shape[1] == 1 else ".argmax(axis=1)"
            advice = f"; give {name}{fitting}"
        raise ValueError(
            f"{name} must be class numbers of shape (N,); received {array.shape}{advice}"
        )
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            raise ValueError(f"{name} must be class numbers; received NaN at {_where(array)}")
        fractions = array != np.floor(array)
        if (fractions | np.isinf(array)).any():
            first = array[fractions | np.isinf(array)][0]
            raise ValueError(f"{name} must be class numbers, which are whole; received {first:g}")
    if array.min() < 0:
        raise ValueError(f"{name} must be class numbers, from 0; received {array.min():g}")
    if num_classes is not None and array.max() >= num_classes:
        raise ValueError(
            f"{name} must be from 0 to {num_classes - 1}, there being {num_classes} classes; "
            f"received {array.max():g}"
        )
    return array.astype(np.int64)


def as_class_pair(labels, predictions, num_classes=None, *, names=("labels", "predictions")):
    """Two arrays of class numbers, of the same length.

    Example:
        >>> as_class_pair([0, 1], [1, 1])
        (array([0, 1]), array([1, 1]))
    """
    labels = as_classes(names[0], labels, num_classes)
    predictions = as_classes(names[1], predictions, num_classes)
    check_lengths(**dict(zip(names, (labels, predictions), strict=True)))
    return labels, predictions


def as_binary(labels, scores, name="scores"):
    """Labels of 0 and 1 as booleans, and one finite float64 score for each.

    Example:
        >>> as_binary([0, 1], [-3, 4])
        (array([False,  True]), array([-3.,  4.]))
    """
    scores = as_finite(name, scores)
    if scores.ndim != 1:
        column = "[:, 0]" if scores.ndim == 2 and scores.shape[1] == 1 else "[:, 1]"
        advice = f"; give {name}{column}" if scores.ndim == 2 and scores.shape[1] <= 2 else ""
        raise ValueError(
            f"{name} must be one number an example, shape (N,); received {scores.shape}{advice}"
        )
    labels = as_classes("labels", labels)
    if labels.max() > 1:
        raise ValueError(
            f"labels must be 0 or 1 where {name} has shape (N,); received {labels.max()}: "
            f"give labels == k and class k's column of {name}"
        )
    check_lengths(**{"labels": labels, name: scores})
    return labels == 1, scores


def as_rows(labels, scores, name="scores"):
    """Class numbers, and a row of K >= 2 finite float64 scores for each.

    Example:
        >>> as_rows([1], [[0, 2]])
        (array([1]), array([[0., 2.]]))
    """
    scores = as_finite(name, scores)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(
            f"{name} must have shape (N, K), a number for each of at least 2 classes; "
            f"received {scores.shape}"
        )
    labels = as_classes("labels", labels, scores.shape[1])
    check_lengths(**{"labels": labels, name: scores})
    return labels, scores


def as_probs(labels, probs, name="probs"):
    """Labels, and probabilities in [0, 1]: ``(N,)`` of class 1, or ``(N, K)`` with rows of sum one.

    Example:
        >>> as_probs([1], [[0.25, 0.75]])
        (array([1]), array([[0.25, 0.75]]))
    """
    one_column = np.ndim(probs) < 2 or np.shape(probs)[-1] == 1
    labels, probs = (as_binary if one_column else as_rows)(labels, probs, name)
    if ((probs < -_ROUNDING) | (probs > 1 + _ROUNDING)).any():
        whole = (probs == np.floor(probs)).all()
        raise ValueError(
            f"{name} must be probabilities, from 0 to 1; received numbers from {probs.min():g} to "
            f"{probs.max():g}: are they {'class numbers' if whole else 'logits'}?"
        )
    if probs.ndim == 2 and (wrong := abs(probs.sum(axis=1) - 1) > ROW_TOLERANCE).any():
        row = int(wrong.argmax())
        raise ValueError(
            f"every row of {name} must sum to one within {ROW_TOLERANCE:g}; received a sum of "
            f"{probs[row].sum():g} in {name}[{row}]"
        )
    return labels.astype(np.int64), probs.clip(0, 1)


def as_finite(name, array):
    """``array`` as float64, not empty, every number finite.

    Example:
        >>> as_finite("scores", [1, 2])
        array([1., 2.])
    """
    array = np.asarray(array)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; received shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of real numbers; received dtype {array.dtype}")
    if not np.isfinite(array).all():
        kind = "NaN" if np.isnan(array).any() else "an infinite number"
        place = _where(array, kind == "NaN")
        raise ValueError(f"{name} must be finite; received {kind} at {place}")
    return array.astype(np.float64)


def check_lengths(**arrays):
    """Raise unless all have the same length along their first axis.

    Example:
        >>> check_lengths(labels=np.zeros(2), scores=np.zeros((2, 3)))
    """
    if len({len(array) for array in arrays.values()}) > 1:
        received = ", ".join(f"{len(array)} {name}" for name, array in arrays.items())
        raise ValueError(
            f"{' and '.join(arrays)} must have the same length, one entry an example; "
            f"received {received}"
        )


def as_count(name, value, minimum=1):
    """``value`` as an int of at least ``minimum``.

    Example:
        >>> as_count("bins", 15)
        15
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an int; received {type(value).__name__}: {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}; received {value}")
    return int(value)


def check_confidence(confidence):
    """Raise unless ``confidence`` lies between 0 and 1.

    Example:
        >>> check_confidence(0.95)
    """
    if isinstance(confidence, bool) or not isinstance(confidence, numbers.Real):
        raise TypeError(
            f"confidence must be a number; received {type(confidence).__name__}: {confidence!r}"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, as 0.95; received {confidence!r}")


def check_choice(name, value, choices):
    """Raise unless ``value`` is one of ``choices``.

    Example:
        >>> check_choice("average", None, (None, "macro"))
    """
    if value not in choices:
        options = ", ".join(map(repr, choices[:-1]))
        raise ValueError(f"{name} must be {options} or {choices[-1]!r}; received {value!r}")


def _where(array, nan=True):
    """The first place of a NaN, or of anything not finite, as an index a reader can type."""
    bad = np.isnan(array) if nan else ~np.isfinite(array)
    return "[" + ", ".join(str(int(i)) for i in np.argwhere(bad)[0]) + "]"
