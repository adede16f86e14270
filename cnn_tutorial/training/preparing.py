"""What ``fit`` does before the loop begins: optimiser, variables, validation data, callbacks."""

import keras

from cnn_tutorial.training import checks
from cnn_tutorial.training.feeding import check_arrays


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
        model._symbolic_build(data_batch=batch)
    elif not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def prepare_validation(validation, model):
    """Validation data as ``model.fit`` takes them, checked."""
    import tensorflow as tf

    if validation is None or isinstance(validation, keras.utils.PyDataset):
        return validation
    if isinstance(validation, tf.data.Dataset):
        if int(validation.cardinality()) == 0:
            raise ValueError("validation is empty: the dataset has no batch")
        return validation
    if isinstance(validation, tuple | list) and len(validation) in (2, 3):
        arrays = check_arrays("validation", validation)
        checks.check_labels("validation", arrays[1], model)
        return arrays
    raise TypeError(
        "validation must be None or what train may be; received " + type(validation).__name__
    )


def list_callbacks(callbacks):
    """The callbacks that were given, checked."""
    callbacks = list(callbacks)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks must be Keras callbacks; received {callback!r}")
    return callbacks


def make_callbacks(averaging, patience):
    """The callbacks that options stand for, in the order in which they have to come."""
    made = []
    if averaging is not None:
        # Early stopping keeps what is in the model after validation: that has to be the average.
        made.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=patience is not None))
    if patience is not None:
        made.append(
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        )
    return [*made, keras.callbacks.History()]
