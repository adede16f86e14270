import errno
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_tutorial.training.checkpoints import (
    clean_folder,
    find_checkpoints,
    read_checkpoint,
    read_newest,
    write_checkpoint,
)
from cnn_tutorial.training.errors import CheckpointError, DamagedCheckpointError

ARRAYS = {
    "kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "seed": np.array([7, 2**40], np.int64),
    "flag": np.array(True),
    "nothing": np.zeros((0, 3)),
}


def write(folder, epoch, value=0.0):
    return write_checkpoint(folder, epoch, {"kernel": np.full(3, value)}, {"seed": 1})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(tmp_path):
    path = write_checkpoint(tmp_path, 12, ARRAYS, {"history": {"loss": [0.1, float("nan")]}})
    arrays, manifest = read_checkpoint(path)
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert manifest["epoch"] == 12
    assert manifest["format"] == 1
    assert manifest["history"]["loss"][0] == 0.1


def test_half_precision_of_both_kinds_keeps_its_bits(tmp_path):
    import ml_dtypes

    values = {
        "half": np.array([1.5, -0.1], np.float16),
        "brain": np.array([1.5, -0.1], ml_dtypes.bfloat16),
    }
    arrays, _ = read_checkpoint(write_checkpoint(tmp_path, 1, values, {}))
    for name, value in values.items():
        assert arrays[name].dtype == value.dtype
        assert arrays[name].tobytes() == value.tobytes()


def test_numpy_reads_the_file_and_the_manifest_is_json(tmp_path):
    with np.load(write(tmp_path, 3)) as file:
        manifest = json.loads(bytes(file["manifest"]))
        np.testing.assert_array_equal(file["kernel"], np.zeros(3))
    assert manifest["seed"] == 1
    assert len(manifest["checksum"]) == 64


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    for epoch in range(4):
        write(tmp_path, epoch, epoch)
    assert names(tmp_path) == ["epoch-0002.npz", "epoch-0003.npz"]
    _, arrays, manifest = read_newest(tmp_path)
    assert manifest["epoch"] == 3
    np.testing.assert_array_equal(arrays["kernel"], np.full(3, 3.0))


def test_epochs_are_ordered_as_numbers_and_other_files_do_not_count(tmp_path):
    for name in (
        "epoch-0009.npz",
        "epoch-12345.npz",
        "epoch-2.npz",
        "notes.txt",
        ".epoch-0099.npz-1",
    ):
        (tmp_path / name).touch()
    found = [path.name for path in find_checkpoints(tmp_path)]
    assert found == ["epoch-12345.npz", "epoch-0009.npz"]


def test_without_checkpoints_there_is_nothing_to_read(tmp_path):
    assert read_newest(tmp_path) is None
    assert read_newest(tmp_path / "missing") is None


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_byte_of_a_file_changes_is_noticed_or_changes_nothing(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    path = write_checkpoint(folder, 1, ARRAYS, {"seed": 1})
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        arrays, manifest = read_checkpoint(path)
    except CheckpointError:
        return
    assert manifest["seed"] == 1  # a byte that means nothing, such as a time in the zip's list
    for name, array in ARRAYS.items():
        assert arrays[name].tobytes() == array.tobytes()


@settings(max_examples=30)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_damaged_and_the_one_before_is_used(share, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    write(folder, 1, 1.0)
    path = write(folder, 2, 2.0)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.warns(UserWarning, match=r"epoch-0002.npz is damaged.*epoch-0001.npz, is used"):
        _, arrays, manifest = read_newest(folder)
    assert manifest["epoch"] == 1
    np.testing.assert_array_equal(arrays["kernel"], np.ones(3))


def test_an_array_that_was_exchanged_in_a_sound_zip_is_noticed(tmp_path):
    path = write(tmp_path, 1)
    with np.load(path) as file:
        content = dict(file) | {"kernel": np.ones(3)}
    np.savez(path, **content)
    assert zipfile.is_zipfile(path)
    with pytest.raises(DamagedCheckpointError, match="checksum"):
        read_checkpoint(path)


def test_when_both_are_damaged_the_error_names_both(tmp_path):
    for epoch in (1, 2):
        write(tmp_path, epoch).write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match=r"no checkpoint .* is whole.*0002.*0001"):
        read_newest(tmp_path)


def test_another_format_is_refused_and_not_taken_for_damage(tmp_path, monkeypatch):
    write(tmp_path, 1)
    monkeypatch.setitem(write_checkpoint.__globals__, "FORMAT", 2)
    write(tmp_path, 2)
    monkeypatch.setitem(write_checkpoint.__globals__, "FORMAT", 1)
    with pytest.raises(CheckpointError, match="has format 2; this package reads format 1") as info:
        read_newest(tmp_path)
    assert not isinstance(info.value, DamagedCheckpointError)


def test_no_pickle_is_read(tmp_path):
    path = tmp_path / "epoch-0001.npz"
    np.savez(path, manifest=np.array([{"format": 1}], object))
    with pytest.raises(DamagedCheckpointError):
        read_checkpoint(path)


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_is_said_and_leaves_the_checkpoints_as_they_were(tmp_path, monkeypatch, broken):
    write(tmp_path, 1, 1.0)
    before = (tmp_path / "epoch-0001.npz").read_bytes()

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    owner = os if broken == "fsync" else Path
    monkeypatch.setattr(owner, broken, fail)
    with pytest.raises(OSError, match=r"disk is full.*epoch-0001.npz is whole and stays") as info:
        write(tmp_path, 2)
    assert info.value.errno == errno.ENOSPC
    assert names(tmp_path) == ["epoch-0001.npz"]
    assert (tmp_path / "epoch-0001.npz").read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device that is always full")
def test_a_disk_that_is_really_full_is_said(tmp_path, monkeypatch):
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: real(Path("/dev/full"), mode))
    with pytest.raises(OSError, match="disk is full"):
        write(tmp_path, 1)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="checkpoint must be a folder that can be written"):
        write(tmp_path / "file" / "folder", 1)
    with pytest.raises(OSError, match="checkpoint must be a folder that can be written"):
        write(tmp_path / "file", 1)


def test_what_a_killed_process_left_behind_is_removed(tmp_path):
    write(tmp_path, 1)
    (tmp_path / ".epoch-0002.npz-0a1b2c3d").write_bytes(b"half")
    (tmp_path / "notes.txt").touch()
    clean_folder(tmp_path)
    assert names(tmp_path) == ["epoch-0001.npz", "notes.txt"]


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: calls.append("fsync") or fsync(number))
    monkeypatch.setattr(Path, "replace", lambda *paths: calls.append("replace") or replace(*paths))
    write(tmp_path, 1)
    assert calls == ["fsync", "replace", "fsync"]  # the last is the folder's
