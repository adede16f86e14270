"""The floating-point operations of each kind of Keras layer, for one image (chapters 22 and 41)."""

import math

from cnn_tutorial.models.fields import GLOBAL, MERGES, POINTWISE
from cnn_tutorial.numpy_ops.shapes import conv2d_flops, dense_flops

_SCALING = {"BatchNormalization", "Normalization", "Rescaling"}
_MOVING = {"Cropping2D", "Flatten", "InputLayer", "Permute", "Reshape", "ZeroPadding2D"}
# Numbers are moved, or an activation function is applied, which is not counted.
_FREE = (POINTWISE - _SCALING) | _MOVING | {"Concatenate", "Softmax"}


def count_flops(layer, shapes, output_shape):
    """The floating-point operations of a layer in inference, for one image.

    A multiply-add is two. Activation functions are not counted, as TensorFlow's profiler does
    not count them: they take one comparison a number (ReLU) or what the processor makes of an
    exponential, and seldom matter beside the sums.

    - convolution, dense layer: ``numpy_ops.conv2d_flops`` and ``dense_flops``, bias included;
    - transposed convolution: ``2 H W kh kw C F`` with the *input's* ``H W``, and the bias;
    - pooling: as many as the window has pixels for each number of the output; global pooling:
      one for each number of the input;
    - batch normalisation, rescaling: a multiply-add for each number, mean and variance being
      constants by then; layer and group normalisation: seven (sum; difference; square and sum;
      factor; gamma, beta);
    - sums, products, maxima of ``k`` layers: ``k - 1`` for each number (a mean: ``k``).

    Args:
        layer: the Keras layer or operation.
        shapes: list of tuples of ints, the inputs' shapes without N.
        output_shape: tuple of ints, without N.

    Returns:
        An int, or None if the layer's kind is unknown.
    """
    kind, numbers = type(layer).__name__, math.prod(output_shape)
    if kind in _FREE or (kind == "UpSampling2D" and layer.interpolation == "nearest"):
        return 0
    if kind in _SCALING:
        return 2 * numbers
    if kind in ("LayerNormalization", "GroupNormalization"):
        return 7 * numbers
    if kind in MERGES:
        # An operation such as `2 * x` has one tensor and a constant: one operation a number.
        return numbers * (max(len(shapes), 2) - (kind != "Average"))
    if kind in GLOBAL:
        return math.prod(shapes[0])
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return math.prod(layer.pool_size) * numbers
    if kind == "Dense":
        rows = math.prod(output_shape[:-1])
        return rows * dense_flops(shapes[0][-1], layer.units, use_bias=layer.use_bias)
    return _convolution_flops(kind, layer, shapes[0], output_shape) if shapes else None


def _convolution_flops(kind, layer, shape, output_shape):
    if kind not in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"):
        return None
    channels, size, filters = shape[-1], output_shape[:2], output_shape[-1]
    window, use_bias = layer.kernel_size, layer.use_bias
    if kind == "Conv2D":
        return conv2d_flops(size, window, channels, filters, groups=layer.groups, use_bias=use_bias)
    if kind == "DepthwiseConv2D":
        return conv2d_flops(size, window, channels, filters, groups=channels, use_bias=use_bias)
    if kind == "SeparableConv2D":
        inner = channels * layer.depth_multiplier
        within = conv2d_flops(size, window, channels, inner, groups=channels, use_bias=False)
        return within + conv2d_flops(size, 1, inner, filters, use_bias=use_bias)
    # Transposed: every pixel of the input lays a kernel down.
    laid_down = conv2d_flops(shape[:2], window, channels, filters, use_bias=False)
    return laid_down + (math.prod(output_shape) if use_bias else 0)
