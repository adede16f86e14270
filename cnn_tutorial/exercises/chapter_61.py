"""Checkers for chapter 61, Is 95 % good?"""

import numpy as np

from cnn_tutorial import metrics
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_false_alarms_per_hit(answer):
    """Check ``false_alarms_per_hit(share, tpr, fpr)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_false_alarms_per_hit(None)
        not attempted yet
    """
    # Counted by hand, among 10,000 examples: zeros called 1, and ones called 1.
    counted = {
        (0.5, 1.0, 0.0): (0, 5000),
        (0.5, 0.8, 0.2): (1000, 4000),
        (0.01, 0.9, 0.1): (990, 90),
        (0.2, 0.75, 0.05): (400, 1500),
        (0.001, 1.0, 0.02): (199.8, 10),
    }
    cases = [
        (f"share {share}, TPR {tpr}, FPR {fpr}", (share, tpr, fpr), alarms / hits)
        for (share, tpr, fpr), (alarms, hits) in counted.items()
    ]
    done = f"false_alarms_per_hit is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


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


def check_cheapest_threshold(answer):
    """Check ``cheapest_threshold(alarm, miss)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_cheapest_threshold(None)
        not attempted yet
    """
    # By hand: at p the two ways to answer cost the same, alarm (1 - p) = miss p.
    by_hand = {(1, 1): 1 / 2, (1, 9): 1 / 10, (4, 1): 4 / 5, (0.5, 1.5): 1 / 4, (3, 7): 3 / 10}
    cases = [
        (f"a false alarm costs {alarm}, a miss {miss}", (alarm, miss), expected)
        for (alarm, miss), expected in by_hand.items()
    ]
    done = f"cheapest_threshold is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


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
        first, second = (
            np.where(rng.random(count) < right, labels, (labels + 1) % num_classes)
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
