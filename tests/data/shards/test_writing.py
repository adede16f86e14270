"""What is in the shards, and who can read it."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial import data
from cnn_tutorial.data import pipeline, shard_writing
from cnn_tutorial.data.folders import assign_splits, scan_folder

pytestmark = pytest.mark.slow  # they load TensorFlow

EVERYTHING = {"validation": 0, "test": 0}  # all photographs are for training


def test_tensorflow_reads_every_photograph_byte_for_byte(report, shards, read_records):
    records = read_records(shards)
    assert len(records) == 40
    for file, label in zip(report.files, report.labels, strict=True):
        name = file.relative_to(report.path).as_posix()
        assert records[name] == (file.read_bytes(), label)


def test_the_manifest_counts_and_its_checksums_are_the_files(shards):
    manifest = data.pipeline.read_manifest(shards)
    assert manifest["class_names"] == ["cat", "dog"]
    assert manifest["counts"] == {"cat": 24, "dog": 16}
    assert (manifest["images"], manifest["split"], manifest["skipped"]) == (40, "train", [])
    assert [shard["images"] for shard in manifest["shards"]] == [8] * 5
    for shard in manifest["shards"]:
        content = (shards / shard["file"]).read_bytes()
        assert shard["bytes"] == len(content)
        assert shard["sha256"] == hashlib.sha256(content).hexdigest()


def test_every_shard_holds_a_bit_of_everything(shards):
    for shard in pipeline.read_manifest(shards)["shards"]:
        assert min(shard["counts"]) >= 1


def test_writing_twice_gives_the_same_files_and_another_seed_others(report, tmp_path, write):
    sums = [
        [shard["sha256"] for shard in write(report, tmp_path / name, seed=seed)["shards"]]
        for name, seed in [("a", 3), ("b", 3), ("c", 4)]
    ]
    assert sums[0] == sums[1] != sums[2]


@pytest.mark.parametrize(
    "how",
    [
        {"split": "train"},
        {"split": "validation", "validation": 0.4},
        {"split": "test", "test": 0.4, "seed": 5},
        {"split": "train", "test": 0.5, "groups": lambda path: path.stem},
    ],
)
def test_a_part_is_that_of_assign_splits(report, tmp_path, how, write, read_records):
    how = {"validation": 0.2, "test": 0.2} | how
    write(report, tmp_path / "shards", **how)
    split = how.pop("split")
    splits = assign_splits(report, **how)
    expected = {
        file.relative_to(report.path).as_posix()
        for file, part in zip(report.files, splits, strict=True)
        if part == split
    }
    assert set(read_records(tmp_path / "shards")) == expected
    assert 0 < len(expected) < 40
    assert pipeline.read_manifest(tmp_path / "shards")["split"] == split


def test_the_number_of_shards_is_chosen_or_given(report, tmp_path, monkeypatch, write):
    assert len(write(report, tmp_path / "chosen")["shards"]) == 8
    assert len(write(report, tmp_path / "one", shards=1)["shards"]) == 1
    monkeypatch.setattr(shard_writing, "_SHARD_BYTES", 60 * 80 / 4 * 40 / 13)
    assert len(write(report, tmp_path / "large")["shards"]) == 13


def test_other_formats_become_png_and_a_turned_jpeg_stays_as_it_is(
    tmp_path, make_picture, write, read_records, as_set
):
    root = tmp_path / "mixed"
    (root / "all").mkdir(parents=True)
    picture = make_picture(1)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    picture.save(root / "all" / "turned.jpg", exif=exif)
    picture.save(root / "all" / "plain.png")
    picture.save(root / "all" / "old.bmp")
    picture.convert("CMYK").save(root / "all" / "print.tif")
    report = scan_folder(root, progress=False)
    write(report, tmp_path / "shards", shards=1)
    records = read_records(tmp_path / "shards")
    for name in ("turned.jpg", "plain.png"):
        assert records[f"all/{name}"][0] == (root / "all" / name).read_bytes()
    for name in ("old.bmp", "print.tif"):
        with Image.open(io.BytesIO(records[f"all/{name}"][0])) as image:
            assert (image.format, image.mode) == ("PNG", "RGB")
            np.testing.assert_array_equal(image, picture)
    images = as_set(data.shard_dataset(tmp_path / "shards", image_size=(20, 30)))
    expected = data.folder_dataset(report, image_size=(20, 30), **EVERYTHING)
    assert images == as_set(expected)


def test_image_size_is_written_small_and_nearly_the_same(report, tmp_path, write, read_records):
    import tensorflow as tf

    manifest = write(report, tmp_path / "small", image_size=(24, 32), shards=1)
    assert manifest["image_size"] == [24, 32]
    for name, (content, _) in read_records(tmp_path / "small").items():
        assert content.startswith(b"\xff\xd8")
        image = tf.io.decode_jpeg(content).numpy().astype(int)
        expected = data.folders.reading.read_resized(report.path / name, (24, 32))
        assert image.shape == (24, 32, 3)
        difference = np.abs(image - expected)
        assert difference.mean() < 4  # of photographs it is 1.4; here all is colour
        assert difference.max() <= 25


def test_keep_aspect_decides_what_is_written_small(report, tmp_path, write, read_records):
    for keep_aspect in ("crop", "pad", False):
        folder = tmp_path / str(keep_aspect)
        write(report, folder, image_size=(24, 24), keep_aspect=keep_aspect, shards=1)
        name, (content, _) = next(iter(read_records(folder).items()))
        with Image.open(io.BytesIO(content)) as image:
            written = np.asarray(image).astype(int)
        path = report.path / name
        expected = data.folders.reading.read_resized(path, (24, 24), keep_aspect=keep_aspect)
        assert np.abs(written - expected).mean() < 4
