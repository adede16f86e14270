"""Train the network that reads digits in the page and in chapter 71, and export it.

    python tools/export_digits.py [--epochs 7] [--seed 0] [--reuse]

Trains on MNIST's training split (its validation split is looked at after every epoch), scores the
test split once, writes the weights (cnn_tutorial/static/digits.npz) and the network
(cnn_tutorial/static/digits.onnx), and records what came out in book/_results/digits.json.
``--reuse`` takes the weights that are there, and epochs and seed from their record.
"""

import argparse
import importlib.metadata
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnn_tutorial import data, digit_reader, export, models, results, session
from cnn_tutorial.models import pretrained

PARITY = 1e-5  # the most that a logit may differ
NONDIGITS = 1000  # letters and as many scribbles, of fonts and shapes that training never showed
LIBRARIES = ("tensorflow", "keras", "onnx", "onnxruntime", "tf2onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reuse", action="store_true", help="export the weights that are there")
    options = parser.parse_args()
    session.start(seed=options.seed)
    model, trained = (read if options.reuse else train)(options)
    images, labels = data.load("mnist", split="test")
    path = export.to_onnx(model, pretrained.WEIGHTS.with_suffix(".onnx"))
    logits = model.predict(images, batch_size=500, verbose=0)
    parity = export.check_parity(model, path, images)
    if not parity <= PARITY:
        sys.exit(f"exported logits differ from Keras's by {parity:.2g}; expected {PARITY} at most")
    found = {
        **score(model, images, logits, labels),
        "parity": parity,
        "largest logit": round(float(np.abs(logits).max()), 3),
        "parameters": model.count_params(),
        "bytes": path.stat().st_size,
        "threshold": digit_reader.THRESHOLD,
        "exported with": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "training": trained,
    }
    print(json.dumps(found, indent=1))
    print(record(options, found))


def train(options):
    """The trained model, its weights kept in digits.npz, and how the training went."""
    model = models.make_digit_cnn()
    images, labels = data.load("mnist", split="train")
    validation = data.load("mnist", split="validation")
    start, used = time.perf_counter(), time.process_time()
    history = digit_reader.train_digit_model(
        model, images, labels, validation=validation, epochs=options.epochs, seed=options.seed
    ).history
    trained = {
        "digits": len(images),
        "epochs": options.epochs,
        "seconds": round(time.perf_counter() - start, 1),
        "processor seconds": round(time.process_time() - used, 1),
        "validation accuracy": [round(float(value), 4) for value in history["val_accuracy"]],
    }
    np.savez(pretrained.WEIGHTS, *model.get_weights())
    record(options, {"training": trained})  # for --reuse, should the export fail
    return model, trained


def record(options, found):
    command = f"python tools/export_digits.py --epochs {options.epochs} --seed {options.seed}"
    return results.record_result("digits", found, command=command, seeds=[options.seed])


def read(options):
    """The model with the weights in digits.npz, and what the record says of their training."""
    before = results.load_result("digits")
    trained = before["results"]["training"]
    options.epochs, (options.seed,) = trained["epochs"], before["seeds"]
    return models.load_digit_cnn(), trained


def score(model, images, logits, labels):
    """What the network gets right of the test digits, and refuses of nondigits."""
    read = read_labels(images, logits)
    found = {
        "accuracy": mean(logits[:, :10].argmax(axis=1) == labels),
        "accuracy of all eleven": mean(logits.argmax(axis=1) == labels),
        "digits read": mean(read == labels),
        "digits refused": mean(read < 0),
    }
    for name in ("letters", "scribbles"):
        images = digit_reader.make_nondigits(**{name: NONDIGITS}, split="test", seed=0)
        answers = read_labels(images, model.predict(images, verbose=0))
        found[f"{name} refused"] = mean(answers < 0)
    return found


def read_labels(images, logits):
    """The digit that the reader answers for each image, or -1 where it refuses."""
    answers = digit_reader.recognize_digits(images[..., 0], lambda _: logits)
    return np.array([-1 if answer.label is None else answer.label for answer in answers])


def mean(flags):
    return round(float(np.mean(flags)), 4)


if __name__ == "__main__":
    main()
