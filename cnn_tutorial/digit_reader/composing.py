"""Photographs of written numbers, composed from single digits: what the reader is measured on.

A number is laid out on a page larger than the photograph, the page is ruled and inked, seen by a
camera from an angle, lit unevenly, and stored as JPEG. ``scenes.py`` says what is drawn at random.
Neighbouring digits always have a gap of paper between them: separating digits that touch is
another problem, which the book leaves alone.
"""

from typing import NamedTuple

import numpy as np

from cnn_tutorial.digit_reader.checks import check_images
from cnn_tutorial.digit_reader.scenes import Scene, draw_scene

_GAP = (0.12, 0.55)  # between the boxes of two digits, in heights of a digit
_MARGIN = (0.5, 1.6)  # around the number
_OVERSIZE = 1.5  # how much larger than the photograph the page is


class Composition(NamedTuple):
    """A composed photograph, and where the digits are in it.

    Attributes:
        image: uint8 array ``(H, W, 3)``, RGB.
        boxes: float array ``(N, 4)``, (top, left, height, width) of each digit in pixels.
        scene: Scene, how it was made.
    """

    image: np.ndarray
    boxes: np.ndarray
    scene: Scene


def compose_number(digits, *, scene=None, seed=0):
    """A photograph of digits written side by side, from left to right.

    Args:
        digits: uint8 array ``(N, H, W)`` or ``(N, H, W, 1)``, or a list of such images of
            different sizes: white ink on black, as MNIST's. Their empty borders are cut off.
        scene: Scene, or None to draw a hard one from the seed.
        seed: int, not negative: sizes, gaps, and what the scene leaves to chance.

    Returns:
        Composition.

    Raises:
        ValueError: if there is no digit, or one of them is empty.
        TypeError: if ``digits`` are not uint8, or ``scene`` is no Scene.

    Example:
        >>> one = np.zeros((28, 28), np.uint8)
        >>> one[4:24, 13:15] = 255
        >>> compose_number([one, one], seed=1).boxes.shape
        (2, 4)
    """
    digits = [_cut(digit) for digit in check_images("digits", digits)]
    rng = np.random.default_rng(seed)
    scene = draw_scene(rng) if scene is None else scene
    if not isinstance(scene, Scene):
        raise TypeError(f"scene must be a Scene or None; received {type(scene).__name__}")
    places, number = _lay_out(digits, scene.digit_height, rng)
    view, page = _make_view(number, scene, rng)
    sheet = _rule(page.sides, scene, rng)
    corners = []
    for digit, (top, left, height, width) in zip(digits, places, strict=True):
        top, left = top + page.top, left + page.left
        _write(sheet, digit, (top, left, height, width), scene.ink)
        corners.append(
            [(left + x * width, top + y * height) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        )
    image = _photograph(sheet, view, scene, rng)
    return Composition(image, _project(np.array(corners), view), scene)


class _Page(NamedTuple):
    sides: tuple  # (height, width) of the sheet
    top: float  # where the number's box begins on it
    left: float


class _View(NamedTuple):
    matrix: np.ndarray  # (3, 3), from the sheet to the photograph
    sides: tuple  # (height, width) of the photograph


def _cut(digit):
    """The part of an image that has ink."""
    rows, columns = (np.flatnonzero(digit.max(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError("digits must have ink: every image a value above 0; received one without")
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _lay_out(digits, height, rng):
    """[(top, left, height, width)] of every digit, and (height, width) of them all."""
    places, left = [], 0.0
    longest = max(max(digit.shape) for digit in digits)
    for digit in digits:
        scale = height / longest * rng.uniform(0.88, 1.12)
        rows, columns = (max(side * scale, 2.0) for side in digit.shape)
        middle = rng.normal(0, 0.05) * height
        places.append((middle - rows / 2, left, rows, columns))
        left += columns + rng.uniform(*_GAP) * height
    highest = min(top for top, *_ in places)
    places = [(top - highest, *rest) for top, *rest in places]
    lowest = max(top + rows for top, _, rows, _ in places)
    return places, (lowest, places[-1][1] + places[-1][3])


def _make_view(number, scene, rng):
    """The camera, and the sheet that it sees a part of."""
    import cv2

    margins = rng.uniform(*_MARGIN, 4) * scene.digit_height
    turn = np.deg2rad(abs(scene.skew))
    high = number[0] * np.cos(turn) + number[1] * np.sin(turn)
    wide = number[0] * np.sin(turn) + number[1] * np.cos(turn)
    sides = tuple(
        int(np.ceil(side)) for side in (high + margins[:2].sum(), wide + margins[2:].sum())
    )
    # Seen at an angle, the page's corners move, and with them the number: a little more room.
    room = 2 * scene.perspective * max(sides)
    sides = tuple(int(np.ceil(side + room)) for side in sides)
    reach = int(_OVERSIZE * max(sides))
    centre = np.array([margins[2] + wide / 2, margins[0] + high / 2]) + room / 2
    turned = cv2.getRotationMatrix2D((reach / 2, reach / 2), -scene.skew, 1.0)
    turned[:, 2] += centre - reach / 2
    height, width = sides
    square = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = square + rng.uniform(-1, 1, (4, 2)) * scene.perspective * np.array([width, height])
    bent = cv2.getPerspectiveTransform(square, moved.astype(np.float32))
    page = _Page((reach, reach), (reach - number[0]) / 2, (reach - number[1]) / 2)
    return _View(bent @ np.vstack([turned, [0, 0, 1]]), sides), page


def _rule(sides, scene, rng):
    """A sheet of paper, float32 RGB, with its lines and its grain."""
    import cv2

    sheet = np.empty((*sides, 3), np.float32)
    sheet[:] = scene.paper
    spacing = scene.spacing * scene.digit_height
    width = scene.line_width * scene.digit_height
    if scene.ruling != "plain":
        for axis in (0, 1) if scene.ruling == "squared" else (0,):
            first = rng.uniform(0, spacing)
            _draw_lines(sheet, axis, np.arange(first, sides[axis], spacing), width, scene.line)
    if scene.margin:
        place = sides[1] * rng.uniform(0.2, 0.35)
        _draw_lines(sheet, 1, [place], width, (225, 120, 120))
    if scene.texture:
        grain = np.zeros(sides, np.float32)
        for scale in (1, 3, 9):
            coarse = rng.standard_normal([-(-side // scale) for side in sides], np.float32)
            grain += cv2.resize(coarse, sides[::-1], interpolation=cv2.INTER_CUBIC)
        sheet *= 1 + scene.texture / np.sqrt(3) * grain[..., np.newaxis]
    return sheet


def _draw_lines(sheet, axis, places, width, colour):
    """Lines across the sheet; a pixel that one covers in part is tinted in part."""
    position = np.arange(sheet.shape[axis]) + 0.5
    cover = np.zeros(sheet.shape[axis], np.float32)
    for place in places:
        cover = np.maximum(
            cover, np.clip(width / 2 + 0.5 - np.abs(position - place), 0, min(1, width))
        )
    cover = cover.reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    sheet += cover * (np.asarray(colour, np.float32) - sheet)


def _write(sheet, digit, box, ink):
    """Put a digit's ink on the sheet: the grain of the paper shows through."""
    import cv2

    top, left, height, width = box
    rows, columns = max(round(height), 2), max(round(width), 2)
    digit = np.pad(digit, 1).astype(np.float32) / 255  # so that its edges fade out
    scale = (rows / (digit.shape[0] - 2), columns / (digit.shape[1] - 2))
    size = round(digit.shape[1] * scale[1]), round(digit.shape[0] * scale[0])
    enlarged = min(scale) > 1
    cover = cv2.resize(digit, size, interpolation=cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA)
    if enlarged:  # a pen's stroke has an edge, however large it is written
        cover = np.clip((cover - 0.5) * min(max(min(scale) / 1.5, 1), 4) + 0.5, 0, 1)
    top, left = round(top - scale[0]), round(left - scale[1])
    part = sheet[top : top + size[1], left : left + size[0]]
    paper = part / np.maximum(part.max(axis=2, keepdims=True), 1) * 255
    grain = part.mean(axis=2, keepdims=True) / max(float(part.mean()), 1)
    part += cover[..., np.newaxis] * (np.minimum(paper, np.asarray(ink, np.float32)) * grain - part)


def _photograph(sheet, view, scene, rng):
    """The sheet as a camera sees it, through a JPEG file."""
    import cv2

    height, width = view.sides
    image = cv2.warpPerspective(
        sheet, view.matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    image *= _light(view.sides, scene, rng)[..., np.newaxis]
    if scene.blur:
        image = cv2.GaussianBlur(image, (0, 0), scene.blur)
    if scene.noise:
        image += scene.noise * rng.standard_normal(image.shape, np.float32)
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    # OpenCV's files are in the order blue, green, red: both ways, so that it cancels out.
    quality = [cv2.IMWRITE_JPEG_QUALITY, scene.jpeg]
    return cv2.imdecode(cv2.imencode(".jpg", image[..., ::-1], quality)[1], 1)[..., ::-1].copy()


def _light(sides, scene, rng):
    """How much light every pixel has, float32 ``(H, W)`` in 0..1."""
    import cv2

    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in sides)
    y, x = y[:, np.newaxis], x[np.newaxis]
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * x + np.sin(angle) * y) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    bowl = (x**2 + y**2) / 2
    mix = rng.uniform(0, 1)
    light = 1 - scene.falloff * (mix * (slope + 1) / 2 + (1 - mix) * bowl)
    if scene.shadow:
        # The edge of a hand or of a phone: a straight cut or an ellipse, blurred.
        centre, radius = rng.uniform(-0.8, 0.8, 2), rng.uniform(0.4, 1.2, 2)
        angle = rng.uniform(0, 2 * np.pi)
        cut = np.cos(angle) * (x - centre[0]) + np.sin(angle) * (y - centre[1]) > 0
        ellipse = ((x - centre[0]) / radius[0]) ** 2 + ((y - centre[1]) / radius[1]) ** 2 < 1
        dark = (cut if rng.random() < 0.5 else ellipse).astype(np.float32)
        dark = cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.05, 0.6) * scene.digit_height)
        light = light * (1 - scene.shadow * dark)
    return light.astype(np.float32)


def _project(corners, view):
    """Boxes around the corners ``(N, 4, 2)`` (x, y) of the digits, as the camera sees them."""
    points = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], axis=2) @ view.matrix.T
    points = points[..., :2] / points[..., 2:]
    low, high = points.min(axis=1), points.max(axis=1)
    return np.concatenate([low[:, ::-1], (high - low)[:, ::-1]], axis=1)
