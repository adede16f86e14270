"""The mathematics of convolutional networks in NumPy alone, written to be read.

- ``convolution``  the convolution and its gradient (chapter 21)
- ``shapes``       output sizes, padding, parameters, FLOPs, receptive fields (chapter 21)
- ``gradcheck``    gradients by central differences, to check the others against

Every function can be taken from here: ``from cnn_tutorial import numpy_ops``, then
``numpy_ops.conv2d(images, kernel)``. Images are ``(N, H, W, C)``, kernels
``(kh, kw, c_in // groups, c_out)``.
"""

from cnn_tutorial.numpy_ops.convolution import (
    conv2d,
    conv2d_backward,
    conv2d_loops,
    extract_windows,
)
from cnn_tutorial.numpy_ops.gradcheck import check_gradient, numerical_gradient
from cnn_tutorial.numpy_ops.shapes import (
    conv2d_flops,
    conv2d_parameters,
    output_size,
    pad_amounts,
    receptive_field,
)

__all__ = [
    "check_gradient",
    "conv2d",
    "conv2d_backward",
    "conv2d_flops",
    "conv2d_loops",
    "conv2d_parameters",
    "extract_windows",
    "numerical_gradient",
    "output_size",
    "pad_amounts",
    "receptive_field",
]
