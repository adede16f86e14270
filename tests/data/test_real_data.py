"""The real data sets, from whatever source this machine reaches; nothing is skipped."""

import hashlib
import warnings

import numpy as np
import pytest

from cnn_tutorial import data

pytestmark = pytest.mark.slow

# name -> images in each part, and the mean of each channel over the whole set.
FACTS = {
    "digits": ((1266, 178, 353), [77.854]),
    "mnist": ((54004, 5996, 10000), [33.386]),
    "fashion_mnist": ((54000, 6000, 10000), [72.970]),
    "cifar10": ((45000, 5000, 10000), [125.427, 123.077, 114.030]),
    "faces": ((280, 40, 80), [112.631]),
}


@pytest.mark.parametrize("name", FACTS)
def test_the_real_set_has_its_known_counts_shapes_and_means(name):
    source = data.SOURCES[name]
    counts, means = FACTS[name]
    parts = [data.load(name, split=split) for split in ("train", "validation", "test")]
    assert tuple(len(images) for images, _ in parts) == counts
    images = np.concatenate([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    assert images.shape == (source.num_images, *source.image_shape)
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2)), means, atol=1e-3)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert set(labels.tolist()) == set(range(len(source.class_names)))


@pytest.mark.parametrize(("name", "a_class"), [("fashion_mnist", 6000), ("cifar10", 5000)])
def test_the_balanced_sets_have_equally_many_of_each_class_in_every_part(name, a_class):
    for split, share in {"train": 0.9, "validation": 0.1, "train+validation": 1}.items():
        _, labels = data.load(name, split=split)
        np.testing.assert_array_equal(np.bincount(labels), [round(a_class * share)] * 10)


def test_mnist_has_the_published_number_of_each_digit():
    _, labels = data.load("mnist", split="train+validation")
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(labels), published)


def test_mnist_is_the_published_file_to_the_last_byte():
    images, _ = data.load("mnist", split="test")
    header = bytes.fromhex("00000803000027100000001c0000001c")
    # MD5 of the uncompressed t10k-images-idx3-ubyte, as published by many.
    published = "2646ac647ad5339dbf082846283269ea"
    assert hashlib.md5(header + images.tobytes()).hexdigest() == published


def test_cifar10_is_the_published_binary_version_to_the_last_byte():
    images, labels = data.load("cifar10", split="test")
    planes = images.transpose(0, 3, 1, 2).reshape(10000, -1)
    records = np.concatenate([labels.astype(np.uint8)[:, np.newaxis], planes], axis=1)
    # MD5 of test_batch.bin in the canonical cifar-10-binary archive.
    published = "803d5f7f4d78ea53de84dbe85f74fb6d"
    assert hashlib.md5(records.tobytes()).hexdigest() == published


def test_the_photographs_are_there_or_their_stand_in_is_marked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        folder = data.fetch_folder("cats_dogs")
    counts = [len(list((folder / kind).glob("*.jpg"))) for kind in ("cat", "dog")]
    assert counts in ([500, 500], [700, 699])
    assert (folder / "STAND_IN.txt").exists() == (folder.name == "cats_dogs_stand_in")
