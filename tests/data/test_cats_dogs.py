import io
import shutil
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial import data
from cnn_tutorial.data import cats_dogs, clients


def make_photographs(count):
    photographs = {}
    for number in range(count):
        for kind in ("cat", "dog"):
            photographs[f"{kind}/{kind}.{number}.jpg"] = f"{kind} {number}".encode()
    return photographs


def make_zip(photographs, prefix="Repository-abc/Data/Train_Data/"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Repository-abc/README.md", "read me")
        for name, content in photographs.items():
            archive.writestr(prefix + name, content)
    return file.getvalue()


def lay(photographs, folder):
    for name, content in photographs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")
    }


@pytest.fixture
def photographs(cache, server, monkeypatch):
    """Six photographs, of which four are the mirror's part; the server has the archive."""
    whole, part = make_photographs(3), make_photographs(2)
    monkeypatch.setattr(
        cats_dogs,
        "_CHECKSUMS",
        {6: cats_dogs.folder_checksum(whole), 4: cats_dogs.folder_checksum(part)},
    )
    monkeypatch.setattr(cats_dogs, "_ADDRESS", server.address + "archive.zip")
    server.files["/archive.zip"] = make_zip(whole)
    return whole


@pytest.fixture
def cifar(monkeypatch):
    """CIFAR-10 with 20 images a class, each of one colour that tells its class."""
    labels = np.repeat(np.arange(10), 20)
    images = np.broadcast_to((labels * 20)[:, None, None, None], (200, 32, 32, 3))
    monkeypatch.setattr(cats_dogs, "fetch_arrays", lambda source: (images.astype(np.uint8), labels))


def test_the_photographs_are_downloaded_once_into_the_cache(photographs, server, cache):
    folder = data.fetch_folder("cats_dogs")
    assert folder == cache / "cats_dogs"
    assert read(folder) == photographs
    assert data.fetch_folder("cats_dogs") == folder
    assert server.requests == ["/archive.zip"]
    assert sorted(path.name for path in folder.iterdir()) == ["cat", "dog"]


def test_a_mirror_is_used_where_it_lies(photographs, server, tmp_path, monkeypatch):
    laid = lay(make_photographs(2), tmp_path / "mirror" / "cats_dogs")
    monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(laid.parent))
    assert data.fetch_folder("cats_dogs") == laid
    assert server.requests == []


@pytest.mark.parametrize("fault", ["one missing", "one changed", "empty"])
def test_a_mirror_that_is_not_whole_is_passed_over(
    photographs, server, cache, tmp_path, monkeypatch, fault
):
    laid = lay(make_photographs(2), tmp_path / "mirror" / "cats_dogs")
    if fault == "one missing":
        (laid / "cat" / "cat.1.jpg").unlink()
    elif fault == "one changed":
        (laid / "cat" / "cat.1.jpg").write_bytes(b"other")
    else:
        shutil.rmtree(laid)
        laid.mkdir()
    monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(laid.parent))
    assert data.fetch_folder("cats_dogs") == cache / "cats_dogs"


@pytest.mark.parametrize("where", ["cache", "mirror"])
def test_the_archive_may_be_laid_by_hand(photographs, server, cache, tmp_path, monkeypatch, where):
    parent = cache
    if where == "mirror":
        parent = tmp_path / "mirror"
        monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(parent))
    (parent / "cats_dogs").mkdir(parents=True)
    (parent / "cats_dogs" / "by_hand.zip").write_bytes(server.files.pop("/archive.zip"))
    folder = data.fetch_folder("cats_dogs")
    assert read(folder) == photographs
    assert server.requests == []


def test_a_damaged_cache_is_set_aside_and_fetched_again(photographs, server, cache):
    folder = data.fetch_folder("cats_dogs")
    (folder / "dog" / "dog.0.jpg").unlink()
    (folder / "mine.txt").write_text("a note of the reader's own")
    assert read(data.fetch_folder("cats_dogs")) == photographs
    assert len(list(cache.glob("cats_dogs.aside-*/mine.txt"))) == 1


@pytest.mark.parametrize("fault", ["cut", "changed", "hostile"])
def test_a_bad_archive_is_never_taken(photographs, server, cache, cifar, fault):
    if fault == "cut":
        server.cut.add("/archive.zip")
    elif fault == "changed":
        server.files["/archive.zip"] = make_zip(photographs | {"cat/cat.0.jpg": b"other"})
    else:
        server.files["/archive.zip"] = make_zip(photographs | {"../../cat/cat.9.jpg": b"evil"})
    with pytest.warns(UserWarning, match="not the real photographs"):
        folder = data.fetch_folder("cats_dogs")
    assert folder.name == "cats_dogs_stand_in"
    assert not (cache / "cats_dogs").exists()


def test_the_stand_in_says_so_and_shows_cats_and_dogs_enlarged(photographs, server, cache, cifar):
    server.files.clear()
    with pytest.warns(UserWarning, match=r"not the real photographs.*answered 404.*put it into"):
        folder = data.fetch_folder("cats_dogs")
    assert "Not the real photographs" in (folder / "STAND_IN.txt").read_text()
    for kind, label in {"cat": 3, "dog": 5}.items():
        files = list((folder / kind).iterdir())
        assert len(files) == 20
        with Image.open(files[0]) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (256, 256))
            assert abs(np.asarray(image).mean() - label * 20) < 2


def test_the_stand_in_does_not_stand_in_the_way_of_the_real_ones(photographs, server, cache, cifar):
    archive = server.files.pop("/archive.zip")
    for _ in range(2):
        with pytest.warns(UserWarning, match="not the real photographs"):
            data.fetch_folder("cats_dogs")
    server.files["/archive.zip"] = archive
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(data.fetch_folder("cats_dogs")) == photographs


def test_without_cifar10_either_the_error_tells_both_stories(
    photographs, server, cache, monkeypatch
):
    server.files.clear()

    def out_of_reach(source):
        raise data.DataUnavailableError("cifar10 could not be fetched")

    monkeypatch.setattr(cats_dogs, "fetch_arrays", out_of_reach)
    with pytest.raises(data.DataUnavailableError, match=r"(?s)answered 404.*cifar10 could not"):
        data.fetch_folder("cats_dogs")


def test_a_cache_that_cannot_be_written_is_an_error_that_names_it(
    photographs, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNN_TUTORIAL_DATA", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match=r"not writable: set CNN_TUTORIAL_DATA.*file.cache"):
        data.fetch_folder("cats_dogs")


def test_a_full_disk_is_an_error_that_names_it(photographs, cache, monkeypatch):
    def full(url, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(clients, "download", full)
    with pytest.raises(OSError, match=r"disk is full.*CNN_TUTORIAL_DATA"):
        data.fetch_folder("cats_dogs")


def test_an_unknown_folder_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"received 'cat_dog'\. Did you mean 'cats_dogs'"):
        data.fetch_folder("cat_dog")
