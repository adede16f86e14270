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
