"""Global pooling, and its gradient: one number for each channel, whatever the image's size.

The largest pixel of the channel, or the mean of them all: pooling with one window that covers
the image (chapter 23).
"""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_real, sum_dtype
from cnn_tutorial.numpy_ops.pooling import avg_pool2d


def global_max_pool2d(images):
    """The largest pixel of each channel: ``out[b, c] = max over i, j of images[b, i, j, c]``.

    Args:
        images: real array ``(N, H, W, C)``.

    Returns:
        Array ``(N, C)`` of ``images``' dtype; NaN where a channel holds one.

    Raises:
        ValueError: if ``images`` is empty or not of rank 4.
        TypeError: if it is not real.

    Example:
        >>> global_max_pool2d(np.arange(8).reshape(1, 2, 2, 2))
        array([[6, 7]])
    """
    return as_real("images", images, "(N, H, W, C)").max(axis=(1, 2))


def global_max_pool2d_backward(grad_output, images):
    """The gradient of a loss with respect to ``global_max_pool2d``'s images.

    In a tie the first of the largest pixels takes it, by the same rule as in
    ``max_pool2d_backward``. (TensorFlow's ``reduce_max``, and with it Keras's layer, divides it
    equally among them.)

    Args:
        grad_output: real array ``(N, C)``.
        images: real array ``(N, H, W, C)``, as given to ``global_max_pool2d``.

    Returns:
        Array of ``images``' shape, in the dtype to which NumPy promotes the two; integers alone
        become 64 bits.

    Raises:
        ValueError: if ``images`` is empty or not of rank 4, or ``grad_output`` not ``(N, C)``.
        TypeError: if one of them is not real.

    Example:
        >>> image = np.array([[3, 7], [7, 0]]).reshape(1, 2, 2, 1)
        >>> global_max_pool2d_backward(np.array([[0.5]]), image)[0, :, :, 0]
        array([[0. , 0.5],
               [0. , 0. ]])
    """
    images = as_real("images", images, "(N, H, W, C)")
    count, height, width, channels = images.shape
    grad_output = as_grad_output(grad_output, (count, channels), "global_max_pool2d")
    first = images.reshape(count, -1, channels).argmax(axis=1)  # a NaN counts as largest
    grad_pixels = np.zeros((count, height * width, channels), sum_dtype(grad_output, images))
    np.put_along_axis(grad_pixels, first[:, None], grad_output[:, None], axis=1)
    return grad_pixels.reshape(images.shape)


def global_avg_pool2d(images):
    """The mean of each channel: ``out[b, c] = sum over i, j of images[b, i, j, c] / (H * W)``.

    Args:
        images: real array ``(N, H, W, C)``.

    Returns:
        Array ``(N, C)`` of ``images``' dtype; float64 if that is an integer, as ``np.mean``.

    Raises:
        ValueError: if ``images`` is empty or not of rank 4.
        TypeError: if it is not real.

    Reference:
        Lin, Chen & Yan, Network In Network (2014), section 3.2.

    Example:
        >>> global_avg_pool2d(np.arange(8).reshape(1, 2, 2, 2))
        array([[3., 4.]])
    """
    images = as_real("images", images, "(N, H, W, C)")
    return avg_pool2d(images, images.shape[1:3])[:, 0, 0]


def global_avg_pool2d_backward(grad_output, images):
    """The gradient of a loss with respect to ``global_avg_pool2d``'s images.

    Every pixel of a channel takes the same, ``grad_output / (H * W)``.

    Args:
        grad_output: real array ``(N, C)``.
        images: real array ``(N, H, W, C)``, as given to ``global_avg_pool2d``.

    Returns:
        Array of ``images``' shape, in the dtype to which NumPy promotes the two, integers taken as
        float64.

    Raises:
        ValueError: if ``images`` is empty or not of rank 4, or ``grad_output`` not ``(N, C)``.
        TypeError: if one of them is not real.

    Example:
        >>> global_avg_pool2d_backward(np.array([[2.0]]), np.zeros((1, 2, 2, 1)))[0, :, :, 0]
        array([[0.5, 0.5],
               [0.5, 0.5]])
    """
    images = as_floats("images", images, "(N, H, W, C)")
    count, height, width, channels = images.shape
    grad_output = as_grad_output(grad_output, (count, channels), "global_avg_pool2d")
    dtype = np.result_type(grad_output, images)
    shares = grad_output.astype(dtype) / (height * width)
    return np.broadcast_to(shares[:, None, None], images.shape).copy()
