"""Draws of RandomWarp: against Keras's old generator where it loads, by hand elsewhere."""

import math

import numpy as np
import pytest
from scipy import stats

from cnn_tutorial.data import warp_ranges
from cnn_tutorial.data.warp_ranges import check_ranges, draw_parameters, draw_uniforms

RANGES = {
    "rotation_range": 30,
    "width_shift_range": 0.25,
    "height_shift_range": 0.1,
    "shear_range": 8.0,
    "zoom_range": (0.7, 1.1),
    "horizontal_flip": True,
}


def draw(number, *, height=60, width=40, first_seed=0, **ranges):
    uniforms = draw_uniforms(np.arange(first_seed, first_seed + number))
    return draw_parameters(uniforms, check_ranges(**ranges), height, width)


def test_uniforms_are_the_numbers_of_splitmix64():
    """The published test vector: seed 1234567 gives 6457827717110365317 first."""
    start, step = 1234567, 0x9E3779B97F4A7C15
    state = np.array([(start + step) % 2**64], np.uint64)
    assert int(warp_ranges.mix(state)[0]) == 6457827717110365317


def test_uniforms_are_uniform_independent_and_never_one():
    uniforms = draw_uniforms(np.arange(20_000))
    assert uniforms.shape == (20_000, warp_ranges.NUM_DRAWS)
    assert uniforms.min() >= 0
    assert uniforms.max() < 1
    for column in uniforms.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    correlations = np.corrcoef(uniforms.T) - np.eye(warp_ranges.NUM_DRAWS)
    assert np.abs(correlations).max() < 4.5 / math.sqrt(len(uniforms))
    # The next seed's numbers are not this one's, moved by a column or not.
    for shift in range(3):
        left, right = uniforms[:-1, shift:], uniforms[1:, : warp_ranges.NUM_DRAWS - shift]
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.01


def test_an_images_draws_depend_on_its_own_seed_alone():
    together = draw_uniforms(np.array([3, 2**63 + 5, 9], np.uint64))
    alone = draw_uniforms(np.array([2**63 + 5], np.uint64))
    np.testing.assert_array_equal(together[1], alone[0])


def test_negative_seeds_are_taken_modulo_two_to_the_64():
    np.testing.assert_array_equal(
        draw_uniforms(np.array([-1])), draw_uniforms(np.array([2**64 - 1], np.uint64))
    )


def test_another_stream_gives_other_draws():
    seeds = np.arange(1000)
    one, two = draw_uniforms(seeds), draw_uniforms(seeds, stream=1)
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05
    # Not the first stream's, moved by one image, either.
    assert not np.isin(one, two).any()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("rotation_range", ["rotation"]),
        ("width_shift_range", ["column_shift"]),
        ("height_shift_range", ["row_shift"]),
        ("shear_range", ["shear"]),
        ("zoom_range", ["row_zoom", "column_zoom"]),
        ("horizontal_flip", ["flip"]),
    ],
)
def test_each_range_changes_its_own_parameter_and_no_other(name, changed):
    still, moved = draw(50), draw(50, **{name: RANGES[name]})
    for field in still._fields:
        same = np.array_equal(getattr(still, field), getattr(moved, field))
        assert same == (field not in changed), field


def test_without_ranges_every_draw_is_the_identity():
    parameters = draw(20)
    np.testing.assert_array_equal(parameters.row_zoom, 1)
    np.testing.assert_array_equal(parameters.column_zoom, 1)
    for field in ("rotation", "row_shift", "column_shift", "shear", "flip"):
        np.testing.assert_array_equal(getattr(parameters, field), 0)
    assert check_ranges().is_identity


@pytest.mark.parametrize("name", RANGES)
def test_a_single_range_is_no_identity(name):
    assert not check_ranges(**{name: RANGES[name]}).is_identity


def test_shifts_below_one_are_fractions_of_height_and_width():
    parameters = draw(4000, height_shift_range=0.1, width_shift_range=0.25)
    assert 5.9 < np.abs(parameters.row_shift).max() <= 0.1 * 60
    assert 9.9 < np.abs(parameters.column_shift).max() <= 0.25 * 40


def test_float_shifts_from_one_upwards_are_pixels():
    parameters = draw(4000, width_shift_range=3.0, height_shift_range=1.0)
    assert 2.95 < np.abs(parameters.column_shift).max() <= 3
    assert 0.95 < np.abs(parameters.row_shift).max() <= 1
    assert len(np.unique(parameters.column_shift)) > 3000


def test_an_int_shift_draws_whole_pixels_below_it():
    values, counts = np.unique(draw(8000, width_shift_range=3).column_shift, return_counts=True)
    np.testing.assert_array_equal(values, [-2, -1, 0, 1, 2])
    # Zero has two signs and so is twice as likely as the others, as in the generator.
    np.testing.assert_allclose(counts / 8000, np.array([1, 1, 2, 1, 1]) / 6, atol=0.02)
    np.testing.assert_array_equal(draw(50, width_shift_range=1).column_shift, 0)


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([2, 5], [-5, -2, 2, 5]),
        ((0.5, 0.25), [-20, -10, 10, 20]),  # fractions of 40 pixels
        (np.array([1.5]), [-1.5, 1.5]),
        ([], [0]),
    ],
)
def test_a_sequence_of_shifts_draws_its_elements_with_either_sign(choices, expected):
    drawn = draw(200, width_shift_range=choices).column_shift
    np.testing.assert_array_equal(np.unique(drawn), expected)


def test_zooms_of_height_and_width_are_drawn_independently():
    parameters = draw(5000, zoom_range=0.3)
    for zoom in (parameters.row_zoom, parameters.column_zoom):
        assert 0.7 <= zoom.min() < 0.705
        assert 1.295 < zoom.max() <= 1.3
    assert abs(np.corrcoef(parameters.row_zoom, parameters.column_zoom)[0, 1]) < 0.05


def test_a_flip_comes_for_half_of_the_images():
    flip = draw(4000, horizontal_flip=True).flip
    assert set(np.unique(flip)) == {0, 1}
    assert abs(flip.mean() - 0.5) < 0.03


SHIFTS = {
    "fractions": {"width_shift_range": 0.25, "height_shift_range": 0.1},
    "float pixels": {"width_shift_range": 4.5, "height_shift_range": 1.0},
    "int pixels": {"width_shift_range": 4, "height_shift_range": 2},
    "sequences": {"width_shift_range": [1, 7], "height_shift_range": (0.1, 0.2, 0.4)},
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize("zoom_range", [0.2, [0.5, 0.9]], ids=["zoom", "zoom pair"])
def test_draws_have_the_distribution_of_keras_old_generator(kind, zoom_range):
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    ranges = {**RANGES, **SHIFTS[kind], "zoom_range": zoom_range}
    generator = ImageDataGenerator(**ranges)
    np.random.seed(11)  # noqa: NPY002  (the generator draws from NumPy's global state)
    theirs = [generator.get_random_transform((60, 40, 3)) for _ in range(4000)]
    ours = draw(4000, **ranges)
    names = {  # the generator scales tx, which it takes for rows here, by the height
        "rotation": "theta",
        "row_shift": "tx",
        "column_shift": "ty",
        "shear": "shear",
        "row_zoom": "zx",
        "column_zoom": "zy",
        "flip": "flip_horizontal",
    }
    for name, their_name in names.items():
        drawn = np.array([draw[their_name] for draw in theirs], float)
        assert stats.ks_2samp(getattr(ours, name), drawn, method="asymp").pvalue > 1e-3, name


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rotation_range": -1}, ValueError, "rotation_range .* 0 or more"),
        ({"rotation_range": math.inf}, ValueError, "rotation_range .* finite"),
        ({"rotation_range": math.nan}, ValueError, "rotation_range .* finite"),
        ({"rotation_range": "20"}, TypeError, "rotation_range must be a number of degrees"),
        ({"rotation_range": (10, 20)}, TypeError, "rotation_range"),
        ({"rotation_range": True}, TypeError, "rotation_range"),
        ({"shear_range": -0.2}, ValueError, "shear_range"),
        ({"width_shift_range": -0.1}, ValueError, "width_shift_range"),
        ({"height_shift_range": -3}, ValueError, "height_shift_range"),
        ({"height_shift_range": None}, TypeError, "height_shift_range"),
        ({"width_shift_range": [1, "2"]}, TypeError, "width_shift_range must hold finite"),
        ({"width_shift_range": [math.nan]}, TypeError, "width_shift_range must hold finite"),
        ({"zoom_range": -0.1}, ValueError, "zoom_range"),
        ({"zoom_range": 1}, ValueError, "zooms above 0"),
        ({"zoom_range": (1.2, 0.8)}, ValueError, "lower first"),
        ({"zoom_range": (0, 1)}, ValueError, "zooms above 0"),
        ({"zoom_range": (0.8, 1, 1.2)}, TypeError, "zoom_range must be a number or a pair"),
        ({"zoom_range": "ab"}, TypeError, "zoom_range"),
        ({"horizontal_flip": 1}, TypeError, "horizontal_flip must be a bool"),
    ],
)
def test_ranges_that_make_no_sense_are_refused_by_name(arguments, error, message):
    with pytest.raises(error, match=message):
        check_ranges(**arguments)
