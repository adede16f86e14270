"""The mathematics of convolutional networks in NumPy alone, written to be read.

- ``convolution``  the convolution and its gradient (chapter 21)
- ``transposed``   the transposed convolution and its gradient (chapter 22)
- ``shapes``       output sizes, padding, parameters, FLOPs, receptive fields (chapters 21, 22)
- ``dense``        the dense layer and its gradient (chapters 12 and 25)
- ``activations``  ReLU, leaky ReLU, sigmoid, tanh and their gradients (chapters 12 and 25)
- ``normalization`` batch normalisation in training and at inference (chapter 25)
- ``dropout``      dropout and its gradient (chapter 52)
- ``pooling``      maximum and mean of windows, and their gradients (chapter 23)
- ``global_pooling`` the same of whole images (chapter 23)
- ``softmax``      softmax, its logarithm, and their gradients (chapter 24)
- ``losses``       squared error and the cross-entropies, and their gradients (chapter 24)
- ``gradcheck``    gradients by central differences, to check the others against

Every function can be taken from here: ``from cnn_tutorial import numpy_ops``, then
``numpy_ops.conv2d(images, kernel)``. Images are ``(N, H, W, C)``, kernels
``(kh, kw, c_in // groups, c_out)``.
"""

from cnn_tutorial.numpy_ops.activations import (
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from cnn_tutorial.numpy_ops.convolution import (
    conv2d,
    conv2d_backward,
    conv2d_loops,
    extract_windows,
)
from cnn_tutorial.numpy_ops.dense import dense, dense_backward
from cnn_tutorial.numpy_ops.dropout import dropout, dropout_backward
from cnn_tutorial.numpy_ops.global_pooling import (
    global_avg_pool2d,
    global_avg_pool2d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
)
from cnn_tutorial.numpy_ops.gradcheck import check_gradient, check_gradients, numerical_gradient
from cnn_tutorial.numpy_ops.losses import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    categorical_cross_entropy,
    categorical_cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    sparse_categorical_cross_entropy,
    sparse_categorical_cross_entropy_backward,
)
from cnn_tutorial.numpy_ops.normalization import (
    batch_norm,
    batch_norm_backward,
    batch_norm_train,
)
from cnn_tutorial.numpy_ops.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from cnn_tutorial.numpy_ops.shapes import (
    conv2d_flops,
    conv2d_parameters,
    dense_flops,
    dense_parameters,
    output_size,
    pad_amounts,
    receptive_field,
)
from cnn_tutorial.numpy_ops.softmax import (
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
)
from cnn_tutorial.numpy_ops.transposed import (
    conv2d_transpose,
    conv2d_transpose_backward,
    conv2d_transpose_loops,
    transposed_output_size,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_train",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "categorical_cross_entropy",
    "categorical_cross_entropy_backward",
    "check_gradient",
    "check_gradients",
    "conv2d",
    "conv2d_backward",
    "conv2d_flops",
    "conv2d_loops",
    "conv2d_parameters",
    "conv2d_transpose",
    "conv2d_transpose_backward",
    "conv2d_transpose_loops",
    "dense",
    "dense_backward",
    "dense_flops",
    "dense_parameters",
    "dropout",
    "dropout_backward",
    "extract_windows",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool2d",
    "global_max_pool2d_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "numerical_gradient",
    "output_size",
    "pad_amounts",
    "receptive_field",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "sparse_categorical_cross_entropy",
    "sparse_categorical_cross_entropy_backward",
    "tanh",
    "tanh_backward",
    "transposed_output_size",
]
