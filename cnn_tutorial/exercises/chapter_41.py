"""Checkers for chapter 41, Building a network."""

import math

from cnn_tutorial.exercises import compare_numbers, run_cases


def check_count_parameters(answer):
    """Check ``count_parameters(image_shape, filters, units, outputs)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_count_parameters(None)
        not attempted yet
    """
    # Worked by hand; the first is the network for cats and dogs.
    by_hand = [
        ((150, 150, 3), [32, 64, 128], 512, 1, 19_034_177),
        ((6, 6, 1), [2], 3, 2, 20 + 27 + 8),  # 4×4×2, 2×2×2, 8 numbers
        ((9, 7, 3), [4], 5, 10, 112 + 125 + 60),  # 7×5×4, 3×2×4, 24 numbers
        ((10, 22, 1), [3, 2], 4, 1, 30 + 56 + 36 + 5),  # 4×10×3, 1×4×2, 8 numbers
        ((8, 5, 2), [], 3, 4, 243 + 16),  # no convolution: 80 numbers
    ]
    cases = [
        (f"image {shape}, filters {filters}, {units} units, {outputs} outputs", arguments, count)
        for *arguments, count in by_hand
        for shape, filters, units, outputs in [arguments]
    ]
    done = f"count_parameters is right on {len(cases)} networks"
    run_cases(answer, cases, compare_numbers, done=done)


def check_smallest_image(answer):
    """Check ``smallest_image(blocks)``, a height in pixels.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_smallest_image(None)
        not attempted yet
    """
    by_hand = {1: 4, 2: 10, 3: 22, 4: 46, 5: 94, 0: 1}
    cases = [(f"{blocks} blocks", (blocks,), size) for blocks, size in by_hand.items()]
    done = f"smallest_image is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


def check_unseen_rows(answer):
    """Check ``unseen_rows(height, blocks)``, a number of rows.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_unseen_rows(None)
        not attempted yet
    """
    settings = [(5, 1), (4, 1), (32, 2), (31, 2), (150, 3), (29, 3), (22, 3), (45, 3), (7, 0)]
    cases = [
        (
            f"{height} rows, {blocks} blocks",
            (height, blocks),
            height - 1 - _last_row(height, blocks),
        )
        for height, blocks in settings
    ]
    done = f"unseen_rows is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


def check_doubled_floor(answer):
    """Check ``doubled_floor(num_classes)``, a loss in nats.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_doubled_floor(None)
        not attempted yet
    """
    cases = []
    for classes in (2, 3, 10, 1000):
        second = [math.exp(1.0)] + [math.exp(0.0)] * (classes - 1)
        cases.append((f"{classes} classes", (classes,), -math.log(second[0] / sum(second))))
    done = f"doubled_floor is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


def _last_row(height, blocks):
    """The last row of the image that a row behind the blocks depends on: each row is followed."""
    last = list(range(height))
    for _ in range(blocks):
        last = [max(last[i : i + 3]) for i in range(len(last) - 2)]
        last = [max(last[i : i + 2]) for i in range(0, len(last) - 1, 2)]
    return max(last)
