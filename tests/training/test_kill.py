"""SIGKILL at random moments of a training; the benchmark has twenty of them for each backend."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

_SPEC = importlib.util.spec_from_file_location("killing", Path(__file__).with_name("killing.py"))
killing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(killing)


@pytest.mark.parametrize(("backend", "kind"), [("tensorflow", "dataset"), ("jax", "arrays")])
def test_a_training_that_is_killed_three_times_ends_with_the_weights_of_one_that_was_not(
    tmp_path, backend, kind
):
    took, whole = killing.run(backend, kind, "none", tmp_path / "whole.npz")
    rng = np.random.default_rng(0)
    folder = tmp_path / "checkpoint"
    kills = 0
    for turn in range(3):
        seconds = rng.uniform(0, took / 2)
        kills += killing.kill(backend, kind, folder, tmp_path / f"{turn}.npz", seconds)
    assert kills == 3
    _, resumed = killing.run(backend, kind, folder, tmp_path / "resumed.npz")
    assert killing.find_differences(whole, resumed) == []
    assert len(whole["loss"]) == 15
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-0014.npz", "epoch-0015.npz"]
