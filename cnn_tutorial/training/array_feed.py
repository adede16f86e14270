"""Arrays as training data, in an order that is a function of seed and epoch."""

import keras
import numpy as np

from cnn_tutorial.training import checks, fingerprints, pipelines


class ArrayFeed:
    """Batches of arrays, in the order ``numpy.random.default_rng((seed, epoch)).permutation(N)``.

    TensorFlow takes them through ``tf.data``; the other backends as they are, since ``tf.data``
    would cost them a fifth of a small network's step.

    Args:
        arrays: tuple of arrays of equal length N: images, labels and perhaps sample weights.
        batch_size: int.
        seed: int.
    """

    must_be_renewed = False

    def __init__(self, arrays, batch_size, seed):
        self.epoch, self.arrays, number = 0, arrays, len(arrays[0])
        self.settings = {"seed": seed, "batch_size": batch_size}
        self.steps = -(-number // batch_size)

        def draw_order():
            return np.random.default_rng((seed, self.epoch)).permutation(number)

        self.draw_order = draw_order  # tf.data holds it by a weak reference
        make = _gather_tensors if pipelines.are_read_by_keras() else _Slices
        self.data = make(arrays, batch_size, self.steps, draw_order)

    def check_resumable(self, validation):
        """Arrays can always go on, and have nothing that cannot be saved."""
        return []

    def build(self, model):
        """Check the labels, and make the variables of the model and its optimiser."""
        checks.check_labels("train", self.arrays[1], model)
        shapes = [(None, *array.shape[1:]) for array in self.arrays]
        names = [array.dtype.name for array in self.arrays]
        model._symbolic_build(data_batch=tuple(map(keras.KerasTensor, shapes, names)))

    def describe(self):
        """Shape, dtype and hash of each array."""
        return {word: fingerprints.describe_array(array) for word, array in self._list_arrays()}

    def seek(self, epoch):
        """Nothing: the order depends on the epoch's number alone."""

    def begin(self, epoch):
        """Be the data of this epoch."""
        self.epoch = epoch

    def find_fault(self):
        """What is wrong with the arrays, if a training diverges, or None."""
        for word, array in self._list_arrays():
            bad = [place for place, one in enumerate(array) if not np.isfinite(one).all()]
            if bad:
                return f"{word} that are not finite ({len(bad)} of them, the first at {bad[0]})"
        return None

    def take(self):
        """Nothing more has to be saved."""
        return {}

    def put(self, state):
        """Nothing was saved."""

    def _list_arrays(self):
        return zip(checks.ARRAYS, self.arrays, strict=False)


def _gather_tensors(arrays, batch_size, steps, draw_order):
    """A ``tf.data.Dataset`` that asks for the order when its first batch is asked for."""
    import tensorflow as tf

    with tf.device("CPU:0"):
        tensors = tuple(map(tf.convert_to_tensor, arrays))

    def order(_):
        drawn = tf.numpy_function(draw_order, [], tf.int64, stateful=False)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(drawn, (len(arrays[0]),)))

    def take(indices):
        return tuple(tf.gather(tensor, indices) for tensor in tensors)

    dataset = tf.data.Dataset.range(1).flat_map(order).batch(batch_size)
    dataset = dataset.map(take, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return dataset.prefetch(tf.data.AUTOTUNE)


class _Slices(keras.utils.PyDataset):
    """Asks for the order with the first batch of an epoch; the arguments as above."""

    def __init__(self, arrays, batch_size, steps, draw_order):
        super().__init__()
        self._arrays, self._size, self._steps = arrays, batch_size, steps
        self._draw_order = draw_order

    def __len__(self):
        return self._steps

    def __getitem__(self, step):
        if step == 0:
            self._order = self._draw_order()
        chosen = self._order[step * self._size : (step + 1) * self._size]
        return tuple(array[chosen] for array in self._arrays)
