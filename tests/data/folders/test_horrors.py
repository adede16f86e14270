"""The folder of horrors: each thing in it is used or named, and nothing breaks."""

import builtins
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data.folders import (
    UnusablePhotographError,
    find_duplicates,
    photographs,
    read_photograph,
    scan_folder,
)

# Not looked at, whatever they hold.
PASSED_OVER = ("beside.jpg", "cat/.hidden.jpg", "cat/Thumbs.db")


@pytest.fixture(scope="module")
def report(horrors):
    return scan_folder(horrors.path, progress=False)


def names(report, paths):
    return [path.relative_to(report.path).as_posix() for path in paths]


def test_exactly_the_usable_files_are_used(horrors, report):
    assert sorted(names(report, report.files)) == sorted(horrors.usable)


def test_every_other_thing_is_named_once_with_its_reason(horrors, report):
    found = dict(zip(names(report, [p for p, _ in report.problems]), report.problems, strict=True))
    assert sorted(found) == sorted(horrors.problems)
    assert len(found) == len(report.problems)
    for name, reason in horrors.problems.items():
        assert found[name][1].startswith(reason), name


def test_every_oddity_is_noted_and_nothing_else(horrors, report):
    found = {}
    for path, note in report.notes:
        found.setdefault(path.relative_to(report.path).as_posix(), []).append(note)
    # A palette image that Pillow writes as GIF, and the dot, whose one pixel is one grey.
    more = {"cat/moving.gif": ["palette"], "cat/dot.png": ["one grey all over"]}
    expected = {name: sorted([note, *more.get(name, [])]) for name, note in horrors.notes.items()}
    assert {name: sorted(notes) for name, notes in found.items()} == expected


def test_every_usable_file_is_read_with_the_size_in_the_report(report):
    for file, size in zip(report.files, report.sizes, strict=True):
        pixels = read_photograph(file)
        assert pixels.shape == (*size, 3)
        assert pixels.dtype == np.uint8


@pytest.mark.filterwarnings("ignore:Image size")
def test_every_file_set_aside_raises_its_reason(horrors, report):
    for path, reason in report.problems:
        name = path.relative_to(report.path).as_posix()
        if path.is_file() and not path.is_symlink() and name not in PASSED_OVER:
            with pytest.raises(UnusablePhotographError) as caught:
                read_photograph(path)
            assert caught.value.reason == reason


def test_the_scan_warns_of_nothing_since_the_report_says_it(horrors, recwarn):
    scan_folder(horrors.path, progress=False)
    assert list(recwarn) == []


def test_nothing_outside_the_folder_is_opened(horrors, monkeypatch):
    opened = []
    real_open = io.open

    def spy(file, *arguments, **options):
        opened.append(os.path.realpath(file) if isinstance(file, (str, Path)) else file)
        return real_open(file, *arguments, **options)

    real_scandir = os.scandir

    def spy_scandir(path):
        opened.append(os.path.realpath(path))
        return real_scandir(path)

    monkeypatch.setattr(io, "open", spy)
    monkeypatch.setattr(builtins, "open", spy)
    monkeypatch.setattr(os, "scandir", spy_scandir)
    scan_folder(horrors.path, workers=1, progress=False)
    assert str(horrors.path / "cat" / "plain.jpg") in opened  # the spy sees what is read
    assert [path for path in opened if str(path).startswith(str(horrors.outside))] == []


def test_nothing_in_the_folder_is_changed(horrors):
    def listing():
        return sorted(
            (str(path), path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in horrors.path.rglob("*")
        )

    before = listing()
    scan_folder(horrors.path, progress=False)
    assert listing() == before


def test_the_report_shows_line_breaks_and_brackets_without_harm(report):
    assert "cat/line\\nbreak <b>.jpg" in report.summary()
    assert "cat/line\\nbreak &lt;b&gt;.jpg" in report._repr_html_()


def test_a_link_inside_the_folder_is_found_to_be_a_copy_in_another_class(report):
    group = next(g for g in find_duplicates(report) if "inside.jpg" in str(g.files))
    assert sorted(names(report, group.files)) == ["cat/plain.jpg", "dog/inside.jpg"]
    assert group.identical
    assert group.contradicts


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_set_aside(tmp_path, encode, make_picture):
    (tmp_path / "cat").mkdir()
    path = tmp_path / "cat" / "locked.jpg"
    path.write_bytes(encode(make_picture(0)))
    path.chmod(0)
    reason = scan_folder(tmp_path, progress=False).problems[1][1]
    assert reason == "not readable (Permission denied)"


def test_a_file_that_the_system_refuses_is_set_aside(tmp_path, encode, make_picture, monkeypatch):
    (tmp_path / "cat").mkdir()
    for name in ("a.jpg", "locked.jpg"):
        (tmp_path / "cat" / name).write_bytes(encode(make_picture(0)))
    read_bytes = Path.read_bytes

    def refuse(path):
        if path.name == "locked.jpg":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    report = scan_folder(tmp_path, progress=False)
    assert [(p.name, reason) for p, reason in report.problems] == [
        ("locked.jpg", "not readable (Permission denied)")
    ]


def test_a_folder_that_the_system_refuses_is_set_aside(tmp_path, monkeypatch):
    (tmp_path / "cat").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "cat":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    reasons = [reason for _, reason in scan_folder(tmp_path, progress=False).problems]
    assert "not readable (Permission denied)" in reasons


def test_a_file_that_vanishes_while_it_is_scanned_is_set_aside(
    tmp_path, encode, make_picture, monkeypatch
):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "gone.jpg").write_bytes(encode(make_picture(0)))
    stat = os.stat

    def unlink_first(path, *arguments, **options):
        if Path(path).name == "gone.jpg":
            Path(path).unlink(missing_ok=True)
        return stat(path, *arguments, **options)

    monkeypatch.setattr(photographs.os, "stat", unlink_first)
    report = scan_folder(tmp_path, progress=False)
    assert ("gone.jpg", "not there") in [(p.name, reason) for p, reason in report.problems]


def test_an_enormous_file_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "film.jpg"
    with path.open("wb") as file:
        file.truncate(photographs.LARGEST_FILE + 1)  # takes no room on the disk
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    with pytest.raises(UnusablePhotographError, match="larger than 256 MiB"):
        read_photograph(path)


@pytest.mark.filterwarnings("ignore:Image size")
def test_the_limit_on_pixels_is_pillows_own(tmp_path, encode, make_picture, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encode(make_picture(0, 10, 10), "PNG"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_photograph(path).shape == (10, 10, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    with pytest.raises(UnusablePhotographError, match="more than 99 pixels"):
        read_photograph(path)


def test_a_name_that_is_no_text_is_read_and_shown(tmp_path, encode, make_picture):
    folder = os.fsencode(tmp_path) + b"/cat"
    os.mkdir(folder)
    with open(folder + b"/\xff\xfe.jpg", "wb") as file:
        file.write(encode(make_picture(0)))
    report = scan_folder(tmp_path, progress=False)
    assert len(report) == 1
    assert report.name(report.files[0]) == "cat/\\udcff\\udcfe.jpg"
    (report.summary() + report._repr_html_()).encode("utf-8")
