import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import scipy.special

from cnn_tutorial import numpy_ops
from cnn_tutorial.explorers import show_convolution, show_pooling, show_softmax

IMAGE = np.random.default_rng(0).integers(-9, 200, (10, 9))
KERNEL = np.array([[1, 0, -1], [2, 0, -2]])


class Reader(HTMLParser):
    """What the figure's attribute, tables and script say."""

    def __init__(self, figure):
        super().__init__()
        self.data, self.tables, self.captions, self.text = None, [], [], ""
        self._inside = []
        self.feed(figure.data)

    def handle_starttag(self, tag, attrs):
        self._inside.append(tag)
        if tag.endswith("-explorer"):
            self.data = json.loads(dict(attrs)["data-explorer"])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])

    def handle_endtag(self, tag):
        assert self._inside.pop() == tag, "every tag is closed, in order"

    def handle_data(self, data):
        tag = self._inside[-1] if self._inside else ""
        if tag == "td":
            number = data.replace("−", "-")
            is_number = re.fullmatch(r"[-.\de]+", number)
            self.tables[-1][-1].append(float(number) if is_number else data)
        if tag == "caption":
            self.captions.append(data)
        if tag in ("p", "strong"):
            self.text += data


FIGURES = {
    "convolution": lambda: show_convolution(IMAGE, {"k": KERNEL}, padding=1),
    "pooling": lambda: show_pooling({"one": IMAGE, "two": IMAGE.T}, strides=1),
    "softmax": lambda: show_softmax([2.0, 1.0, -1.0], class_names=["cat", "dog", "owl"]),
}


@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same", 1, 2])
def test_the_tables_for_where_no_script_runs_equal_conv2d(strides, padding):
    image, kernel, output = Reader(
        show_convolution(IMAGE, KERNEL, strides=strides, padding=padding)
    ).tables
    explicit = ((padding, padding),) * 2 if isinstance(padding, int) else padding
    expected = numpy_ops.conv2d(
        IMAGE[None, :, :, None].astype(float),
        KERNEL[:, :, None, None].astype(float),
        strides=strides,
        padding=explicit,
    )[0, :, :, 0]
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(kernel, KERNEL)
    np.testing.assert_array_equal(output, expected)


def test_fractions_are_rounded_in_the_tables_and_exact_in_the_data():
    image = np.array([[1 / 3, -2 / 3, 1234.56], [0.0123456, 1e-17, 12.345]])
    reader = Reader(show_convolution(image, np.ones((1, 1))))
    assert reader.tables[0] == [[0.333, -0.667, 1235], [0.012, 0, 12.3]]
    np.testing.assert_array_equal(reader.data["images"][0][1], image)


def test_every_argument_reaches_the_figure():
    images = {"10": np.eye(4), "2": np.ones((3, 4), np.uint8)}
    kernels = {"b": np.ones((2, 2)), "a": np.float32([[0.5]])}
    reader = Reader(show_convolution(images, kernels, strides=3, padding=2, caption="<A> & “b”"))
    assert reader.data == {
        "images": [["10", np.eye(4).tolist()], ["2", np.ones((3, 4)).tolist()]],
        "kernels": [["b", np.ones((2, 2)).tolist()], ["a", [[0.5]]]],
        "strides": 3,
        "padding": 2,
        "caption": "<A> & “b”",
    }
    assert reader.captions == ["Image “10”, 4 × 4", "Kernel “b”, 2 × 2", "Output, 3 × 3"]
    assert "<A> & “b”" in reader.text
    assert "stride 3 and two zeros on every side" in reader.text


def test_names_that_look_like_markup_stay_text():
    name = "</script><script>alert('x')</script>\""
    figure = show_convolution({name: np.eye(3)}, {name: np.eye(2)}, caption=name)
    assert Reader(figure).data["images"][0][0] == name
    assert figure.data.count("<script") == figure.data.count("</script") == 1


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_arguments_give_the_same_text(name):
    assert FIGURES[name]().data == FIGURES[name]().data


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_one_element_and_one_script_that_fetches_nothing(name):
    text = FIGURES[name]().data
    assert text.startswith(f"<{name}-explorer ")
    assert text.count("<script") == text.count("</script") == 1
    assert not re.search(r"https?:|\bsrc=|\bimport\b|\bfetch\(|/\* include", text)


def test_the_arguments_are_left_as_they_were():
    image, kernel = IMAGE.copy(), KERNEL.copy()
    show_convolution(image, kernel, padding="same")
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(kernel, KERNEL)


def test_a_figure_of_usual_size_is_small():
    images = {"one": IMAGE, "two": IMAGE.T}
    kernels = {name: np.eye(3) for name in "abcdef"}
    figure = show_convolution(images, kernels)
    assert len(figure.data.encode()) < 25_000
    assert len(show_pooling(images).data.encode()) < 26_000
    assert len(show_softmax(np.arange(6)).data.encode()) < 15_000


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_integers_and_floats_of_every_width_are_taken(dtype):
    reader = Reader(show_convolution(np.full((3, 3), 7, dtype), np.ones((2, 2), dtype)))
    assert reader.tables[2] == [[28, 28], [28, 28]]


BAD = [
    ({"images": np.zeros((3, 3, 1))}, ValueError, r"images must have shape .*\(3, 3, 1\)"),
    ({"images": np.zeros(3)}, ValueError, r"images must have shape .*\(3,\)"),
    ({"images": np.zeros((0, 3))}, ValueError, r"images must have shape .*\(0, 3\)"),
    ({"images": np.zeros((17, 3))}, ValueError, r"from 1 to 16; received shape \(17, 3\)"),
    ({"kernels": np.zeros((6, 1))}, ValueError, r"kernels must .* 1 to 5; received shape \(6, 1\)"),
    ({"images": [[1, 2], [3]]}, ValueError, "images must have rows of one length"),
    ({"images": {"a": np.array([[np.nan]])}}, ValueError, r"images\['a'\] must hold finite"),
    ({"kernels": np.array([[-np.inf]])}, ValueError, "kernels must hold finite numbers"),
    ({"images": np.full((3, 3), 1e7)}, ValueError, "at most 1,000,000"),
    ({"images": {}}, ValueError, "images must hold at least one array"),
    ({"kernels": {}}, ValueError, "kernels must hold at least one array"),
    ({"images": {1: np.eye(3)}}, TypeError, "images must be named by non-empty str; received 1"),
    ({"kernels": {" ": np.eye(3)}}, TypeError, "kernels must be named by non-empty str"),
    ({"images": np.eye(3) > 0}, TypeError, "images must be of integers or floats.*bool"),
    ({"images": np.eye(3) * 1j}, TypeError, "complex128"),
    ({"kernels": np.array([[None]])}, TypeError, "object"),
    ({"images": "photograph"}, TypeError, "images must be of integers or floats"),
    ({"images": np.eye(2), "kernels": np.eye(3)}, ValueError, r"no larger .*\(3, 3\).*\(2, 2\)"),
    ({"images": np.ones((9, 2)), "kernels": np.ones((1, 3))}, ValueError, "no larger"),
    ({"strides": 0}, ValueError, "strides must be from 1 to 3; received 0"),
    ({"strides": 4}, ValueError, "strides must be from 1 to 3; received 4"),
    ({"strides": (1, 1)}, TypeError, "strides must be an int; received tuple"),
    ({"strides": True}, TypeError, "strides must be an int; received bool"),
    ({"padding": "full"}, ValueError, "padding must be one of .*received 'full'"),
    ({"padding": 3}, ValueError, "padding must be one of .*received 3"),
    ({"padding": ((1, 1), (1, 1))}, TypeError, "padding must be a str or an int; received tuple"),
    ({"padding": True}, TypeError, "padding must be a str or an int; received bool"),
    ({"caption": 5}, TypeError, "caption must be a str or None; received int"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_input_is_named_in_the_error(arguments, error, message):
    with pytest.raises(error, match=message):
        show_convolution(**{"images": np.eye(5), "kernels": np.eye(3), **arguments})


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("pool_size", "strides"), [(1, 2), (2, None), (2, 3), (3, 2), (4, 1)])
def test_the_tables_of_pooling_equal_numpy_ops(pool_size, strides, padding):
    image = np.random.default_rng(1).integers(0, 4, (7, 8)).astype(float)  # with many ties
    batch = image[None, :, :, None]
    settings = {"pool_size": pool_size, "strides": strides, "padding": padding}
    for mode, forward, backward in [
        ("max", numpy_ops.max_pool2d, numpy_ops.max_pool2d_backward),
        ("average", numpy_ops.avg_pool2d, numpy_ops.avg_pool2d_backward),
    ]:
        reader = Reader(show_pooling(image, mode=mode, **settings))
        expected = forward(batch, **settings)
        gradient = backward(np.ones_like(expected), batch, **settings)
        np.testing.assert_array_equal(reader.tables[0], image)
        np.testing.assert_allclose(reader.tables[1], expected[0, :, :, 0], rtol=0.005)
        np.testing.assert_allclose(reader.tables[2], gradient[0, :, :, 0], rtol=0.05)


def test_every_argument_of_show_pooling_reaches_the_figure():
    images = {"10": np.eye(4), "2": np.ones((3, 4), np.uint8)}
    reader = Reader(
        show_pooling(
            images,
            pool_size=np.int64(3),
            strides=2,
            padding="same",
            mode="average",
            caption="<A> & “b”",
        )
    )
    assert reader.data == {
        "images": [["10", np.eye(4).tolist()], ["2", np.ones((3, 4)).tolist()]],
        "pool_size": 3,
        "strides": 2,
        "padding": "same",
        "mode": "average",
        "caption": "<A> & “b”",
    }
    assert reader.captions[:2] == ["Image “10”, 4 × 4", "Output, 2 × 2"]
    assert "average of windows of 3 × 3, stride 2 and padding “same”" in reader.text
    assert "<A> & “b”" in reader.text
    assert Reader(show_pooling(images)).data["strides"] is None


def test_the_first_of_equal_pixels_takes_the_gradient():
    # By hand: one window of [[2, 7], [7, 7]]; the first 7, row by row, is at [0, 1].
    tables = Reader(show_pooling([[2, 7], [7, 7]])).tables
    assert tables[1:] == [[[7]], [[0, 1], [0, 0]]]
    tables = Reader(show_pooling([[2, 7], [7, 7]], mode="average")).tables
    assert tables[1:] == [[[5.75]], [[0.25, 0.25], [0.25, 0.25]]]


BAD_POOLING = [
    ({"images": np.zeros((3, 3, 1))}, ValueError, r"images must have shape .*\(3, 3, 1\)"),
    ({"images": np.zeros((17, 3))}, ValueError, r"from 1 to 16; received shape \(17, 3\)"),
    ({"images": {}}, ValueError, "images must hold at least one array"),
    ({"images": np.array([[np.nan]])}, ValueError, "images must hold finite"),
    ({"images": np.eye(3) > 0}, TypeError, "images must be of integers or floats.*bool"),
    ({"pool_size": 0}, ValueError, "pool_size must be from 1 to 4; received 0"),
    ({"pool_size": 5}, ValueError, "pool_size must be from 1 to 4; received 5"),
    ({"pool_size": (2, 2)}, TypeError, "pool_size must be an int; received tuple"),
    ({"pool_size": 2.0}, TypeError, "pool_size must be an int; received float"),
    ({"pool_size": True}, TypeError, "pool_size must be an int; received bool"),
    ({"images": np.ones((4, 2)), "pool_size": 3}, ValueError, r"3 and image 'image' .*\(4, 2\)"),
    ({"strides": 0}, ValueError, "strides must be from 1 to 4; received 0"),
    ({"strides": "2"}, TypeError, "strides must be an int; received str"),
    ({"padding": "full"}, ValueError, "padding must be one of .*received 'full'"),
    ({"padding": 1}, TypeError, "padding must be a str; received int"),
    ({"mode": "min"}, ValueError, "mode must be one of .*received 'min'"),
    ({"mode": None}, TypeError, "mode must be a str; received NoneType"),
    ({"caption": 5}, TypeError, "caption must be a str or None; received int"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_POOLING)
def test_bad_input_of_show_pooling_is_named_in_the_error(arguments, error, message):
    with pytest.raises(error, match=message):
        show_pooling(**{"images": np.eye(5), **arguments})


def test_the_table_of_softmax_equals_scipy():
    logits = np.array([3.25, -1.5, 0, 50, 49.5, -50])
    for label in range(6):
        reader = Reader(show_softmax(logits, label=label))
        names, *columns = zip(*reader.tables[0][1:], strict=True)
        probs = scipy.special.softmax(logits)
        assert names == tuple(f"class {k}" for k in range(6))
        expected = [logits, np.exp(logits - 50), probs, probs - np.eye(6)[label]]
        np.testing.assert_allclose(columns, expected, rtol=0.05, atol=1e-9)
        loss = float(re.search(r"−ln p = ([\d.]+)", reader.text)[1])
        assert loss == pytest.approx(-scipy.special.log_softmax(logits)[label], rel=0.005)


def test_every_argument_of_show_softmax_reaches_the_figure():
    reader = Reader(
        show_softmax([1, 2.5], label=np.int64(1), class_names=("a", "<b>"), caption="C")
    )
    assert reader.data == {
        "logits": [1.0, 2.5],
        "label": 1,
        "names": ["a", "<b>"],
        "caption": "C",
    }
    assert "“<b>” as the right class" in reader.text


BAD_SOFTMAX = [
    ({"logits": [1.0]}, ValueError, r"logits must be 2 to 6 numbers; received shape \(1,\)"),
    ({"logits": np.zeros(7)}, ValueError, r"2 to 6 numbers; received shape \(7,\)"),
    ({"logits": np.zeros((2, 2))}, ValueError, r"2 to 6 numbers; received shape \(2, 2\)"),
    ({"logits": 3.0}, ValueError, r"2 to 6 numbers; received shape \(\)"),
    ({"logits": [0, 50.5, 1]}, ValueError, "logits must hold finite numbers of at most 50"),
    ({"logits": [0, np.nan, 1]}, ValueError, "logits must hold finite numbers"),
    ({"logits": [0, -np.inf, 1]}, ValueError, "logits must hold finite numbers"),
    ({"logits": [True, False, True]}, TypeError, "logits must be of integers or floats.*bool"),
    ({"logits": "abc"}, TypeError, "logits must be of integers or floats"),
    ({"label": 3}, ValueError, "label must be from 0 to 2; received 3"),
    ({"label": -1}, ValueError, "label must be from 0 to 2; received -1"),
    ({"label": 1.0}, TypeError, "label must be an int; received float"),
    ({"label": True}, TypeError, "label must be an int; received bool"),
    ({"class_names": ["a", "b"]}, ValueError, "class_names must be 3 different names"),
    ({"class_names": ["a", "b", "a"]}, ValueError, "class_names must be 3 different names"),
    ({"class_names": ["a", "b", 3]}, TypeError, "class_names must be non-empty str; received 3"),
    ({"class_names": ["a", "b", " "]}, TypeError, "class_names must be non-empty str"),
    ({"class_names": "abc"}, TypeError, "class_names must be a list of str or None; received str"),
    ({"caption": 5}, TypeError, "caption must be a str or None; received int"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_SOFTMAX)
def test_bad_input_of_show_softmax_is_named_in_the_error(arguments, error, message):
    with pytest.raises(error, match=message):
        show_softmax(**{"logits": [2.0, 1.0, -1.0], **arguments})
