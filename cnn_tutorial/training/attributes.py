"""What callbacks and data sets remember between epochs: their plain attributes, saved and restored.

Nothing is pickled: numbers, strings, arrays and lists of these are all that a file may bring back.
"""

import numbers

import numpy as np

# Not saved: what Keras sets, and min_delta, whose sign its callbacks turn at their first epoch.
_LEFT_OUT = ("params", "_model", "min_delta")


def take_plain(thing):
    """The attributes of an object that are numbers, strings, arrays, or lists of these.

    Args:
        thing: a callback, or a ``keras.utils.PyDataset``.

    Returns:
        dict by name; arrays are copies, a ``numpy.random.Generator`` is its state.
    """
    return {
        name: value
        for name, found in vars(thing).items()
        if name not in _LEFT_OUT and (value := _to_plain(found)) is not _OPAQUE
    }


def put_plain(thing, plain):
    """Set the attributes of an object to what ``take_plain`` took."""
    for name, value in plain.items():
        found = vars(thing).get(name)
        if isinstance(found, np.random.Generator):
            found.bit_generator.state = value
        else:
            setattr(thing, name, value)


def find_changes(before, after):
    """What of ``after`` is not as it was ``before``, both from ``take_plain``."""
    return {
        name: value
        for name, value in after.items()
        if name not in before or not _is_same(before[name], value)
    }


def split_arrays(plain, prefix):
    """A nested value as JSON can hold it, and its arrays by names that it refers to.

    Example:
        >>> tree, arrays = split_arrays({"best": [np.ones(1)], "wait": 2}, "callback")
        >>> tree
        {'best': [{'array': 'callback/0'}], 'wait': 2}
        >>> join_arrays(tree, arrays)
        {'best': [array([1.])], 'wait': 2}
    """
    arrays = {}

    def split(value):
        if isinstance(value, np.ndarray):
            name = f"{prefix}/{len(arrays)}"
            arrays[name] = value
            return {"array": name}
        if isinstance(value, list):
            return [split(one) for one in value]
        if isinstance(value, dict):
            return {key: split(one) for key, one in value.items()}
        return value

    return split(plain), arrays


def join_arrays(tree, arrays):
    """What ``split_arrays`` was given."""
    if isinstance(tree, list):
        return [join_arrays(one, arrays) for one in tree]
    if isinstance(tree, dict):
        if tree.keys() == {"array"}:
            return arrays[tree["array"]]
        return {key: join_arrays(one, arrays) for key, one in tree.items()}
    return tree


_OPAQUE = object()  # a value that is not saved


def _to_plain(value):
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return np.array(value)
    if isinstance(value, numbers.Real):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return value.copy()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, list | tuple):
        parts = [_to_plain(one) for one in value]
        return _OPAQUE if any(part is _OPAQUE for part in parts) else parts
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        parts = {key: _to_plain(one) for key, one in value.items()}
        return _OPAQUE if any(part is _OPAQUE for part in parts.values()) else parts
    return _OPAQUE


def _is_same(one, other):
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and np.array_equal(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return one == other
