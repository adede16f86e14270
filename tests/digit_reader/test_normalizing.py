"""digit_reader.normalizing: 20 pixels, in the middle by mass, whatever came in."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from cnn_tutorial.digit_reader import normalize_digit


def draw(points, size=1.0, width=9, shape=(120, 100)):
    ink = np.zeros([round(side * size) for side in shape], np.uint8)
    points = np.rint(np.array(points) * size).astype(np.int32)
    cv2.polylines(ink, [points], False, 255, round(width * size), cv2.LINE_AA)
    return ink


SEVEN = [(25, 20), (75, 20), (45, 100)]
FOUR = [(60, 20), (25, 70), (80, 70), (60, 70), (60, 100)]


@pytest.mark.parametrize("points", [SEVEN, FOUR])
def test_the_longer_side_is_twenty_pixels_and_the_shape_is_kept(points):
    digit = normalize_digit(draw(points))
    rows, columns = (np.flatnonzero((digit > 127).any(axis=axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert 19 <= height <= 20
    ink = draw(points) > 127
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    assert width == pytest.approx(height * (np.ptp(columns) + 1) / (np.ptp(rows) + 1), abs=1)


@given(
    st.lists(st.tuples(st.integers(8, 90), st.integers(8, 110)), min_size=2, max_size=6),
    st.integers(5, 14),
)
def test_the_centre_of_mass_lies_in_the_middle_as_far_as_the_frame_allows(points, width):
    ink = draw(points, width=width)
    assume(np.count_nonzero(ink > 127) > 30)
    digit = normalize_digit(ink)
    centre = np.array(ndimage.center_of_mass(digit.astype(float)))
    inked = [np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0)]
    for middle, places in zip(centre, inked, strict=True):
        at_border = places[0] == 0 or places[-1] == 27
        assert abs(middle - 14) <= 0.51 or at_border


@pytest.mark.parametrize("size", [0.5, 2, 3.7])
def test_the_size_that_a_digit_was_written_in_does_not_matter(size):
    expected = normalize_digit(draw(FOUR)).astype(float)
    found = normalize_digit(draw(FOUR, size)).astype(float)
    assert np.abs(found - expected).mean() < 8
    # Nor is that because all digits come out alike.
    assert np.abs(normalize_digit(draw(SEVEN)) - expected).mean() > 30


def test_place_and_darkness_do_not_matter():
    ink = draw(SEVEN)
    expected = normalize_digit(ink)
    np.testing.assert_array_equal(normalize_digit(np.pad(ink, ((3, 9), (20, 1)))), expected)
    faint = normalize_digit(ink.astype(np.float32) / 255 * 0.4)
    assert np.abs(faint.astype(int) - expected).max() <= 2


def test_edges_are_grey_and_strokes_are_white():
    digit = normalize_digit(draw(FOUR, 3))
    assert digit.max() == 255
    grey = (digit > 30) & (digit < 225)
    assert 0.1 < grey.sum() / (digit > 30).sum() < 0.8


def test_booleans_count_as_ink_too():
    ink = draw(SEVEN, width=10) > 127
    difference = normalize_digit(ink).astype(int) - normalize_digit(draw(SEVEN, width=10))
    assert np.abs(difference).mean() < 4


def test_thin_strokes_are_thickened_so_that_they_do_not_fade():
    thin, thick = (normalize_digit(draw(FOUR, 4, width=width)) for width in (1.5, 10))
    assert np.quantile(thin[thin > 30], 0.75) > 170
    assert (thin > 127).sum() < (thick > 127).sum()


def test_the_mask_says_which_ink_belongs_to_the_digit():
    ink = np.zeros((60, 60), np.float32)
    ink[10:50, 20:26] = 1
    ink[10:50, 40:46] = 1  # a neighbour in the same box
    mask = np.zeros(ink.shape, bool)
    mask[10:50, 20:26] = True
    alone = np.where(mask, ink, 0)
    np.testing.assert_array_equal(normalize_digit(ink, mask=mask), normalize_digit(alone))
    assert np.abs(normalize_digit(ink).astype(int) - normalize_digit(alone)).mean() > 20


def test_no_ink_gives_a_black_image():
    assert not normalize_digit(np.zeros((20, 30))).any()
    assert not normalize_digit(-np.ones((20, 30))).any()


@pytest.mark.parametrize(
    ("ink", "options", "error", "says"),
    [
        (np.zeros((5, 5, 1)), {}, ValueError, r"received shape \(5, 5, 1\)"),
        (np.zeros((0, 5)), {}, ValueError, "not empty"),
        (np.full((5, 5), np.nan), {}, ValueError, "ink must be finite"),
        (np.zeros((5, 5), complex), {}, TypeError, "real numbers; received complex128"),
        (np.array([["a"]]), {}, TypeError, "real numbers"),
        (np.zeros((5, 5)), {"mask": np.ones((4, 5), bool)}, ValueError, r"received \(4, 5\)"),
    ],
)
def test_what_is_no_ink_is_refused(ink, options, error, says):
    with pytest.raises(error, match=says):
        normalize_digit(ink, **options)
