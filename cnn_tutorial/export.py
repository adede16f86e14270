"""A trained network as a file that runs without Keras (chapters 71 and 76).

``to_onnx`` writes the file and refuses networks that would not compute in it what they compute in
Keras; ``check_parity`` runs it in ONNX Runtime and says how far the two differ.
"""

import contextlib
import io
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np

from cnn_tutorial import session

_BATCH = 256
_ADVICE = "; an exact gelu does not export, keras.activations.gelu(x, approximate=True) does"
_RANDOM = ("AugMix", "CutMix", "MixUp", "RandAugment", "Random")


def to_onnx(model, path):
    """Write a network to an ONNX file, checked, and return the file's path.

    The file computes ``model(images, training=False)`` for batches of any size. Inputs keep the
    names that they have in the model; the output is called as the layer is that makes it. A file
    that was at ``path`` before is replaced only when the new one is whole and valid.

    Args:
        model: built ``keras.Model`` in float32 with one output, on TensorFlow. A model trained
            on another backend is saved there (``model.save``) and loaded on TensorFlow.
        path: str or path that ends in ``.onnx``, in a folder that exists.

    Returns:
        ``pathlib.Path`` of the file.

    Raises:
        TypeError: if ``model`` is not a ``keras.Model``.
        ValueError: if ``path`` does not end in ``.onnx``; if the model is not built, has not
            exactly one output, holds layers that change images at random, or layers that ONNX
            cannot express (they are named).
        FileNotFoundError: if the folder is not there.
        ImportError: if ``tf2onnx`` is not installed.
        RuntimeError: if Keras runs on another backend than TensorFlow.

    Reference:
        ONNX, Open Neural Network Exchange Intermediate Representation Specification, version 8.

    Example:
        >>> import keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     to_onnx(model, f"{folder}/line.onnx").name
        'line.onnx'
    """
    path = _onnx_path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must be in a folder that exists; received {str(path)!r}")
    _check_model(model)
    _check_backend()
    _import("tf2onnx", "to write ONNX files")
    import keras
    import onnx

    # The same layers without the optimiser, which belongs to training and may not export.
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    bare = keras.Model(inputs, model.outputs[0])
    # In the same folder, so that taking its place is one step.
    with tempfile.TemporaryDirectory(prefix=".onnx-", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        _call_once(bare)  # a model that was never called does not export
        with _quiet():
            try:
                bare.export(str(draft), format="onnx", verbose=False)
            except Exception as error:  # the converters raise what they please
                raise ValueError(f"model cannot be exported to ONNX: {error!s:.300}") from error
        written = onnx.load(draft)
        _check_graph(written, model)
        _name_as_in_keras(written, bare.output_names[0])
        onnx.save(written, draft)
        draft.replace(path)
    return path


def check_parity(model, path, images):
    """The largest absolute difference between an exported network's outputs and Keras's.

    ``max_n,k |f_file(x_n)_k - f_keras(x_n)_k|``

    Args:
        model: ``keras.Model`` with one input and one output.
        path: str or path of the file that ``to_onnx`` wrote for it.
        images: real array (N, H, W, C), N at least 1, in the units that the model takes.

    Returns:
        float, in the outputs' unit; NaN if one of the two gives NaN.

    Raises:
        TypeError: if ``model`` is not a ``keras.Model`` or ``images`` not an array of numbers.
        ValueError: if ``path`` does not end in ``.onnx`` or is not a valid ONNX file, the file is
            of another network, ``images`` is empty or of a shape that the model does not take, or
            ``model`` is none that ``to_onnx`` would write.
        FileNotFoundError: if there is no such file.
        ImportError: if ``onnxruntime`` is not installed.

    Reference:
        ONNX Runtime developers, ONNX Runtime (2021), onnxruntime.ai.

    Example:
        >>> import keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = to_onnx(model, f"{folder}/line.onnx")
        ...     check_parity(model, path, np.array([[1, 2]])) < 1e-5
        True
    """
    path = _onnx_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must be a file; there is none at {str(path)!r}")
    _check_model(model)
    images = _check_images(images, model)
    file = _open_session(path)
    (given, *more), outputs = file.get_inputs(), file.get_outputs()
    shapes = [list(output.shape[1:]) for output in outputs]
    if more or shapes != [list(model.outputs[0].shape[1:])]:
        raise ValueError(
            f"path must be the file of this model, with one input and an output of shape "
            f"{model.outputs[0].shape}; {path.name} has {1 + len(more)} inputs and outputs of "
            f"shapes {[tuple(output.shape) for output in outputs]}"
        )
    largest = 0.0
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        try:
            (found,) = file.run(None, {given.name: batch})
        except Exception as error:  # onnxruntime's own classes, which derive from Exception
            raise ValueError(
                f"path must be the file of this model; {path.name} does not take images of shape "
                f"{images.shape[1:]}: {error}"
            ) from error
        difference = np.abs(found - _predict(model, batch))
        largest = float(np.maximum(largest, difference.max()))  # NaN stays
    return largest


def _onnx_path(path):
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"path must end in '.onnx'; received {str(path)!r}")
    return path


def _check_model(model):
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model; received {type(model).__name__}")
    if not model.built or not getattr(model, "inputs", None):
        raise ValueError(
            "model must be built, with inputs of known shape: begin it with keras.Input(shape)"
        )
    if len(model.outputs) != 1:
        raise ValueError(f"model must have one output; received one with {len(model.outputs)}")
    changing = [
        layer.name
        for layer in model._flatten_layers(include_self=False)
        if type(layer).__name__.startswith(_RANDOM)
    ]
    if changing:
        raise ValueError(
            "model must not change images at random, as it would go on doing so when it is used; "
            f"augmentation belongs into the data pipeline. Received one with {_listed(changing)}"
        )


def _check_backend():
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"ONNX files are written on TensorFlow, and Keras runs on {backend}: save the model "
            "with model.save('model.keras'), and load and export it in a process on TensorFlow"
        )


def _check_images(images, model):
    if len(model.inputs) != 1:
        raise ValueError(f"model must have one input; received one with {len(model.inputs)}")
    images = np.asarray(images)
    is_real = np.issubdtype(images.dtype, np.integer) or np.issubdtype(images.dtype, np.floating)
    if not is_real:
        raise TypeError(f"images must be of integers or floats; received dtype {images.dtype}")
    wanted = model.inputs[0].shape[1:]
    fits = images.ndim == len(wanted) + 1 and all(
        size is None or size == there for size, there in zip(wanted, images.shape[1:], strict=True)
    )
    if not fits or len(images) == 0:
        raise ValueError(
            f"images must have shape (N, {', '.join(map(str, wanted))}) with N at least 1; "
            f"received shape {images.shape}"
        )
    return images.astype(np.float32)


def _import(name, purpose):
    try:
        return __import__(name)
    except ImportError as error:
        raise ImportError(f"{name} is needed {purpose}: `pip install {name}` brings it") from error


def _open_session(path):
    onnxruntime = _import("onnxruntime", "to run ONNX files")
    onnxruntime.set_default_logger_severity(3)  # its warnings about the machine help nobody
    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes, which derive from Exception
        raise ValueError(f"path must be a valid ONNX file; {path.name} is not: {error}") from error


def _predict(model, images):
    import keras

    return keras.ops.convert_to_numpy(model(images, training=False))


def _call_once(model):
    arrays = [
        np.zeros([1 if size is None else size for size in given.shape], given.dtype)
        for given in model.inputs
    ]
    model(arrays if len(arrays) > 1 else arrays[0], training=False)


@contextlib.contextmanager
def _quiet():
    """Silence the converters: what they complain of is checked, and said, afterwards."""
    before = logging.root.manager.disable
    printed = contextlib.redirect_stdout(io.StringIO())
    logging.disable(logging.ERROR)
    try:
        with session.quiet_stderr(), printed, warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)


def _check_graph(written, model):
    """Refuse a graph with unknown operations, or with weights that became inputs."""
    import onnx

    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    foreign = [node for node in written.graph.node if node.op_type not in known]
    if foreign:
        names = sorted({node.op_type for node in foreign})
        layers = sorted({_layer_of(node.name, model) for node in foreign})
        raise ValueError(
            f"model must hold only what ONNX can express; {_listed(layers)} needs the operations "
            f"{_listed(names)}{_ADVICE if 'Erfc' in names else ''}"
        )
    if len(written.graph.input) != len(model.inputs):
        wanted = {given.name for given in model.inputs}
        lost = [given.name for given in written.graph.input if given.name not in wanted]
        layers = sorted({_layer_of(name, model) for name in lost})
        raise ValueError(
            f"model must hold only layers whose weights are exported; those of {_listed(layers)} "
            "got lost (Normalization does not export, Rescaling with the same numbers does)"
        )
    onnx.checker.check_model(written, full_check=True)


def _layer_of(name, model):
    """The layer that a node's name such as ``cnn_1/conv1_1/Relu`` speaks of."""
    layers = {layer.name for layer in model._flatten_layers(include_self=False)}
    for part in name.split("/"):
        for candidate in (part, part.rpartition("_")[0]):
            if candidate in layers:
                return candidate
    return name


def _name_as_in_keras(written, name):
    """Call the output by its layer's name, and the batch's axis N."""
    graph = written.graph
    (output,) = graph.output
    uses = [names for node in graph.node for names in (node.input, node.output)]
    if not any(name in names for names in uses):
        for names in uses:
            names[:] = [name if found == output.name else found for found in names]
        output.name = name
    for value in (*graph.input, *graph.output):
        size = value.type.tensor_type.shape.dim[0]
        if not size.HasField("dim_value"):
            size.dim_param = "N"


def _listed(names):
    return ", ".join(map(repr, names))
