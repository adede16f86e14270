"""digit_reader.read_number: whole photographs, and everything that is no photograph of a number."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data as stills

from cnn_tutorial import data, digit_reader
from cnn_tutorial.digit_reader import Scene, compose_number, read_number


def always(label):
    """A model that is sure of one class of eleven, whatever it sees."""
    return lambda images: np.eye(11)[[label] * len(images)] * 20


@pytest.fixture(scope="module")
def written(handwriting):
    """Function: text -> images of its digits, of those that the model has not seen."""
    images, labels = handwriting

    def written(text, seed=0):
        rng = np.random.default_rng(seed)
        unseen = np.arange(1300, len(labels))
        chosen = [rng.choice(unseen[labels[unseen] == int(digit)]) for digit in text]
        return images[chosen]

    return written


@pytest.mark.slow
def test_numbers_on_hard_pages_are_read(written, neighbours):
    """With five nearest neighbours for a network; the network's own figures are the benchmark's."""
    rng = np.random.default_rng(3)
    right = whole = signs = 0
    for seed in range(30):
        text = "".join(str(digit) for digit in rng.integers(0, 10, 1 + seed % 6))
        reading = read_number(compose_number(written(text, seed), seed=seed).image, neighbours)
        whole += reading.text == text
        signs += len(text)
        if len(reading.text) == len(text):
            right += sum(a == b for a, b in zip(reading.text, text, strict=True))
    assert right / signs > 0.8
    assert whole > 15


def test_a_clean_number_is_read_with_every_detail(written, neighbours):
    page = compose_number(written("4071"), scene=Scene(), seed=5)
    reading = read_number(page.image, neighbours)
    assert reading.text == "4071"
    assert [digit.label for digit in reading.digits] == [4, 0, 7, 1]
    assert "4 signs found, 4 of them read" in reading.remark
    for digit in reading.digits:
        assert digit.image.shape == (28, 28)
        assert digit.probs.argmax() == digit.label
        assert digit.reason is None
    assert {"photograph", "grey", "darkness", "without lines", "upright", "ink"} == set(
        reading.steps
    )


@pytest.mark.parametrize("skew", [0.0, 9.0, -9.0])
def test_the_corners_lie_around_the_digits_in_the_photograph_as_it_came(written, skew):
    scene = Scene(skew=skew, ruling="lined")
    page = compose_number(written("35824"), scene=scene, seed=1)
    reading = read_number(page.image, always(3))
    assert len(reading.digits) == 5
    assert reading.skew == pytest.approx(skew, abs=1.0)
    for digit, (top, left, height, width) in zip(reading.digits, page.boxes, strict=True):
        assert digit.corners.mean(axis=0) == pytest.approx(
            [left + width / 2, top + height / 2], abs=5
        )


def test_corners_of_a_reduced_photograph_are_in_its_own_pixels(written):
    page = compose_number(written("58"), scene=Scene(digit_height=60), seed=1)
    large = cv2.resize(page.image, None, fx=8, fy=8)
    assert max(large.shape) > 1600
    small, reduced = (read_number(image, always(3)) for image in (page.image, large))
    for one, other in zip(small.digits, reduced.digits, strict=True):
        np.testing.assert_allclose(other.corners / 8, one.corners, atol=2)


def test_a_scan_in_grey_and_a_file_are_read_as_the_array_is(written, neighbours, tmp_path):
    image = compose_number(written("902"), scene=Scene(), seed=2).image
    path = tmp_path / "scan.png"
    Image.fromarray(image).save(path)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    for given in (image, grey, grey[..., np.newaxis], path, str(path)):
        assert read_number(given, neighbours).text == "902"


def test_a_photograph_taken_with_the_camera_turned_is_turned_as_its_file_says(
    written, neighbours, tmp_path
):
    image = compose_number(written("902"), scene=Scene(), seed=2).image
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    path = tmp_path / "turned.png"
    Image.fromarray(np.rot90(image)).save(path, exif=exif)
    assert read_number(path, neighbours).text == "902"


def test_what_the_model_refuses_is_a_question_mark(written):
    page = compose_number(written("12"), scene=Scene(), seed=0)
    reading = read_number(page.image, always(10))
    assert reading.text == "??"
    assert all(digit.label is None for digit in reading.digits)
    assert reading.digits[0].reason.startswith("not a digit")
    assert "2 signs found, 0 of them read" in reading.remark


def test_the_threshold_is_passed_on(written):
    page = compose_number(written("12"), scene=Scene(), seed=0)

    def unsure(images):
        return np.log([[0.5, *[0.05] * 10]] * len(images))

    assert read_number(page.image, unsure, threshold=0.4).text == "00"
    assert read_number(page.image, unsure, threshold=0.6).text == "??"


def test_without_removing_lines_ruled_paper_is_not_read(written):
    scene = Scene(ruling="squared", line=(110, 120, 150), spacing=0.7)
    page = compose_number(written("3582"), scene=scene, seed=1)
    assert len(read_number(page.image, always(3)).text) == 4
    left = read_number(page.image, always(3), ruled=False)
    assert len(left.text) != 4
    assert "lines of the paper" not in left.remark


def test_a_skew_that_is_given_is_used(written):
    page = compose_number(written("71"), scene=Scene(skew=10), seed=1)
    assert read_number(page.image, always(3)).skew == 0  # two digits do not tell
    reading = read_number(page.image, always(3), skew=10.0)
    assert reading.skew == 10.0
    assert reading.steps["upright"].shape != reading.steps["grey"].shape
    tops = [digit.box[0] + digit.box[2] for digit in reading.digits]
    assert abs(tops[0] - tops[1]) < 8


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_page_has_no_number(value):
    reading = read_number(np.full((200, 300, 3), value, np.uint8), always(3))
    assert (reading.text, reading.digits) == ("", ())
    assert reading.remark == "no ink found: an empty page"


@pytest.mark.parametrize("ruling", ["plain", "lined", "squared"])
def test_an_empty_page_in_bad_light_has_no_number(written, ruling):
    scene = Scene(ruling=ruling, shadow=0.5, falloff=0.5, noise=6, texture=0.02, skew=4)
    page = compose_number(written("1"), scene=scene, seed=1)
    empty = page.image.copy()
    reading = read_number(page.image, always(3))
    (digit,) = reading.digits
    # The paper beside the digit, from the side where there is more of it.
    left = int(digit.corners[:, 0].min()) - 4
    right = int(digit.corners[:, 0].max()) + 4
    empty = empty[:, :left] if left > empty.shape[1] - right else empty[:, right:]
    assert read_number(empty, always(3)).text == ""


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "camera", "brick", "grass"])
def test_a_photograph_without_digits_raises_nothing(name):
    reading = read_number(getattr(stills, name)(), always(10))
    assert set(reading.text) <= {"?"}


def test_a_photograph_that_shows_no_page_is_said_to():
    reading = read_number(stills.astronaut(), always(3))
    assert (reading.text, reading.digits) == ("", ())
    assert reading.remark.startswith("no page found: ")
    assert not reading.steps["ink"].any()


def test_files_that_hold_no_photograph_say_so(tmp_path, monkeypatch):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff not a photograph")
    whole = tmp_path / "whole.png"
    Image.fromarray(np.full((60, 60), 255, np.uint8)).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:-30])
    empty = tmp_path / "empty.png"
    empty.touch()
    for path in (broken, cut, empty, tmp_path / "absent.png", tmp_path):
        with pytest.raises(data.UnusablePhotographError, match=path.name):
            read_number(path, always(3))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(data.UnusablePhotographError, match="whole"):
        read_number(whole, always(3))


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"image": np.zeros((50, 50))}, TypeError, "image must be uint8"),
        ({"image": np.zeros((50, 50, 2), np.uint8)}, ValueError, r"received \(50, 50, 2\)"),
        ({"image": np.zeros((2, 2), np.uint8)}, ValueError, "at least 8 pixels"),
        ({"image": None}, TypeError, "a uint8 array or a path; received NoneType"),
        ({"model": None}, TypeError, "model must be a keras.Model or a function"),
        ({"ruled": "yes"}, TypeError, "ruled must be a bool; received 'yes'"),
        ({"skew": "ten"}, TypeError, "skew must be a number of degrees or None"),
        ({"skew": True}, TypeError, "skew must be a number"),
        ({"skew": 50}, ValueError, "skew must be from -45 to 45 degrees; received 50"),
        ({"skew": float("nan")}, ValueError, "skew must be from -45 to 45"),
        ({"threshold": 2}, ValueError, "threshold must be from 0 to 1"),
    ],
)
def test_read_number_says_which_argument_is_wrong(page, arguments, error, says):
    arguments = {"image": page, "model": always(3)} | arguments
    image, model = arguments.pop("image"), arguments.pop("model")
    with pytest.raises(error, match=says):
        read_number(image, model, **arguments)


def test_a_reading_is_drawn_stage_by_stage_and_sign_by_sign(page):
    reading = read_number(page, always(3))
    assert reading.text == "33"
    steps = reading.plot_steps()
    titles = [axes.get_title() for axes in steps.axes]
    assert titles[0] == "the photograph"
    assert len(titles) == 4
    assert len(steps.axes[3].patches) == 2
    digits = reading.plot_digits()
    assert [axes.get_title() for axes in digits.axes[:2]] == ["3\n100%"] * 2
    np.testing.assert_array_equal(digits.axes[0].images[0].get_array(), reading.digits[0].image)
    assert repr(reading) == f"Reading('33': {reading.remark})"


def test_a_turned_reading_says_so_in_its_picture(written):
    page = compose_number(written("35824"), scene=Scene(skew=9), seed=1)
    figure = read_number(page.image, always(3)).plot_steps()
    assert figure.axes[3].get_title().startswith("turned by ")


def test_as_html_a_reading_shows_number_signs_and_reasons(page):
    html = read_number(page, always(3))._repr_html_()
    assert 'tabindex="0" role="region" aria-label="Read: 33"' in html  # it scrolls on a phone
    assert "<strong" in html
    assert ">33</strong>" in html
    assert html.count('alt="a sign cut from the photograph, read as 3"') == 2
    assert "refused" not in html
    refused = read_number(page, always(10))._repr_html_()
    assert refused.count('alt="a sign cut from the photograph, refused"') == 2
    assert "not a digit: 100% sure" in refused
    empty = read_number(np.full((50, 50), 255, np.uint8), always(3))
    assert "empty page" in empty._repr_html_()
    with pytest.raises(ValueError, match="reading must hold a sign or more"):
        empty.plot_digits()


def test_the_stages_are_the_ones_that_can_be_called_alone(page):
    reading = read_number(page, always(3))
    darkness = digit_reader.find_darkness(digit_reader.to_grey(page))
    np.testing.assert_array_equal(reading.steps["darkness"], darkness)
    ink, _ = digit_reader.find_ink(darkness)
    np.testing.assert_array_equal(reading.steps["ink"], ink)
    pieces = digit_reader.find_digits(ink)
    assert [piece.box for piece in pieces] == [digit.box for digit in reading.digits]
    for piece, digit in zip(pieces, reading.digits, strict=True):
        np.testing.assert_array_equal(digit_reader.cut_digit(darkness, piece), digit.image)
