"""What ``fit`` does before the loop begins: optimiser, variables, validation data, callbacks."""

import importlib.util
import warnings

import keras

from cnn_tutorial.training import attributes, checkpoints, checks
from cnn_tutorial.training.averaging import Average
from cnn_tutorial.training.pydataset_feed import check_first_batch


def check_resumable(feed, validation, callbacks):
    """Refuse a checkpoint of what cannot go on exactly, and warn of what perhaps cannot.

    Raises:
        ValueError: says what is in the way, and what to do.
    """
    opaque = {"train": feed.check_resumable(validation)}
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
    """Make every variable there will be, without asking a dataset for a batch."""
    if not model.built:
        raise ValueError("model must be built: give it a keras.Input, or call it on a batch")
    feed.build(model)


def prepare_validation(validation, model):
    """Validation data as ``model.fit`` takes them, checked."""
    import tensorflow as tf

    if isinstance(validation, keras.utils.PyDataset):
        if validation.num_batches is None:
            raise ValueError("validation has no end: a PyDataset needs a number of batches")
        if validation.num_batches:
            check_first_batch("validation", validation, model)
    if validation is None or isinstance(validation, keras.utils.PyDataset):
        return validation
    if isinstance(validation, tf.data.Dataset):
        if int(validation.cardinality()) == 0:
            raise ValueError("validation is empty: the dataset has no batch")
        if validation.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise ValueError("validation has no end: take(n) of the dataset gives n batches")
        spec = checks.check_spec("validation", validation.element_spec)
        if hasattr(spec[1], "shape") and spec[1].shape.rank is not None:
            checks.check_labels("validation", spec[1], model)
        return checks.guard_labels("validation", validation, model)
    if isinstance(validation, tuple | list) and len(validation) in (2, 3):
        arrays = checks.check_arrays("validation", validation)
        checks.check_labels("validation", arrays[1], model)
        return arrays
    raise TypeError(
        "validation must be None, a tf.data.Dataset, a keras.utils.PyDataset or a pair of arrays "
        f"(images, labels); received {type(validation).__name__}"
    )


def append_logs(callbacks):
    """Let ``CSVLogger`` go on in its file, which it would begin anew."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.CSVLogger):
            callback.append = True


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
    """What was given and what options stand for, in the order in which they have to come.

    Returns:
        tuple ``(average, callbacks)``: ``Average``, which is among the callbacks, or None.
    """
    average = None if averaging is None else Average()
    # First the average: the others look at, and keep, what is in the model after validation.
    made = [*([average] if average else []), *callbacks]
    if patience is not None:
        made.append(
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        )
    return average, [*made, keras.callbacks.History()]
