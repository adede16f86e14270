"""``fit``: Keras's training loop with progress, a check for NaN, and exact resumption.

The loop itself is ``model.fit``; what is added are callbacks (``watching.py``, ``keeping.py``)
and data that can be begun at any epoch (``feeding.py``). Chapter 51 explains it.
"""

import contextlib
import gc
import warnings
from types import SimpleNamespace

from cnn_tutorial.progress import Progress
from cnn_tutorial.training import checkpoints, checks, devices, state
from cnn_tutorial.training.errors import TrainingInterrupted
from cnn_tutorial.training.interrupts import deferred_interrupt

# Images at once, of arrays: more than in training, since nothing is kept for gradients.
_VALIDATION_BATCH = 128
# Whether a training in this process did not come to its end: the data that it was reading wait for
# Python to collect them.
_LEFT_BEHIND = SimpleNamespace(is_half_read=False)


def fit(
    model,
    train,
    validation=None,
    *,
    epochs,
    checkpoint=None,
    callbacks=(),
    progress=True,
    seed=0,
    batch_size=32,
    schedule=None,
    averaging=None,
    patience=None,
    device=None,
):
    """Train a compiled model; with a checkpoint folder, go on where a former run was ended.

    The weights after an update are ``w <- w - rate(t) direction(gradient)``, as the model's
    optimiser has it; this function decides none of the mathematics, which is ``model.fit``'s.

    **Exact resumption.** After every epoch everything that the next one depends on is saved:
    weights, optimisers, place in the schedule, seeds of random layers, order of the data,
    callbacks' counters, history. Killed at any moment and run again with the same arguments, in a
    new process or in this one, the training goes on from the last finished epoch and ends with
    the weights, bit for bit, of a run that nothing interrupted. This takes operations that are
    deterministic: ``session.start`` sees to it. What cannot be repeated is refused, or a warning
    names it; what a model's own ``train_step`` keeps in plain Python attributes is neither seen
    nor saved. A checkpoint of other data is refused as far as that shows without reading them
    (``fingerprints.py``).

    How the data are repeated:

    - arrays: epoch ``e`` (from 0) has the order ``default_rng((seed, e)).permutation(N)``;
    - a data set of this package (``array_dataset``, ``folder_dataset``, ``shard_dataset``) is made
      anew and begun as often as it had been: orders and augmentation are functions of its seed and
      of the epoch;
    - another ``tf.data.Dataset`` likewise, without being made anew: it needs seeds of its own
      (``shuffle(n, seed=…)``), and cannot be set back within one process. ``cache`` and ``repeat``
      have to come before ``shuffle``. Layers in ``map`` are saved with it; random numbers of NumPy
      in a ``numpy_function`` are not: use ``tf.random.stateless_…`` on numbers of
      ``Dataset.random``;
    - a ``PyDataset``: its attributes (numbers, strings, paths, arrays, generators of NumPy, lists
      and dicts of these) are saved, and before every epoch the global random numbers of Python and
      NumPy are seeded by ``(seed, epoch)``. If it has a method ``set_epoch``, that is called with
      the epoch's number, from 0.

    A layer's random numbers have to come from a ``keras.random.SeedGenerator`` of its own, as
    Keras's layers have it.

    **What is set elsewhere.** Label smoothing belongs to the loss:
    ``CategoricalCrossentropy(label_smoothing=0.1)`` on one-hot labels. Mixed precision belongs to
    the layers: ``keras.config.set_dtype_policy("mixed_bfloat16")`` before the model is built.
    TensorBoard is a callback, ``keras.callbacks.TensorBoard(folder)``, and a package to install.

    Args:
        model: ``keras.Model``, built and compiled.
        train: ``tf.data.Dataset`` of batches, ``keras.utils.PyDataset``, or a pair of arrays
            (images ``(N, H, W, C)``, labels ``(N, …)``), perhaps with sample weights ``(N,)``.
        validation: the same kinds, looked at after every epoch; or None.
        epochs: int, passes over ``train`` in all, those of former runs included.
        checkpoint: path of a folder for this training alone, or None to save nothing. It keeps
            the last two checkpoints.
        callbacks: Keras callbacks.
        progress: bool, whether to show a bar with rate and time left.
        seed: int, not negative; decides the order of arrays.
        batch_size: int, images a step, for arrays; a dataset has its own.
        schedule: ``LearningRateSchedule``, or a function of the number of updates in the whole
            training that returns one, such as ``lambda steps: training.one_cycle(0.1, steps)``;
            or None for what the optimiser has. It begins with the optimiser: one that has made
            updates in another training is refused.
        averaging: float ``m`` between 0 and 1, or None, for an exponential moving average (EMA):
            after each update ``average <- m average + (1 - m) weights``. It is validated, is what
            callbacks see at the end of an epoch, and the model has it in the end. 0.99 averages
            over about the last hundred updates.
        patience: int, epochs without a smaller validation loss after which training ends with the
            weights of the best epoch; or None. Run again, a training that was ended stays so,
            unless ``patience`` is another.
        device: ``"gpu"``, ``"tpu"`` or ``"cpu"`` to refuse to train where there is none; Keras
            takes the fastest there is. None for anything.

    Returns:
        ``keras.callbacks.History`` of all epochs, those of former runs included.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if one is out of range; if data are empty, end early or do not fit the loss;
            ``CheckpointError`` if the checkpoint is of another model, version or data, or if
            another training is using the folder.
        DivergedError: if the loss, the validation loss or the weights are not finite.
        ImportError: if a callback is ``TensorBoard`` and its package is not installed.
        RuntimeError: if a device was asked for that is not there.
        OSError: if the folder cannot be written, or the disk is full.
        TrainingInterrupted: after Ctrl-C (a ``KeyboardInterrupt``); says how to go on.

    Reference:
        Polyak & Juditsky, Acceleration of stochastic approximation by averaging (1992), for
        ``averaging``; Prechelt, Early stopping, but when? (1998), for ``patience``.

    Example:
        >>> import keras, numpy as np
        >>> keras.utils.set_random_seed(0)
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> x = np.linspace(-1, 1, 64).reshape(64, 1)
        >>> history = fit(model, (x, 3 * x), epochs=60, progress=False)
        >>> len(history.history["loss"]), round(float(model.get_weights()[0][0, 0]), 1)
        (60, 3.0)
    """
    from cnn_tutorial.training import preparing
    from cnn_tutorial.training.averaging import Finish
    from cnn_tutorial.training.feeding import make_feed
    from cnn_tutorial.training.keeping import Keeper
    from cnn_tutorial.training.watching import Watch

    checks.check_model(model)
    checks.check_options(
        epochs=epochs,
        seed=seed,
        batch_size=batch_size,
        patience=patience,
        averaging=averaging,
    )
    devices.check_device(device)
    checks.check_checkpoint(checkpoint)
    if _LEFT_BEHIND.is_half_read:
        # TensorFlow was seen to wait for ever when Python collected them while a graph was traced.
        gc.collect()
        _LEFT_BEHIND.is_half_read = False
    feed = make_feed(train, batch_size=batch_size, seed=seed)
    callbacks = preparing.list_callbacks(callbacks)
    if checkpoint is not None:
        preparing.check_resumable(feed, validation, callbacks)
    validation = preparing.prepare_validation(validation, model)
    if patience is not None and validation is None:
        raise ValueError("patience needs validation: it waits for the validation loss")
    preparing.check_schedule(model, schedule, checkpoint)
    preparing.set_optimizer(model, schedule, averaging, epochs, feed.steps)
    preparing.build(model, feed)
    average, added = preparing.make_callbacks(callbacks, averaging, patience)
    with (
        checkpoints.lock_folder(checkpoint),
        Progress("training", unit="steps", shown=progress, timed=True) as bar,
    ):
        watch = Watch(feed, epochs, bar)
        data = feed.describe() if checkpoint is not None else None
        description = state.describe(model, {**feed.settings, "patience": patience}, data)
        keeper = Keeper(checkpoint, model, feed, watch, added, description)
        keeper.load()
        if keeper.epoch > epochs:
            raise ValueError(
                f"epochs must be at least {keeper.epoch}, the epochs that the checkpoint in "
                f"{checkpoint} has; received {epochs}"
            )
        first = epochs if keeper.is_stopped else keeper.epoch
        if first > 0:
            preparing.append_logs(callbacks)
        bar.total = feed.steps and feed.steps * (epochs - first)
        listed = [watch, *added, keeper, Finish(average, first == epochs)]
        _run(watch, keeper, model, validation, first, listed)
    return model.history


def load_weights(model, checkpoint):
    """Set a model's weights to those of the newest checkpoint, whatever version wrote it.

    Of a training that came to its end these are the weights that ``fit`` left in the model: with
    ``patience`` those of the best epoch. Of one that was broken off, those of its last finished
    epoch. With ``averaging`` they are the average in either case.

    Args:
        model: ``keras.Model`` of the same architecture, built.
        checkpoint: path of the folder that ``fit`` was given.

    Returns:
        int, the number of epochs that the weights were trained for.

    Raises:
        FileNotFoundError: if there is no checkpoint in the folder.
        CheckpointError: if layers are of other classes or weights of other shapes, or if it is
            damaged.

    Example:
        >>> load_weights(None, "no such folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: no checkpoint in no such folder
    """
    found = checkpoints.read_newest(checkpoint)
    if found is None:
        raise FileNotFoundError(f"no checkpoint in {checkpoint}")
    path, arrays, manifest = found
    state.check_weights(path, manifest, model)
    for place, variable in enumerate(model.variables):
        name = f"model/{place}"
        variable.assign(arrays.get(f"final/{name}", arrays[name]))
    return manifest["epoch"]


def _run(watch, keeper, model, validation, first, callbacks):
    """Keras's loop, its errors in words of ``fit``'s arguments."""
    _LEFT_BEHIND.is_half_read = True
    try:
        with deferred_interrupt(watch), _quiet_keras():
            model.fit(
                watch.feed.data,
                validation_data=validation,
                validation_batch_size=_VALIDATION_BATCH if isinstance(validation, tuple) else None,
                epochs=watch.epochs,
                initial_epoch=first,
                shuffle=False,
                callbacks=callbacks,
                verbose=0,
            )
        _LEFT_BEHIND.is_half_read = False
    except TrainingInterrupted:
        keeper.reload()
        raise TrainingInterrupted(_explain_interrupt(watch, keeper)) from None
    except Exception as error:
        explanation = _explain(error, watch)
        if explanation is None:
            raise
        raise ValueError(explanation) from error
    finally:
        keeper.remember_rate()
    if watch.interrupted:  # in what came after the last step
        raise TrainingInterrupted(
            f"interrupted after the last step of epoch {watch.epoch}: training is complete, the "
            "model has its final weights"
        )


@contextlib.contextmanager
def _quiet_keras():
    """Without the warning that data ran out, which comes whenever their number is unknown."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield


def _explain_interrupt(watch, keeper):
    where = f"interrupted in epoch {watch.epoch} of {watch.epochs}, after step {watch.steps}"
    if keeper.folder is None:
        return (
            f"{where}. Nothing is saved, since no checkpoint folder was given; the model has the "
            "weights of that step"
        )
    renew = "make train anew (it cannot be set back) and " if watch.feed.must_be_renewed else ""
    return (
        f"{where}. Saved in {keeper.folder}: the training up to the end of epoch {keeper.epoch}, "
        f"whose weights the model has now. To go on, {renew}call fit again with the same "
        f"arguments, here or in a new process; it begins with epoch {keeper.epoch + 1}"
    )


def _explain(error, watch):
    """What an error of TensorFlow means for the data, or None."""
    text = str(error)
    if labels := checks.explain_labels(text):
        return f"labels do not fit the loss, in epoch {watch.epoch}: {labels}"
    if "Input dataset was expected to contain" in text:
        kind = "ended early" if "but contained only" in text else "did not end as announced"
        found = text[text.index("Input dataset was expected") :].split("[")[0].split("\n")[0]
        return f"train {kind} in epoch {watch.epoch}, after step {watch.steps}: {found}"
    if "sparse_categorical_crossentropy" in text:  # two kernels, with a message of their own each
        for line in text.splitlines():
            if "outside the valid range" in line or "is not in [0," in line:
                return f"labels do not fit the loss, in epoch {watch.epoch}: {line.strip()}"
    return None
