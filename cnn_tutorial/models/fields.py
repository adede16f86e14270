"""The receptive field after each kind of Keras layer (chapters 22 and 41).

A layer either leaves every number in its place, or slides a window, or mixes places. Kinds that
are not known here give None: no statement is better than a wrong one.
"""

from typing import Any, NamedTuple

from cnn_tutorial.models import axes
from cnn_tutorial.numpy_ops.shapes import pad_amounts


def _kinds(names):
    return frozenset(names.split())


# One number of the output depends on one number of the input. Layers that only act in training
# (dropout, noise, augmentation) are taken as they are in inference.
POINTWISE = _kinds(
    "Activation ActivityRegularization AlphaDropout BatchNormalization Dropout ELU "
    "GaussianDropout GaussianNoise Identity LeakyReLU Normalization PReLU ReLU Rescaling "
    "SpatialDropout2D Relu Relu6 Sigmoid Tanh Silu Gelu RandomBrightness RandomContrast "
    "RandomFlip RandomRotation RandomTranslation RandomWarp RandomZoom"
)
MERGES = _kinds("Add Subtract Multiply Average Maximum Minimum Concatenate")
WINDOWS = _kinds("Conv2D DepthwiseConv2D SeparableConv2D MaxPooling2D AveragePooling2D")
GLOBAL = frozenset(f"Global{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2))


class Field(NamedTuple):
    """What one number of a layer's output sees of the image.

    Attributes:
        size: (height, width), ints, pixels of the image from the first to the last, what lies
            in the padding included; the largest where it differs from number to number.
        jump: (down, right), image pixels between the fields of neighbours in the feature map, a
            fraction where the layers before have made the image larger; None where the numbers
            have no neighbours any more.
        start: (row, column), ints, the first image pixel in the field of the feature map's
            first pixel, negative where that is padding; None where the numbers have no order
            any more.
    """

    size: tuple
    jump: tuple | None
    start: tuple | None


class View(NamedTuple):
    """What the numbers of one tensor see.

    Attributes:
        rows, columns: ``axes.Axis`` or ``axes.Fixed``.
        layout: str: ``"grid"`` (N, H, W, C), ``"tokens"`` (N, places, C) or ``"vector"``
            (N, places and channels in one).
    """

    rows: Any
    columns: Any
    layout: str = "grid"

    @property
    def field(self):
        """The ``Field`` to be shown."""
        pair = (self.rows, self.columns)
        size = tuple(axis.size for axis in pair)
        is_fixed = any(isinstance(axis, axes.Fixed) for axis in pair)
        if self.layout != "grid" and not is_fixed:
            return Field(size, None, None)
        jump = None if is_fixed else tuple(axis.jump for axis in pair)
        return Field(size, jump, tuple(axis.start for axis in pair))

    def mixed(self):
        """The view when every number depends on all places."""
        return View(axes.Fixed(*self.rows.whole), axes.Fixed(*self.columns.whole))


def find_views(calls):
    """What every tensor of a model sees.

    Args:
        calls: list of ``Call``, as ``graph.list_calls`` gives it.

    Returns:
        Dict from the name of a call to the ``View`` of its output, or None if its kind, or that
        of a layer before it, is unknown, or it does not come from an image (H, W, C).
    """
    views = {}
    for call in calls:
        if call.layer is None:
            shape = call.output_shape
            is_image = len(shape) == 3
            view = View(*(axes.image_axis(n) for n in shape[:2])) if is_image else None
        else:
            inputs = [views[name] for name in call.inputs]
            view = follow(call.layer, inputs, call.shapes, call.output_shape)
        views[call.name] = view
    return views


def follow(layer, views, shapes, output_shape):
    """The view of a layer's output.

    Args:
        layer: the Keras layer or operation.
        views: list of ``View``, of its inputs; a None makes the answer None.
        shapes: list of tuples, the inputs' shapes without N.
        output_shape: tuple, without N.

    Returns:
        ``View``, or None if the layer's kind is unknown or the places are lost.
    """
    kind = type(layer).__name__
    if not views or None in views:
        return None
    if kind in MERGES:
        return _merge(kind, layer, views, shapes)
    if len(views) > 1:
        return None
    view, shape = views[0], shapes[0]
    if kind in POINTWISE or kind in ("Softmax", "Dense", "LayerNormalization"):
        return _act_on_channels(kind, layer, view, shape)
    if kind in GLOBAL or kind == "GroupNormalization":
        return view.mixed()
    if kind in ("Flatten", "Reshape"):
        return _reshape(view, shape, output_shape)
    return _move(kind, layer, view, output_shape) if view.layout == "grid" else None


def _merge(kind, layer, views, shapes):
    if kind == "Concatenate" and layer.axis not in (-1, len(shapes[0])):
        return None
    rows, columns = (axes.merge([view[place] for view in views]) for place in (0, 1))
    if rows is None or columns is None or len({view.layout for view in views}) > 1:
        return None
    return View(rows, columns, views[0].layout)


def _act_on_channels(kind, layer, view, shape):
    """Layers that work along the last axis: it may hold places, after a Flatten."""
    if kind in POINTWISE:
        activation = getattr(getattr(layer, "activation", None), "__name__", "")
        mixes = "softmax" in activation
        reaches = (len(shape),)
    else:
        mixes = True
        axis = getattr(layer, "axis", -1)
        axis = axis if isinstance(axis, list | tuple) else [axis]
        reaches = tuple(a if a > 0 else a + len(shape) + 1 for a in axis)
    places = {"grid": {1, 2}, "tokens": {1}, "vector": {1}}[view.layout]
    return view.mixed() if mixes and places & set(reaches) else view


def _reshape(view, shape, output_shape):
    if isinstance(view.rows, axes.Fixed):
        return view
    if output_shape == shape or (view.layout == "grid" and output_shape[:2] == shape[:2]):
        return view
    if len(output_shape) == 1:
        return view._replace(layout="vector")
    if view.layout == "grid" and len(output_shape) == 2 and output_shape[1] == shape[2]:
        return view._replace(layout="tokens")
    return None


def _move(kind, layer, view, output_shape):
    """Layers that slide, repeat, pad or cut: along rows and columns by themselves."""
    pair = []
    for place, axis in enumerate((view.rows, view.columns)):
        if isinstance(axis, axes.Fixed):
            pair.append(axis)
            continue
        moved = _move_axis(kind, layer, axis, output_shape[place], place)
        if moved is None:
            return None
        pair.append(moved)
    return View(*pair)


def _move_axis(kind, layer, axis, length, place):
    if kind in WINDOWS:
        window = (layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size)[place]
        dilation = _pair(getattr(layer, "dilation_rate", 1))[place]
        stride = _pair(layer.strides)[place]
        before, _ = pad_amounts(
            axis.length, window, strides=stride, padding=layer.padding, dilation_rate=dilation
        )
        return axes.slide_window(axis, length, window, stride, dilation, before)
    if kind == "Conv2DTranspose" and _pair(layer.dilation_rate) == (1, 1):
        kernel, stride = layer.kernel_size[place], _pair(layer.strides)[place]
        if layer.output_padding is not None:
            return None
        before = max(kernel - stride, 0) // 2 if layer.padding == "same" else 0
        return axes.lay_down(axis, length, kernel, stride, before)
    if kind == "UpSampling2D" and layer.interpolation == "nearest":
        return axes.repeat(axis, length, layer.size[place])
    if kind == "ZeroPadding2D":
        return axes.shift(axis, length, layer.padding[place][0])
    if kind == "Cropping2D":
        return axes.shift(axis, length, -layer.cropping[place][0])
    return None


def _pair(value):
    return tuple(value) if isinstance(value, list | tuple) else (value, value)
