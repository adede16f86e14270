"""Measure what chapters cost: ``python tools/measure_notebooks.py [NOTEBOOK…]``.

Each notebook runs in a fresh kernel, from its start to its end by the wall clock, while the
memory of the kernel and of every process below it is added up ten times a second. The record goes
to ``book/_results/chapters.json``, from which the execution status page is made, and into the
**Time and memory** line of the chapter's first cell; its outputs stay as they are. ``--check`` runs
nothing: it compares the record with the chapters and with the limits of design.md.
"""

import argparse
import datetime
import json
import math
import platform
import re
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import joblib
import psutil
from run_notebooks import ROOT, CellFailed, execute, find_notebooks, normalise, read, write

RESULTS = ROOT / "book" / "_results" / "chapters.json"
# design.md, Notebooks and nbval: seconds, megabytes (more where a chapter starts processes).
SECONDS, SECONDS_IN_PART_7, ALL_SECONDS = 60, 90, 25 * 60
PEAK_MB, PEAK_MB_WITH_PROCESSES = 3000, 5000
SAMPLE_EVERY = 0.1  # seconds
LINE = re.compile(r"^\*\*Time and memory:\*\*.*$", re.MULTILINE)
WORDS = {1: "one CPU core", 2: "two CPU cores", 4: "four CPU cores", 8: "eight CPU cores"}


class MemoryWatch:
    """The largest sum of resident memory that the processes below this one reach.

    Pages that two processes share are counted twice, so the sum errs on the large side.

    Example:
        >>> with MemoryWatch() as watch:
        ...     pass
        >>> watch.peak_mb >= 0
        True
    """

    def __enter__(self):
        self.peak_mb, self.processes = 0.0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()

    def _sample(self):
        this = psutil.Process()
        while not self._over.wait(SAMPLE_EVERY):
            resident = []
            for process in this.children(recursive=True):
                try:
                    resident.append(process.memory_info().rss)
                except psutil.Error:  # it ended between the two calls
                    continue
            self.peak_mb = max(self.peak_mb, sum(resident) / 1e6)
            self.processes = max(self.processes, len(resident))


def measure(path):
    """Run a notebook and say what it took.

    Args:
        path: Path of the notebook; the file is not changed.

    Returns:
        dict: name, title, seconds, peak_mb, processes (the most at one time, the kernel among
        them), date, processor, cores, python, tensorflow, keras, passed.
    """
    path = Path(path)
    notebook = read(path)
    start = time.perf_counter()
    passed = True
    with MemoryWatch() as watch:
        try:
            execute(notebook, path.parent)
        except CellFailed as error:
            passed = False
            print(f"{path.stem}: {error}", file=sys.stderr)
    return {
        "name": path.stem,
        "title": notebook.cells[0].source.splitlines()[0].removeprefix("# ").strip(),
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mb": round(watch.peak_mb),
        "processes": watch.processes,
        "date": datetime.date.today().isoformat(),
        "processor": processor_name(),
        "cores": joblib.cpu_count(),  # those that this process may use, containers' limits too
        "python": platform.python_version(),
        "tensorflow": _version("tensorflow"),
        "keras": _version("keras"),
        "passed": passed,
    }


def processor_name():
    """The processor's model as the system names it."""
    try:
        found = re.search(
            r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def time_line(record):
    """The line of a chapter's first cell, rounded up: nobody should have to wait longer.

    Example:
        >>> time_line({"seconds": 36.2, "peak_mb": 1320, "cores": 2, "date": "2026-11-23"})
        '**Time and memory:** about 40 s and 1.4 GB on two CPU cores, measured 2026-11-23'
    """
    seconds = max(5, 5 * math.ceil(record["seconds"] / 5))
    gigabytes = math.ceil(record["peak_mb"] / 100) / 10
    cores = WORDS.get(record["cores"], f"{record['cores']} CPU cores")
    return (
        f"**Time and memory:** about {seconds} s and {gigabytes:.1f} GB on {cores}, "
        f"measured {record['date']}"
    )


def write_line(path, record):
    """Put the measured line into a chapter's first cell, and change nothing else.

    Args:
        path: Path of the notebook.
        record: dict as ``measure`` returns it.

    Raises:
        ValueError: if the first cell has no such line.
    """
    notebook = read(path)
    source, count = LINE.subn(lambda found: time_line(record), notebook.cells[0].source)
    if count != 1:
        raise ValueError(
            f"{path}: cell 1 must have one line **Time and memory:** …; it has {count}"
        )
    notebook.cells[0].source = source
    write(path, normalise(notebook))


def find_excess(records):
    """Where chapters take more than design.md grants.

    Args:
        records: list of dict as ``measure`` returns them.

    Returns:
        list of str, one a finding.
    """
    found = []
    for record in records:
        name = record["name"]
        seconds = SECONDS_IN_PART_7 if name.startswith("7") else SECONDS
        megabytes = PEAK_MB_WITH_PROCESSES if record["processes"] > 1 else PEAK_MB
        if not record["passed"]:
            found.append(f"{name}: a cell fails")
        if record["seconds"] > seconds:
            found.append(f"{name}: {record['seconds']:.0f} s, {seconds} s at the most")
        if record["peak_mb"] > megabytes:
            found.append(f"{name}: {record['peak_mb']} MB, {megabytes} MB at the most")
    total = sum(record["seconds"] for record in records)
    if total > ALL_SECONDS:
        found.append(f"all chapters: {total:.0f} s, {ALL_SECONDS} s at the most")
    return found


def find_stale(records, paths):
    """Where the record and the chapters disagree.

    Args:
        records: list of dict.
        paths: list of Path, every chapter.

    Returns:
        list of str, one a finding.
    """
    known = {record["name"]: record for record in records}
    found = [f"{name}: recorded, but no such chapter" for name in known]
    for path in paths:
        record = known.get(path.stem)
        if record is None:
            found.append(f"{path.stem}: never measured")
            continue
        found.remove(f"{path.stem}: recorded, but no such chapter")
        first = read(path).cells[0].source
        if time_line(record) not in first.splitlines():
            found.append(f"{path.stem}: cell 1 does not say what was measured")
        if first.splitlines()[0] != f"# {record['title']}":
            found.append(f"{path.stem}: measured under another title")
    return found


def load_records(results=RESULTS):
    """The records as they stand, sorted by name; empty where there is no file."""
    return json.loads(results.read_text("utf-8")) if results.exists() else []


def store_record(record, chapters, results=RESULTS):
    """Put a chapter's record in place of its last one, in one step.

    Args:
        record: dict as ``measure`` returns it.
        chapters: set of str, the names of all chapters; records of others are dropped.
        results: Path of the file.
    """
    kept = [
        other
        for other in load_records(results)
        if other["name"] in chapters and other["name"] != record["name"]
    ]
    ordered = sorted([*kept, record], key=lambda each: each["name"])
    results.parent.mkdir(parents=True, exist_ok=True)
    temporary = results.with_suffix(".part")
    temporary.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(results)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="names or paths; without any, all of them")
    parser.add_argument(
        "--check", action="store_true", help="run nothing: compare what is recorded"
    )
    options = parser.parse_args(arguments)
    try:
        paths = find_notebooks(options.notebooks)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if not options.check:
        for path in paths:
            record = measure(path)
            store_record(record, {path.stem for path in find_notebooks([])})
            if record["passed"]:
                write_line(path, record)
            print(
                f"{path.stem:<28} {record['seconds']:6.1f} s {record['peak_mb']:6d} MB "
                f"{record['processes']} processes",
                flush=True,
            )
    records = load_records()
    findings = [*find_excess(records), *find_stale(records, find_notebooks([]))]
    for finding in findings:
        print(finding)
    return 1 if findings or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
