import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cnn_tutorial import numpy_ops
from cnn_tutorial.explorers import show_convolution

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
        if tag == "convolution-explorer":
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
            self.tables[-1][-1].append(float(data.replace("−", "-")))
        if tag == "caption":
            self.captions.append(data)
        if tag in ("p", "strong"):
            self.text += data


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


def test_the_same_arguments_give_the_same_text():
    first, second = (show_convolution(IMAGE, {"k": KERNEL}, padding=1).data for _ in range(2))
    assert first == second


def test_the_arguments_are_left_as_they_were():
    image, kernel = IMAGE.copy(), KERNEL.copy()
    show_convolution(image, kernel, padding="same")
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(kernel, KERNEL)


def test_a_figure_of_usual_size_takes_less_than_25_kB_and_fetches_nothing():
    images = {"one": IMAGE, "two": IMAGE.T}
    kernels = {name: np.eye(3) for name in "abcdef"}
    figure = show_convolution(images, kernels)
    assert len(figure.data.encode()) < 25_000
    assert not re.search(r"https?:|\bsrc=|\bimport\b|\bfetch\(", figure.data)


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
    ({"strides": 0}, ValueError, "strides must be 1, 2 or 3; received 0"),
    ({"strides": 4}, ValueError, "strides must be 1, 2 or 3; received 4"),
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
