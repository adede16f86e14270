"""Answers to chapter 12's exercises that its checkers must refuse."""

import itertools

import numpy as np


def _pick(values, labels):
    return values[np.arange(len(labels)), labels]


def _softmax(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _shifted_by(reference):
    """A loss right but for what it subtracts from the logits before it takes powers."""

    def loss(logits, labels):
        shifted = logits - reference(logits)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -_pick(log_probs, labels).mean()

    return loss


def _plain(logits, labels):
    powers = np.exp(logits)
    return -np.log(_pick(powers / powers.sum(axis=1, keepdims=True), labels)).mean()


def _in_long_double(logits, labels):
    powers = np.exp(np.asarray(logits, np.longdouble))
    return float(-np.log(_pick(powers / powers.sum(axis=1, keepdims=True), labels)).mean())


def _pairs(sizes):
    return list(itertools.pairwise(sizes))


def _odd(b1=(0, -1, -2), W2=(1, -2, 2), b2=0.0):
    return np.ones((3, 3)), np.array(b1), np.array(W2)[:, None], np.array([b2])


WRONG = {
    "check_mean_difference": [
        lambda first, second: np.abs(first - second).mean(),  # wrapped before the absolute value
        lambda first, second: (first - second).astype(float).mean(),  # converted too late
        lambda first, second: np.mean(first.astype(float) - second.astype(float)),  # signs cancel
        lambda first, second: abs(first.astype(float).mean() - second.astype(float).mean()),
        lambda first, second: np.abs(first.astype(float) - second.astype(float)).sum(),
        lambda first, second: np.sqrt(np.mean((first.astype(float) - second) ** 2)),  # squares
        lambda first, second: np.median(np.abs(first.astype(float) - second)),
        lambda first, second: np.abs(first / 255 - second / 255).mean(),  # not in 0..255
        lambda first, second: np.abs(first.astype(np.int8) - second.astype(np.int8)).mean(),
    ],
    "check_count_parameters": [
        lambda sizes: sum(a * b for a, b in _pairs(sizes)),  # no biases
        lambda sizes: sum(a * b + a for a, b in _pairs(sizes)),  # a bias for every input
        lambda sizes: sum(a * b + 1 for a, b in _pairs(sizes)),  # one bias a layer
        lambda sizes: sum(a * b for a, b in _pairs(sizes)) + sum(sizes),  # inputs with a bias
        lambda sizes: sizes[0] * sizes[-1] + sizes[-1],  # hidden layers left out
        lambda sizes: sum(sizes),  # units, not parameters
        lambda sizes: int(np.prod(sizes)) + sum(sizes[1:]),  # all sizes multiplied
        lambda sizes: sum(a * b + b for a, b in _pairs(sizes)) - sizes[-1],  # none at the end
    ],
    "check_softmax_loss": [
        _plain,  # overflows
        lambda logits, labels: -np.log(_pick(_softmax(logits), labels)).mean(),  # ln 0
        lambda logits, labels: -np.log(_pick(_softmax(logits), labels) + 1e-7).mean(),  # hidden
        lambda logits, labels: -np.log(np.maximum(_pick(_softmax(logits), labels), 1e-300)).mean(),
        _in_long_double,  # overflows later, where the type is longer at all
        lambda logits, labels: -_pick(_log_softmax(logits), labels).sum(),  # not the mean
        lambda logits, labels: _pick(_log_softmax(logits), labels).mean(),  # the sign
        lambda logits, labels: -_log_softmax(logits).mean(),  # over all classes
        lambda logits, labels: -(_pick(_log_softmax(logits), labels) / np.log(2)).mean(),  # bits
        lambda logits, labels: -_pick(np.log(_softmax(logits, axis=0)), labels).mean(),
        lambda logits, labels: -_log_softmax(logits).max(axis=1).mean(),  # its own best class
        _shifted_by(lambda logits: logits.max()),  # one maximum for the whole batch
        _shifted_by(lambda logits: logits.mean(axis=1, keepdims=True)),  # the mean of each row
    ],
    "check_odd_network": [
        lambda: _odd(W2=(1, -2, 0)),  # XOR of two: −1 where all three are lit
        lambda: _odd(b1=(0, -1, -1)),  # two bends in one place
        lambda: _odd(b1=(0, 1, 2)),  # the signs of the biases
        lambda: _odd(W2=(1, -1, 1)),  # a slope of one less is flat, not down
        lambda: _odd(b2=1.0),  # even instead of odd, and shifted
        lambda: _odd(W2=(1, 1, 1)),
        lambda: (np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -2, 2]), np.array([0])),
        lambda: _odd()[:2],  # the second layer is missing
        lambda: (np.eye(3), np.zeros(3), np.ones((3, 1)), np.zeros(1)),  # counts the lit pixels
        lambda: _odd(b1=(0, -0.5, -1.5)),  # bends between the counts
    ],
}
