"""digit_reader.deskewing: the angle from lines or digits, and the turn that undoes it."""

import numpy as np
import pytest
from scipy import ndimage

from cnn_tutorial.digit_reader import Line, deskew, estimate_skew
from cnn_tutorial.digit_reader.deskewing import find_turn


def row_of_boxes(angle, count=6, step=40, height=30):
    slope = np.tan(np.radians(angle))
    return [(100 + slope * step * k, 20 + step * k, height, 20) for k in range(count)]


def horizontal(angle):
    return Line(float(angle), np.array([np.tan(np.radians(angle)), 50.0]), True)


def vertical(angle):
    return Line(float(angle + 90), np.array([-np.tan(np.radians(angle)), 50.0]), False)


@pytest.mark.parametrize("angle", [-12, -1, 0, 7.5])
def test_the_skew_of_a_row_of_digits_is_its_slope(angle):
    assert estimate_skew([], row_of_boxes(angle)) == pytest.approx(angle, abs=1e-6)


def test_one_digit_out_of_line_does_not_change_the_skew():
    boxes = row_of_boxes(5, count=7)
    boxes[3] = (160, *boxes[3][1:])
    assert estimate_skew([], boxes) == pytest.approx(5, abs=1e-6)


def test_two_digits_are_too_few_to_tell():
    assert estimate_skew([], row_of_boxes(8, count=2)) == 0
    assert estimate_skew([], []) == 0


def test_lines_say_it_before_the_digits_do():
    boxes = row_of_boxes(3)
    assert estimate_skew([horizontal(5), horizontal(6), horizontal(7)], boxes) == 6
    assert estimate_skew([vertical(4)], boxes) == pytest.approx(4)
    # The number runs along the horizontal ones; perspective may have turned the others.
    assert estimate_skew([horizontal(5), vertical(9), vertical(9)], boxes) == 5


def test_a_line_that_the_digits_contradict_is_no_line_of_the_paper():
    assert estimate_skew([horizontal(-18)], row_of_boxes(0)) == pytest.approx(0)
    assert estimate_skew([horizontal(-18)], row_of_boxes(0, count=2)) == -18


def test_no_skew_beyond_twenty_degrees_is_believed():
    assert estimate_skew([], row_of_boxes(40)) == 20


@pytest.mark.parametrize("angle", [-20, 6.0, 15])
def test_deskew_turns_as_scipy_does(rng, angle):
    image = ndimage.gaussian_filter(rng.uniform(0, 1, (80, 121)), 3).astype(np.float32)
    turned = deskew(image, angle)
    # SciPy turns the other way and rounds the size differently: compare the middles.
    expected = ndimage.rotate(image, angle, order=1)
    middles = [
        array[tuple(slice(side // 2 - 20, side // 2 + 21) for side in array.shape)]
        for array in (turned, expected)
    ]
    assert np.corrcoef(middles[0].ravel(), middles[1].ravel())[0, 1] > 0.97


def test_deskew_straightens_a_line_that_runs_downhill():
    image = np.zeros((100, 200), np.float32)
    for column in range(200):
        image[round(40 + 0.1 * column), column] = 1
    turned = deskew(image, np.degrees(np.arctan(0.1)))
    rows = np.nonzero(turned > 0.4)[0]
    assert np.ptp(rows) <= 2


def test_no_angle_means_no_change(rng):
    image = rng.uniform(0, 1, (30, 40)).astype(np.float32)
    assert deskew(image, 0.0) is image


def test_the_turned_image_holds_every_corner():
    matrix, (width, height) = find_turn((100, 300), 12)
    for x, y in ((0, 0), (299, 0), (299, 99), (0, 99)):
        across, down = matrix @ (x, y, 1)
        assert -1 <= across <= width
        assert -1 <= down <= height
