"""conv2d against TensorFlow's convolution, in one process: ``make bench`` runs it.

It stops with an error when conv2d takes more than LIMIT times as long as TensorFlow for one of
the three shapes, by the ratio of the medians in each of ATTEMPTS measurements. The two take turns
in long blocks with a rest between them: a matrix product's threads keep a processor busy for a
while after it, which in short turns slows the other down, and TensorFlow more.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cnn_tutorial.numpy_ops import conv2d, conv2d_loops

LIMIT = 2.5  # times TensorFlow's time
ATTEMPTS = 3
ROUNDS = 4  # in each, both are timed REPEATS times
REPEATS = 30
REST = 0.3  # seconds between the two

SHAPES = [  # images, kernel
    ((64, 28, 28, 1), (3, 3, 1, 32)),
    ((64, 32, 32, 32), (3, 3, 32, 64)),
    ((16, 16, 16, 128), (3, 3, 128, 128)),
]
LOOPS_SHAPE = ((1, 10, 10, 16), (3, 3, 16, 32))  # the loops' piece


def main():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    print("forward, float32, valid padding: median milliseconds of a call, conv2d's ratio to it")
    columns = ("images", "kernel", "TensorFlow", "conv2d", "ratio")
    print("{:>14} {:>12} {:>11} {:>8} {:>6}".format(*columns))
    too_slow = []
    for shapes in SHAPES:
        for _ in range(ATTEMPTS):
            theirs, ours = measure(tf, *shapes)
            ratio = np.median(ours) / np.median(theirs)
            print(
                f"{format_shape(shapes[0]):>14} {format_shape(shapes[1]):>12} "
                f"{1e3 * np.median(theirs):11.2f} {1e3 * np.median(ours):8.2f} "
                f"{ratio:6.2f}",
                flush=True,
            )
            if ratio <= LIMIT:
                break
        else:
            too_slow.append(f"{format_shape(shapes[0])} ({ratio:.2f} times)")
    print_loops()
    if too_slow:
        sys.exit(
            f"conv2d takes more than {LIMIT} times TensorFlow's time for {'; '.join(too_slow)}"
        )


def measure(tf, images_shape, kernel_shape):
    """The seconds of many calls of TensorFlow's convolution and of ours, taken in turns."""
    images, kernel = make_operands(images_shape, kernel_shape)
    tensors = tf.constant(images), tf.constant(kernel)

    def convolve_with_tensorflow():
        return tf.nn.conv2d(*tensors, strides=1, padding="VALID").numpy()

    def convolve():
        return conv2d(images, kernel)

    np.testing.assert_allclose(convolve(), convolve_with_tensorflow(), rtol=1e-3, atol=1e-2)
    times = {convolve_with_tensorflow: [], convolve: []}
    for _ in range(ROUNDS):
        for function, taken in times.items():
            time.sleep(REST)
            function()  # wakes its threads and fills its caches
            taken += [time_call(function) for _ in range(REPEATS)]
    return tuple(times.values())


def print_loops():
    images, kernel = make_operands(*LOOPS_SHAPE)
    loops = np.median([time_call(lambda: conv2d_loops(images, kernel)) for _ in range(3)])
    ours = np.median([time_call(lambda: conv2d(images, kernel)) for _ in range(30)])
    sizes = " and ".join(format_shape(shape) for shape in LOOPS_SHAPE)
    print(
        f"\nthe formula in Python's loops, {sizes}: {1e3 * loops:.0f} ms, "
        f"conv2d: {1e3 * ours:.3f} ms ({loops / ours:.0f} times less)"
    )


def make_operands(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def time_call(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def format_shape(shape):
    return "×".join(map(str, shape))


if __name__ == "__main__":
    main()
