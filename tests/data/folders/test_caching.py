import os
import shutil
import threading

import numpy as np
import pytest

from cnn_tutorial.data.folders import folder_dataset, scan_folder
from cnn_tutorial.data.folders.caching import FolderCache, MemoryCache
from cnn_tutorial.data.folders.dataset import PhotographLoader

ALL = {"validation": 0, "test": 0}  # everything is for training


def read(dataset):
    """Images and labels of one epoch, the batches joined."""
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_the_second_epoch_of_a_cache_does_not_open_the_files(make_folder, tmp_path, kind):
    report = make_folder(4, 4)
    cache = "memory" if kind == "memory" else tmp_path / "kept" / "here"
    settings = {"image_size": 16, "batch_size": 3, "shuffle": False, **ALL}
    expected = read(folder_dataset(report, **settings))
    dataset = folder_dataset(report, cache=cache, **settings)
    first = read(dataset)
    shutil.rmtree(report.path)
    for epoch in (first, read(dataset), read(dataset)):
        np.testing.assert_array_equal(epoch[0], expected[0])
        np.testing.assert_array_equal(epoch[1], expected[1])
    if kind == "folder":  # and a later run finds it
        later = read(folder_dataset(report, cache=str(cache), **settings))
        np.testing.assert_array_equal(later[0], expected[0])
    assert report.skipped == []


@pytest.mark.slow
def test_what_is_cached_is_not_augmented(make_folder):
    report = make_folder(4)
    dataset = folder_dataset(
        report, image_size=8, cache="memory", augment=lambda images: images + 1000, **ALL
    )
    read(dataset)
    images, _ = read(dataset)
    assert images.min() >= 1000
    assert images.max() <= 1255


@pytest.mark.slow
def test_another_size_aspect_or_content_never_finds_the_cached_photographs(
    make_folder, tmp_path, make_picture, encode
):
    report = make_folder(4)
    cache = tmp_path / "kept"

    def read_with(**changes):
        settings = {"image_size": 16, "shuffle": False, **ALL} | changes
        plain = read(folder_dataset(report, **settings))[0]
        np.testing.assert_array_equal(
            read(folder_dataset(report, cache=cache, **settings))[0], plain
        )
        return len(list(cache.iterdir()))

    changes = [{}, {"image_size": (16, 20)}, {"keep_aspect": "pad"}, {"keep_aspect": False}]
    assert [read_with(**one) for one in changes] == [1, 2, 3, 4]
    assert read_with(keep_aspect="crop") == 4  # which is what True means
    report.files[0].write_bytes(encode(make_picture(77)))
    report = scan_folder(report.path, progress=False)
    assert read_with() == 5


def test_an_image_that_was_not_written_whole_is_not_taken(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3)).astype(np.uint8)
    cache = FolderCache(tmp_path, ["a", "b", "c"], (4, 5, 3))
    for index in (2, 0):
        cache.put(index, images[index])
    again = FolderCache(tmp_path, ["a", "b", "c"], (4, 5, 3))
    assert again.path == cache.path
    np.testing.assert_array_equal(again.get(2), images[2])
    np.testing.assert_array_equal(again.get(0), images[0])
    assert again.get(1) is None
    content = bytearray(cache.path.read_bytes())
    content[7] ^= 1
    cache.path.write_bytes(content[:-20])
    assert [again.get(index) for index in range(3)] == [None] * 3


def test_a_full_disk_ends_the_caching_with_one_warning(tmp_path, make_picture, encode):
    (tmp_path / "one.jpg").write_bytes(encode(make_picture(0)))
    cache = FolderCache(tmp_path / "kept", ["a"], (8, 8, 3))

    class Full:
        def seek(self, place):
            pass

        def readinto(self, content):
            return 0

        def write(self, content):
            raise OSError(28, "No space left on device")

    cache._file = Full()
    load = PhotographLoader([tmp_path / "one.jpg"], (8, 8), cache=cache, skipped=[])
    with pytest.warns(UserWarning, match=r"takes no more photographs \(No space left") as caught:
        assert load(0).shape == load(0).shape == (8, 8, 3)
    assert len(caught) == 1


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_many_threads_may_use_one_cache(tmp_path, kind):
    images = np.random.default_rng(0).integers(0, 256, (50, 20, 20, 3)).astype(np.uint8)
    hashes = [str(number) for number in range(50)]
    cache = (
        MemoryCache(50, (20, 20, 3))
        if kind == "memory"
        else FolderCache(tmp_path, hashes, (20, 20, 3))
    )
    wrong = []

    def work(start):
        for step in range(400):
            index = (start + 7 * step) % 50
            found = cache.get(index)
            if found is None:
                cache.put(index, images[index])
            elif not np.array_equal(found, images[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all(cache.get(index) is not None for index in range(50))


def test_a_cache_cannot_be_kept_in_a_file(make_folder, tmp_path):
    report = make_folder(2)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="file"):
        folder_dataset(report, image_size=8, cache=os.fspath(tmp_path / "file"), **ALL)
