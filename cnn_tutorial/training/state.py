"""What a training is made of, taken out of the objects that hold it and put back.

The variables of the model (seed generators included), of its optimiser and of the data pipeline
are arrays; epoch, history, callbacks' counters and versions are the manifest. Chapter 51.
"""

import hashlib
import importlib.metadata
import json
import platform
import re
import warnings

import numpy as np

import cnn_tutorial
from cnn_tutorial.training.errors import CheckpointError

# An update by another version of these may round differently, and variables may be others.
_COMPARED = ("backend", "keras", "tensorflow", "jax")


def list_variables(model):
    """Every variable that an update of the model reads or changes, in a fixed order.

    Args:
        model: compiled and built ``keras.Model`` with a built optimiser.

    Returns:
        dict of a name that does not depend on layers' names, and the variable.
    """
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    groups |= {name: optimizer.variables for name, optimizer in _find_optimizers(model).items()}
    return {
        f"{group}/{place}": variable
        for group, variables in groups.items()
        for place, variable in enumerate(variables)
    }


def _find_optimizers(model):
    """Optimisers that the model and its layers hold besides the compiled one, as GANs do."""
    import keras

    found, known = {}, [model.optimizer, getattr(model.optimizer, "inner_optimizer", None)]
    for place, layer in enumerate(model._flatten_layers()):
        for name, value in sorted(vars(layer).items()):
            parts = value.values() if isinstance(value, dict) else value
            for count, one in enumerate(
                parts if isinstance(value, dict | list | tuple) else [value]
            ):
                is_new = all(one is not other for other in known)
                if isinstance(one, keras.optimizers.Optimizer) and is_new:
                    known.append(one)
                    found[f"#{place}.{name}.{count}"] = one
    return found


def take_arrays(variables):
    """The values of variables as arrays of their own, by the same names."""
    from keras import ops

    return {name: np.array(ops.convert_to_numpy(v)) for name, v in variables.items()}


def put_arrays(variables, arrays):
    """Set variables to what ``take_arrays`` took."""
    for name, variable in variables.items():
        variable.assign(arrays[name])


def describe(model, settings, data=None):
    """What the checkpoint of a model says about it, as JSON can hold it.

    Args:
        model: compiled and built ``keras.Model``.
        settings: dict, what else decides how the training goes.
        data: dict, see ``fingerprints.py``; or None.

    Returns:
        dict with ``"versions"``, ``"architecture"`` (a hash), ``"layers"`` (classes),
        ``"optimizer"`` (class), ``"variables"`` (shape and dtype of each), ``"data"`` and
        ``"settings"`` (what may be changed).
    """
    import keras

    optimizer = model.optimizer
    return {
        "versions": find_versions(),
        "architecture": hash_architecture(model),
        "layers": list_layers(model),
        "data": data or {},
        "optimizer": type(getattr(optimizer, "inner_optimizer", optimizer)).__name__,
        "variables": {
            name: [list(v.shape), keras.backend.standardize_dtype(v.dtype)]
            for name, v in list_variables(model).items()
        },
        "settings": json.loads(
            json.dumps(
                {
                    **settings,
                    "optimizer": _describe_optimizer(optimizer),
                    "loss": _describe_loss(model.loss),
                },
                default=_name_object,
                sort_keys=True,
            )
        ),
    }


def find_versions():
    """Versions of what computes: ``{"keras": "3.15.1", "backend": "jax", "jax": …}``."""
    import keras

    backend = keras.backend.backend()
    return {
        "cnn_tutorial": cnn_tutorial.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "keras": keras.__version__,
        "backend": backend,
        backend: importlib.metadata.version(backend),
    }


def list_layers(model):
    """The classes of the layers, in their order; a version of Keras does not change these."""
    return [type(layer).__name__ for layer in model._flatten_layers(include_self=False)]


def hash_architecture(model):
    """SHA-256 of what the model computes, whatever its layers are called.

    Built a second time in the same process, a layer has another name (``dense_1``), and a random
    layer another seed. The seed's state is among the variables.

    Args:
        model: ``keras.Model``.

    Returns:
        str, 64 hexadecimal digits.
    """
    try:
        config = model.get_config()
    except NotImplementedError:  # a subclass that does not describe itself
        config = {}
    layers = [model, *model._flatten_layers(include_self=False)]
    # What is computed without a layer, as in x + y, is numbered like layers.
    parts = [*layers, *(one for layer in layers for one in getattr(layer, "operations", ()))]
    names = {}
    for part in parts:
        names.setdefault(part.name, f"#{len(names)}")
    plain = _rename(json.loads(json.dumps(config, default=_name_class)), names)
    classes = [type(layer).__name__ for layer in layers]
    shapes = [list(v.shape) for v in model.variables]
    text = json.dumps([classes, shapes, plain], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_same(path, manifest, present):
    """Refuse a checkpoint of another model, version or data; warn of other settings.

    Args:
        path: the checkpoint's, for the messages.
        manifest: what it says.
        present: what ``describe`` says now.

    Raises:
        CheckpointError: as said.
    """
    versions = manifest["versions"]
    other = [
        f"{name} {versions.get(name)} (here {present['versions'].get(name)})"
        for name in _COMPARED
        if versions.get(name) != present["versions"].get(name)
    ]
    if other:
        raise CheckpointError(
            f"{path} was written with {', '.join(other)}: the weights would not end as those "
            "of an uninterrupted run. Use these versions, or start anew in another folder, "
            "from the weights if you like: training.load_weights(model, checkpoint)"
        )
    for key in ("optimizer", "architecture", "variables"):
        if manifest[key] != present[key]:
            raise CheckpointError(_refuse_model(path, _difference(key, manifest, present)))
    changed = list(_list_changes(manifest["data"], present["data"]))
    if changed:
        raise CheckpointError(
            f"{path} is of a training on other data: {'; '.join(changed)}. Name another folder, "
            "or give train as it was when training began"
        )
    changed = list(_list_changes(manifest["settings"], present["settings"]))
    if changed:
        warnings.warn(
            f"training goes on from {path}, but not as it began: {'; '.join(changed)}",
            stacklevel=4,
        )


def check_weights(path, manifest, model):
    """Refuse weights that do not fit, by classes of layers and shapes: what versions share.

    Raises:
        CheckpointError: as said.
    """
    shapes = [one[0] for name, one in manifest["variables"].items() if name.startswith("model/")]
    here = [list(variable.shape) for variable in model.variables]
    layers = list_layers(model)
    if shapes != here:
        pairs = enumerate(zip(shapes, here, strict=False))
        at = next((place for place, pair in pairs if pair[0] != pair[1]), None)
        what = f"{len(shapes)} variables, here {len(here)}"
        if at is not None:
            what = f"variable {at} of shape {shapes[at]}, here {here[at]}"
        raise CheckpointError(_refuse_model(path, f" ({what})"))
    if manifest["layers"] != layers:
        raise CheckpointError(_refuse_model(path, " (its layers are of other classes)"))


def _refuse_model(path, difference):
    return (
        f"{path} is of another model than this one{difference}. Name another folder for this "
        "model, or build the model that it was written for"
    )


def _list_changes(before, now, name=""):
    """``"optimizer learning_rate was 0.1 and is 0.2"`` for each setting that changed."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            if key != "name":  # Keras numbers what is made again
                yield from _list_changes(before.get(key), now.get(key), f"{name} {key}".strip())
    elif before != now and name.endswith(" content"):  # a hash
        yield f"{name.removesuffix(' content')} has other values"
    elif before != now:
        yield f"{name} was {before!r} and is {now!r}"


def _describe_loss(loss):
    """The loss as JSON can hold it."""
    if isinstance(loss, dict):
        return {str(key): _describe_loss(one) for key, one in loss.items()}
    if isinstance(loss, list | tuple):
        return [_describe_loss(one) for one in loss]
    if hasattr(loss, "get_config"):
        return [type(loss).__name__, loss.get_config()]
    return getattr(loss, "__name__", loss)


def _describe_optimizer(optimizer):
    try:
        return optimizer.get_config()
    except NotImplementedError:  # a schedule of the user's own that does not describe itself
        return {"class": type(optimizer).__name__}


def _name_object(value):
    """As Python shows it, but for the place in memory, which is another in each process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _name_class(value):
    return type(value).__name__


def _rename(value, names):
    """The configuration with layers' names replaced by their places, and without seeds."""
    if isinstance(value, dict):
        return {key: _rename(one, names) for key, one in value.items() if key != "seed"}
    if isinstance(value, list):
        return [_rename(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _difference(key, manifest, present):
    """In brackets, where the two differ first."""
    if key == "optimizer":
        return f" (optimizer {manifest[key]}, here {present[key]})"
    before, now = manifest["variables"], present["variables"]
    if len(before) != len(now):
        return f" ({len(before)} variables, here {len(now)})"
    for name, value in before.items():
        if now.get(name) != value:
            return f" ({name}: {value}, here {now.get(name)})"
    return " (its layers have other settings)"
