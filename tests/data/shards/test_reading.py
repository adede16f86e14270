"""Batches from shards: the right images, in the right order, in constant memory."""

import hashlib
import io
import json
import os
import threading

import pytest

from cnn_tutorial import data
from cnn_tutorial.data import shard_reading, shard_writing

pytestmark = pytest.mark.slow  # they load TensorFlow

EVERYTHING = {"validation": 0, "test": 0}  # all photographs are for training


@pytest.mark.parametrize("keep_aspect", [True, "pad", False])
@pytest.mark.parametrize("image_size", [20, (50, 33)])
def test_the_images_are_those_of_folder_dataset(report, shards, image_size, keep_aspect, as_set):
    how = {"image_size": image_size, "keep_aspect": keep_aspect}
    dataset = data.shard_dataset(shards, **how)
    assert as_set(dataset) == as_set(data.folder_dataset(report, **how, **EVERYTHING))


def test_batches_are_as_folder_dataset_makes_them(shards):
    import tensorflow as tf

    dataset = data.shard_dataset(shards, image_size=(20, 30), batch_size=16)
    assert dataset.element_spec == (
        tf.TensorSpec((None, 20, 30, 3), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    assert len(dataset) == 3
    assert [len(labels) for _, labels in dataset] == [16, 16, 8]
    assert dataset.class_names == ["cat", "dog"]


def test_every_epoch_has_an_order_of_its_own_that_the_seed_decides(shards, order):
    def epochs(seed):
        dataset = data.shard_dataset(shards, image_size=8, seed=seed)
        return order(dataset), order(dataset)

    first, second = epochs(seed=1)
    assert first != second
    assert sorted(first) == sorted(second)
    assert (first, second) == epochs(seed=1)
    assert first not in epochs(seed=2)


def test_without_shuffling_the_records_come_in_turns_from_the_shards(
    shards, read_records, gather, order
):
    dataset = data.shard_dataset(shards, image_size=8, shuffle=False)
    assert order(dataset) == order(dataset)
    names = list(read_records(shards))
    shuffled = data.shard_dataset(shards, image_size=8)
    assert order(dataset) != order(shuffled)
    # Of five shards with eight records each four are read at once.
    expected = [names[8 * shard + place] for place in range(8) for shard in range(4)]
    labels = [int(name.startswith("dog")) for name in expected + names[32:]]
    assert gather(dataset)[1].tolist() == labels


def test_only_the_training_part_is_shuffled_unless_told_so(report, tmp_path, write, order):
    folder = tmp_path / "shards"
    write(report, folder, split="validation", validation=0.6)
    dataset = data.shard_dataset(folder, image_size=8)
    assert order(dataset) == order(dataset)
    dataset = data.shard_dataset(folder, image_size=8, shuffle=True)
    assert order(dataset) != order(dataset)


def test_a_small_buffer_still_gives_every_record_once(shards, monkeypatch, order):
    monkeypatch.setattr(shard_reading, "_BUFFER_BYTES", 1)
    monkeypatch.setattr(shard_reading, "_FEWEST_WAITING", 4)
    dataset = data.shard_dataset(shards, image_size=8)
    whole = data.shard_dataset(shards, image_size=8, shuffle=False)
    assert sorted(order(dataset)) == sorted(order(whole))
    assert order(dataset) != order(dataset)


def test_augmentation_is_drawn_anew_every_epoch_and_by_the_seed(shards, as_set):
    warp = data.RandomWarp(rotation_range=40)
    plain = as_set(data.shard_dataset(shards, image_size=16))

    def epochs(seed):
        dataset = data.shard_dataset(shards, image_size=16, augment=warp, seed=seed)
        return as_set(dataset), as_set(dataset)

    first, second = epochs(seed=1)
    assert first != second
    assert (first, second) == epochs(seed=1)
    assert first not in epochs(seed=2)
    assert plain not in (first, second)


def test_a_layer_or_a_function_may_augment(shards, gather):
    import keras

    def invert(images):
        return 255 - images

    def flipped(dataset, change):
        return sorted(change(image).tobytes() for image in gather(dataset)[0])

    plain = data.shard_dataset(shards, image_size=16)
    for augment in (invert, keras.layers.Lambda(invert)):
        dataset = data.shard_dataset(shards, image_size=16, augment=augment)
        assert flipped(dataset, lambda image: image) == flipped(plain, invert)


def test_batches_are_decoded_in_parallel_when_operations_must_be_deterministic(shards, tmp_path):
    """TensorFlow runs functions that may keep a state one at a time then."""
    from cnn_tutorial import session

    def meet(folder):

        import keras
        import tensorflow as tf

        from cnn_tutorial import data
        from cnn_tutorial.data import shard_reading

        keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
        tf.config.threading.set_inter_op_parallelism_threads(4)
        barrier = threading.Barrier(2, timeout=20)
        decode = shard_reading._Decoder.make_images

        def wait(self, *arguments):
            barrier.wait()  # until another one is in here, too
            return decode(self, *arguments)

        shard_reading._Decoder.make_images = wait
        dataset = data.shard_dataset(folder, image_size=8, batch_size=10)
        return sum(len(labels) for _, labels in dataset)

    assert session.run_with("tensorflow", meet, str(shards)) == 40


def test_a_set_of_800_mb_is_read_in_constant_memory(tmp_path, make_picture):
    """Forty shards of 20 MB, which are one file under forty names: 8,000 images of 100 kB."""
    psutil = pytest.importorskip("psutil")
    file = io.BytesIO()
    make_picture(0, 32, 32).save(file, "JPEG", comment=bytes(60_000))
    content = file.getvalue()[:2] + b"\xff\xfe\xea\x62" + bytes(60_000) + file.getvalue()[2:]
    folder = tmp_path / "shards"
    (folder).mkdir()
    first = folder / "train-00000-of-00040.tfrecord"
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(first)) as writer:
        for number in range(170):
            writer.write(shard_writing._make_record(content, 0, f"cat/{number}.jpg"))
    entry = {
        "images": 170,
        "bytes": first.stat().st_size,
        "sha256": hashlib.sha256(first.read_bytes()).hexdigest(),
    }
    names = [f"train-{number:05d}-of-00040.tfrecord" for number in range(40)]
    for name in names[1:]:
        os.link(first, folder / name)
    manifest = {"version": 1, "split": "train", "class_names": ["cat"], "images": 170 * 40}
    manifest["shards"] = [{"file": name} | entry for name in names]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert 40 * entry["bytes"] > 800e6
    memory = psutil.Process().memory_info
    dataset = data.shard_dataset(folder, image_size=32)
    list(dataset.take(2))  # whatever TensorFlow sets up once
    before, largest = memory().rss, 0
    for step, _ in enumerate(dataset):
        if step % 10 == 0:
            largest = max(largest, memory().rss)
    assert step == 170 * 40 // 32
    assert largest - before < 150e6  # 67 MB of records wait to be drawn
