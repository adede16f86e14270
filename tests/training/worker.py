"""A training in a process of its own, which tests kill: BACKEND KIND CHECKPOINT RESULT.

It says ``training`` when the first step is about to begin, and writes the final weights, the
history and the optimiser's variables to RESULT.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

EPOCHS = 15


def main(backend, kind, checkpoint, result):
    from cnn_tutorial import session

    session.start(seed=0, backend=backend, threads=1)
    import keras
    import numpy as np

    from cnn_tutorial import training

    class Announce(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            print("training", epoch, flush=True)

    model = make_model(keras)
    images, labels = make_data(np)
    history = training.fit(
        model,
        make_train(kind, images, labels),
        (images[:30], labels[:30]),
        epochs=EPOCHS,
        checkpoint=None if checkpoint == "none" else checkpoint,
        callbacks=[Announce()],
        progress=False,
        seed=3,
        batch_size=16,
        schedule=lambda steps: training.one_cycle(0.2, steps),
        averaging=0.9,
    )
    values = {f"variable{i}": np.asarray(v) for i, v in enumerate(model.get_weights())}
    for place, variable in enumerate(model.optimizer.variables):
        values[f"optimizer{place}"] = keras.ops.convert_to_numpy(variable)
    for name, numbers in history.history.items():
        values[name] = np.array(numbers)
    np.savez(result, **values)


def make_model(keras):
    from cnn_tutorial import data

    layers = keras.layers

    # The first weights are fixed, since a reference run has no checkpoint to take them from.
    def start(seed):
        return keras.initializers.GlorotUniform(seed=seed)

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 255),
            data.RandomWarp(width_shift_range=0.1, height_shift_range=0.1, seed=1),
            layers.Conv2D(4, 3, kernel_initializer=start(1)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3, seed=2),
            layers.Dense(3, kernel_initializer=start(2)),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(momentum=0.9), loss, metrics=["accuracy"])
    return model


def make_data(np):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    images = rng.integers(0, 100, (90, 8, 8, 1)) + 60 * labels[:, None, None, None]
    return images.astype(np.uint8), labels


def make_train(kind, images, labels):
    from cnn_tutorial import data

    if kind == "arrays":
        return images, labels
    warp = data.RandomWarp(rotation_range=20, horizontal_flip=True, seed=1)
    return data.array_dataset(images, labels, batch_size=16, augment=warp)


if __name__ == "__main__":
    main(*sys.argv[1:])
