"""tools/shrink_figures.py: smaller pictures that look the same."""

import base64
import importlib
import io
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
shrink = importlib.import_module("shrink_figures")


def png(pixels, **options):
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG", **options)
    return packed.getvalue()


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def chart():
    from cnn_tutorial import plotting

    figure = plotting.plot_lines({"a": [0, 3, 1], "b": [2, 0, 2]}, xlabel="x", ylabel="y")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return png(np.asarray(canvas.buffer_rgba()))


def test_a_chart_takes_less_than_half_and_looks_the_same(chart):
    small = shrink.shrink_png(chart)
    assert len(small) < len(chart) / 2
    assert abs(pixels(small) - pixels(chart)).max() <= shrink.LARGEST_CHANGE
    assert Image.open(io.BytesIO(small)).mode == "P"


def test_a_chart_keeps_its_ground_white(chart):
    commonest = pixels(chart)[0, 0]
    np.testing.assert_array_equal(commonest, [255, 255, 255])
    ground = (pixels(chart) == commonest).all(axis=-1)
    assert ground.mean() > 0.5
    assert (pixels(shrink.shrink_png(chart))[ground] == 255).all()


def test_a_picture_of_many_colours_keeps_every_pixel():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    small = shrink.shrink_png(png(noise))
    np.testing.assert_array_equal(pixels(small), noise)


def test_a_picture_of_at_most_256_greys_keeps_every_pixel():
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    small = shrink.shrink_png(png(greys))
    np.testing.assert_array_equal(pixels(small)[:, :, 0], greys)


def test_what_was_shrunk_and_what_is_transparent_stays_as_it_is(chart):
    small = shrink.shrink_png(chart)
    assert shrink.shrink_png(small) == small
    half = np.full((8, 8, 2), 128, np.uint8)
    for clear in (np.zeros((8, 8, 4), np.uint8), half):
        assert shrink.shrink_png(png(clear)) == png(clear)
    black = png(np.zeros((8, 8, 3), np.uint8), transparency=(0, 0, 0))
    assert shrink.shrink_png(black) == black


def test_shrink_figures_changes_the_pictures_and_nothing_else(chart):
    data = {"image/png": base64.b64encode(chart).decode(), "text/plain": "<Figure>"}
    outputs = [
        nbformat.v4.new_output("execute_result", data, execution_count=1),
        nbformat.v4.new_output("stream", text="ten"),
    ]
    cells = [
        nbformat.v4.new_markdown_cell("prose"),
        nbformat.v4.new_code_cell("plot()", outputs=outputs, execution_count=1),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    before = nbformat.from_dict(notebook)
    shrink.shrink_figures(notebook)
    stored = notebook.cells[1].outputs[0].data.pop("image/png")
    assert base64.b64decode(stored) == shrink.shrink_png(chart)
    before.cells[1].outputs[0].data.pop("image/png")
    assert notebook == before
