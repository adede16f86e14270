import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data.folders import read_photograph, scan_folder
from cnn_tutorial.data.folders.reading import decode_resized, read_resized, resize_image


def is_near(one, other, levels=3):
    """Whether two images are the same but for how a decoder rounds."""
    return one.shape == other.shape and np.abs(one.astype(float) - other).mean() < levels


def test_cropping_keeps_the_middle_padding_adds_black_and_stretching_neither():
    image = np.repeat(np.arange(40, 240, 10, dtype=np.uint8)[None, :], 10, axis=0)  # 10×20
    cropped, padded, stretched = (
        resize_image(image, (10, 10), keep_aspect=way) for way in ("crop", "pad", False)
    )
    np.testing.assert_array_equal(cropped, image[:, 5:15])
    np.testing.assert_array_equal(resize_image(image, (10, 10)), cropped)
    averages = np.arange(45, 240, 20)  # of each pair of columns
    np.testing.assert_array_equal(padded[[0, 1, 7, 8, 9]], 0)
    np.testing.assert_array_equal(padded[2:7], np.tile(averages, (5, 1)))
    np.testing.assert_array_equal(stretched, np.tile(averages, (10, 1)))


@pytest.mark.parametrize("keep_aspect", ["crop", "pad", False])
@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (60, 80, 3), (200, 31, 3), (7, 7, 1)])
@pytest.mark.parametrize("size", [(1, 1), (32, 32), (16, 48), (150, 3)])
def test_one_colour_stays_one_colour_at_every_size(shape, size, keep_aspect):
    found = resize_image(np.full(shape, 200, np.uint8), size, keep_aspect=keep_aspect)
    assert found.shape[:2] == size
    if keep_aspect == "pad":
        assert set(np.unique(found)) <= {0, 200}
        assert (found == 200).any()
    else:
        assert (found == 200).all()


@pytest.mark.parametrize("shape", [(480, 640), (640, 480), (400, 403)])
def test_reducing_averages_as_pillow_does(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    found = resize_image(noise, (50, 60), keep_aspect=False)
    expected = Image.fromarray(noise).resize((60, 50), Image.Resampling.BOX)
    assert is_near(found, np.asarray(expected))


def test_what_is_narrow_is_reduced_one_way_and_enlarged_the_other():
    noise = np.random.default_rng(0).integers(0, 256, (20, 600)).astype(np.uint8)
    found = resize_image(noise, (60, 30), keep_aspect=False)
    averaged = noise.reshape(20, 30, 20).mean(axis=2)  # of 20 columns each
    assert is_near(found[1::3], averaged, 1)


@pytest.mark.parametrize("keep_aspect", ["crop", "pad", False])
@pytest.mark.parametrize("size", [(16, 16), (50, 20), (60, 80), (100, 120)])
def test_quick_reading_gives_what_reading_whole_and_then_resizing_does(
    tmp_path, make_picture, encode, size, keep_aspect
):
    (tmp_path / "one.jpg").write_bytes(encode(make_picture(1, 240, 320), quality=95))
    whole = read_photograph(tmp_path / "one.jpg")
    found = read_resized(tmp_path / "one.jpg", size, keep_aspect=keep_aspect)
    assert found.dtype == np.uint8
    assert is_near(found, resize_image(whole, size, keep_aspect=keep_aspect))
    assert found.flags.c_contiguous


def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(monkeypatch, make_picture, encode):
    import cv2

    shapes = []
    decode = cv2.imdecode

    def spy(content, flags):
        shapes.append(decode(content, flags).shape[:2])
        return decode(content, flags)

    monkeypatch.setattr(cv2, "imdecode", spy)
    content = encode(make_picture(1, 320, 400))
    expected = {160: (160, 200), 161: (320, 400), 80: (80, 100), 40: (40, 50), 5: (40, 50)}
    for side in expected:
        assert decode_resized(content, (side, side)).shape == (side, side, 3)
    assert shapes == list(expected.values())
    decode_resized(content, (200, 200), keep_aspect="pad")  # 160 of the rows are photograph
    assert shapes[-1] == (160, 200)


def test_every_odd_file_comes_as_the_slow_way_reads_it(horrors):
    report = scan_folder(horrors.path, progress=False)
    for file in report.files:
        whole = read_photograph(file)
        found = read_resized(file, whole.shape[:2])
        assert is_near(found, whole, 1.5), file


def test_a_photograph_is_upright_whatever_its_exif_says(make_picture, turned):
    plain = decode_resized(turned(make_picture(3), 1), (60, 80))
    for orientation, turns in {3: 2, 6: -1, 8: 1}.items():
        content = turned(np.rot90(make_picture(3), -turns), orientation)
        assert is_near(decode_resized(content, (60, 80)), plain, 6)
        assert not is_near(decode_resized(content, (60, 80)), plain[::-1], 20)
