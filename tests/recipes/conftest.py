"""A stand-in for CIFAR-10, small enough to train on in a second, and settings to match."""

import dataclasses

import numpy as np
import pytest

from cnn_tutorial import recipes

TINY = recipes.CIFAR10(epochs=2, batch_size=50, widths=(16, 16, 16), small_side=16)


@pytest.fixture
def tiny():
    """A function: tiny settings, with changes."""

    def tiny(**changes):
        return dataclasses.replace(TINY, **changes)

    return tiny


@pytest.fixture(scope="session")
def smooth_images():
    """500 images (32, 32, 3) whose neighbouring pixels and channels are alike, as photographs'."""
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(500, 4, 4, 3)) + 2 * rng.normal(size=(500, 4, 4, 1))
    fine = coarse.repeat(8, axis=1).repeat(8, axis=2) + 0.3 * rng.normal(size=(500, 32, 32, 3))
    return np.clip(128 + 30 * fine, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def coloured():
    """500 images of ten classes that differ in colour, and their labels."""
    rng = np.random.default_rng(1)
    labels = np.arange(500) % 10
    colours = np.random.default_rng(2).integers(40, 216, (10, 3))
    images = colours[labels][:, None, None] + rng.normal(0, 15, (500, 32, 32, 3))
    return np.clip(images, 0, 255).astype(np.uint8), labels


@pytest.fixture
def stand_in(monkeypatch, coloured):
    """``data.load("cifar10")`` gives the coloured images; returns the splits asked for."""
    from cnn_tutorial import data

    asked = []

    def load(name, *, split="train", limit=None, seed=0):
        asked.append((name, split))
        return coloured[0][:limit], coloured[1][:limit]

    monkeypatch.setattr(data, "load", load)
    return asked
