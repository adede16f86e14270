"""explorers.draw_digits: a small figure that finds its files, or a larger one that needs none."""

import base64
import html
import json
import re
import sys
import types
from pathlib import Path

import pytest

import cnn_tutorial
from cnn_tutorial import digit_reader
from cnn_tutorial.explorers import draw_digits

STATIC = Path(cnn_tutorial.__file__).parent / "static"


def data_of(figure):
    return json.loads(html.unescape(re.search('data-explorer="([^"]*)"', figure.data)[1]))


def test_the_stored_figure_is_small_and_the_same_every_time():
    assert len(draw_digits().data) < 3000
    assert draw_digits().data == draw_digits().data
    assert data_of(draw_digits()) == {"caption": "Write a digit"}


def test_the_caption_is_the_title_and_stays_text():
    figure = draw_digits(caption="<b>Seven?</b>")
    assert data_of(figure)["caption"] == "<b>Seven?</b>"
    assert "<strong>&lt;b&gt;Seven?&lt;/b&gt;</strong>" in figure.data


def test_an_embedded_figure_carries_the_network_and_all_modules():
    figure = draw_digits(embed=True)
    assert base64.b64decode(data_of(figure)["model"]) == (STATIC / "digits.onnx").read_bytes()
    script = figure.data.split("<script>")[1]
    assert not re.search(r"^(import|export)\b", script, re.M)
    for name in ("normalize", "openPlain", "openModel", "class DigitReader"):
        assert name in script
    assert len(figure.data) < 500_000


def test_in_colab_the_figure_carries_the_network_unless_told_otherwise(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert "model" in data_of(draw_digits())
    assert "model" not in data_of(draw_digits(embed=False))


@pytest.mark.parametrize("embed", [1, "yes", 0.0])
def test_embed_is_checked(embed):
    with pytest.raises(TypeError, match=f"embed must be True, False or None; received {embed!r}"):
        draw_digits(embed=embed)


def test_the_caption_is_checked():
    with pytest.raises(TypeError, match="caption must be a str or None; received int"):
        draw_digits(caption=7)


def test_no_figure_names_another_host():
    for embed in (False, True):
        text = re.sub('data-explorer="[^"]*"', "", draw_digits(embed=embed).data)
        assert not re.search(r"https?:|//\w", text)


def test_the_page_refuses_where_the_package_refuses():
    source = (STATIC / "digit_reader" / "element.mjs").read_text("utf-8")
    constants = dict(re.findall(r"^const (\w+) = ([\d.]+);", source, re.M))
    assert float(constants["SUREST"]) == digit_reader.THRESHOLD
    assert int(constants["REFUSED"]) == digit_reader.NOT_A_DIGIT
