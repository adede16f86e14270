"""A ``keras.utils.PyDataset`` as training data: its attributes are part of a training's state."""

import random

import numpy as np

from cnn_tutorial.training import attributes, checks


class PyDatasetFeed:
    """A ``keras.utils.PyDataset``: its plain attributes are saved with the checkpoint.

    Python's and NumPy's global random numbers are seeded at the start of every epoch, and a data
    set with a method ``set_epoch`` is told its number.

    Args:
        dataset: ``keras.utils.PyDataset``.
        seed: int.
    """

    must_be_renewed = False

    def __init__(self, dataset, seed):
        self.data, self.seed, self.steps = dataset, seed, dataset.num_batches
        if self.steps == 0:
            raise ValueError("train is empty: the PyDataset has no batch")
        if self.steps is None:
            raise ValueError("train has no end: a PyDataset needs a number of batches, __len__")
        self._before, self._changed = {}, set()
        self.settings = {"seed": seed}

    def check_resumable(self, validation):
        """The attributes that cannot be saved; what the others are now is remembered."""
        self._before = attributes.take_plain(self.data)
        return attributes.find_opaque(self.data)

    def build(self, model):
        """Check the labels of the first batch, and make the optimiser's variables."""
        check_first_batch("train", self.data, model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)

    def describe(self):
        """The number of batches alone: attributes may change in training."""
        return {"batches": self.steps}

    def seek(self, epoch):
        """Nothing: the attributes come with ``put``."""

    def begin(self, epoch):
        """Seed the global random numbers that the data set may draw, and tell it the epoch."""
        sequence = np.random.SeedSequence((self.seed, epoch))
        random.seed(int(sequence.generate_state(1)[0]))
        np.random.seed(sequence.generate_state(4))  # noqa: NPY002 (what the data set may use)
        if hasattr(self.data, "set_epoch"):
            self.data.set_epoch(epoch)

    def find_fault(self):
        """Nothing is known of data that come as they are asked for."""

    def take(self):
        """The plain attributes that training has changed."""
        now = attributes.take_plain(self.data)
        self._changed |= attributes.find_changes(self._before, now).keys()
        return {"attributes": {name: now[name] for name in sorted(self._changed & now.keys())}}

    def put(self, state):
        """Set the attributes."""
        self._changed |= state["attributes"].keys()
        attributes.put_plain(self.data, state["attributes"])


def check_first_batch(name, data, model):
    """Look at the labels of a ``PyDataset``'s first batch, and leave no trace of that."""
    before = attributes.take_plain(data)
    batch = data[0]
    changed = attributes.find_changes(before, attributes.take_plain(data))
    attributes.put_plain(data, {key: before[key] for key in changed if key in before})
    if isinstance(batch, tuple | list) and len(batch) in (2, 3) and hasattr(batch[1], "shape"):
        checks.check_labels(name, np.asarray(batch[1]), model)
