"""The activations, entry by entry, and their gradients (chapters 12 and 25).

Each gradient takes what ``x`` the activation was given, and multiplies what arrives with the
activation's slope there. None overflows: ``exp`` is only taken of numbers that are not positive.
"""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_number, as_real


def relu(x):
    """The positive part, ``max(x, 0)``.

    Args:
        x: real array of any shape. NaN stays NaN.

    Returns:
        Array of ``x``'s shape and dtype.

    Raises:
        ValueError: if ``x`` is empty.
        TypeError: if ``x`` is not real (boolean, complex, object).

    Reference:
        Nair & Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (ICML 2010).

    Example:
        >>> relu(np.array([-2.0, 0.0, 3.0]))
        array([0., 0., 3.])
    """
    x = as_real("x", x)
    return np.maximum(x, x.dtype.type(0))


def relu_backward(grad_output, x):
    """The gradient of a loss with respect to ``relu``'s ``x``: passed where ``x > 0``.

    At ``x = 0``, where there is no slope, it is 0, as in TensorFlow. NaN stays NaN.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to ``relu(x)``.
        x: real array, as given to ``relu``.

    Returns:
        Array of ``x``'s shape, in the dtype to which NumPy promotes both.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, or an array is empty.
        TypeError: if an array is not real.

    Example:
        >>> relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]))
        array([0., 0., 7.])
    """
    x = as_real("x", x)
    return as_grad_output(grad_output, x.shape, "relu") * _is_positive(x)


def leaky_relu(x, negative_slope=0.2):
    """``x`` where it is positive, ``negative_slope * x`` elsewhere.

    Args:
        x: real array of any shape. NaN stays NaN.
        negative_slope: float, at least 0: the slope for negative numbers.

    Returns:
        Array of ``x``'s shape and floating dtype; float64 for integers.

    Raises:
        ValueError: if ``x`` is empty or ``negative_slope`` out of range.
        TypeError: if ``x`` is not real (boolean, complex, object), or ``negative_slope`` not a
            number.

    Reference:
        Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models
        (ICML 2013 workshop).

    Example:
        >>> leaky_relu(np.array([-2.0, 0.0, 3.0]))
        array([-0.4,  0. ,  3. ])
    """
    x, slope = as_floats("x", x), as_number("negative_slope", negative_slope)
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def leaky_relu_backward(grad_output, x, negative_slope=0.2):
    """The gradient of a loss with respect to ``leaky_relu``'s ``x``.

    ``grad_output`` where ``x > 0``, ``negative_slope * grad_output`` elsewhere, at 0 too.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to
            ``leaky_relu(x)``.
        x: real array, as given to ``leaky_relu``.
        negative_slope: float, as given to ``leaky_relu``.

    Returns:
        Array of ``x``'s shape, in the floating dtype to which NumPy promotes both; float64 for
        integers.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, and as ``leaky_relu``.
        TypeError: as ``leaky_relu``.

    Example:
        >>> leaky_relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]))
        array([1. , 1.2, 7. ])
    """
    x, slope = as_floats("x", x), as_number("negative_slope", negative_slope)
    passes = _is_positive(x)
    return as_grad_output(grad_output, x.shape, "leaky_relu") * (passes + slope * (1 - passes))


def sigmoid(x):
    """``1 / (1 + exp(-x))``, between 0 and 1.

    For negative ``x`` it is computed as ``exp(x) / (1 + exp(x))``, which is the same number,
    so that ``exp`` cannot overflow and small results keep all their digits.

    Args:
        x: real array of any shape. NaN stays NaN.

    Returns:
        Array of ``x``'s shape and floating dtype; float64 for integers.

    Raises:
        ValueError: if ``x`` is empty.
        TypeError: if ``x`` is not real (boolean, complex, object).

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 3.10.

    Example:
        >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """
    x = as_floats("x", x)
    small = _exp_of_minus_abs(x)
    return np.where(x < 0, small, x.dtype.type(1)) / (1 + small)


def sigmoid_backward(grad_output, x):
    """The gradient of a loss with respect to ``sigmoid``'s ``x``.

    The slope of the sigmoid is ``sigmoid(x) * (1 - sigmoid(x))``, at most 1/4. The second
    factor is computed as ``sigmoid(-x)``: where the sigmoid is nearly 1, subtracting it from 1
    would leave no digits.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to ``sigmoid(x)``.
        x: real array, as given to ``sigmoid``.

    Returns:
        Array of ``x``'s shape, in the floating dtype to which NumPy promotes both; float64 for
        integers.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, or an array is empty.
        TypeError: if an array is not real.

    Example:
        >>> sigmoid_backward(np.array([8.0, 8.0]), np.array([0.0, 1e4]))
        array([2., 0.])
    """
    x = as_floats("x", x)
    return as_grad_output(grad_output, x.shape, "sigmoid") * sigmoid(x) * sigmoid(-x)


def tanh(x):
    """The hyperbolic tangent, ``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``, between -1 and 1.

    Args:
        x: real array of any shape. NaN stays NaN.

    Returns:
        Array of ``x``'s shape and floating dtype; float64 for integers.

    Raises:
        ValueError: if ``x`` is empty.
        TypeError: if ``x`` is not real (boolean, complex, object).

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.3.2.

    Example:
        >>> tanh(np.array([-1e4, 0.0, 1e4]))
        array([-1.,  0.,  1.])
    """
    return np.tanh(as_floats("x", x))


def tanh_backward(grad_output, x):
    """The gradient of a loss with respect to ``tanh``'s ``x``.

    The slope of the hyperbolic tangent is ``1 - tanh(x)**2``, at most 1. It is computed as
    ``(2 e / (1 + e**2))**2`` with ``e = exp(-|x|)``, which is the same number and keeps its
    digits where ``tanh(x)`` is nearly 1.

    Args:
        grad_output: real array of ``x``'s shape, the gradient with respect to ``tanh(x)``.
        x: real array, as given to ``tanh``.

    Returns:
        Array of ``x``'s shape, in the floating dtype to which NumPy promotes both; float64 for
        integers.

    Raises:
        ValueError: if ``grad_output`` does not have ``x``'s shape, or an array is empty.
        TypeError: if an array is not real.

    Example:
        >>> tanh_backward(np.array([8.0, 8.0]), np.array([0.0, 1e4]))
        array([8., 0.])
    """
    x = as_floats("x", x)
    small = _exp_of_minus_abs(x)
    with np.errstate(under="ignore"):
        slope = (2 * small / (1 + small * small)) ** 2
    return as_grad_output(grad_output, x.shape, "tanh") * slope


def _is_positive(x):
    """1 where ``x > 0``, 0 elsewhere, NaN where ``x`` is NaN; of ``x``'s dtype."""
    return np.sign(np.maximum(x, 0))


def _exp_of_minus_abs(x):
    """``exp(-|x|)``, between 0 and 1. That it may underflow to 0 is what one wants here."""
    with np.errstate(under="ignore"):
        return np.exp(-np.abs(x))
