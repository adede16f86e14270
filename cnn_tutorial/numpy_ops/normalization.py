"""Batch normalisation: in training, at inference, and its gradient (chapters 25 and 43).

Every channel (the last axis) is treated by itself: its numbers, over all images and all pixels,
are shifted to mean 0 and scaled to variance 1, and then to a mean and a scale that are learned.
"""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_number, as_vector


def batch_norm(inputs, gamma, beta, mean, variance, *, epsilon=1e-3):
    """Batch normalisation with statistics that were found before, as at inference.

    ``out = gamma * (inputs - mean) / sqrt(variance + epsilon) + beta``, channel by channel.

    Args:
        inputs: real array ``(N, C)``, ``(N, H, W, C)`` or any ``(..., C)`` of at least two axes.
        gamma: real array ``(C,)``, the scale.
        beta: real array ``(C,)``, the shift.
        mean: real array ``(C,)``, of what is to become ``beta``.
        variance: real array ``(C,)``, at least 0.
        epsilon: float, at least 0, so that a channel without variance does not divide by 0.

    Returns:
        Array of ``inputs``' shape, in the floating dtype to which NumPy promotes the arrays;
        integers count as float64.

    Raises:
        ValueError: if a shape is not as above, an array is empty, a variance is negative, or
            ``epsilon`` is out of range.
        TypeError: if an array is not real (boolean, complex, object), or ``epsilon`` not a
            number.

    Reference:
        Ioffe & Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing
        Internal Covariate Shift (ICML 2015), algorithm 2.

    Example:
        >>> batch_norm([[1.0], [5.0]], [10.0], [0.5], mean=[3.0], variance=[4.0], epsilon=0)
        array([[-9.5],
               [10.5]])
    """
    inputs = _as_channels("inputs", inputs)
    gamma, beta, mean = (
        _as_vector(name, vector, inputs)
        for name, vector in (("gamma", gamma), ("beta", beta), ("mean", mean))
    )
    inverse = _inverse_deviation(_as_variance(variance, inputs), epsilon)
    return (inputs - mean) * (gamma * inverse) + beta


def batch_norm_train(inputs, gamma, beta, *, epsilon=1e-3):
    """Batch normalisation with the batch's own mean and variance, as in training.

    ``mean`` and ``variance`` are taken over all axes but the last; the variance is the biased
    one, ``mean((inputs - mean)**2)``, as in Keras. Then as ``batch_norm``. The mean is taken
    twice, the second time of what the first left over: so large means, as raw pixels have
    them, do not cost the variance its digits in float32.

    Args:
        inputs: real array ``(N, C)``, ``(N, H, W, C)`` or any ``(..., C)`` of at least two axes.
        gamma: real array ``(C,)``, the scale.
        beta: real array ``(C,)``, the shift.
        epsilon: float, at least 0.

    Returns:
        ``(outputs, mean, variance)``: an array of ``inputs``' shape and two of shape ``(C,)``,
        in the floating dtype to which NumPy promotes the arrays. A network keeps a moving
        average of the last two for inference.

    Raises:
        ValueError: if a shape is not as above, an array is empty, or ``epsilon`` is out of
            range.
        TypeError: if an array is not real (boolean, complex, object), or ``epsilon`` not a
            number.

    Reference:
        Ioffe & Szegedy (ICML 2015), algorithm 1. Chan, Golub & LeVeque, Algorithms for
        Computing the Sample Variance, The American Statistician 37 (1983), for the second mean.

    Example:
        >>> batch_norm_train([[1.0], [5.0]], [10.0], [0.5], epsilon=0)
        (array([[-9.5],
               [10.5]]), array([3.]), array([4.]))
    """
    inputs = _as_channels("inputs", inputs)
    gamma, beta = _as_vector("gamma", gamma, inputs), _as_vector("beta", beta, inputs)
    centred, mean, variance = _centre(inputs)
    outputs = centred * (gamma * _inverse_deviation(variance, epsilon)) + beta
    return outputs, mean.astype(outputs.dtype), variance.astype(outputs.dtype)


def batch_norm_backward(grad_output, inputs, gamma, *, mean=None, variance=None, epsilon=1e-3):
    """The gradients of a loss with respect to batch normalisation's inputs, gamma and beta.

    With ``normalised = (inputs - mean) / sqrt(variance + epsilon)`` and sums over all axes but
    the last, ``grad_beta = sum(grad_output)`` and ``grad_gamma = sum(grad_output *
    normalised)``. With constant statistics ``grad_inputs = grad_output * gamma /
    sqrt(variance + epsilon)``. In training an input also moves the batch's mean and variance,
    and so every output of its channel; that takes two parts out of the gradient again:

    ``grad_inputs = gamma / sqrt(variance + epsilon)
    * (grad_output - mean(grad_output) - normalised * mean(grad_output * normalised))``

    Args:
        grad_output: real array of ``inputs``' shape, the gradient with respect to the outputs.
        inputs: real array ``(..., C)``, as given to the forward function.
        gamma: real array ``(C,)``, as given to the forward function.
        mean: real array ``(C,)``, as given to ``batch_norm``; None for the gradient of
            ``batch_norm_train``.
        variance: real array ``(C,)``, as given to ``batch_norm``; None exactly where ``mean``
            is.
        epsilon: float, as given to the forward function.

    Returns:
        ``(grad_inputs, grad_gamma, grad_beta)``, of the shapes of ``inputs``, ``(C,)`` and
        ``(C,)``, in the floating dtype to which NumPy promotes the arrays.

    Raises:
        ValueError: if a shape is not as above, an array is empty, only one of ``mean`` and
            ``variance`` is given, a variance is negative, or ``epsilon`` is out of range.
        TypeError: if an array is not real, or ``epsilon`` not a number.

    Reference:
        Ioffe & Szegedy (ICML 2015), section 3.

    Example:
        >>> inputs, gamma = np.array([[1.0], [3.0], [5.0]]), np.array([2.0])
        >>> grad_output = np.array([[0.0], [3.0], [0.0]])
        >>> grad_inputs, grad_gamma, grad_beta = batch_norm_backward(
        ...     grad_output, inputs, gamma, mean=[3.0], variance=[4.0], epsilon=0
        ... )
        >>> grad_inputs.ravel()
        array([0., 3., 0.])
        >>> in_training, _, _ = batch_norm_backward(grad_output, inputs, gamma)
        >>> in_training.ravel().round(3)
        array([-1.225,  2.449, -1.225])
    """
    inputs = _as_channels("inputs", inputs)
    grad_output = as_grad_output(grad_output, inputs.shape, "batch normalisation")
    gamma = _as_vector("gamma", gamma, inputs)
    if (mean is None) != (variance is None):
        missing = "mean" if mean is None else "variance"
        raise ValueError(
            f"mean and variance must be given both (inference) or neither (training); {missing} "
            "is missing"
        )
    in_training = mean is None
    if in_training:
        centred, _, variance = _centre(inputs)
    else:
        centred = inputs - _as_vector("mean", mean, inputs)
        variance = _as_variance(variance, inputs)
    inverse = _inverse_deviation(variance, epsilon)
    normalised = centred * inverse
    axes = tuple(range(inputs.ndim - 1))
    grad_gamma, grad_beta = (grad_output * normalised).sum(axis=axes), grad_output.sum(axis=axes)
    grad_inputs = grad_output
    if in_training:
        count = inputs.size // inputs.shape[-1]
        grad_inputs = grad_output - grad_beta / count - normalised * (grad_gamma / count)
    grad_inputs = grad_inputs * (gamma * inverse)
    return grad_inputs, *(g.astype(grad_inputs.dtype) for g in (grad_gamma, grad_beta))


def _as_channels(name, array):
    array = as_floats(name, array)
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have at least two axes, (N, C) or (N, H, W, C); received {array.shape}"
        )
    return array


def _as_vector(name, vector, inputs):
    return as_floats(name, as_vector(name, vector, inputs.shape[-1], "channel"))


def _as_variance(variance, inputs):
    variance = _as_vector("variance", variance, inputs)
    if (variance < 0).any():
        raise ValueError(f"variance must be at least 0; received {variance.min()}")
    return variance


def _inverse_deviation(variance, epsilon):
    return 1 / np.sqrt(variance + as_number("epsilon", epsilon))


def _centre(inputs):
    """``inputs`` minus their mean over all axes but the last, that mean, and the variance."""
    axes = tuple(range(inputs.ndim - 1))
    mean = inputs.mean(axis=axes)
    centred = inputs - mean
    rest = centred.mean(axis=axes)  # what rounding left of the mean
    centred -= rest
    return centred, mean + rest, np.square(centred).mean(axis=axes)
