"""models.summarize: the rows, the printed tables, and models it cannot take."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cnn_tutorial import models

pytestmark = pytest.mark.slow

LENET = """\
lenet5, for one image of 28×28×1
layer    kind            output  parameters    FLOPs   sees  step
images                  28×28×1           0        0    1×1     1
rescale  Rescaling      28×28×1           0    1,568    1×1     1
conv1    Conv2D         28×28×6         156  239,904    5×5     1
pool1    MaxPooling2D   14×14×6           0    4,704    6×6     2
conv2    Conv2D        10×10×16       2,416  481,600  14×14     2
pool2    MaxPooling2D    5×5×16           0    1,600  16×16     4
flatten  Flatten            400           0        0  16×16     –
dense1   Dense              120      48,120   96,120  28×28     –
dense2   Dense               84      10,164   20,244  28×28     –
logits   Dense               10         850    1,690  28×28     –
all                                  61,706  847,430
Sees: rows×columns of the image that one number depends on; step: image pixels
between the fields of neighbours. A multiply-add is two FLOPs; activation
functions are not counted.
"""


def test_the_table_of_lenet5_is_this_one():
    summary = models.summarize(models.make_lenet5())
    assert str(summary) == repr(summary) == LENET.rstrip()


class Table(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self.inside = tag

    def handle_endtag(self, tag):
        self.inside = None if tag in ("th", "td") else self.inside

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_the_html_table_has_the_cells_of_the_text_a_caption_and_headings():
    summary = models.summarize(models.make_lenet5())
    table = Table(summary._repr_html_())
    lines = LENET.splitlines()[1:13]
    assert [[cell for cell in row if cell] for row in table.rows] == [
        line.split() for line in lines
    ]
    assert [tag for tag, _ in table.tags].count("caption") == 1
    scopes = [attributes.get("scope") for tag, attributes in table.tags if tag == "th"]
    assert scopes == ["col"] * 7 + ["row"] * 11
    # A wide table scrolls in its own frame, which the keyboard can reach and which has a name.
    frame = dict(table.tags[0][1])
    assert (frame["tabindex"], frame["role"]) == ("0", "group")
    assert frame["aria-label"] == "lenet5, for one image of 28×28×1"


def test_names_are_escaped_in_html(keras):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.ReLU(name="a<b&c")], name="<i>")
    html = models.summarize(model)._repr_html_()
    assert "a&lt;b&amp;c" in html
    assert "<i>" not in html


def test_a_sequential_and_the_same_functional_model_give_the_same_rows(keras):
    model = models.make_cifar10_cnn()
    x = inputs = keras.Input((32, 32, 3), name="images")
    for layer in models.make_cifar10_cnn().layers:
        x = layer(x)
    functional = keras.Model(inputs, x)
    assert models.summarize(functional).rows == models.summarize(model).rows


def test_the_rows_hold_what_keras_says_of_each_layer(keras):
    model = models.make_cats_dogs_cnn((60, 50))
    summary = models.summarize(model)
    assert len(summary) == len(model.layers) + 1
    for row, layer in zip(list(summary)[1:], model.layers, strict=True):
        assert row.name == layer.name
        assert row.kind == type(layer).__name__
        assert row.output_shape == layer.output.shape[1:]
        assert row.parameters == row.trainable == layer.count_params()
        assert summary[row.name] is row
    assert summary.parameters == model.count_params()
    assert [row.inputs for row in summary.rows] == [
        (),
        *((row.name,) for row in summary.rows[:-1]),
    ]


def test_branches_come_one_after_another_and_a_row_names_what_it_takes(keras):
    images = keras.Input((8, 8, 2), name="images")
    first = keras.layers.Conv2D(3, 3, padding="same", name="a1")(images)
    first = keras.layers.ReLU(name="a2")(first)
    second = keras.layers.Conv2D(3, 1, name="b1")(images)
    joined = keras.layers.Concatenate(name="join")([first, second])
    summary = models.summarize(keras.Model(images, joined, name="two"))
    assert [row.name for row in summary] == ["images", "a1", "a2", "b1", "join"]
    assert summary["join"].inputs == ("a2", "b1")
    assert summary["b1"].inputs == ("images",)
    assert [row.is_pointwise for row in summary] == [False, False, True, False, False]


def test_frozen_and_moving_weights_are_not_counted_as_trained(keras):
    model = keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Conv2D(3, 3, name="conv")])
    model.add(keras.layers.BatchNormalization(name="norm"))
    summary = models.summarize(model)
    assert (summary["norm"].parameters, summary["norm"].trainable) == (12, 6)
    model.get_layer("conv").trainable = False
    summary = models.summarize(model)
    assert (summary.parameters, summary.trainable) == (57 + 12, 6)
    assert "Of the parameters, 6 are trained." in str(summary)
    assert "Of the parameters" not in LENET


def test_weights_of_a_layer_that_is_used_twice_are_counted_once(keras):
    images = keras.Input((8, 8, 2))
    shared = keras.layers.Conv2D(2, 3, padding="same", name="shared")
    model = keras.Model(images, shared(shared(images)))
    summary = models.summarize(model)
    assert [row.name for row in summary.rows[1:]] == ["shared", "shared (2)"]
    assert [row.parameters for row in summary.rows[1:]] == [38, 0]
    assert summary["shared"].flops == summary["shared (2)"].flops > 0
    assert summary["shared (2)"].field.size == (5, 5)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_model_inside_a_model_is_taken_apart(keras, kind):
    backbone = models.make_lenet5()
    if kind == "functional":
        backbone = keras.Model(backbone.inputs[0], backbone.outputs[0], name="lenet5")
    images = keras.Input((28, 28, 1), name="pixels")
    model = keras.Model(images, keras.layers.Dense(2, name="head")(backbone(images)))
    summary = models.summarize(model)
    alone = models.summarize(models.make_lenet5())
    assert summary.parameters == model.count_params()
    assert [row.name for row in summary.rows] == [
        "pixels",
        *(f"lenet5/{row.name}" for row in alone.rows[1:]),
        "head",
    ]
    assert summary["lenet5/pool2"].field == alone["pool2"].field
    assert summary["head"].inputs == ("lenet5/logits",)


def test_a_layer_of_unknown_kind_is_named_and_nothing_is_claimed_of_it(keras):
    class Mystery(keras.layers.Layer):
        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((8, 8, 2)), Mystery(name="odd")])
    model.add(keras.layers.Conv2D(3, 3, name="conv"))
    summary = models.summarize(model)
    assert summary.uncounted == ("odd",)
    assert summary["odd"].flops is summary["odd"].field is summary["conv"].field is None
    assert summary.flops == summary["conv"].flops == 36 * 3 * 37
    assert "> 3,996" in str(summary)
    assert "Not counted, because their kind is not known: odd." in str(summary)
    assert "odd" in re.search(r"<p>Not counted.*</p>", summary._repr_html_())[0]


def test_a_network_on_vectors_has_no_field(keras):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, name="dense")])
    row = models.summarize(model)["dense"]
    assert (row.flops, row.field) == (33, None)


def test_a_traced_subclass_can_be_summarised_and_the_error_says_how(keras):
    class Small(keras.Model):
        def __init__(self):
            super().__init__(name="small")
            self.conv = keras.layers.Conv2D(3, 3, name="conv")

        def call(self, images):
            return self.conv(images)

    model = Small()
    model(np.zeros((1, 8, 8, 1), "float32"))
    with pytest.raises(ValueError, match=r"'small' has none .*keras.Model\(images, model.call"):
        models.summarize(model)
    images = keras.Input((8, 8, 1))
    assert models.summarize(keras.Model(images, model.call(images)))["conv"].parameters == 30


def test_models_that_cannot_be_counted_are_refused(keras):
    layers = keras.layers
    with pytest.raises(TypeError, match=r"model must be a keras.Model; received Conv2D"):
        models.summarize(layers.Conv2D(3, 3))
    with pytest.raises(ValueError, match="give it its input first"):
        models.summarize(keras.Sequential([layers.Conv2D(3, 3)]))
    anything = keras.Sequential([keras.Input((None, None, 3), name="images"), layers.ReLU()])
    with pytest.raises(ValueError, match=r"fixed sizes.*'images' has shape \(None, None, None, 3"):
        models.summarize(anything)
    first = keras.Sequential([keras.Input((3, 8, 8))])
    first.add(layers.MaxPooling2D(data_format="channels_first", name="pool"))
    with pytest.raises(ValueError, match=r"channels last .*layer 'pool' has them first"):
        models.summarize(first)


def test_an_unknown_row_is_a_key_error_that_names_the_rows():
    summary = models.summarize(models.make_lenet5())
    with pytest.raises(KeyError, match="no layer 'conv9'; there are images, rescale, conv1"):
        summary["conv9"]
