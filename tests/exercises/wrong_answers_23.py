"""Answers to chapter 23's exercises that its checkers must refuse."""

import numpy as np

from cnn_tutorial import numpy_ops


def _backward(grad_output, image, place_of, share=lambda window: 1.0):
    gradient = np.zeros(image.shape)
    for i, j in np.ndindex(grad_output.shape):
        window = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        gradient[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = (
            place_of(window) * share(window) * grad_output[i, j]
        )
    return gradient


def _is_largest(window):
    return window == window.max()


def _only(place):
    def mark(window):
        marked = np.zeros(4)
        marked[place(window)] = 1
        return marked.reshape(2, 2)

    return mark


def _mixing_channels(window, channels):
    return np.full((window, window, channels, channels), 1 / window**2)


def _diagonal(window, channels, value):
    kernel = np.zeros((window, window, channels, channels))
    kernel[:, :, range(channels), range(channels)] = value
    return kernel


WRONG = {
    "check_count_unseen": [
        lambda n, k, s: n % k,  # as if the stride were the window
        lambda n, k, s: n % s,  # the window forgotten
        lambda n, k, s: (n - k) % s,  # the pixels between windows forgotten
        lambda n, k, s: n - ((n - k) // s + 1) * k,  # overlaps counted twice
        lambda n, k, s: n - ((n - k) // s + 1) * s,  # only the starts counted
        lambda n, k, s: n - ((n - k) // s * s + k),  # what lies behind the last window only
        lambda n, k, s: (n - k) // s * max(0, s - k),  # what lies between the windows only
        lambda n, k, s: (n - k) // s + 1,  # the windows instead
        lambda n, k, s: 0,
    ],
    "check_min_pool": [
        lambda x, k: numpy_ops.max_pool2d(x, k),  # the largest
        lambda x, k: numpy_ops.max_pool2d(-x, k),  # the sign not turned back
        lambda x, k: -numpy_ops.max_pool2d(x, k),
        lambda x, k: 1 - numpy_ops.max_pool2d(1 - x, 2),  # always 2×2
        lambda x, k: -numpy_ops.max_pool2d(-x, k, strides=2),  # a stride of 2 for every window
        lambda x, k: (-numpy_ops.max_pool2d(-x, k)).min(axis=3, keepdims=True),  # of all channels
        lambda x, k: -numpy_ops.max_pool2d(-x, k, strides=1),  # overlapping
        lambda x, k: -numpy_ops.max_pool2d(-x, k, padding="same"),  # not valid
        lambda x, k: 1 / numpy_ops.max_pool2d(1 / x, k),  # right for positive numbers only
    ],
    "check_max_pool_backward": [
        lambda g, x: _backward(g, x, _is_largest),  # every one of a tie
        lambda g, x: _backward(g, x, _is_largest, lambda w: 1 / _is_largest(w).sum()),  # shared
        lambda g, x: _backward(g, x, _only(lambda w: 3 - w[::-1, ::-1].argmax())),  # the last
        lambda g, x: _backward(g, x, _only(lambda w: np.abs(w).argmax())),  # by size
        lambda g, x: _backward(
            g, x, _only(lambda w: [0, 2, 1, 3][w.T.argmax()])
        ),  # column by column
        lambda g, x: np.repeat(np.repeat(g, 2, 0), 2, 1) / 4,  # as for the average
        lambda g, x: _backward(np.ones(g.shape), x, _only(lambda w: w.argmax())),  # g forgotten
        lambda g, x: _backward(g, x, _only(lambda w: w.argmax()), np.max),  # times the winner
        lambda g, x: _backward(g, x, _only(lambda w: w.argmax())) * (x > 0),  # as ReLU does
    ],
    "check_average_kernel": [
        _mixing_channels,
        lambda k, c: _diagonal(k, c, 1.0),  # the sum
        lambda k, c: _diagonal(k, c, 1 / k),  # divided by one side only
        lambda k, c: _diagonal(k, c, 1 / (k * k * c)),  # and by the channels
        lambda k, c: np.full((k, k, c, 1), 1 / k**2),  # one filter
        lambda k, c: np.full((k, k), 1 / k**2),  # no channels
        lambda k, c: np.full((k, k, c, 1), 1 / k**2),  # the shape of a depthwise kernel
        lambda k, c: _diagonal(k, c, 1 / k**2)[:, :, ::-1],  # channels in the other order
    ],
}
