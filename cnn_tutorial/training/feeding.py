"""The training data, made repeatable: the same batches in the same epoch, whoever asks again.

Each kind of data has its own way (``fit``'s docstring has them in words): arrays are put into an
order that is a function of seed and epoch; a ``tf.data.Dataset`` is moved on to the epoch by
beginning it as often as it had been begun; a ``PyDataset`` gets its attributes and the global
random numbers back. Chapter 51 explains why order belongs to the state of a training.
"""

import random
import weakref

import numpy as np

from cnn_tutorial.training import attributes, pipelines

_BEGUN = weakref.WeakKeyDictionary()  # how often a dataset was begun by ``fit`` in this process


def make_feed(train, *, batch_size, seed):
    """What ``model.fit`` is given, with what is needed to begin at any epoch.

    Args:
        train: as for ``fit``.
        batch_size: int, for arrays.
        seed: int.

    Returns:
        ``ArrayFeed``, ``DatasetFeed`` or ``PyDatasetFeed``: ``.data``, ``.steps`` (batches an
        epoch, or None), ``.seek(epoch)`` (called once, before training), ``.begin(epoch)``,
        ``.take()`` and ``.put(state)`` (what else has to be saved).

    Raises:
        TypeError: if ``train`` is something else.
        ValueError: if it is empty or without end, or its arrays do not fit.
    """
    import keras
    import tensorflow as tf

    if isinstance(train, tf.data.Dataset):
        return DatasetFeed(train)
    if isinstance(train, keras.utils.PyDataset):
        return PyDatasetFeed(train, seed)
    if isinstance(train, tuple | list) and len(train) in (2, 3):
        return ArrayFeed(check_arrays("train", train), batch_size, seed)
    raise TypeError(
        "train must be a tf.data.Dataset, a keras.utils.PyDataset or a pair of arrays (images, "
        f"labels); received {type(train).__name__}"
    )


class ArrayFeed:
    """Batches of arrays, in the order ``numpy.random.default_rng((seed, epoch)).permutation(N)``.

    Args:
        arrays: tuple of arrays of equal length N: images, labels and perhaps sample weights.
        batch_size: int.
        seed: int.
    """

    def __init__(self, arrays, batch_size, seed):
        import tensorflow as tf

        self.epoch, self.arrays, number = 0, arrays, len(arrays[0])
        self.settings = {"seed": seed, "batch_size": batch_size}
        self.steps = -(-number // batch_size)
        with tf.device("CPU:0"):
            tensors = tuple(map(tf.convert_to_tensor, arrays))

        def draw_order():
            return np.random.default_rng((seed, self.epoch)).permutation(number)

        def order(_):
            drawn = tf.numpy_function(draw_order, [], tf.int64, stateful=False)
            return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(drawn, (number,)))

        def take(indices):
            return tuple(tf.gather(tensor, indices) for tensor in tensors)

        dataset = tf.data.Dataset.range(1).flat_map(order).batch(batch_size)
        dataset = dataset.map(take, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(self.steps))
        self.data = dataset.prefetch(tf.data.AUTOTUNE)
        self.draw_order = draw_order  # tf.data holds it by a weak reference

    def seek(self, epoch):
        """Nothing: the order depends on the epoch's number alone."""

    def begin(self, epoch):
        """Be the data of this epoch."""
        self.epoch = epoch

    def take(self):
        """Nothing more has to be saved."""
        return {}

    put = seek

    def find_fault(self):
        """What is wrong with the arrays, if a training diverges, or None."""
        for name, array in zip(("images", "labels", "sample weights"), self.arrays, strict=False):
            bad = [place for place, one in enumerate(array) if not np.isfinite(one).all()]
            if bad:
                return f"{name} that are not finite ({len(bad)} of them, the first at {bad[0]})"
        return None


class DatasetFeed:
    """A ``tf.data.Dataset``, begun once an epoch, and the variables of the layers that it calls.

    ``shuffle`` and ``Dataset.random`` count how often they were begun, and draw accordingly.
    Data sets of this package can be made anew (``make_again``), and count from nothing then.

    Args:
        dataset: ``tf.data.Dataset``.
    """

    def __init__(self, dataset):
        import tensorflow as tf

        self.steps = int(dataset.cardinality())
        if self.steps == 0:
            raise ValueError("train is empty: the dataset has no batch")
        if self.steps == tf.data.INFINITE_CARDINALITY:
            raise ValueError("train has no end: take(n) of the dataset makes an epoch of n batches")
        again = getattr(dataset, "make_again", None)
        self.dataset = again() if again else dataset
        self._first = _BEGUN.setdefault(self.dataset, 0)  # how often, before this training
        # Keras begins a dataset more often than it reads it, each backend in its own way: the
        # inner one begins when the first batch is asked for, and so once an epoch.
        self.data = tf.data.Dataset.range(1).flat_map(lambda _: self.dataset)
        if self.steps > 0:
            self.data = self.data.apply(tf.data.experimental.assert_cardinality(self.steps))
        self.steps = self.steps if self.steps > 0 else None
        self._handles = pipelines.list_variables(self.dataset)
        self._has_order = pipelines.has_order(self.dataset)
        self.must_be_renewed = self._has_order and again is None  # to go on in this process
        # TensorFlow mixes the seed of the whole program into those of the data set's operations.
        self.settings = {"global seed": tf.compat.v1.get_seed(0)[0]}

    def seek(self, epoch):
        """Begin the dataset as often as it was begun before this epoch."""
        missing = self._first + epoch - _BEGUN[self.dataset]
        if missing < 0 and self._has_order:
            raise ValueError(
                "train was used further than this in this process, and a tf.data.Dataset cannot be "
                "set back: make it anew (run the cell that makes it) and call fit again, so that "
                f"epoch {epoch + 1} has the order that it would have had"
            )
        for _ in range(missing):
            iter(self.dataset)
        _BEGUN[self.dataset] += max(missing, 0)

    def begin(self, epoch):
        """Count: Keras begins the dataset."""
        _BEGUN[self.dataset] += 1

    def find_fault(self):
        """Nothing is known of data that come as they are asked for."""

    def take(self):
        """The variables of layers in the pipeline, such as their seed generators."""
        variables = [np.array(pipelines.read_variable(handle)) for handle in self._handles]
        return {"variables": variables, "first": self._first}

    def put(self, state):
        """Set these variables."""
        self._first = state.get("first", 0)
        values = state.get("variables", [])
        if len(values) != len(self._handles):
            raise ValueError(
                f"train must be the dataset that training began with: its functions hold "
                f"{len(self._handles)} variables, and there were {len(values)}"
            )
        for handle, value in zip(self._handles, values, strict=True):
            pipelines.assign_variable(handle, value)


class PyDatasetFeed:
    """A ``keras.utils.PyDataset``: its plain attributes are saved with the checkpoint.

    Python's and NumPy's global random numbers are seeded at the start of every epoch.

    Args:
        dataset: ``keras.utils.PyDataset``.
        seed: int.
    """

    def __init__(self, dataset, seed):
        self.data, self.seed, self.steps = dataset, seed, dataset.num_batches
        if self.steps == 0:
            raise ValueError("train is empty: the PyDataset has no batch")
        if self.steps is None:
            raise ValueError("train has no end: a PyDataset needs a number of batches, __len__")
        self._before, self._changed = attributes.take_plain(dataset), set()
        self.settings = {"seed": seed}

    def seek(self, epoch):
        """Nothing: the attributes come with ``put``."""

    def begin(self, epoch):
        """Seed the global random numbers that the data set may draw."""
        sequence = np.random.SeedSequence((self.seed, epoch))
        random.seed(int(sequence.generate_state(1)[0]))
        np.random.seed(sequence.generate_state(4))  # noqa: NPY002 (what the data set may use)

    def find_fault(self):
        """Nothing is known of data that come as they are asked for."""

    def take(self):
        """The plain attributes that training has changed."""
        now = attributes.take_plain(self.data)
        self._changed |= attributes.find_changes(self._before, now).keys()
        return {"attributes": {name: now[name] for name in sorted(self._changed & now.keys())}}

    def put(self, state):
        """Set the attributes."""
        found = state.get("attributes", {})
        self._changed |= found.keys()
        attributes.put_plain(self.data, found)


def check_arrays(name, arrays):
    """The arrays of a tuple (images, labels) or (images, labels, weights), of equal length.

    Raises:
        TypeError: if one is not an array of numbers.
        ValueError: if lengths differ or there is nothing.
    """
    arrays = tuple(np.asarray(array) for array in arrays)
    words = ("images", "labels", "sample weights")[: len(arrays)]
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
