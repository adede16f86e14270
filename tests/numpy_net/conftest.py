"""The network that most of these tests take, and images for it."""

import numpy as np
import pytest

from cnn_tutorial import numpy_ops
from cnn_tutorial.numpy_net import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    ReLU,
    Rescaling,
    Sequential,
)

SHAPE, CLASSES = (12, 11, 2), 3


def make_layers():
    """Every layer there is, with settings that are not the defaults."""
    return [
        Rescaling(1 / 256),  # exact in float32 too, to which Keras rounds it
        Conv2D(4, (3, 2), padding="same"),
        BatchNorm(momentum=0.9, epsilon=1e-2),
        ReLU(),
        MaxPool2D(3, strides=2),
        Conv2D(5, 3, strides=(1, 2)),
        ReLU(),
        Flatten(),
        Dense(6),
        BatchNorm(),
        ReLU(),
        Dense(CLASSES),
    ]


@pytest.fixture(scope="session")
def make_network():
    """A function that builds the network of ``make_layers``."""

    def make_network(dtype="float32", optimizer=None, seed=0):
        network = Sequential(make_layers(), optimizer, seed=seed, dtype=dtype)
        network.build(SHAPE)
        # Gammas, betas and statistics away from 1 and 0, where mistakes would not show.
        rng = np.random.default_rng(5)
        weights = network.get_weights()
        network.set_weights([w if w.ndim > 1 else rng.uniform(0.5, 1.5, w.shape) for w in weights])
        return network

    return make_network


@pytest.fixture(scope="session")
def make_data():
    """A function that gives images of pixels and their labels."""

    def make_data(count=14):
        rng = np.random.default_rng(1)
        images = rng.integers(0, 256, (count, *SHAPE)).astype(np.uint8)
        return images, rng.integers(0, CLASSES, count)

    return make_data


@pytest.fixture(scope="session")
def compute_gradients():
    """A function: the loss, in training, and the parameters' gradients, in Keras's order."""

    def compute_gradients(network, images, labels):
        logits = network.forward(images, training=True)
        network.backward(
            numpy_ops.sparse_categorical_cross_entropy_backward(labels, logits, from_logits=True)
        )
        loss = numpy_ops.sparse_categorical_cross_entropy(labels, logits, from_logits=True)
        return loss, network.collect("gradients")

    return compute_gradients
