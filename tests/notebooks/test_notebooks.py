"""Every chapter as it is committed; nbval runs them, this reads them."""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
check_notebooks = importlib.import_module("check_notebooks")
measure_notebooks = importlib.import_module("measure_notebooks")
new_notebook = importlib.import_module("new_notebook")
run_notebooks = importlib.import_module("run_notebooks")

CHAPTERS = run_notebooks.find_notebooks([])


def test_there_are_chapters():
    assert CHAPTERS, "notebooks/ holds no notebook: every other test here would pass on nothing"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_as_design_and_style_ask(path):
    findings = check_notebooks.check(path)
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_colab_cell_is_the_one_for_the_repository_of_the_settings(path):
    expected = new_notebook.colab_cell(new_notebook.repository_url())
    assert run_notebooks.read(path).cells[1].source == expected


def test_time_and_memory_in_each_chapter_are_the_recorded_ones_and_within_the_limits():
    records = measure_notebooks.load_records()
    findings = [
        *measure_notebooks.find_stale(records, CHAPTERS),
        *measure_notebooks.find_excess(records),
    ]
    assert not findings, "\n".join(findings)
