import os
import warnings

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


@pytest.fixture(scope="session")
def onnx_cases():
    """ONNX's own test vectors of an operation.

    ``onnx_cases("MaxPool")`` is a dict from the case's name to ``(attributes, inputs, outputs)``,
    the arrays in ONNX's layout, N C H W.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of ONNX's generators overflow on purpose
        from onnx import helper
        from onnx.backend.test.case import node

        collected = node.collect_testcases(None)

    def onnx_cases(operation):
        found = {}
        for case in collected:
            nodes = case.model.graph.node
            if len(nodes) == 1 and nodes[0].op_type == operation:
                attributes = {a.name: helper.get_attribute_value(a) for a in nodes[0].attribute}
                found[case.name] = (attributes, *case.data_sets[0])
        assert found, f"ONNX has no case of {operation}"
        return found

    return onnx_cases


def pytest_collection_modifyitems(items):
    """Tests that need another library are slow: it takes seconds to load."""
    for item in items:
        if {"keras", "onnx_cases"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
