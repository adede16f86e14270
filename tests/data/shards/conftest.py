"""Photographs of cats and dogs, written as shards, and ways to look into them."""

import hashlib
import shutil

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial import data
from cnn_tutorial.data.folders import scan_folder

EVERYTHING = {"validation": 0, "test": 0}  # all photographs are for training


def _make_picture(seed, height=60, width=80):
    """Smooth blotches of colour, which JPEG keeps well."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def _write(report, folder, **how):
    return data.write_shards(report, folder, **({"progress": False} | EVERYTHING | how))


def _read_records(folder):
    """{name: (bytes, label)} of all shards, in the order of their files, by TensorFlow alone."""
    import tensorflow as tf

    found = {}
    for path in sorted(folder.glob("*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            features = {
                "image": tf.io.FixedLenFeature((), tf.string),
                "label": tf.io.FixedLenFeature((), tf.int64),
                "name": tf.io.FixedLenFeature((), tf.string),
            }
            example = tf.io.parse_single_example(record, features)
            name = example["name"].numpy().decode()
            assert name not in found
            found[name] = (example["image"].numpy(), int(example["label"]))
    return found


def _gather(dataset):
    """Arrays of all the images and of all the labels."""
    batches = list(dataset.as_numpy_iterator())
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


def _as_set(dataset):
    """What a dataset holds, whatever its order: a sorted list of (image's bytes, label)."""
    return sorted(
        (image.tobytes(), int(label)) for image, label in zip(*_gather(dataset), strict=True)
    )


def _order(dataset):
    """A short name for each image, in order."""
    return [hashlib.sha256(image.tobytes()).hexdigest()[:8] for image in _gather(dataset)[0]]


@pytest.fixture(scope="session")
def make_picture():
    return _make_picture


@pytest.fixture(scope="session")
def write():
    return _write


@pytest.fixture(scope="session")
def read_records():
    return _read_records


@pytest.fixture(scope="session")
def gather():
    return _gather


@pytest.fixture(scope="session")
def as_set():
    return _as_set


@pytest.fixture(scope="session")
def order():
    return _order


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """A folder of 24 JPEG files of cats and 16 of dogs."""
    root = tmp_path_factory.mktemp("photographs")
    for kind, count in {"cat": 24, "dog": 16}.items():
        (root / kind).mkdir()
        for number in range(count):
            picture = _make_picture(1000 * len(kind) + number + 500 * (kind == "dog"))
            picture.save(root / kind / f"{number:02d}.jpg", quality=92)
    return root


@pytest.fixture(scope="session")
def report(photographs):
    return scan_folder(photographs, progress=False)


@pytest.fixture(scope="session")
def shards(report, tmp_path_factory):
    """All the photographs in five shards; not to be changed."""
    folder = tmp_path_factory.mktemp("written") / "shards"
    data.write_shards(report, folder, shards=5, progress=False, **EVERYTHING)
    return folder


@pytest.fixture
def copy(shards, tmp_path):
    """The same, to be damaged."""
    return shutil.copytree(shards, tmp_path / "copy")
