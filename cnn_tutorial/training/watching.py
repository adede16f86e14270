"""What looks on while a model trains: progress, NaN, an interrupt, data that end early."""

import math
import time

import keras

from cnn_tutorial.training.errors import DivergedError, TrainingInterrupted

_INTERVAL = 0.1  # seconds between two changes of the progress bar


class Watch(keras.callbacks.Callback):
    """Counts steps, shows them, and stops a training that has become pointless.

    Args:
        feed: see ``feeding.make_feed``.
        epochs: int.
        bar: ``Progress``.
    """

    # Keras may then call on_train_batch_end from another thread, and the device is not waited for.
    async_safe = True

    def __init__(self, feed, epochs, bar):
        super().__init__()
        self.feed, self.epochs, self.bar = feed, epochs, bar
        self.epoch, self.steps, self.loss = 0, 0, None  # counted from 1, 1
        self.interrupted = False
        self._bad = math.inf  # the first step whose loss is not finite
        self._shown = self._counted = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Begin to count, and let the data be this epoch's."""
        self.epoch, self.steps, self.loss = epoch + 1, 0, None
        self.feed.begin(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        """In the main thread, before the step is computed."""
        self._stop_if_interrupted()
        self._stop_if_diverged()
        if time.monotonic() - self._shown >= _INTERVAL:
            self._show()

    def on_train_batch_end(self, batch, logs=None):
        """Perhaps in another thread, and not in order: only notes."""
        self.steps = max(self.steps, batch + 1)
        self.loss = (logs or {}).get("loss")
        if self.loss is not None and not math.isfinite(self.loss):
            self._bad = min(self._bad, batch + 1)

    def on_test_batch_begin(self, batch, logs=None):
        """Validation can be interrupted too."""
        self._stop_if_interrupted()

    def on_epoch_end(self, epoch, logs=None):
        """Refuse an epoch that was none, before other callbacks save anything."""
        self._stop_if_interrupted()
        self._stop_if_diverged()
        self._show()
        self._counted += self.steps
        if not (self.model.stop_training and self.steps):  # a callback may end an epoch
            check_count(self.steps, self.feed.steps, self.epoch)
        validation = (logs or {}).get("val_loss", 0.0)
        if not math.isfinite(validation):
            raise self.explain(f"the validation loss is {validation} after epoch {self.epoch}")

    def explain(self, what):
        """A ``DivergedError`` that says where it happened and what it may come from."""
        if hasattr(self.model, "jax_state_sync"):  # on JAX variables are elsewhere meanwhile
            self.model.jax_state_sync()
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        found = self.feed.find_fault()
        causes = [found] if found else []
        unseen = "" if found else "that are not finite, or "  # what was found is not said again
        causes += [
            f"a learning rate that is too high (it is {rate:.3g}: try a tenth of it, or a warm-up)",
            f"images {unseen}of very large values",
            "labels outside of the classes",
            "a logarithm, a square root or a quotient of zero in a loss or layer of your own",
        ]
        layers = self.model._flatten_layers()
        if any(getattr(layer, "compute_dtype", None) == "float16" for layer in layers):
            causes.append("float16, which ends at 65504: mixed_bfloat16 does not")
        return DivergedError(f"{what}. Likely causes, in this order: {'; '.join(causes)}")

    def _stop_if_interrupted(self):
        if self.interrupted:
            raise TrainingInterrupted

    def _stop_if_diverged(self):
        if self._bad < math.inf:
            of = f" of {self.feed.steps}" if self.feed.steps else ""
            raise self.explain(
                f"the loss is not finite any more: it was lost in epoch {self.epoch}, "
                f"step {self._bad}{of}"
            )

    def _show(self):
        self._shown = time.monotonic()
        loss = "" if self.loss is None else f", loss {self.loss:.4f}"
        self.bar.text = f"epoch {self.epoch} of {self.epochs}{loss}"
        self.bar.update(self._counted + self.steps - self.bar.done)


def check_count(steps, expected, epoch):
    """Refuse an epoch with no step, or with fewer than there were to be."""
    if steps == 0:
        raise ValueError(
            f"train is empty in epoch {epoch}: it gave no batch. A generator that is used up after "
            "one pass has to be begun anew for every epoch"
        )
    if expected and steps < expected:
        raise ValueError(f"train ended early in epoch {epoch}: {steps} of {expected} batches came")
