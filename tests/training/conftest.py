"""A small model with everything that has a state, and data for it."""

import os
import signal

import numpy as np
import pytest

COUNT = 64  # numbers


@pytest.fixture(scope="session")
def training(keras):
    import tensorflow as tf

    from cnn_tutorial import training

    tf.config.experimental.enable_op_determinism()  # as session.start does
    return training


@pytest.fixture
def loaded(training):
    """The modules that ``fit`` uses, by name, for ``monkeypatch``.

    They are not those that a test imports: for its doctests pytest imports another copy of each.
    """
    return training.fit.__globals__


@pytest.fixture
def fit(training):
    """``fit`` for two epochs, without a bar."""

    def fit(model, train, *arguments, **options):
        return training.fit(model, train, *arguments, **{"epochs": 2, "progress": False} | options)

    return fit


@pytest.fixture
def fit_numbers(training, numbers):
    """``fit`` on ``numbers``, unless others are given: four epochs of four steps, without a bar."""

    def fit(model, train=None, *arguments, **options):
        options = {"epochs": 4, "progress": False, "batch_size": 16} | options
        return training.fit(model, numbers if train is None else train, *arguments, **options)

    return fit


@pytest.fixture(scope="session")
def make_model(keras):
    """A function that builds a model: the same every time, but for the weights of ``seed``."""

    def make_model(optimizer=None, *, loss=None, seed=5, units=3, metrics=("accuracy",)):
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Rescaling(1 / 255),
                layers.GaussianNoise(0.1),
                layers.Conv2D(4, 3),
                layers.BatchNormalization(),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(units),
            ]
        )
        model.compile(
            optimizer or keras.optimizers.Adam(0.01),
            loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=list(metrics),
        )
        keras.utils.set_random_seed(5)  # which decides the order of datasets too
        return model

    return make_model


@pytest.fixture(scope="session")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (100, 8, 8, 1)).astype(np.uint8)


@pytest.fixture(scope="session")
def labels():
    return np.random.default_rng(1).integers(0, 3, 100)


@pytest.fixture(scope="session")
def numbers():
    """COUNT images of one row of four numbers, and labels of three classes."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(COUNT, 4)).astype(np.float32), rng.integers(0, 3, COUNT)


@pytest.fixture
def rows(numbers):
    """A function that makes a dataset of ``numbers``, row by row."""
    import tensorflow as tf

    return lambda: tf.data.Dataset.from_tensor_slices(numbers)


@pytest.fixture(scope="session")
def make_small(keras):
    """A function that makes a compiled model of 15 weights, run without compilation."""

    def make_small(optimizer=None, *, seed=5, units=3, layers=None, model=None, loss=None):
        keras.utils.set_random_seed(seed)
        layers = layers or [keras.layers.Dense(units)]
        model = model or keras.Sequential([keras.Input((4,)), *layers])
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer or keras.optimizers.Adam(0.01), loss, run_eagerly=True)
        keras.utils.set_random_seed(5)
        return model

    return make_small


@pytest.fixture(scope="session")
def make_killer(keras):
    """A function that makes a callback which ends a training at a step, as a signal would."""

    class Killer(keras.callbacks.Callback):
        def __init__(self, step):
            super().__init__()
            self.left = [step]  # steps until the end, in a list of its own

        def on_train_batch_begin(self, batch, logs=None):
            self.left[0] -= 1
            if self.left[0] < 0:
                raise KilledError

    return Killer


class KilledError(Exception):
    """What ends a training in these tests."""


@pytest.fixture(scope="session")
def Killed():
    return KilledError


@pytest.fixture(scope="session")
def assert_same():
    """Two models whose every variable is the same, bit for bit."""

    def assert_same(one, other):
        for first, second in (
            (one.variables, other.variables),
            (one.optimizer.variables, other.optimizer.variables),
        ):
            assert len(first) == len(second)
            for a, b in zip(first, second, strict=True):
                assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), a.path

    return assert_same


@pytest.fixture(scope="session")
def have_equal_weights():
    """Whether two models have the same weights, bit for bit; their optimisers may differ."""

    def have_equal_weights(one, other):
        pairs = zip(one.get_weights(), other.get_weights(), strict=True)
        return all(a.tobytes() == b.tobytes() for a, b in pairs)

    return have_equal_weights


@pytest.fixture(scope="session")
def make_interrupt(keras):
    """A function that makes a callback which sends this process what Ctrl-C sends, at a step."""

    class Interrupt(keras.callbacks.Callback):
        def __init__(self, epoch, step=0):
            super().__init__()
            self.epoch, self.step, self.is_epoch = epoch, step, False

        def on_epoch_begin(self, epoch, logs=None):
            self.is_epoch = epoch == self.epoch

        def on_train_batch_begin(self, batch, logs=None):
            if self.is_epoch and batch == self.step:
                os.kill(os.getpid(), signal.SIGINT)

    return Interrupt
