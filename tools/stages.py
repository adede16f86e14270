"""Run a named list of stages one after another, with the time of each.

    python tools/stages.py check|test|bench|release|pages

The lists stand below, in the order from quick to slow. The first stage that fails ends the run
with its exit status.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = ["python", "-m", "pytest", "-q"]
# `pytest --nbval notebooks` as the README has it; -q only shortens what it prints.
CHAPTERS = [*PYTEST, "--nbval", "notebooks"]
RUFF = [
    ("style", ["python", "-m", "ruff", "check", "."]),
    ("format", ["python", "-m", "ruff", "format", "--check", "."]),
]
BOOK = [("book", ["python", "tools/build_book.py"])]
PAGES = [("pages in Chromium", [*PYTEST, "-m", "browser", "tests"])]


def threads(number, command):
    """The same command with TensorFlow and NumPy held to a number of threads."""
    return [f"CNN_TUTORIAL_THREADS={number}", *command]


def benchmarks(root=ROOT):
    """One stage for each tests/benchmarks/bench_*.py."""
    found = sorted((root / "tests" / "benchmarks").glob("bench_*.py"))
    return [(path.stem, ["python", str(path.relative_to(root))]) for path in found]


def colab(command):
    """The same command in the environment with Google Colab's versions."""
    return [".venv-colab/bin/python" if part == "python" else part for part in command]


def plan(name, root=ROOT):
    """The stages of a name: a list of ``(title, command)``.

    In a command "python" is the Python that runs this, and ``NAME=value`` in front sets an
    environment variable.
    """
    if name == "check":
        return [
            *RUFF,
            ("chapters' structure", ["python", "tools/check_notebooks.py"]),
            ("quick tests", [*PYTEST, "-m", "not slow and not browser"]),
        ]
    if name == "test":
        return [
            *RUFF,
            *BOOK,
            ("tests", [*PYTEST, "-m", "not browser", "--durations=5"]),
            ("chapters", CHAPTERS),
        ]
    if name == "pages":
        return PAGES
    if name == "bench":
        return benchmarks(root)
    if name == "release":
        repeats = [
            (f"chapters, threads: {number}, {turn} of 3", threads(number, CHAPTERS))
            for number in (1, 2)
            for turn in (1, 2, 3)
        ]
        in_colab = [
            ("Colab: nothing upgraded", colab(["python", "tools/check_upgrades.py"])),
            *((f"Colab: {title}", colab(command)) for title, command in repeats),
        ]
        # The book after the chapters' new times, and the pages after the book.
        measured = [("chapters measured", ["python", "tools/measure_notebooks.py"])]
        # Examples that no run before has tried: see tests/conftest.py.
        explored = [
            ("new examples", ["HYPOTHESIS_PROFILE=default", *PYTEST, "tests/numpy_ops"]),
        ]
        return [*explored, *repeats, *in_colab, *benchmarks(root), *measured, *BOOK, *PAGES]
    raise ValueError(f"name: expected check, test, pages, bench or release, got {name!r}")


def run(stages, root=ROOT):
    """Run stages until one fails.

    Args:
        stages: list of ``(title, command)``.
        root: the folder to run them in.

    Returns:
        int: 0, or the exit status of the stage that failed.
    """
    done, status = [], 0
    for title, command in stages:
        settings = [part for part in command[:1] if "=" in part]
        words = [sys.executable if part == "python" else part for part in command[len(settings) :]]
        print(f"\n── {title}: {' '.join(command)}", flush=True)
        started = time.time()
        environment = os.environ | dict(setting.split("=", 1) for setting in settings)
        status = subprocess.call(words, cwd=root, env=environment)
        status = status if status >= 0 else 128 - status  # ended by a signal
        done.append((title, time.time() - started, status))
        if status:
            break
    print("\n── times")
    for title, seconds, code in done:
        print(f"  {'failed' if code else 'passed'} {seconds:7.1f} s  {title}")
    left = len(stages) - len(done)
    print(f"  {sum(seconds for _, seconds, _ in done):14.1f} s  together", flush=True)
    if left:
        print(f"  not run after the failure: {left}", flush=True)
    return status


def main():
    """Run the list that the command line names."""
    try:
        stages = plan(sys.argv[1] if len(sys.argv) == 2 else "")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if not stages:
        print("Nothing to run.", file=sys.stderr)
        return 1
    return run(stages)


if __name__ == "__main__":
    sys.exit(main())
