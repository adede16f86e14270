"""models.summarize: FLOPs against TensorFlow's profiler and against counts by hand."""

import contextlib
import io

import pytest

from cnn_tutorial import models, numpy_ops

pytestmark = pytest.mark.slow


def profiled_flops(model):
    """What TensorFlow's profiler counts in the graph of the model for one image."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    graph_of = tf.function(lambda images: model(images, training=False))
    concrete = graph_of.get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:])))
    frozen = convert_variables_to_constants_v2(concrete)
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    with contextlib.redirect_stdout(io.StringIO()):
        return tf.compat.v1.profiler.profile(frozen.graph, options=options).total_float_ops


def sequential(keras, *layers, shape=(13, 11, 4)):
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("Conv2D", {"filters": 6, "kernel_size": (3, 2), "strides": 2, "padding": "same"}),
        ("Conv2D", {"filters": 6, "kernel_size": 3, "use_bias": False}),
        ("Conv2D", {"filters": 6, "kernel_size": 3, "activation": "relu"}),
        ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 3}),
        ("DepthwiseConv2D", {"kernel_size": 3, "use_bias": False}),
        ("SeparableConv2D", {"filters": 6, "kernel_size": 3, "depth_multiplier": 2}),
        ("Conv2DTranspose", {"filters": 6, "kernel_size": 4, "strides": 2, "padding": "same"}),
        ("MaxPooling2D", {"pool_size": (3, 2), "strides": 2, "padding": "same"}),
        ("AveragePooling2D", {"pool_size": 3}),
        ("GlobalAveragePooling2D", {}),
        ("Dense", {"units": 5}),  # at every place of the map
        ("Rescaling", {"scale": 2.0, "offset": 1.0}),
        ("Flatten", {}),
        ("ReLU", {}),
    ],
)
def test_a_layer_costs_what_tensorflows_profiler_counts(keras, kind, arguments):
    model = sequential(keras, getattr(keras.layers, kind)(**arguments))
    assert models.summarize(model).rows[-1].flops == profiled_flops(model)


@pytest.mark.parametrize(
    "maker", [models.make_lenet5, models.make_cifar10_cnn, models.make_cats_dogs_cnn]
)
def test_a_network_costs_what_tensorflows_profiler_counts(maker):
    model = maker()
    assert models.summarize(model).flops == profiled_flops(model)


@pytest.mark.parametrize(("kind", "a_number"), [("Add", 2), ("Multiply", 2), ("Average", 3)])
def test_merging_three_branches_costs_what_the_profiler_counts(keras, kind, a_number):
    images = keras.Input((5, 6, 2))
    branches = [images, keras.layers.Flatten()(images), images]
    branches[1] = keras.layers.Reshape((5, 6, 2))(branches[1])
    model = keras.Model(images, getattr(keras.layers, kind)()(branches))
    summary = models.summarize(model)
    assert summary.flops == profiled_flops(model) == a_number * 5 * 6 * 2


def test_batch_normalisation_is_a_multiply_add_and_a_few_operations_a_channel_more(keras):
    model = sequential(keras, keras.layers.BatchNormalization(), shape=(13, 11, 4))
    counted = models.summarize(model).flops
    assert counted == 2 * 13 * 11 * 4
    # The profiler adds what makes factor and offset from gamma, beta, mean and variance.
    assert 0 < profiled_flops(model) - counted <= 6 * 4


def test_the_first_convolution_of_the_cats_dogs_network_counted_by_hand():
    row = models.summarize(models.make_cats_dogs_cnn())["conv1"]
    # 148 x 148 places, 32 filters, 3 x 3 x 3 multiply-adds of two operations each, one bias
    assert row.flops == 148 * 148 * 32 * (2 * 27 + 1) == 38_551_040
    assert row.flops == numpy_ops.conv2d_flops(148, 3, 3, 32)


@pytest.mark.parametrize(
    ("kind", "arguments", "by_hand"),
    [
        # Keras hides a grouped convolution from the profiler in a compiled function.
        ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, 2 * 3 * 4 * (2 * 9 * 3 + 1)),
        # The profiler counts 2 kh kw C F for each s-th pixel of the output, valid or not.
        ("Conv2DTranspose", {"filters": 3, "kernel_size": (3, 4)}, 4 * 5 * 12 * 2 * 18 + 6 * 8 * 3),
        (
            "Conv2DTranspose",
            {"filters": 3, "kernel_size": (3, 4), "use_bias": False},
            4 * 5 * 12 * 2 * 18,
        ),
        ("GlobalMaxPooling2D", {}, 4 * 5 * 6),
        ("LayerNormalization", {}, 7 * 4 * 5 * 6),
        ("GroupNormalization", {"groups": 2}, 7 * 4 * 5 * 6),
        ("UpSampling2D", {}, 0),
        ("ZeroPadding2D", {}, 0),
        ("Cropping2D", {}, 0),
        ("Dropout", {"rate": 0.5}, 0),
        ("Activation", {"activation": "sigmoid"}, 0),
        ("Softmax", {}, 0),
        ("RandomFlip", {}, 0),
        ("Permute", {"dims": (2, 1, 3)}, 0),
    ],
)
def test_what_the_profiler_does_not_know_is_counted_by_hand(keras, kind, arguments, by_hand):
    model = sequential(keras, getattr(keras.layers, kind)(**arguments), shape=(4, 5, 6))
    assert models.summarize(model).flops == by_hand


def test_operations_on_tensors_count_as_layers_do(keras):
    images = keras.Input((4, 5, 6))
    model = keras.Model(images, keras.ops.relu(2.0 * images + images))
    summary = models.summarize(model)
    assert summary.flops == profiled_flops(model) == 2 * 4 * 5 * 6
    assert summary.rows[-1].field.size == (1, 1)
