"""Running stages: in order, timed, stopped by the first failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import stages  # noqa: E402


def test_the_first_failure_ends_the_run_with_its_status(tmp_path, capfd):
    said = [
        ("one", ["python", "-c", "print('first output')"]),
        ("two", ["python", "-c", "raise SystemExit(5)"]),
        ("three", ["python", "-c", "print('never')"]),
    ]
    assert stages.run(said, tmp_path) == 5
    out = capfd.readouterr().out
    assert "first output" in out
    assert "never" not in out.replace("print('never')", "")
    *_, passed, failed, together, left = out.splitlines()
    assert passed.split()[0] == "passed"
    assert passed.endswith("s  one")
    assert failed.split()[0] == "failed"
    assert failed.endswith("s  two")
    assert together.endswith("together")
    assert left.endswith("not run after the failure: 1")


def test_a_variable_in_front_of_a_command_is_set(tmp_path, capfd):
    code = "import os; print('threads', os.environ['CNN_TUTORIAL_THREADS'])"
    command = stages.threads(2, ["python", "-c", code])
    assert stages.run([("one", command)], tmp_path) == 0
    assert "threads 2" in capfd.readouterr().out


def test_a_stage_that_is_killed_fails(tmp_path):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert stages.run([("one", ["python", "-c", code])], tmp_path) == 137


def test_release_repeats_the_chapters_and_runs_every_benchmark(tmp_path):
    (tmp_path / "tests" / "benchmarks").mkdir(parents=True)
    (tmp_path / "tests" / "benchmarks" / "bench_one.py").touch()
    (tmp_path / "tests" / "benchmarks" / "helpers.py").touch()
    commands = [command for _, command in stages.plan("release", tmp_path)]
    chapters = [command for command in commands if "--nbval" in command]
    for threads in ("CNN_TUTORIAL_THREADS=1", "CNN_TUTORIAL_THREADS=2"):
        programs = [command[1] for command in chapters if command[0] == threads]
        assert programs == ["python"] * 3 + [".venv-colab/bin/python"] * 3
    assert ["python", "tests/benchmarks/bench_one.py"] in commands
    assert len(stages.plan("bench", tmp_path)) == 1


def test_an_unknown_list_of_stages_is_refused():
    with pytest.raises(ValueError, match="expected check, test, pages, bench or release, got 'x'"):
        stages.plan("x")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone in which make and Python only say what they were called with."""
    root, stubs = tmp_path / "clone", tmp_path / "stubs"
    (root / ".ci").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    stubs.mkdir()
    (root / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    scripts = {
        root / ".venv" / "bin" / "python": "echo pages: $*\nexit ${PAGES_STATUS:-0}",
        stubs / "make": "echo mirror: ${CNN_TUTORIAL_MIRROR-none}\nexit ${MAKE_STATUS:-0}",
        stubs / "python3": "exit 0",
        stubs / "chromium": "exit 0",
        stubs / "apt-get": "echo installs\nexit 1",
        stubs / "sudo": "exit 1",
    }
    for path, text in scripts.items():
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(stubs), prepend=os.pathsep)
    monkeypatch.delenv("CNN_TUTORIAL_MIRROR", raising=False)
    return root


def run_ci(clone, **variables):
    """What CI's script prints and its exit status."""
    command = ["bash", str(clone / ".ci" / "run")]
    environment = os.environ | variables
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_ci_runs_the_readmes_command_and_then_the_pages(clone):
    run = run_ci(clone)
    assert run.returncode == 0
    assert "nothing is missing" in run.stdout
    assert "mirror: none" in run.stdout
    assert run.stdout.index("make test: passed") < run.stdout.index("pages: tools/stages.py pages")
    assert "pages in Chromium: passed after" in run.stdout


def test_ci_takes_the_data_mirror_where_there_is_one(clone):
    mirror = clone.parent / "shared" / "data"
    mirror.mkdir(parents=True)
    assert f"mirror: {mirror}" in run_ci(clone).stdout


@pytest.mark.parametrize("which", ["MAKE_STATUS", "PAGES_STATUS"])
def test_ci_fails_when_a_stage_fails(clone, which):
    run = run_ci(clone, **{which: "3"})
    assert run.returncode == 3
    assert "FAILED after" in run.stdout
    assert ("pages:" in run.stdout) == (which == "PAGES_STATUS")


def test_ci_fails_where_a_system_package_cannot_be_installed(clone):
    (clone.parent / "stubs" / "python3").write_text("#!/bin/sh\nexit 1\n")  # no ensurepip
    run = run_ci(clone)
    assert run.returncode == 1
    assert "missing: python3-venv" in run.stdout
    assert "make test" not in run.stdout


def test_the_book_is_built_before_its_pages_are_tested():
    titles = [title for title, _ in stages.plan("release")]
    assert titles.index("book") < titles.index("pages in Chromium")
    assert titles.index("chapters measured") < titles.index("book")
