"""Checkers for chapter 61, Is 95 % good?"""

import numpy as np

from cnn_tutorial import metrics
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_macro_f1(answer):
    """Check ``macro_f1(matrix)``, also where a class does not occur.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_macro_f1(None)
        not attempted yet
    """
    rng = np.random.default_rng(61)
    labels = rng.choice(4, 200, p=[0.7, 0.2, 0.05, 0.05])
    guesses = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 4, 200))
    cases = [
        ("2 and 3 right of 3 each", (np.array([[2, 1], [0, 3]]),), (4 / 5 + 6 / 7) / 2),
        ("always class 0, 95 of 100", (np.array([[95, 0], [5, 0]]),), 190 / 195 / 2),
        (
            "three classes, the last one neither true nor predicted",
            (np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]]),),
            (0.75 + 0.75 + 0) / 3,
        ),
        (
            "a class that is predicted and never true",
            (np.array([[4, 0, 1], [0, 5, 0], [0, 0, 0]]),),
            (8 / 9 + 1 + 0) / 3,
        ),
        (
            "four classes, one of them common",
            (metrics.confusion_matrix(labels, guesses, 4),),
            metrics.f1_score(labels, guesses, average="macro", num_classes=4),
        ),
    ]
    run_cases(answer, cases, compare_numbers, done=f"macro_f1 is right on {len(cases)} cases")


def check_roc_points(answer):
    """Check ``roc_points(labels, scores)``, a pair ``(fpr, tpr)``, with equal scores in one step.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_roc_points(None)
        not attempted yet
    """
    # By hand, down the list: labels, scores, and the points.
    by_hand = {
        "scores 0.9, 0.7, 0.6, 0.3, 0.1 of 1, 0, 1, 1, 0": (
            ([1, 0, 1, 1, 0], [0.9, 0.7, 0.6, 0.3, 0.1]),
            ([0, 0, 1 / 2, 1 / 2, 1 / 2, 1], [0, 1 / 3, 1 / 3, 2 / 3, 1, 1]),
        ),
        "the same in another order": (
            ([1, 0, 0, 1, 1], [0.3, 0.1, 0.7, 0.9, 0.6]),
            ([0, 0, 1 / 2, 1 / 2, 1 / 2, 1], [0, 1 / 3, 1 / 3, 2 / 3, 1, 1]),
        ),
        "two equal scores, of a 1 and a 0": (
            ([1, 0, 1, 0], [0.8, 0.5, 0.5, 0.2]),
            ([0, 0, 1 / 2, 1], [0, 1 / 2, 1, 1]),
        ),
        "one score for all": (([0, 1, 0, 1, 1], [0.4] * 5), ([0, 1], [0, 1])),
        "logits, some below zero": (
            ([0, 1, 0, 0], [-3.0, -1.0, 2.0, -1.0]),
            ([0, 1 / 3, 2 / 3, 1], [0, 0, 1, 1]),
        ),
    }
    cases = [
        (name, tuple(np.array(array) for array in given), np.array(points))
        for name, (given, points) in by_hand.items()
    ]
    run_cases(answer, cases, compare_arrays, done=f"roc_points is right on {len(cases)} cases")


def check_binary_ece(answer):
    """Check ``binary_ece(labels, probs, bins)``, also on the edges of bins.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_binary_ece(None)
        not attempted yet
    """
    # By hand: labels, probabilities, bins, and the sum of count / N times gap.
    by_hand = {
        "0.1 said ten times, one of ten a 1": (([1] + [0] * 9, [0.1] * 10, 5), 0.0),
        "0.9 said four times, three of four a 1": (([1, 1, 0, 1], [0.9] * 4, 5), 0.15),
        "two bins, their gaps of opposite sign": (
            ([0, 1, 1, 1, 0], [0.25, 0.25, 0.25, 0.75, 0.75], 2),
            3 / 5 * (2 / 3 - 1 / 4) + 2 / 5 * (3 / 4 - 1 / 2),
        ),
        "0.5 on the edge of two bins": (
            ([1, 0, 1], [0.5, 0.25, 0.75], 2),
            2 / 3 * (1 / 2 - 3 / 8) + 1 / 3 * (1 - 3 / 4),
        ),
        "0 and 0.25 share the first of four bins": (([1, 0], [0.0, 0.25], 4), 1 / 2 - 1 / 8),
        "0 and 1": (([0, 1, 1, 1], [0.0, 0.0, 1.0, 0.875], 4), 2 / 4 / 2 + 2 / 4 / 16),
    }
    cases = [
        (name, (np.array(labels), np.array(probs), bins), expected)
        for name, ((labels, probs, bins), expected) in by_hand.items()
    ]
    rng = np.random.default_rng(61)
    probs = rng.random(300)
    labels = (rng.random(300) < probs**2).astype(int)  # less often a 1 than it says
    place = np.digitize(probs, np.linspace(0, 1, 11), right=True)
    gaps = [
        np.mean(place == j) * abs(labels[place == j].mean() - probs[place == j].mean())
        for j in np.unique(place)
    ]
    cases.append(("300 labels, ten bins", (labels, probs, 10), sum(gaps)))
    run_cases(answer, cases, compare_numbers, done=f"binary_ece is right on {len(cases)} cases")


def check_paired_interval(answer):
    """Check ``paired_interval(labels, first, second, draws)``, a pair ``(low, high)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_paired_interval(None)
        not attempted yet
    """
    rng = np.random.default_rng(61)
    cases = []
    for count, num_classes in [(5, 2), (40, 3), (200, 10)]:
        labels = rng.integers(0, num_classes, count)
        # Each model's wrong answers are its own, so that the two can be wrong in different ways.
        first, second = (
            np.where(
                rng.random(count) < right,
                labels,
                (labels + rng.integers(1, num_classes, count)) % num_classes,
            )
            for right in (0.6, 0.9)
        )
        draws = rng.integers(0, count, (100, count))
        differences = [
            np.mean(second[draw] == labels[draw]) - np.mean(first[draw] == labels[draw])
            for draw in draws
        ]
        expected = np.percentile(differences, [2.5, 97.5])
        name = f"{count} images, {num_classes} classes, 100 draws"
        cases.append((name, (labels, first, second, draws), expected))
    done = f"paired_interval is right on {len(cases)} cases"
    run_cases(answer, cases, compare_arrays, done=done)
