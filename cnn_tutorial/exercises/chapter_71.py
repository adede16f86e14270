"""Checkers for chapter 71, From a photograph of a number to the number."""

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases

_SIDE, _CENTRE = 28, 14  # of MNIST's images


def check_needed_accuracy(answer):
    """Check ``needed_accuracy(share, length)``, for digits that err independently.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_needed_accuracy(None)
        not attempted yet
    """
    settings = [(0.9, 1), (0.81, 2), (0.9, 10), (0.5, 4), (0.99, 6), (1.0, 7)]
    cases = [
        (f"{share:.0%} of the numbers of {length} digits", (share, length), share ** (1 / length))
        for share, length in settings
    ]
    run_cases(
        answer, cases, compare_numbers, done=f"needed_accuracy is right on {len(cases)} cases"
    )


def check_find_corner(answer):
    """Check ``find_corner(digit)``: where a digit's box begins in the image of 28×28.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_find_corner(None)
        not attempted yet
    """
    rng = np.random.default_rng(71)
    # No centre of mass lies halfway between two pixels: there both corners would be right.
    solid = np.full((19, 5), 255, np.uint8)
    bottom_heavy = np.full((20, 11), 60, np.uint8)
    bottom_heavy[14:] = 255
    left_heavy = np.full((11, 20), 30, np.uint8)
    left_heavy[:, :4] = 255
    at_border = np.zeros((20, 20), np.uint8)  # its middle is so far off that the box hits the side
    at_border[19], at_border[:, 0] = 255, 1
    at_border[:, 19] = 255
    named = {
        "a solid box of 19×5": solid,
        "grey above, white below": bottom_heavy,
        "white at the left": left_heavy,
        "ink along two sides of the box": at_border,
    }
    for number, shape in enumerate([(20, 13), (17, 20), (20, 20), (20, 8)]):
        named[f"random greys, {shape[0]}×{shape[1]}, number {number}"] = (
            (
                rng.integers(0, 256, shape) * (rng.random(shape) < 0.3)
                + 120 * (np.arange(shape[0])[:, np.newaxis] > 12)
            )
            .clip(0, 255)
            .astype(np.uint8)
        )
    cases = [
        (description, (digit,), np.array(_find_corner(digit)))
        for description, digit in named.items()
    ]
    run_cases(answer, cases, compare_arrays, done=f"find_corner is right on {len(cases)} digits")


def check_estimate_skew(answer):
    """Check ``estimate_skew(middles)``: degrees by which a row of digits runs downhill.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_estimate_skew(None)
        not attempted yet
    """
    columns = np.array([12.0, 50.0, 95.0, 130.0, 180.0, 214.0, 260.0])
    low = np.array([0, 0, 0, 40.0, 0, 0, 0])
    last = np.array([0, 0, 0, 0, 0, 0, -55.0])
    zigzag = np.array([0, 9.0, 0, 9.0, 0, 9.0, 0])
    named = {
        "a level row": np.stack([30 + 0 * columns, columns], axis=1),
        "2 down for every 10 to the right": np.stack([20 + 0.2 * columns, columns], axis=1),
        "1 up for every 10 to the right": np.stack([90 - 0.1 * columns, columns], axis=1),
        "one digit far too low": np.stack([20 + 0.1 * columns + low, columns], axis=1),
        "the last one far too high": np.stack([80 + 0.15 * columns + last, columns], axis=1),
        "every other digit a little low": np.stack([20 + 0.1 * columns + zigzag, columns], axis=1),
        "the digits in another order": np.stack([20 + 0.1 * columns + low, columns], axis=1)[::-1],
        "two digits": np.array([[10.0, 20.0], [16.0, 80.0]]),
    }
    cases = [
        (description, (middles,), _estimate_skew(middles)) for description, middles in named.items()
    ]
    run_cases(answer, cases, compare_numbers, done=f"estimate_skew is right on {len(cases)} rows")


def check_choose_threshold(answer):
    """Check ``choose_threshold(digits, nondigits, lost)``: the threshold and the share refused.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_choose_threshold(None)
        not attempted yet
    """
    digits = np.array([0.99, 0.97, 0.55, 0.9, 0.8, 0.999, 0.95, 0.7, 0.98, 0.96])
    nondigits = np.array([0.3, 0.97, 0.6, 0.7, 0.2, 0.9, 0.5, 0.75])
    rng = np.random.default_rng(71)
    many = np.round(rng.beta(20, 1, 64), 2)  # with ties
    named = [
        ("ten digits, none to be lost", (digits, nondigits, 0.0)),
        ("ten digits, one may be lost", (digits, nondigits, 0.125)),
        ("ten digits, two may be lost", (digits, nondigits, 0.25)),
        ("ten digits, half may be lost", (digits, nondigits, 0.5)),
        ("many digits with equal probabilities", (many, np.round(rng.beta(3, 2, 50), 2), 0.125)),
    ]
    cases = [
        (description, arguments, np.array(_choose_threshold(*arguments)))
        for description, arguments in named
    ]
    run_cases(
        answer, cases, compare_arrays, done=f"choose_threshold is right on {len(cases)} cases"
    )


def _find_corner(digit):
    total, corner = digit.sum(dtype=np.int64), []
    for axis, side in enumerate(digit.shape):
        weight = digit.sum(axis=1 - axis, dtype=np.int64)
        middle = (weight * np.arange(side)).sum() / total
        corner.append(int(np.clip(np.rint(_CENTRE - middle), 0, _SIDE - side)))
    return tuple(corner)


def _estimate_skew(middles):
    first, second = np.triu_indices(len(middles), 1)
    down, along = (middles[second] - middles[first]).T
    return float(np.degrees(np.arctan(np.median(down / along))))


def _choose_threshold(digits, nondigits, lost):
    threshold = np.sort(digits)[int(lost * len(digits))]
    return float(threshold), float(np.mean(nondigits < threshold))
