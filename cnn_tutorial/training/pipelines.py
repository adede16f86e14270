"""What lies inside a ``tf.data`` pipeline: its steps, what keeps an order, its variables.

TensorFlow has no public way to ask for them. Where a version shows nothing, nothing is found, and
``check_order`` says so.
"""

import contextlib
import warnings

import keras

# What this package takes of others that is private, and a new version may change:
# - TensorFlow: Dataset._inputs, ._functions, ._tensors, ._reshuffle_each_iteration, ._rerandomize
#   and the classes' names (here, fingerprints.py), a tensor's ._handle_data (here);
# - Keras: Layer._flatten_layers (state.py, watching.py), Model._symbolic_build (the feeds) and
#   .jax_state_sync (watching.py); of SwapEMAWeights ._tf_swap_variables, ._backend_swap_variables,
#   ._apply_to_ema_optimizers and ._finalize_ema_values, of optimisers
#   ._model_variables_moving_average (averaging.py).

# These begin what they read from once each time that they are begun, and keep nothing of it.
_PASSING = frozenset(
    [
        "AssertCardinality",
        "Batch",
        "DenseToRagged",
        "DenseToSparseBatch",
        "Filter",
        "FlatMap",
        "GroupByWindow",
        "IgnoreErrors",
        "Interleave",
        "Map",
        "Options",
        "PaddedBatch",
        "ParallelBatch",
        "ParallelInterleave",
        "ParallelMap",
        "Prefetch",
        "Rebatch",
        "Restructured",
        "Scan",
        "Shard",
        "Shuffle",
        "Skip",
        "Take",
        "TakeWhile",
        "Unbatch",
        "Unique",
        "Window",
        "Zip",
    ]
)
_KEEPING = ("Cache", "Snapshot")


def list_steps(dataset):
    """Each step of a pipeline, from the last to the first, with the kinds of those after it."""
    waiting = [(dataset, ())]
    while waiting:
        step, after = waiting.pop()
        yield step, after
        with contextlib.suppress(AttributeError, NotImplementedError):
            waiting += [(one, (*after, _name_kind(step))) for one in step._inputs()]


def has_order(dataset):
    """Whether what the dataset gives may depend on how often it was begun."""
    return any(
        _is_drawing(step) or _holds_dataset(step) or not _is_shown(step)
        for step, _ in list_steps(dataset)
    )


def are_read_by_keras():
    """Whether Keras is given datasets, or their batches by way of Python.

    TensorFlow reads datasets in its own graph. On another backend every batch comes through Python,
    where slicing arrays and looking at labels cost less; but it is datasets that a distribution
    over several processes divides among them.
    """
    backend = keras.backend.backend()
    return backend == "tensorflow" or keras.distribution.distribution() is not None


def check_order(train, validation):
    """Refuse a pipeline whose order cannot be had again; warn of a shuffled validation.

    ``shuffle`` and ``Dataset.random`` count how often they are begun. Once an epoch is what can
    be repeated: neither ``repeat`` nor ``cache`` may come after them, nor another reader.

    Args:
        train: ``tf.data.Dataset`` that was not begun yet.
        validation: ``tf.data.Dataset``, or anything else.

    Raises:
        ValueError: says which step is in the way, and what to do.
    """
    if not all(_is_shown(step) for step, _ in list_steps(train)):
        warnings.warn(
            "this version of TensorFlow does not show what lies in a pipeline: whether train's "
            "order can be had again is not checked, and what layers in it draw is not saved",
            stacklevel=5,
        )
    for step, after in list_steps(train):
        others = [kind for kind in after if kind not in _PASSING]
        kept = [kind for kind in after if kind in _KEEPING]
        if _holds_dataset(step):
            raise ValueError(
                "checkpoint needs a train whose order can be had again; a function in it "
                f"({_name_kind(step)}) holds another dataset, into which one cannot look: make "
                "that dataset inside the function, or join them by zip"
            )
        if (_is_drawing(step) and others) or (kept and _is_changing(step)):
            what = "shuffle" if _name_kind(step) == "Shuffle" else "random numbers"
            raise ValueError(
                f"checkpoint needs a train whose order can be had again; here {what} come before "
                f"{(others or kept)[-1].lower()}, and an epoch begins them not once. Put "
                "cache, repeat and what joins datasets first, and after it shuffle, random "
                "layers, batch and take"
            )
    found = {id(step): _name_kind(step) for step, _ in list_steps(train) if _is_drawing(step)}
    for step, _ in list_steps(validation):
        if id(step) in found:
            raise ValueError(
                "checkpoint needs a train that nothing else begins; validation is made from the "
                "same shuffled dataset: make a dataset of its own for it"
            )
        if _name_kind(step) == "Shuffle" and _is_drawing(step):
            warnings.warn(
                "validation is shuffled, anew every epoch: a training that goes on from a "
                "checkpoint may show other digits of its loss, and patience and callbacks decide "
                "by them. Leave shuffle out",
                stacklevel=5,
            )


def list_variables(dataset):
    """Handles of the variables that functions of the pipeline hold, each once."""
    found = {}
    for step, _ in list_steps(dataset):
        for function in _list_functions(step):
            for handle in function.captured_inputs:
                if _is_variable(handle):
                    found[id(handle)] = handle
    return list(found.values())


def read_variable(handle):
    """The value of a variable, as a tensor."""
    import tensorflow as tf

    dtype = handle._handle_data.shape_and_type[0].dtype
    return tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)


def assign_variable(handle, value):
    """Set a variable to an array."""
    import tensorflow as tf

    tf.raw_ops.AssignVariableOp(resource=handle, value=tf.convert_to_tensor(value))


def _is_shown(step):
    return hasattr(step, "_inputs") and hasattr(step, "_functions")


def _name_kind(step):
    """``"Shuffle"`` for a ``_ShuffleDataset``."""
    return type(step).__name__.removeprefix("_").removesuffix("Dataset")


def _is_drawing(step):
    """Whether the step draws anew each time that it is begun."""
    if _name_kind(step) == "Shuffle":
        return getattr(step, "_reshuffle_each_iteration", True) is not False
    return _name_kind(step) == "Random" and bool(getattr(step, "_rerandomize", True))


def _list_functions(step):
    with contextlib.suppress(AttributeError, NotImplementedError):
        return [one.function for one in step._functions()]
    return []


def _holds_dataset(step):
    functions = _list_functions(step)
    return any(one.dtype.name == "variant" for f in functions for one in f.captured_inputs)


def _is_changing(step):
    """Whether a function of the step may change a variable, as random layers do."""
    for function in _list_functions(step):
        kinds = [operation.type for operation in function.graph.get_operations()]
        changing = any("Assign" in kind or "Call" in kind for kind in kinds)
        if changing and any(map(_is_variable, function.captured_inputs)):
            return True
    return False


def _is_variable(handle):
    is_resource = handle.dtype.name == "resource"
    data = getattr(handle, "_handle_data", None)
    return is_resource and bool(data and data.shape_and_type)
