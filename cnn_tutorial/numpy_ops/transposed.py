"""The transposed convolution, which makes images larger, and its gradient (chapter 22).

A convolution is linear in its images: it multiplies them with a matrix. The transposed
convolution multiplies with that matrix, transposed. So its forward is what the convolution does
to gradients, and its backward is the convolution itself.
"""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_grad_output, as_operands, as_pair, as_real
from cnn_tutorial.numpy_ops.convolution import conv2d, conv2d_backward
from cnn_tutorial.numpy_ops.shapes import pad_amounts, per_axis


def transposed_output_size(size, kernel_size, *, strides=1, padding="valid"):
    """The height and width of a transposed convolution's output.

    ``(size - 1) * stride + kernel - before - after``: the last pixel lays its kernel down
    ``(size - 1) * stride`` pixels after the first one, and the padding is cut off. ``"same"``
    gives ``size * stride``, and ``"valid"`` never less than that, as in Keras.

    Args:
        size: int, or pair of ints ``(H, W)``, in pixels.
        kernel_size: int, or pair of ints. Pairs are for a pair ``size`` only, here and in the
            following arguments.
        strides: int, or pair of ints, in pixels of the output.
        padding: ``"valid"``, ``"same"``, or the pixels to cut off: ``(before, after)`` for an
            int ``size``, ``((top, bottom), (left, right))`` for a pair.

    Returns:
        An int for an int ``size``, a pair of ints for a pair.

    Raises:
        ValueError: if a number is out of range, the padding is malformed, or nothing is left.
        TypeError: if a number is not an int.

    Reference:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.

    Example:
        >>> transposed_output_size(4, 3, strides=2)
        9
        >>> transposed_output_size((4, 5), 3, strides=2, padding="same")
        (8, 10)
    """
    sizes = tuple(_axis_output(*axis) for axis in per_axis(size, kernel_size, strides, padding))
    return sizes if len(sizes) == 2 else sizes[0]


def conv2d_transpose_loops(images, kernel, bias=None, *, strides=1, padding="valid"):
    """The transposed convolution by its formula: slow, to be read.

    ``out[b, i * sh + m - top, j * sw + n - left, f] += images[b, i, j, c] * kernel[m, n, f, c]``

    for every pixel ``i, j`` and channel ``c`` of the input and every ``m`` in ``[0, kh)``, ``n``
    in ``[0, kw)`` and filter ``f``, with strides ``(sh, sw)``: each pixel lays the kernel down,
    multiplied by its value, and where kernels overlap they add up. What falls outside the
    output is lost. The bias is added at the end.

    The arguments, the result and the errors are those of ``conv2d_transpose``.

    Example:
        >>> conv2d_transpose_loops(np.ones((1, 2, 1, 1)), np.ones((2, 1, 1, 1)))[0, :, 0, 0]
        array([1., 2., 1.])
    """
    images, kernel, bias = _check_operands(images, kernel, bias)
    size, ((top, _), (left, _)) = _geometry(images, kernel, strides, padding)
    sh, sw = as_pair("strides", strides)
    kh, kw, filters, _ = kernel.shape
    outputs = np.zeros((len(images), *size, filters), images.dtype)
    for b, i, j, c in np.ndindex(images.shape):
        for m, n, f in np.ndindex(kh, kw, filters):
            row, column = i * sh + m - top, j * sw + n - left
            if 0 <= row < size[0] and 0 <= column < size[1]:
                outputs[b, row, column, f] += images[b, i, j, c] * kernel[m, n, f, c]
    return outputs if bias is None else outputs + bias


def conv2d_transpose(images, kernel, bias=None, *, strides=1, padding="valid"):
    """The transposed convolution of each image, as Keras's ``Conv2DTranspose`` computes it.

    The sum is the one in ``conv2d_transpose_loops``. For one position ``(m, n)`` of the kernel
    it is a matrix product, whose pixels go to every ``stride``-th pixel of the output. The
    result is also the gradient of ``conv2d`` with respect to its images, for a gradient
    ``images`` of its outputs.

    Args:
        images: real array ``(N, H, W, c_in)``.
        kernel: real array ``(kh, kw, c_out, c_in)``: the kernel of the ``conv2d`` that leads
            from the output's shape back to the input's.
        bias: real array ``(c_out,)``, added to every pixel of the output, or None.
        strides: int, or pair of ints: pixels of the output from one kernel to the next.
        padding: how much is cut off. ``"same"`` leaves ``size * stride`` pixels, and cuts an
            odd one off at the end; ``"valid"`` cuts nothing, and adds zeros at the end up to
            ``size * stride`` where the kernel is smaller than the stride, both as in Keras.
            ``((top, bottom), (left, right))`` cuts so many pixels and adds none, as PyTorch's
            ``padding`` and ONNX's ``pads`` do.

    Returns:
        Array ``(N, H_out, W_out, c_out)``; its size is that of ``transposed_output_size``. Its
        dtype is the one to which NumPy promotes the operands; integers alone are added up in
        64 bits, as ``np.sum`` does.

    Raises:
        ValueError: if a shape, a number or the padding is not as above, an array is empty, or
            the padding leaves nothing.
        TypeError: if an array is not real (boolean, complex, object), or a number not an int.

    Reference:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.

    Example:
        >>> image = np.array([1.0, 2.0]).reshape(1, 1, 2, 1)
        >>> conv2d_transpose(image, np.ones((1, 3, 1, 1)), strides=2)[0, 0, :, 0]
        array([1., 1., 3., 2., 2.])
    """
    images, kernel, bias = _check_operands(images, kernel, bias)
    size, amounts = _geometry(images, kernel, strides, padding)
    sh, sw = as_pair("strides", strides)
    count, height, width, _ = images.shape
    kh, kw, filters, _ = kernel.shape
    uncut = [n + before + after for n, (before, after) in zip(size, amounts, strict=True)]
    canvas = np.zeros((count, *uncut, filters), images.dtype)
    for m, n in np.ndindex(kh, kw):
        # Every pixel lays the same weights down, at places that form a regular grid.
        canvas[:, m : m + height * sh : sh, n : n + width * sw : sw] += images @ kernel[m, n].T
    (top, _), (left, _) = amounts
    outputs = np.ascontiguousarray(canvas[:, top : top + size[0], left : left + size[1]])
    if bias is not None:
        outputs += bias
    return outputs


def conv2d_transpose_backward(grad_output, images, kernel, *, strides=1, padding="valid"):
    """The gradients of a loss with respect to ``conv2d_transpose``'s images, kernel and bias.

    ``conv2d_transpose`` is the transpose of a ``conv2d``, and the transpose of the transpose is
    that ``conv2d``: it carries ``grad_output`` to the gradient of the images. Both multiply the
    same pixels and weights, so the gradient of the kernel is ``conv2d``'s as well, with the
    two images in each other's place.

    Args:
        grad_output: real array ``(N, H_out, W_out, c_out)``, the gradient of the loss with
            respect to ``conv2d_transpose``'s result.
        images: real array ``(N, H, W, c_in)``, as given to ``conv2d_transpose``.
        kernel: real array ``(kh, kw, c_out, c_in)``, as given to ``conv2d_transpose``.
        strides: int, or pair of ints, as given to ``conv2d_transpose``.
        padding: as given to ``conv2d_transpose``.

    Returns:
        ``(grad_images, grad_kernel, grad_bias)``, of the shapes of ``images``, ``kernel`` and
        ``(c_out,)``, in the dtype to which NumPy promotes the operands.

    Raises:
        ValueError: if ``grad_output`` does not have the shape of ``conv2d_transpose``'s result,
            and as ``conv2d_transpose``.
        TypeError: as ``conv2d_transpose``.

    Reference:
        Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016),
        section 4.1.

    Example:
        >>> images, kernel = np.ones((1, 1, 2, 1)), np.array([1.0, 5.0]).reshape(1, 2, 1, 1)
        >>> grad_output = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
        >>> conv2d_transpose_backward(grad_output, images, kernel)[0][0, 0, :, 0]
        array([11., 17.])
    """
    images, kernel, _ = _check_operands(images, kernel, None)
    size, amounts = _geometry(images, kernel, strides, padding)
    shape = (len(images), *size, kernel.shape[2])
    grad_output = as_grad_output(grad_output, shape, "conv2d_transpose")
    how = {"strides": strides, "padding": amounts}
    grad_images = conv2d(grad_output, kernel, **how)
    _, grad_kernel, _ = conv2d_backward(images, grad_output, kernel, **how)
    grad_bias = grad_output.sum(axis=(0, 1, 2), dtype=grad_images.dtype)
    return grad_images, grad_kernel, grad_bias


def _axis_output(size, kernel, stride, padding, _):
    if padding == "same":
        return size * stride
    if padding == "valid":
        return size * stride + max(kernel - stride, 0)
    uncut = (size - 1) * stride + kernel
    if sum(padding) >= uncut:
        raise ValueError(
            f"padding must leave at least one pixel; received {padding[0]} and {padding[1]} to cut "
            f"off {uncut} pixels (size {size}, stride {stride}, kernel {kernel})"
        )
    return uncut - sum(padding)


def _geometry(images, kernel, strides, padding):
    """The output's size, and the padding of the convolution that leads back."""
    kernel_size = kernel.shape[:2]
    size = transposed_output_size(images.shape[1:3], kernel_size, strides=strides, padding=padding)
    return size, pad_amounts(size, kernel_size, strides=strides, padding=padding)


def _check_operands(images, kernel, bias):
    """The operands as arrays of one dtype that fit each other."""
    images = as_real("images", images, "(N, H, W, c_in)")
    kernel = as_real("kernel", kernel, "(kh, kw, c_out, c_in)")
    if kernel.shape[3] != images.shape[3]:
        raise ValueError(
            f"kernel must have the {images.shape[3]} channels of images on its fourth axis; "
            f"received {kernel.shape[3]}"
        )
    return as_operands(images, kernel, bias, kernel.shape[2], "filter")
