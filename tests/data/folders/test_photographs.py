import contextlib
import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cnn_tutorial.data.folders import UnusablePhotographError, photographs, read_photograph
from cnn_tutorial.data.folders.photographs import decode_photograph, open_photograph


def save(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(image, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {})
    return save(image, kind, exif=exif, **options)


def test_a_photograph_comes_as_its_pixels_writable_and_in_order(tmp_path, make_picture, encode):
    pixels = make_picture(0)
    path = tmp_path / "a.png"
    path.write_bytes(encode(pixels, "PNG"))
    for name in (path, str(path)):
        result = read_photograph(name)
        np.testing.assert_array_equal(result, pixels)
        assert result.dtype == np.uint8
        assert result.flags.writeable
        assert result.flags.c_contiguous


def test_orientation_six_turns_a_quarter_clockwise_worked_by_hand():
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    content = with_orientation(Image.fromarray(stored), 6, "PNG")
    upright = decode_photograph(content)[..., 0]
    np.testing.assert_array_equal(upright, [[3, 0], [4, 1], [5, 2]])
    assert decode_photograph(content).flags.c_contiguous


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_pillows_upright_in_every_format(make_picture, kind, orientation):
    content = with_orientation(Image.fromarray(make_picture(1)), orientation, kind)
    with Image.open(io.BytesIO(content)) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    np.testing.assert_array_equal(decode_photograph(content), np.asarray(expected))
    assert (orientation > 4) == (expected.height > expected.width)  # it was turned


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_turns_nothing(make_picture, orientation):
    content = with_orientation(Image.fromarray(make_picture(1)), orientation, "PNG")
    np.testing.assert_array_equal(decode_photograph(content), make_picture(1))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_data_that_cannot_be_read_turn_nothing(make_picture):
    content = save(Image.fromarray(make_picture(1)), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(decode_photograph(content), make_picture(1))


def test_transparent_pixels_are_laid_on_white_worked_by_hand():
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 51]]], np.uint8)
    result = decode_photograph(save(Image.fromarray(pixels)))
    # A fifth of (0, 100, 200) and four fifths of 255.
    np.testing.assert_array_equal(result, [[[10, 20, 30], [255, 255, 255], [204, 224, 244]]])


@pytest.mark.parametrize("mode", ["LA", "P", "RGB", "L"])
def test_transparency_is_found_in_whatever_way_it_is_stored(mode):
    image = Image.new(mode, (4, 3), 0 if mode in "LP" else (0,) * len(mode))
    options = {"LA": {}, "P": {"transparency": 0}, "L": {"transparency": 0}}
    content = save(image, **options.get(mode, {"transparency": (0, 0, 0)}))
    assert (decode_photograph(content) == 255).all()
    if mode != "LA":  # the same without the transparency is black
        assert (decode_photograph(save(image)) == 0).all()


def test_a_palette_is_looked_up():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([1, 2, 3, 40, 50, 60])
    np.testing.assert_array_equal(decode_photograph(save(image)), [[[1, 2, 3], [40, 50, 60]]])


def test_grey_and_black_and_white_get_three_equal_channels():
    grey = np.array([[0, 7, 255]], np.uint8)
    np.testing.assert_array_equal(
        decode_photograph(save(Image.fromarray(grey))), np.repeat(grey[..., None], 3, axis=-1)
    )
    two = decode_photograph(save(Image.fromarray(np.array([[False, True]]))))
    np.testing.assert_array_equal(two, [[[0, 0, 0], [255, 255, 255]]])


def test_cmyk_is_ink_taken_from_white_worked_by_hand():
    inks = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 0, 0, 255)]
    image = Image.new("CMYK", (3, 1))
    image.putdata(inks)
    result = decode_photograph(save(image, "TIFF"))
    np.testing.assert_array_equal(result, [[[255, 255, 255], [0, 255, 255], [0, 0, 0]]])


def test_cmyk_jpegs_are_not_inverted(make_picture):
    content = save(Image.fromarray(make_picture(2)).convert("CMYK"), "JPEG", quality=95)
    difference = decode_photograph(content).astype(int) - make_picture(2)
    assert abs(difference).mean() < 10


@pytest.mark.parametrize(("kind", "dtype"), [("PNG", "<u2"), ("TIFF", "<u2"), ("TIFF", ">u2")])
def test_sixteen_bits_are_scaled_to_eight_worked_by_hand(kind, dtype):
    values = np.array([[0, 128, 129, 257 * 100, 65_407, 65_535]], dtype)
    result = decode_photograph(save(Image.fromarray(values), kind))
    np.testing.assert_array_equal(result[0, :, 0], [0, 0, 1, 100, 255, 255])
    assert (result == result[..., :1]).all()


def test_sixteen_bit_pgm_is_scaled_too():
    content = b"P5 3 1 65535\n" + np.array([0, 257 * 100, 65_535], ">u2").tobytes()
    np.testing.assert_array_equal(decode_photograph(content)[0, :, 0], [0, 100, 255])


def test_thirty_two_bits_are_refused():
    large = Image.fromarray(np.array([[0, 70_000]], np.int32))
    with pytest.raises(UnusablePhotographError, match="32-bit values have no agreed range"):
        decode_photograph(save(large, "TIFF"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_images_it_is_the_first(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = save(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert (decode_photograph(content) == [255, 0, 0]).all()


@pytest.fixture(scope="module")
def picture(make_picture):
    return make_picture(3, 300, 400)


class TestAtLeast:
    @pytest.mark.parametrize(
        ("at_least", "size"),
        [
            (None, (300, 400)),
            (301, (300, 400)),
            (151, (300, 400)),
            (150, (150, 200)),
            ((75, 150), (150, 200)),
            (75, (75, 100)),
            ((75, 101), (150, 200)),
            ((37, 50), (38, 50)),
            (1, (38, 50)),
        ],
    )
    def test_a_jpeg_is_as_small_as_allowed(self, picture, encode, at_least, size):
        result = decode_photograph(encode(picture), at_least=at_least)
        assert result.shape == (*size, 3)

    def test_the_sides_meant_are_those_of_the_upright_photograph(self, picture, turned):
        content = turned(picture, 6)
        assert decode_photograph(content).shape == (400, 300, 3)
        assert decode_photograph(content, at_least=(200, 150)).shape == (200, 150, 3)
        assert decode_photograph(content, at_least=(150, 200)).shape == (400, 300, 3)

    def test_the_smaller_one_looks_the_same(self, picture, encode):
        small = decode_photograph(encode(picture), at_least=150)
        blocks = picture.reshape(150, 2, 200, 2, 3).mean(axis=(1, 3))
        assert abs(small - blocks).mean() < 2

    def test_other_formats_come_whole(self, picture, encode):
        assert decode_photograph(encode(picture, "PNG"), at_least=10).shape == picture.shape

    def test_grey_and_cmyk_jpegs_are_reduced_too(self, picture, encode):
        for mode in ("L", "CMYK"):
            content = encode(picture, mode=mode)
            assert decode_photograph(content, at_least=150).shape == (150, 200, 3)

    def test_a_file_is_read_as_its_bytes_are(self, picture, encode, tmp_path):
        path = tmp_path / "a.jpg"
        path.write_bytes(encode(picture))
        np.testing.assert_array_equal(
            read_photograph(path, at_least=150), decode_photograph(encode(picture), at_least=150)
        )

    @pytest.mark.parametrize("at_least", ["150", 1.5, True, (150, None), (2.0, 3)])
    def test_what_is_no_int_is_a_type_error(self, at_least):
        with pytest.raises(TypeError, match="at_least must be a positive int or a pair"):
            read_photograph("any.jpg", at_least=at_least)

    @pytest.mark.parametrize("at_least", [0, -1, (150,), (1, 2, 3), (0, 5)])
    def test_what_is_no_size_is_a_value_error(self, at_least):
        with pytest.raises(ValueError, match="at_least must be a positive int or a pair"):
            read_photograph("any.jpg", at_least=at_least)


def test_what_is_not_there_a_folder_or_empty_is_said_with_its_path(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    reasons = {"none.jpg": "not there", ".": "not a file but a folder", "empty.jpg": "empty"}
    for name, reason in reasons.items():
        with pytest.raises(UnusablePhotographError) as caught:
            read_photograph(tmp_path / name)
        assert caught.value.reason == reason
        assert caught.value.path == tmp_path / name
        assert str(caught.value) == f"{tmp_path / name}: {reason}"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(UnusablePhotographError, match="not a file but a special file"):
        read_photograph(tmp_path / "pipe.jpg")


def test_no_program_is_started_for_a_format_that_needs_one():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    assert Image.open(io.BytesIO(eps)).format == "EPS"  # Pillow itself would
    with pytest.raises(UnusablePhotographError, match="not an image"):
        decode_photograph(eps)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "PPM", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_file_is_refused_in_every_format(make_picture, encode, kind, share):
    content = encode(make_picture(4), kind)
    assert decode_photograph(content).shape == (60, 80, 3)
    with pytest.raises(UnusablePhotographError, match=r"truncated|damaged"):
        decode_photograph(content[: int(share * len(content))])


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000"]),
    damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    length=st.floats(0, 1),
)
@pytest.mark.filterwarnings("ignore")
def test_damage_of_any_kind_gives_pixels_or_the_one_error(
    make_picture, encode, kind, damage, length
):
    content = bytearray(encode(make_picture(5, 20, 30), kind))
    for where, value in damage:
        content[int(where * (len(content) - 1))] = value
    with contextlib.suppress(UnusablePhotographError):
        pixels = decode_photograph(bytes(content[: int(length * len(content)) + 1]))
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3


def test_photographs_on_many_threads_are_those_on_one(make_picture, encode):
    from concurrent.futures import ThreadPoolExecutor

    contents = [encode(make_picture(seed)) for seed in range(40)]
    with ThreadPoolExecutor(4) as pool:
        for content, pixels in zip(contents, pool.map(decode_photograph, contents), strict=True):
            np.testing.assert_array_equal(pixels, decode_photograph(content))


def test_open_photograph_gives_the_stored_image_and_how_to_turn_it(make_picture, turned):
    image, orientation = open_photograph(turned(make_picture(6), 8))
    assert (image.size, orientation) == ((80, 60), 8)
    with pytest.raises(UnusablePhotographError, match="empty"):
        open_photograph(b"")


def test_every_format_in_the_list_is_known_to_pillow():
    Image.init()
    assert set(photographs.FORMATS) <= set(Image.OPEN) | {"AVIF"}  # came with Pillow 11.3


def test_a_telephones_two_views_are_read_as_the_first(make_picture):
    views = [Image.fromarray(make_picture(seed)) for seed in (7, 8)]
    content = save(views[0], "MPO", save_all=True, append_images=views[1:])
    assert open_photograph(content)[0].format == "MPO"
    np.testing.assert_array_equal(
        decode_photograph(content), decode_photograph(save(views[0], "JPEG"))
    )
