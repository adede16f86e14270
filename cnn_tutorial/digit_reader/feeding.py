"""Batches of digits, jittered anew in every epoch: what ``train_digit_model`` trains on."""

import keras
import numpy as np

from cnn_tutorial.digit_reader.training import jitter


class JitteredDigits(keras.utils.PyDataset):
    """Images in an order, and with small distortions, that depend on the seed and the epoch.

    Args:
        images: uint8 array ``(N, 28, 28, 1)``.
        labels: array ``(N, …)``, whatever the loss takes.
        batch_size: int; a last batch that is smaller is left out.
        seed: int, not negative.
    """

    def __init__(self, images, labels, *, batch_size, seed):
        super().__init__()
        self.images, self.labels = images, labels
        self.batch_size, self.seed, self.epoch = min(batch_size, len(images)), seed, 0
        self.on_epoch_end()

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, step):
        chosen = self._order[step * self.batch_size : (step + 1) * self.batch_size]
        rng = np.random.default_rng((self.seed, self.epoch, step))
        return jitter(self.images[chosen], rng).astype(np.float32), self.labels[chosen]

    def on_epoch_end(self):
        """Another order, and other distortions."""
        self.epoch += 1
        self._order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.images))
