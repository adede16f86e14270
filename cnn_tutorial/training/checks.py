"""Checks of what ``fit`` is given, before anything is computed."""

import math
import numbers
import os
import re

import numpy as np

ARRAYS = ("images", "labels", "sample weights")  # what a tuple of arrays holds, in its order
_ROUNDING = 1e-3  # of labels that a dataset has mixed


def check_model(model):
    """Refuse what is not a compiled Keras model."""
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model; received {type(model).__name__}")
    if not model.compiled or model.optimizer is None:
        raise ValueError("model must be compiled, with an optimizer and a loss: model.compile(…)")


def check_options(*, epochs, seed, batch_size, patience, averaging):
    """Refuse numbers that are none, or out of range."""
    for name, value, least in (
        ("epochs", epochs, 1),
        ("seed", seed, 0),
        ("batch_size", batch_size, 1),
        ("patience", patience, 1),
    ):
        if value is None and name == "patience":
            continue
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            kinds = "an int or None" if name == "patience" else "an int"
            raise TypeError(f"{name} must be {kinds}; received {value!r}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}; received {value}")
    if averaging is None:
        return
    if isinstance(averaging, bool) or not isinstance(averaging, numbers.Real):
        raise TypeError(f"averaging must be a number or None; received {averaging!r}")
    if not 0 < averaging < 1:
        raise ValueError(f"averaging must lie between 0 and 1; received {averaging}")


def check_checkpoint(checkpoint):
    """Refuse what is no path of a folder."""
    if checkpoint is not None and not isinstance(checkpoint, str | os.PathLike):
        raise TypeError(
            f"checkpoint must be the path of a folder, or None; received {checkpoint!r}"
        )


def check_arrays(name, arrays):
    """The arrays of a tuple (images, labels) or (images, labels, weights), of equal length.

    Raises:
        TypeError: if one is not an array of numbers.
        ValueError: if lengths differ or there is nothing.
    """
    arrays = tuple(np.asarray(array) for array in arrays)
    words = ARRAYS[: len(arrays)]
    for word, array in zip(words, arrays, strict=True):
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name}: {word} must be numbers; received the dtype {array.dtype}")
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(f"{name} is empty: {word} of shape {array.shape}")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        listed = ", ".join(f"{length} {word}" for length, word in zip(lengths, words, strict=True))
        raise ValueError(f"{name} must have as many labels as images; received {listed}")
    return arrays


def check_spec(name, spec):
    """The specification of a dataset's batches, if that is a pair or a triple."""
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise ValueError(
            f"{name} must give batches (images, labels), perhaps with weights; received {spec}"
        )
    return spec


def check_labels(name, labels, model):
    """Refuse labels that do not fit the loss.

    Args:
        name: ``"train"`` or ``"validation"``, for the message.
        labels: array, or what has ``.shape`` with the batch first, perhaps None, and ``.dtype``.
        model: compiled model; only one with a single output and one of Keras's losses for
            classes is looked at.

    Raises:
        ValueError: if shape, dtype or values do not fit.
    """
    outputs = getattr(model, "output_shape", None)
    kind = _find_loss(model)
    if kind is None or not isinstance(outputs, tuple) or isinstance(outputs[0], tuple):
        return
    shape = tuple(labels.shape)
    if kind == "sparse_categorical_crossentropy":
        if len(shape) == len(outputs) and shape[-1] not in (1, None) and outputs[-1] != 1:
            raise ValueError(
                f"{name}: labels of shape {shape} look one-hot, and the loss {kind} takes one "
                "class number an image; use categorical_crossentropy, or np.argmax(labels, -1)"
            )
        _check_values(name, labels, model)
    elif kind == "categorical_crossentropy":
        if len(shape) != len(outputs) or shape[-1] not in (outputs[-1], None):
            raise ValueError(
                f"{name}: labels of shape {shape} do not fit the loss {kind} and outputs "
                f"{outputs}: it takes one-hot rows. Use sparse_categorical_crossentropy, or "
                "keras.utils.to_categorical(labels, num_classes)"
            )
        _check_values(name, labels, model)
    elif kind == "binary_crossentropy":
        if outputs[-1] != 1 and shape[1:] != outputs[1:]:
            raise ValueError(
                f"{name}: labels of shape {shape} do not fit the loss {kind} and outputs "
                f"{outputs}: it takes 0 or 1 for every output"
            )
        _check_values(name, labels, model)


def guard_labels(name, dataset, model):
    """The same dataset, in which labels out of range are an error when their batch comes."""
    import tensorflow as tf

    found = _find_guard(name, dataset.element_spec[1], model)
    if found is None:
        return dataset
    told, high = found

    def check(images, labels, *weights):
        values = tf.cast(labels, tf.float32)
        least, most = tf.reduce_min(values), tf.reduce_max(values)
        fits = (least >= -_ROUNDING) & (most <= high + _ROUNDING) | (tf.size(labels) == 0)
        guard = tf.raw_ops.Assert(condition=fits, data=[told, least, most])
        with tf.control_dependencies([guard]):
            return (images, tf.identity(labels), *weights)

    return dataset.map(check)


def make_look(name, spec, model):
    """The same for what is not computed in a pipeline: a function that refuses a batch's labels.

    Args:
        name: ``"train"`` or ``"validation"``, for the message.
        spec: the labels' ``tf.TypeSpec``.
        model: compiled model.

    Returns:
        function of an array-like of labels that raises ``ValueError``; or None where every label
        is right, or the loss itself says so.
    """
    found = _find_guard(name, spec, model)
    if found is None:
        return None
    told, high = found

    def look(labels):
        labels = np.asarray(labels)
        if labels.size:
            least, most = float(labels.min()), float(labels.max())
            if not (least >= -_ROUNDING and most <= high + _ROUNDING):  # NaN neither
                raise ValueError(f"{told}; received {least:g} to {most:g}")

    return look


def explain_labels(text):
    """What a guard says in the text of an error, or None."""
    if said := re.match(r"\w+: the loss .* takes labels from .*; received .*", text):
        return said[0]
    found = re.search(r"assertion failed: \[(\w+: the loss [^\]]*)\] \[(.*?)\] \[(.*?)\]", text)
    told = found and found[1].replace("\\'", "'")  # TensorFlow escapes it
    return found and f"{told}; received {float(found[2]):g} to {float(found[3]):g}"


def _find_guard(name, spec, model):
    """What to say of labels out of range, and the highest that is in it; or None.

    TensorFlow's own loss says so of class numbers, and of nothing else; JAX's computes on.
    """
    import keras
    import tensorflow as tf

    kind, high = _find_range(model)
    is_said = kind == "sparse_categorical_crossentropy" and keras.backend.backend() == "tensorflow"
    is_looked_at = isinstance(spec, tf.TensorSpec) and spec.dtype.is_numeric
    if kind is None or is_said or not is_looked_at:
        return None
    return _tell_range(name, kind, high), high


def _check_values(name, labels, model):
    if not isinstance(labels, np.ndarray):
        return  # a dataset's are not known before they come
    (kind, high), least, most = _find_range(model), labels.min(), labels.max()
    if not (math.isfinite(least) and math.isfinite(most)) or least < 0 or most > high:
        told = _tell_range(name, kind, high)
        raise ValueError(f"{told}; received {least:g} to {most:g}")


def _tell_range(name, kind, high):
    whose = "outputs" if high != 1 else "loss"
    return f"{name}: the loss {kind} takes labels from 0 to {high} with this model's {whose}"


def _find_range(model):
    """The loss for classes and the highest label that it takes, or None twice."""
    outputs, kind = getattr(model, "output_shape", None), _find_loss(model)
    if kind is None or not isinstance(outputs, tuple) or isinstance(outputs[0], tuple):
        return None, None
    return kind, outputs[-1] - 1 if kind.startswith("sparse") else 1


def _find_loss(model):
    """The name of the loss for classes that a model is compiled with, or None."""
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    classes = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")
    if type(loss).__name__.lower() in [one.replace("_", "") for one in classes]:
        name = next(one for one in classes if one.replace("_", "") == type(loss).__name__.lower())
        if getattr(loss, "ignore_class", None) is not None:
            return None
    return name if name in classes else None
