"""The training data, made repeatable: the same batches in the same epoch, whoever asks again.

Each kind of data has its own way (``fit``'s docstring has them in words): arrays are put into an
order that is a function of seed and epoch (``array_feed.py``); a ``tf.data.Dataset`` is moved on to
the epoch by beginning it as often as it had been begun (``dataset_feed.py``); a ``PyDataset`` gets
its attributes and the global random numbers back (``pydataset_feed.py``). Chapter 51 explains why
order belongs to the state of a training.
"""

import keras

from cnn_tutorial.training import checks
from cnn_tutorial.training.array_feed import ArrayFeed
from cnn_tutorial.training.dataset_feed import DatasetFeed
from cnn_tutorial.training.pydataset_feed import PyDatasetFeed


def make_feed(train, *, batch_size, seed):
    """What ``model.fit`` is given, with what is needed to begin at any epoch.

    Args:
        train: as for ``fit``.
        batch_size: int, for arrays.
        seed: int.

    Returns:
        ``ArrayFeed``, ``DatasetFeed`` or ``PyDatasetFeed``. All have ``.data`` (for ``model.fit``),
        ``.steps`` (batches an epoch, or None), ``.settings`` (what decides their order),
        ``.must_be_renewed`` (whether to be made anew to go on in this process),
        ``.check_resumable(validation)`` (refuses what cannot go on, and names what cannot be
        saved), ``.build(model)`` (checks the labels, and makes the variables), ``.describe()``,
        ``.seek(epoch)`` (called once, before training), ``.begin(epoch)``, ``.find_fault()``,
        ``.take()`` and ``.put(state)`` (what else has to be saved).

    Raises:
        TypeError: if ``train`` is something else.
        ValueError: if it is empty or without end, or its arrays do not fit.
    """
    import tensorflow as tf

    if isinstance(train, tf.data.Dataset):
        return DatasetFeed(train)
    if isinstance(train, keras.utils.PyDataset):
        return PyDatasetFeed(train, seed)
    if isinstance(train, tuple | list) and len(train) in (2, 3):
        return ArrayFeed(checks.check_arrays("train", train), batch_size, seed)
    raise TypeError(
        "train must be a tf.data.Dataset, a keras.utils.PyDataset or a pair of arrays (images, "
        f"labels); received {type(train).__name__}"
    )
