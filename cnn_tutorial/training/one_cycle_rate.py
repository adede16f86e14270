"""The class behind ``one_cycle``, in a module of its own since it needs Keras to be defined."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="cnn_tutorial")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """The schedule that ``one_cycle`` returns; see there.

    Args:
        peak: float, the highest learning rate.
        steps: int, updates in the whole training.
        rise: float between 0 and 1, the part of the steps until the peak.
        start: float, the first learning rate as a part of the peak.
        final: float, the last one as a part of the peak.
    """

    def __init__(self, peak, steps, rise=0.3, start=0.04, final=0.0):
        super().__init__()
        self.peak, self.steps = float(peak), int(steps)
        self.rise, self.start, self.final = float(rise), float(start), float(final)

    def __call__(self, step):
        """The learning rate of update ``step``, counted from 0."""
        step = ops.cast(step, "float32")
        top, last = self._corners()
        up = self.start + (1 - self.start) * (step / max(top, 1))
        down = self.final + (1 - self.final) * (last - step) / max(last - top, 1)
        share = ops.where(step < top, up, ops.maximum(down, self.final))
        return self.peak * share

    def get_config(self):
        """The constructor's arguments."""
        names = ("peak", "steps", "rise", "start", "final")
        return {name: getattr(self, name) for name in names}

    def _corners(self):
        """The step with the peak, and the last step."""
        last = self.steps - 1
        return round(self.rise * last), last
