"""Pooling, and its gradient: one number for each window of each channel (chapter 23).

The number is the largest pixel in the window, or the mean of them all. There is nothing to learn
in it. A window that hangs over the image's border is cut off there, so that padding is never the
maximum and never counts in a mean. ``global_pooling`` has one window, the image.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_pair, as_real, sum_dtype
from cnn_tutorial.numpy_ops.shapes import pad_amounts

# Images are pooled in blocks of about this size, which stay in the processor's second-level cache
# from one pass over them to the next.
_BLOCK_BYTES = 2**20


def max_pool2d(images, pool_size=2, *, strides=None, padding="valid"):
    """The largest pixel of every window, channel by channel, as in Keras's ``MaxPooling2D``.

    ``out[b, i, j, c] = max over m, n of padded[b, i * sh + m, j * sw + n, c]``

    with ``m`` in ``[0, kh)`` and ``n`` in ``[0, kw)``, a window of ``(kh, kw)`` pixels, strides
    ``(sh, sw)``, and minus infinity in the padding. NaN counts as larger than every number.

    Args:
        images: real array ``(N, H, W, C)``.
        pool_size: int, or pair of ints: the window's height and width.
        strides: int, or pair of ints: pixels from one window to the next; None takes
            ``pool_size``, so that the windows lie side by side.
        padding: ``"valid"`` (none: rows and columns that fill no window are left out), ``"same"``
            (an output of ``ceil(size / stride)`` pixels; the odd pixel goes at the end) or
            ``((top, bottom), (left, right))``, in pixels.

    Returns:
        Array ``(N, H_out, W_out, C)`` of ``images``' dtype. A window that lies wholly in the
        padding gives minus infinity.

    Raises:
        ValueError: if a shape, a number or the padding is not as above, ``images`` is empty, the
            window is larger than the padded image, or it lies wholly in the padding and
            ``images`` are integers, which have no minus infinity.
        TypeError: if ``images`` is not real (boolean, complex, object), or a number not an int.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 9.3.

    Example:
        >>> image = np.array([[1, 5, 2, 0], [3, 4, 9, 8]]).reshape(1, 2, 4, 1)
        >>> max_pool2d(image)[0, :, :, 0]
        array([[5, 9]])
    """
    images = as_real("images", images, "(N, H, W, C)")
    rows, columns = _lay_windows(images, pool_size, strides, padding)
    lowest = -np.inf
    if images.dtype.kind in "iu":
        _refuse_windows_without_pixels(rows, columns, padding)
        lowest = np.iinfo(images.dtype).min
    outputs = np.empty((len(images), rows.count, columns.count, images.shape[3]), images.dtype)
    for block in _blocks(images):
        _fold_windows(np.maximum, images[block], rows, columns, lowest, outputs[block])
    return outputs


def max_pool2d_backward(grad_output, images, pool_size=2, *, strides=None, padding="valid"):
    """The gradient of a loss with respect to ``max_pool2d``'s images.

    The output of a window changes with its largest pixel and with no other, so that this pixel
    takes the window's whole gradient; what a pixel takes from several windows adds up. In a tie
    the first of the largest takes it, row by row from the top, as in TensorFlow. Where the
    maximum is NaN, the first NaN does.

    Args:
        grad_output: real array ``(N, H_out, W_out, C)``, the gradient of the loss with respect
            to ``max_pool2d``'s result.
        images: real array ``(N, H, W, C)``, as given to ``max_pool2d``.
        pool_size: int, or pair of ints, as given to ``max_pool2d``.
        strides: int, pair of ints or None, as given to ``max_pool2d``.
        padding: as given to ``max_pool2d``.

    Returns:
        Array of ``images``' shape, in the dtype to which NumPy promotes the two arrays;
        integers alone are added up in 64 bits. What belongs to a window that lies wholly in the
        padding is lost.

    Raises:
        ValueError: if ``grad_output`` does not have the shape of ``max_pool2d``'s result, and as
            ``max_pool2d``.
        TypeError: as ``max_pool2d``.

    Example:
        >>> image = np.array([[1, 5, 2, 0], [3, 4, 9, 8]]).reshape(1, 2, 4, 1)
        >>> max_pool2d_backward(np.array([[[[0.1], [0.2]]]]), image)[0, :, :, 0]
        array([[0. , 0.1, 0. , 0. ],
               [0. , 0. , 0.2, 0. ]])
    """
    images = as_real("images", images, "(N, H, W, C)")
    maxima = max_pool2d(images, pool_size, strides=strides, padding=padding)
    grad_output = as_grad_output(grad_output, maxima.shape, "max_pool2d")
    rows, columns = _lay_windows(images, pool_size, strides, padding)
    grad_images = np.zeros(images.shape, sum_dtype(grad_output, images))
    has_nan = np.isnan(maxima).any()
    for block in _blocks(images):
        is_open = np.ones(maxima[block].shape, bool)  # windows whose maximum is still to come
        for (i, row), (j, column) in product(rows.pixels, columns.pixels):
            pixels = images[block, row, column]
            takes = pixels == maxima[block, i, j]
            if has_nan:
                takes |= np.isnan(pixels)
            takes &= is_open[:, i, j]
            is_open[:, i, j] ^= takes
            # Not a product with takes: infinity times 0 is NaN.
            grad_images[block, row, column] += np.where(takes, grad_output[block, i, j], 0)
    return grad_images


def avg_pool2d(images, pool_size=2, *, strides=None, padding="valid"):
    """The mean of every window, channel by channel, as in Keras's ``AveragePooling2D``.

    ``out[b, i, j, c] = sum over m, n of padded[b, i * sh + m, j * sw + n, c] / count[i, j]``

    with the symbols of ``max_pool2d`` and ``count[i, j]`` the window's pixels that lie in the
    image: what is padded counts neither in the sum nor in the number.

    Args:
        images: real array ``(N, H, W, C)``.
        pool_size: int, or pair of ints: the window's height and width.
        strides: int, pair of ints, or None for ``pool_size``.
        padding: ``"valid"``, ``"same"`` or ``((top, bottom), (left, right))``, as in
            ``max_pool2d``.

    Returns:
        Array ``(N, H_out, W_out, C)`` of ``images``' dtype; float64 if that is an integer, as
        ``np.mean``.

    Raises:
        ValueError: if a shape, a number or the padding is not as above, ``images`` is empty, or a
            window is larger than the padded image or lies wholly in the padding.
        TypeError: if ``images`` is not real (boolean, complex, object), or a number not an int.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 9.3.

    Example:
        >>> image = np.array([[1, 5, 2, 0], [3, 4, 9, 8]]).reshape(1, 2, 4, 1)
        >>> avg_pool2d(image)[0, :, :, 0]
        array([[3.25, 4.75]])
    """
    images = as_floats("images", images, "(N, H, W, C)")
    rows, columns = _lay_windows(images, pool_size, strides, padding)
    _refuse_windows_without_pixels(rows, columns, padding)
    counts = _count_pixels(rows, columns, images.dtype)
    outputs = np.empty((len(images), rows.count, columns.count, images.shape[3]), images.dtype)
    for block in _blocks(images):
        _fold_windows(np.add, images[block], rows, columns, 0, outputs[block])
        outputs[block] /= counts
    return outputs


def avg_pool2d_backward(grad_output, images, pool_size=2, *, strides=None, padding="valid"):
    """The gradient of a loss with respect to ``avg_pool2d``'s images.

    Every pixel of a window takes the same share of its gradient, ``grad_output / count``, and
    what it takes from several windows adds up. The pixels' values play no part.

    Args:
        grad_output: real array ``(N, H_out, W_out, C)``, the gradient of the loss with respect
            to ``avg_pool2d``'s result.
        images: real array ``(N, H, W, C)``, as given to ``avg_pool2d``.
        pool_size: int, or pair of ints, as given to ``avg_pool2d``.
        strides: int, pair of ints or None, as given to ``avg_pool2d``.
        padding: as given to ``avg_pool2d``.

    Returns:
        Array of ``images``' shape, in the dtype to which NumPy promotes the two arrays, integers
        taken as float64.

    Raises:
        ValueError: if ``grad_output`` does not have the shape of ``avg_pool2d``'s result, and as
            ``avg_pool2d``.
        TypeError: as ``avg_pool2d``.

    Example:
        >>> image = np.array([[1, 5, 2, 0], [3, 4, 9, 8]]).reshape(1, 2, 4, 1)
        >>> avg_pool2d_backward(np.array([[[[4.0], [8.0]]]]), image)[0, :, :, 0]
        array([[1., 1., 2., 2.],
               [1., 1., 2., 2.]])
    """
    images = as_floats("images", images, "(N, H, W, C)")
    rows, columns = _lay_windows(images, pool_size, strides, padding)
    _refuse_windows_without_pixels(rows, columns, padding)
    shape = (len(images), rows.count, columns.count, images.shape[3])
    grad_output = as_grad_output(grad_output, shape, "avg_pool2d")
    dtype = np.result_type(grad_output, images)
    shares = grad_output / _count_pixels(rows, columns, dtype)
    grad_images = np.zeros(images.shape, dtype)
    for block in _blocks(images):
        across = np.zeros((len(images[block]), rows.count, *images.shape[2:]), dtype)
        for j, column in columns.pixels:
            across[:, :, column] += shares[block, :, j]
        for i, row in rows.pixels:
            grad_images[block, row] += across[:, i]
    return grad_images


class _Axis(NamedTuple):
    """How the windows lie along one axis of the images."""

    window: int  # pixels in one
    stride: int  # pixels from one to the next
    padding: tuple  # pixels added before and after the image
    count: int  # windows
    pixels: list  # for each pixel of a window: the windows that have it in the image, and where


def _lay_windows(images, pool_size, strides, padding):
    """The windows along the rows and along the columns."""
    pool_size = as_pair("pool_size", pool_size)
    strides = pool_size if strides is None else as_pair("strides", strides)
    size = images.shape[1:3]
    amounts = pad_amounts(size, pool_size, strides=strides, padding=padding)
    return map(_lay_along_axis, size, pool_size, strides, amounts)


def _lay_along_axis(size, window, stride, padding):
    before, after = padding
    if window > size + before + after:
        raise ValueError(
            f"pool_size must not exceed the padded image: a window of {window} pixels does not "
            f"fit into {size + before + after} ({size} and {before + after} of padding)"
        )
    count = (size + before + after - window) // stride + 1
    pixels = []
    for m in range(window):
        # Window i has its pixel m at i * stride + m - before, if that is from 0 to size - 1.
        first = max(0, -((m - before) // stride))
        end = min(count, (size - 1 + before - m) // stride + 1)
        if first < end:
            start = first * stride + m - before
            met = slice(start, start + (end - first) * stride, stride)
            pixels.append((slice(first, end), met))
    return _Axis(window, stride, padding, count, pixels)


def _fold_windows(operation, images, rows, columns, filler, outputs):
    """Write ``operation`` over the pixels of every window into ``outputs``.

    Down the rows first and then along them: kh + kw passes instead of kh * kw.
    """
    frame = ((0, 0), rows.padding, columns.padding, (0, 0))
    padded = np.pad(images, frame, constant_values=filler) if np.any(frame) else images
    windows = sliding_window_view(padded, rows.window, axis=1)[:, :: rows.stride]
    down = operation.reduce(windows, axis=-1)  # (N, H_out, W, C)
    span = (columns.count - 1) * columns.stride + 1
    parts = [down[:, :, n : n + span : columns.stride] for n in range(columns.window)]
    np.copyto(outputs, parts[0])
    for part in parts[1:]:
        operation(outputs, part, out=outputs)


def _blocks(images):
    length = max(1, _BLOCK_BYTES // images[0].nbytes)
    return [slice(start, start + length) for start in range(0, len(images), length)]


def _count_pixels(rows, columns, dtype):
    """How many pixels of the image each window holds: (H_out, W_out, 1), or (1, 1, 1) if alike."""
    counts = []
    for axis in (rows, columns):
        counts.append(np.zeros(axis.count, dtype))
        for windows, _ in axis.pixels:
            counts[-1][windows] += 1
    counts = np.outer(*counts)[:, :, None]
    return counts if counts.min() < counts.max() else counts[:1, :1]


def _refuse_windows_without_pixels(rows, columns, padding):
    empty = np.argwhere(_count_pixels(rows, columns, int)[:, :, 0] == 0)
    if len(empty):
        i, j = empty[0]
        raise ValueError(
            "padding must leave a pixel of the image in every window; received "
            f"{padding}, with which the window of output pixel ({i}, {j}) lies wholly in it"
        )
