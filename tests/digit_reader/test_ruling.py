"""digit_reader.ruling: lines found where they were drawn, and ink that survives their removal."""

import cv2
import numpy as np
import pytest

from cnn_tutorial.digit_reader import find_lines, remove_lines


def ruled(angle, *, depth=0.25, spacing=30, shape=(200, 320), upright=False, width=2):
    """Darkness of paper with parallel lines that run downhill by ``angle`` degrees."""
    paper = np.zeros(shape, np.float32)
    slope = np.tan(np.radians(angle))
    for start in np.arange(-2 * max(shape), 2 * max(shape), spacing):
        if upright:  # turned by the same angle, clockwise
            ends = (start, 0), (start - slope * shape[0], shape[0])
        else:
            ends = (0, start), (shape[1], start + slope * shape[1])
        cv2.line(paper, *(tuple(round(v) for v in end) for end in ends), depth, width)
    return paper


@pytest.mark.parametrize("angle", [-14, -3.3, 0, 5, 15])
def test_lines_are_found_at_the_angle_that_they_were_drawn_at(angle):
    lines = find_lines(ruled(angle))
    assert len(lines) >= 5
    assert all(line.is_horizontal for line in lines)
    assert [line.angle for line in lines] == pytest.approx([angle] * len(lines), abs=0.6)


@pytest.mark.parametrize("angle", [-9, 0, 6])
def test_upright_lines_count_from_ninety_degrees(angle):
    lines = find_lines(ruled(angle, upright=True))
    assert len(lines) >= 6
    assert not any(line.is_horizontal for line in lines)
    assert [line.angle - 90 for line in lines] == pytest.approx([angle] * len(lines), abs=0.8)


def test_a_line_passes_through_its_pixels():
    paper = np.zeros((120, 300), np.float32)
    cv2.line(paper, (0, 30), (299, 60), 0.3, 2)
    (line,) = find_lines(paper)
    columns = np.arange(0, 300, 20)
    expected = 30 + 30 / 299 * columns
    np.testing.assert_allclose(np.polyval(line.curve, columns), expected, atol=1.2)


def test_every_line_of_squared_paper_is_found_once():
    paper = np.maximum(ruled(2, spacing=40), ruled(2, spacing=40, upright=True))
    lines = find_lines(paper)
    # 200 / 40 and 320 / 40, give or take those that leave through a corner.
    assert 4 <= sum(line.is_horizontal for line in lines) <= 6
    assert 7 <= sum(not line.is_horizontal for line in lines) <= 9


def test_lines_are_found_in_noise(rng):
    paper = ruled(4) + rng.normal(0, 0.03, (200, 320)).astype(np.float32)
    lines = find_lines(paper)
    assert len(lines) >= 5
    assert np.median([line.angle for line in lines]) == pytest.approx(4, abs=0.6)


def test_plain_paper_and_strokes_have_no_lines(rng):
    paper = rng.normal(0, 0.02, (150, 300)).astype(np.float32)
    assert find_lines(paper) == []
    for left in (40, 100, 160, 220):  # a row of sevens
        paper[50:54, left : left + 30] = 0.8
        paper[50:100, left + 26 : left + 30] = 0.8
    assert find_lines(paper) == []
    assert find_lines(np.zeros((50, 50), np.float32)) == []


@pytest.mark.parametrize("angle", [0, -7])
def test_lines_are_taken_away_and_the_ink_across_them_stays(angle):
    paper = ruled(angle, depth=0.3)
    inked = paper.copy()
    stroke = np.zeros(paper.shape, bool)
    for left in (60, 140, 220):
        stroke[30:170, left : left + 6] = True
    inked[stroke] = 0.8
    clean = remove_lines(inked, find_lines(inked))
    assert (clean[stroke] > 0.5).mean() > 0.97
    left_over = (clean[~stroke] > 0.15).mean() / (paper[~stroke] > 0.15).mean()
    assert left_over < 0.1


def test_a_pen_no_darker_than_the_lines_is_not_cut_by_them():
    paper = ruled(0, depth=0.3)
    inked = paper.copy()
    inked[30:170, 100:105] = 0.34
    clean = remove_lines(inked, find_lines(inked))
    assert (clean[30:168, 101:104] > 0.2).all()


def test_a_one_that_fills_the_photograph_is_no_line():
    paper = np.zeros((60, 40), np.float32)
    paper[8:52, 18:22] = 0.8
    assert find_lines(paper) == []


def test_lines_too_faint_to_pass_for_ink_are_left_alone():
    paper = ruled(0, depth=0.1)
    paper[30:170, 100:105] = 0.8
    lines = find_lines(paper)
    assert lines
    np.testing.assert_array_equal(remove_lines(paper, lines), paper)


def test_removing_no_lines_changes_nothing(rng):
    darkness = rng.normal(0, 0.1, (40, 60)).astype(np.float32)
    np.testing.assert_array_equal(remove_lines(darkness, []), darkness)


def test_what_is_given_is_not_changed():
    darkness = ruled(3)
    before = darkness.copy()
    remove_lines(darkness, find_lines(darkness))
    np.testing.assert_array_equal(darkness, before)
