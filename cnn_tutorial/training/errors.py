"""What ``fit`` raises besides Python's own errors."""


class CheckpointError(ValueError):
    """A checkpoint that does not belong to this model, or cannot be read."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint file whose content is not what was written."""


class DivergedError(ArithmeticError):
    """The loss, the validation loss or the weights are not finite numbers any more."""


class TrainingInterrupted(KeyboardInterrupt):
    """Training was ended from the keyboard; the message says what is saved and how to go on."""
