"""Nondigits, signs that are no digits: the reader learns to refuse them, and is tested on them.

For training and for testing there are different fonts and different ways to scribble, so that
what is measured is not what was learned by heart. Chapter 71 shows some of each.
"""

import functools
import string

import numpy as np

# Written by hand, these letters have the form of a digit, and a reader of digits is right to take
# them for one: O o Q D for 0, I l i for 1, Z z for 2, S s for 5, G b for 6, B for 8, g q for 9.
LOOKALIKES = frozenset("OoQDIliZzSsGbBgq")
LETTERS = "".join(letter for letter in string.ascii_letters if letter not in LOOKALIKES)
# Families of the fonts that come with Matplotlib. No font of one part is in another.
FONTS = {
    "train": (
        *("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic"),
        *("DejaVuSansMono", "DejaVuSans-Bold", "DejaVuSerif-Bold", "cmss10"),
    ),
    "validation": ("cmtt10", "cmti10", "cmb10"),
    "test": ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "cmr10", "cmmi10"),
}
_SIDE = 56  # pixels of the square that a sign is drawn in
_INNER = 40  # of them for the sign itself
_FINE = 2  # drawn so many times larger: the edges' greys


def draw_letters(count, *, split="train", letters=LETTERS, seed=0):
    """Letters in the fonts of one part, distorted as if by hand.

    Sheared, turned, stretched, bent (a smooth random displacement of every point), with thicker
    or thinner strokes.

    Args:
        count: int, how many, at least 1.
        split: ``"train"``, ``"validation"`` or ``"test"``: whose fonts.
        letters: str, drawn from at random.
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        uint8 array ``(count, 56, 56)``, white on black, and the letters, a str.

    Raises:
        ValueError: if ``split`` is none of the three, or there is no letter.

    Reference:
        Simard, Steinkraus & Platt, Best practices for convolutional neural networks applied to
        visual document analysis, ICDAR (2003), section 2, for the bending.

    Example:
        >>> images, names = draw_letters(3, letters="AE", seed=0)
        >>> images.shape, set(names) <= {"A", "E"}
        ((3, 56, 56), True)
    """
    _check_split(split)
    if not letters:
        raise ValueError("letters must be at least one letter; received none")
    rng = np.random.default_rng(seed)
    names = rng.choice(list(letters), count)
    images = [_distort(_glyph(name, str(rng.choice(FONTS[split]))), rng) for name in names]
    return np.stack(images), "".join(names)


def draw_scribbles(count, *, split="train", seed=0):
    """Scribbles: strokes without a meaning.

    For the test they are smooth curves (splines) through 9 to 15 random points, many times as
    long as a digit's stroke. For training and validation they are zigzags, loops that drift,
    and walks that keep turning at random: no splines through random points.

    Args:
        count: int, how many, at least 1.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        uint8 array ``(count, 56, 56)``, white on black.

    Raises:
        ValueError: if ``split`` is none of the three.

    Example:
        >>> draw_scribbles(2, split="test").shape
        (2, 56, 56)
    """
    _check_split(split)
    rng = np.random.default_rng(seed)
    ways = (_spline,) if split == "test" else (_zigzag, _drifting_loops, _winding_walk)
    return np.stack([_draw(ways[rng.integers(len(ways))](rng), rng) for _ in range(count)])


def spoil_digits(images, *, seed=0):
    """Digits spoilt, for training: two that touch, and knots of three written over each other.

    The first are what a faulty cut hands to the network.

    Args:
        images: uint8 array ``(N, 28, 28)`` or ``(N, 28, 28, 1)``, digits.
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        uint8 array ``(N, 56, 56)``.

    Example:
        >>> spoil_digits(np.full((4, 28, 28), 255, np.uint8)).shape
        (4, 56, 56)
    """
    import cv2

    rng = np.random.default_rng(seed)
    images = np.asarray(images).reshape(len(images), 28, 28)
    second, third = (images[rng.permutation(len(images))] for _ in range(2))
    spoilt = np.zeros((len(images), _SIDE, _SIDE), np.uint8)
    for place, image in enumerate(images):
        if rng.random() < 0.7:
            both = np.zeros((28, 50), np.uint8)
            both[:, :28] = image
            shift = int(rng.integers(14, 22))
            beside = both[:, shift : shift + 28]
            np.maximum(beside, second[place], out=beside)
        else:
            both = np.maximum(image, np.rot90(second[place]))
            both = np.maximum(both, np.roll(third[place][::-1], rng.integers(-4, 5), axis=1))
        # Pressed together sideways: two digits are then about as wide as one.
        size = [min(2 * side, _SIDE) for side in both.shape[::-1]]
        spoilt[place, : size[1], : size[0]] = cv2.resize(both, size, interpolation=cv2.INTER_CUBIC)
    return spoilt


def _check_split(split):
    if split not in FONTS:
        raise ValueError(f"split must be one of {', '.join(FONTS)}; received {split!r}")


@functools.lru_cache(maxsize=1024)
def _glyph(letter, font):
    """A letter drawn large, uint8, in the middle of its square."""
    import cv2
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    name = FontProperties(fname=f"{get_data_path()}/fonts/ttf/{font}.ttf")
    path = TextPath((0, 0), letter, size=100, prop=name)
    outlines = [outline for outline in path.to_polygons() if len(outline) > 2]
    corners = np.concatenate(outlines)
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = _INNER * _FINE / max(high - low)
    middle = (low + high) / 2
    square = np.zeros((_SIDE * _FINE, _SIDE * _FINE), np.uint8)
    placed = [
        np.rint((np.asarray(outline) - middle) * (scale, -scale) + _SIDE * _FINE / 2)
        for outline in outlines
    ]
    cv2.fillPoly(square, [outline.astype(np.int32) for outline in placed], 255)  # even-odd: holes
    square.flags.writeable = False
    return square


def _distort(glyph, rng):
    """As if written by hand: another slant, width and stroke, and nowhere quite straight."""
    import cv2

    side = len(glyph)
    matrix = np.array([[rng.uniform(0.75, 1.15), rng.normal(0, 0.18)], [0, rng.uniform(0.8, 1.1)]])
    angle = np.clip(rng.normal(0, 0.1), -0.25, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inverse = np.linalg.inv(turn @ matrix)
    y, x = np.mgrid[:side, :side].astype(np.float32) - side / 2
    bend = cv2.resize(
        rng.normal(0, 0.035 * side, (4, 4, 2)), (side, side), interpolation=cv2.INTER_CUBIC
    )
    x, y = x + bend[..., 0], y + bend[..., 1]
    across = (inverse[0, 0] * x + inverse[0, 1] * y + side / 2).astype(np.float32)
    down = (inverse[1, 0] * x + inverse[1, 1] * y + side / 2).astype(np.float32)
    bent = cv2.remap(glyph, across, down, cv2.INTER_LINEAR)
    width = int(rng.integers(0, 3 * _FINE))  # a printed hairline becomes a pen's stroke
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    return cv2.resize(cv2.dilate(bent, ellipse), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _draw(points, rng):
    """A stroke through points (N, 2), of any size, as an image."""
    import cv2

    points = np.asarray(points, float)
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - (low + high) / 2) * (_INNER * _FINE / max(high - low)) + _SIDE * _FINE / 2
    square = np.zeros((_SIDE * _FINE, _SIDE * _FINE), np.uint8)
    width = int(rng.integers(2 * _FINE, 6 * _FINE))
    cv2.polylines(square, [np.rint(points).astype(np.int32)], False, 255, width)
    return cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _spline(rng):
    from scipy.interpolate import CubicSpline

    points = rng.uniform(0, 1, (rng.integers(9, 16), 2))
    return CubicSpline(np.arange(len(points)), points)(np.linspace(0, len(points) - 1, 200))


def _zigzag(rng):
    turns = int(rng.integers(5, 12))
    across = np.linspace(0, rng.uniform(0.6, 1.6), turns)
    down = np.where(np.arange(turns) % 2, 1.0, 0.0) + rng.normal(0, 0.15, turns)
    points = np.stack([across + rng.normal(0, 0.04, turns), down], axis=1)
    return points if rng.random() < 0.5 else points[:, ::-1]


def _drifting_loops(rng):
    """Circles drawn while the hand moves on: 3 to 7 of them."""
    time = np.linspace(0, 1, 150)
    turn = 2 * np.pi * rng.uniform(3, 7) * time + rng.uniform(0, 6)
    radius = 0.4 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.5, 3) * time + rng.uniform(0, 6))
    drift = rng.uniform(-2.0, 2.0, 2) * time[:, np.newaxis]
    shape = np.array([1, rng.uniform(0.4, 1)])
    return drift + radius[:, np.newaxis] * shape * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _winding_walk(rng):
    """A pen that goes on at one speed, turns at random, and is drawn back to the middle."""
    place, heading, points = np.zeros(2), rng.uniform(0, 6), []
    rate = rng.normal(0, 0.2)
    for _ in range(int(rng.integers(120, 260))):
        rate = 0.92 * rate + rng.normal(0, 0.09)
        heading += rate
        place = 0.985 * place + 0.08 * np.array([np.cos(heading), np.sin(heading)])
        points.append(place)
    return points
