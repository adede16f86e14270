"""Muon for the kernels of convolutions, SGD with Nesterov's momentum for everything else.

Keras's own ``Muon`` leaves kernels of four dimensions to AdamW: it is made for transformers.
"""

import keras
from keras import ops

# Of the polynomial a x + b x^3 + c x^5, whose slope at zero is as large as can be.
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_KERNEL_MOMENTUM, _MOMENTUM = 0.6, 0.85  # of what Muon trains, and of the rest


def orthogonalize(matrix, iterations=3):
    """About the matrix with the same singular vectors whose singular values are all one.

    ``x <- a x + b (x x^T) x + c (x x^T)^2 x``, some times, from the matrix divided by its norm:
    each pass sends every singular value ``s`` to ``a s + b s^3 + c s^5``, which pulls those above
    about 0.1 to between 0.7 and 1.2. Products of matrices are all it takes, where an exact
    decomposition would take longer than the training.

    Args:
        matrix: float tensor (rows, columns).
        iterations: int, more of them bring smaller singular values near one too.

    Returns:
        Float tensor of the same shape.

    Reference:
        Jordan and others, Muon: an optimizer for hidden layers in neural networks (2024).

    Example:
        >>> import numpy as np
        >>> result = orthogonalize(ops.convert_to_tensor([[3.0, 0.0], [0.0, 1.0]]), 5)
        >>> values = np.linalg.svd(ops.convert_to_numpy(result), compute_uv=False)
        >>> bool(values.min() > 0.6 and values.max() < 1.3)
        True
    """
    a, b, c = _COEFFICIENTS
    x = matrix / (ops.sqrt(ops.sum(ops.square(matrix))) + 1e-7)
    is_tall = x.shape[0] > x.shape[1]
    x = ops.transpose(x) if is_tall else x  # the products are then of the smaller size
    for _ in range(iterations):
        square = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    return ops.transpose(x) if is_tall else x


@keras.saving.register_keras_serializable(package="cnn_tutorial")
class MuonSGD(keras.optimizers.Optimizer):
    """Updates of kernels in which every direction counts the same; SGD for the rest.

    With momentum ``m <- mu m + g`` and Nesterov's step ``d = g + mu m``, ``mu`` 0.6 for kernels and
    0.85 for the rest:

    - a kernel of a convolution, as a matrix ``(kh kw c_in, c_out)``, is first scaled to the norm
      ``sqrt(c_out)``, then ``W <- W - r rate orthogonalize(d)``;
    - a vector or a matrix: ``w <- w - r rate d``, with the decay ``w decay / rate`` added to ``g``.

    ``r`` is Keras's ``learning_rate``, usually a schedule that falls from 1.

    Args:
        learning_rate: float or schedule, the factor that all rates have in common.
        kernel_rate: float, of the kernels.
        bias_rate: float, of vectors.
        head_rate: float, of matrices.
        decay: float, part of a vector or matrix that decays an update.
        name: str.

    Reference:
        Jordan and others, Muon: an optimizer for hidden layers in neural networks (2024).
    """

    def __init__(
        self,
        learning_rate=1.0,
        *,
        kernel_rate=0.24,
        bias_rate=10.0,
        head_rate=100.0,
        decay=0.0,
        name="muon_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.kernel_rate, self.bias_rate, self.head_rate = kernel_rate, bias_rate, head_rate
        self.decay = decay

    def build(self, variables):
        """Make a momentum for every variable."""
        if not self.built:
            super().build(variables)
            make = self.add_variable_from_reference
            self._momenta = [make(variable, name="momentum") for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable."""
        kept = self._momenta[self._get_variable_index(variable)]
        rate = ops.cast(learning_rate, variable.dtype)
        if len(variable.shape) == 4:
            step = self._step(kept, gradient, _KERNEL_MOMENTUM)
            c_out = variable.shape[-1]
            step = orthogonalize(ops.reshape(step, (-1, c_out)))
            norm = ops.sqrt(ops.sum(ops.square(variable)))
            change = rate * self.kernel_rate * ops.reshape(step, variable.shape)
            self.assign(variable, variable * (c_out**0.5 / norm) - change)
        else:
            own = self.head_rate if len(variable.shape) == 2 else self.bias_rate
            step = self._step(kept, gradient + variable * (self.decay / own), _MOMENTUM)
            self.assign_sub(variable, rate * own * step)

    def get_config(self):
        """The constructor's arguments."""
        names = ("kernel_rate", "bias_rate", "head_rate", "decay")
        return super().get_config() | {name: getattr(self, name) for name in names}

    def _step(self, kept, gradient, momentum):
        moved = momentum * kept + gradient
        self.assign(kept, moved)
        return gradient + momentum * moved
