"""Train the network that reads digits in the page and in chapter 71, and export it.

    python tools/export_digits.py [--epochs 6] [--seed 0] [--reuse]

Trains on MNIST's training split (its validation split is looked at after every epoch), scores the
test split once, writes the weights (cnn_tutorial/static/digits.npz) and the network
(cnn_tutorial/static/digits.onnx), and records what came out in book/_results/digits.json.
``--reuse`` takes the weights that are there and trains nothing.
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

STATIC = Path(models.__file__).resolve().parents[1] / "static"
PARITY = 1e-5  # of the largest logit, the book's meaning of «equal to 1e-5»
SIGNS = 1000  # letters and as many scribbles, of fonts and shapes that training never showed
LIBRARIES = ("tensorflow", "keras", "onnx", "onnxruntime", "tf2onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reuse", action="store_true", help="export the weights that are there")
    options = parser.parse_args()
    session.start(seed=options.seed)
    model, trained = (read if options.reuse else train)(options)
    images, labels = data.load("mnist", split="test")
    path = export.to_onnx(model, STATIC / "digits.onnx")
    logits = model.predict(images, batch_size=500, verbose=0)
    parity, largest = export.check_parity(model, path, images), float(np.abs(logits).max())
    if not parity <= PARITY * largest:
        sys.exit(f"the exported logits, up to {largest:.3g}, differ from Keras's by {parity:.2g}")
    found = {
        **score(model, logits, labels),
        "parity": parity,
        "largest logit": round(largest, 3),
        "parity of the largest logit": parity / largest,
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
    np.savez(STATIC / "digits.npz", *model.get_weights())
    record(options, {"training": trained})  # for --reuse, should the export fail
    return model, trained


def record(options, found):
    command = f"python tools/export_digits.py --epochs {options.epochs} --seed {options.seed}"
    return results.record_result("digits", found, command=command, seeds=[options.seed])


def read(options):
    """The model with the weights in digits.npz, and what the record says of their training."""
    trained = results.load_result("digits")["results"]["training"]
    if trained["epochs"] != options.epochs:
        sys.exit(f"the weights were trained for {trained['epochs']} epochs: give that number")
    return models.load_digit_cnn(), trained


def score(model, logits, labels):
    """What the network gets right of the test digits, and refuses of signs that are none."""
    empty = np.zeros((0, 28, 28, 1), np.uint8)
    found = {
        "accuracy": mean(logits[:, :10].argmax(axis=1) == labels),
        "accuracy of all eleven": mean(logits.argmax(axis=1) == labels),
        "digits read": mean(accepted(logits) == labels),
        "digits refused": mean(accepted(logits) < 0),
    }
    for name, counts in (("letters", (SIGNS, 0, 0)), ("scribbles", (0, SIGNS, 0))):
        signs = digit_reader.make_others(counts, empty, split="test", seed=0)
        found[f"{name} refused"] = mean(accepted(model.predict(signs, verbose=0)) < 0)
    return found


def accepted(logits):
    """The digit that the page and the reader answer, or -1 where they refuse."""
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs = exps / exps.sum(axis=1, keepdims=True)
    best = probs.argmax(axis=1)
    sure = probs.max(axis=1) >= digit_reader.THRESHOLD
    return np.where(sure & (best != digit_reader.NOT_A_DIGIT), best, -1)


def mean(flags):
    return round(float(np.mean(flags)), 4)


if __name__ == "__main__":
    main()
