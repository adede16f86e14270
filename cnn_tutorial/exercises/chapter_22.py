"""Checkers for chapter 22, Convolution variants."""

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_separable_costs(answer):
    """Check ``separable_costs(height, width, kernel_size, channels, filters)``.

    Args:
        answer: the function, or None. It returns (weights, FLOPs), both without biases.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_separable_costs(None)
        not attempted yet
    """
    settings = [
        (1, 1, 3, 1, 1),
        (10, 10, 3, 4, 8),
        (7, 9, 5, 6, 2),
        (56, 56, 3, 128, 128),
        (14, 14, 1, 32, 64),
    ]
    cases = []
    for height, width, k, channels, filters in settings:
        depthwise = {"groups": channels, "use_bias": False}
        stages = [(k, channels, channels, depthwise), (1, channels, filters, {"use_bias": False})]
        weights = sum(numpy_ops.conv2d_parameters(*stage, **how) for *stage, how in stages)
        flops = sum(
            numpy_ops.conv2d_flops((height, width), *stage, **how) for *stage, how in stages
        )
        name = f"output {height}×{width}, kernel {k}×{k}, {channels} channels, {filters} filters"
        cases.append((name, (height, width, k, channels, filters), np.array([weights, flops])))
    run_cases(answer, cases, compare_arrays, done=f"separable_costs is right on {len(cases)} cases")


def check_receptive_field(answer):
    """Check ``receptive_field(layers)``, the number of pixels along one axis.

    Args:
        answer: the function, or None. ``layers`` is a list of (kernel size, stride, dilation).

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_receptive_field(None)
        not attempted yet
    """
    # By hand: the pixels from the first that the output depends on to the last.
    by_hand = [
        ([(5, 1, 1)], 5),
        ([(3, 1, 1), (3, 1, 1)], 5),
        ([(3, 1, 2)], 5),
        ([(3, 2, 1), (3, 1, 1)], 7),
        ([(3, 1, 1), (3, 2, 1)], 5),
        ([(3, 1, 1), (3, 1, 2), (3, 1, 4)], 15),
        ([(2, 2, 1), (2, 2, 1), (2, 2, 1)], 8),
        ([(7, 2, 1), (3, 2, 1), (3, 1, 2)], 27),
        ([(1, 3, 1), (3, 1, 1)], 7),
    ]
    cases = [(f"layers {layers}", (layers,), size) for layers, size in by_hand]
    run_cases(
        answer, cases, compare_numbers, done=f"receptive_field is right on {len(cases)} cases"
    )


def check_phase_sums(answer):
    """Check ``phase_sums(kernel, stride)``: what a flat image becomes, a number for each phase.

    Args:
        answer: the function, or None. It returns an array of shape (stride, stride).

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_phase_sums(None)
        not attempted yet
    """
    rng = np.random.default_rng(22)
    cases = []
    for shape, stride in [((3, 3), 2), ((4, 4), 2), ((2, 5), 3), ((3, 4), 1), ((6, 4), 3)]:
        kernel = rng.integers(-9, 10, shape).astype(float)
        # A block in the middle of a large flat image that was enlarged, away from its border.
        enlarged = numpy_ops.conv2d_transpose(
            np.ones((1, 9, 9, 1)), kernel[:, :, None, None], strides=stride
        )[0, :, :, 0]
        start = 4 * stride
        while start < max(shape):
            start += stride
        expected = enlarged[start : start + stride, start : start + stride]
        name = f"kernel {shape[0]}×{shape[1]}, stride {stride}"
        cases.append((name, (kernel, stride), expected))
    run_cases(answer, cases, compare_arrays, done=f"phase_sums is right on {len(cases)} kernels")


def check_lossless_kernel(answer):
    """Check ``lossless_kernel()``: 2×2, one channel, four filters, that its transpose undoes.

    Args:
        answer: the function, or None. It returns an array of shape (2, 2, 1, 4) without zeros.

    Raises:
        WrongAnswer: if the shape is another, a weight is zero, or the image does not come back.

    Example:
        >>> check_lossless_kernel(None)
        not attempted yet
    """
    image = np.random.default_rng(22).normal(size=(1, 6, 8, 1))

    def compare(kernel, expected):
        kernel = np.asarray(kernel, dtype=float)
        if kernel.shape != (2, 2, 1, 4):
            return f"expected a kernel of shape (2, 2, 1, 4), received shape {kernel.shape}"
        # An identity with tiny numbers for its zeros would come through the comparison below.
        if (np.abs(kernel) < 1e-4).any():
            return f"{(np.abs(kernel) < 1e-4).sum()} weights are zero or nearly; none may be"
        halved = numpy_ops.conv2d(image, kernel, strides=2)
        back = numpy_ops.conv2d_transpose(halved, kernel, strides=2)
        # Wide enough for a kernel in float32.
        return compare_arrays(back[0, :, :, 0], expected, tolerance=1e-5)

    run_cases(
        answer,
        [("a random image of 6×8, through your layer and its transpose", (), image[0, :, :, 0])],
        compare,
        done="a random image comes back",
    )
