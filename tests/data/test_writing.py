import numpy as np
import pytest
from PIL import Image

from cnn_tutorial import data
from cnn_tutorial.data import writing
from cnn_tutorial.data.folders.reading import resize_image

# Every digit of load("digits") is 8×8 and grey.


def read(folder):
    """Name below the folder -> pixels, of every file."""
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in folder.rglob("*.*")
    }


@pytest.fixture
def colours(monkeypatch):
    """In place of Fashion-MNIST: 12 images in colour, the first of class 0, then 1, and so on."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 6, 10, 3)).astype(np.uint8)
    labels = np.arange(24) % 10
    calls = []

    def load(name, *, split):
        calls.append((name, split))
        return images, labels

    monkeypatch.setattr(writing, "load", load)
    return images, labels, calls


def test_every_image_is_written_into_its_class_under_its_place(cache, tmp_path):
    images, labels = data.load("digits")
    folder = data.write_folder("digits", tmp_path / "parent" / "digits")
    assert folder == tmp_path / "parent" / "digits"
    found = read(folder)
    assert len(found) == len(images)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        np.testing.assert_array_equal(
            found[f"{label}/digits-{number:05d}.png"], image[..., 0], strict=True
        )
    assert [path.name for path in folder.parent.iterdir()] == ["digits"]


def test_what_was_written_is_scanned_and_read_again(colours, tmp_path):
    images, labels, _ = colours
    report = data.scan_folder(data.write_folder("cifar10", tmp_path / "new"), progress=False)
    assert report.class_names == tuple(sorted(data.SOURCES["cifar10"].class_names))
    assert not report.problems
    for file, label in zip(report.files, report.labels, strict=True):
        number = int(file.stem.split("-")[1])
        np.testing.assert_array_equal(data.read_photograph(file), images[number])
        name = data.SOURCES["cifar10"].class_names[labels[number]]
        assert report.class_names[label] == file.parent.name == name


def test_only_the_classes_asked_for_are_written(colours, tmp_path):
    images, _, _ = colours
    found = read(data.write_folder("cifar10", tmp_path / "new", classes=["dog", "cat"]))
    expected = {
        "cat/cifar10-00003.png": 3,
        "cat/cifar10-00013.png": 13,
        "cat/cifar10-00023.png": 23,
    }
    expected |= {"dog/cifar10-00005.png": 5, "dog/cifar10-00015.png": 15}
    assert found.keys() == expected.keys()
    for name, number in expected.items():
        np.testing.assert_array_equal(found[name], images[number])


def test_a_limit_takes_as_many_of_each_class_and_leaves_the_names(colours, tmp_path):
    found = read(data.write_folder("cifar10", tmp_path / "new", classes=["cat", "dog"], limit=4))
    assert sorted(name.split("/")[0] for name in found) == ["cat", "cat", "dog", "dog"]
    whole = read(data.write_folder("cifar10", tmp_path / "whole"))
    for name, pixels in found.items():
        np.testing.assert_array_equal(pixels, whole[name])


@pytest.mark.parametrize(("image_size", "shape"), [(12, (12, 12, 3)), ((6, 4), (6, 4, 3))])
def test_images_are_resized_with_their_aspect_kept(colours, tmp_path, image_size, shape):
    images, _, _ = colours
    found = read(data.write_folder("cifar10", tmp_path / "new", image_size=image_size))
    assert {pixels.shape for pixels in found.values()} == {shape}
    np.testing.assert_array_equal(
        found["airplane/cifar10-00000.png"], resize_image(images[0], shape[:2])
    )


def test_grey_images_stay_grey_when_they_are_resized(cache, tmp_path):
    found = read(data.write_folder("digits", tmp_path / "new", limit=10, image_size=16))
    assert {pixels.shape for pixels in found.values()} == {(16, 16)}


def test_the_split_decides_which_part_is_written(colours, tmp_path):
    data.write_folder("cifar10", tmp_path / "one")
    data.write_folder("cifar10", tmp_path / "two", split="test")
    assert colours[2] == [("cifar10", "train"), ("cifar10", "test")]


def test_a_class_is_never_a_folder_in_a_folder(colours, tmp_path):
    folder = data.write_folder("fashion_mnist", tmp_path / "new", limit=10)
    names = {path.name for path in folder.iterdir()}
    assert "T-shirt-top" in names
    assert len(names) == 10
    assert all(path.suffix == ".png" for path in folder.glob("*/*"))


def test_the_same_again_changes_nothing(colours, tmp_path):
    folder = data.write_folder("cifar10", tmp_path / "new", limit=10)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert data.write_folder("cifar10", str(tmp_path / "new"), limit=10) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize("what", ["a note", "another number", "another size", "a file"])
def test_a_folder_that_holds_other_things_is_left_as_it_is(colours, tmp_path, what):
    folder = tmp_path / "new"
    if what == "a file":
        folder.write_text("mine")
    else:
        data.write_folder("cifar10", folder, limit=10)
    if what == "a note":
        (folder / "note.txt").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
    settings = {"another number": {"limit": 20}, "another size": {"image_size": 8}}
    with pytest.raises(FileExistsError, match=r"'.*new' holds other things. Nothing was changed"):
        data.write_folder("cifar10", folder, **{"limit": 10} | settings.get(what, {}))
    assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_an_empty_folder_is_filled(colours, tmp_path):
    (tmp_path / "new").mkdir()
    assert len(read(data.write_folder("cifar10", tmp_path / "new"))) == 24


def test_when_writing_fails_nothing_is_left(colours, tmp_path, monkeypatch):
    save = Image.Image.save
    written = []

    def fail(self, path):
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        written.append(path)
        save(self, path)

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        data.write_folder("cifar10", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"name": "cifar"}, ValueError, r"received 'cifar'\. Did you mean 'cifar10'"),
        ({"name": 10}, TypeError, "name must be a str; received int: 10"),
        ({"path": 3}, TypeError, "path must be a str or a path; received 3"),
        ({"classes": ["cats"]}, ValueError, r"received 'cats'\. Did you mean 'cat'"),
        ({"classes": "cat"}, TypeError, "classes must be a sequence of names; received the str"),
        ({"classes": []}, ValueError, "classes must name at least one class; received none"),
        ({"classes": [3]}, TypeError, "name must be a str; received int: 3"),
        ({"image_size": 0}, ValueError, "image_size must be an int from 1; received 0"),
        ({"limit": 0}, ValueError, "limit must be an int from 1; received 0"),
        ({"limit": 5}, ValueError, "limit must be from 10 .* to 24 .*; received 5"),
        ({"limit": 25}, ValueError, "limit must be from 10 .* to 24 .*; received 25"),
        ({"limit": 2.5}, TypeError, "limit must be an int; received float: 2.5"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(colours, tmp_path, settings, error, message):
    arguments = {"name": "cifar10", "path": tmp_path / "new"} | settings
    with pytest.raises(error, match=message):
        data.write_folder(arguments.pop("name"), arguments.pop("path"), **arguments)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_split_is_named(cache, tmp_path):
    with pytest.raises(ValueError, match=r"split must be one of train, .*; received 'val'"):
        data.write_folder("digits", tmp_path / "new", split="val")
