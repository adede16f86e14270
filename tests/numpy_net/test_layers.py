"""Layers: by hand, their gradients, frozen ones, and what their arguments do."""

import numpy as np
import pytest

from cnn_tutorial import numpy_net, numpy_ops
from cnn_tutorial.numpy_net import (
    SGD,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    ReLU,
    Rescaling,
    Sequential,
)

# By hand


def test_a_network_of_two_inputs_worked_by_hand(compute_gradients):
    network = Sequential([Rescaling(0.5), ReLU(), Flatten(), Dense(2)], SGD(0.1), dtype="float64")
    network.build((2,))
    network.set_weights([[[1.0, 0.0], [0.0, 2.0]], [0.0, 1.0]])
    # 0.5 * (4, -2) = (2, -1), after ReLU (2, 0); logits 2 * (1, 0) + (0, 1) = (2, 1)
    images = np.array([[4.0, -2.0]])
    assert network.forward(images).tolist() == [[2, 1]]
    # p = softmax(2, 1) = (1, 1/e) / (1 + 1/e), and p - y for the label 1
    p = 1 / (1 + np.exp(-1))
    loss, gradients = compute_gradients(network, images, np.array([1]))
    assert loss == pytest.approx(-np.log(1 - p))
    assert gradients["3.Dense.kernel"] == pytest.approx(np.array([[2 * p, -2 * p], [0, 0]]))
    assert gradients["3.Dense.bias"] == pytest.approx(np.array([p, -p]))
    history = network.fit(images, [1], epochs=1)
    assert history == {"loss": [pytest.approx(loss)], "accuracy": [0.0]}
    kernel, bias = network.get_weights()
    assert kernel == pytest.approx(np.array([[1 - 0.2 * p, 0.2 * p], [0, 2]]))
    assert bias == pytest.approx(np.array([-0.1 * p, 1 + 0.1 * p]))


def test_batch_norm_records_means_and_variances_worked_by_hand():
    layer = BatchNorm(momentum=0.75)
    layer.build((1,), None, "float64")
    layer.forward(np.array([[1.0], [5.0]]), training=True)  # mean 3, variance 4
    assert layer.statistics["mean"].tolist() == [0.75 * 0 + 0.25 * 3]
    assert layer.statistics["variance"].tolist() == [0.75 * 1 + 0.25 * 4]
    layer.forward(np.array([[9.0]]), training=False)
    assert layer.statistics["mean"].tolist() == [0.75]


# Gradients


@pytest.mark.slow
def test_every_gradient_of_a_network_with_every_layer_agrees_with_central_differences(
    make_network, make_data, compute_gradients
):
    network = make_network("float64")
    images, labels = make_data(4)
    _, gradients = compute_gradients(network, images, labels)
    parameters = network.collect("parameters")
    assert list(gradients) == list(parameters)
    scale = max(np.abs(gradient).max() for gradient in gradients.values())
    for name, parameter in parameters.items():
        start = parameter.copy()

        def loss(values, parameter=parameter):
            parameter[...] = values
            logits = network.forward(images, training=True)
            return numpy_ops.sparse_categorical_cross_entropy(labels, logits, from_logits=True)

        expected = numpy_ops.numerical_gradient(loss, start)
        parameter[...] = start
        assert np.abs(gradients[name] - expected).max() < 1e-7 * scale, name


def test_batch_norm_at_inference_has_the_gradient_of_constants():
    layer, rng = BatchNorm(), np.random.default_rng(0)
    layer.build((3,), rng, "float64")
    layer.statistics["mean"] += [1, 2, 3]
    layer.statistics["variance"] += [0, 1, 2]
    inputs, grad_output = rng.normal(size=(2, 5, 3))
    layer.forward(inputs, training=False)
    report = numpy_ops.check_gradient(
        lambda x: np.vdot(layer.forward(x), grad_output), layer.backward(grad_output), inputs
    )
    assert report.passed, report


def test_the_first_layer_leaves_out_the_gradient_of_the_images_and_finds_the_same_of_its_own(
    assert_close,
):
    layer, rng = Conv2D(4, (3, 2), strides=(2, 1), padding="same"), np.random.default_rng(0)
    layer.build((9, 8, 3), rng, "float64")
    images = rng.normal(size=(5, 9, 8, 3))
    grad_output = rng.normal(size=layer.forward(images).shape)
    assert layer.backward(grad_output).shape == images.shape
    whole = layer.gradients
    layer.needs_grad_inputs = False
    assert layer.backward(grad_output) is None
    for name, gradient in layer.gradients.items():
        assert_close(gradient, whole[name], 1e-13)


def test_a_network_asks_for_no_gradient_of_its_images(monkeypatch, make_network, make_data):
    network, calls, original = make_network(), [], numpy_ops.conv2d_backward

    def count(grad_output, images, *rest, **how):
        calls.append(images.shape)
        return original(grad_output, images, *rest, **how)

    monkeypatch.setattr(numpy_net.ops, "conv2d_backward", count)
    network.fit(*make_data(4), epochs=1)
    assert [shape[-1] for shape in calls] == [4]  # the second convolution, and not the first


# Frozen layers


def test_a_frozen_layer_keeps_its_weights_and_the_others_learn(make_network, make_data):
    network = make_network()
    network.layers[1].trainable = network.layers[2].trainable = False
    before = network.collect("parameters", "statistics")
    before = {name: array.copy() for name, array in before.items()}
    network.fit(*make_data(), epochs=2, batch_size=5)
    for name, array in network.collect("parameters", "statistics").items():
        is_frozen = name.startswith(("1.", "2."))
        assert (array == before[name]).all() == is_frozen, name
    assert not network.layers[1].gradients
    assert not network.layers[2].gradients


def test_nothing_is_computed_below_the_first_layer_that_learns(
    monkeypatch, make_network, make_data
):
    network = make_network()
    for layer in network.layers[:8]:
        layer.trainable = False
    monkeypatch.setattr(MaxPool2D, "gradient", None)
    monkeypatch.setattr(Flatten, "gradient", None)
    network.fit(*make_data(), epochs=1)
    network.layers[5].trainable = True  # now the gradient has to pass through Flatten
    with pytest.raises(TypeError):
        network.fit(*make_data(), epochs=1)


def test_a_frozen_layer_in_between_passes_the_gradient_on(
    make_network, make_data, compute_gradients, assert_close
):
    network, data = make_network("float64"), make_data()
    _, gradients = compute_gradients(network, *data)
    network.layers[5].trainable = network.layers[8].trainable = False
    _, frozen = compute_gradients(network, *data)
    assert list(frozen) == [name for name in gradients if not name.startswith(("5.", "8."))]
    for name, gradient in frozen.items():
        assert_close(gradient, gradients[name], 1e-12)


def test_frozen_batch_norm_uses_what_it_recorded_as_in_keras(keras, assert_close):
    layer = BatchNorm(trainable=False)
    layer.build((2,), None, "float32")
    layer.statistics["mean"] += 3
    of_keras = keras.layers.BatchNormalization(trainable=False)
    of_keras.build((None, 2))
    of_keras.set_weights([*layer.parameters.values(), *layer.statistics.values()])
    inputs = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    assert_close(layer.forward(inputs, training=True), of_keras(inputs, training=True), 1e-6)


@pytest.mark.parametrize("make", [lambda **how: Conv2D(2, 3, **how), lambda **how: Dense(3, **how)])
def test_layers_can_be_made_frozen(make):
    assert make().trainable
    assert not make(trainable=False).trainable


# Every argument does something


OPERATIONS = {
    Conv2D: numpy_ops.conv2d,
    MaxPool2D: numpy_ops.max_pool2d,
    Dense: numpy_ops.dense,
    Flatten: lambda inputs: inputs.reshape(2, 56),
}


@pytest.mark.parametrize(
    ("layer", "shape", "how"),
    [
        (Conv2D(2, 3), (6, 5, 2), {}),
        (Conv2D(3, 3), (6, 5, 3), {}),
        (Conv2D(2, (3, 1)), (6, 7, 2), {}),
        (Conv2D(2, 3, strides=(2, 1)), (3, 5, 2), {"strides": (2, 1)}),
        (Conv2D(2, 3, padding="same"), (8, 7, 2), {"padding": "same"}),
        (Conv2D(2, 3, padding=((1, 0), (0, 0))), (7, 5, 2), {"padding": ((1, 0), (0, 0))}),
        (MaxPool2D(), (4, 3, 1), {}),
        (MaxPool2D(3), (2, 2, 1), {"pool_size": 3}),
        (MaxPool2D(2, strides=1), (7, 6, 1), {"strides": 1}),
        (MaxPool2D(2, padding="same"), (4, 4, 1), {"padding": "same"}),
        (Dense(4), (8, 7, 4), {}),
        (Flatten(), (56,), {}),
    ],
)
def test_a_layer_is_its_operation_with_the_arguments_given(layer, shape, how):
    rng = np.random.default_rng(0)
    layer.build((8, 7, 1), rng, "float32")
    images = rng.normal(size=(2, 8, 7, 1)).astype("float32")
    outputs = layer.forward(images)
    assert (outputs.shape, outputs.dtype) == ((2, *shape), "float32")
    expected = OPERATIONS[type(layer)](images, *layer.parameters.values(), **how)
    np.testing.assert_array_equal(outputs, expected)
    # With biases of zero f(t x) = t f(x) for t > 0: by Euler <f(x), g> = <x, backward(g)>.
    grad_output = rng.normal(size=outputs.shape)
    product = np.vdot(images, layer.backward(grad_output))
    np.testing.assert_allclose(product, np.vdot(outputs, grad_output), rtol=1e-4)


def test_scale_and_epsilon_change_the_outputs():
    layer = Rescaling(3.0)
    assert layer.forward(np.array([1.0, 2.0])).tolist() == [3, 6]
    assert layer.backward(np.array([5.0, 1.0])).tolist() == [15, 3]
    inputs = np.array([[1.0], [3.0]])
    for epsilon in (0.0, 3.0):
        layer = BatchNorm(epsilon=epsilon)
        layer.build((1,), None, "float64")
        outputs = layer.forward(inputs, training=True).ravel()
        assert outputs == pytest.approx(np.array([-1, 1]) / np.sqrt(1 + epsilon))
