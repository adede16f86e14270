"""Checkers for chapter 12, From pixels to neurons."""

import functools
import itertools

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases

# Accepts answers computed in float32.
_compare_floats = functools.partial(compare_numbers, tolerance=1e-5)


def check_mean_difference(answer):
    """Check ``mean_difference(first, second)``, the mean absolute difference of byte arrays.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_mean_difference(None)
        not attempted yet
    """
    rng = np.random.default_rng(12)
    first, second = rng.integers(0, 256, (2, 6, 5, 3), dtype=np.uint8)
    by_python = [abs(int(a) - int(b)) for a, b in zip(first.flat, second.flat, strict=True)]
    black, white = np.zeros((2, 3), np.uint8), np.full((2, 3), 255, np.uint8)
    cases = [
        ("20 and 10", (np.uint8([20]), np.uint8([10])), 10.0),
        ("10 and 20", (np.uint8([10]), np.uint8([20])), 10.0),
        ("10, 20 and 20, 10", (np.uint8([[10, 20]]), np.uint8([[20, 10]])), 10.0),
        ("black and white", (black, white), 255.0),
        ("two equal images", (white, white.copy()), 0.0),
        ("two random images of 6×5×3", (first, second), sum(by_python) / len(by_python)),
    ]
    run_cases(
        answer, cases, _compare_floats, done=f"mean_difference is right on {len(cases)} cases"
    )


def check_count_parameters(answer):
    """Check ``count_parameters(sizes)`` for dense layers with biases.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_count_parameters(None)
        not attempted yet
    """
    by_hand = {
        (3, 1): 4,
        (3, 3): 12,
        (784, 10): 7_850,
        (784, 128, 10): 101_770,
        (2, 2, 1): 9,
        (4, 3, 2, 1): 15 + 8 + 3,
        (5,): 0,
    }
    cases = [(f"sizes {list(sizes)}", (list(sizes),), n) for sizes, n in by_hand.items()]
    run_cases(
        answer, cases, compare_numbers, done=f"count_parameters is right on {len(cases)} cases"
    )


def check_softmax_loss(answer):
    """Check ``softmax_loss(logits, labels)``, the mean of minus ln p of the right class.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_softmax_loss(None)
        not attempted yet
    """
    rng = np.random.default_rng(12)
    logits, labels = 3 * rng.normal(size=(4, 7)), np.array([6, 0, 3, 3])
    square = rng.normal(size=(3, 3))
    far_apart = np.array([[1000.0, 0.0], [-1000.0, -1000.0]])
    cases = [
        ("one row of ten equal logits", (np.zeros((1, 10)), np.array([3])), np.log(10)),
        ("logits (0, ln 3), the right class is 1", (np.log([[1.0, 3.0]]), [1]), np.log(4 / 3)),
        ("two equal rows", (np.log([[1.0, 3.0]] * 2), np.array([0, 1])), np.log(16 / 3) / 2),
        ("four random rows of seven", (logits, labels), _loss(logits, labels)),
        ("as many rows as classes", (square, np.array([2, 2, 0])), _loss(square, [2, 2, 0])),
        ("logits (1000, 1000)", (np.full((1, 2), 1000.0), np.array([0])), np.log(2)),
        ("logits (1000, 0), the right class is 1", (np.array([[1000.0, 0.0]]), [1]), 1000.0),
        ("logits (−1000, −1000)", (np.full((1, 2), -1000.0), np.array([1])), np.log(2)),
        ("rows (1000, 0) and (−1000, −1000)", (far_apart, np.array([0, 0])), np.log(2) / 2),
        ("logits (20000, 0), the right class is 1", (np.array([[2e4, 0.0]]), [1]), 2e4),
    ]

    def quiet(logits, labels):
        with np.errstate(all="ignore"):  # the message says what is wrong, not a warning
            return answer(logits, np.asarray(labels))

    run_cases(
        quiet if callable(answer) else answer,
        cases,
        _compare_floats,
        done=f"softmax_loss is right on {len(cases)} cases",
    )


def check_odd_network(answer):
    """Check ``odd_network()``: W1, b1, W2, b2 that say whether an odd number of pixels is lit.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: if a shape is not as asked, or an output is wrong.

    Example:
        >>> check_odd_network(None)
        not attempted yet
    """
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    shapes = {"W1": (3, 3), "b1": (3,), "W2": (3, 1), "b2": (1,)}

    def compare(received, expected):
        if not isinstance(received, tuple | list) or len(received) != 4:
            return f"expected the four arrays W1, b1, W2, b2, received {received!r}"
        W1, b1, W2, b2 = arrays = [np.asarray(array, dtype=float) for array in received]
        for (name, shape), array in zip(shapes.items(), arrays, strict=True):
            if array.shape != shape:
                return f"{name} must have shape {shape}, received shape {array.shape}"
        outputs = numpy_ops.dense(numpy_ops.relu(numpy_ops.dense(corners, W1, b1)), W2, b2)[:, 0]
        if compare_arrays(outputs, expected, tolerance=1e-6) is None:
            return None
        wrong = int(np.argmax(np.abs(outputs - expected)))
        pixels = ", ".join(f"{value:.0f}" for value in corners[wrong])
        return f"for ({pixels}) expected {expected[wrong]:g}, received {outputs[wrong]:g}"

    run_cases(
        answer,
        [("all eight cases of three pixels", (), corners.sum(axis=1) % 2)],
        compare,
        done="the network is right on all eight cases",
    )


def _loss(logits, labels):
    return numpy_ops.sparse_categorical_cross_entropy(np.array(labels), logits, from_logits=True)
