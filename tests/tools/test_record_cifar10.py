"""tools/record_cifar10.py: the arithmetic of a GPU's record, and none without a GPU."""

import logging
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import record_cifar10  # noqa: E402

from cnn_tutorial import recipes, training  # noqa: E402

FIRST_STEPS = [30.0, 0.1, 0.1, 12.5, 0.1, 0.1, 0.1, 0.1, 0.1]  # seconds, of nine epochs


def test_of_a_run_on_a_gpu_the_first_step_of_each_size_counts_as_compilation(monkeypatch):
    assert (recipes.LONG.epochs, recipes.LONG.small_epochs) == (9, 3)

    def score(settings, test, seed):
        assert (settings, test) == (recipes.LONG, "the test images")
        return {"seconds": 100.0 + seed, "history": {"first_step": FIRST_STEPS}}

    monkeypatch.setattr(record_cifar10.data, "load", lambda name, split: f"the {split} images")
    monkeypatch.setattr(record_cifar10, "score_recipe", score)
    for done, record in enumerate(record_cifar10.record_gpu([0, 5]), start=1):
        assert len(record["runs"]) == done
    assert record["settings"]["epochs"] == 9
    found = [
        (run["seed"], run["compilation_seconds"], run["seconds_without"]) for run in record["runs"]
    ]
    assert found == [(0, 42.5, 57.5), (5, 42.5, 62.5)]


def test_without_a_gpu_nothing_is_recorded(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "cnn_tutorial")  # so that it is put back
    processor = training.Device("cpu", "of some kind", 2, "jax")
    monkeypatch.setattr(record_cifar10.session, "start", lambda **settings: None)
    monkeypatch.setattr(record_cifar10.training, "find_device", lambda: processor)
    monkeypatch.setattr(record_cifar10, "record_gpu", lambda seeds: pytest.fail("it went on"))
    monkeypatch.setattr(sys, "argv", ["record_cifar10.py", "gpu"])
    with pytest.raises(SystemExit, match=r"finds no GPU.* of some kind; nothing was recorded"):
        record_cifar10.main()
