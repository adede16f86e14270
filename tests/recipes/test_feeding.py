"""Flips, shifts and order: functions of seed and epoch, each switched on and off."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # Keras loads

COUNT, SIDE = 40, 8


@pytest.fixture(scope="module")
def make_batches(keras):
    """A function that makes batches of images that all differ, each with its number as label."""
    from cnn_tutorial import recipes

    images = np.random.default_rng(3).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)

    def make_batches(**options):
        options = {"batch_size": 10, "flips": "none", "shift": 0} | options
        return recipes.AugmentedBatches(images, np.arange(COUNT), **options)

    make_batches.images = images
    return make_batches


def by_number(batches, epoch):
    """{label: image} of an epoch."""
    batches.set_epoch(epoch)
    found = {}
    for place in range(len(batches)):
        images, labels = batches[place]
        assert images.dtype == np.uint8
        assert labels.dtype == np.float32
        np.testing.assert_array_equal(labels.sum(axis=1), 1)
        found |= dict(zip(labels.argmax(axis=1).tolist(), images, strict=True))
    return found


def mirrored(make_batches, found):
    """Who is mirrored; every image is either as it was or mirrored."""
    kinds = {}
    for number, image in found.items():
        original = make_batches.images[number]
        kinds[number] = np.array_equal(image, original[:, ::-1])
        assert kinds[number] or np.array_equal(image, original)
    return kinds


def test_without_augmentation_every_image_comes_once_as_it_is(make_batches):
    found = by_number(make_batches(), 0)
    assert sorted(found) == list(range(COUNT))
    assert not any(mirrored(make_batches, found).values())


def test_alternating_flips_mirror_each_image_in_every_other_epoch(make_batches):
    batches = make_batches(flips="alternating")
    epochs = [mirrored(make_batches, by_number(batches, epoch)) for epoch in range(4)]
    assert all(epochs[1][number] != flip for number, flip in epochs[0].items())
    assert epochs[2] == epochs[0]
    assert epochs[3] == epochs[1]
    assert 0.2 * COUNT < sum(epochs[0].values()) < 0.8 * COUNT


def test_random_flips_repeat_themselves_for_some_images(make_batches):
    batches = make_batches(flips="random")
    one, other = (mirrored(make_batches, by_number(batches, epoch)) for epoch in range(2))
    same = sum(one[number] == other[number] for number in one)
    assert 0.2 * COUNT < same < 0.8 * COUNT


def test_shifts_move_each_image_by_up_to_so_many_pixels_and_reflect(make_batches):
    shift = 2
    padded = np.pad(make_batches.images, ((0, 0), (shift,) * 2, (shift,) * 2, (0, 0)), "reflect")
    corners = set()
    for number, image in by_number(make_batches(shift=shift), 0).items():
        fits = [
            (r, c)
            for r in range(2 * shift + 1)
            for c in range(2 * shift + 1)
            if np.array_equal(padded[number, r : r + SIDE, c : c + SIDE], image)
        ]
        assert len(fits) == 1
        corners |= set(fits)
    assert {r for r, _ in corners} == {c for _, c in corners} == set(range(2 * shift + 1))


def test_order_and_augmentation_are_functions_of_seed_and_epoch(make_batches):
    options = {"flips": "random", "shift": 2}

    def first(seed, epoch):
        batches = make_batches(seed=seed, **options)
        batches.set_epoch(epoch)
        return batches[0][0]

    np.testing.assert_array_equal(first(0, 1), first(0, 1))
    assert not np.array_equal(first(0, 0), first(0, 1))
    assert not np.array_equal(first(0, 0), first(1, 0))


def test_fit_alone_shows_every_epoch_another_order_and_augmentation(keras, monkeypatch):
    from cnn_tutorial import recipes, training

    images = np.random.default_rng(3).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)
    options = {"batch_size": COUNT, "flips": "random", "shift": 2}
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.GlobalMaxPooling2D()])
    model.add(keras.layers.Dense(COUNT, activation="softmax"))
    model.compile("sgd", "categorical_crossentropy")
    drawn, draw = [], recipes.AugmentedBatches._draw

    def note(self, epoch):
        drawn.append(epoch)
        return draw(self, epoch)

    monkeypatch.setattr(recipes.AugmentedBatches, "_draw", note)
    for first in (0, 2):
        batches = recipes.AugmentedBatches(images, np.arange(COUNT), **options)
        batches.first_epoch = first
        drawn.clear()
        training.fit(model, batches, epochs=2, progress=False)
        assert set(drawn) - {0} == {first, first + 1} - {0}  # 0: what Keras looks at before


def test_what_does_not_fill_a_batch_is_left_out(make_batches):
    assert len(make_batches(batch_size=15)) == 2
    assert len(by_number(make_batches(batch_size=15), 0)) == 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 41}, "batch_size must be at most the number of images, 40; received 41"),
        ({"flips": "both"}, "flips must be one of"),
    ],
)
def test_bad_options_are_refused(make_batches, options, message):
    with pytest.raises(ValueError, match=message):
        make_batches(**options)


def test_lengths_that_differ_are_refused(keras):
    from cnn_tutorial import recipes

    with pytest.raises(ValueError, match="received 4 images and 3 labels"):
        recipes.AugmentedBatches(np.zeros((4, 8, 8, 3)), [0, 1, 2], batch_size=2)


def test_shrunk_images_keep_their_mean_and_take_the_area(keras):
    from cnn_tutorial.recipes.predicting import shrink

    image = np.array([[0, 100], [200, 100]], np.uint8).repeat(4, 0).repeat(4, 1)
    images = np.stack([image] * 3, axis=-1)[None]
    np.testing.assert_array_equal(shrink(images, 2)[0, :, :, 0], [[0, 100], [200, 100]])
    np.testing.assert_array_equal(shrink(images, 1), 100)
