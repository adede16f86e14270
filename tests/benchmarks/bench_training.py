"""``training.fit`` against bare ``model.fit``, and twenty SIGKILLs: ``make bench`` runs it.

    python tests/benchmarks/bench_training.py [overhead|kills] [tensorflow|jax]

It stops with an error when ``fit`` takes more than LIMIT times as long as ``model.fit`` on the
same data, with a checkpoint after every epoch and progress counted, by the median of the ratios
of neighbouring turns, in each of ATTEMPTS measurements; or when one of KILLS trainings that are
killed at a random moment, and started again, does not end with the weights of one that was not.
"""

import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

LIMIT = 1.03  # times model.fit's time
ATTEMPTS = 3
ROUNDS = 6  # in each, both are timed once
# An epoch of MNIST has nearly three times as many images. Beginning and each checkpoint cost a
# tenth of a second together, which epochs of less than a second would show.
EPOCHS, IMAGES, BATCH = 3, 19_200, 32
KILLS = 20
BACKENDS = ("tensorflow", "jax")


def main():
    words = sys.argv[1:]
    what = [word for word in words if word in ("overhead", "kills")] or ["overhead", "kills"]
    backends = [word for word in words if word in BACKENDS] or BACKENDS
    failures = []
    if "overhead" in what:
        from cnn_tutorial import session

        print(f"{EPOCHS} epochs of {IMAGES // BATCH} steps, LeNet-5, seconds (median)")
        for backend in backends:
            failures += session.run_with(backend, measure_backend, backend, timeout=1800)
    if "kills" in what:
        for backend in backends:
            failures += kill_often(backend)
    if failures:
        sys.exit("; ".join(failures))


def measure_backend(backend):
    """What was too slow on a backend; runs in a process of its own."""
    from cnn_tutorial import session

    session.start(seed=0, backend=backend)
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 28, 28, 1)).astype(np.uint8)
    labels = rng.integers(0, 10, IMAGES)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(BATCH).cache().prefetch(2)
    failures = []
    for kind, train in (("dataset", dataset), ("arrays", (images, labels))):
        for _ in range(ATTEMPTS):
            bare, ours, ratio = measure(train)
            print(f"{backend:>10} {kind:>8} {bare:8.2f} {ours:8.2f} {ratio:8.3f}", flush=True)
            if ratio <= LIMIT:
                break
        else:
            failures.append(f"{kind} on {backend}: {ratio:.3f} times model.fit's time")
    return failures


def measure(train):
    """Median seconds of both, and the median of the ratios of turns that follow each other."""
    import keras

    from cnn_tutorial import models, training

    made = [models.make_lenet5() for _ in range(2)]
    for model in made:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    arrays = isinstance(train, tuple)
    data = {"x": train[0], "y": train[1], "batch_size": BATCH} if arrays else {"x": train}

    def bare(epochs):
        made[0].fit(**data, epochs=epochs, verbose=0)

    def ours(epochs):
        with tempfile.TemporaryDirectory() as folder:
            training.fit(made[1], train, epochs=epochs, checkpoint=folder, batch_size=BATCH)

    bare(1)
    ours(1)
    times = []
    for turn in range(ROUNDS):
        pair = [(0, bare), (1, ours)]
        taken = [0.0, 0.0]
        for place, function in pair if turn % 2 else pair[::-1]:
            start = time.perf_counter()
            function(EPOCHS)
            taken[place] = time.perf_counter() - start
        times.append(taken)
    times = np.array(times)
    return *np.median(times, axis=0), np.median(times[:, 1] / times[:, 0])


def kill_often(backend):
    """Train, be killed at a random moment, go on, and compare; KILLS times."""
    path = ROOT / "tests" / "training" / "killing.py"
    spec = importlib.util.spec_from_file_location("killing", path)
    killing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(killing)
    rng = np.random.default_rng(0)
    same = killed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took, whole = killing.run(backend, "dataset", "none", folder / "whole.npz")
        for turn in range(KILLS):
            checkpoint = folder / str(turn)
            seconds = rng.uniform(0, took)
            killed += killing.kill(backend, "dataset", checkpoint, folder / "killed.npz", seconds)
            _, resumed = killing.run(backend, "dataset", checkpoint, folder / f"{turn}.npz")
            different = killing.find_differences(whole, resumed)
            same += not different
            saved = f"killed after {seconds:.2f} of {took:.2f} s"
            print(f"{backend}, {saved}: {'other ' + different[0] if different else 'the same'}")
    print(f"{backend}: {killed} killed, {same} of {KILLS} end with the same weights", flush=True)
    return [] if same == KILLS else [f"{backend}: {KILLS - same} of {KILLS} ended elsewhere"]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
