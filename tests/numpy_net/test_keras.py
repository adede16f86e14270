"""Whole networks against Keras: outputs, gradients, training, the weights they start from."""

import numpy as np
import pytest

from cnn_tutorial.numpy_net import SGD, Conv2D, Dense, Flatten, Sequential


def make_keras(keras, network):
    """The same network in Keras, with the same weights."""
    dtype = network.dtype.name
    layers, of = keras.layers, {"dtype": dtype}
    model = keras.Sequential(
        [
            keras.Input(network.input_shape, dtype=dtype),
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
            layers.Dense(network.classes, **of),
        ]
    )
    model.set_weights(network.get_weights())
    return model


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])
def test_outputs_gradients_and_statistics_are_those_of_keras(
    keras, dtype, tolerance, make_network, make_data, compute_gradients, assert_close
):
    import tensorflow as tf

    network = make_network(dtype)
    model = make_keras(keras, network)
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


def test_weights_go_to_keras_and_back(keras, make_network):
    network = make_network()
    model, own = make_keras(keras, network), network.get_weights()
    network.build(network.input_shape)
    network.set_weights(model.get_weights())
    for before, after in zip(own, network.get_weights(), strict=True):
        assert (before == after).all()


def test_ten_steps_of_training_are_those_of_keras(keras, make_network, make_data, assert_close):
    images, labels = make_data(40)
    network = make_network(optimizer=SGD(0.01, momentum=0.9))
    model = make_keras(keras, network)
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
