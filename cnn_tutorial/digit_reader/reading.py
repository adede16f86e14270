"""``read_number``: from a photograph of a written number to the number.

The stages one after the other, each of them a function that chapter 71 shows on its own:
``to_grey`` and ``find_darkness`` (``binarizing.py``), ``find_lines`` and ``remove_lines``
(``ruling.py``), ``estimate_skew`` and ``deskew`` (``deskewing.py``), ``find_ink``, ``find_digits``
(``finding.py``), ``normalize_digit`` (``normalizing.py``) and ``recognize_digits``
(``recognizing.py``).
"""

import os
from dataclasses import dataclass

import numpy as np

from cnn_tutorial.digit_reader.binarizing import find_darkness, find_ink, measure_paper, to_grey
from cnn_tutorial.digit_reader.checks import check_model
from cnn_tutorial.digit_reader.deskewing import deskew, estimate_skew, find_turn
from cnn_tutorial.digit_reader.finding import find_digits, split_digits
from cnn_tutorial.digit_reader.normalizing import SIDE, normalize_digit
from cnn_tutorial.digit_reader.recognizing import THRESHOLD, recognize_digits
from cnn_tutorial.digit_reader.ruling import find_lines, remove_lines

_STEEPEST = 45.0  # degrees
_LEAST_PAPER = 0.66  # of a photograph: with less it shows no page


@dataclass(frozen=True, eq=False)
class Digit:
    """One sign that was found.

    Attributes:
        label: int 0 to 9, or None if it was refused.
        reason: str, why it was refused, or None.
        probs: float array ``(10,)``, the digits' probabilities.
        image: uint8 array ``(28, 28)``, what the network saw.
        box: (top, left, height, width), ints, pixels of the step ``"upright"``.
        corners: float array ``(4, 2)``, (x, y) of the box's corners in the photograph as it came,
            from the top left one clockwise.
    """

    label: int | None
    reason: str | None
    probs: np.ndarray
    image: np.ndarray
    box: tuple
    corners: np.ndarray


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read from a photograph.

    Attributes:
        text: str, the digits from left to right, ``"?"`` for a sign that was refused; empty if
            nothing was found.
        digits: tuple of Digit, one for each character of ``text``.
        skew: float, degrees by which the number ran downhill.
        remark: str, what was found, in a sentence.
        steps: dict from a stage's name to its image: ``"photograph"`` and ``"grey"`` (uint8),
            ``"darkness"``, ``"without lines"`` and ``"upright"`` (float32), ``"ink"`` (bool).
    """

    text: str
    digits: tuple
    skew: float
    remark: str
    steps: dict

    def __repr__(self):
        return f"Reading({self.text!r}: {self.remark})"

    def _repr_html_(self):
        from cnn_tutorial.digit_reader.reading_html import render_reading

        return render_reading(self)

    def plot_steps(self):
        """A figure with every stage's image, in the order of the work.

        Returns:
            matplotlib.figure.Figure.
        """
        from cnn_tutorial.digit_reader.pictures import plot_steps

        return plot_steps(self)

    def plot_digits(self):
        """A figure with what the network saw of every sign, and what it said.

        Returns:
            matplotlib.figure.Figure.

        Raises:
            ValueError: if nothing was found.
        """
        from cnn_tutorial.digit_reader.pictures import plot_digits

        return plot_digits(self)


def read_number(image, model, *, threshold=THRESHOLD, ruled=True, skew=None):
    """The number that is written on a photograph or scan, digit by digit.

    Dark ink on lighter paper, one number on the photograph, its digits apart from each other, of
    any count, 20 pixels high or more. Uneven light, shadows, lined or squared paper and a skew of
    up to 20 degrees are dealt with.

    Args:
        image: uint8 array ``(H, W)``, ``(H, W, 1)`` or ``(H, W, 3)`` (RGB), or the path of a file
            (turned upright as its EXIF data say).
        model: ``keras.Model``, or any function, from float32 ``(N, 28, 28, 1)`` in 0..255, white
            on black, to logits ``(N, 10)`` or, the last for «not a digit», ``(N, 11)``.
        threshold: float from 0 to 1: a digit that is less probable is refused.
        ruled: bool, whether to look for the lines of ruled paper and take them away.
        skew: float, degrees by which the number runs downhill, or None to find out.

    Returns:
        Reading.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if one has a wrong shape or value.
        UnusablePhotographError: if there is no such file, or it does not hold a whole image of
            a reasonable size (``data.read_photograph``).

    Reference:
        LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document
        recognition, Proceedings of the IEEE 86 (1998), for reading by cutting and recognising.

    Example:
        >>> nothing = read_number(np.full((60, 80), 250, np.uint8), model=len)
        >>> nothing
        Reading('': no ink found: an empty page)
    """
    _check(model, ruled, skew)
    if isinstance(image, str | os.PathLike):
        from cnn_tutorial import data

        image = data.read_photograph(image)
    grey = to_grey(image)
    darkness = find_darkness(grey)
    paper = measure_paper(darkness)
    lines = find_lines(darkness) if ruled else []
    clean = remove_lines(darkness, lines)
    ink, level = find_ink(clean) if paper >= _LEAST_PAPER else (np.zeros(grey.shape, bool), 0.0)
    steps = {"photograph": image, "grey": grey, "darkness": darkness, "without lines": clean}
    if skew is None:
        skew = estimate_skew(lines, [piece.box for piece in find_digits(ink)] if level else [])
    upright = deskew(clean, skew)
    if level:
        ink, level = find_ink(upright)
    pieces = split_digits(find_digits(ink), upright, level) if level else []
    steps |= {"upright": upright, "ink": ink}
    images = np.zeros((len(pieces), SIDE, SIDE), np.uint8)
    for place, piece in enumerate(pieces):
        images[place] = cut_digit(upright, piece)
    answers = recognize_digits(images, model, threshold=threshold)
    corners = _find_corners(pieces, skew, grey.shape, np.shape(image))
    digits = tuple(
        Digit(*answer, seen, piece.box, at)
        for answer, seen, piece, at in zip(answers, images, pieces, corners, strict=True)
    )
    text = "".join("?" if digit.label is None else str(digit.label) for digit in digits)
    return Reading(text, digits, skew, _describe(paper, level, text, lines), steps)


def cut_digit(darkness, piece):
    """One piece of ink, cut out and normalised.

    Args:
        darkness: float32 array ``(H, W)``, in which the piece was found.
        piece: ``finding.Piece``.

    Returns:
        uint8 array ``(28, 28)``.

    Example:
        >>> darkness = np.zeros((40, 40), np.float32)
        >>> darkness[5:35, 18:22] = 0.7
        >>> (piece,) = find_digits(find_ink(darkness)[0])
        >>> cut_digit(darkness, piece).shape
        (28, 28)
    """
    top, left, height, width = piece.box
    # One pixel more on every side: a stroke's edge fades out there.
    padded = np.pad(darkness, 1)[top : top + height + 2, left : left + width + 2]
    return normalize_digit(np.maximum(padded, 0), mask=np.pad(piece.mask, 1))


def _find_corners(pieces, skew, shape, original):
    """Corners (N, 4, 2) of the boxes in the photograph as it came."""
    inverse = np.linalg.inv(np.vstack([find_turn(shape, skew)[0], [0, 0, 1]]))[:2]
    corners = np.empty((len(pieces), 4, 2))
    for place, piece in enumerate(pieces):
        top, left, height, width = piece.box
        for corner, (y, x) in enumerate(((0, 0), (0, 1), (1, 1), (1, 0))):
            point = (left + x * width - 0.5, top + y * height - 0.5, 1)
            corners[place, corner] = inverse @ point + 0.5
    return corners * (original[1] / shape[1], original[0] / shape[0])


def _describe(paper, level, text, lines):
    if paper < _LEAST_PAPER:
        return f"no page found: {paper:.0%} of the photograph is as even as paper"
    if not level:
        return "no ink found: an empty page"
    if not text:
        return "ink found, but nothing of a digit's shape and size"
    read = len(text) - text.count("?")
    ruling = f", {len(lines)} lines of the paper taken away" if lines else ""
    return f"{len(text)} signs found, {read} of them read as digits{ruling}"


def _check(model, ruled, skew):
    check_model(model)
    if not isinstance(ruled, bool | np.bool_):
        raise TypeError(f"ruled must be a bool; received {ruled!r}")
    if skew is None:
        return
    if isinstance(skew, bool) or not isinstance(skew, int | float | np.number):
        raise TypeError(f"skew must be a number of degrees or None; received {skew!r}")
    if not abs(skew) <= _STEEPEST:
        raise ValueError(f"skew must be from -45 to 45 degrees; received {skew}")
