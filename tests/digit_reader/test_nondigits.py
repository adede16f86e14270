"""digit_reader.nondigits: letters, scribbles, spoilt digits; training and test kept apart."""

import numpy as np
import pytest

from cnn_tutorial.digit_reader import (
    LETTERS,
    LOOKALIKES,
    draw_letters,
    draw_scribbles,
    spoil_digits,
)
from cnn_tutorial.digit_reader.nondigits import FONTS


def test_no_font_is_used_for_both_training_and_testing():
    assert set(FONTS) == {"train", "validation", "test"}
    fonts = [font for split in FONTS.values() for font in split]
    assert len(fonts) == len(set(fonts))


def test_letters_in_the_form_of_digits_are_left_out_and_no_others():
    assert set("OoIlZzSsBgq") <= LOOKALIKES
    assert len(LETTERS) == 52 - len(LOOKALIKES)
    assert not LOOKALIKES & set(LETTERS)


def test_letters_come_with_their_names_in_order():
    images, names = draw_letters(40, letters="LT", seed=1)
    assert images.shape == (40, 56, 56)
    assert images.dtype == np.uint8
    assert len(names) == 40
    assert set(names) == {"L", "T"}
    # The bar of a T is at its top, that of an L at its foot.
    middles = (images * np.arange(56)[:, np.newaxis]).sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    of = {name: middles[[n == name for n in names]].mean() for name in "LT"}
    assert of["T"] < of["L"] - 6


@pytest.mark.parametrize(
    "draw", [lambda **k: draw_letters(4, **k)[0], lambda **k: draw_scribbles(4, **k)]
)
def test_seed_and_split_change_what_is_drawn(draw):
    first = draw(seed=1)
    np.testing.assert_array_equal(first, draw(seed=1))
    assert not np.array_equal(first, draw(seed=2))
    assert not np.array_equal(first, draw(seed=1, split="test"))
    assert (first.max(axis=(1, 2)) > 200).all()
    assert (first.mean(axis=(1, 2)) < 140).all()


def test_spoilt_digits_are_neither_of_the_two_that_they_were_made_of(handwriting):
    images = handwriting[0][:20]
    spoilt = spoil_digits(images, seed=0)
    assert spoilt.shape == (20, 56, 56)
    # Two or three digits have more ink than one.
    assert (spoilt > 99).mean() > 1.15 * (images > 99).mean()
    assert not np.array_equal(spoilt, spoil_digits(images, seed=1))


@pytest.mark.parametrize("draw", [draw_letters, draw_scribbles])
def test_an_unknown_split_is_refused(draw):
    with pytest.raises(ValueError, match="split must be one of train, validation, test; received"):
        draw(1, split="all")


def test_no_letters_are_refused():
    with pytest.raises(ValueError, match="letters must be at least one letter"):
        draw_letters(1, letters="")
