"""How large a convolution's output is, what it costs and how much of the image it sees.

Chapters 21 and 22 derive the formulas. Sizes are ints for one axis, or pairs ``(height, width)``.
The windows of pooling count like those of a convolution; the size of a transposed convolution
is in ``transposed``.
"""

import math
from typing import NamedTuple

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_int, as_ints, as_pair


def output_size(size, kernel_size, *, strides=1, padding="valid", dilation_rate=1):
    """The height and width of a convolution's output.

    ``floor((size + before + after - span) / stride) + 1``, with ``span = dilation *
    (kernel - 1) + 1``, the pixels from a window's first to its last: the first window starts at
    pixel 0 of the padded image, the last one that fits starts at pixel ``size + before + after
    - span``, and ``stride`` lies between one start and the next.

    Args:
        size: int, or pair of ints ``(H, W)``, in pixels.
        kernel_size: int, or pair of ints, in pixels. Pairs are for a pair ``size`` only, here
            and in the following arguments.
        strides: int, or pair of ints, in pixels of the input.
        padding: ``"valid"`` (none), ``"same"`` (see ``pad_amounts``), or the pixels to add:
            ``(before, after)`` for an int ``size``, ``((top, bottom), (left, right))`` for a
            pair.
        dilation_rate: int, or pair of ints: the distance between a window's pixels.

    Returns:
        An int for an int ``size``, a pair of ints for a pair.

    Raises:
        ValueError: if a number is out of range, the padding is malformed, or the window is
            larger than the padded image.
        TypeError: if a number is not an int.

    Reference:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016),
        sections 2.4 and 5.1.

    Example:
        >>> output_size(7, 3, strides=2)
        3
        >>> output_size((28, 20), 5, padding="same", strides=(1, 2))
        (28, 10)
    """
    axes = per_axis(size, kernel_size, strides, padding, dilation_rate)
    sizes = tuple(_axis_output(*axis) for axis in axes)
    return sizes if len(sizes) == 2 else sizes[0]


def pad_amounts(size, kernel_size, *, strides=1, padding="valid", dilation_rate=1):
    """The zeros that ``padding`` adds before and after each axis.

    ``"same"`` means an output of ``ceil(size / stride)`` pixels. Its last window ends
    ``(ceil(size / stride) - 1) * stride + span`` pixels after the image's start, with ``span =
    dilation * (kernel - 1) + 1``; what is missing there is added, half of it on each side, and
    the odd pixel at the end, as Keras and TensorFlow do.

    Args:
        size: int, or pair of ints ``(H, W)``, in pixels.
        kernel_size: int, or pair of ints, as in ``output_size``.
        strides: int, or pair of ints.
        padding: ``"valid"``, ``"same"`` or the pixels themselves, as in ``output_size``.
        dilation_rate: int, or pair of ints.

    Returns:
        ``(before, after)`` for an int ``size``, ``((top, bottom), (left, right))`` for a pair.

    Raises:
        ValueError: if a number is out of range or the padding is malformed.
        TypeError: if a number is not an int.

    Example:
        >>> pad_amounts(28, 3, padding="same")
        (1, 1)
        >>> pad_amounts(28, 3, strides=2, padding="same")
        (0, 1)
    """
    axes = per_axis(size, kernel_size, strides, padding, dilation_rate)
    amounts = tuple(_axis_padding(*axis) for axis in axes)
    return amounts if len(amounts) == 2 else amounts[0]


def conv2d_parameters(kernel_size, in_channels, filters, *, groups=1, use_bias=True):
    """The number of a convolution's weights.

    ``kh * kw * (in_channels / groups) * filters + filters``: each filter has one weight for
    each pixel of its window and each channel of its group, and one bias. The image's size does
    not occur: the same weights serve every position.

    Args:
        kernel_size: int, or pair of ints.
        in_channels: int, channels of the input.
        filters: int, channels of the output.
        groups: int that divides both; a filter sees ``in_channels / groups`` channels.
        use_bias: bool, whether each filter has a bias.

    Returns:
        An int.

    Raises:
        ValueError: if a number is out of range or ``groups`` does not divide the channels.
        TypeError: if a number is not an int.

    Example:
        >>> conv2d_parameters(3, in_channels=1, filters=32)
        320
    """
    return _filter_weights(kernel_size, in_channels, filters, groups) * filters + (
        filters if use_bias else 0
    )


def conv2d_flops(size, kernel_size, in_channels, filters, *, groups=1, use_bias=True):
    """The floating-point operations of a convolution of one image.

    ``H_out * W_out * filters * (2 * kh * kw * in_channels / groups + 1)``: a multiply-add
    counts as two operations, and adding the bias as one. (Where a paper counts multiply-adds,
    its numbers are half of these.)

    Args:
        size: int, or pair of ints: height and width of the *output*, see ``output_size``.
        kernel_size: int, or pair of ints.
        in_channels: int, channels of the input.
        filters: int, channels of the output.
        groups: int that divides both.
        use_bias: bool, whether a bias is added.

    Returns:
        An int.

    Raises:
        ValueError: if a number is out of range or ``groups`` does not divide the channels.
        TypeError: if a number is not an int.

    Example:
        >>> conv2d_flops((26, 26), 3, in_channels=1, filters=32)
        411008
    """
    height, width = as_pair("size", size)
    weights = _filter_weights(kernel_size, in_channels, filters, groups)
    return height * width * filters * (2 * weights + (1 if use_bias else 0))


def dense_parameters(inputs, units, *, use_bias=True):
    """The number of a dense layer's weights, ``inputs * units + units``.

    Args:
        inputs: int, length of the input vector.
        units: int, length of the output vector.
        use_bias: bool, whether each unit has a bias.

    Returns:
        An int.

    Raises:
        ValueError: if a number is less than 1.
        TypeError: if a number is not an int.

    Example:
        >>> dense_parameters(784, 10)
        7850
    """
    return conv2d_parameters(1, as_int("inputs", inputs), as_int("units", units), use_bias=use_bias)


def dense_flops(inputs, units, *, use_bias=True):
    """The floating-point operations of a dense layer, ``units * (2 * inputs + 1)``, for one input.

    The arguments and the errors are those of ``dense_parameters``.

    Example:
        >>> dense_flops(784, 10)
        15690
    """
    return conv2d_flops(1, 1, as_int("inputs", inputs), as_int("units", units), use_bias=use_bias)


class ReceptiveField(NamedTuple):
    """What one output pixel of a stack of layers sees of the input, along one axis.

    Attributes:
        size: int, pixels from the first that it depends on to the last.
        jump: int, pixels of the input between the fields of two neighbouring output pixels.
    """

    size: int
    jump: int


def receptive_field(layers):
    """The part of the input that one output pixel of a stack of convolutions depends on.

    Going from the input to the output, ``size += (kernel - 1) * dilation * jump`` and then
    ``jump *= stride``, from ``size = jump = 1``: a window adds ``kernel - 1`` pixels of its
    input, ``dilation`` apart, and each step between those is ``jump`` pixels of the image.

    Args:
        layers: sequence of ``(kernel_size, stride, dilation)``, ints along one axis, the layer
            nearest to the image first. Pooling counts like a convolution.

    Returns:
        ``ReceptiveField(size, jump)``, in pixels of the image.

    Raises:
        ValueError: if an entry is not three numbers, or a number is less than 1.
        TypeError: if a number is not an int.

    Reference:
        Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks,
        Distill (2019).

    Example:
        >>> receptive_field([(3, 1, 1), (3, 1, 1)])
        ReceptiveField(size=5, jump=1)
        >>> receptive_field([(3, 2, 1), (3, 1, 1)])
        ReceptiveField(size=7, jump=2)
    """
    size, jump = 1, 1
    for index, layer in enumerate(layers):
        name = f"layers[{index}], (kernel_size, stride, dilation),"
        if not isinstance(layer, tuple | list):
            raise TypeError(f"{name} must be three ints; received {layer!r}")
        kernel, stride, dilation = as_ints(name, layer, 3)
        size += (kernel - 1) * dilation * jump
        jump *= stride
    return ReceptiveField(size, jump)


def per_axis(size, kernel_size, strides, padding, dilation_rate=1):
    """One ``(size, kernel, stride, padding, dilation)`` for each axis of ``size``.

    Example:
        >>> list(per_axis((7, 8), 3, (1, 2), "same"))
        [(7, 3, 1, 'same', 1), (8, 3, 2, 'same', 1)]
    """
    count = 2 if isinstance(size, tuple | list | np.ndarray) else 1
    return zip(
        as_ints("size", size, count),
        as_ints("kernel_size", kernel_size, count),
        as_ints("strides", strides, count),
        _padding_per_axis(padding, count),
        as_ints("dilation_rate", dilation_rate, count),
        strict=True,
    )


def _padding_per_axis(padding, count):
    if isinstance(padding, str) and padding in ("valid", "same"):
        return (padding,) * count
    explicit = ("(before, after)", "((top, bottom), (left, right))")[count - 1]
    pairs = (padding,) if count == 1 else padding
    is_well_formed = (
        isinstance(pairs, tuple | list)
        and len(pairs) == count
        and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs)
    )
    if not is_well_formed:
        raise ValueError(f'padding must be "valid", "same" or {explicit}; received {padding!r}')
    return tuple(as_ints("padding", pair, 2, minimum=0) for pair in pairs)


def _axis_padding(size, kernel, stride, padding, dilation):
    if padding == "valid":
        return 0, 0
    if padding == "same":
        span = dilation * (kernel - 1) + 1
        total = max((math.ceil(size / stride) - 1) * stride + span - size, 0)
        return total // 2, total - total // 2
    return padding


def _axis_output(size, kernel, stride, padding, dilation):
    padded = size + sum(_axis_padding(size, kernel, stride, padding, dilation))
    span = dilation * (kernel - 1) + 1
    if span > padded:
        dilated = f", {span} with its dilation of {dilation}," if dilation > 1 else ""
        raise ValueError(
            f"kernel_size must not exceed the padded image: a kernel of {kernel} pixels{dilated} "
            f"does not fit into {padded} ({size} and {padded - size} of padding)"
        )
    return (padded - span) // stride + 1


def _filter_weights(kernel_size, in_channels, filters, groups):
    """The weights of one filter, without its bias."""
    height, width = as_pair("kernel_size", kernel_size)
    for name, channels in (("in_channels", in_channels), ("filters", filters)):
        if as_int(name, channels) % as_int("groups", groups):
            raise ValueError(
                f"groups must divide {name}; received groups={groups}, {name}={channels}"
            )
    return height * width * (in_channels // groups)
