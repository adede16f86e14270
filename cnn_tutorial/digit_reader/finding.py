"""From ink to digits: connected pieces of ink, put together where a digit is broken in two.

Chapter 71 explains it. Digits that touch each other come out as one piece.
"""

import itertools
from typing import NamedTuple

import numpy as np

_SPECK = 0.5  # of a digit's height: what is smaller is no digit
_JOINED = 0.10  # of a digit's height: pieces closer together belong together
_FLAT = 0.36  # of a digit's height: what is lower is a dash or a line's rest
_LONG = 3.0  # times as wide as a digit is high: a line
_BROAD = 1.1  # times as wide as high: perhaps two digits
_BRIDGE = 0.6  # of the pen's darkness: what is lighter between two digits is a bridge
_TALL = 0.75  # of the height of both: a digit of its own
_OFF = 0.75  # of a digit's height, away from the number's line
_MOST = 200  # pieces that are looked at, the largest


class Piece(NamedTuple):
    """Ink that makes up one sign.

    Attributes:
        box: (top, left, height, width) in pixels.
        mask: bool array (height, width), where the ink is in the box.
    """

    box: tuple
    mask: np.ndarray


def find_digits(ink):
    """The pieces of ink that stand in one line and may be digits, from left to right.

    Args:
        ink: bool array ``(H, W)``.

    Returns:
        list of Piece.

    Raises:
        TypeError: if ``ink`` is not boolean.
        ValueError: if it has not two axes.

    Reference:
        Rosenfeld & Pfaltz, Sequential operations in digital picture processing, Journal of the
        ACM 13 (1966), for connected components.

    Example:
        >>> ink = np.zeros((60, 100), bool)
        >>> ink[10:40, 20:24] = ink[10:40, 50:70] = True
        >>> [piece.box for piece in find_digits(ink)]
        [(10, 20, 30, 4), (10, 50, 30, 20)]
    """
    ink = np.asarray(ink)
    if ink.dtype != bool:
        raise TypeError(f"ink must be boolean; received {ink.dtype}")
    if ink.ndim != 2:
        raise ValueError(f"ink must be (H, W); received shape {ink.shape}")
    labels, boxes, areas = _connect(ink)
    if not len(boxes):
        return []
    size = _typical_height(boxes, areas)
    groups = _join(labels, boxes, size)
    pieces = [_make_piece(labels, boxes, group) for group in groups]
    pieces = [piece for piece in pieces if _may_be_digit(piece.box, size)]
    return sorted(_in_line(pieces, size), key=lambda piece: piece.box[1] + piece.box[3] / 2)


def split_digits(pieces, darkness, level):
    """The pieces, those taken apart that are two digits with a grey bridge between them.

    Where a photograph is blurred, the gap between two digits is not quite as light as paper. A
    piece that is wider than high is looked at again with a higher threshold.

    Args:
        pieces: list of Piece, as ``find_digits`` gives them.
        darkness: float array ``(H, W)`` in which they were found.
        level: float, the darkness of the pen.

    Returns:
        list of Piece, from left to right.

    Example:
        >>> darkness = np.zeros((40, 60), np.float32)
        >>> darkness[5:35, 5:20] = darkness[5:35, 25:40] = 0.8
        >>> darkness[18:20, 20:25] = 0.3  # the bridge
        >>> pieces = find_digits(darkness > 0.25)
        >>> len(pieces), len(split_digits(pieces, darkness, 0.8))
        (1, 2)
    """
    found = []
    for piece in pieces:
        top, left, height, width = piece.box
        parts = []
        if width > _BROAD * height:
            dark = _cut(darkness, piece.box) > _BRIDGE * level
            labels, boxes, _ = _connect(np.pad(dark & piece.mask, 1))
            tall = [k for k, box in enumerate(boxes) if box[2] > _TALL * height]
            parts = [_make_piece(labels, boxes, [k]) for k in tall]
        if len(parts) < 2 or _overlap(parts):
            found.append(piece)
            continue
        for (inner_top, inner_left, *sides), mask in parts:
            found.append(Piece((top + inner_top - 1, left + inner_left - 1, *sides), mask))
    return sorted(found, key=lambda piece: piece.box[1] + piece.box[3] / 2)


def _overlap(parts):
    """Whether pieces stand above each other: then they are parts of one digit."""
    spans = sorted((piece.box[1], piece.box[1] + piece.box[3]) for piece in parts)
    return any(one[1] > other[0] + 1 for one, other in itertools.pairwise(spans))


def _connect(ink):
    """Labels (H, W), boxes (N, 4) and areas (N,) of the pieces that do not touch the border."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    left, top, width, height, area = stats[1:].T
    inside = (left > 0) & (top > 0)
    inside &= (left + width < ink.shape[1]) & (top + height < ink.shape[0]) & (area >= 6)
    numbers = np.flatnonzero(inside) + 1
    numbers = numbers[np.argsort(-stats[numbers, 4], kind="stable")][:_MOST]
    order = np.zeros(count, np.int32)
    order[numbers] = np.arange(1, len(numbers) + 1)
    boxes = np.stack([top, left, height, width], axis=1)[numbers - 1]
    return order[labels], boxes, area[numbers - 1]


def _typical_height(boxes, areas):
    """The height of a digit: the median of the pieces', each counted as often as it has ink."""
    sides = np.maximum(boxes[:, 2], 0.5 * boxes[:, 3])
    order = np.argsort(sides)
    total = np.cumsum(areas[order])
    return float(sides[order][np.searchsorted(total, total[-1] / 2)])


def _join(labels, boxes, size):
    """Groups of pieces: a small one joins the piece that it nearly touches."""
    parent = list(range(len(boxes)))

    def root(place):
        while parent[place] != place:
            place = parent[place]
        return place

    longest = boxes[:, 2:].max(axis=1)
    for small in np.argsort(longest):
        if longest[small] > 0.75 * size or longest[small] < 0.06 * size:
            continue
        best, nearest = None, _JOINED * size
        for other in np.flatnonzero(longest > longest[small]):
            if _gap(boxes[small], boxes[other]) > nearest:
                continue
            distance = _distance(labels, boxes, small, other)
            low, high = _union(boxes[[small, other]])
            if distance < nearest and (high - low)[0] < 1.4 * size and (high - low)[1] < 1.5 * size:
                best, nearest = other, distance
        if best is not None:
            parent[root(small)] = root(best)
    groups = {}
    for place in range(len(boxes)):
        groups.setdefault(root(place), []).append(place)
    return list(groups.values())


def _gap(box, other):
    """Pixels of paper between two boxes, along the axis where there are more."""
    apart = np.maximum(box[:2], other[:2]) - np.minimum(box[:2] + box[2:], other[:2] + other[2:])
    return max(apart.max(), 0)


def _union(boxes):
    return boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)


def _distance(labels, boxes, place, other):
    """Pixels between the ink of two pieces."""
    from scipy.spatial import cKDTree

    points = [np.argwhere(_cut(labels, boxes[k]) == k + 1) + boxes[k][:2] for k in (place, other)]
    return float(cKDTree(points[1]).query(points[0])[0].min())


def _cut(labels, box):
    top, left, height, width = box
    return labels[top : top + height, left : left + width]


def _make_piece(labels, boxes, group):
    low, high = _union(boxes[group])
    box = tuple(int(value) for value in (*low, *(high - low)))
    return Piece(box, np.isin(_cut(labels, box), np.array(group) + 1))


def _may_be_digit(box, size):
    _, _, height, width = box
    return max(height, width) >= _SPECK * size and height >= _FLAT * size and width <= _LONG * size


def _in_line(pieces, size):
    """The pieces whose middle lies on the line that has most ink."""
    if not pieces:
        return []
    middles = np.array([piece.box[0] + piece.box[2] / 2 for piece in pieces])
    inks = np.array([piece.mask.sum() for piece in pieces])
    close = np.abs(middles[:, np.newaxis] - middles) < _OFF * size
    best = np.argmax(close @ inks)
    centre = np.average(middles[close[best]], weights=inks[close[best]])
    return [
        piece for piece, y in zip(pieces, middles, strict=True) if abs(y - centre) < _OFF * size
    ]
