"""Answers to chapter 22's exercises that its checkers must refuse."""

import numpy as np


def _costs(weights, positions):
    return weights, 2 * weights * positions


def _field(layers, *, jump_first=False, use_dilation=True, use_jump=True, whole=False):
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        jump *= stride if jump_first else 1
        step = (kernel if whole else kernel - 1) * (dilation if use_dilation else 1)
        size += step * (jump if use_jump else 1)
        jump *= 1 if jump_first else stride
    return size


def _phases(kernel, stride, combine):
    return np.array(
        [[combine(kernel[p::stride, q::stride]) for q in range(stride)] for p in range(stride)]
    )


def _blocks(kernel, stride):
    """Neighbouring entries added instead of those a stride apart."""
    grown = np.pad(kernel, [(0, -n % stride) for n in kernel.shape])
    rows, columns = (n // stride for n in grown.shape)
    return np.array(
        [
            [
                grown[p * rows : (p + 1) * rows, q * columns : (q + 1) * columns].sum()
                for q in range(stride)
            ]
            for p in range(stride)
        ]
    )


HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])

WRONG = {
    "check_separable_costs": [
        lambda h, w, k, c, f: _costs(k * k * c * f, h * w),  # the standard one
        lambda h, w, k, c, f: _costs(k * k * c, h * w),  # the pointwise half forgotten
        lambda h, w, k, c, f: _costs(k * k * c * c + c * f, h * w),  # the depthwise half mixes
        lambda h, w, k, c, f: (k * k * c + c * f, h * w * (k * k * c + c * f)),  # MACs
        lambda h, w, k, c, f: _costs(k * c + c * f, h * w),  # kernel size not squared
        lambda h, w, k, c, f: _costs(k * k * f + c * f, h * w),  # one kernel a filter
        lambda h, w, k, c, f: _costs(k * k * c + c * f, h * w)[::-1],  # in the other order
        lambda h, w, k, c, f: _costs(k * k * c + c + c * f + f, h * w),  # with biases
        lambda h, w, k, c, f: k * k * c + c * f,  # one number only
    ],
    "check_receptive_field": [
        lambda layers: _field(layers, jump_first=True),  # a layer's own stride counted
        lambda layers: _field(layers, use_dilation=False),
        lambda layers: _field(layers, use_jump=False),  # strides forgotten
        lambda layers: _field(layers, whole=True),  # k instead of k - 1
        lambda layers: _field(layers[::-1]),  # from the wrong end
        lambda layers: _field(layers) - 1,  # the first pixel forgotten
        lambda layers: _field([(k, s * d, d) for k, s, d in layers]),  # dilation in the jump
        lambda layers: _field(layers) ** 2,  # the area
        lambda layers: sum(d * (k - 1) + 1 for k, _, d in layers),  # fields added up
    ],
    "check_phase_sums": [
        lambda kernel, stride: _phases(kernel, stride, np.size),  # counted, not added
        lambda kernel, stride: _phases(kernel, stride, np.sum).T,
        lambda kernel, stride: _phases(kernel[::-1, ::-1], stride, np.sum),  # turned
        _blocks,
        lambda kernel, stride: _phases(np.abs(kernel), stride, np.sum),  # the signs lost
        lambda kernel, stride: _phases(kernel, stride, np.sum)[
            (-np.arange(stride))[:, None], -np.arange(stride)
        ],  # the rest of minus p
        lambda kernel, stride: kernel[:stride, :stride],
        lambda kernel, stride: kernel.sum(),
    ],
    "check_lossless_kernel": [
        lambda: np.eye(4).reshape(2, 2, 1, 4),  # it works, but there are zeros
        lambda: (np.eye(4) + 1e-6).reshape(2, 2, 1, 4),  # zeros but for a trifle
        lambda: (np.ones((4, 4)) - 2 * np.eye(4)).reshape(2, 2, 1, 4),  # four times too large
        lambda: HADAMARD.reshape(2, 2, 1, 4),  # four times too large
        lambda: HADAMARD.reshape(2, 2, 1, 4) / 4,
        lambda: HADAMARD.reshape(2, 2, 1, 4) * 0.5001,  # off by two in ten thousand
        lambda: np.full((2, 2, 1, 4), 0.5),  # an average: three quarters are lost
        lambda: HADAMARD.reshape(2, 2, 4, 1) / 2,  # the axes of Keras's transposed kernel
        lambda: np.random.default_rng(0).normal(size=(2, 2, 1, 4)),  # invertible, not orthogonal
    ],
}
