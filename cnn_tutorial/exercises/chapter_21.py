"""Checkers for chapter 21, What a convolution computes."""

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_output_size(answer):
    """Check ``output_size(size, kernel_size, stride, padding)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_output_size(None)
        not attempted yet
    """
    settings = [
        (5, 3, 1, 0),
        (28, 5, 1, 2),
        (7, 3, 2, 0),
        (8, 3, 2, 0),
        (8, 3, 2, 1),
        (32, 2, 2, 0),
    ]
    settings += [(10, 1, 3, 0), (9, 9, 1, 0), (224, 7, 2, 3), (6, 4, 3, 1)]
    cases = [
        (
            f"size {n}, kernel {k}, stride {s}, padding {p} on each side",
            (n, k, s, p),
            _count_starts(n, k, s, p),
        )
        for n, k, s, p in settings
    ]
    run_cases(answer, cases, compare_numbers, done=f"output_size is right on {len(cases)} cases")


def check_true_convolution(answer):
    """Check ``true_convolution(image, kernel)``: 2-D, valid, stride one, kernel turned.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_true_convolution(None)
        not attempted yet
    """
    rng = np.random.default_rng(21)
    cases = []
    for size, kernel_size in [
        ((4, 4), (2, 2)),
        ((5, 6), (3, 3)),
        ((7, 5), (2, 4)),
        ((6, 9), (3, 1)),
    ]:
        image = rng.integers(-9, 10, size).astype(float)
        kernel = rng.integers(-9, 10, kernel_size).astype(float)
        turned = kernel[::-1, ::-1, None, None]
        expected = numpy_ops.conv2d(image[None, :, :, None], turned)[0, :, :, 0]
        name = f"image {size[0]}×{size[1]}, kernel {kernel_size[0]}×{kernel_size[1]}"
        cases.append((name, (image, kernel), expected))
    run_cases(answer, cases, compare_arrays, done="true_convolution is right on 4 random cases")


def check_shift_left_kernel(answer):
    """Check ``shift_left_kernel()``: a 3x3 kernel that moves an image one pixel to the left.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: if the kernel is not 3x3 or does something else to a random image.

    Example:
        >>> check_shift_left_kernel(None)
        not attempted yet
    """
    image = np.random.default_rng(21).integers(1, 10, (5, 6)).astype(float)
    moved = np.zeros_like(image)
    moved[:, :-1] = image[:, 1:]

    def compare(kernel, expected):
        kernel = np.asarray(kernel, dtype=float)
        if kernel.shape != (3, 3):
            return f"expected a kernel of shape (3, 3), received shape {kernel.shape}"
        result = numpy_ops.conv2d(
            image[None, :, :, None], kernel[:, :, None, None], padding="same"
        )[0, :, :, 0]
        return compare_arrays(result, expected)

    run_cases(
        answer,
        [("a random image of 5×6, moved by your kernel", (), moved)],
        compare,
        done="the kernel moves a random image one pixel to the left",
    )


def check_same_padding(answer):
    """Check ``same_padding(size, kernel_size, stride)``, the zeros (before, after) of Keras.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_same_padding(None)
        not attempted yet
    """
    # By hand. In the last two the windows leave pixels out, so that nothing need be added.
    by_hand = {
        (7, 3, 1): (1, 1),
        (7, 3, 2): (1, 1),
        (8, 3, 2): (0, 1),
        (6, 2, 1): (0, 1),
        (6, 4, 1): (1, 2),
        (224, 7, 2): (2, 3),
        (5, 5, 3): (1, 2),
        (7, 1, 2): (0, 0),
        (8, 1, 3): (0, 0),
    }
    cases = [
        (f"size {n}, kernel {k}, stride {s}", (n, k, s), np.array(pair))
        for (n, k, s), pair in by_hand.items()
    ]
    run_cases(answer, cases, compare_arrays, done=f"same_padding is right on {len(cases)} cases")


def _count_starts(size, kernel_size, stride, padding):
    """The output size by counting where the window may start, without the formula."""
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))
