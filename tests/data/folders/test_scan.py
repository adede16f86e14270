import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data.folders import FolderReport, scan, scan_folder
from cnn_tutorial.data.folders.inspection import compute_fingerprint, inspect_photograph


@pytest.fixture
def lay(tmp_path, encode, make_picture):
    """Function: names in a folder -> the folder, with a different picture under each name."""

    def write(*names):
        for seed, name in enumerate(names):
            path = tmp_path / "pets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(make_picture(seed, 30 + seed, 50)))
        return tmp_path / "pets"

    return write


def scanned(folder, **options):
    return scan_folder(folder, progress=False, **options)


def names(report):
    return [path.relative_to(report.path).as_posix() for path in report.files]


def test_a_folder_per_class_gives_files_labels_sizes_and_modes_worked_by_hand(lay):
    folder = lay("dog/b.jpg", "cat/c.jpg", "dog/a.jpg")
    report = scanned(folder)
    assert names(report) == ["cat/c.jpg", "dog/a.jpg", "dog/b.jpg"]
    assert report.class_names == ("cat", "dog")
    np.testing.assert_array_equal(report.labels, [0, 1, 1])
    assert report.labels.dtype == np.int64
    np.testing.assert_array_equal(report.sizes, [[31, 50], [32, 50], [30, 50]])
    assert report.modes.tolist() == ["RGB", "RGB", "RGB"]
    assert len(set(report.hashes)) == 3
    assert report.fingerprints.dtype == np.uint64
    assert report.problems == report.notes == ()
    assert report.path == folder


def test_classes_stay_together_whatever_sorts_between_their_names(lay):
    report = scanned(lay("a/z.jpg", "a-b/z.jpg", "a/sub/z.jpg"))
    assert names(report) == ["a/sub/z.jpg", "a/z.jpg", "a-b/z.jpg"]
    np.testing.assert_array_equal(report.labels, [0, 0, 1])


def test_the_hash_is_of_the_content_and_not_of_the_name(lay):
    folder = lay("cat/a.jpg", "cat/b.jpg")
    before = scanned(folder).hashes
    (folder / "cat" / "b.jpg").rename(folder / "cat" / "0.jpg")
    np.testing.assert_array_equal(scanned(folder).hashes, before[::-1])


@pytest.mark.parametrize("workers", [1, 3, np.int64(8)])
def test_the_report_is_the_same_for_any_number_of_workers(horrors, workers):
    expected, report = scanned(horrors.path), scanned(horrors.path, workers=workers)
    for name in ("files", "class_names", "problems", "notes"):
        assert getattr(report, name) == getattr(expected, name)
    for name in ("labels", "sizes", "modes", "hashes", "fingerprints"):
        np.testing.assert_array_equal(getattr(report, name), getattr(expected, name))


def test_so_many_threads_are_started_as_there_are_workers(lay, monkeypatch):
    started = []

    class Pool(scan.ThreadPoolExecutor):
        def __init__(self, workers):
            started.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(scan, "ThreadPoolExecutor", Pool)
    folder = lay("cat/a.jpg")
    scanned(folder, workers=5)
    scanned(folder)
    assert started[0] == 5
    assert started[1] >= 1


@pytest.mark.parametrize("shown", [True, False])
def test_progress_counts_every_file_and_can_be_off(lay, monkeypatch, shown):
    bars = []

    class Bar(scan.Progress):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            bars.append(self)

    monkeypatch.setattr(scan, "Progress", Bar)
    scan_folder(lay(*[f"cat/{number}.jpg" for number in range(40)]), progress=shown)
    assert [(bar.shown, bar.total, bar.done) for bar in bars] == [(shown, 40, 40)]


def test_a_relative_path_keeps_working_after_a_change_of_folder(lay, monkeypatch, tmp_path):
    folder = lay("cat/a.jpg")
    monkeypatch.chdir(folder.parent)
    report = scanned("pets")
    monkeypatch.chdir(tmp_path.parent)
    assert report.files[0].is_file()


def test_the_folder_itself_may_be_a_link(lay, tmp_path):
    folder = lay("cat/a.jpg")
    (tmp_path / "link").symlink_to(folder)
    report = scanned(tmp_path / "link")
    assert report.files == (tmp_path / "link" / "cat" / "a.jpg",)


def test_a_folder_with_nothing_usable_gives_an_empty_report(tmp_path):
    (tmp_path / "cat").mkdir()
    report = scanned(tmp_path)
    assert isinstance(report, FolderReport)
    assert (report.files, report.class_names) == ((), ())
    assert report.sizes.shape == (0, 2)
    assert report.fingerprints.shape == report.labels.shape == (0,)
    assert [path.name for path, _ in report.problems] == ["cat"]


def test_photographs_without_class_folders_are_named_as_such(lay):
    report = scanned(lay("a.jpg", "b.jpg"))
    assert len(report) == 0
    assert {reason for _, reason in report.problems} == {"not in a class's folder"}


def test_a_small_report_of_a_real_folder_is_right(tmp_path):
    from skimage import data

    (tmp_path / "cat").mkdir()
    Image.fromarray(data.chelsea()).save(tmp_path / "cat" / "chelsea.jpg")
    report = scanned(tmp_path)
    assert report.sizes.tolist() == [[300, 451]]
    assert report.notes == ()


@pytest.mark.parametrize(("path", "error"), [(None, TypeError), (3, TypeError), (b"x", TypeError)])
def test_what_is_no_path_is_a_type_error(path, error):
    with pytest.raises(error, match="path must be a str or a path; received"):
        scan_folder(path)


def test_a_missing_folder_and_a_file_are_told_apart(lay):
    folder = lay("cat/a.jpg")
    with pytest.raises(FileNotFoundError, match="there is no 'nowhere'"):
        scan_folder("nowhere")
    with pytest.raises(NotADirectoryError, match=r"a.jpg' is a file"):
        scan_folder(folder / "cat" / "a.jpg")


@pytest.mark.parametrize(
    ("workers", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_workers_must_be_a_positive_int(lay, workers, error):
    with pytest.raises(error, match="workers must be a positive int or None; received"):
        scan_folder(lay("cat/a.jpg"), workers=workers)


def test_an_inspection_tells_what_the_file_is(tmp_path, turned, make_picture):
    path = tmp_path / "a.jpg"
    path.write_bytes(turned(make_picture(0), 6))
    found = inspect_photograph(str(path))
    assert (found.height, found.width) == (80, 60)
    assert (found.mode, found.format, found.orientation) == ("RGB", "JPEG", 6)
    assert (found.transparent, found.several) == (False, False)
    assert len(found.hash) == 64


def test_a_photograph_lying_on_its_side_has_the_fingerprint_of_the_upright_one(
    tmp_path, encode, make_picture
):
    upright = make_picture(0, 60, 80)
    lying = np.rot90(upright, -1)
    exif = Image.Exif()
    exif[0x0112] = 8
    prints = []
    for content in (encode(upright, "PNG"), encode(lying, "PNG", exif=exif), encode(lying, "PNG")):
        (tmp_path / "a.png").write_bytes(content)
        prints.append(inspect_photograph(tmp_path / "a.png").fingerprint)
    assert (prints[0] ^ prints[1]).bit_count() <= 4  # rows first or columns first: roundings
    assert (prints[0] ^ prints[2]).bit_count() > 16


def test_the_fingerprint_is_the_signs_of_scipys_cosine_transform_about_their_median():
    from scipy.fft import dctn

    grey = np.random.default_rng(0).integers(0, 256, (32, 32))
    low = dctn(grey.astype(float), type=2)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    bits[0] = False
    expected = int("".join("01"[int(bit)] for bit in bits), 2)
    assert compute_fingerprint(grey) == expected


def test_the_fingerprint_of_one_grey_is_zero_and_of_others_is_not(make_picture):
    for value in (0, 7, 255):
        assert compute_fingerprint(np.full((32, 32), value)) == 0
    assert compute_fingerprint(make_picture(0, 32, 32)[..., 0]) != 0


def test_the_fingerprint_does_not_see_brightness_and_contrast():
    grey = np.random.default_rng(1).integers(50, 100, (32, 32))
    assert compute_fingerprint(grey) == compute_fingerprint(2 * grey + 20)
    assert compute_fingerprint(grey) != compute_fingerprint(grey.T)


def test_a_scan_stops_at_once_when_it_is_interrupted(lay, monkeypatch):
    seen = []

    def interrupt(path):
        seen.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(scan, "inspect_photograph", interrupt)
    folder = lay("cat/a.jpg")
    for number in range(400):
        shutil.copy(folder / "cat" / "a.jpg", folder / "cat" / f"{number}.jpg")
    with pytest.raises(KeyboardInterrupt):
        scanned(folder, workers=1)
    assert len(seen) < 20
    assert all(isinstance(path, Path) for path in seen)
