"""An epoch of MNIST in numpy_net against Keras on TensorFlow: ``make bench`` runs it.

It stops with an error when numpy_net takes more than LIMIT times Keras's time for chapter 26's
network, or for one with max pooling and batch normalisation in every block, by the ratio of the
fastest of ROUNDS epochs of each in one of ATTEMPTS measurements. The two take turns, with a rest
between them, so that the threads of the one are asleep when the other is timed. Both train from
the same weights, on the same images in the same order, and must end with nearly the same loss.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cnn_tutorial import data, numpy_net

LIMIT = 4.0  # times Keras's time
ATTEMPTS = 3
ROUNDS = 2
REST = 0.5  # seconds between the two
BATCH = 64


def main():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    images, labels = data.load("mnist", split="train")
    print(f"one epoch, {len(images):,} digits, batches of {BATCH}: seconds, ratio to Keras")
    row = "{:>12} {:>8} {:>10} {:>6}   {}"
    print(row.format("network", "Keras", "numpy_net", "ratio", "loss of the epoch, both"))
    too_slow = []
    for name, make in {"chapter 26": make_strided, "with pooling": make_pooled}.items():
        for _ in range(ATTEMPTS):
            theirs, ours, losses = measure(keras, make, images, labels)
            ratio = ours / theirs
            seconds = f"{theirs:.2f}", f"{ours:.2f}", f"{ratio:.2f}"
            print(row.format(name, *seconds, "{:.4f} {:.4f}".format(*losses)), flush=True)
            np.testing.assert_allclose(*losses, rtol=0.05)
            if ratio <= LIMIT:
                break
        else:
            too_slow.append(f"{name} ({ratio:.2f} times)")
    if too_slow:
        sys.exit(f"more than {LIMIT} times Keras's time: {'; '.join(too_slow)}")


def make_strided(layers):
    """Chapter 26's network, from the layers of Keras or of numpy_net."""
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 5, strides=2),
        layers.ReLU(),
        layers.Conv2D(16, 5, strides=2),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(10),
    ]


def make_pooled(layers):
    """One with every layer that numpy_net has."""
    pool = getattr(layers, "MaxPool2D", None)
    normalise = getattr(layers, "BatchNorm", None) or layers.BatchNormalization
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 5),
        layers.ReLU(),
        normalise(),
        pool(2),
        layers.Conv2D(16, 5),
        layers.ReLU(),
        normalise(),
        pool(2),
        layers.Flatten(),
        layers.Dense(10),
    ]


def measure(keras, make, images, labels):
    """The seconds of the fastest epoch of Keras and of ours, and the losses of the first."""
    network = numpy_net.Sequential(make(numpy_net), numpy_net.SGD(0.02, momentum=0.9))
    network.build(images.shape[1:])
    model = keras.Sequential([keras.Input(images.shape[1:]), *make(keras.layers)])
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9), cross_entropy, metrics=["accuracy"])
    start = network.get_weights()
    model.fit(images[:BATCH], labels[:BATCH], batch_size=BATCH, verbose=0)  # compiles
    model.set_weights(start)
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape) if "momentum" in variable.path else variable)
    order = np.random.default_rng(0).permutation(len(images))
    shuffled = images[order], labels[order]  # numpy_net's own order, so that both see the same

    def train_with_keras():
        history = model.fit(*shuffled, batch_size=BATCH, shuffle=False, verbose=0)
        return history.history["loss"][0]

    def train():
        how = {"epochs": 1, "batch_size": BATCH, "progress": False}
        return network.fit(images, labels, **how)["loss"][0]

    times, losses = {train_with_keras: [], train: []}, {train_with_keras: [], train: []}
    for _ in range(ROUNDS):
        for function, taken in times.items():
            time.sleep(REST)
            begin = time.perf_counter()
            losses[function].append(function())
            taken.append(time.perf_counter() - begin)
    return *(min(taken) for taken in times.values()), [one[0] for one in losses.values()]


if __name__ == "__main__":
    main()
