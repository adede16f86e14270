"""The affine map and the interpolation against SciPy's, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnn_tutorial.data import warping
from cnn_tutorial.data.warp_ranges import WarpParameters, check_ranges, draw_parameters
from cnn_tutorial.data.warping import EDGE, FILL_MODES, make_matrices, warp_images

IDENTITY = WarpParameters(0, 0, 0, 0, 1, 1, 0)
SIZES = [(8, 8), (9, 9), (7, 12), (13, 6), (1, 5), (40, 33)]


def is_on_grid():
    """Whether this OpenCV rounds positions to 1/32 pixel, as OpenCV 4 does and 5 does not."""
    ramp = np.arange(64, dtype=np.float32).reshape(1, 1, 64, 1)
    third_of_a_pixel = np.array([[[1, 0, 0], [0, 1, 1 / 3], [0, 0, 1]]])
    return abs(warp_images(ramp, third_of_a_pixel)[0, 0, 9, 0] - 9 - 1 / 3) > 1e-3


ON_GRID = is_on_grid()
# Half of 1/32 pixel, and what the fixed point in which OpenCV 4 adds positions loses.
OFF = 1 / 64 + 1 / 256 if ON_GRID else 1e-5


def matrix(height=9, width=9, **changes):
    parameters = [np.array([float(value)]) for value in IDENTITY._replace(**changes)]
    return make_matrices(WarpParameters(*parameters), height, width)[0]


def look_up(matrix, *position):
    """(row, column) in the input of an output pixel."""
    return (matrix @ [*position, 1])[:2]


def random_matrices(rng, number, height, width, **ranges):
    ranges = check_ranges(
        **{
            "rotation_range": 180,
            "width_shift_range": 0.4,
            "height_shift_range": 0.4,
            "shear_range": 30,
            "zoom_range": (0.4, 2.5),
            "horizontal_flip": True,
        }
        | ranges
    )
    uniforms = rng.random((number, 9))
    return make_matrices(draw_parameters(uniforms, ranges, height, width), height, width)


def warp_by_scipy(images, matrices, fill_mode, cval):
    """Each channel by ``scipy.ndimage.affine_transform`` in float64."""
    outputs = np.empty(images.shape)
    for image, matrix, output in zip(images.astype(float), matrices, outputs, strict=True):
        for channel in range(images.shape[-1]):
            output[..., channel] = ndimage.affine_transform(
                image[..., channel],
                matrix[:2, :2],
                matrix[:2, 2],
                order=1,
                mode=fill_mode,
                cval=cval,
            )
    return outputs


def near_a_cut(matrices, height, width):
    """Output pixels looked up where ``constant`` and ``wrap`` jump, and rounding decides."""
    near, width_of_cut = False, 2 * EDGE + OFF
    positions = warping.find_positions(matrices, height, width)
    for position, size in zip(positions, (height, width), strict=True):
        for cut in (0, size - 1):
            near |= np.abs(position - cut) < width_of_cut
        if size > 1:  # the repeats of ``wrap``
            near |= np.abs((position + 0.5) % (size - 1) - 0.5) < width_of_cut
    return near


def tolerance(images, dtype):
    """How far a value may be from SciPy's: rounding, the grid of OpenCV 4, the output's dtype."""
    steps = [np.abs(np.diff(images.astype(float), axis=axis)) for axis in (1, 2)]
    slope = sum(step.max() for step in steps if step.size)
    return slope * OFF + (0.5 if dtype == np.uint8 else 1e-3)


def test_a_flip_mirrors_left_and_right():
    assert look_up(matrix(5, 8, flip=1), 2, 0).tolist() == [2, 7]


def test_positive_rotation_turns_the_picture_counter_clockwise():
    # What stands above the centre is found right of it.
    np.testing.assert_allclose(look_up(matrix(9, 9, rotation=90), 2, 4), [4, 6], atol=1e-12)


def test_positive_shifts_move_the_picture_up_and_left():
    assert look_up(matrix(row_shift=2, column_shift=3), 1, 1).tolist() == [3, 4]


def test_zooms_are_about_the_centre_and_above_one_shrink():
    zoomed = matrix(5, 9, row_zoom=2, column_zoom=0.5)
    assert look_up(zoomed, 2, 4).tolist() == [2, 4]
    assert look_up(zoomed, 3, 6).tolist() == [4, 5]


def test_shear_moves_columns_by_the_sine_and_shrinks_rows_by_the_cosine():
    phi = math.radians(20)
    sheared = look_up(matrix(9, 9, shear=20), 4 + 3, 4)
    np.testing.assert_allclose(sheared, [4 + 3 * math.cos(phi), 4 - 3 * math.sin(phi)])


def test_a_fifth_of_a_degree_of_shear_moves_the_corner_by_a_quarter_of_a_pixel():
    """What ``shear_range=0.2`` does to a picture of 150×150, at most."""
    moved = look_up(matrix(150, 150, shear=0.2), 0, 0)
    np.testing.assert_allclose(moved, [0, 74.5 * math.sin(math.radians(0.2))], atol=1e-3)
    assert 0.25 < np.linalg.norm(moved) < 0.27


def test_the_five_are_applied_in_the_generators_order():
    """Flip, zoom, shear, shift, rotate, about the centre: worked out without matrices."""
    height, width, theta, phi = 11, 7, math.radians(35), math.radians(10)
    product = matrix(
        11, 7, rotation=35, row_shift=2, column_shift=-1, shear=10, row_zoom=0.8,
        column_zoom=1.2, flip=1,
    )  # fmt: skip
    row, column = 3 - 5, -(6 - 3)  # from the centre, flipped
    row, column = 0.8 * row, 1.2 * column
    row, column = row * math.cos(phi), column - row * math.sin(phi)
    row, column = row + 2, column - 1
    row, column = (
        row * math.cos(theta) + column * math.sin(theta),
        -row * math.sin(theta) + column * math.cos(theta),
    )
    expected = [row + (height - 1) / 2, column + (width - 1) / 2]
    np.testing.assert_allclose(look_up(product, 3, 6), expected, rtol=1e-12)


def test_matrices_of_a_batch_are_those_of_its_images():
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng.random((6, 9)), check_ranges(rotation_range=50), 9, 9)
    together = make_matrices(parameters, 9, 12)
    for n in range(6):
        alone = make_matrices(WarpParameters(*(value[n : n + 1] for value in parameters)), 9, 12)
        np.testing.assert_array_equal(together[n], alone[0])


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_warp_equals_scipys_for_every_fill_size_and_dtype(fill_mode, size, dtype):
    rng = np.random.default_rng(sum(size))
    images = rng.integers(0, 256, (12, *size, 3)).astype(dtype)
    matrices = random_matrices(rng, 12, *size)
    warped = warp_images(images, matrices, fill_mode=fill_mode, cval=77)
    assert warped.dtype == dtype
    wrong = np.abs(warped - warp_by_scipy(images, matrices, fill_mode, 77)).max(axis=-1)
    if fill_mode in ("constant", "wrap"):
        wrong[near_a_cut(matrices, *size)] = 0
    assert wrong.max() <= tolerance(images, dtype)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_a_warp_equals_scipys_for_every_number_of_channels(channels, fill_mode):
    rng = np.random.default_rng(channels)
    images = rng.integers(0, 256, (4, 11, 8, channels)).astype(np.float32)
    matrices = random_matrices(rng, 4, 11, 8)
    warped = warp_images(images, matrices, fill_mode=fill_mode, cval=-5)
    wrong = np.abs(warped - warp_by_scipy(images, matrices, fill_mode, -5)).max(axis=-1)
    wrong[near_a_cut(matrices, 11, 8)] = 0
    assert wrong.max() <= tolerance(images, np.float32)


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_a_photograph_warps_as_scipy_warps_it(fill_mode):
    """A smooth image tells a position that is off: here by less than 1/100 pixel on OpenCV 5."""
    rows, columns = np.mgrid[:300, :400]
    image = (rows / 2 + columns / 4)[None, ..., None].astype(np.float32)
    matrices = random_matrices(np.random.default_rng(4), 1, 300, 400, zoom_range=0.2)
    warped = warp_images(image, matrices, fill_mode=fill_mode)
    wrong = np.abs(warped - warp_by_scipy(image, matrices, fill_mode, 0))
    wrong[near_a_cut(matrices, 300, 400)] = 0
    allowed = 0.75 * OFF if ON_GRID else 1e-3
    assert np.quantile(wrong, 0.9) <= allowed
    assert wrong.max() <= 250 * allowed  # across the jump that a repeated picture has


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    fill_mode=st.sampled_from(FILL_MODES),
    far=st.floats(0, 6),
)
@settings(max_examples=80, deadline=None)
def test_positions_far_outside_are_filled_as_scipy_fills_them(seed, size, fill_mode, far):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (1, *size, 1)).astype(np.float32)
    matrices = random_matrices(rng, 1, *size)
    matrices[:, :2, 2] += far * np.array(size) * rng.choice([-1, 1], 2)
    warped = warp_images(image, matrices, fill_mode=fill_mode, cval=9)
    wrong = np.abs(warped - warp_by_scipy(image, matrices, fill_mode, 9))
    wrong[near_a_cut(matrices, *size)] = 0
    assert wrong.max() <= tolerance(image, np.float32)


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_identity_and_the_flip_change_no_value(fill_mode, dtype):
    images = np.random.default_rng(1).integers(0, 256, (2, 6, 9, 3)).astype(dtype)
    flip = np.stack([np.eye(3), matrix(6, 9, flip=1)])
    warped = warp_images(images, flip, fill_mode=fill_mode, cval=50)
    np.testing.assert_array_equal(warped[0], images[0])
    np.testing.assert_array_equal(warped[1], images[1, :, ::-1])


def test_the_four_fills_of_a_row_worked_by_hand():
    row = np.array([10, 20, 30, 40], np.uint8).reshape(1, 1, 4, 1)
    three_to_the_right = matrix(1, 4, column_shift=-3)[None]
    filled = {
        mode: warp_images(row, three_to_the_right, fill_mode=mode, cval=7).ravel().tolist()
        for mode in FILL_MODES
    }
    assert filled == {
        "constant": [7, 7, 7, 10],
        "nearest": [10, 10, 10, 10],
        "reflect": [30, 20, 10, 10],  # 40 30 20 10 | 10 20 30 40
        "wrap": [10, 20, 30, 10],  # 10 20 30 | 10 20 30 40: the last pixel lies on the first
    }


def test_constant_does_not_blend_with_the_picture_at_its_edge():
    """SciPy's meaning: half a pixel outside is outside."""
    row = np.full((1, 1, 4, 1), 100, np.float32)
    half_a_pixel = matrix(1, 4, column_shift=-0.5)[None]
    assert warp_images(row, half_a_pixel, fill_mode="constant").ravel().tolist() == [0] + [100] * 3


@pytest.mark.parametrize(("cval", "expected"), [(7.6, 8), (-20, 0), (300, 255)])
def test_the_constant_is_rounded_and_clipped_for_uint8(cval, expected):
    away = matrix(2, 2, row_shift=50)[None]
    images = np.ones((1, 2, 2, 3), np.uint8)
    assert (warp_images(images, away, fill_mode="constant", cval=cval) == expected).all()


def test_the_input_is_left_alone_and_an_empty_batch_stays_empty():
    images = np.random.default_rng(0).random((3, 5, 5, 3)).astype(np.float32)
    before = images.copy()
    warp_images(images, random_matrices(np.random.default_rng(0), 3, 5, 5))
    np.testing.assert_array_equal(images, before)
    assert warp_images(images[:0], np.empty((0, 3, 3))).shape == (0, 5, 5, 3)
    assert warp_images(images[:, :0], np.tile(np.eye(3), (3, 1, 1))).shape == (3, 0, 5, 3)


def test_images_need_not_lie_in_memory_in_order():
    images = np.random.default_rng(0).random((3, 5, 6, 8)).astype(np.float32)
    matrices = random_matrices(np.random.default_rng(0), 3, 5, 6)
    for view in (images[..., ::2], images[..., :3], images.transpose(0, 1, 2, 3)[..., ::-1]):
        np.testing.assert_array_equal(
            warp_images(view, matrices), warp_images(np.ascontiguousarray(view), matrices)
        )


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_fold_finds_the_place_that_scipy_finds(fill_mode, size):
    positions = np.linspace(-3.3 * size - 3, 4.4 * size + 3, 301)
    ramp = np.arange(size, dtype=float)
    expected = ndimage.map_coordinates(ramp, [positions], order=1, mode=fill_mode, cval=np.nan)
    found = np.interp(warping.fold(positions, size, fill_mode), ramp, ramp)
    inside = ~np.isnan(expected)
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-9)
    if fill_mode == "constant":
        np.testing.assert_array_equal(warping.is_outside(positions, size), ~inside)


IMAGES = np.zeros((2, 4, 5, 3), np.float32)
MATRICES = np.tile(np.eye(3), (2, 1, 1))


@pytest.mark.parametrize(
    ("images", "matrices", "options", "error", "message"),
    [
        (IMAGES[0], MATRICES, {}, ValueError, r"images must have shape \(N, H, W, C\)"),
        (IMAGES.astype(np.float64), MATRICES, {}, TypeError, "uint8 or float32; .* float64"),
        (IMAGES > 0, MATRICES, {}, TypeError, "uint8 or float32; .* bool"),
        (IMAGES, MATRICES[:1], {}, ValueError, r"matrices must have shape \(2, 3, 3\)"),
        (IMAGES, MATRICES[:, :2], {}, ValueError, "matrices must have shape"),
        (IMAGES, MATRICES, {"fill_mode": "edge"}, ValueError, "fill_mode must be one of .*'edge'"),
        (IMAGES, MATRICES, {"fill_mode": None}, ValueError, "fill_mode"),
        (IMAGES, MATRICES, {"cval": "black"}, TypeError, "cval must be a number"),
        (IMAGES, MATRICES, {"cval": math.nan}, TypeError, "cval must be a number"),
    ],
)
def test_bad_input_is_refused_by_name(images, matrices, options, error, message):
    with pytest.raises(error, match=message):
        warp_images(images, matrices, **options)
