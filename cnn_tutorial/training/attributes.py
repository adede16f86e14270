"""What callbacks and data sets remember between epochs: their plain attributes, saved and restored.

Nothing is pickled: numbers, strings, arrays and lists of these are all that a file may bring back.
Paths and generators of random numbers are written as such, and set again where they still are.
"""

import collections
import functools
import numbers
import pathlib
import random
import types

import numpy as np

# Not saved: what Keras sets, and min_delta, whose sign its callbacks turn at their first epoch.
_LEFT_OUT = ("params", "_model", "min_delta")
_MARK = "__array__"  # in JSON, where an array was
_FIXED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)
_CONTAINERS = (list, tuple, dict, set, collections.deque)


def take_plain(thing):
    """The attributes of an object that are numbers, strings, arrays, or lists of these.

    Args:
        thing: a callback, or a ``keras.utils.PyDataset``.

    Returns:
        dict by name; arrays are copies, those of strings are lists, paths are strings, and of
        generators of random numbers (NumPy's ``Generator`` and ``RandomState``, Python's
        ``Random``) it is the state.
    """
    return {
        name: value
        for name, found in vars(thing).items()
        if name not in _LEFT_OUT and (value := _to_plain(found)) is not _OPAQUE
    }


def put_plain(thing, plain):
    """Set the attributes of an object to what ``take_plain`` took."""
    for name, value in plain.items():
        setattr(thing, name, _from_plain(vars(thing).get(name), value))


def find_opaque(thing, *, containers=False):
    """Names of the attributes that ``take_plain`` leaves out and that may change.

    Args:
        thing: as for ``take_plain``.
        containers: bool, whether to name lists, dicts and sets alone.

    Returns:
        list of str; functions, classes and modules are not named.
    """
    kinds = _CONTAINERS if containers else object
    return [
        name
        for name, value in vars(thing).items()
        if name not in _LEFT_OUT
        and _to_plain(value) is _OPAQUE
        and isinstance(value, kinds)
        and not isinstance(value, (*_FIXED, functools.partial))
    ]


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
        {'best': [{'__array__': 'callback/0'}], 'wait': 2}
        >>> join_arrays(tree, arrays)
        {'best': [array([1.])], 'wait': 2}
    """
    arrays = {}

    def split(value):
        if isinstance(value, np.ndarray):
            name = f"{prefix}/{len(arrays)}"
            arrays[name] = value
            return {_MARK: name}
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
        if tree.keys() == {_MARK}:
            return arrays[tree[_MARK]]
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
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return value.tolist()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.RandomState):
        return value.get_state(legacy=False)
    if isinstance(value, random.Random):
        return _to_plain(value.getstate())
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if isinstance(value, list | tuple):
        parts = [_to_plain(one) for one in value]
        return _OPAQUE if any(part is _OPAQUE for part in parts) else parts
    if isinstance(value, dict) and value.keys() == {_MARK}:
        return _OPAQUE  # it would be taken for an array
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        parts = {key: _to_plain(one) for key, one in value.items()}
        return _OPAQUE if any(part is _OPAQUE for part in parts.values()) else parts
    return _OPAQUE


def _from_plain(found, value):
    """What ``_to_plain`` made this of, by what is there now; generators are set in place."""
    if isinstance(found, np.random.Generator):
        found.bit_generator.state = value
    elif isinstance(found, np.random.RandomState):
        found.set_state(value)
    elif isinstance(found, random.Random):
        found.setstate((value[0], tuple(value[1]), value[2]))
    elif isinstance(found, pathlib.PurePath) and isinstance(value, str):
        return type(found)(value)
    elif isinstance(found, np.ndarray) and isinstance(value, list):  # of strings
        array = np.array(value)
        return array.astype(np.promote_types(array.dtype, found.dtype))
    elif isinstance(found, list | tuple) and isinstance(value, list):
        if len(found) == len(value):
            value = [_from_plain(*pair) for pair in zip(found, value, strict=True)]
        return tuple(value) if type(found) is tuple else value
    elif isinstance(found, dict) and isinstance(value, dict):
        return {key: _from_plain(found.get(key), one) for key, one in value.items()}
    else:
        return value
    return found


def _is_same(one, other):
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and np.array_equal(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return one == other
