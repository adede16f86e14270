"""By what a checkpoint knows the data that a training began with, as JSON can hold it.

Of arrays shape, dtype and a hash. Of a ``tf.data.Dataset`` its batches' shapes and dtypes, their
number, and the arrays that it begins with (``from_tensor_slices``, ``array_dataset``, the labels of
``folder_dataset``); of one that reads files, not what is in the files. Of a ``PyDataset`` the
number of batches. No batch is read for it.
"""

import hashlib

import numpy as np

from cnn_tutorial.training import pipelines

_BYTES = 2**26  # of an array that are looked at: 64 MiB


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


def describe_pipeline(dataset):
    """The arrays of numbers that a ``tf.data`` pipeline begins with, as above, each by its place.

    Args:
        dataset: ``tf.data.Dataset``.

    Returns:
        dict ``{"array 0": describe_array(…), …}``; empty where TensorFlow shows none.
    """
    arrays = enumerate(_list_arrays(dataset))
    return {f"array {place}": describe_array(array) for place, array in arrays}


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
