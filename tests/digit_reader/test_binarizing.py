"""digit_reader.binarizing: light that is taken away, ink that stays."""

import numpy as np
import pytest
from PIL import Image
from skimage import data as stills

from cnn_tutorial.digit_reader import binarizing


def test_to_grey_weighs_the_colours_as_pillow_does(rng):
    image = rng.integers(0, 256, (40, 50, 3), np.uint8)
    expected = np.asarray(Image.fromarray(image).convert("L"), int)
    assert np.abs(binarizing.to_grey(image) - expected).max() <= 1


def test_to_grey_takes_grey_with_and_without_a_channel_axis(page):
    np.testing.assert_array_equal(binarizing.to_grey(page), page)
    np.testing.assert_array_equal(binarizing.to_grey(page[..., np.newaxis]), page)


def test_a_large_photograph_is_reduced_to_1600_pixels_and_keeps_its_shape():
    grey = binarizing.to_grey(np.zeros((1000, 4000), np.uint8))
    assert grey.shape == (400, 1600)


@pytest.mark.parametrize(
    ("image", "error", "says"),
    [
        (np.zeros((20, 20)), TypeError, "image must be uint8, 0 to 255; received float64"),
        (np.zeros((20, 20), bool), TypeError, "received bool"),
        ([[0] * 20] * 20, TypeError, "image must be a uint8 array or a path; received list"),
        (np.zeros((20, 20, 2), np.uint8), ValueError, r"received \(20, 20, 2\)"),
        (np.zeros((20, 20, 4), np.uint8), ValueError, r"received \(20, 20, 4\)"),
        (np.zeros(20, np.uint8), ValueError, r"received \(20,\)"),
        (np.zeros((1, 20, 20, 3), np.uint8), ValueError, r"received \(1, 20, 20, 3\)"),
        (np.zeros((0, 20), np.uint8), ValueError, "at least 8 pixels each way"),
        (np.zeros((7, 20), np.uint8), ValueError, r"at least 8 pixels .* received \(7, 20\)"),
    ],
)
def test_to_grey_says_what_is_wrong_with_an_image(image, error, says):
    with pytest.raises(error, match=says):
        binarizing.to_grey(image)


def test_darkness_is_what_part_of_the_papers_light_is_missing(page):
    darkness = binarizing.find_darkness(page)
    assert darkness[45, 83] == pytest.approx(1 - 40 / 240, abs=0.02)
    assert np.abs(darkness[:20]).max() < 0.02
    assert darkness.max() <= 1


def test_darkness_does_not_depend_on_how_brightly_or_how_evenly_the_paper_is_lit(page):
    even = binarizing.find_darkness(page)
    light = np.linspace(0.35, 1, 160) * np.linspace(1, 0.7, 90)[:, np.newaxis]
    uneven = binarizing.find_darkness((page * light).astype(np.uint8))
    assert np.abs(uneven - even).max() < 0.12
    # The page itself is changed far more than that.
    assert np.abs(page * light - page).max() / 240 > 0.5


def test_a_shadow_with_a_sharp_edge_is_no_ink(page):
    shaded = page.copy()
    shaded[:, :120] = shaded[:, :120] * 0.5
    ink, _ = binarizing.find_ink(binarizing.find_darkness(shaded))
    plain, _ = binarizing.find_ink(binarizing.find_darkness(page))
    assert (ink == plain).mean() > 0.99
    # One threshold for the whole page takes half of the paper for ink.
    assert ((shaded < 128) == plain).mean() < 0.6


def test_the_variation_of_paper_is_measured_beside_ink(rng):
    paper = rng.normal(0, 0.03, (200, 200))
    paper[50:70] += 0.8
    assert binarizing.estimate_variation(paper) == pytest.approx(0.03, rel=0.2)


@pytest.mark.parametrize("depth", [0.3, 0.5, 0.9])
def test_ink_is_found_at_any_depth_and_its_depth_is_said(rng, depth):
    darkness = rng.normal(0, 0.01, (80, 120)).astype(np.float32)
    stroke = np.zeros(darkness.shape, bool)
    stroke[20:60, 50:56] = True
    darkness[stroke] += depth
    ink, level = binarizing.find_ink(darkness)
    np.testing.assert_array_equal(ink, stroke)
    assert level == pytest.approx(depth, abs=0.05)


def test_a_stroke_that_fades_stays_whole_where_one_threshold_would_tear_it():
    darkness = np.zeros((60, 80), np.float32)
    darkness[10:50, 40:44] = 0.8
    darkness[25:32, 40:44] = 0.28  # the pen ran dry
    darkness[10:14, 10:14] = 0.28  # a stain as faint, by itself
    ink, _ = binarizing.find_ink(darkness)
    assert ink[10:50, 40:44].all()
    assert not ink[10:14, 10:14].any()


def test_the_share_of_paper_tells_a_page_from_a_photograph_of_something(page):
    assert binarizing.measure_paper(binarizing.find_darkness(page)) == pytest.approx(
        (page == 240).mean(), abs=0.03
    )
    cat = binarizing.find_darkness(binarizing.to_grey(stills.chelsea()))
    assert binarizing.measure_paper(cat) < 0.66


def test_noise_alone_holds_no_ink(rng):
    for sigma in (0, 0.01):
        ink, level = binarizing.find_ink(rng.normal(0, sigma, (150, 150)).astype(np.float32))
        assert not ink.any()
        assert level == 0
