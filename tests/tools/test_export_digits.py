"""tools/export_digits.py: what it writes is whole, and says what made it."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import export_digits  # noqa: E402

from cnn_tutorial import data, export, results  # noqa: E402
from cnn_tutorial.models import pretrained  # noqa: E402


@pytest.mark.slow
def test_a_small_run_writes_weights_network_and_record_and_reuse_makes_them_again(
    keras, tmp_path, monkeypatch
):
    folder = tmp_path / "records"
    folder.mkdir()
    load = data.load
    monkeypatch.setattr(data, "load", lambda name, split: load(name, split=split, limit=300))
    monkeypatch.setattr(results, "_FOLDERS", (folder,))
    monkeypatch.setattr(export_digits, "NONDIGITS", 20)
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path / "digits.npz")
    monkeypatch.setattr(sys, "argv", ["export_digits.py", "--epochs", "2", "--seed", "3"])
    export_digits.main()
    first = results.load_result("digits")
    assert (first["seeds"], first["results"]["training"]["epochs"]) == ([3], 2)
    images, labels = load("mnist", split="test", limit=300)
    model = export_digits.models.load_digit_cnn()
    assert export.check_parity(model, tmp_path / "digits.onnx", images) < 1e-4
    found = np.asarray(model(images))[:, :10].argmax(axis=1)
    assert first["results"]["accuracy"] == pytest.approx(np.mean(found == labels), abs=1e-4)
    # The record says what made the weights, whatever is typed beside --reuse.
    options = ["--epochs", "5", "--seed", "9", "--reuse"]
    monkeypatch.setattr(sys, "argv", ["export_digits.py", *options])
    export_digits.main()
    again = results.load_result("digits")
    assert (again["seeds"], again["command"]) == ([3], first["command"])
    for name in ("accuracy", "accuracy of all eleven", "letters refused", "training"):
        assert again["results"][name] == first["results"][name]
