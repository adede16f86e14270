"""digit_reader.finding: pieces of ink, joined, left out, ordered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import label

from cnn_tutorial.digit_reader import find_digits, split_digits


def boxes(ink):
    return [piece.box for piece in find_digits(ink)]


def sheet(*blocks, shape=(100, 300)):
    """Ink in blocks of (top, left, height, width)."""
    ink = np.zeros(shape, bool)
    for top, left, height, width in blocks:
        ink[top : top + height, left : left + width] = True
    return ink


def test_digits_come_from_left_to_right_with_their_boxes_and_masks():
    ink = sheet((32, 150, 40, 30), (30, 50, 40, 20), (28, 100, 44, 6))
    pieces = find_digits(ink)
    assert [piece.box for piece in pieces] == [
        (30, 50, 40, 20),
        (28, 100, 44, 6),
        (32, 150, 40, 30),
    ]
    for piece in pieces:
        top, left, height, width = piece.box
        np.testing.assert_array_equal(piece.mask, ink[top : top + height, left : left + width])


@given(st.lists(st.integers(12, 22), min_size=1, max_size=9), st.integers(0, 2**31))
def test_separate_shapes_are_the_components_that_scikit_image_finds(widths, seed):
    rng = np.random.default_rng(seed)
    ink = np.zeros((80, 320), bool)
    for place, width in enumerate(widths):
        top = 20 + int(rng.integers(0, 8))
        block = ink[top : top + 34, 10 + 34 * place : 10 + 34 * place + width]
        block[:] = True
        block[5:-5, 5:-5] = rng.random() < 0.5  # some of them rings
    labels = label(ink, connectivity=2)
    pieces = find_digits(ink)
    assert len(pieces) == labels.max() == len(widths)
    assert sum(piece.mask.sum() for piece in pieces) == ink.sum()


def test_a_mask_holds_its_own_ink_and_not_its_neighbours():
    ink = np.zeros((80, 120), bool)
    for k in range(40):  # two slanted strokes whose boxes overlap
        ink[20 + k, 60 - k // 2 : 64 - k // 2] = True
        ink[20 + k, 74 - k // 2 : 78 - k // 2] = True
    first, second = find_digits(ink)
    assert first.box[1] + first.box[3] > second.box[1]
    assert first.mask.sum() == second.mask.sum() == ink.sum() / 2


def test_the_bar_of_a_five_joins_its_body_but_the_next_digit_does_not():
    five = (30, 50, 40, 22), (27, 74, 4, 12)
    assert boxes(sheet(*five)) == [(27, 50, 43, 36)]
    other = (30, 92, 40, 22)
    assert boxes(sheet(*five, other)) == [(27, 50, 43, 36), other]


def test_a_spot_a_fifth_of_a_digit_away_is_not_joined():
    digits = (30, 50, 40, 20), (30, 100, 40, 20)
    assert boxes(sheet(*digits, (60, 78, 6, 6))) == list(digits)


@pytest.mark.parametrize(
    "rest",
    [
        (5, 10, 3, 3),  # a speck
        (45, 200, 4, 30),  # a dash
        (0, 200, 40, 20),  # runs out of the photograph
        (82, 60, 12, 20),  # another line of writing
        (10, 200, 2, 2),
    ],
)
def test_what_is_no_digit_by_its_size_or_place_is_left_out(rest):
    digits = (30, 50, 40, 20), (30, 100, 40, 20)
    assert boxes(sheet(*digits, rest)) == list(digits)


def test_a_frame_far_wider_than_a_digit_is_left_out():
    digits = (30, 50, 40, 20), (30, 100, 40, 20)
    ink = sheet(*digits, (30, 150, 40, 140))
    ink[32:68, 152:288] = False
    assert boxes(ink) == list(digits)


def test_an_empty_sheet_and_ink_at_the_border_hold_nothing():
    assert find_digits(np.zeros((50, 50), bool)) == []
    assert find_digits(sheet((0, 0, 100, 300))) == []


@pytest.mark.parametrize(
    ("ink", "error", "says"),
    [
        (np.zeros((5, 5)), TypeError, "ink must be boolean; received float64"),
        (
            np.zeros((5, 5, 1), bool),
            ValueError,
            r"ink must be \(H, W\); received shape \(5, 5, 1\)",
        ),
    ],
)
def test_what_is_no_ink_is_refused(ink, error, says):
    with pytest.raises(error, match=says):
        find_digits(ink)


def bridged(*blocks, bridge):
    """Darkness of blocks (top, left, height, width) of 0.8, and of a bridge of 0.35."""
    return np.maximum(0.8 * sheet(*blocks), 0.35 * sheet(bridge)).astype(np.float32)


def test_two_digits_with_a_grey_bridge_are_taken_apart():
    darkness = bridged((30, 50, 40, 20), (30, 76, 40, 22), bridge=(48, 70, 3, 6))
    (both,) = find_digits(darkness > 0.3)
    apart = split_digits([both], darkness, 0.8)
    assert [piece.box for piece in apart] == [(30, 50, 40, 20), (30, 76, 40, 22)]
    assert all(piece.mask.all() for piece in apart)


@pytest.mark.parametrize(
    ("blocks", "bridge", "level"),
    [
        (((30, 50, 40, 12), (30, 66, 40, 12)), (48, 62, 3, 4), 0.8),  # not wider than high
        (((30, 50, 40, 20), (55, 76, 15, 30)), (60, 70, 3, 6), 0.8),  # the second is no digit
        (((30, 50, 40, 20), (30, 76, 40, 22)), (48, 70, 3, 6), 0.5),  # a paler pen: no bridge
    ],
)
def test_what_is_one_digit_stays_one(blocks, bridge, level):
    darkness = bridged(*blocks, bridge=bridge)
    (piece,) = find_digits(darkness > 0.3)
    assert [part.box for part in split_digits([piece], darkness, level)] == [piece.box]


def test_a_broad_digit_of_two_strokes_above_each_other_stays_one():
    darkness = np.zeros((100, 300), np.float32)
    for k in range(60):  # two flat slanted strokes that overlap from left to right
        darkness[40 + k // 3 : 44 + k // 3, 50 + k] = 0.8
        darkness[50 + k // 3 : 54 + k // 3, 60 + k] = 0.8
    darkness[44:54, 60:62] = np.maximum(darkness[44:54, 60:62], 0.35)
    pieces = find_digits(darkness > 0.3)
    assert len(pieces) == len(split_digits(pieces, darkness, 0.8)) == 1
