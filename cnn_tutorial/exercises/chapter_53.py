"""Checkers for chapter 53, Keeping the hardware busy."""

import numpy as np

from cnn_tutorial.exercises import compare_numbers, run_cases


def check_convolution_intensity(answer):
    """Check ``convolution_intensity(images, size, channels, filters, number_bytes)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_convolution_intensity(None)
        not attempted yet
    """
    # FLOPs and bytes worked by hand for 3×3, "same" padding, no bias.
    by_hand = [
        ((1, 4, 2, 3, 4), 1728 / 536),  # 2·16·3·18 FLOPs; 4 (32 + 48 + 54) bytes
        ((128, 16, 64, 64, 4), 2_415_919_104 / 16_924_672),
        ((128, 16, 64, 64, 2), 2_415_919_104 / 8_462_336),
        ((1, 16, 64, 64, 4), 18_874_368 / 278_528),
        ((10, 8, 3, 32, 4), 1_105_920 / 93_056),  # 10·64·2·27·32; 4 (1920 + 20480 + 864)
    ]
    cases = [
        (
            f"{n} image(s) of {size}×{size}×{channels}, {filters} filters, {b} bytes a number",
            (n, size, channels, filters, b),
            ratio,
        )
        for (n, size, channels, filters, b), ratio in by_hand
    ]
    done = f"convolution_intensity is right on {len(cases)} convolutions"
    run_cases(answer, cases, compare_numbers, done=done)


def check_step_seconds(answer):
    """Check ``step_seconds(flops, traffic, peak, bandwidth)`` for a row of operations.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_step_seconds(None)
        not attempted yet
    """
    rows = {
        "one operation that waits for arithmetic": ([6e9], [1e6], 3e9, 1e9, 2.0),
        "one that waits for traffic": ([1e6], [4e9], 3e9, 1e9, 4.0),
        "one of each": ([6e9, 1e6], [1e6, 4e9], 3e9, 1e9, 6.0),
        "three, two of them waiting for traffic": (
            [2e11, 1e8, 3e8],
            [1e9, 2e9, 5e9],
            1e11,
            1e10,
            2.0 + 0.2 + 0.5,
        ),
        "both halves equally long": ([2e9], [1e9], 2e9, 1e9, 1.0),
    }
    cases = [
        (name, (np.array(flops), np.array(traffic), peak, bandwidth), seconds)
        for name, (flops, traffic, peak, bandwidth, seconds) in rows.items()
    ]
    done = f"step_seconds is right on {len(cases)} steps"
    run_cases(answer, cases, compare_numbers, done=done)


def check_smallest_batch(answer):
    """Check ``smallest_batch(fixed, per_image, share)``, a number of images.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_smallest_batch(None)
        not attempted yet
    """
    # Only a half is met exactly: there no way of writing the formula makes a rounding error.
    by_hand = [
        ((0.5, 0.125, 0.5), 4),  # 4 / (0.5 + 4 · 0.125) = 4 images a second, of 8
        ((0.5, 0.125, 0.76), 13),  # 12.67 images are wanted
        ((0.5, 0.0078125, 0.5), 64),
        ((0.25, 0.125, 0.62), 4),  # 3.26
        ((0.25, 0.125, 0.7), 5),  # 4.67
        ((0.0, 0.125, 0.9), 1),  # nothing fixed: a single image is enough
    ]
    cases = [
        (f"{fixed} s fixed, {per_image} s an image, share {share}", (fixed, per_image, share), n)
        for (fixed, per_image, share), n in by_hand
    ]
    done = f"smallest_batch is right on {len(cases)} machines"
    run_cases(answer, cases, compare_numbers, done=done)


def check_largest_scale(answer):
    """Check ``largest_scale(gradients)``, a power of two for float16.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_largest_scale(None)
        not attempted yet
    """
    settings = {
        "gradients up to 1": (np.array([1.0, -0.25, 1e-6]), 2.0**15),
        "the largest is negative": (np.array([0.001, -8.0]), 2.0**12),
        "small ones": (np.array([1e-6, 3e-6]), 2.0**34),
        "a matrix": (np.array([[0.5, -0.75], [0.1, 0.0]]), 2.0**16),
        "already too large": (np.array([3e5, -1.0]), 2.0**-3),
        "just the largest float16": (np.array([65504.0]), 1.0),
        "just under a power of two": (np.array([3.9999]), 2.0**13),
    }
    cases = [(name, (gradients,), scale) for name, (gradients, scale) in settings.items()]
    done = f"largest_scale is right on {len(cases)} arrays"
    run_cases(answer, cases, compare_numbers, done=done)
