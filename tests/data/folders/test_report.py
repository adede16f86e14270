import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data.folders import scan_folder
from cnn_tutorial.data.folders.report import FolderReport, group_by_kind, show_path


@pytest.fixture
def folder(tmp_path, encode, make_picture):
    """Three cats, one of them a grey one, a dog and two broken dogs."""
    root = tmp_path / "pets"
    for name, content in {
        "cat/1.jpg": encode(make_picture(0, 30, 60)),
        "cat/2.jpg": encode(make_picture(1, 40, 40)),
        "cat/3.jpg": encode(make_picture(2, 30, 60), mode="L"),
        "dog/1.jpg": encode(make_picture(3, 60, 30)),
        "dog/2.jpg": b"",
        "dog/3.jpg": encode(make_picture(4))[:900],
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def scanned(folder):
    return scan_folder(folder, progress=False)


def test_the_summary_is_this_text(folder):
    assert scanned(folder).summary() == "\n".join(
        [
            "4 photographs in 2 classes, 2 set aside",
            "The classes are not balanced: always answering 'cat' is right for 75%.",
            "",
            "class  photographs   share",
            "cat              3   75.0%",
            "dog              1   25.0%",
            "",
            "height × width: from 40×40 to 30×60, 3 sizes",
            "width / height: from 0.50 to 2.00, median 1.50",
            "stored as: RGB (3), L (1)",
            "",
            "set aside: 2",
            "  1 × empty: dog/2.jpg",
            "  1 × truncated: dog/3.jpg",
        ]
    )


def test_the_representation_is_one_line(folder):
    report = scanned(folder)
    assert repr(report) == ("<FolderReport of pets: 4 photographs in 2 classes, 2 set aside>")
    assert len(report) == 4


def test_counts_follow_the_class_names(folder):
    np.testing.assert_array_equal(scanned(folder).counts, [3, 1])


def test_copies_are_named_and_a_contradiction_is_said(folder):
    (folder / "dog" / "4.jpg").write_bytes((folder / "cat" / "1.jpg").read_bytes())
    report = scanned(folder)
    assert "copies: 1 group\n  cat/1.jpg = dog/4.jpg (in two classes)" in report.summary()
    assert "The same photograph lies in two classes: a label is wrong." in report.remarks()
    assert "cat/1.jpg = dog/4.jpg (in two classes)" in report._repr_html_()
    assert not any("look the same" in remark for remark in report.remarks())


def test_look_alikes_in_two_classes_are_to_be_looked_at(folder):
    Image.open(folder / "cat" / "1.jpg").save(folder / "dog" / "4.png")
    report = scanned(folder)
    (remark,) = [text for text in report.remarks() if "two classes" in text]
    assert remark.startswith("Photographs in two classes look the same: look at them. If they are")
    assert "cat/1.jpg ≈ dog/4.png (in two classes)" in report.summary()
    (folder / "dog" / "2.jpg").write_bytes((folder / "cat" / "2.jpg").read_bytes())
    assert sum("two classes" in text for text in scanned(folder).remarks()) == 2


def test_copies_are_looked_for_once(folder, monkeypatch):
    from cnn_tutorial.data.folders import report as module

    report = scanned(folder)
    assert report.duplicates == []
    monkeypatch.setattr(module, "find_duplicates", lambda report: pytest.fail("again"))
    assert report.duplicates == []


@pytest.mark.parametrize(
    ("classes", "remark"),
    [
        ({}, "There is nothing to train on: expected is one subfolder a class."),
        ({"cat": 3}, "There is one class only: nothing can be told from it."),
        ({"train": 2, "Test": 2}, "These classes are named like splits: scan each folder by it"),
        ({"cat": 4, "dog": 1}, "always answering 'cat' is right for 80%."),
        ({"cat": 3, "dog": 2}, None),
        ({"cat": 2, "test": 2}, None),
    ],
)
def test_what_is_odd_about_the_whole_is_remarked(tmp_path, encode, make_picture, classes, remark):
    seed = 0
    for name, number in classes.items():
        (tmp_path / name).mkdir()
        for _ in range(number):
            seed += 1
            (tmp_path / name / f"{seed}.jpg").write_bytes(encode(make_picture(seed)))
    remarks = scanned(tmp_path).remarks()
    assert bool(remarks) == (remark is not None)
    if remark:
        assert any(remark in text for text in remarks)
        assert remark in scanned(tmp_path).summary().replace("\n", " ")


def test_what_failed_after_the_scan_is_part_of_the_report(folder):
    report = scanned(folder)
    report.skipped.append((report.files[0], "not there"))
    assert "failed since the scan: 1\n  1 × not there: cat/1.jpg" in report.summary()
    assert "Failed since the scan: 1" in report._repr_html_()


def test_an_empty_report_shows_itself(tmp_path):
    report = scanned(tmp_path)
    assert report.summary().startswith("0 photographs in 0 classes, nothing set aside\nThere is")
    assert "nothing to train on" in report._repr_html_()
    assert "<img" not in report._repr_html_()
    assert repr(report).endswith(": 0 photographs in 0 classes, nothing set aside>")


class Outline(HTMLParser):
    """What is needed to tell whether a page can be read without seeing it."""

    def __init__(self, text):
        super().__init__()
        self.open, self.images, self.scopes, self.tables, self.captions = [], [], [], 0, 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in ("img", "br"):
            self.open.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "th":
            self.scopes.append(attributes.get("scope"))
        if tag == "img":
            self.images.append(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_is_well_formed_and_its_tables_and_image_are_described(horrors):
    text = scanned(horrors.path)._repr_html_()
    page = Outline(text)
    assert page.open == []
    assert page.tables == page.captions == 5
    assert set(page.scopes) == {"col", "row"}
    (image,) = page.images
    assert image["alt"] == "Contact sheet, one row a class, from top to bottom: cat, dog"
    # Colours are the page's, light or dark.
    assert not re.search(r"(?<![-\w])(color|background)\s*:(?! inherit)", text)


def test_the_html_names_problems_and_notes(horrors):
    text = scanned(horrors.path)._repr_html_()
    for said in ("truncated", "a decompression bomb", "turned upright by EXIF", "cat/half.jpg"):
        assert said in text


def test_the_contact_sheet_shows_each_class_in_its_row(tmp_path):
    for name, colour in {"a": "red", "b": "blue"}.items():
        (tmp_path / name).mkdir()
        for number in range(9):
            image = Image.new("RGB", (100, 100), colour)
            image.putpixel((number, 0), (0, 0, 0))
            image.save(tmp_path / name / f"{number}.png")
    text = scanned(tmp_path)._repr_html_()
    encoded = re.search(r"base64,([^\"]+)", text)[1]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))
    assert sheet.shape == (128, 384, 3)
    for left in range(10, 384, 64):
        assert abs(sheet[20:50, left : left + 40].astype(int) - [254, 0, 0]).max() < 8
        assert abs(sheet[84:114, left : left + 40].astype(int) - [0, 0, 254]).max() < 8


def test_a_photograph_that_vanished_leaves_its_place_on_the_sheet_empty(folder):
    report = scanned(folder)
    report.files[0].unlink()
    assert "<img" in report._repr_html_()


def test_the_html_of_a_thousand_problems_stays_small(tmp_path):
    (tmp_path / "cat").mkdir()
    for number in range(1000):
        (tmp_path / "cat" / f"{number}.jpg").touch()
    text = scanned(tmp_path)._repr_html_()
    assert "and 995 more" in text
    assert len(text) < 5_000


def test_texts_are_grouped_up_to_their_details():
    items = [("a", "bad: 1"), ("b", "empty"), ("c", "bad: 2"), ("d", "odd (x)"), ("e", "odd (x)")]
    assert group_by_kind(items) == [
        ("bad", ("a", "c")),
        ("odd (x)", ("d", "e")),
        ("empty", ("b",)),
    ]


def test_paths_are_shown_within_the_folder_and_without_control_characters():
    empty = np.array([])
    fields = dict.fromkeys(
        ("files", "labels", "class_names", "problems", "notes", "sizes", "modes", "hashes"), empty
    )
    report = FolderReport(path=Path("/a/pets"), fingerprints=empty, **fields)
    assert report.name("/a/pets/cat/1\n.jpg") == "cat/1\\n.jpg"
    assert report.name("/b/2.jpg") == "/b/2.jpg"
    assert show_path("\x1b[31m\u202e猫 é") == "\\x1b[31m\\u202e猫 é"
