"""models.summarize: which pixels really change an output pixel, found by its gradient."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cnn_tutorial import models, numpy_ops
from cnn_tutorial.models.fields import find_views
from cnn_tutorial.models.graph import list_calls

pytestmark = pytest.mark.slow
SIZE = (33, 29)


def make_positive(model, rng):
    """No ReLU ever stops a gradient if weights and images are positive; biases are zero."""
    shapes = [weights.shape for weights in model.get_weights()]
    model.set_weights([rng.uniform(0.5, 1, s) if len(s) > 1 else np.zeros(s) for s in shapes])


def pixels_that_matter(model, place, rng, count=192):
    """((first, last) row, (first, last) column) of the image on which an output pixel depends.

    ``count`` random images: a maximum passes its gradient to one pixel of its window only. Their
    pixels differ by powers of ten, so that any one can win, at the border too, where sums have
    fewer terms.
    """
    import tensorflow as tf

    images = tf.constant(10.0 ** rng.uniform(-12, 0, (count, *model.input_shape[1:])), "float32")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        outputs = model(images, training=False)
        chosen = tf.reduce_sum(outputs[(slice(None), *place)])
    gradient = np.abs(tape.gradient(chosen, images)).sum(axis=(0, 3))
    if not gradient.any():
        return None  # a pixel that a layer of zeros has added
    hits = [np.flatnonzero(gradient.any(axis=axis)) for axis in (1, 0)]
    return tuple((int(hit.min()), int(hit.max())) for hit in hits)


def last_view(model):
    calls = list_calls(model)
    return find_views(calls)[calls[-1].name]


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


PADDING = st.sampled_from(["valid", "same"])
# A depthwise kernel is not smaller than its stride: TensorFlow 2.21 ends the process in the
# gradient of such a one.
ONE_LAYER = st.one_of(
    st.tuples(st.just("Conv2D"), pairs(1, 4), pairs(1, 3), PADDING),
    st.tuples(st.just("dilated"), pairs(1, 3), pairs(1, 3), PADDING),
    st.tuples(st.just("MaxPooling2D"), pairs(1, 3), pairs(1, 3), PADDING),
    st.tuples(st.just("AveragePooling2D"), pairs(1, 3), pairs(1, 3), PADDING),
    st.tuples(st.just("DepthwiseConv2D"), pairs(2, 3), st.integers(1, 2), PADDING),
    st.tuples(st.just("SeparableConv2D"), pairs(2, 3), st.integers(1, 2), PADDING),
    st.tuples(st.just("Conv2DTranspose"), pairs(2, 4), pairs(1, 2), PADDING),
    st.tuples(st.just("UpSampling2D"), pairs(1, 3)),
    st.tuples(st.just("ZeroPadding2D"), st.tuples(pairs(0, 2), pairs(0, 2))),
    st.tuples(st.just("Cropping2D"), st.tuples(pairs(0, 2), pairs(0, 2))),
)


def make_layer(keras, kind, *arguments):
    if kind == "dilated":
        kernel, dilation, padding = arguments
        return keras.layers.Conv2D(1, kernel, dilation_rate=dilation, padding=padding)
    filters = [1] if kind in ("Conv2D", "SeparableConv2D", "Conv2DTranspose") else []
    return getattr(keras.layers, kind)(*filters, *arguments)


@settings(max_examples=60, deadline=None)
@given(st.lists(ONE_LAYER, min_size=1, max_size=4))
@example([("MaxPooling2D", (2, 2), (2, 2), "valid"), ("Conv2D", (3, 3), (1, 1), "same")])
@example([("UpSampling2D", (2, 3)), ("Conv2D", (3, 3), (1, 1), "valid")])
@example([("Conv2DTranspose", (3, 4), (2, 2), "same"), ("Conv2D", (2, 3), (2, 2), "same")])
def test_the_field_of_any_stack_is_what_the_gradient_reaches(keras, stack):
    rng = np.random.default_rng(0)
    try:
        layers = [make_layer(keras, *description) for description in stack]
        model = keras.Sequential([keras.Input((*SIZE, 1)), *layers])
    except ValueError:
        assume(False)
    height, width = model.output_shape[1:3]
    assume(min(height, width) >= 1 and max(height, width) <= 80)
    make_positive(model, rng)
    view = last_view(model)
    assert (view.rows.length, view.columns.length) == (height, width)
    for row, column in {(0, 0), (height // 2, width // 2), (height - 1, width - 1)}:
        expected = pixels_that_matter(model, (row, column), rng)
        found = (view.rows.pixels(row, border=True), view.columns.pixels(column, border=True))
        assert (None if None in found else found) == expected, (row, column)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.booleans()), min_size=1, max_size=5)
)
def test_size_and_jump_of_a_stack_are_those_of_the_formula(keras, stack):
    model = keras.Sequential([keras.Input((60, 60, 1))])
    for kernel, stride, pools in stack:
        layer = keras.layers.MaxPooling2D if pools else keras.layers.Conv2D
        filters = [] if pools else [1]
        model.add(layer(*filters, kernel, strides=stride, padding="same"))
    expected = numpy_ops.receptive_field([(kernel, stride, 1) for kernel, stride, _ in stack])
    field = models.summarize(model).rows[-1].field
    assert field.size == (expected.size,) * 2
    assert field.jump == (expected.jump,) * 2


def test_start_and_jump_place_the_field_of_every_pixel_inside_the_border(keras, rng):
    model = models.make_lenet5((40, 36, 1))
    make_positive(model, rng)
    field = models.summarize(model)["pool2"].field
    assert field == ((16, 16), (4, 4), (-2, -2))
    features = keras.Model(model.inputs, model.get_layer("pool2").output)
    for place in [(1, 1), (3, 5), (6, 2)]:
        first = [field.start[k] + place[k] * field.jump[k] for k in (0, 1)]
        expected = tuple((first[k], first[k] + field.size[k] - 1) for k in (0, 1))
        assert pixels_that_matter(features, place, rng) == expected


def test_the_cifar10_network_never_looks_at_the_last_two_rows_and_columns(keras, rng):
    model = models.make_cifar10_cnn()
    make_positive(model, rng)
    for layer in ("dense1", "logits"):
        assert models.summarize(model)[layer].field == ((30, 30), None, (0, 0))
    assert pixels_that_matter(model, (0,), rng) == ((0, 29), (0, 29))


def test_a_number_of_a_flattened_map_sees_what_it_saw_and_a_dense_layer_sees_all(keras):
    summary = models.summarize(models.make_lenet5())
    assert summary["flatten"].field == ((16, 16), None, None)
    assert summary["dense1"].field == ((28, 28), None, (0, 0))


def make_branches(keras, merge, strides=(1, 1)):
    layers = keras.layers
    images = keras.Input((SIZE[0], SIZE[1], 1))
    wide = layers.Conv2D(2, (5, 1), padding="same", strides=strides)(images)
    tall = layers.Conv2D(2, (1, 7), padding="same")(images)
    deep = layers.Conv2D(2, 3, padding="same")(layers.MaxPooling2D(3, 1, padding="same")(images))
    return keras.Model(images, merge([wide, tall, deep]))


@pytest.mark.parametrize("kind", ["Add", "Concatenate", "Average", "Multiply"])
def test_where_branches_meet_the_largest_field_counts_along_each_axis(keras, rng, kind):
    model = make_branches(keras, getattr(keras.layers, kind)())
    assert models.summarize(model).rows[-1].field.size == (5, 7)
    make_positive(model, rng)
    assert pixels_that_matter(model, (16, 14), rng, 512) == ((14, 18), (11, 17))


def test_a_skip_around_an_even_window_spans_both_fields(keras, rng):
    images = keras.Input((*SIZE, 1))
    after = keras.layers.Conv2D(1, 2, padding="same")(images)  # rows i and i + 1
    before = keras.layers.ZeroPadding2D(((1, 0), (1, 0)))(images)  # row i - 1
    model = keras.Model(images, after + keras.layers.Cropping2D(((0, 1), (0, 1)))(before))
    make_positive(model, rng)
    assert models.summarize(model).rows[-1].field == ((3, 3), (1, 1), (-1, -1))
    assert pixels_that_matter(model, (16, 14), rng) == ((15, 17), (13, 15))


def test_branches_that_do_not_fit_together_have_no_field(keras):
    images = keras.Input((8, 8, 1))
    small = keras.layers.Conv2D(1, 1, strides=2)(images)
    cut = keras.layers.Cropping2D(2)(images)
    summary = models.summarize(keras.Model(images, keras.layers.Add()([small, cut])))
    assert summary.rows[-1].field is None
    assert "?" in str(summary)


def test_an_excited_channel_sees_the_whole_image(keras, rng):
    images = keras.Input((12, 10, 1))
    maps = keras.layers.Conv2D(4, 3, padding="same")(images)
    weights = keras.layers.GlobalAveragePooling2D(keepdims=True)(maps)
    model = keras.Model(images, maps * keras.layers.Dense(4)(weights))
    make_positive(model, rng)
    assert models.summarize(model).rows[-1].field.size == (12, 10)
    assert pixels_that_matter(model, (5, 5), rng) == ((0, 11), (0, 9))


def test_where_the_field_changes_from_pixel_to_pixel_the_largest_is_named(keras, rng):
    layers = keras.layers
    images = keras.Input((*SIZE, 1))
    # Row i sees row i + 1 by one way, the even row below or at i by the other: 2 or 3 rows.
    shifted = layers.ZeroPadding2D(((0, 1), (0, 1)))(layers.Cropping2D(((1, 0), (1, 0)))(images))
    coarse = layers.UpSampling2D()(layers.MaxPooling2D(1, 2)(images))
    model = keras.Model(images, shifted + layers.Cropping2D(((0, 1), (0, 1)))(coarse))
    assert models.summarize(model).rows[-1].field.size == (3, 3)
    assert pixels_that_matter(model, (8, 8), rng) == ((8, 9), (8, 9))
    assert pixels_that_matter(model, (9, 9), rng) == ((8, 10), (8, 10))


@pytest.mark.parametrize(
    ("name", "size"), [("VGG16", 212), ("MobileNet", 315), ("ResNet50", 483), ("InceptionV3", 1311)]
)
def test_well_known_networks_have_the_fields_that_were_published(keras, name, size):
    # Araujo, Norris & Sim (2019), the table of modern networks.
    maker = getattr(keras.applications, name)
    model = maker(weights=None, include_top=False, input_shape=(224, 224, 3))
    summary = models.summarize(model)
    assert summary.rows[-1].field.size == (size, size)
    assert summary.rows[-1].field.jump == (32, 32)
    assert summary.parameters == model.count_params()
    assert not summary.uncounted


def test_in_an_encoder_and_decoder_the_jump_comes_back_to_one(keras, rng):
    layers = keras.layers
    images = keras.Input((32, 32, 1))
    down = layers.Conv2D(2, 3, strides=2, padding="same", name="down")(images)
    deep = layers.Conv2D(2, 3, padding="same")(layers.MaxPooling2D(name="pool")(down))
    up = layers.Conv2DTranspose(2, 3, strides=2, padding="same", name="up")(deep)
    joined = layers.Concatenate(name="joined")([up, down])
    last = layers.UpSampling2D(name="last")(joined)
    model = keras.Model(images, last)
    make_positive(model, rng)
    summary = models.summarize(model)
    assert [summary[name].field.jump[0] for name in ("down", "pool", "up", "last")] == [2, 4, 2, 1]
    widths = []
    for row in range(12, 20):
        ((first, past), _) = pixels_that_matter(model, (row, 16), rng, 512)
        widths.append(past - first + 1)
    assert summary["last"].field.size[0] == max(widths)
    assert len(set(widths)) > 1


def test_normalisation_by_channel_keeps_the_field_and_over_all_places_widens_it(keras):
    def size_after(*layers):
        model = keras.Sequential([keras.Input((12, 10, 4)), keras.layers.Conv2D(4, 3), *layers])
        return models.summarize(model).rows[-1].field.size

    layers = keras.layers
    for layer in (
        layers.BatchNormalization(),
        layers.LayerNormalization(),
        layers.ReLU(),
        layers.Dropout(0.5),
        layers.Softmax(),
        layers.Dense(5),
        layers.Reshape((10, 8, 2, 2)),
        layers.Reshape((80, 4)),
    ):
        assert size_after(layer) == (3, 3), layer.name
    for layer in (
        layers.GroupNormalization(2),
        layers.LayerNormalization(axis=(1, 2, 3)),
        layers.Softmax(axis=1),
        layers.GlobalMaxPooling2D(),
    ):
        assert size_after(layer) == (12, 10), layer.name
    assert size_after(layers.Flatten(), layers.Activation("relu")) == (3, 3)
    assert size_after(layers.Flatten(), layers.Softmax()) == (12, 10)
    assert size_after(layers.Flatten(), layers.Activation("softmax")) == (12, 10)
    assert size_after(layers.Reshape((80, 4)), layers.Dense(3)) == (3, 3)
    assert size_after(layers.Reshape((80, 4)), layers.GlobalAveragePooling1D()) == (12, 10)
    assert size_after(layers.Reshape((80, 4)), layers.Flatten(), layers.Dense(3)) == (12, 10)
