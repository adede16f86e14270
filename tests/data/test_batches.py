import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cnn_tutorial.data import array_dataset, batches
from cnn_tutorial.data.batches import aligned_empty, make_batches

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow  # TensorFlow loads

# Every pixel of an image is the image's number, and so is its label.
NUMBERS = np.arange(10)
IMAGES = np.broadcast_to(NUMBERS[:, None, None, None], (10, 4, 5, 3)).astype(np.uint8)


class AddSeed:
    """In place of RandomWarp: every pixel shows the seed that its image was given."""

    def __init__(self):
        self.seeds = []

    def __call__(self, images):
        raise AssertionError("make_warp is the faster way")

    def make_warp(self, seeds, height, width):
        assert seeds.dtype == np.uint64
        self.seeds.append(seeds)

        def warp(image, place):
            assert image.dtype == np.uint8  # as it was loaded
            assert image.shape[:2] == (height, width)
            return image + np.float32(seeds[place] % 1000) * 1000

        return warp


def read(dataset):
    """Images and labels of one epoch, the batches joined."""
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def order(dataset):
    return read(dataset)[1].tolist()


def batches_of(load, number=10, **settings):
    settings = {"batch_size": 4, "augment": None, "shuffle": False, "seed": 0} | settings
    return make_batches(load, np.arange(number), image_shape=(4, 5, 3), **settings)


def test_batches_are_float32_from_0_to_255_and_int64():
    dataset = array_dataset(IMAGES * 25, NUMBERS, batch_size=4, shuffle=False)
    batches = list(dataset)
    assert [len(images) for images, _ in batches] == [4, 4, 2]
    assert {(images.dtype.name, labels.dtype.name) for images, labels in batches} == {
        ("float32", "int64")
    }
    images, labels = read(dataset)
    np.testing.assert_array_equal(images, IMAGES * 25)
    np.testing.assert_array_equal(labels, NUMBERS)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("size", "batch_size", "batches"), [(10, 4, 3), (8, 4, 2), (3, 4, 1)])
def test_the_shapes_and_the_number_of_batches_are_known(shuffle, size, batch_size, batches):
    dataset = array_dataset(
        IMAGES[:size], NUMBERS[:size], batch_size=batch_size, shuffle=shuffle, augment=AddSeed()
    )
    images, labels = dataset.element_spec
    assert images.shape.as_list() == [None, 4, 5, 3]
    assert labels.shape.as_list() == [None]
    assert int(dataset.cardinality()) == batches == len(list(dataset))


def test_an_image_keeps_its_label_when_they_are_shuffled():
    images, labels = read(array_dataset(IMAGES, NUMBERS, batch_size=3))
    np.testing.assert_array_equal(images[:, 0, 0, 0], labels)
    assert sorted(labels) == NUMBERS.tolist() != labels.tolist()


def test_every_epoch_has_an_order_of_its_own_that_the_seed_decides():
    first, again, other = (array_dataset(IMAGES, NUMBERS, seed=seed) for seed in (1, 1, 2))
    epochs = [order(first) for _ in range(3)]
    assert len(set(map(tuple, epochs))) == 3
    assert [order(again) for _ in range(3)] == epochs
    assert order(other) != epochs[0]


def test_without_shuffling_every_epoch_is_in_the_order_of_the_images():
    dataset = array_dataset(IMAGES, NUMBERS, batch_size=3, shuffle=False)
    assert order(dataset) == order(dataset) == NUMBERS.tolist()


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_image_has_a_seed_of_its_own_in_every_epoch_that_the_seed_decides(shuffle):
    def run(seed):
        augment = AddSeed()
        dataset = array_dataset(
            IMAGES, NUMBERS, batch_size=4, augment=augment, shuffle=shuffle, seed=seed
        )
        epochs = [read(dataset)[0] for _ in range(2)]
        assert len(set(np.concatenate(augment.seeds).tolist())) == 20
        return np.stack(epochs)

    once, again, other = run(3), run(3), run(4)
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once[0], once[1])
    assert not np.array_equal(once, other)


def test_the_epochs_of_a_new_dataset_follow_those_that_were_only_begun():
    whole, resumed = (
        array_dataset(IMAGES, NUMBERS, augment=AddSeed(), batch_size=4) for _ in range(2)
    )
    epochs = [read(whole) for _ in range(3)]
    iter(resumed)
    iter(resumed)
    for expected, found in zip(epochs[2], read(resumed), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_what_is_drawn_does_not_depend_on_the_timing_of_threads():
    def slowly(index):
        time.sleep(0.004 * ((index * 7) % 5))
        return IMAGES[index]

    quick = batches_of(IMAGES.__getitem__, batch_size=2, shuffle=True, augment=AddSeed())
    slow = batches_of(slowly, batch_size=2, shuffle=True, augment=AddSeed())
    for _ in range(2):
        for one, other in zip(read(quick), read(slow), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(os.cpu_count() < 2, reason="nothing runs at once on one core")
def test_several_batches_are_made_at_once():
    meeting = threading.Barrier(2, timeout=20)

    def load(index):
        if index in (0, 4):  # the first images of the first two batches wait for each other
            meeting.wait()
        return IMAGES[index]

    assert order(batches_of(load)) == NUMBERS.tolist()


def test_an_image_that_cannot_be_had_drops_out_with_its_label():
    def load(index):
        return None if index in (1, 2, 9) else IMAGES[index]

    augment = AddSeed()
    batches = [labels.numpy().tolist() for _, labels in batches_of(load, augment=augment)]
    assert batches == [[0, 3], [4, 5, 6, 7], [8]]
    images, labels = read(batches_of(load))
    np.testing.assert_array_equal(images[:, 0, 0, 0], labels)


def test_an_image_keeps_its_seed_when_another_drops_out():
    whole = read(batches_of(IMAGES.__getitem__, augment=AddSeed()))
    load = lambda index: None if index in (0, 5) else IMAGES[index]  # noqa: E731
    images, labels = read(batches_of(load, augment=AddSeed()))
    np.testing.assert_array_equal(images, whole[0][labels])


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ({4, 5, 6, 7}, [[0, 1, 2, 3], [8], [8, 9]]),
        ({8, 9, 0}, [[1, 2, 3], [4, 5, 6, 7], [1]]),  # after the last comes the first
    ],
)
def test_a_batch_that_would_be_empty_holds_the_next_image(gone, expected):
    load = lambda index: None if index in gone else IMAGES[index]  # noqa: E731
    dataset = batches_of(load, augment=AddSeed())
    assert [labels.numpy().tolist() for _, labels in dataset] == expected
    images, labels = read(batches_of(load))
    np.testing.assert_array_equal(images[:, 0, 0, 0], labels)


def test_when_nothing_can_be_had_any_more_the_error_says_so():
    import tensorflow as tf

    with pytest.raises(tf.errors.OpError, match="none of the 10 images can be had any more"):
        list(batches_of(lambda index: None))


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (np.arange(10, dtype=np.uint8), "int64"),
        (np.arange(10) > 4, "int64"),
        (np.arange(10) / 2, "float32"),
        (np.eye(10, 3), "float32"),
        (list(range(10)), "int64"),
    ],
)
def test_labels_of_any_shape_and_numbers_are_taken(labels, dtype):
    dataset = array_dataset(IMAGES, labels, batch_size=3, shuffle=False)
    spec = dataset.element_spec[1]
    assert (spec.dtype.name, spec.shape.as_list()[1:]) == (dtype, list(np.shape(labels)[1:]))
    np.testing.assert_array_equal(read(dataset)[1], np.asarray(labels, dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_of_any_numbers_and_channels_become_float32(dtype, channels):
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, channels)).astype(dtype)
    found, _ = read(array_dataset(images, np.arange(5), shuffle=False))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, images)


def test_a_keras_layer_is_called_as_in_training():
    import keras

    layer = keras.layers.RandomFlip("horizontal", seed=1)
    ramp = np.broadcast_to(np.arange(5, dtype=np.uint8)[None, None, :, None], (64, 4, 5, 3))
    datasets = [
        array_dataset(ramp, np.zeros(64), shuffle=False, augment=one, batch_size=16)
        for one in (None, layer, keras.layers.Rescaling(2))
    ]
    plain, flipped, doubled = (read(dataset)[0] for dataset in datasets)
    mirrored = (flipped == plain[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (flipped == plain).all(axis=(1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 10 < mirrored.sum() < 54
    np.testing.assert_array_equal(doubled, 2 * plain)
    assert datasets[1].element_spec[0].shape.as_list() == [None, 4, 5, 3]


def test_any_function_of_a_batch_is_taken():
    dataset = array_dataset(IMAGES, NUMBERS, shuffle=False, augment=lambda images: images + 1)
    np.testing.assert_array_equal(read(dataset)[0], IMAGES + 1.0)


def test_random_warp_augments_by_its_fast_way():
    from cnn_tutorial.data import RandomWarp

    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype(np.uint8)
    dataset = array_dataset(
        images, np.arange(6), augment=RandomWarp(width_shift_range=[2]), shuffle=False, batch_size=4
    )
    for _ in range(2):
        found, _ = read(dataset)
        for before, after in zip(images, found, strict=True):
            moved = [np.clip(np.arange(8) + step, 0, 7) for step in (-2, 2)]
            assert any(np.array_equal(after, before[:, columns]) for columns in moved)


def test_the_dataset_trains_a_keras_model():
    import keras

    labels = NUMBERS > 4
    dataset = array_dataset(IMAGES * 25, labels, batch_size=4, augment=AddNothing())
    model = keras.Sequential(
        [
            keras.Input((4, 5, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss)
    history = model.fit(dataset, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


class AddNothing(AddSeed):
    def make_warp(self, seeds, height, width):
        return lambda image, place: image


def test_it_trains_on_jax_as_well():
    code = """
import numpy as np, keras
from cnn_tutorial.data import RandomWarp, array_dataset
images = np.repeat([0, 255], 8)[:, None, None, None] * np.ones((1, 4, 4, 3))
for augment in (RandomWarp(horizontal_flip=True), keras.layers.RandomFlip(seed=0)):
    dataset = array_dataset(images, np.repeat([0, 1], 8), batch_size=4, augment=augment)
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(),
                              keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    losses = model.fit(dataset, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0], losses
print(keras.backend.backend())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.stdout.strip() == "jax", done.stderr


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"images": IMAGES[0]}, ValueError, r"shape \(N, H, W, C\); received \(4, 5, 3\)"),
        ({"images": IMAGES > 1}, TypeError, "images must be numbers; received the dtype bool"),
        ({"labels": NUMBERS[:9]}, ValueError, "10 images need as many labels; received 9"),
        ({"labels": ["cat"] * 10}, TypeError, "labels must be numbers; received the dtype <U3"),
        ({"images": IMAGES[:0], "labels": []}, ValueError, "at least one image"),
        ({"batch_size": 0}, ValueError, "batch_size must be an int from 1; received 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an int; received float: 2.0"),
        ({"batch_size": True}, TypeError, "batch_size must be an int; received bool: True"),
        ({"seed": -1}, ValueError, "seed must be an int from 0 to .*; received -1"),
        ({"seed": None}, TypeError, "seed must be an int; received NoneType: None"),
        ({"shuffle": None}, TypeError, "shuffle must be True or False; received None"),
        ({"augment": 0.2}, TypeError, "augment must be a Keras layer or a function; received 0.2"),
    ],
)
def test_bad_input_is_named(changes, error, message):
    arguments = {"images": IMAGES, "labels": NUMBERS} | changes
    with pytest.raises(error, match=message):
        array_dataset(arguments.pop("images"), arguments.pop("labels"), **arguments)


def test_a_hundred_batches_keep_their_order():
    dataset = batches_of(lambda index: IMAGES[index % 10], number=200, batch_size=2)
    assert order(dataset) == list(range(200))


def test_memory_is_used_again_only_when_nobody_holds_it():
    dataset = array_dataset(IMAGES, NUMBERS, batch_size=1, shuffle=False)
    views = [images[0, 0] for images, _ in dataset.take(3).as_numpy_iterator()]
    again = iter(array_dataset(IMAGES + 100, NUMBERS, batch_size=1))
    kept = [next(again)[0] for _ in range(10)]
    list(array_dataset(IMAGES + 200, NUMBERS, batch_size=1))
    for number, view in enumerate(views):
        assert (view == number).all()
    assert min(images.numpy().min() for images in kept) == 100


def test_a_block_comes_back_when_the_last_view_goes():
    first = aligned_empty((7, 11, 3))
    place, view = first.ctypes.data, first[2:4, 1]
    del first
    second = aligned_empty((7, 11, 3))
    assert second.ctypes.data != place
    del view
    assert aligned_empty((7, 11, 3)).ctypes.data == place
    assert aligned_empty((7, 11, 4)).ctypes.data != place


def test_large_blocks_are_not_kept():
    large = aligned_empty((2**25,))
    assert large.ctypes.data % 64 == 0
    del large
    assert all(len(block) <= 2**25 for block in batches._FREE)


def test_made_again_a_dataset_counts_its_epochs_from_the_first():
    from cnn_tutorial.data import RandomWarp, mix_dataset

    warp = RandomWarp(width_shift_range=2, horizontal_flip=True, seed=1)
    pictures = np.random.default_rng(0).integers(0, 256, (10, 4, 5, 3)).astype(np.uint8)
    dataset = array_dataset(pictures, NUMBERS, batch_size=3, augment=warp, seed=4)
    first, second = read(dataset), read(dataset)
    assert not np.array_equal(first[1], second[1])
    again = dataset.make_again()
    for expected in (first, second):
        images, labels = read(again)
        np.testing.assert_array_equal(labels, expected[1])
        np.testing.assert_array_equal(images, expected[0])

    def mix(sample, training):
        return sample

    mixed = mix_dataset(dataset, mix, num_classes=10)
    list(mixed)
    _, probs = read(mixed.make_again())
    np.testing.assert_array_equal(probs.argmax(-1), first[1])
