"""Checkers for chapter 31, How photographs become arrays."""

import hashlib
import unittest.mock

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_upright(answer):
    """Check ``upright(stored, orientation)``: EXIF orientations 1, 3, 6 and 8.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_upright(None)
        not attempted yet
    """
    pictures = {
        "a picture of 2×3": np.arange(6).reshape(2, 3),
        "a square of 4×4": np.arange(16).reshape(4, 4),
        "a colour picture of 3×5×3": np.arange(45).reshape(3, 5, 3),
    }
    turns = {1: 0, 3: 2, 6: -1, 8: 1}  # quarter turns counter-clockwise
    cases = [
        (f"{name}, orientation {orientation}", (stored, orientation), np.rot90(stored, turn))
        for orientation, turn in turns.items()
        for name, stored in pictures.items()
    ]
    refusal = RuntimeError("np.rot90 does the whole exercise: use slices and swapaxes only")
    with unittest.mock.patch("numpy.rot90", side_effect=refusal):
        run_cases(answer, cases, compare_arrays, done=f"upright is right on {len(cases)} cases")


def check_crop_window(answer):
    """Check ``crop_window(height, width, target_height, target_width)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_crop_window(None)
        not attempted yet
    """
    windows = {
        (300, 450, 150, 150): (0, 75, 300, 300),
        (450, 300, 150, 150): (75, 0, 300, 300),
        (200, 200, 50, 50): (0, 0, 200, 200),
        (100, 140, 200, 200): (0, 20, 100, 100),  # enlarged
        (300, 300, 100, 150): (50, 0, 200, 300),  # a target that is wider than high
        (400, 200, 160, 40): (0, 50, 400, 100),  # and one that is higher
        (240, 640, 120, 160): (0, 160, 240, 320),
        (100, 400, 50, 200): (0, 0, 100, 400),
    }
    cases = [
        (f"{h}×{w} to {th}×{tw}", (h, w, th, tw), np.array(window))
        for (h, w, th, tw), window in windows.items()
    ]
    run_cases(answer, cases, compare_arrays, done=f"crop_window is right on {len(cases)} cases")


def check_count_leaked(answer):
    """Check ``count_leaked(groups, splits)``: test photographs whose group is in training.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_count_leaked(None)
        not attempted yet
    """
    lists = [
        ("nothing shared", "a b c", "train test validation", 0),
        ("one group on both sides", "a a b", "train test test", 1),
        ("two test photographs of one known group", "a a a b", "test train test test", 2),
        ("one test photograph, two of its group in training", "a a a", "train train test", 1),
        ("two groups", "a b a b c", "train train test test test", 2),
        ("a group in validation and test only", "a a b", "validation test train", 0),
        ("a group in training and validation only", "a a b", "train validation test", 0),
        ("photographs in no group", "- - -", "train test test", 0),
        ("no group, and a group", "- a - a a", "train train test test test", 2),
        ("no photographs", "", "", 0),
    ]
    cases = []
    for name, groups, splits, expected in lists:
        groups = [None if group == "-" else group for group in groups.split()]
        cases.append((name, (groups, splits.split()), expected))
    run_cases(answer, cases, compare_numbers, done=f"count_leaked is right on {len(cases)} cases")


def check_is_test(answer):
    """Check ``is_test(content, share)``: a place that depends on the content alone.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_is_test(None)
        not attempted yet
    """
    rng = np.random.default_rng(31)
    # As JPEG files are: all begin and end alike.
    photographs = [b"\xff\xd8\xff\xe0" + rng.bytes(40) + b"\xff\xd9" for _ in range(1000)]

    def compare(received, expected):
        if not isinstance(received, (bool, np.bool_)):
            return f"expected True or False, received {received!r}"
        if bool(received) != expected:
            return f"expected {expected}, received {bool(received)}"
        return None

    cases = []
    for number, content in enumerate(photographs):
        share = (0.1, 0.2, 0.5, 0.0, 1.0)[number % 5]
        place = int.from_bytes(hashlib.sha256(content).digest()[:8], "big") / 2**64
        cases.append((f"photograph {number}, share {share}", (content, share), place < share))
    # The same ones again, in another order: a place must not depend on what was asked before.
    cases += [cases[index] for index in rng.permutation(1000)[:200]]
    run_cases(answer, cases, compare, done="is_test is right for 1000 photographs")
