"""The CIFAR-10 recipe against the plain network, in one run: ``make bench`` runs it.

    python tests/benchmarks/bench_cifar10.py

The network of chapter 41 is trained for ten epochs with Adam and batches of 32, the test accuracy
taken after each; then come the recipe's two short runs, ``SPRINT`` and ``FAST``, the test images
scored once each. It stops with an error when ``SPRINT`` needs more than SHARE of the time in which
the plain network reaches its best, or reaches less; or when ``FAST`` needs longer than the ten
epochs, or reaches less than ACCURACY.

The limits hold for processor time, which counts for this process alone: what else the machine does
does not change it, and of the wall's clock the recipe needs an even smaller part, since its large
batches keep all cores busy. Both are printed.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

SHARE = 1 / 5  # of the time to the plain network's best
ACCURACY = 0.82


def main():
    import record_cifar10

    from cnn_tutorial import data, recipes, session

    session.start(seed=0)
    test = data.load("cifar10", split="test")
    plain = record_cifar10.train_plain(*data.load("cifar10", split="train+validation"), *test)
    best = max(plain["accuracy"])
    at = plain["accuracy"].index(best)
    show("plain network, its best", best, plain["processor_seconds"][at], plain["seconds"][at])
    last = {name: plain[name][-1] for name in ("processor_seconds", "seconds")}
    show("plain network, ten epochs", plain["accuracy"][-1], *last.values())
    sprint, fast = (
        record_cifar10.score_recipe(settings, test, seed=0)
        for settings in (recipes.SPRINT, recipes.FAST)
    )
    for name, found in (("SPRINT", sprint), ("FAST", fast)):
        show(name, found["accuracy"], found["processor_seconds"], found["seconds"])
    failures = []
    share = sprint["processor_seconds"] / plain["processor_seconds"][at]
    if sprint["accuracy"] < best or share > SHARE:
        failures.append(f"SPRINT has {sprint['accuracy']:.1%} in {share:.2f} of the time to {best}")
    if fast["accuracy"] < ACCURACY:
        failures.append(f"FAST has {fast['accuracy']:.1%}, less than {ACCURACY:.0%}")
    share = fast["processor_seconds"] / last["processor_seconds"]
    if share > 1:
        failures.append(f"FAST needs {share:.2f} times the ten epochs")
    if failures:
        sys.exit("; ".join(failures))


def show(name, accuracy, processor_seconds, seconds):
    print(
        f"{name:<26}{accuracy:7.2%} of the test images, after {processor_seconds:6.1f} s of "
        f"processor time, {seconds:6.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
