"""A ``tf.data.Dataset`` as training data: begun once an epoch, and as often as it had been."""

import weakref

import keras
import numpy as np

from cnn_tutorial.training import checks, fingerprints, pipelines

_BEGUN = weakref.WeakKeyDictionary()  # how often a dataset was begun by ``fit`` in this process


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

    def check_resumable(self, validation):
        """Refuse a dataset without a number of batches, or whose order cannot be had again."""
        if self.steps is None:
            raise ValueError(
                "checkpoint needs a dataset that knows its number of batches: give train.apply("
                "tf.data.experimental.assert_cardinality(n)). Otherwise TensorFlow begins one more "
                "step than there are, in which random layers may draw or not"
            )
        pipelines.check_order(self.dataset, validation)
        return []

    def build(self, model):
        """Check the labels, and make the variables of the model and its optimiser."""
        spec = checks.check_spec("train", self.dataset.element_spec)
        if hasattr(spec[1], "shape"):
            checks.check_labels("train", spec[1], model)
        look = checks.make_look("train", spec[1], model)
        if look is not None and self.steps and not pipelines.are_read_by_keras():
            self.data = _LookedAt(self.data, self.steps, look)
        else:
            self.data = checks.guard_labels("train", self.data, model)
        batch = keras.tree.map_structure(
            lambda one: keras.KerasTensor(tuple(one.shape), one.dtype.name), spec
        )
        model._symbolic_build(data_batch=batch)

    def describe(self):
        """Number, shapes and dtypes of the batches, and the arrays that the dataset begins with."""
        words = {"batches": self.steps, "batch": str(self.dataset.element_spec)}
        return words | fingerprints.describe_pipeline(self.dataset)

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
        self._first, values = state["first"], state["variables"]
        if len(values) != len(self._handles):
            raise ValueError(
                f"train must be the dataset that training began with: its functions hold "
                f"{len(self._handles)} variables, and there were {len(values)}"
            )
        for handle, value in zip(self._handles, values, strict=True):
            pipelines.assign_variable(handle, value)


class _LookedAt(keras.utils.PyDataset):
    """A dataset's batches, begun with the first of an epoch, whose labels Python looks at.

    On a backend other than TensorFlow, where a function in the pipeline that does it costs several
    times as much. Nothing is read ahead, and nothing after the last batch is asked for.

    Args:
        dataset: ``tf.data.Dataset``.
        steps: int, its batches.
        look: function of a batch's labels that raises an error, see ``checks.make_look``.
    """

    def __init__(self, dataset, steps, look):
        super().__init__()
        self._dataset, self._steps, self._look = dataset, steps, look

    def __len__(self):
        return self._steps

    def __getitem__(self, step):
        if step == 0:
            self._batches = iter(self._dataset)
        batch = next(self._batches)
        self._look(batch[1])
        return batch
