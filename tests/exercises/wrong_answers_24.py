"""Answers to chapter 24's exercises that its checkers must refuse."""

import math

import numpy as np


def _one_hot(labels, num_classes):
    return np.eye(num_classes)[labels]


def _count_gradient(counts, z):
    return (np.exp(z) - counts) / len(z)


def _count_loss(counts, z):
    return np.mean(np.exp(z) - counts * z)


def _smooth_others(labels, num_classes, smoothing):
    one_hot = _one_hot(labels, num_classes)
    return (1 - smoothing) * one_hot + smoothing / (num_classes - 1) * (1 - one_hot)


def _sigmoid_first(targets, logits):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        return np.mean(-targets * np.log(p) - (1 - targets) * np.log(1 - p))


def _clipped(targets, logits):
    p = np.clip(1 / (1 + np.exp(-np.clip(logits, -500, 500))), 1e-7, 1 - 1e-7)
    return np.mean(-targets * np.log(p) - (1 - targets) * np.log(1 - p))


def _usual(targets, logits):
    decay = np.log1p(np.exp(-np.abs(logits)))
    return np.mean(np.maximum(logits, 0) - logits * targets + np.log(np.exp(decay)))


def _without_log1p(targets, logits):
    z = np.where(targets == 1, -logits, logits)
    return np.mean(np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z))))


def _summed(targets, logits):
    z = np.where(targets == 1, -logits, logits)
    return np.sum(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))


def _nan_where_surely_right(targets, logits):
    z = np.where(targets == 1, -logits, logits)
    with np.errstate(all="ignore"):
        return np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) + 0 * np.exp(-z))


def _largest_where_large(targets, logits):
    z = np.where(targets == 1, -logits, logits)
    if z.max() > 50:
        return z.max()
    return np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))


def _with_the_constant(counts, z):
    return _count_loss(counts, z) + np.mean([math.lgamma(n + 1) for n in counts])


def _sign_swapped(targets, logits):
    z = np.where(targets == 1, logits, -logits)
    return np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))


WRONG = {
    "check_smooth_targets": [
        _smooth_others,  # spread over the other classes only
        lambda labels, k, s: _one_hot(labels, k) + s / k,  # the one loses nothing
        lambda labels, k, s: (1 - s) * _one_hot(labels, k),  # nothing is spread
        lambda labels, k, s: (1 - s) * _one_hot(labels, k) + s,  # not divided
        lambda labels, k, s: ((1 - s) * _one_hot(labels, k) + s / k).T,  # classes in rows
        lambda labels, k, s: np.clip(_one_hot(labels, k), s / k, 1 - s),  # the rows do not add up
        lambda labels, k, s: (1 - s) * _one_hot(labels, k) + s / len(labels),  # N for K
    ],
    "check_binary_loss": [
        _sigmoid_first,  # log of a rounded probability
        _clipped,  # as from probabilities
        _usual,  # exp and log for nothing: the small end is rounded away
        _without_log1p,
        _summed,  # not the mean
        _sign_swapped,  # yes and no exchanged
        _nan_where_surely_right,  # overflows where the answer is right
        lambda targets, z: np.mean(np.maximum(np.where(targets == 1, -z, z), 0)),  # the hinge only
        lambda targets, z: np.logaddexp(0, np.where(targets == 1, -z, z)),  # a loss for each
        _largest_where_large,  # the shortcut for a large logit taken for the whole batch
    ],
    "check_counts": [
        (lambda n, z: np.mean(z - n * np.log(z**2) / 2), _count_gradient),  # z taken for the rate
        (lambda n, z: np.sum(np.exp(z) - n * z), _count_gradient),  # not the mean
        (lambda n, z: np.mean(n * z - np.exp(z)), _count_gradient),  # the sign
        (lambda n, z: np.mean((np.exp(z) - n) ** 2), _count_gradient),  # squared error
        (_with_the_constant, _count_gradient),  # ln n! is to be left out
        (_count_loss, lambda n, z: np.mean(np.exp(z) - n)),  # the mean of the gradients
        (_count_loss, lambda n, z: (z - n) / len(z)),  # as of a Gaussian
        (_count_loss, lambda n, z: np.exp(z) - n),  # not divided
        (_count_loss, lambda n, z: (n - np.exp(z)) / len(z)),  # the sign
        (_count_loss, lambda n, z: (1 - n / np.exp(z)) / len(z)),  # with respect to the rate
    ],
    "check_lowest_doubled_loss": [
        lambda k, s: np.log(np.e + k - 1) - 1,  # smoothing forgotten
        lambda k, s: np.log(np.e + k) - 1 + s - s / k,  # the right class counted twice
        lambda k, s: np.log(np.e + k - 1) - (1 - s),  # its part of what is spread forgotten
        lambda k, s: np.log(np.e + k - 1) - 1 + s,  # taken from the right class, given to none
        lambda k, s: (
            (1 - s) * (np.log(np.e + k - 1) - 1) + s * np.log(k)
        ),  # a share of knowing nothing
        lambda k, s: 0.0,  # as without the second softmax
        lambda k, s: np.log(k),  # knows nothing
    ],
}
