"""The committed network of the page: it answers as recorded, and as Keras with the same weights."""

import numpy as np
import pytest

from cnn_tutorial import data, export, models, results
from cnn_tutorial.models import pretrained

FILE = pretrained.WEIGHTS.with_suffix(".onnx")


@pytest.fixture(scope="module")
def record():
    return results.load_result("digits")["results"]


@pytest.fixture(scope="module")
def test_digits():
    return data.load("mnist", split="test")


def test_the_file_gives_the_recorded_answers_on_mnists_test_digits(record, test_digits):
    import onnxruntime

    images, labels = test_digits
    session = onnxruntime.InferenceSession(FILE)
    (logits,) = session.run(["logits"], {"images": images.astype(np.float32)})
    assert logits.shape == (10_000, 11)
    tens = np.mean(logits[:, :10].argmax(axis=1) == labels)
    all_eleven = np.mean(logits.argmax(axis=1) == labels)
    # Another processor rounds otherwise: one or two digits that lie on the border may change.
    assert tens == pytest.approx(record["accuracy"], abs=2e-4)
    assert all_eleven == pytest.approx(record["accuracy of all eleven"], abs=2e-4)


def test_the_file_is_small_enough_for_a_page(record):
    assert FILE.stat().st_size == record["bytes"] < 300_000


@pytest.mark.slow
def test_keras_with_the_weights_beside_the_file_gives_the_same_logits(record, test_digits):
    images, _ = test_digits
    assert export.check_parity(models.load_digit_cnn(), FILE, images[:2000]) < 1e-5
    assert record["parity"] < 1e-5
