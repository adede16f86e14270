"""The callback that measures a training."""

import logging
import time
from types import SimpleNamespace

import keras

_log = logging.getLogger(__name__)


class Clock(keras.callbacks.Callback):
    """Keeps what every epoch took and reached; ``training.fit`` saves that with a checkpoint.

    Attributes:
        history: dict of lists, see ``Run``.
    """

    async_safe = True  # otherwise Keras waits for the device at every step

    def __init__(self):
        super().__init__()
        names = ("loss", "accuracy", "seconds", "processor_seconds", "first_step")
        self.history = {name: [] for name in names}
        # Not a number, and so not saved: clocks of another process mean nothing here.
        self._now = SimpleNamespace(begun=None, stepped=None)

    @property
    def epochs(self):
        """Epochs that are finished."""
        return len(self.history["loss"])

    def start(self):
        """Let the clock run, if it does not: what prepares an epoch counts in its time."""
        self._now.begun = self._now.begun or _read()

    def on_epoch_begin(self, epoch, logs=None):
        """Begin to measure, unless what prepares the epoch was measured before."""
        self.start()
        self._now.stepped = None

    def on_train_batch_begin(self, batch, logs=None):
        """In the main thread: at the second step the first is compiled and on its way."""
        if batch == 1:
            self._now.stepped = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Note what the epoch took; Keras has waited for its loss."""
        seconds, processor_seconds = _read()
        begun = self._now.begun
        noted = {
            "loss": float(logs["loss"]),
            "accuracy": float(logs["accuracy"]),
            "seconds": seconds - begun[0],
            "processor_seconds": processor_seconds - begun[1],
            "first_step": (self._now.stepped or seconds) - begun[0],
        }
        for name, value in noted.items():
            self.history[name].append(value)
        self._now.begun = None
        words = "epoch %d: loss %.4f, accuracy %.4f, %.1f s, of processor time %.1f s"
        _log.info(words, self.epochs, *list(noted.values())[:4])


def _read():
    return time.perf_counter(), time.process_time()
