"""What the tests of several folders share: random numbers, Keras, closeness.

Hypothesis tries the same examples in every run, so that a run fails only where the code changed.
`make release` looks for new ones (HYPOTHESIS_PROFILE=default).
"""

import os

import numpy as np
import pytest
from hypothesis import settings

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


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


def pytest_collection_modifyitems(items):
    """Tests that need another library are slow: it takes seconds to load."""
    for item in items:
        if {"keras", "onnx_cases"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
