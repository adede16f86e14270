"""Answers to chapter 53's exercises that its checkers must refuse."""

import math

import numpy as np


def _intensity(n, size, channels, filters, b, *, madd=2, read=1, write=1, kernel=1, k=9):
    flops = madd * n * size * size * filters * k * channels
    numbers = read * n * size * size * channels + write * n * size * size * filters
    return flops / (b * (numbers + kernel * k * channels * filters))


def _scale_of_largest_power(gradients):
    return 2.0 ** math.floor(math.log2(2**15 / np.abs(gradients).max()))


def _scale_by_exponents(gradients):  # for 3.9999, 2^14: stored as infinity
    return 2.0 ** (15 - math.floor(math.log2(np.abs(gradients).max())))


WRONG = {
    "check_convolution_intensity": [
        lambda *layer: _intensity(*layer, madd=1),  # a multiply-add as one operation
        lambda *layer: _intensity(*layer, write=0),  # the output costs no traffic
        lambda *layer: _intensity(*layer, read=9),  # the input read nine times
        lambda *layer: _intensity(*layer, kernel=0),  # the kernel forgotten
        lambda n, *layer: _intensity(n, *layer, kernel=n),  # the kernel read for every image
        lambda n, s, c, f, b: _intensity(n, s, c, f, 4),  # always four bytes a number
        lambda n, s, c, f, b: _intensity(1, s, c, f, b),  # the batch forgotten
        lambda n, s, c, f, b: b * b * _intensity(n, s, c, f, b),  # bytes multiplied, not divided
        lambda *layer: _intensity(*layer, k=1),  # a 1×1 kernel
    ],
    "check_step_seconds": [
        lambda f, t, peak, band: float(np.sum(f) / peak),  # arithmetic alone
        lambda f, t, peak, band: float(np.sum(t) / band),  # traffic alone
        lambda f, t, peak, band: float(np.sum(f / peak + t / band)),  # one after the other
        lambda f, t, peak, band: float(max(np.sum(f) / peak, np.sum(t) / band)),  # of the sums
        lambda f, t, peak, band: float(np.sum(np.minimum(f / peak, t / band))),
        lambda f, t, peak, band: float(np.max(np.maximum(f / peak, t / band))),  # the slowest
        lambda f, t, peak, band: float(np.sum(np.maximum(f / band, t / peak))),  # mixed up
    ],
    "check_smallest_batch": [
        lambda fixed, per_image, share: fixed / per_image,  # always the half
        lambda fixed, per_image, share: max(1, math.ceil(share * fixed / per_image)),
        lambda fixed, per_image, share: max(1, math.ceil(fixed / per_image / (1 - share))),
        lambda fixed, per_image, share: max(1, math.ceil((1 - share) / share * fixed / per_image)),
        lambda fixed, per_image, share: share / (1 - share) * fixed / per_image,  # not whole
        lambda fixed, per_image, share: max(1, math.floor(share / (1 - share) * fixed / per_image)),
        lambda fixed, per_image, share: math.floor(share / (1 - share) * fixed / per_image) + 1,
    ],
    "check_largest_scale": [
        lambda gradients: 65504 / np.abs(gradients).max(),  # not a power of two
        lambda gradients: 2.0 ** math.floor(math.log2(65504 / gradients.max())),  # signs
        lambda gradients: 2.0 ** math.ceil(math.log2(65504 / np.abs(gradients).max())),
        lambda gradients: 2.0 ** math.floor(math.log2(65504 / np.abs(gradients).mean())),
        lambda gradients: 2.0**15,  # Keras's first try, whatever the gradients
        lambda gradients: max(1.0, 2.0 ** math.floor(math.log2(65504 / np.abs(gradients).max()))),
        lambda gradients: 2.0 ** math.floor(math.log(65504 / np.abs(gradients).max())),
        _scale_of_largest_power,
        _scale_by_exponents,
    ],
}
