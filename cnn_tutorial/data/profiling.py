"""Who is waiting, the data or the model? Measured; chapter 33 shows what to make of it.

Three speeds answer it: of the data with nothing behind it, of the model with nothing before it
(one batch, again and again), and of both together.
"""

import contextlib
import itertools
import math
import numbers
import time
import warnings

from cnn_tutorial.data.profile_report import Profile, Speed

WARM_UP = 0.25  # of the seconds that are measured, not counted, before each of the three
WARM_BATCHES = 3  # and at least so many batches, the first of which compiles the model


def profile(dataset, model=None, *, seconds=2.0):
    """Images a second of the data, of the model, and of both together: who waits for whom.

    Each is measured for ``seconds`` after a warm-up that does not count: threads start, buffers
    fill, the model is compiled. If the first pass over the data ends within this time, the
    clock starts anew, so that what counts are later passes, in which a cache is full. The
    model's speed is that of ``fit`` on one batch, repeated; what both do together, that of
    ``fit`` on the dataset. The model waits for ``1 - both / model`` of its time.

    Args:
        dataset: ``tf.data.Dataset`` of batches, ``(images, labels)`` where there is a model.
            It may be endless. A dataset that shuffles goes on to its next orders.
        model: compiled ``keras.Model``, on any backend, or None for the data alone. Its weights
            and its optimizer's state are put back afterwards.
        seconds: float, how long each of the three is measured; the whole takes about four
            times as long with a model, and longer where a single batch or step takes long.

    Returns:
        Profile: prints as a table and a sentence, in a notebook too; ``.plot()`` draws it.

    Raises:
        TypeError: if ``dataset`` or ``model`` is of another kind, or ``seconds`` no number.
        ValueError: if ``dataset`` is empty, is not batched, or has no labels although there is
            a model; if ``model`` is not compiled; if ``seconds`` is not positive.

    Example:
        >>> import numpy as np, tensorflow as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices(np.zeros((64, 8, 8, 3))).batch(16)
        >>> found = profile(dataset, seconds=0.05)
        >>> found.batch_size, found.model, found.waiting
        (16, None, None)
        >>> found.data > 100
        True
    """
    _check(dataset, model, seconds)
    data, sizes, first_pass = _time_data(dataset, seconds)
    if model is None:
        return Profile(data, None, None, max(sizes), first_pass, float(seconds))
    import tensorflow as tf

    batch = next(iter(dataset))
    repeated = tf.data.Dataset.from_tensors(batch).repeat(10**12)
    with _kept_state(model, batch[0]):
        alone = _time_fit(model, repeated, [_count(batch)], seconds)
        both = _time_fit(model, dataset, sizes, seconds)
    return Profile(data, alone, both, max(sizes), first_pass, float(seconds))


class _Clock:
    """Counts images between the end of a warm-up and the end of the time."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.restart()

    def restart(self):
        """Begin anew, with another warm-up."""
        self._batches = 0
        self._first = self._start = self._busy = None

    def count(self, images, finish=lambda: None):
        """Count a batch; its Speed if the time is over, else None.

        ``finish`` waits for work that was given out and is not done yet.
        """
        self._batches += 1
        if self._first is None:
            self._first = time.perf_counter()
        if self._start is None:
            warm = time.perf_counter() - self._first >= WARM_UP * self.seconds
            if warm and self._batches >= WARM_BATCHES:
                finish()
                self._start, self._busy = time.perf_counter(), time.process_time()
                self._images = 0
            return None
        self._images += images
        if time.perf_counter() - self._start < self.seconds:
            return None
        finish()
        took = time.perf_counter() - self._start
        return Speed(self._images / took, (time.process_time() - self._busy) / took)


def _time_data(dataset, seconds):
    """The data's Speed, the sizes of the first pass's batches, the first pass's rate or None."""
    clock, sizes, first_pass = _Clock(seconds), [], None
    for number in itertools.count():
        begun = time.perf_counter()
        for batch in dataset:
            if number == 0:
                sizes.append(_count(batch))
            speed = clock.count(_count(batch))
            if speed is not None:
                return speed, sizes, first_pass
        if number == 0:
            if not sizes:
                raise ValueError("dataset must hold at least one batch; it is empty")
            first_pass = sum(sizes) / (time.perf_counter() - begun)
            clock.restart()


def _time_fit(model, dataset, sizes, seconds):
    """The Speed of ``model.fit``; ``sizes`` are those of the first batches of every epoch."""
    import keras

    clock, largest = _Clock(seconds), max(sizes)

    class Stop(keras.callbacks.Callback):
        speed = None

        def on_epoch_begin(self, epoch, logs=None):
            self._sizes, self._step = iter(sizes), -1
            if epoch == 1:  # the first pass may have compiled the model for a smaller last batch
                clock.restart()

        def on_train_batch_end(self, batch, logs=None):
            # Several steps may have been executed at once (steps_per_execution).
            steps, self._step = batch - self._step, batch
            images = sum(next(self._sizes, largest) for _ in range(steps))
            self.speed = clock.count(images, finish=lambda: float(logs["loss"]))
            if self.speed is not None:
                self.model.stop_training = True

    stop = Stop()
    with warnings.catch_warnings():
        # Keras says so where it did not know how long a pass is.
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        model.fit(dataset, epochs=10**9, shuffle=False, verbose=0, callbacks=[stop])
    return stop.speed


@contextlib.contextmanager
def _kept_state(model, images):
    """Put a model's weights, its optimizer's and its history back as they were."""
    import tensorflow as tf

    if not model.built:
        model(tf.nest.map_structure(lambda tensor: tensor[:1], images))
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    history = getattr(model, "history", None)
    variables = [*model.variables, *model.optimizer.variables]
    values = [variable.numpy().copy() for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        model.history, model.stop_training = history, False


def _count(batch):
    first = batch
    while isinstance(first, (tuple, list, dict)):
        first = next(iter(first.values() if isinstance(first, dict) else first))
    return int(first.shape[0])


def _check(dataset, model, seconds):
    """Refuse what cannot be measured."""
    import keras
    import tensorflow as tf

    if isinstance(seconds, bool) or not isinstance(seconds, numbers.Real):
        raise TypeError(f"seconds must be a number; received {type(seconds).__name__}")
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"seconds must be positive; received {seconds}")
    if not isinstance(dataset, tf.data.Dataset):
        raise TypeError(f"dataset must be a tf.data.Dataset; received {type(dataset).__name__}")
    shapes = [spec.shape for spec in tf.nest.flatten(dataset.element_spec)]
    if any(shape.rank == 0 for shape in shapes):
        raise ValueError(
            "dataset must give batches: call .batch(batch_size) on it; it gives "
            f"{dataset.element_spec}"
        )
    if model is None:
        return
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model or None; received {type(model).__name__}")
    if not getattr(model, "compiled", False):
        raise ValueError("model must be compiled: call model.compile(loss=..., optimizer=...)")
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) < 2:
        raise ValueError(
            "dataset must give (images, labels), for the model to train on; it gives "
            f"{dataset.element_spec}"
        )
