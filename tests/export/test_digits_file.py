"""The committed network of the page: it answers as recorded, and as Keras with the same weights."""

from pathlib import Path

import numpy as np
import pytest

import cnn_tutorial
from cnn_tutorial import data, export, models, results

FILE = Path(cnn_tutorial.__file__).parent / "static" / "digits.onnx"


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
    # To 1e-5 of the largest logit: the last digits depend on the processor.
    limit = 1e-5 * record["largest logit"]
    assert export.check_parity(models.load_digit_cnn(), FILE, images[:2000]) < limit
    assert record["parity"] < limit
