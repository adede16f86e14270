"""The dense layer and its gradient: every output sees every input (chapters 12 and 25)."""

from cnn_tutorial.numpy_ops.checks import as_grad_output, as_operands, as_real, sum_dtype


def dense(inputs, weights, bias=None):
    """A weighted sum of the inputs for every output, plus its bias.

    ``out[..., k] = bias[k] + sum over d of inputs[..., d] * weights[d, k]``, which is the
    matrix product ``inputs @ weights + bias`` with one example a row.

    Args:
        inputs: real array ``(..., D)``: features on the last axis, any number of axes before
            it; ``(N, D)`` for a batch.
        weights: real array ``(D, units)``.
        bias: real array ``(units,)``, or None.

    Returns:
        Array ``(..., units)``. Its dtype is the one to which NumPy promotes the operands;
        integers alone are added up in 64 bits, as ``np.sum`` does.

    Raises:
        ValueError: if a shape is not as above, or an array is empty.
        TypeError: if an array is not real (boolean, complex, object).

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.1.

    Example:
        >>> dense([[1.0, 2.0]], weights=[[1.0, 0.0], [3.0, 1.0]], bias=[0.5, 0.0])
        array([[7.5, 2. ]])
    """
    inputs, weights, bias = _check_operands(inputs, weights, bias)
    outputs = inputs @ weights
    return outputs if bias is None else outputs + bias


def dense_backward(grad_output, inputs, weights):
    """The gradients of a loss with respect to ``dense``'s inputs, weights and bias.

    ``grad_inputs = grad_output @ weights.T``: an input collects from every output what the
    weight between them let through. ``grad_weights = inputs.T @ grad_output`` and ``grad_bias =
    sum of grad_output``: a weight and a bias collect from every example.

    Args:
        grad_output: real array ``(..., units)``, the gradient of the loss with respect to
            ``dense``'s result.
        inputs: real array ``(..., D)``, as given to ``dense``.
        weights: real array ``(D, units)``, as given to ``dense``.

    Returns:
        ``(grad_inputs, grad_weights, grad_bias)``, of the shapes of ``inputs``, ``weights`` and
        ``(units,)``, in the dtype to which NumPy promotes the operands, as in ``dense``.

    Raises:
        ValueError: if ``grad_output`` does not have the shape of ``dense``'s result, and as
            ``dense``.
        TypeError: as ``dense``.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.5.6.

    Example:
        >>> inputs, weights = [[1.0, 2.0]], [[1.0, 0.0], [3.0, 1.0]]
        >>> grad_inputs, grad_weights, grad_bias = dense_backward([[1.0, 10.0]], inputs, weights)
        >>> grad_inputs
        array([[ 1., 13.]])
        >>> grad_weights
        array([[ 1., 10.],
               [ 2., 20.]])
    """
    inputs, weights, _ = _check_operands(inputs, weights, None)
    features, units = weights.shape
    grad_output = as_grad_output(grad_output, (*inputs.shape[:-1], units), "dense")
    dtype = sum_dtype(grad_output, inputs)
    grad_rows = grad_output.reshape(-1, units).astype(dtype, copy=False)  # (N, units)
    rows = inputs.reshape(-1, features).astype(dtype, copy=False)  # (N, D)
    grad_inputs = grad_rows @ weights.astype(dtype, copy=False).T
    return grad_inputs.reshape(inputs.shape), rows.T @ grad_rows, grad_rows.sum(axis=0)


def _check_operands(inputs, weights, bias):
    """The operands as arrays of one dtype that fit each other."""
    inputs, weights = as_real("inputs", inputs), as_real("weights", weights, "(D, units)")
    if inputs.ndim == 0 or inputs.shape[-1] != len(weights):
        raise ValueError(
            f"inputs must have D = {len(weights)} features on the last axis, one for each row of "
            f"weights; received shape {inputs.shape}"
        )
    return as_operands(inputs, weights, bias, weights.shape[1], "unit")
