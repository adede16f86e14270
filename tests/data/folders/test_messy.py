import numpy as np
import pytest

from cnn_tutorial.data.folders import make_messy_folder, scan_folder


@pytest.fixture
def photographs(tmp_path, encode, make_picture):
    """A folder as ``fetch_folder`` gives, of 2 × 40 different pictures."""
    source = tmp_path / "source"
    for seed in range(80):
        kind, number = ("cat", "dog")[seed % 2], seed // 2
        (source / kind).mkdir(parents=True, exist_ok=True)
        (source / kind / f"{kind}.{number}.jpg").write_bytes(encode(make_picture(seed, 120, 150)))
    return source


def test_a_scan_finds_everything_on_the_answer_sheet_and_little_else(photographs, tmp_path):
    answers = make_messy_folder(tmp_path / "pets", photographs)
    report = scan_folder(tmp_path / "pets", progress=False)
    found = {report.name(path) for path, _ in (*report.problems, *report.notes)}
    copies = {report.name(file) for group in report.duplicates for file in group.files}
    assert found | copies == {*answers, "cat/cat.14.jpg", "cat/cat.12.jpg"}
    assert len(report.problems) == 6
    np.testing.assert_array_equal(report.counts, [39, 40])
    assert report.class_names == ("cat", "dog")


def test_the_folder_is_always_the_same_and_the_photographs_are_left_alone(photographs, tmp_path):
    def contents(folder):
        return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    before = contents(photographs)
    make_messy_folder(tmp_path / "a", photographs)
    make_messy_folder(str(tmp_path / "b"), str(photographs))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(photographs) == before


def test_a_folder_with_something_in_it_is_refused(photographs):
    with pytest.raises(FileExistsError, match="path must be a new or an empty folder"):
        make_messy_folder(photographs, photographs)
