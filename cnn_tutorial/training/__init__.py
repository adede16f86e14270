"""Training that shows where it stands, explains why it fails, and survives being killed.

- ``fitting.py``      ``fit`` and ``load_weights``
- ``preparing.py``    optimiser, variables and callbacks before the loop begins
- ``schedules.py``    learning rates that change with every step
- ``feeding.py``      data that can be begun at any epoch
- ``watching.py``     progress, NaN, the interrupt from the keyboard
- ``keeping.py``      the callback that saves and restores
- ``state.py``        what a training is made of, and what must be the same
- ``attributes.py``   what callbacks and data sets remember
- ``checkpoints.py``  the files
- ``checks.py``       checks of arguments

Chapter 51 explains it. Importing this loads no framework: that happens on first use.
"""

from cnn_tutorial.training.checkpoints import CheckpointError, DamagedCheckpointError

__all__ = [
    "CheckpointError",
    "DamagedCheckpointError",
    "DivergedError",
    "OneCycle",
    "TrainingInterrupted",
    "cosine",
    "fit",
    "load_weights",
    "one_cycle",
]

_WHERE = {
    "DivergedError": "watching",
    "OneCycle": "schedules",
    "TrainingInterrupted": "watching",
    "cosine": "schedules",
    "fit": "fitting",
    "load_weights": "fitting",
    "one_cycle": "schedules",
}


def __getattr__(name):
    """What needs Keras is loaded when someone asks for it."""
    import importlib

    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
