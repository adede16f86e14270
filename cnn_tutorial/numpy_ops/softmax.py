"""Softmax, its logarithm, and their gradients (chapter 24).

The formulas of the books overflow, or round to 0 what is small but not 0. Each function here says
what it does instead.
"""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_int


def softmax(x, *, axis=-1):
    """Probabilities that sum to one along ``axis``.

    ``p_k = exp(z_k - max z) / sum over j of exp(z_j - max z)``: subtracting the maximum changes
    nothing in exact arithmetic, and no power can overflow any more.

    Args:
        x: real array of any shape but ``()``, the logits ``z``; minus infinity stands for a class
            that cannot be.
        axis: int, the axis that holds the classes.

    Returns:
        Array of ``x``'s shape and floating dtype (float64 for integers), every value in
        ``[0, 1]``. Where a NaN or plus infinity, or nothing but minus infinity, stands along
        ``axis``, NaN.

    Raises:
        ValueError: if ``x`` is empty or has no such axis.
        TypeError: if ``x`` is not real, or ``axis`` not an int.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 4.1.

    Example:
        >>> softmax(np.array([0.0, 0.0]))
        array([0.5, 0.5])
        >>> softmax(np.array([1000.0, 1000.0]))
        array([0.5, 0.5])
    """
    x, axis = _as_logits(x, axis)
    with np.errstate(under="ignore", invalid="ignore"):  # tiny is 0, infinity - infinity is NaN
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


def log_softmax(x, *, axis=-1):
    """The logarithm of ``softmax``, exact also where the probability is nearly 0 or nearly 1.

    ``log p_k = (z_k - z_max) - log1p(sum over j other than max of exp(z_j - z_max))``: the term of
    the maximum itself is ``exp(0) = 1``, the one that ``log1p(s) = log(1 + s)`` adds without
    rounding away what is small beside it. Nothing cancels: neither part is ever positive.

    Args:
        x: real array of any shape but ``()``, the logits ``z``, as in ``softmax``.
        axis: int, the axis that holds the classes.

    Returns:
        Array of ``x``'s shape and floating dtype (float64 for integers), no value above 0; minus
        infinity where ``x`` is. NaN where ``softmax`` is.

    Raises:
        ValueError: if ``x`` is empty or has no such axis.
        TypeError: if ``x`` is not real, or ``axis`` not an int.

    Reference:
        Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions,
        IMA Journal of Numerical Analysis 41 (2021).

    Example:
        >>> log_softmax(np.array([40.0, 0.0]))
        array([-4.24835426e-18, -4.00000000e+01])
    """
    x, axis = _as_logits(x, axis)
    largest = x.argmax(axis=axis, keepdims=True)
    with np.errstate(under="ignore", invalid="ignore"):
        maximum = np.take_along_axis(x, largest, axis)
        below = x - maximum
        powers = np.exp(below)
        np.put_along_axis(powers, largest, maximum - maximum, axis)  # 0, or NaN if infinite
        return below - np.log1p(powers.sum(axis=axis, keepdims=True))


def softmax_backward(grad_output, x, *, axis=-1):
    """The gradient of a loss with respect to ``softmax``'s argument.

    ``dL/dz_k = p_k * (g_k - sum over j of p_j g_j)`` with ``g = dL/dp``. Adding a constant to all
    of ``g`` changes nothing, since the probabilities sum to one. So the ``g`` of the most probable
    class is subtracted first: in ``1 - p`` for a ``p`` near 1 the digits would be lost.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to the result.
        x: real array, as given to ``softmax``.
        axis: int, as given to ``softmax``.

    Returns:
        Array of ``x``'s shape, in the dtype to which NumPy promotes both.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, and as ``softmax``.
        TypeError: as ``softmax``.

    Example:
        >>> softmax_backward(np.array([1.0, 0.0]), np.array([0.0, 0.0]))
        array([ 0.25, -0.25])
    """
    grad_output, x, axis = _as_gradient_and_logits(grad_output, x, axis, "softmax")
    probs = softmax(x, axis=axis)
    likeliest = probs.argmax(axis=axis, keepdims=True)
    grad_output = grad_output - np.take_along_axis(grad_output, likeliest, axis)
    return probs * (grad_output - (probs * grad_output).sum(axis=axis, keepdims=True))


def log_softmax_backward(grad_output, x, *, axis=-1):
    """The gradient of a loss with respect to ``log_softmax``'s argument.

    ``dL/dz_k = g_k - p_k * sum over j of g_j`` with ``g = dL/d(log p)``. Since the probabilities
    sum to one, that is ``g_k * (sum of the other p_j) - p_k * (sum of the other g_j)``, in which
    the small difference of two numbers near 1 does not occur.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to the result.
        x: real array, as given to ``log_softmax``.
        axis: int, as given to ``log_softmax``.

    Returns:
        Array of ``x``'s shape, in the dtype to which NumPy promotes both.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, and as ``log_softmax``.
        TypeError: as ``log_softmax``.

    Example:
        >>> log_softmax_backward(np.array([-1.0, 0.0]), np.array([40.0, 0.0]))
        array([-4.24835426e-18,  4.24835426e-18])
    """
    grad_output, x, axis = _as_gradient_and_logits(grad_output, x, axis, "log_softmax")
    probs = softmax(x, axis=axis)
    return grad_output * _sum_others(probs, axis) - probs * _sum_others(grad_output, axis)


def _sum_others(values, axis):
    """For each entry along ``axis`` the sum of all the others.

    It is the total less the entry. Only for the largest, which may be nearly the total, are the
    others added up: the difference would keep few of their digits.
    """
    largest = np.abs(values).argmax(axis=axis, keepdims=True)
    rest = values.copy()
    np.put_along_axis(rest, largest, 0, axis)
    others = values.sum(axis=axis, keepdims=True) - values
    np.put_along_axis(others, largest, rest.sum(axis=axis, keepdims=True), axis)
    return others


def _as_logits(x, axis):
    """``x`` as a floating array, and ``axis`` as one of its axes."""
    x = as_floats("x", x)
    if x.ndim == 0:
        raise ValueError("x must have at least one axis, that of the classes; received a number")
    axis = as_int("axis", axis, minimum=-x.ndim)
    if axis >= x.ndim:
        raise ValueError(f"axis must be below {x.ndim}, x having shape {x.shape}; received {axis}")
    return x, axis


def _as_gradient_and_logits(grad_output, x, axis, operation):
    """The operands of a backward in one floating dtype, and the axis."""
    x, axis = _as_logits(x, axis)
    grad_output = as_grad_output(grad_output, x.shape, operation)
    dtype = np.result_type(grad_output, x)
    return grad_output.astype(dtype, copy=False), x.astype(dtype, copy=False), axis
