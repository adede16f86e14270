"""Scanning a folder of photographs, every file decoded whole: ``make bench`` runs it.

It stops with an error when the scan of 20,000 JPEG files of 400×320 pixels goes through fewer
than 1,000 files a second on two cores, or takes 300 MB or more, in each of ATTEMPTS processes of
their own. The files are the photographs of cats and dogs, resized, under several names each and
made different by a comment. Comparing as many different fingerprints is timed apart, and has to
be done within SECONDS.
"""

import io
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

FILES = 20_000
SIZE = (400, 320)  # width, height
CORES = 2
FILES_A_SECOND = 1_000
MEGABYTES = 300
SECONDS = 5
ATTEMPTS = 3


def main():
    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder))
        for _ in range(ATTEMPTS):
            command = [sys.executable, __file__, folder]
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            speed, comparing, memory = map(float, result.stdout.split())
            print(
                f"{FILES:,} files of {SIZE[0]}×{SIZE[1]}: {speed:,.0f} a second on "
                f"{min(CORES, len(os.sched_getaffinity(0)))} cores, {memory:.0f} MB at most; "
                f"comparing as many fingerprints takes {comparing:.1f} s",
                flush=True,
            )
            if speed >= FILES_A_SECOND and memory < MEGABYTES and comparing < SECONDS:
                return
    sys.exit(
        f"below {FILES_A_SECOND} files a second, {MEGABYTES} MB or more, "
        f"or more than {SECONDS} s for the fingerprints"
    )


def make_folder(folder):
    """FILES different JPEG files in two classes."""
    from PIL import Image

    from cnn_tutorial import data

    originals = sorted(data.fetch_folder("cats_dogs").glob("*/*.jpg"))[:1000]
    copies = -(-FILES // len(originals))
    written = 0
    for number, original in enumerate(originals):
        buffer = io.BytesIO()
        with Image.open(original) as image:
            image.convert("RGB").resize(SIZE).save(buffer, "JPEG", quality=85)
        content = buffer.getvalue()
        target = folder / original.parent.name
        target.mkdir(exist_ok=True)
        for copy in range(min(copies, FILES - written)):
            # A comment after the two bytes with which every JPEG file begins.
            text = f"copy {copy}".encode()
            comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
            (target / f"{number}_{copy}.jpg").write_bytes(content[:2] + comment + content[2:])
            written += 1


def scan(folder):
    """Print files a second, seconds for the fingerprints, and the process's memory in MB."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    from cnn_tutorial.data.folders import find_duplicates, scan_folder
    from cnn_tutorial.data.folders.duplicates import MAX_DISTANCE, find_alike

    start = time.perf_counter()
    report = scan_folder(folder, progress=False)
    scanned = time.perf_counter()
    if len(report) != FILES or not find_duplicates(report):
        sys.exit(f"expected {FILES} usable files with copies among them; found {report!r}")
    different = np.random.default_rng(0).integers(0, 2**64, FILES, np.uint64)
    compared = time.perf_counter()
    find_alike(different, MAX_DISTANCE)
    print(
        FILES / (scanned - start),
        time.perf_counter() - compared,
        find_peak(),
    )


def find_peak():
    """The most memory in MB that this process has had.

    Linux counts it in VmHWM from the program's start. What ``getrusage`` says there is at least
    what the process that started this one had at that moment.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        scan(sys.argv[1])
    else:
        main()
