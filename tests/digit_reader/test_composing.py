"""digit_reader.composing and scenes: every setting shows, and the boxes lie where the digits do."""

import dataclasses

import numpy as np
import pytest

from cnn_tutorial.digit_reader import Scene, compose_number, draw_scene

ONE = np.zeros((28, 28), np.uint8)
ONE[4:24, 13:16] = 255
RING = np.zeros((28, 28), np.uint8)
RING[4:24, 6:22] = 255
RING[8:20, 10:18] = 0

OTHERS = {
    "paper": (200, 190, 150),
    "ink": (180, 20, 30),
    "falloff": 0.5,
    "shadow": 0.5,
    "texture": 0.03,
    "blur": 1.0,
    "noise": 8.0,
    "jpeg": 30,
    "skew": 8.0,
    "perspective": 0.06,
    "digit_height": 70.0,
}
RULED = {
    "ruling": "squared",
    "line": (90, 90, 90),
    "spacing": 0.6,
    "line_width": 0.08,
    "margin": True,
}


def differ(one, other):
    return one.image.shape != other.image.shape or not np.array_equal(one.image, other.image)


@pytest.mark.parametrize("name", OTHERS)
def test_every_property_of_a_scene_shows_in_the_photograph(name):
    plain = compose_number([ONE, RING], scene=Scene(), seed=4)
    other = compose_number([ONE, RING], scene=Scene(**{name: OTHERS[name]}), seed=4)
    assert differ(plain, other)


@pytest.mark.parametrize("name", RULED)
def test_every_property_of_ruled_paper_shows(name):
    lined = Scene(ruling="lined")
    other = dataclasses.replace(lined, **{name: RULED[name]})
    assert differ(*(compose_number([ONE], scene=scene, seed=4) for scene in (lined, other)))


def test_all_properties_are_tested():
    assert {field.name for field in dataclasses.fields(Scene)} == {*OTHERS, *RULED}


def test_the_same_seed_gives_the_same_photograph_and_another_one_another():
    images = [ONE, RING, ONE]
    one, same, other = (compose_number(images, seed=seed) for seed in (1, 1, 2))
    assert not differ(one, same)
    assert one.scene == same.scene == draw_scene(np.random.default_rng(1))
    assert differ(one, other)
    plain = [compose_number(images, scene=Scene(), seed=seed) for seed in (1, 2)]
    assert differ(*plain)


@pytest.mark.parametrize("skew", [0, 10])
@pytest.mark.parametrize("perspective", [0, 0.06])
def test_the_boxes_lie_around_the_digits(skew, perspective):
    scene = Scene(skew=skew, perspective=perspective)
    image, boxes, _ = compose_number([RING, ONE, RING], scene=scene, seed=3)
    dark = image.min(axis=2) < 128
    assert dark.any()
    covered = np.zeros_like(dark)
    for top, left, height, width in boxes:
        rows = slice(int(top) - 1, int(np.ceil(top + height)) + 2)
        columns = slice(int(left) - 1, int(np.ceil(left + width)) + 2)
        covered[rows, columns] = True
        assert dark[rows, columns].any()
    assert not (dark & ~covered).any()


def test_digits_have_the_height_of_the_scene_and_paper_between_them():
    for seed in range(5):
        _, boxes, _ = compose_number([RING] * 6, scene=Scene(digit_height=50), seed=seed)
        assert boxes[:, 2].min() >= 0.86 * 50
        assert boxes[:, 2].max() <= 1.14 * 50
        gaps = boxes[1:, 1] - boxes[:-1, 1] - boxes[:-1, 3]
        assert gaps.min() >= 0.12 * 50 - 2


def test_the_whole_number_is_in_the_photograph():
    for seed in range(12):
        image, boxes, _ = compose_number([RING] * (1 + seed % 10), seed=seed)
        assert (boxes[:, :2] > 0).all()
        assert (boxes[:, :2] + boxes[:, 2:] < image.shape[:2]).all()


def test_scenes_are_of_every_kind_and_within_their_limits():
    scenes = [draw_scene(seed) for seed in range(300)]
    assert {scene.ruling for scene in scenes} == {"plain", "lined", "squared"}
    for scene in scenes:
        assert abs(scene.skew) <= 15
        assert 26 <= scene.digit_height <= 90
        assert max(scene.ink) < max(scene.paper)
    assert np.mean([scene.shadow > 0 for scene in scenes]) == pytest.approx(0.5, abs=0.1)
    assert np.quantile([abs(scene.skew) for scene in scenes], 0.9) > 8


def test_digits_may_be_of_different_sizes_and_have_a_channel():
    large = np.kron(RING, np.ones((2, 2), np.uint8))
    assert len(compose_number([ONE, large], seed=0).boxes) == 2
    with_channel = compose_number(np.stack([ONE, RING])[..., np.newaxis], seed=0)
    assert not differ(with_channel, compose_number([ONE, RING], seed=0))


@pytest.mark.parametrize(
    ("digits", "options", "error", "says"),
    [
        ([], {}, ValueError, "digits must hold at least one image"),
        ([np.zeros((28, 28), np.uint8)], {}, ValueError, "digits must have ink"),
        ([ONE / 255], {}, TypeError, "digits must be uint8, 0 to 255; received float64"),
        ([ONE[0]], {}, ValueError, r"received one of shape \(28,\)"),
        ("4071", {}, TypeError, "digits must be uint8 images; received str"),
        ([ONE], {"scene": "hard"}, TypeError, "scene must be a Scene or None; received str"),
    ],
)
def test_what_cannot_be_composed_is_refused(digits, options, error, says):
    with pytest.raises(error, match=says):
        compose_number(digits, **options)
