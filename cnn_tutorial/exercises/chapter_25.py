"""Checkers for chapter 25, Backpropagation."""

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.exercises import compare_arrays, run_cases

# (gradients, rate, epsilon): where keras.optimizers.Adam was after each step, from 0.
ADAM_PLACES = {
    ((2.0,), 0.1, 0.1): np.array([-0.038742]),
    ((1.0, -3.0, 0.5), 0.1, 0.1): np.array([-0.024025, 0.000684, 0.01464]),
    ((0.01, 0.02, 0.01, -0.05), 1.0, 0.001): np.array([-0.240251, -0.640017, -1.051047, -0.934475]),
    ((1.0, 1.0, 1.0, 0.0), 0.5, 1.0): np.array([-0.015327, -0.036725, -0.062676, -0.083924]),
}


def check_neuron_gradients(answer):
    """Check ``neuron_gradients(x, w, b, y)`` of ``L = (sigmoid(w x + b) - y)**2``.

    Args:
        answer: the function, or None. It returns ``(dL/dw, dL/db, dL/dx)``.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_neuron_gradients(None)
        not attempted yet
    """
    cases = []
    for x, w, b, y in [(2, 1, -2, 1), (1, 3, 0.5, 0), (-1.5, 0.5, 1, 0.25), (0.3, -2, 0.1, 1)]:
        place = np.array([w, b, x], float)

        def loss(values, y=y):
            w, b, x = values
            return (numpy_ops.sigmoid(w * x + b) - y) ** 2

        # What the derivation gives is checked against what trying gives, without deriving.
        expected = numpy_ops.numerical_gradient(loss, place)
        cases.append((f"x = {x}, w = {w}, b = {b}, y = {y}", (x, w, b, y), expected))
    run_cases(
        answer,
        cases,
        _compare_with(tolerance=1e-7),
        done=f"neuron_gradients is right on {len(cases)} cases",
    )


def check_kernel_gradient(answer):
    """Check ``kernel_gradient(image, arrives)``: 2-D, valid padding, stride one.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_kernel_gradient(None)
        not attempted yet
    """
    rng = np.random.default_rng(25)
    cases = []
    for size, kernel_size in [
        ((3, 3), (2, 2)),
        ((4, 6), (3, 2)),
        ((7, 5), (2, 4)),
        ((5, 5), (1, 3)),
    ]:
        image, arrives = _random(rng, size), _random(rng, np.subtract(size, kernel_size) + 1)
        _, expected, _ = numpy_ops.conv2d_backward(
            arrives[None, :, :, None], image[None, :, :, None], np.zeros((*kernel_size, 1, 1))
        )
        name = f"image {size[0]}×{size[1]}, kernel {kernel_size[0]}×{kernel_size[1]}"
        cases.append((name, (image, arrives), expected[:, :, 0, 0]))
    run_cases(answer, cases, compare_arrays, done="kernel_gradient is right on 4 random cases")


def check_image_gradient(answer):
    """Check ``image_gradient(arrives, kernel, shape, stride)``: 2-D, valid padding.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_image_gradient(None)
        not attempted yet
    """
    rng = np.random.default_rng(25)
    cases = []
    # In the third and the fourth, no window sees the last pixels.
    for shape, kernel_size, stride in [
        ((4, 4), (2, 2), 1),
        ((5, 7), (3, 2), 1),
        ((6, 8), (2, 3), 2),
        ((8, 7), (2, 2), 3),
    ]:
        map_size = numpy_ops.output_size(shape, kernel_size, strides=stride)
        arrives, kernel = _random(rng, map_size), _random(rng, kernel_size)
        expected, _, _ = numpy_ops.conv2d_backward(
            arrives[None, :, :, None],
            np.zeros((1, *shape, 1)),
            kernel[:, :, None, None],
            strides=stride,
        )
        name = f"image {shape[0]}×{shape[1]}, kernel {kernel_size[0]}×{kernel_size[1]}"
        name += f", stride {stride}"
        cases.append((name, (arrives, kernel, shape, stride), expected[0, :, :, 0]))
    run_cases(answer, cases, compare_arrays, done="image_gradient is right on 4 random cases")


def check_adam_path(answer):
    """Check ``adam_path(gradients, rate, epsilon)``: where Keras's Adam steps lead from 0.

    Args:
        answer: the function, or None. It returns the place after each step.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_adam_path(None)
        not attempted yet
    """
    cases = [
        (f"gradients {list(g)}, rate {rate}, epsilon {epsilon}", (list(g), rate, epsilon), places)
        for (g, rate, epsilon), places in ADAM_PLACES.items()
    ]
    run_cases(
        answer,
        cases,
        _compare_with(tolerance=2e-5),
        done=f"adam_path is right on {len(cases)} cases",
    )


def _random(rng, size):
    return rng.integers(-9, 10, size).astype(float)


def _compare_with(tolerance):
    return lambda received, expected: compare_arrays(received, expected, tolerance=tolerance)
