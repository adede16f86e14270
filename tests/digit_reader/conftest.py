"""Digits without a download: scikit-learn's, drawn larger; and a model that needs no framework."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from cnn_tutorial.digit_reader import normalize_digit


@pytest.fixture(scope="session")
def handwriting():
    """(images uint8 (N, 28, 28), labels): scikit-learn's 8×8 digits, normalised as MNIST's are."""
    digits = load_digits()
    images = [
        normalize_digit(cv2.resize(image.astype(np.float32), (48, 64), interpolation=2).clip(0))
        for image in digits.images
    ]
    return np.stack(images), digits.target


@pytest.fixture(scope="session")
def neighbours(handwriting):
    """A model: 11 logits from the nearest neighbours among the first 1,300 digits."""
    images, labels = handwriting
    classifier = KNeighborsClassifier(5).fit(images[:1300].reshape(1300, -1), labels[:1300])

    def model(images):
        assert images.dtype == np.float32
        assert images.shape[1:] == (28, 28, 1)
        probs = classifier.predict_proba(images.reshape(len(images), -1))
        return np.hstack([8 * probs, np.full((len(images), 1), -4.0)])

    return model


@pytest.fixture
def page():
    """White paper, evenly lit, with a one and a nought on it, 30 pixels high."""
    grey = np.full((90, 160), 240, np.uint8)
    grey[30:60, 40:44] = 40
    grey[30:60, 80:100] = 40
    grey[36:54, 86:94] = 240  # a hole: a nought
    return grey
