"""conv2d and conv2d_transpose against ONNX's own test vectors: written by others, for others.

ONNX's arrays are N C H W with kernels (c_out, c_in / groups, kh, kw) for Conv and
(c_in, c_out / groups, kh, kw) for ConvTranspose. Both kernels are ours with their axes reversed
in pairs. One axis is taken as two of which the first has length 1; three axes are left out.
"""

import importlib
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import onnx.backend.test
import pytest
from onnx import numpy_helper

from cnn_tutorial.numpy_ops import conv2d, conv2d_transpose, pad_amounts

CONVERTED = Path(onnx.backend.test.__file__).parent / "data" / "pytorch-converted"
PORTS = ("input", "output")


def node_cases(operation):
    """(name, attributes, inputs, output) of every test of an operator that ONNX specifies."""
    module = importlib.import_module(f"onnx.backend.test.case.node.{operation.lower()}")
    cases = []

    def record(node, inputs, outputs, name, **_):
        cases.append((name, read_attributes(node), inputs, outputs[0]))

    with mock.patch.object(module, "expect", record):
        exporter = getattr(module, operation)
        for name in dir(exporter):
            if name.startswith("export"):
                getattr(exporter, name)()
    return [case for case in cases if case[2][0].ndim < 5]


def converted_cases(operation):
    """The same of the layers that were exported from PyTorch, with PyTorch's outputs."""
    cases = []
    for folder in sorted(CONVERTED.glob("test_Conv*")):
        graph = onnx.load(folder / "model.onnx").graph
        weights = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
        (node,) = graph.node
        images, expected = (read_tensor(folder / "test_data_set_0" / f"{n}_0.pb") for n in PORTS)
        if node.op_type == operation and images.ndim < 5:
            inputs = [images, *(weights[name] for name in node.input[1:])]
            cases.append((folder.name, read_attributes(node), inputs, expected))
    return cases


def read_tensor(path):
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def read_attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def to_ours(attributes, images, kernel, bias=None):
    """N H W C images, a kernel of ours, strides, dilation, ((top, bottom), (left, right))."""
    axes = images.ndim - 2
    strides = attributes.get("strides", [1] * axes)
    dilations = attributes.get("dilations", [1] * axes)
    pads = attributes.get("pads", [0] * 2 * axes)
    pads = list(zip(pads[:axes], pads[axes:], strict=True))
    if axes == 1:
        images, kernel = images[:, :, None], kernel[:, :, None]
        strides, dilations, pads = [1, *strides], [1, *dilations], [(0, 0), *pads]
    return (
        images.transpose(0, 2, 3, 1),
        kernel.transpose(2, 3, 1, 0),
        bias,
        tuple(strides),
        tuple(dilations),
        tuple(pads),
    )


def assert_equals_onnx(actual, expected):
    expected = expected.reshape(*expected.shape[:2], -1, expected.shape[-1])  # of one axis, two
    assert actual.dtype == expected.dtype
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(actual.transpose(0, 3, 1, 2), expected, rtol=0, atol=tolerance)


def spread(kernel, dilations):
    """The kernel with zeros between its entries: conv2d_transpose knows no dilation."""
    size = [d * (k - 1) + 1 for k, d in zip(kernel.shape[:2], dilations, strict=True)]
    spread = np.zeros((*size, *kernel.shape[2:]), kernel.dtype)
    spread[:: dilations[0], :: dilations[1]] = kernel
    return spread


CONV = node_cases("Conv") + converted_cases("Conv")
TRANSPOSE = node_cases("ConvTranspose") + converted_cases("ConvTranspose")


def test_there_are_cases_of_every_kind():
    names = [name for name, *_ in CONV]
    assert len(CONV) >= 20
    assert len(TRANSPOSE) >= 9
    for kind in ("asymmetric_padding", "autopad_same", "groups", "depthwise", "dilated", "stride"):
        assert any(kind in name for name in names), kind
    names = [name for name, *_ in TRANSPOSE]
    for kind in ("pads", "autopad_same", "group_2", "dilations", "output_shape"):
        assert any(kind in name for name in names), kind


@pytest.mark.parametrize(
    ("attributes", "inputs", "expected"),
    [pytest.param(*case, id=name) for name, *case in CONV],
)
def test_conv2d_agrees_with_onnx(attributes, inputs, expected):
    images, kernel, bias, strides, dilations, padding = to_ours(attributes, *inputs)
    how = {"strides": strides, "dilation_rate": dilations}
    automatic = attributes.get("auto_pad", b"NOTSET").decode()
    if automatic.startswith("SAME"):
        padding = pad_amounts(images.shape[1:3], kernel.shape[:2], padding="same", **how)
    if automatic == "SAME_LOWER":  # the odd pixel at the beginning
        padding = tuple(amounts[::-1] for amounts in padding)
    actual = conv2d(images, kernel, bias, padding=padding, groups=attributes.get("group", 1), **how)
    assert_equals_onnx(actual, expected)


@pytest.mark.parametrize(
    ("attributes", "inputs", "expected"),
    [pytest.param(*case, id=name) for name, *case in TRANSPOSE],
)
def test_conv2d_transpose_agrees_with_onnx(attributes, inputs, expected):
    images, kernel, bias, strides, dilations, padding = to_ours(attributes, *inputs)
    kernel = spread(kernel, dilations)
    missing = np.zeros((2, 2), int)
    if attributes.get("auto_pad") == b"SAME_UPPER":
        padding = "same"
    else:
        # An output may be asked for that is larger than what the kernels cover.
        end = np.array(padding)[:, 1] - attributes.get("output_padding", 0)
        if "output_shape" in attributes:
            sizes = zip(images.shape[1:3], kernel.shape[:2], strides, strict=True)
            covered = [(n - 1) * s + k for n, k, s in sizes]
            end = np.array(covered) - attributes["output_shape"]
        padding = tuple((start, max(int(n), 0)) for (start, _), n in zip(padding, end, strict=True))
        missing[:, 1] = np.maximum(-end, 0)
    groups = attributes.get("group", 1)
    cuts = np.linspace(0, images.shape[3], groups + 1).astype(int)
    parts = [
        conv2d_transpose(images[..., a:b], kernel[..., a:b], bias, strides=strides, padding=padding)
        for a, b in pairwise(cuts)
    ]
    assert not missing.any() or bias is None  # what is added here is zero
    actual = np.pad(np.concatenate(parts, axis=-1), ((0, 0), *missing, (0, 0)))
    assert_equals_onnx(actual, expected)
