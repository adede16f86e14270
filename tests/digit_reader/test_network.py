"""The committed network inside the reader: what it reads, and what it refuses.

The figures on MNIST's test digits are those of ``tests/benchmarks/bench_digit_reader.py``.
"""

import numpy as np
import pytest
from skimage import data as stills

from cnn_tutorial import models
from cnn_tutorial.digit_reader import compose_number, draw_letters, draw_scribbles, read_number

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network(keras):
    return models.load_digit_cnn()


def test_it_reads_numbers_of_another_set_of_digits_than_it_learned(network, handwriting):
    images, labels = handwriting
    rng = np.random.default_rng(1)
    right = total = 0
    for seed in range(20):
        chosen = rng.choice(len(images), 1 + seed % 6, replace=False)
        reading = read_number(compose_number(images[chosen], seed=seed).image, network)
        total += len(chosen)
        if len(reading.digits) == len(chosen):
            right += sum(d.label == k for d, k in zip(reading.digits, labels[chosen], strict=True))
    assert right / total > 0.75


@pytest.mark.parametrize(
    "draw", [lambda: draw_letters(60, split="test")[0], lambda: draw_scribbles(60, split="test")]
)
def test_it_refuses_letters_and_scribbles_that_it_was_not_trained_with(network, draw):
    signs, read = draw(), 0
    for start in range(0, 60, 6):
        page = compose_number(signs[start : start + 6], seed=start)
        reading = read_number(page.image, network)
        read += len(reading.text) - reading.text.count("?")
    assert read <= 9  # of 60; a network that never refuses reads more than fifty


@pytest.mark.parametrize(
    "name", ["astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "moon"]
)
def test_photographs_without_digits_hold_no_number(network, name):
    text = read_number(getattr(stills, name)(), network).text
    assert not text.replace("?", "")
