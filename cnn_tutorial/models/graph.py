"""The layers of a Keras model in the order in which an image meets them."""

from typing import Any, NamedTuple


class Call(NamedTuple):
    """One layer at work: the same layer may be called several times.

    Attributes:
        name: str, unique: a layer inside a model inside the model is ``"inner/layer"``, a
            second call is ``"layer (2)"``.
        layer: the Keras layer or operation; None for an input.
        inputs: tuple of str, the names of the calls whose outputs it takes.
        shapes: list of tuples of ints, its inputs' shapes without N.
        output_shape: tuple of ints, without N.
    """

    name: str
    layer: Any
    inputs: tuple
    shapes: list
    output_shape: tuple


def list_calls(model):
    """Every call of a layer in a model, each after those whose outputs it takes.

    Branches follow one another. Models inside the model are taken apart.

    Args:
        model: keras.Model, Sequential (with its input) or functional.

    Returns:
        List of ``Call``, the model's inputs among them.

    Raises:
        TypeError: if ``model`` is not a Keras model.
        ValueError: if it has no graph of layers, or a size is not fixed.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model; received {type(model).__name__}")
    inputs = _tensors(model, "inputs")
    calls, made = [], {}
    for tensor in inputs:
        name = _unique(tensor.name, calls)
        calls.append(Call(name, None, (), [], _shape(tensor, name)))
        made[id(tensor)] = name
    _walk(model, made, calls, prefix="")
    return calls


def _tensors(model, which):
    try:
        return getattr(model, which)
    except AttributeError:
        how = (
            "give it its input first: keras.Input((height, width, channels)) as its first entry"
            if type(model).__name__ == "Sequential"
            else "a subclass has code instead; trace it: keras.Model(images, model.call(images)) "
            "with images = keras.Input((height, width, channels))"
        )
        raise ValueError(
            f"model must have a graph of layers, as Sequential and functional models have; "
            f"{model.name!r} has none ({how})"
        ) from None


def _walk(model, made, calls, prefix):
    """Append the model's calls; ``made`` names the call behind each tensor, by its id."""
    pending = [*reversed(_tensors(model, "outputs"))]
    while pending:
        tensor = pending[-1]
        if id(tensor) in made:
            pending.pop()
            continue
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        missing = [one for one in node.input_tensors if id(one) not in made]
        if missing:
            pending += reversed(missing)
            continue
        if hasattr(node.operation, "layers") and hasattr(node.operation, "outputs"):
            _enter(node, made, calls, prefix)
        else:
            _append(node, made, calls, prefix)


def _enter(node, made, calls, prefix):
    """Take a model inside the model apart."""
    inner = node.operation
    known = {
        id(own): made[id(given)]
        for own, given in zip(inner.inputs, node.input_tensors, strict=True)
    }
    _walk(inner, known, calls, prefix=f"{prefix}{inner.name}/")
    for own, given in zip(inner.outputs, node.outputs, strict=True):
        made[id(given)] = known[id(own)]


def _append(node, made, calls, prefix):
    name = _unique(prefix + node.operation.name, calls)
    calls.append(
        Call(
            name,
            node.operation,
            tuple(made[id(tensor)] for tensor in node.input_tensors),
            [_shape(tensor, name) for tensor in node.input_tensors],
            _shape(node.outputs[0], name),
        )
    )
    made.update({id(tensor): name for tensor in node.outputs})


def _unique(name, calls):
    taken = {call.name for call in calls}
    if name not in taken:
        return name
    return next(f"{name} ({n})" for n in range(2, len(calls) + 3) if f"{name} ({n})" not in taken)


def _shape(tensor, name):
    shape = tuple(tensor.shape[1:])
    if None in shape:
        raise ValueError(
            f"model must have fixed sizes, so that they can be counted; {name!r} has shape "
            f"{tuple(tensor.shape)}. Build it for one size of images."
        )
    return shape
