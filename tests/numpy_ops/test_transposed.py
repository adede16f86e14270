import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.numpy_ops import (
    check_gradient,
    conv2d,
    conv2d_backward,
    conv2d_transpose,
    conv2d_transpose_backward,
    conv2d_transpose_loops,
    output_size,
    pad_amounts,
    transposed_output_size,
)

# Kernels larger than the stride, equal to it and smaller; then what is cut off.
GEOMETRIES = [
    {},
    {"strides": 2},
    {"strides": 3},
    {"strides": (4, 1)},
    {"padding": "same"},
    {"padding": "same", "strides": 2},
    {"padding": "same", "strides": (1, 4)},
    {"padding": ((2, 0), (1, 0))},
    {"padding": ((1, 2), (0, 3)), "strides": (2, 3)},
]


def make_operands(rng, *, dtype=np.float64, size=(3, 4), kernel_size=(3, 2)):
    images = rng.normal(size=(2, *size, 4)).astype(dtype)
    kernel = rng.normal(size=(*kernel_size, 5, 4)).astype(dtype)
    bias = rng.normal(size=5).astype(dtype)
    return images, kernel, bias


@st.composite
def problems(draw, *, explicit=True):
    """Random operands and arguments of a transposed convolution that exists."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    size, kernel_size, strides = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.sampled_from(["valid", "same", "explicit"][: 3 if explicit else 2]))
    if padding == "explicit":
        uncut = [(n - 1) * s + k for n, k, s in zip(size, kernel_size, strides, strict=True)]
        befores = [draw(st.integers(0, n - 1)) for n in uncut]
        padding = tuple(
            (before, draw(st.integers(0, n - 1 - before)))
            for n, before in zip(uncut, befores, strict=True)
        )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    images = rng.normal(size=(draw(st.integers(1, 2)), *size, channels))
    kernel = rng.normal(size=(*kernel_size, filters, channels))
    geometry = {"strides": strides, "padding": padding}
    return images, kernel, rng.normal(size=filters), geometry, rng


# By hand


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_a_case_worked_by_hand(transpose):
    # Two pixels, 2 above 3, lay down the kernel [[1, 4], [5, 6]]; with a stride of 1 the lower
    # row of the first, 2 * [5, 6], meets the upper row of the second, 3 * [1, 4].
    images = np.array([2.0, 3.0]).reshape(1, 2, 1, 1)
    kernel = np.array([[1.0, 4.0], [5.0, 6.0]]).reshape(2, 2, 1, 1)
    assert transpose(images, kernel)[0, :, :, 0].tolist() == [[2, 8], [13, 24], [15, 18]]
    with_bias = transpose(images, kernel, np.array([100.0]))[0, :, :, 0].tolist()
    assert with_bias == [[102, 108], [113, 124], [115, 118]]
    apart = [[2, 8], [10, 12], [3, 12], [15, 18]]
    assert transpose(images, kernel, strides=2)[0, :, :, 0].tolist() == apart
    cut = transpose(images, kernel, padding=((1, 0), (0, 1)))[0, :, :, 0].tolist()
    assert cut == [[13], [15]]


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_same_cuts_the_odd_pixel_off_at_the_end(transpose):
    # Uncut: 1*[1, 2, 3] + 10*[0, 1, 2, 3] = [1, 12, 23, 30]. Two pixels are cut off, one each
    # side; of a kernel of 2 there is one to cut, at the end.
    row = np.array([1.0, 10.0]).reshape(1, 1, 2, 1)
    kernel = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    assert transpose(row, kernel).ravel().tolist() == [1, 12, 23, 30]
    assert transpose(row, kernel, padding="same").ravel().tolist() == [12, 23]
    assert transpose(row, kernel[:, :2], padding="same").ravel().tolist() == [1, 12]


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_a_kernel_smaller_than_the_stride_leaves_gaps(transpose):
    # "valid" fills up to size * stride, as Keras does; an explicit padding of zero, as PyTorch
    # and ONNX understand it, ends with the last kernel. The bias is everywhere.
    row = np.array([1.0, 10.0]).reshape(1, 1, 2, 1)
    kernel, bias = np.array([[1.0, 2.0]]).reshape(1, 2, 1, 1), np.array([5.0])
    how = {"strides": (1, 4)}
    expected = [6, 7, 5, 5, 15, 25, 5, 5]
    assert transpose(row, kernel, bias, **how).ravel().tolist() == expected
    assert transpose(row, kernel, bias, padding="same", **how).ravel().tolist() == expected
    none = ((0, 0), (0, 0))
    assert transpose(row, kernel, bias, padding=none, **how).ravel().tolist() == expected[:6]


def test_gradient_of_a_case_worked_by_hand():
    # One pixel of value 3 and weights 1 and 5: out = [3, 15].
    images, kernel = np.full((1, 1, 1, 1), 3.0), np.array([1.0, 5.0]).reshape(1, 2, 1, 1)
    grad_output = np.array([10.0, 100.0]).reshape(1, 1, 2, 1)
    gradients = conv2d_transpose_backward(grad_output, images, kernel)
    assert [gradient.ravel().tolist() for gradient in gradients] == [[510], [30, 300], [110]]


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_the_kernels_third_axis_is_the_outputs_and_the_fourth_the_inputs(transpose):
    images = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
    kernel = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).reshape(1, 1, 3, 2)
    assert transpose(images, kernel).ravel().tolist() == [21, 43, 65]


# Sizes


def test_output_size_worked_by_hand():
    assert transposed_output_size(4, 3) == 6
    assert transposed_output_size(4, 3, strides=2) == 9
    assert transposed_output_size(4, 2, strides=3) == 12  # Keras's: not 11
    assert transposed_output_size(4, 2, strides=3, padding=(0, 0)) == 11
    assert transposed_output_size(4, 3, strides=2, padding="same") == 8
    assert transposed_output_size((4, 5), (3, 2), strides=(2, 1), padding=((1, 0), (0, 2))) == (
        8,
        4,
    )


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 5), st.sampled_from(["valid", "same"]))
def test_the_convolution_leads_back_to_the_size(size, kernel, stride, padding):
    how = {"strides": stride, "padding": padding}
    larger = transposed_output_size(size, kernel, **how)
    assert output_size(larger, kernel, **how) == size


@pytest.mark.parametrize("size", [(1, 4), (5, 3)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, (4, 5)])
@pytest.mark.parametrize("strides", [1, 2, 3, (4, 1)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_output_size_matches_keras(keras, size, kernel_size, strides, padding):
    layer = keras.layers.Conv2DTranspose(5, kernel_size, strides=strides, padding=padding)
    expected = tuple(layer.compute_output_shape((None, *size, 3))[1:3])
    how = {"strides": strides, "padding": padding}
    assert transposed_output_size(size, kernel_size, **how) == expected


# The formula, and what follows from it


@settings(max_examples=60, deadline=None)
@given(problems())
def test_it_equals_the_loops_for_random_shapes(problem):
    images, kernel, bias, geometry, _ = problem
    actual = conv2d_transpose(images, kernel, bias, **geometry)
    expected = conv2d_transpose_loops(images, kernel, bias, **geometry)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_it_is_the_adjoint_of_conv2d_for_random_shapes(problem):
    # <conv2d(v), x> = <v, conv2d_transpose(x)> for every v and x: the definition of the name.
    images, kernel, _, geometry, rng = problem
    outputs = conv2d_transpose(images, kernel, **geometry)
    other = rng.normal(size=outputs.shape)
    amounts = pad_amounts(outputs.shape[1:3], kernel.shape[:2], **geometry)
    back = conv2d(other, kernel, strides=geometry["strides"], padding=amounts)
    assert back.shape == images.shape
    np.testing.assert_allclose(np.vdot(back, images), np.vdot(other, outputs), atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_backward_is_the_adjoint_of_forward_for_random_shapes(problem):
    images, kernel, bias, geometry, rng = problem
    outputs = conv2d_transpose(images, kernel, **geometry)
    grad_output = rng.normal(size=outputs.shape)
    gradients = conv2d_transpose_backward(grad_output, images, kernel, **geometry)
    other_images, other_kernel = rng.normal(size=images.shape), rng.normal(size=kernel.shape)
    products = [
        (np.vdot(conv2d_transpose(other_images, kernel, **geometry), grad_output), other_images),
        (np.vdot(conv2d_transpose(images, other_kernel, **geometry), grad_output), other_kernel),
        (np.vdot(np.broadcast_to(bias, outputs.shape), grad_output), bias),
    ]
    for (product, other), gradient in zip(products, gradients, strict=True):
        assert gradient.shape == other.shape
        np.testing.assert_allclose(np.vdot(other, gradient), product, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_it_is_the_gradient_of_conv2d(rng, assert_close, geometry):
    images, kernel, _ = make_operands(rng)
    outputs = conv2d_transpose(images, kernel, **geometry)
    how = {**geometry, "padding": pad_amounts(outputs.shape[1:3], kernel.shape[:2], **geometry)}
    gradient, _, _ = conv2d_backward(images, np.zeros(outputs.shape), kernel, **how)
    assert_close(outputs, gradient, 1e-13)


def test_it_is_the_transposed_matrix_of_conv2d(rng, assert_close):
    kernel = rng.normal(size=(3, 2, 2, 3))
    units = np.eye(5 * 4 * 2).reshape(-1, 5, 4, 2)
    matrix = conv2d(units, kernel, strides=2).reshape(len(units), -1).T  # outputs by inputs
    images = rng.normal(size=(1, 2, 2, 3))
    expected = (matrix.T @ images.ravel()).reshape(1, 5, 4, 2)
    assert_close(conv2d_transpose(images, kernel, strides=2), expected, 1e-13)


def test_it_is_a_convolution_of_the_image_with_zeros_between_its_pixels(rng, assert_close):
    images, kernel, _ = make_operands(rng)
    spread = np.zeros((2, 2 * 3 - 1, 3 * 4 - 2, 4))
    spread[:, ::2, ::3] = images
    turned = kernel[::-1, ::-1].swapaxes(2, 3)
    expected = conv2d(spread, turned, padding=((2, 2), (1, 1)))
    actual = conv2d_transpose(images, kernel, strides=(2, 3), padding=((0, 0), (0, 0)))
    # With a kernel of 2 and a stride of 3 the last pixel of each row would be a gap.
    assert_close(actual, expected, 1e-13)


# Central differences


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_backward_agrees_with_central_differences(rng, geometry):
    images, kernel, bias = make_operands(rng)
    grad_output = rng.normal(size=conv2d_transpose(images, kernel, **geometry).shape)
    gradients = conv2d_transpose_backward(grad_output, images, kernel, **geometry)
    losses = [
        (lambda x: np.vdot(conv2d_transpose(x, kernel, bias, **geometry), grad_output), images),
        (lambda k: np.vdot(conv2d_transpose(images, k, bias, **geometry), grad_output), kernel),
        (lambda b: np.vdot(conv2d_transpose(images, kernel, b, **geometry), grad_output), bias),
    ]
    for (loss, x), gradient in zip(losses, gradients, strict=True):
        report = check_gradient(loss, gradient, x, tolerance=1e-7)
        assert report.passed, report


# Keras


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-9)])
@settings(max_examples=25, deadline=None)
@given(problem=problems(explicit=False))
def test_forward_and_gradient_match_keras_for_random_shapes(
    keras, assert_close, dtype, tolerance, problem
):
    import tensorflow as tf

    *operands, geometry, rng = problem
    # A sum that happens to cancel has few digits right in float32, in Keras as here: no signs.
    prepare = np.abs if dtype == np.float32 else np.asarray
    operands = [prepare(operand).astype(dtype) for operand in operands]
    tensors = [tf.constant(operand) for operand in operands]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        expected = keras.ops.conv_transpose(*tensors[:2], **geometry) + tensors[2]
        grad_output = prepare(rng.normal(size=expected.shape)).astype(dtype)
        loss = tf.reduce_sum(expected * grad_output)
    actual = conv2d_transpose(*operands, **geometry)
    assert actual.dtype == dtype
    assert_close(actual, expected, tolerance)
    gradients = conv2d_transpose_backward(grad_output, *operands[:2], **geometry)
    for gradient, wanted in zip(gradients, tape.gradient(loss, tensors), strict=True):
        assert gradient.dtype == dtype
        assert_close(gradient, wanted, tolerance)


@pytest.mark.parametrize("geometry", GEOMETRIES[:7], ids=str)
def test_it_matches_the_keras_layer(keras, rng, assert_close, geometry):
    images, kernel, bias = make_operands(rng, dtype=np.float32)
    layer = keras.layers.Conv2DTranspose(5, (3, 2), **geometry)
    layer.build(images.shape)
    layer.set_weights([kernel, bias])
    actual = conv2d_transpose(images, kernel, bias, **geometry)
    assert_close(actual, keras.ops.convert_to_numpy(layer(images)), 1e-5)


# Number types


@pytest.mark.parametrize(
    ("images_dtype", "kernel_dtype", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.uint8, np.float32, np.float32),
        (np.uint8, np.int8, np.int64),
    ],
)
def test_dtypes_are_promoted_as_numpy_promotes(images_dtype, kernel_dtype, expected):
    images = np.full((1, 3, 3, 2), 100, images_dtype)
    kernel = np.full((2, 2, 1, 2), 5, kernel_dtype)
    for transpose in (conv2d_transpose, conv2d_transpose_loops):
        outputs = transpose(images, kernel)
        assert outputs.dtype == expected
        assert outputs.max() == 100 * 5 * 2 * 4  # more than eight bits can hold
    gradients = conv2d_transpose_backward(outputs, images, kernel)
    assert all(gradient.dtype == expected for gradient in gradients)


@pytest.mark.parametrize("transpose", [conv2d_transpose, conv2d_transpose_loops])
def test_a_nan_reaches_the_outputs_under_its_kernel_and_no_others(transpose):
    images = np.ones((1, 4, 4, 1))
    images[0, 1, 0, 0] = np.nan
    expected = np.zeros((5, 5), bool)
    expected[1:3, 0:2] = True
    actual = np.isnan(transpose(images, np.ones((2, 2, 1, 1)))[0, :, :, 0])
    assert (actual == expected).all()


def test_the_arguments_are_left_as_they_were(rng):
    operands = make_operands(rng)
    copies = [operand.copy() for operand in operands]
    outputs = conv2d_transpose(*operands, strides=2)
    conv2d_transpose_backward(outputs, *operands[:2], strides=2)
    assert all((a == b).all() for a, b in zip(operands, copies, strict=True))


def test_lists_are_taken_as_arrays():
    assert conv2d_transpose([[[[2]]]], [[[[3]], [[4]]]], [1]).ravel().tolist() == [7, 9]
