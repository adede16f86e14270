"""What augmentation brings on real photographs, at equal time: chapter 32 draws the record.

    python tools/record_augmentation.py [--seconds 80] [--seeds 5]

Cats against dogs, 48×48 pixels, a small network from scratch. For every seed (which decides the
split, the first weights and the order) two trainings, one with RandomWarp, one without. They
take turns, epoch by epoch, until each has used its seconds of processor time, summed over the
cores and counted for this process only: what else the machine does meanwhile falls on both alike.
After each epoch the accuracy on the validation photographs, which are never augmented, is taken,
and the clock does not run meanwhile. Only training counts.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnn_tutorial import data, results, session

IMAGE_SIZE = 48
VALIDATION = 0.3
RANGES = {
    "rotation_range": 15,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "shear_range": 5,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "reflect",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=80, help="of processor time, each run")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    session.start(seed=0)
    folder = data.fetch_folder("cats_dogs")
    if (folder / "STAND_IN.txt").exists():
        sys.exit("the record is to be made with the real photographs")
    report = data.scan_folder(folder, progress=False)
    print(report.summary())
    runs = []
    for seed in range(options.seeds):
        for run in train_pair(report, seed, options.seconds):
            runs.append(run)
            print(seed, run["augmented"], len(run["accuracy"]), "epochs:", run["accuracy"][-1])
    found = {
        "photographs": len(report.files),
        "validation": VALIDATION,
        "image_size": IMAGE_SIZE,
        "seconds": options.seconds,
        "ranges": RANGES,
        "runs": runs,
    }
    command = f"python tools/record_augmentation.py --seconds {options.seconds:g}"
    command += f" --seeds {options.seeds}"
    path = results.record_result("augmentation", found, command=command, seeds=range(options.seeds))
    print(path)


def train_pair(report, seed, seconds):
    """Two runs, without and with: {"seed", "augmented", "seconds", "accuracy", "training"}.

    The last three are lists, an entry an epoch; ``"seconds"`` of processor time add up.
    """
    pair = [prepare(report, seed, is_augmented) for is_augmented in (False, True)]
    runs = [
        {"seed": seed, "augmented": is_augmented, "seconds": [], "accuracy": [], "training": []}
        for is_augmented in (False, True)
    ]
    used = [0.0, 0.0]
    while min(used) < seconds:
        for k, (model, train_set, validation) in enumerate(pair):
            if used[k] >= seconds:
                continue
            start = time.process_time()
            history = model.fit(train_set, epochs=1, verbose=0, shuffle=False).history
            used[k] += time.process_time() - start
            accuracy = model.evaluate(validation, verbose=0, return_dict=True)["accuracy"]
            runs[k]["seconds"].append(round(used[k], 2))
            runs[k]["training"].append(round(float(history["accuracy"][0]), 4))
            runs[k]["accuracy"].append(round(float(accuracy), 4))
    return runs


def prepare(report, seed, is_augmented):
    """A network with its first weights, compiled, and its two datasets, decoded."""
    import keras

    keras.utils.set_random_seed(seed)
    how = {
        "image_size": IMAGE_SIZE,
        "validation": VALIDATION,
        "test": 0.0,
        "cache": "memory",
        "seed": seed,
    }
    augment = data.RandomWarp(**RANGES) if is_augmented else None
    train_set = data.folder_dataset(report, augment=augment, **how)
    validation = data.folder_dataset(report, split="validation", batch_size=100, **how)
    model = make_model()
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    )
    # Everything is compiled and the photographs are decoded before the clock starts.
    first_weights = model.get_weights()
    model.fit(train_set, validation_data=validation, epochs=1, verbose=0, shuffle=False)
    model.set_weights(first_weights)
    for variable in model.optimizer.variables:
        if variable.name != "learning_rate":
            variable.assign(keras.ops.zeros_like(variable))
    return model, train_set, validation


def make_model():
    """Four convolutions with pooling, dropout, one logit."""
    import keras

    layers = keras.layers
    model = keras.Sequential([keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3)), layers.Rescaling(1 / 255)])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(1))
    return model


if __name__ == "__main__":
    main()
