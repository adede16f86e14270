"""Checkers for chapter 11, A first classifier."""

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_accuracy(answer):
    """Check ``accuracy(labels, answers)``, the share of answers that equal their label.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_accuracy(None)
        not attempted yet
    """
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    cases = [
        ("three of four right", (np.array([7, 2, 1, 0]), np.array([7, 2, 1, 8])), 0.75),
        ("all right", (labels, labels.copy()), 1.0),
        ("none right", (labels, labels + 1), 0.0),
        # 1 of 8 right, while the two arrays hold the same digits in another order.
        ("the right digits in the wrong places", (labels, np.roll(labels, 2)), 0.125),
        ("a single image", (np.array([0]), np.array([0])), 1.0),
    ]
    run_cases(answer, cases, compare_numbers, done="accuracy is right on 5 cases")


def check_majority_accuracy(answer):
    """Check ``majority_accuracy(train_labels, test_labels)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_majority_accuracy(None)
        not attempted yet
    """
    cases = [
        ("most training labels are 2", (np.array([2, 2, 2, 1, 0]), np.array([2, 1, 2, 0])), 0.5),
        (
            "the most frequent test label is another one than in training",
            (np.array([4, 4, 4, 9]), np.array([9, 9, 9, 4])),
            0.25,
        ),
        ("the majority never occurs in the test", (np.array([5, 5, 3]), np.array([3, 3])), 0.0),
        ("1 and 3 are equally frequent", (np.array([3, 1, 3, 1, 0]), np.array([1, 3, 3, 3])), 0.25),
    ]
    run_cases(answer, cases, compare_numbers, done="majority_accuracy is right on 4 cases")


def check_least_certain(answer):
    """Check ``least_certain(probs, count)``, the indices of the most doubtful images.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_least_certain(None)
        not attempted yet
    """
    three = np.array([[0.5, 0.3, 0.2], [0.05, 0.05, 0.9], [0.3, 0.4, 0.3]])
    # Here the doubtful images are not those with the smallest first, last or least column.
    many = np.array(
        [
            [0.98, 0.01, 0.01],
            [0.1, 0.8, 0.1],
            [0.0, 0.45, 0.55],
            [0.33, 0.33, 0.34],
            [0.6, 0.1, 0.3],
        ]
    )
    cases = [
        ("the most doubtful of three images", (three, 1), np.array([2])),
        ("all three images in order", (three, 3), np.array([2, 0, 1])),
        ("two of five images", (many, 2), np.array([3, 2])),
        ("four of five images", (many, 4), np.array([3, 2, 4, 1])),
    ]
    run_cases(answer, cases, compare_arrays, done="least_certain is right on 4 cases")
