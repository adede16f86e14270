"""Pooling and its gradient against TensorFlow's, in one process: ``make bench`` runs it.

It stops with an error when one of them takes more than LIMIT times as long as TensorFlow for one
of the three shapes, by the ratio of the medians in each of ATTEMPTS measurements. The two take
turns with a rest between them, so that the threads of the one are asleep when the other is timed;
in short turns, so that on a machine that is shared neither uses up its time slice.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cnn_tutorial.numpy_ops import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

LIMIT = 4.0  # times TensorFlow's time
ATTEMPTS = 3
ROUNDS = 12  # in each, both are timed REPEATS times
REPEATS = 4
REST = 0.1  # seconds between the two

SHAPES = [  # images, window, stride
    ((64, 28, 28, 32), 2, 2),
    ((64, 32, 32, 64), 2, 2),
    ((64, 32, 32, 64), 3, 2),
]


def main():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    print("float32, valid padding: median milliseconds of a call, our ratio to TensorFlow's")
    row = "{:>14} {:>6} {:>6} {:>9} {:>11} {:>8} {:>6}"
    print(row.format("images", "window", "stride", "", "TensorFlow", "ours", "ratio"))
    too_slow = []
    for shape, window, stride in SHAPES:
        for name, functions in make_functions(tf, shape, window, stride).items():
            for _ in range(ATTEMPTS):
                theirs, ours = measure(*functions)
                ratio = np.median(ours) / np.median(theirs)
                times = [f"{1e3 * np.median(taken):.2f}" for taken in (theirs, ours)]
                size = "×".join(map(str, shape))
                print(row.format(size, window, stride, name, *times, f"{ratio:.2f}"), flush=True)
                if ratio <= LIMIT:
                    break
            else:
                too_slow.append(f"{name} of {size}, window {window} ({ratio:.2f} times)")
    if too_slow:
        sys.exit(f"more than {LIMIT} times TensorFlow's time: {'; '.join(too_slow)}")


def make_functions(tf, shape, window, stride):
    """What is timed, by name: TensorFlow's function and ours, which give the same."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=shape).astype(np.float32)
    maxima = max_pool2d(images, window, strides=stride)
    grad_output = rng.normal(size=maxima.shape).astype(np.float32)
    tensor, outputs, grad = map(tf.constant, (images, maxima, grad_output))
    geometry = {"ksize": 4 * [window], "strides": 4 * [stride], "padding": "VALID"}
    for sizes in (geometry["ksize"], geometry["strides"]):
        sizes[0] = sizes[3] = 1  # one image and one channel at a time
    raw = tf.raw_ops
    functions = {
        "max": (
            lambda: raw.MaxPool(input=tensor, **geometry),
            lambda: max_pool2d(images, window, strides=stride),
        ),
        # TensorFlow's is handed the maxima; ours has to find them again.
        "max, grad": (
            lambda: raw.MaxPoolGrad(orig_input=tensor, orig_output=outputs, grad=grad, **geometry),
            lambda: max_pool2d_backward(grad_output, images, window, strides=stride),
        ),
        "mean": (
            lambda: raw.AvgPool(value=tensor, **geometry),
            lambda: avg_pool2d(images, window, strides=stride),
        ),
        "mean, grad": (
            lambda: raw.AvgPoolGrad(orig_input_shape=shape, grad=grad, **geometry),
            lambda: avg_pool2d_backward(grad_output, images, window, strides=stride),
        ),
    }
    for theirs, ours in functions.values():
        np.testing.assert_allclose(ours(), theirs().numpy(), rtol=1e-4, atol=1e-5)
    return functions


def measure(*functions):
    """The seconds of many calls of each function, taken in turns."""
    times = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, taken in zip(functions, times, strict=True):
            time.sleep(REST)
            function()  # wakes its threads and fills its caches
            taken += [time_call(function) for _ in range(REPEATS)]
    return times


def time_call(function):
    start = time.perf_counter()
    np.asarray(function())  # which waits for TensorFlow's result
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
