"""digit_reader.training: what the network is shown, and that it learns from it."""

import numpy as np
import pytest

from cnn_tutorial import models
from cnn_tutorial.digit_reader import (
    NOT_A_DIGIT,
    draw_letters,
    draw_scribbles,
    make_nondigits,
    make_training_set,
    recognize_digits,
    spoil_digits,
    train_digit_model,
    wear_digits,
)
from cnn_tutorial.digit_reader.training import jitter


@pytest.fixture(scope="module")
def digits(handwriting):
    images, labels = handwriting
    return images[..., np.newaxis], labels


def test_worn_digits_are_still_normalised_and_still_themselves(digits):
    images, labels = (array[:60] for array in digits)
    worn = wear_digits(images, seed=0)
    assert worn.shape == images.shape
    assert worn.dtype == np.uint8
    sides = [
        max(np.ptp(np.flatnonzero((image > 127).any(axis=axis))) + 1 for axis in (0, 1))
        for image in worn[..., 0]
    ]
    assert 18.5 < np.mean(sides) <= 20
    flat = [array.reshape(60, -1).astype(float) for array in (images, worn)]
    likeness = np.corrcoef(*flat)[:60, 60:]
    assert (labels[likeness.argmax(axis=0)] == labels).mean() > 0.8
    assert likeness.diagonal().max() < 0.9999
    assert not np.array_equal(worn, wear_digits(images, seed=1))


def test_the_training_set_holds_the_digits_themselves_worn_ones_and_nondigits(digits):
    images, labels = (array[:200] for array in digits)
    shown, targets = make_training_set(images, labels, seed=0)
    np.testing.assert_array_equal(shown[:200], images)
    np.testing.assert_array_equal(targets[:200], labels)
    assert shown.dtype == np.uint8
    assert targets.dtype == np.int64
    assert (targets == NOT_A_DIGIT).sum() == 70
    assert len(shown) == 200 + 50 + 70
    alone, digits_only = make_training_set(images, labels, nondigits=False, seed=0)
    assert digits_only.max() < 10
    assert len(alone) == 200 + 50
    other = make_training_set(images, labels, seed=1)[0]
    assert not np.array_equal(other[200:], shown[200:])


def test_nondigits_are_letters_then_scribbles_then_spoilt_digits_each_worn(digits):
    images, rng = digits[0][:2], np.random.default_rng(4)
    letters = draw_letters(3, split="test", seed=rng)[0]
    scribbles = draw_scribbles(2, split="test", seed=rng)
    drawn = np.concatenate([letters, scribbles, spoil_digits(images, seed=rng)])
    found = make_nondigits(letters=3, scribbles=2, digits=images, split="test", seed=4)
    np.testing.assert_array_equal(found, wear_digits(drawn, seed=rng))


def test_each_kind_of_nondigit_comes_alone_and_by_split_and_seed(digits):
    for name, given in (("letters", 3), ("scribbles", 3), ("digits", digits[0][:3])):
        assert make_nondigits(**{name: given}).shape == (3, 28, 28, 1)
    train, test = (make_nondigits(letters=3, split=split, seed=4) for split in ("train", "test"))
    assert not np.array_equal(train, test)
    assert not np.array_equal(test, make_nondigits(letters=3, split="test", seed=5))


@pytest.mark.parametrize("digits", [None, np.zeros((0, 28, 28, 1), np.uint8)])
def test_no_nondigits_at_all_are_refused(digits):
    with pytest.raises(
        ValueError, match="letters, scribbles or digits must be given; received none"
    ):
        make_nondigits(digits=digits)


def test_jitter_moves_every_image_a_little_by_itself(rng):
    image = np.zeros((28, 28, 1), np.uint8)
    image[6:22, 12:16] = 255
    images = np.stack([image] * 200)
    moved = jitter(images, rng)
    assert len({array.tobytes() for array in moved}) > 150
    mass = moved.sum(axis=(1, 2, 3), dtype=float) / image.sum()
    assert np.abs(mass - 1).max() < 0.4
    assert mass.mean() == pytest.approx(1, abs=0.05)
    centre = (moved[..., 0] * np.arange(28)[:, np.newaxis]).sum(axis=(1, 2)) / moved.sum((1, 2, 3))
    assert centre.mean() == pytest.approx(13.5, abs=0.2)
    assert 0.4 < centre.std() < 1.1


@pytest.mark.slow
def test_a_network_learns_digits_and_refuses_what_is_none(digits, keras):
    images, labels = digits
    keras.utils.set_random_seed(0)
    model = models.make_digit_cnn()
    history = train_digit_model(
        model,
        images[:1300],
        labels[:1300],
        validation=(images[1300:].astype(np.float32), labels[1300:]),
        epochs=8,
        progress=False,
        batch_size=64,
    )
    assert len(history.history["val_accuracy"]) == 8
    answers = recognize_digits(images[1300:, ..., 0], model)
    assert np.mean([a.label == b for a, b in zip(answers, labels[1300:], strict=True)]) > 0.88
    nondigits = make_nondigits(letters=100, scribbles=50, split="validation", seed=3)
    refused = [answer.label is None for answer in recognize_digits(nondigits[..., 0], model)]
    assert np.mean(refused) > 0.7


@pytest.mark.slow
def test_a_model_of_ten_logits_is_trained_on_digits_alone_and_seeds_decide(digits, keras):
    images, labels = (array[:256] for array in digits)
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(0)
        model = models.make_digit_cnn(num_classes=10, width=0.25)
        train_digit_model(model, images, labels, epochs=1, seed=seed, progress=False)
        weights.append(np.concatenate([array.ravel() for array in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


class Nine:
    output_shape = (None, 9)


@pytest.mark.parametrize(
    ("images", "labels", "error", "says"),
    [
        (np.zeros((2, 28, 28), np.uint8), [0, 1], ValueError, r"\(N, 28, 28, 1\)"),
        (np.zeros((0, 28, 28, 1), np.uint8), [], ValueError, "N at least 1"),
        (np.zeros((2, 28, 28, 1)), [0, 1], TypeError, "images must be uint8"),
        (np.zeros((2, 28, 28, 1), np.uint8), [0], ValueError, "one for each of the 2 images"),
        (np.zeros((2, 28, 28, 1), np.uint8), [0.0, 1.0], TypeError, "labels must be integers"),
        (np.zeros((2, 28, 28, 1), np.uint8), [0, 10], ValueError, "labels must be 0 to 9"),
    ],
)
def test_what_are_no_digits_is_refused(images, labels, error, says):
    with pytest.raises(error, match=says):
        make_training_set(images, labels)


@pytest.mark.slow
def test_a_model_with_another_number_of_logits_is_refused(digits, keras):
    with pytest.raises(ValueError, match="10 or 11 logits; received one with 9"):
        train_digit_model(Nine(), *digits, progress=False)
