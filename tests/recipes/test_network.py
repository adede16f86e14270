"""The network's shapes, its normalisation against Keras's, its first weights, its settings."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # Keras loads


@pytest.fixture(scope="module")
def network(keras):
    from cnn_tutorial.recipes import network

    return network


def test_the_parameters_are_those_counted_by_hand(network, tiny):
    model = network.make_network(tiny(widths=(16, 32, 48)), num_classes=7)
    kernels = 2 * 2 * 3 * 24
    kernels += 9 * (24 * 16 + 16 * 16 + 16 * 32 + 32 * 32 + 32 * 48 + 48 * 48)
    norms = 2 * 3 * (16 + 32 + 48)  # offset, running mean and variance, two layers a group
    assert model.count_params() == kernels + norms + 48 * 7


@pytest.mark.parametrize("side", [16, 24, 32])
def test_images_of_every_size_that_the_recipe_uses_give_logits(network, tiny, side):
    model = network.make_network(tiny(), num_classes=4)
    assert model.predict(np.zeros((2, side, side, 3)), verbose=0).shape == (2, 4)


def test_every_layer_has_a_name_of_its_own(network, tiny):
    names = [layer.name for layer in network.make_network(tiny()).layers]
    assert "group3_norm2" in names
    assert not [name for name in names if name.startswith(("conv2d", "activation", "re_lu"))]


def test_one_class_is_refused(network, tiny):
    with pytest.raises(ValueError, match="num_classes must be at least 2; received 1"):
        network.make_network(tiny(), num_classes=1)


def test_the_seed_decides_the_first_weights(network, tiny):
    first, same, other = (
        np.concatenate([w.ravel() for w in network.make_network(tiny(), seed=seed).get_weights()])
        for seed in (0, 0, 5)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_an_identity_kernel_hands_its_first_channels_on(keras, network):
    images = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype("float32")
    kernel = network.Identity(seed=1)((3, 3, 4, 6), "float32")
    outputs = keras.ops.convert_to_numpy(keras.ops.conv(images, kernel, padding="same"))
    np.testing.assert_allclose(outputs[..., :4], images, rtol=1e-6)
    assert np.abs(outputs[..., 4:]).max() > 0.1


@pytest.mark.parametrize("identity", [True, False])
def test_the_setting_decides_whether_kernels_begin_as_the_identity(network, tiny, identity):
    model = network.make_network(tiny(identity=identity))
    kernel = np.asarray(model.get_layer("group2_conv2").kernel)
    assert np.array_equal(kernel[1, 1], np.eye(16)) == identity


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_the_setting_decides_the_activation(keras, network, tiny, activation):
    model = network.make_network(tiny(activation=activation))
    layer = model.get_layer("group1_act1")
    assert layer.activation is keras.activations.get(activation)


def test_the_fused_normalisation_is_keras_own_forth_back_and_in_inference(keras, network):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the fused kernel is TensorFlow's")
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = tf.constant(rng.normal(3, 2, (32, 5, 5, 4)), tf.float32)
    weights = rng.normal(size=images.shape).astype("float32")
    found = []
    for kind in (network.FusedBatchNormalization, keras.layers.BatchNormalization):
        layer = kind(momentum=0.7, epsilon=1e-3, scale=False)
        layer.build(images.shape)
        layer.beta.assign([0.0, 1.0, -1.0, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images, training=True)
            loss = tf.reduce_sum(outputs**2 * weights)
        moments = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
        gradients = tape.gradient(loss, [images, layer.beta])
        found.append([outputs, *gradients, *moments, layer(images, training=False)])
    unbiased = 32 * 25 / (32 * 25 - 1)
    keras_variance = 0.7 + (found[1][4] - 0.7) * unbiased
    np.testing.assert_allclose(found[0][4], keras_variance, rtol=1e-5)
    for place in (0, 1, 2, 3):
        np.testing.assert_allclose(found[0][place], found[1][place], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[0][5], found[1][5], rtol=2e-3, atol=2e-3)


def test_the_setting_decides_the_kind_and_the_momentum_of_normalisation(keras, network, tiny):
    for fused in (True, False):
        model = network.make_network(tiny(fused_norm=fused, norm_momentum=0.6))
        layer = model.get_layer("group1_norm1")
        assert isinstance(layer, network.FusedBatchNormalization) == fused
        assert layer.momentum == 0.6


def test_a_network_is_saved_and_loaded(keras, network, tiny, tmp_path):
    model = network.make_network(tiny())
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype("float32")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        model.predict(images, verbose=0), again.predict(images, verbose=0)
    )
