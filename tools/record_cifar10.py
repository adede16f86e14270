"""What the CIFAR-10 recipe reaches, and what each of its parts brings, for chapter 53.

    python tools/record_cifar10.py fast [--seeds 3]    against the plain network; 20 minutes
    python tools/record_cifar10.py long [--seed 0]     the long run; 20 to 30 minutes on two cores
    python tools/record_cifar10.py steps [--seeds 3]   one part after the other; half an hour
    python tools/record_cifar10.py gpu [--seeds 3]     the long run's settings with JAX on a GPU

``steps`` trains on "train" and looks at "validation" only. The others train on both and score the
test images once a run; the plain network alone is scored after every epoch, since the time to its
best is asked for. Two clocks are recorded: the wall's, and that of the processor, summed over the
cores for this process only, which other work on the machine does not lengthen. A run that is
killed goes on when it is started again with the same ``--checkpoint`` folder.
"""

import argparse
import dataclasses
import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnn_tutorial import data, models, recipes, results, session, training

PLAIN_EPOCHS = 10
PLAIN_BATCH = 32
# What the recipe is made of, in the order in which it is put together; each keeps those before.
BARE = {
    "optimizer": "adam",
    "rate": 1e-2,  # of 0.001, 0.01 and 0.03 the best on the validation images
    "schedule": "constant",
    "whitening": False,
    "identity": False,
    "label_smoothing": 0.0,
    "flips": "none",
    "shift": 0,
    "small_epochs": 0,
    "flip_averaging": False,
}
STEPS = {
    "a rate that falls": {"schedule": "linear"},
    "Muon": {"optimizer": "muon", "rate": recipes.FAST.rate},
    "kernels that begin as the identity": {"identity": True},
    "whitened first layer": {"whitening": True},
    "label smoothing": {"label_smoothing": recipes.FAST.label_smoothing},
    "alternating flips": {"flips": "alternating"},
    "shifts": {"shift": recipes.FAST.shift},
    "smaller images first": {"small_epochs": 1},
    "flip averaging": {"flip_averaging": True},
}
STEPS_WIDTHS, STEPS_EPOCHS, STEPS_IMAGES = (16, 64, 64), 2, 15_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("fast", "long", "steps", "gpu"))
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--seed", type=int, default=0, help="of the long run")
    parser.add_argument("--checkpoint", help="folder of the long run, to go on if it is killed")
    options = parser.parse_args()
    session.start(seed=0, backend="jax" if options.what == "gpu" else "tensorflow")
    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("cnn_tutorial").setLevel(logging.INFO)
    command = f"python tools/record_cifar10.py {options.what}"
    name, device = f"cifar10_{options.what}", None
    if options.what == "long":
        found = record_long(options.seed, options.checkpoint)
        command += f" --seed {options.seed}"
        print(results.record_result(name, found, command=command, seeds=[options.seed]))
        return
    command += f" --seeds {options.seeds}"
    if options.what == "gpu":
        device = training.find_device()
        if device.kind != "gpu":
            sys.exit(f"{device}; nothing was recorded")
        device = device.name
    record = {"fast": record_fast, "steps": record_steps, "gpu": record_gpu}[options.what]
    for done, found in enumerate(record(range(options.seeds)), start=1):
        path = results.record_result(name, found, command=command, seeds=range(done), device=device)
        print(path, f"after {done} of {options.seeds} seeds", flush=True)


def record_fast(seeds):
    """The plain network, and the recipe's two short runs: what there is, after every seed."""
    test = data.load("cifar10", split="test")
    settings = {
        name: dataclasses.asdict(getattr(recipes, name.upper())) for name in ("sprint", "fast")
    }
    runs = []
    for seed in seeds:
        plain = train_plain(*data.load("cifar10", split="train+validation"), *test, seed=seed)
        runs.append({"seed": seed, "plain": plain})
        for name in ("SPRINT", "FAST"):
            runs[-1][name.lower()] = score_recipe(getattr(recipes, name), test, seed)
        yield {"settings": settings, "plain_epochs": PLAIN_EPOCHS, "runs": runs}


def train_plain(images, labels, test_images, test_labels, *, seed=0):
    """``make_cifar10_cnn`` with Adam, an epoch at a time, its test accuracy after each.

    Returns:
        dict of lists, an entry an epoch: ``"accuracy"``, and ``"seconds"`` and
        ``"processor_seconds"`` of training until then, that of the scoring left out.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = models.make_cifar10_cnn()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
    found = {"accuracy": [], "seconds": [], "processor_seconds": []}
    seconds = processor_seconds = 0.0
    for _ in range(PLAIN_EPOCHS):
        start = time.perf_counter(), time.process_time()
        model.fit(images, labels, batch_size=PLAIN_BATCH, verbose=0)
        seconds += time.perf_counter() - start[0]
        processor_seconds += time.process_time() - start[1]
        scores = model.evaluate(test_images, test_labels, batch_size=500, verbose=0)
        found["accuracy"].append(round(scores[1], 4))
        found["seconds"].append(round(seconds, 2))
        found["processor_seconds"].append(round(processor_seconds, 2))
    return found


def score_recipe(settings, test, seed, checkpoint=None):
    """A run of the recipe on all training images, the test images scored once."""
    run = recipes.train_cifar10(
        settings, split="train+validation", seed=seed, checkpoint=checkpoint, progress=False
    )
    return describe(run) | {"accuracy": round(run.score(*test), 4)}


def describe(run):
    """What a record keeps of a run."""
    kept = {name: [round(x, 4) for x in values] for name, values in run.history.items()}
    return {
        "parameters": run.model.count_params(),
        "seconds": round(run.seconds, 2),
        "processor_seconds": round(run.processor_seconds, 2),
        "history": kept,
    }


def record_long(seed, checkpoint):
    """The long run."""
    found = score_recipe(recipes.LONG, data.load("cifar10", split="test"), seed, checkpoint)
    return {"settings": dataclasses.asdict(recipes.LONG), "run": found}


def record_steps(seeds):
    """Accuracy on validation images, one part of the recipe after the other, after every seed."""
    validation = data.load("cifar10", split="validation")
    settings = dataclasses.replace(recipes.FAST, widths=STEPS_WIDTHS, epochs=STEPS_EPOCHS, **BARE)
    steps = []
    for name, change in [("nothing of it", {}), *STEPS.items()]:
        settings = dataclasses.replace(settings, **change)
        steps.append({"step": name, "settings": dataclasses.asdict(settings), "runs": []})
    for seed in seeds:
        run = None
        for step in steps:
            settings = recipes.CIFAR10(**step["settings"])
            if run is not None and step["step"] == "flip averaging":  # the same network, asked anew
                run = dataclasses.replace(run, settings=settings)
            else:
                run = recipes.train_cifar10(settings, limit=STEPS_IMAGES, seed=seed, progress=False)
            accuracy = round(run.score(*validation), 4)
            step["runs"].append(describe(run) | {"seed": seed, "accuracy": accuracy})
            print(seed, step["step"], accuracy, round(run.processor_seconds, 1), flush=True)
        yield {"split": "validation", "images": STEPS_IMAGES, "steps": steps}


def record_gpu(seeds):
    """The long run's settings, after every seed; the first update of each size is compilation."""
    test, runs = data.load("cifar10", split="test"), []
    for seed in seeds:
        found = score_recipe(recipes.LONG, test, seed)
        epochs = found["history"]["first_step"]
        begins = {0, recipes.LONG.small_epochs}  # epochs that begin with compilation
        compilation = sum(epochs[epoch] for epoch in begins)
        found |= {"seed": seed, "compilation_seconds": round(compilation, 2)}
        found["seconds_without"] = round(found["seconds"] - compilation, 2)
        runs.append(found)
        yield {"settings": dataclasses.asdict(recipes.LONG), "runs": runs}


if __name__ == "__main__":
    main()
