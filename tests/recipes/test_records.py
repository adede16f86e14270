"""What chapter 53 draws: the records say how they were made, and hold what the book claims."""

import json

import pytest

from cnn_tutorial import recipes, results


@pytest.mark.parametrize("name", ["fast", "long", "gpu"])
def test_a_record_names_its_settings_and_the_command_that_makes_it(name):
    record = results.load_result(f"cifar10_{name}")
    assert record["command"].startswith(f"python tools/record_cifar10.py {name}")
    assert "settings" in json.dumps(record["results"])


@pytest.mark.parametrize("name", ["SPRINT", "FAST"])
def test_the_short_runs_were_recorded_with_the_settings_of_today(name):
    recorded = results.load_result("cifar10_fast")["results"]["settings"][name.lower()]
    assert recipes.CIFAR10(**recorded | {"widths": tuple(recorded["widths"])}) == getattr(
        recipes, name
    )


def test_the_long_run_was_recorded_with_the_settings_of_today():
    recorded = results.load_result("cifar10_long")["results"]["settings"]
    assert recipes.CIFAR10(**recorded | {"widths": tuple(recorded["widths"])}) == recipes.LONG


def test_the_short_runs_keep_what_the_book_claims():
    for run in results.load_result("cifar10_fast")["results"]["runs"]:
        plain, best = run["plain"], max(run["plain"]["accuracy"])
        for clock in ("seconds", "processor_seconds"):
            to_best = plain[clock][plain["accuracy"].index(best)]
            assert run["sprint"][clock] <= to_best / 5
            assert run["fast"][clock] <= plain[clock][-1]
        assert run["sprint"]["accuracy"] >= best
        assert run["fast"]["accuracy"] >= 0.82


def test_the_long_run_keeps_what_the_book_claims():
    run = results.load_result("cifar10_long")["results"]["run"]
    assert run["accuracy"] >= 0.93
    assert run["seconds"] < 3600
