import warnings

import pytest


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
