"""Checkers for chapter 11, A first classifier."""

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_accuracy_per_digit(answer):
    """Check ``accuracy_per_digit(labels, answers)``, ten shares, nan for an absent digit.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_accuracy_per_digit(None)
        not attempted yet
    """
    once_each = np.arange(10)
    # Of the ones a half is right, of the sevens two thirds; an 8 is read as 7 and a 1 as 7, so
    # that the share of the *answers* 7 that are right (2 of 4) is another number.
    labels = np.array([0, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9])
    answers = np.array([0, 1, 7, 2, 3, 4, 5, 6, 7, 7, 1, 7, 9])
    by_hand = np.array([1, 1 / 2, 1, 1, 1, 1, 1, 2 / 3, 0, 1])
    some = np.full(10, np.nan)
    some[[4, 9]] = 1 / 3, 1
    cases = [
        ("each digit once, all right", (once_each, once_each.copy()), np.ones(10)),
        ("thirteen images, three mistakes", (labels, answers), by_hand),
        (
            "only fours and nines occur",
            (np.array([4, 4, 4, 9]), np.array([9, 4, 9, 9])),
            some,
        ),
    ]
    run_cases(answer, cases, compare_arrays, done="accuracy_per_digit is right on 3 cases")


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


def check_how_many_to_hand_over(answer):
    """Check ``how_many_to_hand_over(confidence, wrong, allowed)``, a whole number.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_how_many_to_hand_over(None)
        not attempted yet
    """
    confidence = np.array([0.9, 0.3, 0.8, 0.5, 0.6, 0.99])
    # In order of confidence: wrong, right, wrong, right, wrong, right.
    wrong = np.array([True, True, False, False, True, False])
    nothing_wrong = np.zeros(6, dtype=bool)
    cases = [
        (f"mistakes at confidence 0.3, 0.6 and 0.9, {allowed} allowed", arguments, expected)
        for allowed, expected in [(0, 5), (1, 3), (2, 1), (3, 0), (7, 0)]
        for arguments in [(confidence, wrong, allowed)]
    ]
    cases.append(("no mistakes at all, 0 allowed", (confidence, nothing_wrong, 0), 0))
    cases.append(("only the surest is wrong, 0 allowed", (confidence, confidence > 0.95, 0), 6))
    run_cases(answer, cases, compare_numbers, done="how_many_to_hand_over is right on 7 cases")
