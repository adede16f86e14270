"""models.zoo: sizes against counts by hand, and the behaviour that the book relies on."""

import numpy as np
import pytest

from cnn_tutorial import models


def parameters_by_hand(channels, num_classes, side, filters=(6, 16), units=(120, 84)):
    conv1 = 5 * 5 * channels * filters[0] + filters[0]
    conv2 = 5 * 5 * filters[0] * filters[1] + filters[1]
    after_second_pool = (side // 2 - 4) // 2
    dense1 = after_second_pool**2 * filters[1] * units[0] + units[0]
    dense2 = units[0] * units[1] + units[1]
    return conv1 + conv2 + dense1 + dense2 + units[1] * num_classes + num_classes


@pytest.mark.slow
@pytest.mark.parametrize(("channels", "num_classes", "side"), [(1, 10, 28), (3, 4, 32), (1, 2, 12)])
def test_lenet5_has_the_parameters_counted_by_hand(channels, num_classes, side):
    model = models.make_lenet5((side, side, channels), num_classes)
    assert model.count_params() == parameters_by_hand(channels, num_classes, side)
    assert model.output_shape == (None, num_classes)


@pytest.mark.slow
def test_lenet5_width_scales_filters_and_units():
    half = models.make_lenet5(width=0.5)
    assert half.count_params() == parameters_by_hand(1, 10, 28, (3, 8), (60, 42))
    assert models.make_lenet5(width=0.01).count_params() == parameters_by_hand(
        1, 10, 28, (1, 1), (1, 1)
    )


@pytest.mark.slow
def test_lenet5_takes_bytes_rescales_them_and_ends_in_logits():
    model = models.make_lenet5()
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1))
    logits = np.asarray(model(images))
    # Rescaled inside: the same network on pixels in 0..1 without that layer gives the same.
    x = images / 255
    for layer in model.layers[1:]:
        x = layer(x)
    np.testing.assert_allclose(logits, np.asarray(x), rtol=1e-4, atol=1e-5)
    assert model.layers[-1].activation.__name__ == "linear"
    assert [layer.name for layer in model.layers] == (
        ["rescale", "conv1", "pool1", "conv2", "pool2", "flatten", "dense1", "dense2", "logits"]
    )


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (
            {"input_shape": (28, 28)},
            ValueError,
            r"\(height, width, channels\).*received \(28, 28\)",
        ),
        ({"input_shape": (11, 28, 1)}, ValueError, "at least 12"),
        ({"input_shape": (28, 28, 0)}, ValueError, "a channel or more"),
        ({"input_shape": (28.0, 28, 1)}, TypeError, "three ints"),
        ({"input_shape": 28}, ValueError, "received 28"),
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2; received 1"),
        ({"num_classes": "ten"}, TypeError, "num_classes must be an int"),
        ({"width": 0}, ValueError, "width must be positive"),
        ({"width": "wide"}, TypeError, "width must be a number"),
    ],
)
def test_lenet5_names_the_argument_that_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        models.make_lenet5(**arguments)


@pytest.mark.slow
def test_cats_dogs_cnn_has_the_parameters_counted_by_hand():
    conv1 = 3 * 3 * 3 * 32 + 32
    conv2 = 3 * 3 * 32 * 64 + 64
    conv3 = 3 * 3 * 64 * 128 + 128
    # 150 -> 148 -> 74 -> 72 -> 36 -> 34 -> 17
    dense1 = 17 * 17 * 128 * 512 + 512
    logits = 512 + 1
    model = models.make_cats_dogs_cnn()
    assert (conv1, conv2, conv3, dense1, logits) == (896, 18_496, 73_856, 18_940_416, 513)
    assert model.count_params() == conv1 + conv2 + conv3 + dense1 + logits == 19_034_177
    assert model.output_shape == (None, 1)


@pytest.mark.slow
def test_cifar10_cnn_has_the_parameters_counted_by_hand():
    conv1 = 3 * 3 * 3 * 32 + 32
    conv2 = 3 * 3 * 32 * 64 + 64
    conv3 = 3 * 3 * 64 * 64 + 64
    # 32 -> 30 -> 15 -> 13 -> 6 -> 4
    dense1 = 4 * 4 * 64 * 64 + 64
    logits = 64 * 10 + 10
    model = models.make_cifar10_cnn()
    assert (conv1, conv2, conv3, dense1, logits) == (896, 18_496, 36_928, 65_600, 650)
    assert model.count_params() == conv1 + conv2 + conv3 + dense1 + logits == 122_570
    assert model.output_shape == (None, 10)


@pytest.mark.slow
def test_every_argument_of_the_two_networks_changes_them_as_counted_by_hand():
    # 40 -> 38 -> 19 -> 17 -> 8 -> 6 -> 3 and 30 -> 28 -> 14 -> 12 -> 6 -> 4 -> 2
    grey = models.make_cats_dogs_cnn((40, 30), channels=1, width=1 / 16)
    by_hand = (9 * 2 + 2) + (9 * 2 * 4 + 4) + (9 * 4 * 8 + 8) + (3 * 2 * 8 * 32 + 32) + (32 + 1)
    assert grey.count_params() == by_hand
    assert grey.input_shape == (None, 40, 30, 1)
    # 20 -> 18 -> 9 -> 7 -> 3 -> 1 and 26 -> 24 -> 12 -> 10 -> 5 -> 3
    small = models.make_cifar10_cnn(4, input_shape=(20, 26, 1), width=0.25)
    by_hand = (9 * 8 + 8) + (9 * 8 * 16 + 16) + (9 * 16 * 16 + 16) + (3 * 16 * 16 + 16)
    assert small.count_params() == by_hand + 16 * 4 + 4
    assert small.input_shape == (None, 20, 26, 1)


@pytest.mark.slow
@pytest.mark.parametrize("maker", [models.make_cats_dogs_cnn, models.make_cifar10_cnn])
def test_the_two_networks_take_bytes_name_their_layers_and_end_in_logits(maker):
    model = maker()
    images = np.random.default_rng(0).integers(0, 256, (2, *model.input_shape[1:]), np.uint8)
    x = images.astype("float32") / 255
    for layer in model.layers[1:]:
        x = layer(x)
    np.testing.assert_allclose(np.asarray(model(images)), np.asarray(x), rtol=1e-4, atol=1e-5)
    assert model.layers[-1].activation.__name__ == "linear"
    names = ["rescale", "conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "flatten"]
    if maker is models.make_cifar10_cnn:
        names.remove("pool3")
    assert [layer.name for layer in model.layers] == [*names, "dense1", "logits"]
    activations = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "kernel")]
    assert activations == ["relu"] * 4 + ["linear"]


@pytest.mark.slow
def test_the_smallest_images_leave_one_pixel_and_smaller_ones_none(keras):
    smallest = {
        "pool2": (models.make_lenet5((12, 12, 1)), 12),
        "pool3": (models.make_cats_dogs_cnn(22), 22),
        "conv3": (models.make_cifar10_cnn(input_shape=(18, 18, 3)), 18),
        "conv4": (models.make_digit_cnn((11, 11, 1)), 11),
    }
    for name, (model, size) in smallest.items():
        assert model.get_layer(name).output.shape[1:3] == (1, 1)
        layers = [type(layer).from_config(layer.get_config()) for layer in model.layers]
        with pytest.raises(ValueError, match="neg"):  # Keras's own words say no more than that
            keras.Sequential([keras.Input((size - 1, size - 1, model.input_shape[-1])), *layers])


@pytest.mark.slow
def test_images_with_another_number_of_channels_are_refused_by_the_model():
    for model in (models.make_cats_dogs_cnn(), models.make_cifar10_cnn()):
        grey = np.zeros((2, *model.input_shape[1:3], 1), np.uint8)
        with pytest.raises(ValueError, match=r"expected axis -1 .*have value 3.*, 1\)"):
            model(grey)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"image_size": 21}, ValueError, "at least 22 pixels.*received 21"),
        ({"image_size": (150, 20)}, ValueError, r"at least 22 pixels.*received \(150, 20\)"),
        ({"image_size": (150, 150, 3)}, ValueError, "one or two sizes"),
        ({"image_size": ()}, ValueError, "one or two sizes"),
        ({"image_size": 150.0}, TypeError, "int or a pair of ints.*received 150.0"),
        ({"image_size": "large"}, TypeError, "int or a pair of ints"),
        ({"image_size": True}, TypeError, "int or a pair of ints"),
        ({"channels": 4}, ValueError, r"channels must be 3 \(colour\) or 1 \(grey\); received 4"),
        ({"channels": "rgb"}, TypeError, "channels must be an int; received 'rgb'"),
        ({"width": -1}, ValueError, "width must be positive"),
    ],
)
def test_cats_dogs_cnn_names_the_argument_that_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        models.make_cats_dogs_cnn(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2; received 1"),
        ({"num_classes": 10.0}, TypeError, "num_classes must be an int; received 10.0"),
        ({"input_shape": (17, 32, 3)}, ValueError, r"at least 18.*received \(17, 32, 3\)"),
        ({"input_shape": (32, 32)}, ValueError, r"\(height, width, channels\)"),
        ({"input_shape": (32, 32, 4)}, ValueError, r"third of input_shape must be 3 .*received 4"),
        ({"width": "wide"}, TypeError, "width must be a number"),
    ],
)
def test_cifar10_cnn_names_the_argument_that_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        models.make_cifar10_cnn(**arguments)


def test_digit_cnn_has_the_parameters_counted_by_hand_and_fits_into_a_page(keras):
    model = models.make_digit_cnn()
    weights = 5 * 5 * 1 * 16 + 3 * 3 * 16 * 32 + 3 * 3 * 32 * 48 + 3 * 3 * 48 * 40
    normalised = 4 * (16 + 32 + 48 + 40)  # scale, shift, mean, variance
    # 28 -> 14 (stride) -> 14 -> 7 (pooling) -> 7 -> 5 (valid)
    logits = 5 * 5 * 40 * 11 + 11
    assert model.count_params() == weights + normalised + logits == 47_667
    assert 4 * model.count_params() < 200_000  # bytes
    assert model.output_shape == (None, 11)
    assert model.layers[-1].activation.__name__ == "linear"
    assert len({layer.name for layer in model.layers}) == len(model.layers)


@pytest.mark.parametrize(
    "maker", [models.make_lenet5, models.make_cifar10_cnn, models.make_digit_cnn]
)
def test_numpys_numbers_are_sizes_too(keras, maker):
    shape = tuple(np.array([20, 24, 3]))
    model = maker(input_shape=shape, num_classes=np.arange(4).max() + 1, width=np.float32(0.5))
    assert (model.input_shape, model.output_shape) == ((None, 20, 24, 3), (None, 4))
    assert keras.models.model_from_json(model.to_json()).count_params() == model.count_params()


def test_digit_cnn_takes_bytes_and_its_arguments_change_it(keras):
    model = models.make_digit_cnn((32, 20, 3), 10, width=0.5)
    assert model.input_shape == (None, 32, 20, 3)
    assert model.output_shape == (None, 10)
    assert model.get_layer("conv1").filters == 8
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 20, 3))
    np.testing.assert_allclose(model.layers[0](images), images / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"input_shape": (10, 28, 1)}, ValueError, "at least 11"),
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2"),
        ({"width": -1}, ValueError, "width must be positive"),
    ],
)
def test_digit_cnn_names_the_argument_that_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        models.make_digit_cnn(**arguments)
