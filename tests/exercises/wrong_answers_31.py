"""Answers to chapter 31's exercises that its checkers must refuse."""

import hashlib
import random

import numpy as np
from numpy import rot90  # under this name the checker lets it through


def _number(content):
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big") / 2**64


def _turned(turns):
    return lambda stored, orientation: rot90(stored, turns[orientation])


def _forget_others(stored, orientation):
    return rot90(stored, -1) if orientation == 6 else stored


def _transposed(stored, orientation):
    if orientation == 3:
        return stored[::-1, ::-1]
    return stored.swapaxes(0, 1) if orientation in (6, 8) else stored


def _all_axes(stored, orientation):
    if orientation == 3:
        return stored[::-1, ::-1]
    if orientation == 6:
        return stored[::-1].T  # the channels go to the front
    return stored.T[::-1] if orientation == 8 else stored


def _window(scale_of, centred=True):
    def crop_window(height, width, target_height, target_width):
        scale = scale_of(target_height / height, target_width / width)
        h, w = round(target_height / scale), round(target_width / scale)
        top, left = ((height - h) // 2, (width - w) // 2) if centred else (0, 0)
        return top, left, h, w

    return crop_window


def _square(height, width, target_height, target_width):
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def _known(groups, splits, part="train"):
    return {g for g, s in zip(groups, splits, strict=True) if s == part and g is not None}


def _count(groups, splits, keep):
    return sum(keep(g, s) for g, s in zip(groups, splits, strict=True))


WRONG = {
    "check_upright": [
        _turned({1: 0, 3: 2, 6: 1, 8: -1}),  # the wrong way round
        _turned({1: 0, 3: 1, 6: -1, 8: 1}),  # half a turn taken for a quarter
        lambda stored, orientation: stored,
        _forget_others,
        _transposed,  # a mirror image
        _all_axes,
        lambda stored, orientation: stored[::-1] if orientation == 3 else rot90(stored, -1),
        lambda stored, orientation: np.rot90(stored, {1: 0, 3: 2, 6: -1, 8: 1}[orientation]),
    ],
    "check_crop_window": [
        _window(min),  # the padding's scale: larger than the photograph
        _window(max, centred=False),
        lambda h, w, th, tw: ((h - th) // 2, (w - tw) // 2, th, tw),  # not scaled
        _square,  # always a square
        lambda h, w, th, tw: (0, 0, h, w),  # all of it
        lambda h, w, th, tw: _window(max)(w, h, tw, th),  # rows and columns exchanged
        lambda h, w, th, tw: (*_window(max)(h, w, th, tw)[:2], th, tw),  # the target's size
    ],
    "check_count_leaked": [
        lambda g, s: len(_known(g, s) & _known(g, s, "test")),  # groups instead of photographs
        lambda g, s: len(set(g[: s.count("train")]) & set(g)),
        lambda g, s: _count(g, s, lambda a, b: a in _known(g, s) and b == "train"),
        lambda g, s: _count(g, s, lambda a, b: a in _known(g, s) and b != "train"),  # validation
        lambda g, s: _count(g, s, lambda a, b: b == "test" and (a is None or a in _known(g, s))),
        lambda g, s: _count(g, s, lambda a, b: b == "test" and a is not None and g.count(a) > 1),
        lambda g, s: sum(
            x == y and p == "test" and q == "train"
            for x, p in zip(g, s, strict=True)
            for y, q in zip(g, s, strict=True)
            if x is not None
        ),  # pairs
    ],
    "check_is_test": [
        lambda content, share: random.random() < share,
        lambda content, share: content[0] / 256 < share,  # all files begin alike
        lambda content, share: len(content) % 10 < 10 * share,
        lambda content, share: _number(content) > share,
        lambda content, share: _number(content) < 0.2,  # the share forgotten
        lambda content, share: (
            int.from_bytes(hashlib.sha256(content).digest()[-8:], "big") / 2**64 < share
        ),  # the last eight
        lambda content, share: hash(content) % 1000 / 1000 < share,  # another in every run
        lambda content, share: _number(content),  # the number instead of the answer
        lambda content, share: (
            int.from_bytes(hashlib.sha256(content).digest()[:8], "little") / 2**64 < share
        ),
    ],
}
