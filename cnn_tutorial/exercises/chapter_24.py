"""Checkers for chapter 24, Losses."""

import math

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_smooth_targets(answer):
    """Check ``smooth_targets(labels, num_classes, smoothing)``, an array ``(N, K)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_smooth_targets(None)
        not attempted yet
    """
    # By hand: the right class keeps 1 - s and gets, like each other, s / K.
    by_hand = {
        ((1, 0), 2, 0.2): [[0.1, 0.9], [0.9, 0.1]],
        ((2,), 4, 0.4): [[0.1, 0.1, 0.7, 0.1]],
        ((0, 2, 1), 3, 0.0): [[1, 0, 0], [0, 0, 1], [0, 1, 0]],
        ((4, 4), 5, 0.5): [[0.1, 0.1, 0.1, 0.1, 0.6]] * 2,
    }
    cases = [
        (f"labels {list(labels)}, {k} classes, smoothing {s}", (np.array(labels), k, s), rows)
        for (labels, k, s), rows in by_hand.items()
    ]
    cases = [(name, arguments, np.array(rows, float)) for name, arguments, rows in cases]
    run_cases(answer, cases, compare_arrays, done=f"smooth_targets is right on {len(cases)} cases")


def check_binary_loss(answer):
    """Check ``binary_loss(targets, logits)``, exact at both ends.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_binary_loss(None)
        not attempted yet
    """
    rng = np.random.default_rng(24)
    settings = {
        "a yes at z = 0": ([1.0], [0.0]),
        "a yes and a no, z = 2 and -1": ([1.0, 0.0], [2.0, -1.0]),
        "a no at z = 40": ([0.0], [40.0]),
        "a yes at z = 40": ([1.0], [40.0]),
        "a no at z = -40": ([0.0], [-40.0]),
        "a yes at z = -10000": ([1.0], [-1e4]),
        "a no at z = 10000": ([0.0], [1e4]),
        "a yes at z = 10000": ([1.0], [1e4]),
        "a no at z = -10000": ([0.0], [-1e4]),
        "yes, no, yes at z = -10000, 40, 3": ([1.0, 0.0, 1.0], [-1e4, 40.0, 3.0]),
        "ten random logits": (rng.integers(0, 2, 10) * 1.0, rng.normal(size=10)),
    }
    cases = []
    for name, (targets, logits) in settings.items():
        arguments = np.array(targets), np.array(logits)
        expected = numpy_ops.binary_cross_entropy(*arguments, from_logits=True)
        cases.append((name, arguments, expected))
    run_cases(answer, cases, _compare_digits, done=f"binary_loss is right on {len(cases)} cases")


def check_counts(count_loss, count_gradient):
    """Check ``count_loss(counts, z)``, without ln n!, and ``count_gradient(counts, z)``.

    Args:
        count_loss: the function, or None.
        count_gradient: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_counts(None, None)
        not attempted yet
        not attempted yet
    """
    rng = np.random.default_rng(24)
    losses, gradients, with_constant = [], [], {}
    for size in (1, 2, 5):
        counts, z = rng.poisson(3.0, size).astype(float), rng.normal(size=size)
        name = f"counts {counts.astype(int).tolist()}, z {z.round(2).tolist()}"
        loss = sum(math.exp(b) - a * b for a, b in zip(counts, z, strict=True)) / size
        losses.append((name, (counts, z), loss))
        with_constant[loss] = loss + sum(math.lgamma(a + 1) for a in counts) / size
        gradients.append((name, (counts, z), np.exp(z) / size - counts / size))

    def compare(received, expected):
        difference = compare_numbers(received, expected)
        if difference and compare_numbers(received, with_constant[expected]) is None:
            difference += ": leave out ln n!, which does not depend on z"
        return difference

    run_cases(count_loss, losses, compare, done="count_loss is right on 3 cases")
    run_cases(count_gradient, gradients, compare_arrays, done="count_gradient is right on 3 cases")


def check_lowest_doubled_loss(answer):
    """Check ``lowest_doubled_loss(num_classes, smoothing)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_lowest_doubled_loss(None)
        not attempted yet
    """
    cases = []
    for classes, smoothing in [(10, 0.0), (2, 0.0), (10, 0.1), (3, 0.2), (100, 0.05)]:
        one_hot = np.zeros((1, classes))
        one_hot[0, 0] = 1
        expected = numpy_ops.categorical_cross_entropy(
            one_hot, numpy_ops.softmax(one_hot), label_smoothing=smoothing
        )
        cases.append((f"{classes} classes, smoothing {smoothing}", (classes, smoothing), expected))
    run_cases(
        answer, cases, compare_numbers, done=f"lowest_doubled_loss is right on {len(cases)} cases"
    )


def _compare_digits(received, expected):
    """None if two numbers agree to 12 digits, however small they are."""
    difference = compare_numbers(received, expected, tolerance=np.inf)
    if difference is None and not abs(float(received) - expected) <= 1e-12 * expected:
        difference = f"expected {expected:.13g}, received {float(received):.13g}"
    return difference
