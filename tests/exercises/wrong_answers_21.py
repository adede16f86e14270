"""Answers to chapter 21's exercises that its checkers must refuse."""

import numpy as np


def _correlate(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows, kernel)


def _split(total):
    return total // 2, total - total // 2


WRONG = {
    "check_output_size": [
        lambda n, k, s, p: (n - k) // s + 1,  # padding forgotten
        lambda n, k, s, p: (n + p - k) // s + 1,  # padding on one side only
        lambda n, k, s, p: (n + 2 * p - k) // s,  # the first window forgotten
        lambda n, k, s, p: (n + 2 * p - k) / s + 1,  # not rounded
        lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,  # rounded up
        lambda n, k, s, p: n + 2 * p - k + 1,  # stride forgotten
    ],
    "check_true_convolution": [
        _correlate,  # not turned
        lambda image, kernel: _correlate(image, kernel[::-1]),  # turned over in one direction
        lambda image, kernel: _correlate(image, kernel[:, ::-1]),
        lambda image, kernel: _correlate(image, -kernel),  # the sign instead of the turn
        lambda image, kernel: np.pad(_correlate(image, kernel[::-1, ::-1]), 1),  # not valid
    ],
    "check_shift_left_kernel": [
        lambda: np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]]),  # to the right
        lambda: np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),  # stays
        lambda: np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]]),  # down
        lambda: np.array([[0, 0, 0], [0, 0, 2], [0, 0, 0]]),  # brighter too
        lambda: np.array([0, 0, 1]),  # not 3×3
    ],
    "check_same_padding": [
        lambda n, k, s: ((k - 1) // 2, k // 2),  # stride forgotten
        lambda n, k, s: ((k - 1) // 2, (k - 1) // 2),  # as for odd kernels only
        lambda n, k, s: _split(max((-(-n // s) - 1) * s + k - n, 0))[::-1],  # the odd one first
        lambda n, k, s: _split(max((n // s - 1) * s + k - n, 0)),  # outputs rounded down
        lambda n, k, s: _split((-(-n // s) - 1) * s + k - n),  # may be negative
        lambda n, k, s: max((-(-n // s) - 1) * s + k - n, 0),  # the total
    ],
}
