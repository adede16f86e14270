"""Dropout and its gradient (chapter 52 says what it is good for)."""

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_floats, as_grad_output, as_number


def dropout(inputs, rate, *, rng):
    """Each entry is kept with probability ``1 - rate``, and set to zero otherwise.

    ``out = inputs / (1 - rate)`` where ``mask`` is True, 0 elsewhere. What is kept is made
    larger, so that the expected value of every entry stays what it was and nothing has to be
    done at inference.

    Args:
        inputs: real array of any shape. A NaN stays NaN where it is kept.
        rate: float in ``[0, 1)``, the probability to be dropped.
        rng: ``numpy.random.Generator`` that draws the mask.

    Returns:
        ``(outputs, mask)``: an array of ``inputs``' shape and floating dtype (float64 for
        integers), and a boolean array of the same shape, True where an entry was kept.

    Raises:
        ValueError: if ``inputs`` is empty or ``rate`` out of range.
        TypeError: if ``inputs`` is not real (boolean, complex, object), ``rate`` not a number,
            or ``rng`` not a Generator.

    Reference:
        Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting,
        JMLR 15 (2014), section 10.

    Example:
        >>> outputs, mask = dropout(np.ones(6), 0.5, rng=np.random.default_rng(0))
        >>> mask
        array([ True, False, False, False,  True,  True])
        >>> outputs
        array([2., 0., 0., 0., 2., 2.])
    """
    inputs, rate = as_floats("inputs", inputs), as_number("rate", rate, below=1.0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy.random.Generator, as np.random.default_rng(0) gives it; "
            f"received {type(rng).__name__}"
        )
    mask = rng.random(inputs.shape) >= rate
    return _keep(inputs, mask, rate), mask


def dropout_backward(grad_output, mask, rate):
    """The gradient of a loss with respect to ``dropout``'s inputs.

    It goes the way the values went: divided by ``1 - rate`` where an entry was kept, 0 where it
    was dropped.

    Args:
        grad_output: real array of ``mask``'s shape, the gradient with respect to ``dropout``'s
            outputs.
        mask: boolean array, as ``dropout`` returned it.
        rate: float in ``[0, 1)``, as given to ``dropout``.

    Returns:
        Array of ``grad_output``'s shape and floating dtype; float64 for integers.

    Raises:
        ValueError: if ``grad_output`` does not have ``mask``'s shape or is empty, or ``rate``
            is out of range.
        TypeError: if ``grad_output`` is not real, ``mask`` not boolean, or ``rate`` not a
            number.

    Example:
        >>> dropout_backward(np.array([1.0, 2.0]), np.array([True, False]), 0.5)
        array([2., 0.])
    """
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask must be a boolean array; received dtype {mask.dtype}")
    grad_output = as_grad_output(grad_output, mask.shape, "dropout")
    return _keep(as_floats("grad_output", grad_output), mask, as_number("rate", rate, below=1.0))


def _keep(array, mask, rate):
    return np.where(mask, array / (1 - rate), array.dtype.type(0))
