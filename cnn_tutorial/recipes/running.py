"""``train_cifar10``: from settings to a trained network, by ``training.fit``."""

from dataclasses import dataclass

import numpy as np

from cnn_tutorial import data, training
from cnn_tutorial.recipes.predicting import predict_with_flips, shrink
from cnn_tutorial.recipes.settings import CIFAR10, FAST, SIDE
from cnn_tutorial.recipes.whitening import find_whitening

_WHITENED = 5_000  # images that the filters of the first layer are computed from


@dataclass(frozen=True)
class Run:
    """A finished training of the recipe.

    Attributes:
        model: ``keras.Model``.
        settings: ``CIFAR10``.
        history: dict of lists, an entry an epoch: ``"loss"``, ``"accuracy"`` (of the training
            images as they were augmented), ``"seconds"`` and ``"processor_seconds"`` that the
            epoch took, ``"first_step"``, the seconds of its first update, in which a network is
            compiled where it has to be.
        seconds: float, of all epochs by the clock, those of interrupted runs included.
        processor_seconds: float, the same summed over the cores, for this process only.
    """

    model: object
    settings: CIFAR10
    history: dict
    seconds: float
    processor_seconds: float

    def predict(self, images):
        """Logits (N, classes), averaged over the views that the settings ask for.

        Args:
            images: uint8 array (N, 32, 32, 3).
        """
        if self.settings.final_side != SIDE:
            images = shrink(images, self.settings.final_side)
        if not self.settings.flip_averaging:
            return self.model.predict(images, batch_size=500, verbose=0)
        return predict_with_flips(self.model, images, shift=self.settings.shift_averaging)

    def score(self, images, labels):
        """The part of the images (N, H, W, 3) whose largest logit is that of the label."""
        return float(np.mean(self.predict(images).argmax(axis=1) == labels))


def train_cifar10(
    settings=FAST, *, split="train", limit=None, seed=0, checkpoint=None, progress=True
):
    """Train the recipe's network on CIFAR-10.

    What it is made of stands in ``settings``. Making images smaller, finding the whitening
    filters and the first compilation count in the time of the run; loading the data does not.

    Args:
        settings: ``CIFAR10``; ``SPRINT``, ``FAST`` and ``LONG`` are those of the book.
        split: ``"train"`` while settings are compared on ``"validation"``, or
            ``"train+validation"`` for the one run whose test accuracy is reported.
        limit: int, a class-balanced number of images to train on; None for all.
        seed: int, of the first weights, the order of the images and their augmentation.
        checkpoint: path of a folder in which the training is saved after every epoch; run again
            with the same arguments it goes on from there. None to save nothing.
        progress: bool, whether to show a bar.

    Returns:
        ``Run``.

    Raises:
        TypeError: if ``settings`` are not ``CIFAR10``.
        ValueError: if ``split`` is ``"test"``, or there is less than a batch of images.

    Reference:
        Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024).

    Example:
        >>> run = train_cifar10(FAST, split="test")
        Traceback (most recent call last):
        ...
        ValueError: split must be 'train' or 'train+validation'; received 'test'
    """
    if not isinstance(settings, CIFAR10):
        raise TypeError(f"settings must be a CIFAR10; received {type(settings).__name__}")
    if split not in ("train", "train+validation"):
        raise ValueError(f"split must be 'train' or 'train+validation'; received {split!r}")
    images, labels = data.load("cifar10", split=split, limit=limit)
    if settings.batch_size > len(images):
        raise ValueError(
            f"settings: batch_size must be at most the number of images, {len(images)}; "
            f"received {settings.batch_size}"
        )
    return _train(settings, images, labels, seed, checkpoint, progress)


def _train(settings, images, labels, seed, checkpoint, progress):
    from cnn_tutorial.recipes.clock import Clock
    from cnn_tutorial.recipes.feeding import AugmentedBatches

    clock = Clock()
    clock.start()
    batches = len(images) // settings.batch_size
    model = make_model(settings, images, updates=settings.epochs * batches, seed=seed)
    for last, side in _list_phases(settings, checkpoint):
        clock.start()
        train = AugmentedBatches(
            images if side == SIDE else shrink(images, side),
            labels,
            batch_size=settings.batch_size,
            flips=settings.flips,
            shift=settings.shift,
            seed=seed,
        )
        train.first_epoch = 0 if checkpoint else clock.epochs
        training.fit(
            model,
            train,
            epochs=last if checkpoint else last - clock.epochs,
            checkpoint=checkpoint,
            callbacks=[clock],
            averaging=settings.averaging,
            progress=progress,
            seed=seed,
        )
    kept = clock.history
    return Run(model, settings, kept, sum(kept["seconds"]), sum(kept["processor_seconds"]))


def make_model(settings, images, *, updates, seed=0):
    """The network whitened for some images, compiled with optimiser, schedule and loss.

    Args:
        settings: ``CIFAR10``.
        images: uint8 array (N, 32, 32, 3), the training images.
        updates: int, of the whole training: at the last of them a falling rate is zero.
        seed: int, of the first weights.

    Returns:
        ``keras.Model``, ready for ``training.fit`` with one-hot labels.
    """
    import keras

    from cnn_tutorial.recipes.network import make_network

    model = make_network(settings, seed=seed)
    if settings.whitening:
        model.get_layer("whiten").kernel.assign(find_whitening(images[:_WHITENED]))
    loss = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=settings.label_smoothing
    )
    model.compile(_make_optimizer(settings, updates), loss, metrics=["accuracy"])
    return model


def _make_optimizer(settings, updates):
    import keras

    from cnn_tutorial.recipes.optimizer import MuonSGD

    peak = 1.0 if settings.optimizer == "muon" else settings.rate
    rate = peak
    if settings.schedule == "linear":
        rate = training.one_cycle(peak, updates, rise=0, start=1)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    size = settings.batch_size
    return MuonSGD(
        rate,
        kernel_rate=settings.rate,
        # For the mean over a batch, which is Keras's loss; and logits are divided by the width.
        bias_rate=settings.bias_rate * size,
        head_rate=settings.head_rate * size * settings.widths[-1] / 256,
        decay=settings.weight_decay * size,
    )


def _list_phases(settings, checkpoint):
    """[(last epoch, pixels a side)], without those that a checkpoint has behind it."""
    phases = [(settings.small_epochs, settings.small_side), (settings.epochs, SIDE)]
    if settings.small_epochs == settings.epochs:
        phases.pop()
    done = training.count_epochs(checkpoint) if checkpoint is not None else 0
    return [phase for phase in phases if phase[0] > done] or phases[-1:]
