"""Answers to chapter 32's exercises that its checkers must refuse."""

import math

import numpy as np
from scipy import stats


def _turn(degrees, row, column, *, convert=np.deg2rad, sign=1, swapped=False):
    angle = sign * convert(degrees)
    rotation = np.array(
        [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    there = np.array([[1, 0, -row], [0, 1, -column], [0, 0, 1]])
    back = np.array([[1, 0, row], [0, 1, column], [0, 0, 1]])
    return there @ rotation @ back if swapped else back @ rotation @ there


def _cutmix(images, labels, box, num_classes, *, share=None, assign=False, copy=True):
    top, left, bottom, right = box
    mixed = images[0].copy() if copy else images[0]
    mixed[top:bottom, left:right] = images[1, top:bottom, left:right]
    if share is None:
        share = (bottom - top) * (right - left) / (mixed.shape[0] * mixed.shape[1])
    probs = np.zeros(num_classes)
    if assign:
        probs[labels[0]], probs[labels[1]] = 1 - share, share
    else:
        probs[labels[0]] += 1 - share
        probs[labels[1]] += share
    return mixed, probs


def _numbers_mixed(images, labels, box, num_classes):
    mixed, probs = _cutmix(images, labels, box, num_classes)
    return mixed, probs @ np.arange(num_classes)


def _whole_pasted(images, labels, box, num_classes):
    top, left, bottom, right = box
    mixed, probs = _cutmix(images, labels, box, num_classes)
    mixed[top:bottom, left:right] = images[1, : bottom - top, : right - left]
    return mixed, probs


def _shares_swapped(images, labels, box, num_classes):
    return _cutmix(images, labels[::-1], box, num_classes)


def _interval(gains, quantile, *, ddof=1, root=True):
    n = len(gains)
    reach = quantile(n) * np.std(gains, ddof=ddof) / (np.sqrt(n) if root else 1)
    return np.mean(gains) - reach, np.mean(gains) + reach


def _unpaired(without, with_it):
    n = len(without)
    spread = math.sqrt((np.var(without, ddof=1) + np.var(with_it, ddof=1)) / n)
    reach = stats.t.ppf(0.975, 2 * n - 2) * spread
    gain = np.mean(with_it) - np.mean(without)
    return gain - reach, gain + reach


def _quantile(n):
    return stats.t.ppf(0.975, n - 1)


WRONG = {
    "check_turn": [
        lambda d, h, w: _turn(d, 0, 0),  # about the top left pixel
        lambda d, h, w: _turn(d, h / 2, w / 2),  # half a pixel beside the centre
        lambda d, h, w: _turn(d, h // 2, w // 2),
        lambda d, h, w: _turn(d, (w - 1) / 2, (h - 1) / 2),  # rows and columns swapped
        lambda d, h, w: _turn(d, (h - 1) / 2, (w - 1) / 2, sign=-1),  # clockwise
        lambda d, h, w: _turn(d, (h - 1) / 2, (w - 1) / 2, convert=float),  # radians
        lambda d, h, w: _turn(d, (h - 1) / 2, (w - 1) / 2, swapped=True),  # from left to right
        lambda d, h, w: _turn(d, (h - 1) / 2, (w - 1) / 2)[:2],  # the last row forgotten
    ],
    "check_largest_shear": [
        lambda s, h: s * (h - 1) / 2,  # taken for a fraction
        lambda s, h: math.sin(s) * (h - 1) / 2,  # radians
        lambda s, h: math.sin(math.radians(s)) * (h - 1),  # not about the centre
        lambda s, h: math.sin(math.radians(s)) * h / 2,  # the centre half a pixel off
        lambda s, h: math.tan(math.radians(s)) * (h - 1) / 2,
        lambda s, h: s / 100 * (h - 1) / 2,  # percent
        lambda s, h: (1 - math.cos(math.radians(s))) * (h - 1) / 2,  # the rows instead
        lambda s, h: 0.0,
    ],
    "check_cutmix": [
        lambda x, y, b, k: _cutmix(x, y, b, k, share=0.5),
        lambda x, y, b, k: _cutmix(x, y, b, k, share=(b[2] - b[0]) / x.shape[1]),  # a side
        lambda x, y, b, k: _cutmix(x, y, b, k, assign=True),  # the same class twice
        lambda x, y, b, k: _cutmix(x, y, b, k, copy=False),  # into the image handed in
        _numbers_mixed,
        _whole_pasted,  # from the corner of the second image
        _shares_swapped,
        lambda x, y, b, k: (x[0] * 0.5 + x[1] * 0.5, _cutmix(x, y, b, k)[1]),  # Mixup's image
        lambda x, y, b, k: _cutmix(x, y, b, k)[0],  # the label forgotten
        lambda x, y, b, k: _cutmix(x[::-1], y, b, k),  # the other image
    ],
    "check_gain_interval": [
        _unpaired,
        lambda a, b: _interval(np.subtract(a, b), _quantile),  # the loss instead of the gain
        lambda a, b: _interval(np.subtract(b, a), lambda n: 1.96),  # as for many runs
        lambda a, b: _interval(np.subtract(b, a), lambda n: stats.t.ppf(0.975, n)),
        lambda a, b: _interval(np.subtract(b, a), lambda n: stats.t.ppf(0.95, n - 1)),
        lambda a, b: _interval(np.subtract(b, a), _quantile, ddof=0),
        lambda a, b: _interval(np.subtract(b, a), _quantile, root=False),  # of one run
        lambda a, b: (min(np.subtract(b, a)), max(np.subtract(b, a))),
    ],
}
