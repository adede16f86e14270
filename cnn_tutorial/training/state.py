"""What a training is made of, taken out of the objects that hold it and put back.

The variables of the model (seed generators included), of its optimiser and of the data pipeline
are arrays; epoch, history, callbacks' counters and versions are the manifest. Chapter 51.
"""

import hashlib
import importlib.metadata
import json
import platform
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
    return {
        f"{group}/{place}": variable
        for group, variables in groups.items()
        for place, variable in enumerate(variables)
    }


def take_arrays(variables):
    """The values of variables as arrays of their own, by the same names."""
    from keras import ops

    return {name: np.array(ops.convert_to_numpy(v)) for name, v in variables.items()}


def put_arrays(variables, arrays):
    """Set variables to what ``take_arrays`` took."""
    for name, variable in variables.items():
        variable.assign(arrays[name])


def describe(model, settings):
    """What the checkpoint of a model says about it, as JSON can hold it.

    Args:
        model: compiled and built ``keras.Model``.
        settings: dict, what else decides how the training goes.

    Returns:
        dict with ``"versions"``, ``"architecture"`` (a hash), ``"optimizer"`` (class),
        ``"variables"`` (shape and dtype of each) and ``"settings"`` (what may be changed).
    """
    import keras

    optimizer = model.optimizer
    return {
        "versions": find_versions(),
        "architecture": hash_architecture(model),
        "optimizer": type(getattr(optimizer, "inner_optimizer", optimizer)).__name__,
        "variables": {
            name: [list(v.shape), keras.backend.standardize_dtype(v.dtype)]
            for name, v in list_variables(model).items()
        },
        "settings": json.loads(
            json.dumps(
                {
                    **settings,
                    "optimizer": optimizer.get_config(),
                    "loss": _describe_loss(model.loss),
                },
                default=repr,
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
    names = {layer.name: f"#{place}" for place, layer in enumerate(layers)}
    plain = _rename(json.loads(json.dumps(config, default=_name_class)), names)
    classes = [type(layer).__name__ for layer in layers]
    shapes = [list(v.shape) for v in model.variables]
    text = json.dumps([classes, shapes, plain], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_same(path, manifest, present, *, strict=True):
    """Refuse a checkpoint of another model or version; warn of other settings.

    Args:
        path: the checkpoint's, for the messages.
        manifest: what it says.
        present: what ``describe`` says now.
        strict: bool; False looks at the model alone, since only its weights are wanted.

    Raises:
        CheckpointError: as said.
    """
    versions = manifest["versions"]
    if strict:
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
    for key in ("optimizer", "architecture", "variables") if strict else ("architecture",):
        if manifest[key] != present[key]:
            raise CheckpointError(
                f"{path} is of another model than this one{_difference(key, manifest, present)}. "
                "Name another folder for this model, or build the model that it was written for"
            )
    changed = list(_list_changes(manifest["settings"], present["settings"])) if strict else []
    if changed:
        warnings.warn(
            f"training goes on from {path}, but not as it began: {'; '.join(changed)}",
            stacklevel=4,
        )


def _list_changes(before, now, name=""):
    """``"optimizer learning_rate was 0.1 and is 0.2"`` for each setting that changed."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            if key != "name":  # Keras numbers what is made again
                yield from _list_changes(before.get(key), now.get(key), f"{name} {key}".strip())
    elif before != now:
        yield f"{name} was {before!r} and is {now!r}"


def _describe_loss(loss):
    """The loss as JSON can hold it."""
    if isinstance(loss, dict):
        return {str(key): _describe_loss(one) for key, one in loss.items()}
    if hasattr(loss, "get_config"):
        return [type(loss).__name__, loss.get_config()]
    return getattr(loss, "__name__", loss)


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
    before, now = manifest["variables"], present.get("variables", {})
    if now and len(before) != len(now):
        return f" ({len(before)} variables, here {len(now)})"
    for name, value in before.items():
        if now and now.get(name) != value:
            return f" ({name}: {value}, here {now.get(name)})"
    return " (its layers have other settings)"
