"""What a page with a number on it looks like, besides the number: drawn at random from a seed.

Chapter 71 shows what each of these does to the reader. Lengths are in heights of a digit, so that
a page keeps its look when the digits are larger.
"""

import colorsys
from dataclasses import dataclass

import numpy as np

RULINGS = ("plain", "lined", "squared")


@dataclass(frozen=True)
class Scene:
    """Paper, pen, light and camera of one composed photograph.

    Attributes:
        ruling: ``"plain"``, ``"lined"`` or ``"squared"``.
        paper: (red, green, blue) of the paper in full light, 0..255.
        ink: (red, green, blue) of the pen.
        line: (red, green, blue) of the ruling.
        spacing: float, from one line to the next, in heights of a digit.
        line_width: float, in heights of a digit.
        margin: bool, whether a red vertical line stands to the left of the number.
        digit_height: float, in pixels of the photograph.
        skew: float, degrees by which the page is turned, clockwise if positive.
        perspective: float, by what part of the page's side its corners are moved at most.
        falloff: float in 0..1, how much less light the darkest corner has.
        shadow: float in 0..1, how much light a shadow takes; 0 for none.
        texture: float, standard deviation of the paper's grain, as a part of its brightness.
        blur: float, standard deviation of the camera's blur in pixels.
        noise: float, standard deviation of the camera's noise, in grey levels.
        jpeg: int, quality of the JPEG file, 1 to 100.
    """

    ruling: str = "plain"
    paper: tuple = (245, 243, 238)
    ink: tuple = (30, 30, 40)
    line: tuple = (160, 185, 215)
    spacing: float = 1.2
    line_width: float = 0.03
    margin: bool = False
    digit_height: float = 48.0
    skew: float = 0.0
    perspective: float = 0.0
    falloff: float = 0.0
    shadow: float = 0.0
    texture: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    jpeg: int = 95


def draw_scene(seed):
    """A hard scene: ruled as likely as not, skewed, unevenly lit, grainy, noisy and compressed.

    Every property is drawn by itself, so that some scenes are hard in one respect, and some in
    all of them.

    Args:
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        Scene.

    Example:
        >>> draw_scene(3) == draw_scene(3), draw_scene(3) == draw_scene(4)
        (True, False)
    """
    rng = np.random.default_rng(seed)
    paper = _draw_paper(rng)
    ruling = str(rng.choice(RULINGS, p=[0.3, 0.35, 0.35]))
    spacing = rng.uniform(0.9, 1.9) if ruling == "lined" else rng.uniform(0.45, 1.1)
    return Scene(
        ruling=ruling,
        paper=paper,
        ink=_draw_ink(rng, paper),
        line=_draw_line(rng, paper),
        spacing=float(spacing),
        line_width=float(rng.uniform(0.02, 0.045)),
        margin=bool(rng.random() < 0.3) and ruling != "plain",
        digit_height=float(np.exp(rng.uniform(np.log(26), np.log(90)))),
        skew=float(np.clip(rng.normal(0, 6), -15, 15)),
        perspective=float(rng.uniform(0, 0.07)),
        falloff=float(rng.uniform(0, 0.65)),
        shadow=float(rng.uniform(0.2, 0.65)) if rng.random() < 0.5 else 0.0,
        texture=float(rng.uniform(0.0, 0.04)),
        blur=float(rng.uniform(0, 1.5)),
        noise=float(rng.uniform(1, 14)),
        jpeg=int(rng.integers(25, 96)),
    )


def _draw_paper(rng):
    hue = rng.choice([0.11, 0.14, 0.58, 0.35])  # cream, yellow, bluish, greenish
    saturation = rng.uniform(0, 0.15)
    return _rgb(hue, saturation, rng.uniform(0.75, 1.0))


def _draw_ink(rng, paper):
    """Black, blue, dark green, red, or a pencil's grey."""
    hue, saturation, low, high = [
        (0.0, 0.1, 0.05, 0.25),
        (0.63, 0.8, 0.25, 0.55),
        (0.38, 0.7, 0.15, 0.4),
        (0.99, 0.75, 0.45, 0.7),
        (0.6, 0.05, 0.25, 0.42),
    ][rng.choice(5, p=[0.3, 0.3, 0.1, 0.12, 0.18])]
    return _rgb(hue, saturation, rng.uniform(low, high) * max(paper) / 255)


def _draw_line(rng, paper):
    """The paper's colour, with less light in some of its three colours."""
    depth = rng.uniform(0.12, 0.5)
    tint = [(1.0, 0.7, 0.35), (1.0, 1.0, 1.0), (0.5, 1.0, 0.9)][rng.choice(3, p=[0.55, 0.35, 0.1])]
    return tuple(round(value * (1 - depth * part)) for value, part in zip(paper, tint, strict=True))


def _rgb(hue, saturation, value):
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
