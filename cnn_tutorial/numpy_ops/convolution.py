"""The convolution of images with a bank of kernels, and its gradient (chapter 21).

``conv2d_loops`` is the formula. ``extract_windows`` gathers the pixels under every position of
the kernel, so that ``conv2d`` can compute the same numbers as a matrix product, a thousand
times faster. ``conv2d_backward`` is the gradient.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_tutorial.numpy_ops.checks import as_grad_output, as_int, as_operands, as_pair, as_real
from cnn_tutorial.numpy_ops.shapes import output_size, pad_amounts

# Windows are copied out of the images in blocks of about this size, which stay in the
# processor's second-level cache until they are multiplied; it bounds the memory, too.
_BLOCK_BYTES = 2**21


def conv2d_loops(
    images, kernel, bias=None, *, strides=1, padding="valid", dilation_rate=1, groups=1
):
    """The convolution by its formula, one output value after the other: slow, to be read.

    ``out[b, i, j, f] = bias[f] + sum over m, n, c of
    padded[b, i * sh + m * dh, j * sw + n * dw, first + c] * kernel[m, n, c, f]``

    with ``m`` in ``[0, kh)``, ``n`` in ``[0, kw)``, ``c`` in ``[0, c_in / groups)``, strides
    ``(sh, sw)``, dilation ``(dh, dw)``, and ``first`` the first channel of the group that
    filter ``f`` belongs to. The kernel is not flipped: what networks call a convolution is
    called a correlation in mathematics.

    The arguments, the result and the errors are those of ``conv2d``.

    Example:
        >>> conv2d_loops(np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)))[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]])
    """
    images, kernel, bias = _check_operands(images, kernel, bias, groups)
    geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    kh, kw, channels, filters = kernel.shape
    height, width = output_size(images.shape[1:3], (kh, kw), **geometry)
    (sh, sw), (dh, dw) = as_pair("strides", strides), as_pair("dilation_rate", dilation_rate)
    padded = _pad(images, kernel.shape[:2], **geometry)
    outputs = np.zeros((len(images), height, width, filters), images.dtype)
    for b, i, j, f in np.ndindex(outputs.shape):
        first = f // (filters // groups) * channels
        for m, n, c in np.ndindex(kh, kw, channels):
            pixel = padded[b, i * sh + m * dh, j * sw + n * dw, first + c]
            outputs[b, i, j, f] += pixel * kernel[m, n, c, f]
    return outputs if bias is None else outputs + bias


def extract_windows(images, kernel_size, *, strides=1, padding="valid", dilation_rate=1):
    """The pixels under every position of a kernel.

    ``windows[b, i, j, m, n, c] = padded[b, i * sh + m * dh, j * sw + n * dw, c]``, with the
    symbols of ``conv2d_loops``. No pixel is copied unless there is padding: the result is a
    read-only view, in which neighbouring windows share their pixels.

    Args:
        images: real array ``(N, H, W, C)``.
        kernel_size: int, or pair of ints ``(kh, kw)``.
        strides: int, or pair of ints.
        padding: ``"valid"``, ``"same"`` or ``((top, bottom), (left, right))``.
        dilation_rate: int, or pair of ints.

    Returns:
        Array ``(N, H_out, W_out, kh, kw, C)`` of ``images``' dtype, read-only.

    Raises:
        ValueError: if ``images`` is empty or not of rank 4, or the window does not fit.
        TypeError: if ``images`` is not real, or a number is not an int.

    Example:
        >>> extract_windows(np.arange(9).reshape(1, 3, 3, 1), 2)[0, 1, 1, :, :, 0]
        array([[4, 5],
               [7, 8]])
    """
    images = as_real("images", images, "(N, H, W, C)")
    kernel_size = as_pair("kernel_size", kernel_size)
    geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    output_size(images.shape[1:3], kernel_size, **geometry)  # raises if the window does not fit
    (sh, sw), (dh, dw) = as_pair("strides", strides), as_pair("dilation_rate", dilation_rate)
    padded = _pad(images, kernel_size, **geometry)
    span = (dh * (kernel_size[0] - 1) + 1, dw * (kernel_size[1] - 1) + 1)
    windows = sliding_window_view(padded, span, axis=(1, 2))  # (N, i, j, C, span, span)
    windows = windows[:, ::sh, ::sw, :, ::dh, ::dw]  # (N, H_out, W_out, C, kh, kw)
    return np.moveaxis(windows, 3, -1)


def conv2d(images, kernel, bias=None, *, strides=1, padding="valid", dilation_rate=1, groups=1):
    """The convolution of each image with each filter, as Keras's ``Conv2D`` computes it.

    The sum in ``conv2d_loops`` multiplies each window with each filter. With the windows as the
    rows of one matrix and the filters as the columns of another, it is their product.

    Args:
        images: real array ``(N, H, W, c_in)``.
        kernel: real array ``(kh, kw, c_in // groups, c_out)``.
        bias: real array ``(c_out,)``, added to every pixel of the output, or None.
        strides: int, or pair of ints: pixels from one window to the next.
        padding: ``"valid"`` (none), ``"same"`` (an output of ``ceil(size / stride)`` pixels;
            the odd pixel goes at the end) or ``((top, bottom), (left, right))``, in pixels.
            What is added is zero.
        dilation_rate: int, or pair of ints: pixels from one entry of the kernel to the next.
        groups: int, a divisor of ``c_in`` and ``c_out``. The channels are cut into so many
            equal parts, and each filter sees its own part only.

    Returns:
        Array ``(N, H_out, W_out, c_out)``. Its dtype is the one to which NumPy promotes the
        operands; integers alone are added up in 64 bits, as ``np.sum`` does.

    Raises:
        ValueError: if a shape, a number or the padding is not as above, an array is empty, or
            the kernel is larger than the padded image.
        TypeError: if an array is not real (boolean, complex, object), or a number not an int.

    Reference:
        Chellapilla, Puri & Simard, High Performance Convolutional Neural Networks for Document
        Processing (2006), section 3.1.

    Example:
        >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> difference = np.array([-1.0, 1.0]).reshape(1, 2, 1, 1)
        >>> conv2d(image, difference)[0, :, :, 0]
        array([[1., 1.],
               [1., 1.],
               [1., 1.]])
    """
    images, kernel, bias = _check_operands(images, kernel, bias, groups)
    windows = extract_windows(
        images,
        kernel.shape[:2],
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
    )
    filters = kernel.shape[-1]
    matrix = _split_groups(kernel.reshape(-1, filters), groups)  # (g, kh*kw*c, c_out/g)
    outputs = np.empty((*windows.shape[:3], filters), images.dtype)
    for block in _blocks(windows):
        rows = _split_groups(windows[block], groups)  # (g, N, H_out, W_out, kh, kw, c)
        rows = rows.reshape(groups, -1, matrix.shape[1])  # (g, windows, kh*kw*c)
        # A block of outputs lies in one piece, so that its reshape is a view to write through.
        columns = outputs[block].reshape(-1, filters)
        columns = _split_groups(columns, groups)  # (g, windows, c_out/g)
        np.matmul(rows, matrix, out=columns)
    if bias is not None:
        outputs += bias
    return outputs


def conv2d_backward(
    grad_output, images, kernel, *, strides=1, padding="valid", dilation_rate=1, groups=1
):
    """The gradients of a loss with respect to ``conv2d``'s images, kernel and bias.

    Each output is a sum of products ``pixel * weight``. So the gradient of a weight is the sum
    of ``grad_output * pixel`` over all the pixels that it met, and the gradient of a pixel the
    sum of ``grad_output * weight`` over all the weights that it met. The weights of one
    position ``(m, n)`` of the kernel meet one regular grid of pixels, so that both sums are a
    matrix product a position.

    Args:
        grad_output: real array ``(N, H_out, W_out, c_out)``, the gradient of the loss with
            respect to ``conv2d``'s result.
        images: real array ``(N, H, W, c_in)``, as given to ``conv2d``.
        kernel: real array ``(kh, kw, c_in // groups, c_out)``, as given to ``conv2d``.
        strides: int, or pair of ints, as given to ``conv2d``.
        padding: as given to ``conv2d``.
        dilation_rate: int, or pair of ints, as given to ``conv2d``.
        groups: int, as given to ``conv2d``.

    Returns:
        ``(grad_images, grad_kernel, grad_bias)``, of the shapes of ``images``, ``kernel`` and
        ``(c_out,)``, in the dtype to which NumPy promotes the operands.

    Raises:
        ValueError: if ``grad_output`` does not have the shape of ``conv2d``'s result, and as
            ``conv2d``.
        TypeError: as ``conv2d``.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 9.5.

    Example:
        >>> images, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        >>> grad_images, grad_kernel, grad_bias = conv2d_backward(
        ...     np.ones((1, 2, 2, 1)), images, kernel
        ... )
        >>> grad_images[0, :, :, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    images, kernel, _ = _check_operands(images, kernel, None, groups)
    geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    kh, kw, _, filters = kernel.shape
    height, width = output_size(images.shape[1:3], (kh, kw), **geometry)
    grad_output = as_grad_output(grad_output, (len(images), height, width, filters), "conv2d")
    dtype = np.result_type(grad_output, images)
    (sh, sw), (dh, dw) = as_pair("strides", strides), as_pair("dilation_rate", dilation_rate)
    padded = _pad(images, (kh, kw), **geometry)
    grad_padded = np.zeros(padded.shape, dtype)
    grad_kernel = np.empty(kernel.shape, dtype)
    grad_rows = _split_groups(grad_output.reshape(-1, filters), groups)  # (g, windows, c_out/g)
    for m, n in np.ndindex(kh, kw):
        # The pixels that the weights kernel[m, n] met, one for each pixel of the output.
        met = np.s_[:, m * dh : m * dh + height * sh : sh, n * dw : n * dw + width * sw : sw]
        pixels = padded[met]  # (N, H_out, W_out, c_in)
        rows = _split_groups(pixels.reshape(-1, pixels.shape[-1]), groups)  # (g, windows, c)
        weights = _split_groups(kernel[m, n], groups)  # (g, c, c_out/g)
        grad_kernel[m, n] = _join_groups(rows.swapaxes(1, 2) @ grad_rows)
        grad_padded[met] += _join_groups(grad_rows @ weights.swapaxes(1, 2)).reshape(pixels.shape)
    (top, _), (left, _) = pad_amounts(images.shape[1:3], (kh, kw), **geometry)
    grad_images = grad_padded[:, top : top + images.shape[1], left : left + images.shape[2]]
    grad_bias = grad_output.sum(axis=(0, 1, 2), dtype=dtype)
    return np.ascontiguousarray(grad_images), grad_kernel, grad_bias


def _check_operands(images, kernel, bias, groups):
    """The operands as arrays of one dtype that fit each other."""
    images = as_real("images", images, "(N, H, W, c_in)")
    kernel = as_real("kernel", kernel, "(kh, kw, c_in // groups, c_out)")
    channels, filters = images.shape[-1], kernel.shape[-1]
    groups = as_int("groups", groups)
    if channels % groups or filters % groups:
        raise ValueError(
            "groups must divide the channels of images and the filters of kernel; received "
            f"groups={groups}, {channels} channels, {filters} filters"
        )
    if kernel.shape[2] != channels // groups:
        raise ValueError(
            f"kernel must have c_in // groups = {channels // groups} channels on its third axis "
            f"(images have {channels}, groups={groups}); received {kernel.shape[2]}"
        )
    return as_operands(images, kernel, bias, filters, "filter")


def _pad(images, kernel_size, **geometry):
    amounts = pad_amounts(images.shape[1:3], kernel_size, **geometry)
    if not np.any(amounts):
        return images
    return np.pad(images, ((0, 0), *amounts, (0, 0)))


def _blocks(windows):
    """Indices that cut windows into blocks: several images, or several rows of one image."""
    count, height = windows.shape[:2]
    rows = max(1, _BLOCK_BYTES // windows[0, 0].nbytes)
    images = max(1, rows // height)
    for b in range(0, count, images):
        for i in range(0, height, rows):
            yield np.s_[b : b + images, i : i + rows]


def _split_groups(array, groups):
    """``(..., groups * c)`` as ``(groups, ..., c)``, so that ``@`` works group by group."""
    return np.moveaxis(array.reshape(*array.shape[:-1], groups, -1), -2, 0)


def _join_groups(array):
    """``(groups, p, c)`` as ``(p, groups * c)``: the way back for a matrix."""
    return np.moveaxis(array, 0, 1).reshape(array.shape[1], -1)
