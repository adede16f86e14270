"""Training that shows where it stands, explains why it fails, and survives being killed.

- ``fitting.py``      ``fit`` and ``load_weights``
- ``preparing.py``    optimiser, variables and callbacks before the loop begins
- ``schedules.py``    learning rates that change with every step (``one_cycle_rate.py``: one class)
- ``feeding.py``      data that can be begun at any epoch, of a kind each: ``array_feed.py``,
  ``dataset_feed.py``, ``pydataset_feed.py``
- ``pipelines.py``    what lies inside a ``tf.data`` pipeline
- ``fingerprints.py`` by what a checkpoint knows its data
- ``averaging.py``    averaged weights
- ``watching.py``     progress, NaN, data that end early
- ``interrupts.py``   Ctrl-C that waits for the end of a step
- ``keeping.py``      the callback that saves and restores
- ``state.py``        what a training is made of, and what must be the same
- ``attributes.py``   what callbacks and data sets remember
- ``checkpoints.py``  the files
- ``checks.py``       checks of arguments
- ``errors.py``       what is raised besides Python's own errors
- ``devices.py``      what there is to compute on: ``find_device`` (chapter 53)

Chapter 51 explains it. Importing this loads no framework: that happens on first use.
"""

from cnn_tutorial.training.checkpoints import count_epochs
from cnn_tutorial.training.devices import Device, find_device
from cnn_tutorial.training.errors import (
    CheckpointError,
    DamagedCheckpointError,
    DivergedError,
    TrainingInterrupted,
)
from cnn_tutorial.training.fitting import fit, load_weights
from cnn_tutorial.training.schedules import cosine, one_cycle

__all__ = [
    "CheckpointError",
    "DamagedCheckpointError",
    "Device",
    "DivergedError",
    "OneCycle",
    "TrainingInterrupted",
    "cosine",
    "count_epochs",
    "find_device",
    "fit",
    "load_weights",
    "one_cycle",
]


def __getattr__(name):
    """``OneCycle`` is a Keras class, and Keras is loaded when someone asks for it."""
    if name == "OneCycle":
        from cnn_tutorial.training.one_cycle_rate import OneCycle

        return OneCycle
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
