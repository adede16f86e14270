"""Checkers for chapter 23, Pooling."""

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_count_unseen(answer):
    """Check ``count_unseen(size, window, stride)``: pixels that lie in no window, valid padding.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_count_unseen(None)
        not attempted yet
    """
    settings = [(8, 2, 2), (7, 2, 2), (9, 3, 2), (10, 3, 2), (11, 3, 3), (32, 3, 1), (5, 5, 5)]
    settings += [(10, 2, 3), (9, 1, 4), (12, 3, 5), (7, 4, 10)]
    cases = [
        (f"size {size}, window {k}, stride {s}", (size, k, s), _count_by_marking(size, k, s))
        for size, k, s in settings
    ]
    run_cases(answer, cases, compare_numbers, done=f"count_unseen is right on {len(cases)} cases")


def check_min_pool(answer):
    """Check ``min_pool(images, window)``: the smallest pixel of each window, side by side.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_min_pool(None)
        not attempted yet
    """
    rng = np.random.default_rng(23)
    cases = []
    for shape, window in [
        ((1, 4, 4, 1), 2),
        ((2, 6, 9, 3), 3),
        ((1, 7, 5, 2), 2),
        ((3, 8, 8, 1), 4),
    ]:
        images = rng.normal(size=shape)
        height, width = shape[1] // window, shape[2] // window
        whole = images[:, : height * window, : width * window]
        blocks = whole.reshape(shape[0], height, window, width, window, shape[3])
        size = "×".join(map(str, shape))
        cases.append((f"images {size}, window {window}", (images, window), blocks.min((2, 4))))
    run_cases(answer, cases, compare_arrays, done="min_pool is right on 4 random cases")


def check_max_pool_backward(answer):
    """Check ``max_pool_backward(grad_output, image)``: windows of 2x2, stride 2, ties.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_max_pool_backward(None)
        not attempted yet
    """
    rng = np.random.default_rng(23)
    pictures = [
        ("a window of 2×2", np.array([[1.0, 4], [3, 2]])),
        ("an image of 4×6 without ties", rng.permutation(24).reshape(4, 6) / 10),
        ("an image of negative numbers", -1 - rng.permutation(16).reshape(4, 4) / 10),
        ("a window 7, 7, 0, 7: a tie", np.array([[7.0, 7], [0, 7]])),
        ("a window 0, 0, 0, 0: a tie", np.zeros((2, 2))),
        ("a window 1, 2, 2, 0: a tie", np.array([[1.0, 2], [2, 0]])),
        ("an image of 6×4 full of ties", rng.integers(0, 3, (6, 4)).astype(float)),
    ]
    cases = []
    for name, image in pictures:
        incoming = rng.permutation(image.size // 4).reshape(np.array(image.shape) // 2) - 1.5
        gradient = numpy_ops.max_pool2d_backward(incoming[None, ..., None], image[None, ..., None])
        cases.append((name, (incoming, image), gradient[0, :, :, 0]))
    run_cases(
        answer, cases, compare_arrays, done=f"max_pool_backward is right on {len(cases)} cases"
    )


def check_average_kernel(answer):
    """Check ``average_kernel(window, channels)``: average pooling as a strided convolution.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: if the kernel has another shape or another effect on random images.

    Example:
        >>> check_average_kernel(None)
        not attempted yet
    """
    rng = np.random.default_rng(23)

    def compare(kernel, expected):
        images, window, means = expected
        channels = images.shape[3]
        kernel = np.asarray(kernel, dtype=float)
        if kernel.shape != (window, window, channels, channels):
            wanted = (window, window, channels, channels)
            return f"expected a kernel of shape {wanted}, received shape {kernel.shape}"
        return compare_arrays(numpy_ops.conv2d(images, kernel, strides=window), means)

    cases = []
    for window, channels in [(2, 1), (2, 3), (3, 2), (4, 4)]:
        images = rng.normal(size=(2, 12, 12, channels))
        means = numpy_ops.avg_pool2d(images, window)
        name = f"window {window}, {channels} channels, random images"
        cases.append((name, (window, channels), (images, window, means)))
    run_cases(answer, cases, compare, done="the kernel averages as avg_pool2d does, in 4 cases")


def _count_by_marking(size, window, stride):
    """The pixels that no window covers, by covering them."""
    seen = np.zeros(size, bool)
    for start in range(0, size - window + 1, stride):
        seen[start : start + window] = True
    return int((~seen).sum())
