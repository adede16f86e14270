"""By what a checkpoint knows the data that a training began with."""

import hashlib

import numpy as np

from cnn_tutorial.training import pipelines

_BYTES = 2**26  # of an array that are looked at: 64 MiB


def describe_data(feed):
    """What there is to know of training data without reading a batch, as JSON can hold it.

    Of arrays shape, dtype and a hash. Of a ``tf.data.Dataset`` its batches' shapes and dtypes,
    their number, and the arrays that it begins with (``from_tensor_slices``, ``array_dataset``,
    the labels of ``folder_dataset``); of one that reads files, not what is in the files. Of a
    ``PyDataset`` the number of batches alone: its attributes may change while it trains.

    Args:
        feed: see ``feeding.make_feed``.

    Returns:
        dict of a name and what is known of it.
    """
    if hasattr(feed, "arrays"):
        words = ("images", "labels", "sample weights")
        return {word: describe_array(one) for word, one in zip(words, feed.arrays, strict=False)}
    dataset = getattr(feed, "dataset", None)
    if dataset is None:
        return {"batches": feed.steps}
    arrays = {f"array {place}": one for place, one in enumerate(_list_arrays(dataset))}
    return {"batches": feed.steps, "batch": str(dataset.element_spec)} | {
        name: describe_array(array) for name, array in arrays.items()
    }


def describe_array(array):
    """Shape, dtype and SHA-256; of an array above 64 MiB of evenly spaced rows.

    Example:
        >>> found = describe_array(np.zeros((2, 3)))
        >>> found["shape"], found["dtype"], len(found["content"])
        ([2, 3], 'float64', 64)
    """
    rows = array[:: -(-array.nbytes // _BYTES) or 1] if array.ndim else array
    content = hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": array.dtype.name, "content": content}


def _list_arrays(dataset):
    """The arrays of numbers that a pipeline, or the function that makes it again, begins with."""
    again = getattr(dataset, "make_again", None)
    given = [*getattr(again, "args", ()), *getattr(again, "keywords", {}).values()]
    found = [getattr(one, "__self__", one) for one in given]  # images, of images.__getitem__
    for step, _ in pipelines.list_steps(dataset):
        for tensor in getattr(step, "_tensors", ()):
            if hasattr(tensor, "numpy"):
                found.append(np.asarray(tensor.numpy()))
    return [one for one in found if isinstance(one, np.ndarray) and one.dtype.kind in "biufc"]
