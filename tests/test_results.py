"""Records of long runs are found, complete, and written so that they can be read again."""

import json

import pytest

from cnn_tutorial import results


def test_what_is_recorded_is_loaded_again_with_where_it_comes_from(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_FOLDERS", (tmp_path / "none", tmp_path))
    path = results.record_result("trial", {"rate": 2.5}, command="make trial", seeds=range(2))
    record = results.load_result("trial")
    assert record == json.loads(path.read_text())
    assert record["results"] == {"rate": 2.5}
    assert (record["command"], record["seeds"]) == ("make trial", [0, 1])
    assert {"python", "numpy", "tensorflow"} <= set(record["versions"])
    assert "cores" in record["machine"]
    assert record["date"].count("-") == 2


def test_the_device_is_named_where_it_is_not_the_processor(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_FOLDERS", (tmp_path,))
    results.record_result("trial", {}, command="make trial", device="one GPU")
    assert results.load_result("trial")["machine"].startswith("one GPU, ")


def test_a_missing_record_names_those_that_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_FOLDERS", (tmp_path,))
    results.record_result("trial", {}, command="make trial")
    with pytest.raises(FileNotFoundError, match="no recorded run 'trail'; recorded are: trial"):
        results.load_result("trail")
