"""What ``fit`` does before the loop begins: optimiser, variables, validation data, callbacks."""

import importlib.util
import warnings

import keras
import numpy as np

from cnn_tutorial.training import attributes, checkpoints, checks, pipelines
from cnn_tutorial.training.averaging import Average
from cnn_tutorial.training.feeding import check_arrays


def check_resumable(feed, validation, callbacks):
    """Refuse a checkpoint of what cannot go on exactly, and warn of what perhaps cannot.

    Raises:
        ValueError: says what is in the way, and what to do.
    """
    if feed.steps is None:
        raise ValueError(
            "checkpoint needs a dataset that knows its number of batches: give train.apply("
            "tf.data.experimental.assert_cardinality(n)). Otherwise TensorFlow begins one more "
            "step than there are, in which random layers may draw or not"
        )
    if hasattr(feed, "dataset"):
        pipelines.check_order(feed.dataset, validation)
    opaque = {}
    if isinstance(feed.data, keras.utils.PyDataset):
        opaque["train"] = attributes.find_opaque(feed.data)
    for one in callbacks:
        if not type(one).__module__.startswith("keras."):
            opaque[f"callback {type(one).__name__}"] = attributes.find_opaque(one, containers=True)
    for name, found in opaque.items():
        if found:
            warnings.warn(
                f"{name}: a checkpoint cannot hold the attribute{'s' if found[1:] else ''} "
                f"{', '.join(found)}. If training changes what is in there, it does not go on "
                "exactly: keep it in numbers, strings, paths, arrays, generators of NumPy, or "
                "lists and dicts of these",
                stacklevel=3,
            )


def check_schedule(model, schedule, checkpoint):
    """Refuse a schedule for an optimiser that has updated weights before, unless it goes on."""
    done = int(model.optimizer.iterations) if schedule is not None else 0
    if done and not (checkpoint is not None and checkpoints.find_checkpoints(checkpoint)):
        raise ValueError(
            f"schedule must begin with a new optimiser: this one has made {done} updates, which a "
            "schedule counts, so that its rate would be that of its end. Compile the model anew, "
            "which keeps its weights; or, to go on with a schedule, give it to the optimiser there"
        )


def set_optimizer(model, schedule, averaging, epochs, steps):
    """Give the optimiser what was asked for; the training step is then compiled anew."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if averaging is not None and not optimizer.use_ema:
        if optimizer.built:
            raise ValueError("averaging must be given when training begins: compile the model anew")
        optimizer.use_ema = True
    if averaging is not None:
        optimizer.ema_momentum = float(averaging)
        optimizer.ema_overwrite_frequency = None
    if schedule is not None:
        make = keras.optimizers.schedules.LearningRateSchedule
        if not isinstance(schedule, make) and callable(schedule):
            if steps is None:
                raise ValueError(
                    "schedule must be a LearningRateSchedule, since the number of batches in train "
                    "is not known; received a function of it"
                )
            schedule = schedule(epochs * steps)
        if not isinstance(schedule, make):
            raise TypeError(
                "schedule must be a LearningRateSchedule, or a function of the number of updates "
                f"that returns one; received {schedule!r}"
            )
        optimizer.learning_rate = schedule
    if schedule is not None or averaging is not None:
        model.train_function = None


def build(model, feed):
    """Make every variable there will be, without asking the data for a batch."""
    if not model.built:
        raise ValueError("model must be built: give it a keras.Input, or call it on a batch")
    if not isinstance(feed.data, keras.utils.PyDataset):
        batch = keras.tree.map_structure(
            lambda spec: keras.KerasTensor(tuple(spec.shape), spec.dtype.name),
            feed.data.element_spec,
        )
        if not isinstance(batch, tuple) or len(batch) not in (2, 3):
            raise ValueError("train must give batches (images, labels), perhaps with weights")
        arrays = getattr(feed, "arrays", None)
        labels = arrays[1] if arrays else batch[1]
        if hasattr(labels, "shape"):
            checks.check_labels("train", labels, model)
        if arrays is None:
            feed.data = checks.guard_labels("train", feed.data, model)
        model._symbolic_build(data_batch=batch)
    else:
        _check_first_batch("train", feed.data, model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)


def prepare_validation(validation, model):
    """Validation data as ``model.fit`` takes them, checked."""
    import tensorflow as tf

    if isinstance(validation, keras.utils.PyDataset):
        if validation.num_batches is None:
            raise ValueError("validation has no end: a PyDataset needs a number of batches")
        if validation.num_batches:
            _check_first_batch("validation", validation, model)
    if validation is None or isinstance(validation, keras.utils.PyDataset):
        return validation
    if isinstance(validation, tf.data.Dataset):
        if int(validation.cardinality()) == 0:
            raise ValueError("validation is empty: the dataset has no batch")
        if validation.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise ValueError("validation has no end: take(n) of the dataset gives n batches")
        spec = validation.element_spec
        if not isinstance(spec, tuple) or len(spec) not in (2, 3):
            raise ValueError("validation must give batches (images, labels), perhaps with weights")
        if hasattr(spec[1], "shape") and spec[1].shape.rank is not None:
            checks.check_labels("validation", spec[1], model)
        return checks.guard_labels("validation", validation, model)
    if isinstance(validation, tuple | list) and len(validation) in (2, 3):
        arrays = check_arrays("validation", validation)
        checks.check_labels("validation", arrays[1], model)
        return arrays
    raise TypeError(
        "validation must be None or what train may be; received " + type(validation).__name__
    )


def append_logs(callbacks):
    """Let ``CSVLogger`` go on in its file, which it would begin anew."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.CSVLogger):
            callback.append = True


def _check_first_batch(name, data, model):
    """Look at the labels of a ``PyDataset``'s first batch, and leave no trace of that."""
    before = attributes.take_plain(data)
    batch = data[0]
    changed = attributes.find_changes(before, attributes.take_plain(data))
    attributes.put_plain(data, {key: before[key] for key in changed if key in before})
    if isinstance(batch, tuple | list) and len(batch) in (2, 3) and hasattr(batch[1], "shape"):
        checks.check_labels(name, np.asarray(batch[1]), model)


def list_callbacks(callbacks):
    """The callbacks that were given, checked."""
    if isinstance(callbacks, keras.callbacks.Callback) or not hasattr(callbacks, "__iter__"):
        raise TypeError(f"callbacks must be a list of Keras callbacks; received {callbacks!r}")
    callbacks = list(callbacks)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks must be Keras callbacks; received {callback!r}")
        # Keras would notice when it first writes: after an epoch that may have taken hours.
        is_board = isinstance(callback, keras.callbacks.TensorBoard)
        if is_board and importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "callbacks holds TensorBoard, whose package is not installed: pip install "
                "tensorboard, or leave the callback out"
            )
    return callbacks


def make_callbacks(callbacks, averaging, patience):
    """What was given and what options stand for, in the order in which they have to come."""
    # First the average: the others look at, and keep, what is in the model after validation.
    made = [*([] if averaging is None else [Average()]), *callbacks]
    if patience is not None:
        made.append(
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        )
    return [*made, keras.callbacks.History()]
