import io

import numpy as np
import pytest
from PIL import Image
from skimage import data as stills

from cnn_tutorial import plotting


def decode(shown):
    return np.asarray(Image.open(io.BytesIO(shown.data)).convert("RGB")).astype(int)


def test_photographs_are_shown_as_a_jpeg_much_smaller_than_the_figure_as_png():
    photographs = [stills.chelsea(), stills.coffee()]
    shown = plotting.show_photographs(photographs, columns=2)
    assert shown.data[:2] == b"\xff\xd8"
    as_png = io.BytesIO()
    plotting.plot_images(photographs, columns=2, dpi=120).savefig(as_png, format="png")
    assert len(shown.data) < 0.3 * len(as_png.getvalue())


def test_each_photograph_lies_in_its_place_with_a_frame():
    red, white = np.zeros((2, 40, 40, 3), np.uint8)
    red[..., 0], white[...] = 255, 255
    picture = decode(plotting.show_photographs([red, white], columns=2))
    height, width = picture.shape[:2]
    np.testing.assert_allclose(picture[height // 2, width // 4], [254, 0, 0], atol=6)
    np.testing.assert_allclose(picture[height // 2, 3 * width // 4], [255] * 3, atol=6)
    assert picture[height // 2, width // 2 :].min() < 215  # the frame of the white one


def test_titles_columns_and_dpi_change_the_picture():
    photographs = [stills.chelsea()] * 2
    sizes = {
        name: decode(plotting.show_photographs(photographs, **options)).shape[:2]
        for name, options in {
            "side by side": {"columns": 2},
            "one below the other": {"columns": 1},
            "with titles": {"columns": 2, "titles": ["a", "b"]},
            "finer": {"columns": 2, "dpi": 240},
        }.items()
    }
    (height, width), below = sizes["side by side"], sizes["one below the other"]
    assert below[0] > 2 * height
    assert sizes["with titles"][0] > height
    assert sizes["finer"] == pytest.approx((2 * height, 2 * width), abs=2)


def test_a_wrong_number_of_titles_is_refused():
    with pytest.raises(ValueError, match="titles must be as many as the images"):
        plotting.show_photographs([stills.chelsea()], titles=["a", "b"])
