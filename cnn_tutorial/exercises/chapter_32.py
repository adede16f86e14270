"""Checkers for chapter 32, Augmentation."""

import functools
import math

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_turn(answer):
    """Check ``turn(degrees, height, width)``: the matrix of a rotation about the centre.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_turn(None)
        not attempted yet
    """
    cases = []
    for degrees, height, width in [
        (0, 4, 4),
        (90, 4, 4),
        (90, 5, 5),
        (30, 9, 9),
        (-45, 8, 8),
        (180, 3, 6),
        (20, 150, 100),
    ]:
        name = f"{degrees}° for {height}×{width} pixels"
        cases.append((name, (degrees, height, width), _turn(degrees, height, width)))
    run_cases(answer, cases, compare_arrays, done=f"turn is right on {len(cases)} cases")


def check_largest_shear(answer):
    """Check ``largest_shear(shear_range, height)``: pixels that columns move at most.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_largest_shear(None)
        not attempted yet
    """
    settings = [(0.2, 150), (0, 150), (30, 101), (10, 28), (45, 4), (0.2, 1501), (90, 11), (5, 1)]
    cases = [
        (
            f"shear_range={shear_range}, {height} rows",
            (shear_range, height),
            math.sin(math.radians(shear_range)) * (height - 1) / 2,
        )
        for shear_range, height in settings
    ]
    run_cases(answer, cases, compare_numbers, done=f"largest_shear is right on {len(cases)} cases")


def check_cutmix(answer):
    """Check ``cutmix(images, labels, box, num_classes)``: an image and its probabilities.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails, or if the images were changed.

    Example:
        >>> check_cutmix(None)
        not attempted yet
    """
    rng = np.random.default_rng(32)
    cases, changed = [], []
    for labels, box, num_classes in [
        ((0, 1), (0, 0, 2, 3), 2),
        ((4, 1), (1, 2, 5, 6), 5),
        ((2, 2), (0, 0, 3, 4), 3),
        ((0, 2), (0, 0, 6, 8), 3),
        ((1, 0), (3, 3, 3, 3), 2),
    ]:
        images = rng.integers(0, 256, (2, 6, 8, 3)).astype("float32")
        top, left, bottom, right = box
        rows, columns = np.arange(6)[:, None], np.arange(8)
        inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
        image = np.where(inside[..., None], images[1], images[0])
        one_hot = np.eye(num_classes)[list(labels)]
        probs = one_hot[0] * (1 - inside.mean()) + one_hot[1] * inside.mean()
        name = f"labels {labels}, box {box}, {num_classes} classes, images of 6×8"
        cases.append((name, (images, labels, box, num_classes), (image, probs)))

    def watch(images, *others):
        before = images.copy()
        received = answer(images, *others)
        changed.append(not np.array_equal(images, before))
        return received

    def compare(received, expected):
        if changed[-1]:
            return "the images that were handed in have changed"
        if not isinstance(received, (tuple, list)) or len(received) != 2:
            return f"expected a pair (image, probabilities), received {type(received).__name__}"
        for part, got, wanted in zip(("image", "probabilities"), received, expected, strict=True):
            problem = compare_arrays(got, wanted)
            if problem:
                return f"the {part}: {problem}"
        return None

    done = f"cutmix is right on {len(cases)} cases"
    run_cases(watch if callable(answer) else answer, cases, compare, done=done)


def check_gain_interval(answer):
    """Check ``gain_interval(without, with_it)``: the interval of a mean paired difference.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_gain_interval(None)
        not attempted yet
    """
    # The 97.5 % quantiles of Student's distribution, by degrees of freedom.
    quantiles = {1: 12.7062047, 2: 4.3026527, 4: 2.7764451, 9: 2.2621572}
    rng = np.random.default_rng(32)
    cases = []
    for freedom, quantile in quantiles.items():
        n = freedom + 1
        easy = rng.uniform(0.6, 0.9, n)  # what both runs of a pair have in common
        without = np.round(easy, 3).tolist()
        with_it = np.round(easy + rng.normal(0.03, 0.01, n), 3).tolist()
        gains = np.subtract(with_it, without)
        reach = quantile * math.sqrt(np.sum((gains - gains.mean()) ** 2) / freedom / n)
        name = f"{n} pairs"
        expected = np.array([gains.mean() - reach, gains.mean() + reach])
        cases.append((name, (without, with_it), expected))
    # Wide enough for quantiles from a printed table, with three decimals.
    compare = functools.partial(compare_arrays, tolerance=1e-5)
    run_cases(answer, cases, compare, done=f"gain_interval is right on {len(cases)} cases")


def _turn(degrees, height, width):
    """Worked out without a product of matrices: ``R (x - centre) + centre``."""
    angle = math.radians(degrees)
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = rotation
    matrix[:2, 2] = centre - rotation @ centre
    return matrix
