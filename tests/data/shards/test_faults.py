"""What happens when a shard, a photograph or an argument is amiss."""

import hashlib
import json
import shutil
import threading

import pytest

from cnn_tutorial import data
from cnn_tutorial.data import pipeline, shard_writing
from cnn_tutorial.data.folders import scan_folder

pytestmark = pytest.mark.slow  # they load TensorFlow


def test_a_missing_shard_is_named(copy):
    (path, *_) = copy.glob("*00003-of*")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"00003-of-00005\.tfrecord is missing: copy"):
        data.shard_dataset(copy, image_size=8)


@pytest.mark.parametrize("verify", [True, False])
def test_a_shard_that_is_cut_is_named(copy, verify):
    (path, *_) = copy.glob("*00001-of*")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"00001-of-00005\.tfrecord is damaged: it has"):
        data.shard_dataset(copy, image_size=8, verify=verify)


def test_a_shard_with_a_changed_byte_is_named_when_verified(copy, gather):
    (path, *_) = copy.glob("*00004-of*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"00004-of-00005\.tfrecord is damaged: its checksum"):
        data.shard_dataset(copy, image_size=8)
    with pytest.raises(Exception, match="corrupted record"):  # TFRecord's own checksum
        gather(data.shard_dataset(copy, image_size=8, verify=False))


def test_a_record_that_is_no_image_is_named(copy, gather):
    shard = copy / "train-00000-of-00005.tfrecord"
    replace_shard(copy, shard, [b"no image"])
    with pytest.raises(Exception, match=r"cat/evil\.jpg in .*copy: not an image"):
        gather(data.shard_dataset(copy, image_size=8))


def replace_shard(folder, shard, contents):
    """Another content for a shard, with the manifest to match."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(shard)) as file:
        for content in contents:
            file.write(shard_writing._make_record(content, 0, "cat/evil.jpg"))
    manifest = pipeline.read_manifest(folder)
    (entry,) = (entry for entry in manifest["shards"] if entry["file"] == shard.name)
    content = shard.read_bytes()
    entry["sha256"], entry["bytes"] = hashlib.sha256(content).hexdigest(), len(content)
    manifest["images"] += len(contents) - entry["images"]
    entry["images"] = len(contents)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 99}',
        '{"version": 1}',
        '{"version": 1, "shards": [{"file": "../../etc/passwd"}]}',
    ],
)
def test_a_damaged_manifest_is_named(copy, text):
    (copy / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.json is damaged"):
        data.shard_dataset(copy, image_size=8)


def test_a_folder_without_a_manifest_is_refused(copy):
    (copy / "manifest.json").unlink()
    for folder in (copy, copy / "nowhere", next(copy.glob("*.tfrecord"))):
        with pytest.raises(FileNotFoundError, match=r"there is no manifest\.json in"):
            data.shard_dataset(folder, image_size=8)


def test_a_folder_that_holds_something_is_not_touched(report, tmp_path, write):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="folder must be a new one"):
        write(report, tmp_path)
    with pytest.raises(FileExistsError, match="folder must be a new one"):
        write(report, tmp_path / "mine.txt")
    (tmp_path / "empty").mkdir()
    assert write(report, tmp_path / "empty")["images"] == 40
    assert write(report, tmp_path / "new" / "deep")["images"] == 40


def test_the_folder_appears_complete_or_not_at_all(report, tmp_path, monkeypatch, write):
    seen, encode = [], shard_writing._ShardWriter.encode

    def fail_late(self, path, content_hash):
        seen.append([child.name for child in tmp_path.iterdir()])
        if len(seen) > 30:
            raise OSError("the disk is full")
        return encode(self, path, content_hash)

    monkeypatch.setattr(shard_writing._ShardWriter, "encode", fail_late)
    with pytest.raises(OSError, match="the disk is full"):
        write(report, tmp_path / "shards", shards=4)
    assert all(names and "shards" not in names for names in seen)
    assert list(tmp_path.iterdir()) == []


def test_several_threads_write_at_once(report, tmp_path, monkeypatch, write):
    monkeypatch.setattr(shard_writing, "count_cores", lambda: 3)
    barrier, encode = threading.Barrier(3, timeout=20), shard_writing._ShardWriter.encode
    met = set()

    def meet(self, path, content_hash):
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            barrier.wait()  # until two others are in here, too
        return encode(self, path, content_hash)

    monkeypatch.setattr(shard_writing._ShardWriter, "encode", meet)
    assert write(report, tmp_path / "shards", shards=3)["images"] == 40
    assert len(met) == 3


def test_photographs_that_have_gone_or_changed_are_left_out_and_named(
    photographs, tmp_path, make_picture, write, read_records
):
    root = shutil.copytree(photographs, tmp_path / "photographs")
    report = scan_folder(root, progress=False)
    (root / "cat" / "03.jpg").unlink()
    (root / "dog" / "05.jpg").write_bytes((root / "dog" / "05.jpg").read_bytes()[:200])
    make_picture(7).save(root / "dog" / "06.jpg")  # another one, but whole
    with pytest.warns(UserWarning, match=r"2 of 40 .* first is cat/03.jpg: not there"):
        manifest = write(report, tmp_path / "shards")
    assert manifest["images"] == 38
    assert [name for name, _ in manifest["skipped"]] == ["cat/03.jpg", "dog/05.jpg"]
    records = read_records(tmp_path / "shards")
    assert records["dog/06.jpg"][0] == (root / "dog" / "06.jpg").read_bytes()
    shutil.rmtree(root)
    with pytest.raises(ValueError, match="none of the 40 photographs can be read"):
        write(report, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_bad_input_to_write_shards_is_refused(report, tmp_path, write):
    folder = tmp_path / "shards"
    for error, words, how in [
        (ValueError, "split must be one of", {"split": "val"}),
        (ValueError, "image_size must be an int from 1", {"image_size": 0}),
        (ValueError, "keep_aspect must be", {"keep_aspect": "stretch"}),
        (ValueError, "shards must be an int from 1 to 40; received 41", {"shards": 41}),
        (TypeError, "shards must be an int; received float", {"shards": 2.0}),
        (ValueError, "no photograph is in the part 'test'", {"split": "test"}),
    ]:
        with pytest.raises(error, match=words):
            write(report, folder, **how)
    with pytest.raises(TypeError, match="report must be what scan_folder returns"):
        write(["a.jpg"], folder)
    assert not folder.exists()


def test_bad_input_to_shard_dataset_is_refused(report, shards, tmp_path, write):
    for error, words, how in [
        (ValueError, "image_size must be an int from 1", {"image_size": (8, 0)}),
        (ValueError, "batch_size must be an int from 1", {"batch_size": 0}),
        (ValueError, "keep_aspect must be", {"keep_aspect": "stretch"}),
        (TypeError, "augment must be a Keras layer or a function", {"augment": "flip"}),
        (TypeError, "shuffle must be True, False or None; received 100", {"shuffle": 100}),
        (ValueError, "seed must be an int from 0", {"seed": -1}),
    ]:
        with pytest.raises(error, match=words):
            data.shard_dataset(shards, **({"image_size": 8} | how))
    write(report, tmp_path / "test", split="test", test=0.5)
    with pytest.raises(ValueError, match="augment is for the training part only"):
        data.shard_dataset(tmp_path / "test", image_size=8, augment=lambda images: images)


@pytest.mark.parametrize("progress", [True, False])
def test_progress_is_shown_or_not(report, tmp_path, monkeypatch, progress, write):
    bars, kind = [], shard_writing.Progress

    def make(*arguments, **options):
        bars.append(kind(*arguments, **options))
        return bars[-1]

    monkeypatch.setattr(shard_writing, "Progress", make)
    write(report, tmp_path / "shards", progress=progress)
    assert (bars[0].shown, bars[0].done, bars[0].total) == (progress, 40, 40)
