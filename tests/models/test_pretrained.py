"""models.load_digit_cnn: the weights that were recorded, and a reason where they are not there."""

import numpy as np
import pytest

from cnn_tutorial import data, models, results
from cnn_tutorial.models import pretrained


@pytest.mark.slow
def test_the_trained_digit_network_reads_the_test_digits_as_recorded(keras):
    images, labels = data.load("mnist", split="test")
    record = results.load_result("digits")["results"]
    model = models.load_digit_cnn()
    assert model.count_params() == record["parameters"]
    found = model.predict(images, batch_size=500, verbose=0)[:, :10].argmax(axis=1)
    assert np.mean(found == labels) == pytest.approx(record["accuracy"], abs=2e-4)
    assert record["accuracy"] > 0.99


def test_missing_weights_are_named_with_the_tool_that_makes_them(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path / "digits.npz")
    with pytest.raises(FileNotFoundError, match=r"`python tools/export_digits\.py` makes them"):
        models.load_digit_cnn()


def test_weights_of_another_network_are_refused(keras, monkeypatch, tmp_path):
    np.savez(tmp_path / "digits.npz", np.zeros((3, 3, 1, 4)), np.zeros(4))
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path / "digits.npz")
    with pytest.raises(ValueError, match=r"it holds shapes \[\(3, 3, 1, 4\), \(4,\)\]"):
        models.load_digit_cnn()
