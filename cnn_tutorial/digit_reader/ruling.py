"""The lines of ruled paper: found, and taken away without cutting the digits that they cross.

What tells a line from a stroke is that it goes on, equally dark, from one side of the photograph
to the other. Chapter 71 explains it.
"""

from typing import NamedTuple

import numpy as np

from cnn_tutorial.digit_reader.binarizing import estimate_variation, find_ink

_TILT = 20.0  # degrees that a line may be away from horizontal or vertical
_STEP = 0.25  # degrees between two directions that are tried
_COVERED = 0.55  # of a line's length in the photograph has to be dark
_VISIBLE = 0.22  # of the pen's darkness: fainter lines stay, and are no ink
_AT_ENDS = 0.3  # of a tenth of its length at either end
_COARSE = 800  # pixels of the longer side on which lines are looked for
_MOST = 80  # lines in one direction


class Line(NamedTuple):
    """A straight line across a photograph.

    Attributes:
        angle: float, degrees from the horizontal, clockwise positive; -45 to 135.
        curve: polynomial coefficients, highest power first: row as a function of column for a
            horizontal line, column as a function of row for a vertical one.
        is_horizontal: bool.
    """

    angle: float
    curve: np.ndarray
    is_horizontal: bool


def find_lines(darkness):
    """The lines that cross the photograph from side to side, within 20 degrees of its sides.

    The *Hough transform*: every dark pixel ``(i, j)`` votes for all lines ``i = a j + b`` through
    it (for upright lines rows and columns change places); a line wins if more than half of its
    length in the photograph is dark. Duda and Hart vote for angle and distance, which covers all
    directions at once; slopes will do for those within 20 degrees.

    Args:
        darkness: float array ``(H, W)``, as ``find_darkness`` gives it.

    Returns:
        list of Line.

    Reference:
        Duda & Hart, Use of the Hough transformation to detect lines and curves in pictures,
        Communications of the ACM 15 (1972).

    Example:
        >>> darkness = np.zeros((100, 200), np.float32)
        >>> darkness[40:42] = 0.2
        >>> [round(line.angle) for line in find_lines(darkness)]
        [0]
    """
    import cv2

    scale = min(1.0, _COARSE / max(darkness.shape))
    size = [max(round(side * scale), 8) for side in darkness.shape[::-1]]
    coarse = cv2.resize(darkness, size, interpolation=cv2.INTER_AREA)
    thin = _find_thin(coarse)
    lines = []
    for is_horizontal in (True, False):
        mask, values = (thin, coarse) if is_horizontal else (thin.T, coarse.T)
        for slope, start in _vote(mask):
            curve = _refine(values, mask, slope, start)
            if curve is None or not _reaches_both_sides(mask, curve):
                continue
            tilt = float(np.degrees(np.arctan(curve[0])))
            curve = np.array([curve[0], curve[1] / scale])
            lines.append(Line(tilt if is_horizontal else 90 - tilt, curve, is_horizontal))
    return lines


def remove_lines(darkness, lines):
    """The darkness without the lines, and with the ink that crosses them.

    Along each line its own darkness is measured, as the median across a window: what is clearly
    darker than that is ink and stays; the rest of the line becomes paper. Where that cuts a stroke
    of a pen no darker than the line, so that ink ends on both sides of the cut, a closing bridges
    it.

    Args:
        darkness: float array ``(H, W)``.
        lines: list of Line, as ``find_lines`` gives them.

    Returns:
        float32 array ``(H, W)``.

    Example:
        >>> darkness = np.zeros((100, 200), np.float32)
        >>> darkness[40:42] = 0.2
        >>> darkness[20:60, 99:103] = 0.8  # a stroke
        >>> clean = remove_lines(darkness, find_lines(darkness))
        >>> clean[41, 50].round(2), clean[41, 100].round(2)
        (np.float32(0.0), np.float32(0.8))
    """
    clean = np.array(darkness, np.float32)
    sigma = float(estimate_variation(darkness))
    erased = np.zeros(clean.shape, bool)
    widest = 0
    # A line much fainter than the pen is below the threshold for ink anyway: leave the digits be.
    faintest = _VISIBLE * find_ink(darkness)[1]
    for is_horizontal in (True, False):
        group = [line for line in lines if line.is_horizontal == is_horizontal]
        source = darkness if is_horizontal else darkness.T
        target = erased if is_horizontal else erased.T
        for line in group:
            widest = max(widest, _mark_line(source, target, line.curve, sigma, faintest))
    clean[erased] = 0
    return _bridge(clean, erased, widest) if widest else clean


def _bridge(clean, erased, widest):
    """Ink again where a line was taken away between two pieces of ink."""
    import cv2

    ink, level = find_ink(clean)
    reach = (widest + 4) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, disc).astype(bool)
    clean[closed & erased] = 0.8 * level
    return clean


def _find_thin(darkness):
    """Pixels darker than what is a little way off on either side: lines, not blots."""
    import cv2

    reach = max(9, round(max(darkness.shape) / 60)) | 1
    around = cv2.blur(darkness, (reach, reach))
    raised = darkness - around
    return raised > max(0.02, 1.2 * float(estimate_variation(raised)))


def _vote(mask):
    """(slope, start) of lines ``row = start + slope column``, dark for most of their way."""
    height, width = mask.shape
    slopes = np.tan(np.radians(np.arange(-_TILT, _TILT + _STEP / 2, _STEP)))
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return []
    lowest = -int(np.ceil(slopes[-1] * width)) - 1
    count = height - 2 * lowest
    every = np.arange(width)
    votes = np.zeros((len(slopes), count), np.float32)
    for number, slope in enumerate(slopes):
        starts = np.rint(rows - slope * columns).astype(np.int64) - lowest
        found = np.bincount(starts, minlength=count)[:count]
        # How many columns of the photograph such a line passes through.
        place = np.arange(count)[:, np.newaxis] + lowest
        if slope:
            ends = np.sort(np.stack([-place / slope, (height - 1 - place) / slope]), axis=0)
            length = np.clip(ends[1], 0, width - 1) - np.clip(ends[0], 0, width - 1)
            length = length[:, 0]
        else:
            length = np.where((place >= 0) & (place < height), every.size, 0)[:, 0]
        votes[number] = np.where(length > 0.35 * width, found / np.maximum(length, 1), 0)
    return _pick(votes, slopes, lowest, width)


def _pick(votes, slopes, lowest, width):
    """Greedily, the line with the most votes; then none that crosses it or runs close to it."""
    picked = []
    left = np.arange(votes.shape[1])[np.newaxis] + lowest  # where a line meets the left side
    right = left + slopes[:, np.newaxis] * (width - 1)
    reach = max(4.0, 0.008 * width)
    for _ in range(_MOST):
        best = np.unravel_index(np.argmax(votes), votes.shape)
        if votes[best] < _COVERED:
            break
        start = best[1] + lowest
        picked.append((slopes[best[0]], start))
        at_left = left - start
        at_right = right - right[best]
        votes[(at_left * at_right <= 0) | (np.minimum(abs(at_left), abs(at_right)) < reach)] = 0
    return picked


def _refine(values, mask, slope, start):
    """The straight line through the dark pixels close to a first guess, by least squares."""
    columns = np.arange(mask.shape[1])
    curve = np.array([slope, start])
    for reach in (4, 2.5):
        offsets = np.arange(-np.ceil(reach), np.ceil(reach) + 1)
        rows = np.rint(np.polyval(curve, columns))[:, np.newaxis] + offsets
        inside = (rows >= 0) & (rows < mask.shape[0])
        weight = np.where(
            inside, mask[np.clip(rows, 0, mask.shape[0] - 1).astype(int), columns[:, None]], 0
        )
        total = weight.sum(axis=1)
        # Where a digit lies on it, the whole width is dark.
        good = (total > 0) & (total < len(offsets))
        if good.sum() < 8:
            return None
        middle = (rows * weight).sum(axis=1)[good] / total[good]
        curve = np.polyfit(columns[good], middle, 1)
    return curve


def _reaches_both_sides(mask, curve):
    """Whether a line is there at both ends of its way through the photograph.

    A one that fills most of a closely cut photograph is as long as a line, but ends before.
    """
    height, width = mask.shape
    columns = np.arange(width)
    rows = np.rint(np.polyval(curve, columns)).astype(int)
    inside = (rows >= 1) & (rows < height - 1)
    columns, rows = columns[inside], rows[inside]
    end = len(columns) // 10
    if end < 2:
        return False
    dark = np.max([mask[rows + step, columns] for step in (-1, 0, 1)], axis=0)
    return min(dark[:end].mean(), dark[-end:].mean()) > _AT_ENDS


def _mark_line(darkness, erased, curve, sigma, faintest):
    """Mark a horizontal line's pixels that are no ink; how many pixels wide it is.

    Vertical lines come transposed.
    """
    from scipy.ndimage import median_filter

    height, width = darkness.shape
    columns = np.arange(width)
    middle = np.rint(np.polyval(curve, columns)).astype(int)
    reach = max(3, round(0.006 * max(darkness.shape)))
    offsets = np.arange(-reach, reach + 1)
    rows = middle[:, np.newaxis] + offsets
    inside = (rows >= 0) & (rows < height)
    band = np.where(inside, darkness[np.clip(rows, 0, height - 1), columns[:, np.newaxis]], np.nan)
    seen = inside.all(axis=1)
    if seen.sum() < 8:
        return 0
    profile = np.median(band[seen], axis=0)  # across the line
    if profile.max() < faintest:
        return 0
    core = profile > max(0.25 * profile.max(), sigma)
    if not core.any():
        return 0
    window = max(15, width // 6) | 1
    strength = np.median(band[:, core], axis=1)
    strength = median_filter(np.nan_to_num(strength), window, mode="nearest")  # along it
    scale = strength / max(float(np.median(profile[core])), 1e-6)
    limit = np.clip(scale, 0.5, 2.0)[:, np.newaxis] * profile * 1.3 + 3 * sigma + 0.03
    wide = profile > 0.15 * profile.max()
    is_line = inside & (band < limit) & wide
    at_columns = np.broadcast_to(columns[:, np.newaxis], rows.shape)
    erased[rows[is_line], at_columns[is_line]] = True
    return int(wide.sum())
