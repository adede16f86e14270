"""What the book's pages are made from: book/_ext/book_pages.py and tools/draw_cover.py."""

import importlib.util
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate2d
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parents[2]
RECORD = {
    "name": "11_first_classifier",
    "title": "A first classifier",
    "seconds": 36.2,
    "peak_mb": 1320,
    "date": "2026-11-23",
    "processor": "a processor",
    "cores": 2,
    "python": "3.11.7",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "passed": True,
}


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cover():
    return load(ROOT / "tools" / "draw_cover.py")


@pytest.fixture(scope="module")
def pages():
    pytest.importorskip("sphinx")
    return load(ROOT / "book" / "_ext" / "book_pages.py")


@pytest.fixture
def digit(cover):
    return load_digits().images[cover.DIGIT].astype(int)


def test_the_cover_is_what_the_script_draws(cover, digit):
    assert cover.COVER.read_text("utf-8") == cover.draw(digit, cover.KERNEL)


def test_the_feature_map_on_the_cover_is_scipys_correlation(cover, digit):
    expected = correlate2d(digit, cover.KERNEL, mode="valid")
    np.testing.assert_array_equal(cover.feature_map(digit, cover.KERNEL), expected)


def test_the_first_page_states_the_arithmetic_of_the_marked_pixel(cover, digit):
    arithmetic = cover.sentence(digit, cover.KERNEL)
    left, right = arithmetic.split(" = ")
    value = int(right.replace("−", "-"))
    plus, minus = (sum(map(int, re.findall(r"\d+", part))) for part in left.split("−"))
    assert plus - minus == value
    assert arithmetic in " ".join((ROOT / "book" / "index.md").read_text("utf-8").split())


def test_the_picture_changes_with_the_image_and_with_the_kernel(cover, digit):
    drawing = cover.draw(digit, cover.KERNEL)
    assert cover.draw(digit.T, cover.KERNEL) != drawing
    assert cover.draw(digit, cover.KERNEL.T) != drawing
    assert ElementTree.fromstring(drawing).tag.endswith("svg")


def test_a_formula_stays_with_the_punctuation_that_touches_it(pages):
    nodes = pytest.importorskip("docutils.nodes")
    utils = pytest.importorskip("docutils.utils")
    document = utils.new_document("chapter")
    parts = ["by half (", "a", "), at ", "b", ", ", "c", " and ", "d", "'s, or ", "e", "."]
    document += nodes.paragraph()
    for part in parts:
        document[0] += (
            nodes.math("", part) if len(part) == 1 and part.isalpha() else nodes.Text(part)
        )
    pages.keep_punctuation(None, document)
    kept = [node.astext() for node in document[0].findall(nodes.inline)]
    assert kept == ["(a),", "b,", "e."]
    assert document[0].astext() == "".join(parts)
    assert len(list(document.findall(nodes.math))) == 5


def test_status_says_so_where_nothing_was_measured(pages, tmp_path):
    assert pages.status_markdown(tmp_path / "missing.json") == pages.NOT_MEASURED
    (tmp_path / "empty.json").write_text("[]")
    assert pages.status_markdown(tmp_path / "empty.json") == pages.NOT_MEASURED


def test_status_shows_every_chapter_with_its_figures(pages, tmp_path):
    failed = RECORD | {"name": "21_convolution", "title": "Convolution", "passed": False}
    path = tmp_path / "chapters.json"
    path.write_text(json.dumps([RECORD, failed]))
    rows = [line for line in pages.status_markdown(path).splitlines() if "ipynb" in line]
    assert rows[0].startswith("| ✓ [")
    assert rows[0].split(" | ")[1:3] == ["36", "1320"]
    assert "[Convolution](../notebooks/21_convolution.ipynb)" in rows[1]
    assert rows[1].startswith("| ✗ fails: [Convolution]")
    assert "a processor, 2 cores, Python 3.11.7, TensorFlow 2.21.0" in pages.status_markdown(path)


@pytest.mark.slow
def test_api_lists_what_readers_import_under_the_name_they_import_it_by(pages):
    text = pages.api_markdown(pages.PACKAGE)
    assert "### session.check\n" in text
    assert "### numpy_ops.conv2d\n" in text
    assert "numpy_ops.convolution" not in text.replace("numpy_ops.convolution_", "")
    assert "check(statement, holds)" in text


def test_api_shows_no_private_name_and_no_direction_to_doctest(pages, tmp_path):
    package = tmp_path / "parcel"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tools.py").write_text(
        '"""Tools."""\n\n'
        'def open_(a, *, b=1):\n    """Open ``a``.\n\n'
        '    >>> open_(1)  # doctest: +SKIP\n    """\n\n'
        "def _hidden():\n    pass\n"
    )
    text = pages.api_markdown(package)
    assert "### tools.open_\n" in text
    assert "open_(a, *, b=1)" in text
    assert "Open `a`." in text
    assert "hidden" not in text
    assert "doctest" not in text
