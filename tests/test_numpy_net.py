import io
import os
import sys

import numpy as np
import pytest

from cnn_tutorial import numpy_net, numpy_ops
from cnn_tutorial.numpy_net import (
    SGD,
    Adam,
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


def make_network(dtype="float32", optimizer=None, seed=0):
    network = Sequential(make_layers(), optimizer, seed=seed, dtype=dtype)
    network.build(SHAPE)
    # Gammas, betas and statistics away from 1 and 0, where mistakes would not show.
    rng = np.random.default_rng(5)
    weights = network.get_weights()
    network.set_weights([w if w.ndim > 1 else rng.uniform(0.5, 1.5, w.shape) for w in weights])
    return network


def make_keras(keras, dtype="float32"):
    layers, of = keras.layers, {"dtype": dtype}
    return keras.Sequential(
        [
            keras.Input(SHAPE, dtype=dtype),
            layers.Rescaling(1 / 256, **of),
            layers.Conv2D(4, (3, 2), padding="same", **of),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-2, **of),
            layers.ReLU(**of),
            layers.MaxPooling2D(3, strides=2, **of),
            layers.Conv2D(5, 3, strides=(1, 2), **of),
            layers.ReLU(**of),
            layers.Flatten(**of),
            layers.Dense(6, **of),
            layers.BatchNormalization(**of),
            layers.ReLU(**of),
            layers.Dense(CLASSES, **of),
        ]
    )


def make_data(count=14):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, *SHAPE)).astype(np.uint8)
    return images, rng.integers(0, CLASSES, count)


def compute_gradients(network, images, labels):
    """The loss, in training, and the gradients of the parameters, in Keras's order."""
    logits = network.forward(images, training=True)
    network.backward(
        numpy_ops.sparse_categorical_cross_entropy_backward(labels, logits, from_logits=True)
    )
    loss = numpy_ops.sparse_categorical_cross_entropy(labels, logits, from_logits=True)
    return loss, network.collect("gradients")


def assert_close(actual, expected, tolerance):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= tolerance * max(np.abs(expected).max(), 1e-30)


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return keras


# By hand


def test_a_network_of_two_inputs_worked_by_hand():
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


# Keras


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])
def test_outputs_gradients_and_statistics_are_those_of_keras(keras, dtype, tolerance):
    import tensorflow as tf

    network, model = make_network(dtype), make_keras(keras, dtype)
    model.set_weights(network.get_weights())
    images, labels = make_data()
    pixels = images.astype(dtype)
    assert_close(network.predict(images), model(pixels, training=False), tolerance)
    with tf.GradientTape() as tape:
        logits = model(pixels, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        expected_loss = tf.reduce_mean(losses)
    expected = tape.gradient(expected_loss, model.trainable_variables)
    loss, gradients = compute_gradients(network, images, labels)
    assert loss == pytest.approx(float(expected_loss), rel=tolerance)
    # A bias before batch normalisation has no effect; its gradient is rounding. So one scale.
    largest = max(np.abs(gradient).max() for gradient in expected)
    for gradient, name in zip(expected, gradients, strict=True):
        assert gradients[name].dtype == dtype
        assert np.abs(gradients[name] - gradient).max() <= tolerance * largest, name
    for own, of_keras in zip(network.get_weights(), model.get_weights(), strict=True):
        assert_close(own, of_keras, tolerance)  # the moving statistics have moved


def test_weights_go_to_keras_and_back(keras):
    network, model = make_network(), make_keras(keras)
    own = network.get_weights()
    model.set_weights(own)
    network.build(SHAPE)
    network.set_weights(model.get_weights())
    for before, after in zip(own, network.get_weights(), strict=True):
        assert (before == after).all()


def test_ten_steps_of_training_are_those_of_keras(keras):
    images, labels = make_data(40)
    network, model = make_network(optimizer=SGD(0.01, momentum=0.9)), make_keras(keras)
    model.set_weights(network.get_weights())
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = network.fit(images, labels, epochs=2, batch_size=8, seed=3)
    rng, expected = np.random.default_rng(3), []
    for _ in range(2):
        order = rng.permutation(40)
        shuffled = images[order].astype("float32"), labels[order]
        expected.append(model.fit(*shuffled, batch_size=8, shuffle=False, verbose=0).history)
    assert_close(history["loss"], [one["loss"][0] for one in expected], 1e-5)
    assert_close(history["accuracy"], [one["accuracy"][0] for one in expected], 1e-6)
    for own, of_keras in zip(network.get_weights(), model.get_weights(), strict=True):
        assert np.abs(own - of_keras).max() < 1e-5


def test_weights_start_as_keras_starts_them(keras):
    network = Sequential([Conv2D(50, (3, 2)), Flatten(), Dense(40)])
    network.build((8, 8, 4))
    conv, conv_bias, dense, dense_bias = network.get_weights()
    for kernel, fans in [(conv, 3 * 2 * (4 + 50)), (dense, 6 * 7 * 50 + 40)]:
        limit = np.sqrt(6 / fans)
        of_keras = np.array(keras.initializers.GlorotUniform(seed=0)(kernel.shape))
        for start in (kernel, of_keras):
            assert 0.99 * limit < np.abs(start).max() <= limit
            assert start.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert not conv_bias.any()
    assert not dense_bias.any()
    other = Sequential([Conv2D(50, (3, 2)), Flatten(), Dense(40)], seed=1)
    other.build((8, 8, 4))
    assert (other.get_weights()[0] != conv).any()
    network.build((8, 8, 4))
    assert (network.get_weights()[0] == conv).all()


# Gradients


@pytest.mark.slow
def test_every_gradient_of_a_network_with_every_layer_agrees_with_central_differences():
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


def test_the_first_layer_leaves_out_the_gradient_of_the_images_and_finds_the_same_of_its_own():
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


def test_a_network_asks_for_no_gradient_of_its_images(monkeypatch):
    network, calls, original = make_network(), [], numpy_ops.conv2d_backward

    def count(grad_output, images, *rest, **how):
        calls.append(images.shape)
        return original(grad_output, images, *rest, **how)

    monkeypatch.setattr(numpy_net.ops, "conv2d_backward", count)
    network.fit(*make_data(4), epochs=1)
    assert [shape[-1] for shape in calls] == [4]  # the second convolution, and not the first


# Frozen layers


def test_a_frozen_layer_keeps_its_weights_and_the_others_learn():
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


def test_nothing_is_computed_below_the_first_layer_that_learns(monkeypatch):
    network = make_network()
    for layer in network.layers[:8]:
        layer.trainable = False
    monkeypatch.setattr(MaxPool2D, "gradient", None)
    monkeypatch.setattr(Flatten, "gradient", None)
    network.fit(*make_data(), epochs=1)
    network.layers[5].trainable = True  # now the gradient has to pass through Flatten
    with pytest.raises(TypeError):
        network.fit(*make_data(), epochs=1)


def test_a_frozen_layer_in_between_passes_the_gradient_on():
    network, data = make_network("float64"), make_data()
    _, gradients = compute_gradients(network, *data)
    network.layers[5].trainable = network.layers[8].trainable = False
    _, frozen = compute_gradients(network, *data)
    assert list(frozen) == [name for name in gradients if not name.startswith(("5.", "8."))]
    for name, gradient in frozen.items():
        assert_close(gradient, gradients[name], 1e-12)


def test_frozen_batch_norm_uses_what_it_recorded_as_in_keras(keras):
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


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2D(2, 3), (6, 5, 2)),
        (Conv2D(3, 3), (6, 5, 3)),
        (Conv2D(2, (3, 1)), (6, 7, 2)),
        (Conv2D(2, 3, strides=(2, 1)), (3, 5, 2)),
        (Conv2D(2, 3, padding="same"), (8, 7, 2)),
        (Conv2D(2, 3, padding=((1, 0), (0, 0))), (7, 5, 2)),
        (MaxPool2D(), (4, 3, 1)),
        (MaxPool2D(3), (2, 2, 1)),
        (MaxPool2D(2, strides=1), (7, 6, 1)),
        (MaxPool2D(2, padding="same"), (4, 4, 1)),
        (Dense(4), (8, 7, 4)),
        (Flatten(), (56,)),
    ],
)
def test_shapes_follow_from_the_arguments(layer, shape):
    layer.build((8, 7, 1), np.random.default_rng(0), "float32")
    outputs = layer.forward(np.ones((2, 8, 7, 1), "float32"))
    assert outputs.shape == (2, *shape)
    assert outputs.dtype == "float32"
    assert layer.backward(outputs).shape == (2, 8, 7, 1)


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


# Training


def test_fit_is_steps_of_the_optimiser_on_shuffled_batches():
    images, labels = make_data(10)
    network, by_hand = (make_network("float64", SGD(0.1)) for _ in range(2))
    history = network.fit(images, labels, epochs=2, batch_size=4, seed=7)
    rng, losses = np.random.default_rng(7), []
    for _ in range(2):
        order = rng.permutation(10)
        total = 0
        for batch in (order[:4], order[4:8], order[8:]):  # the last one is smaller, and counts
            loss, gradients = compute_gradients(by_hand, images[batch], labels[batch])
            total += loss * len(batch)
            for name, parameter in by_hand.collect("parameters").items():
                parameter -= 0.1 * gradients[name]
        losses.append(total / 10)
    assert_close(history["loss"], losses, 1e-12)
    for own, expected in zip(network.get_weights(), by_hand.get_weights(), strict=True):
        assert_close(own, expected, 1e-12)


@pytest.mark.parametrize("change", [{"seed": 1}, {"batch_size": 5}, {"epochs": 3}], ids=str)
def test_the_same_arguments_train_the_same_network_and_others_do_not(change):
    settings = {"epochs": 2, "batch_size": 4, "seed": 0}
    trained = []
    for how in (settings, settings, settings | change):
        network = make_network()
        network.fit(*make_data(), **how)
        trained.append(network.get_weights()[0])
    assert (trained[0] == trained[1]).all()
    assert (trained[0] != trained[2]).any()


def test_history_holds_what_evaluate_says_of_the_validation_images():
    network, data = make_network(), make_data()
    validation = data[0][:5], data[1][:5]
    history = network.fit(*data, epochs=3, validation=validation)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 3 for values in history.values())
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == network.evaluate(*validation)


def test_ten_images_with_random_labels_are_learned_by_heart():
    images, labels = make_data(10)
    network = make_network(optimizer=Adam(0.01))
    history = network.fit(images, labels, epochs=60, batch_size=10)
    assert history["loss"][-1] < 0.05
    assert history["accuracy"][-1] == 1


def test_a_second_fit_goes_on_with_the_optimisers_memory():
    once, twice = (make_network(optimizer=SGD(0.1, momentum=0.9)) for _ in range(2))
    images, labels = make_data()
    for _ in range(2):
        twice.fit(images, labels, epochs=1, batch_size=len(images))
    once.fit(images, labels, epochs=2, batch_size=len(images))
    for one, other in zip(once.get_weights(), twice.get_weights(), strict=True):
        assert_close(one, other, 1e-4)  # the order within the batch differs


def test_predict_gives_the_same_in_batches_of_any_size():
    network, (images, labels) = make_network(), make_data()
    logits = network.forward(images)
    for batch_size in (1, 5, 100):
        assert_close(network.predict(images, batch_size=batch_size), logits, 1e-6)
    assert_close(network.predict(images.astype(float)), logits, 1e-6)
    loss, accuracy = network.evaluate(images, labels)
    probs = numpy_ops.softmax(logits.astype(float))
    assert loss == pytest.approx(-np.log(probs[np.arange(len(labels)), labels]).mean())
    assert accuracy == np.mean(logits.argmax(axis=1) == labels)


def test_a_network_keeps_its_number_type():
    for dtype in ("float32", "float64"):
        network, (images, labels) = make_network(dtype), make_data()
        network.fit(images, labels, epochs=1)
        assert network.predict(images).dtype == dtype
        assert {array.dtype for array in network.get_weights()} == {np.dtype(dtype)}


def test_progress_is_shown_in_a_terminal_and_leaves_nothing(monkeypatch, capsys):
    network, data = make_network(), make_data()
    network.fit(*data, epochs=1)
    assert capsys.readouterr() == ("", "")
    for progress in (True, False):
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        monkeypatch.setattr(sys, "stderr", terminal)
        network.fit(*data, epochs=1, progress=progress)
        assert ("training" in terminal.getvalue()) == progress
        assert terminal.getvalue().split("\r")[-1].strip() == ""


# Files


def test_what_was_saved_is_loaded_to_the_last_bit(tmp_path):
    network, data = make_network(), make_data()
    network.fit(*data, epochs=1)
    network.save(tmp_path / "weights")
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]
    other = make_network(seed=1)
    other.load(tmp_path / "weights")
    for own, loaded in zip(network.get_weights(), other.get_weights(), strict=True):
        assert (own == loaded).all()
    assert (network.predict(data[0]) == other.predict(data[0])).all()
    with np.load(tmp_path / "weights", allow_pickle=False) as file:
        assert file.files == list(network.collect("parameters", "statistics"))


def test_a_save_that_is_interrupted_leaves_the_old_file(tmp_path, monkeypatch):
    network, path = make_network(), tmp_path / "weights.npz"
    network.save(path)
    whole = path.read_bytes()

    def write_half(file, **arrays):
        with open(file, "wb") as half:
            half.write(whole[:100])
        raise OSError("no space left")

    monkeypatch.setattr(numpy_net.np, "savez", write_half)
    with pytest.raises(OSError, match="no space"):
        network.save(path)
    assert path.read_bytes() == whole
