"""Averaged weights, so that a training can go on from any epoch, the last one included."""

import keras


class Average(keras.callbacks.SwapEMAWeights):
    """Puts the average into the model for validation and from the end of an epoch to the next.

    Keras's own callback forgets the weights themselves at the last epoch, before anything is
    saved, and exchanges them with the average by adding and subtracting, which rounds.
    """

    def __init__(self):
        super().__init__(swap_on_epoch=True)

    # By way of copies: what is exchanged and exchanged back is what it was, bit for bit.
    _tf_swap_variables = keras.callbacks.SwapEMAWeights._backend_swap_variables

    def on_train_begin(self, logs=None):
        """Give the average a place of its own: at the end of a training Keras has both in one."""
        self._apply_to_ema_optimizers(_separate, _separate)

    def on_epoch_end(self, epoch, logs=None):
        """Put the average into the model; ``finish`` does the rest."""
        super().on_epoch_end(-1, logs)

    def finish(self):
        """Make the average the optimiser's too, with which Keras overwrites the weights."""
        self._finalize_ema_values()


def _separate(optimizer):
    for variable in optimizer._model_variables_moving_average:
        variable.assign(keras.ops.convert_to_numpy(variable))


class Finish(keras.callbacks.Callback):
    """Ends the averaging after everything is saved; the very last of the callbacks.

    Args:
        average: ``Average``, or None.
        is_done: bool, whether there is no epoch left to train.
    """

    def __init__(self, average, is_done):
        super().__init__()
        self.average, self.is_done = average, is_done

    def on_train_begin(self, logs=None):
        """A training that is finished has no epoch that could end."""
        if self.average and self.is_done:
            self.average.finish()

    def on_epoch_end(self, epoch, logs=None):
        """After the last epoch."""
        is_last = epoch + 1 == self.params["epochs"] or self.model.stop_training
        if self.average and is_last:
            self.average.finish()
