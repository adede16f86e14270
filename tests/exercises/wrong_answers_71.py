"""Answers to chapter 71's exercises that its checkers must refuse."""

import numpy as np


def _corner(digit, *, centre=14, rounding=np.rint, clip=True, axes=(0, 1), weigh=None):
    digit = np.asarray(digit, float) if weigh is None else weigh(digit)
    corner = []
    for axis in axes:
        side = digit.shape[axis]
        weight = digit.sum(axis=1 - axis)
        place = int(rounding(centre - (weight * np.arange(side)).sum() / weight.sum()))
        corner.append(min(max(place, 0), 28 - side) if clip else place)
    return tuple(corner)


def _overflowing(digit):
    """The sums in the digit's own type, which ends at 255."""
    weights = [digit.sum(axis=1 - axis, dtype=np.uint8) for axis in (0, 1)]
    middles = [(w * np.arange(len(w))).sum() / max(w.sum(), 1) for w in weights]
    return tuple(
        min(max(int(np.rint(14 - m)), 0), 28 - len(w))
        for m, w in zip(middles, weights, strict=True)
    )


def _slopes(middles):
    first, second = np.triu_indices(len(middles), 1)
    down, along = (middles[second] - middles[first]).T
    with np.errstate(divide="ignore"):
        return down / along


def _degrees(slope):
    return float(np.degrees(np.arctan(slope)))


def _threshold(digits, nondigits, place):
    value = np.sort(digits)[place]
    return value, np.mean(nondigits < value)


WRONG = {
    "check_needed_accuracy": [
        lambda share, length: share,
        lambda share, length: share**length,  # the other direction
        lambda share, length: 1 - (1 - share) / length,  # nearly right, for few errors
        lambda share, length: share / length,
        lambda share, length: 1 - (1 - share) ** (1 / length),  # at least one right
        lambda share, length: share ** (1 / (length + 1)),
    ],
    "check_find_corner": [
        lambda digit: tuple((28 - side) // 2 for side in digit.shape),  # the box in the middle
        lambda digit: _corner(digit, centre=13.5),
        lambda digit: _corner(digit, centre=15),
        lambda digit: _corner(digit, rounding=np.floor),
        lambda digit: _corner(digit, clip=False),
        lambda digit: _corner(digit, axes=(1, 0)),  # column first
        lambda digit: _corner(digit, weigh=lambda ink: (ink > 0).astype(float)),  # greys ignored
        lambda digit: _corner(digit, weigh=lambda ink: (ink > 127).astype(float)),
        _overflowing,
        lambda digit: (4, 4),
    ],
    "check_estimate_skew": [
        lambda m: _degrees(np.polyfit(m[:, 1], m[:, 0], 1)[0]),  # least squares
        lambda m: _degrees(np.mean(_slopes(m))),
        lambda m: float(np.median(_slopes(m))),  # a slope, not an angle
        lambda m: float(np.arctan(np.median(_slopes(m)))),  # radians
        lambda m: -_degrees(np.median(_slopes(m))),  # uphill
        lambda m: _degrees(np.median(_slopes(m[:, ::-1]))),  # row and column mixed up
        lambda m: _degrees((m[-1, 0] - m[0, 0]) / (m[-1, 1] - m[0, 1])),  # two digits alone
        lambda m: _degrees(np.median(np.diff(m[:, 0]) / np.diff(m[:, 1]))),  # neighbours alone
    ],
    "check_choose_threshold": [
        lambda d, s, lost: _threshold(d, s, 0),  # never loses one
        lambda d, s, lost: (np.quantile(d, lost), np.mean(s < np.quantile(d, lost))),  # between two
        lambda d, s, lost: _threshold(d, s, max(int(lost * len(d)) - 1, 0)),
        lambda d, s, lost: _threshold(d, s, min(int(lost * len(d)) + 1, len(d) - 1)),
        lambda d, s, lost: _threshold(d, s, int((1 - lost) * (len(d) - 1))),  # from the other end
        lambda d, s, lost: (_threshold(d, s, int(lost * len(d)))[0], lost),
        lambda d, s, lost: (
            np.sort(d)[int(lost * len(d))],
            np.mean(s >= np.sort(d)[int(lost * len(d))]),  # those that are let in
        ),
        lambda d, s, lost: (
            np.sort(d)[int(lost * len(d))],
            np.mean(s <= np.sort(d)[int(lost * len(d))]),
        ),
        lambda d, s, lost: (1 - lost, np.mean(s < 1 - lost)),
        lambda d, s, lost: _threshold(s, d, int((1 - lost) * (len(s) - 1))),  # on the nondigits
    ],
}
