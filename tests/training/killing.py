"""What the tests and the benchmark of SIGKILL share: processes started, killed, compared."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

WORKER = Path(__file__).with_name("worker.py")
LIMIT = 300  # seconds a process may take


def start(backend, kind, checkpoint, result):
    """A process that trains, once it has begun to, and when that was."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        [sys.executable, str(WORKER), backend, kind, str(checkpoint), str(result)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    line = process.stdout.readline()
    return process, line, time.monotonic()


def finish(process):
    """Wait for the end, and say what went wrong if something did."""
    _, errors = process.communicate(timeout=LIMIT)
    if process.returncode:
        raise RuntimeError(errors[-3000:])


def run(backend, kind, checkpoint, result):
    """Train to the end; the seconds that training took, and the results."""
    process, _, began = start(backend, kind, checkpoint, result)
    finish(process)
    return time.monotonic() - began, np.load(result)


def kill(backend, kind, checkpoint, result, seconds):
    """Begin (or go on), and be killed after so many seconds of training; whether it was."""
    process, line, _ = start(backend, kind, checkpoint, result)
    if line:  # nothing is left to train if the kill before this came after the last epoch
        time.sleep(seconds)
    process.kill()
    process.communicate(timeout=LIMIT)
    return process.returncode < 0


def find_differences(one, other):
    """Names of the arrays that are not equal bit for bit."""
    assert set(one.files) == set(other.files)
    return [name for name in one.files if one[name].tobytes() != other[name].tobytes()]
