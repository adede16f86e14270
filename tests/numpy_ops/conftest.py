import os

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return keras


@pytest.fixture(scope="session")
def assert_close():
    """Equal within a tolerance relative to the largest absolute expected value."""

    def assert_close(actual, expected, tolerance, message=""):
        actual, expected = np.asarray(actual), np.asarray(expected)
        assert actual.shape == expected.shape, message
        largest = np.abs(expected).max()
        assert np.abs(actual - expected).max() <= tolerance * max(largest, 1e-30), message

    return assert_close
