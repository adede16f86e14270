"""The CIFAR-10 recipe: how far a small network gets in seconds, in minutes, in half an hour.

- ``settings.py``   ``CIFAR10``, every hyperparameter with its unit; ``SPRINT``, ``FAST``, ``LONG``
- ``running.py``    ``train_cifar10``, from settings to a trained network
- ``predicting.py`` ``predict_with_flips``, logits averaged over an image and its mirror image
- ``whitening.py``  ``find_whitening``, the filters of the first layer, computed from patches
- ``feeding.py``    batches with flips and shifts, in NumPy
- ``clock.py``      the callback that measures a training
- ``network.py``    the network, as a Keras model
- ``optimizer.py``  ``MuonSGD``, the optimiser

Chapter 53 builds the recipe up step by step; ``tools/record_cifar10.py`` records what it reaches.
Importing this loads no framework: that happens on first use.

Reference:
    Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024), arXiv:2404.00498, from which
    most of the ideas are; the code is this book's.
"""

from cnn_tutorial.recipes.predicting import predict_with_flips
from cnn_tutorial.recipes.running import Run, train_cifar10
from cnn_tutorial.recipes.settings import CIFAR10, FAST, LONG, SPRINT
from cnn_tutorial.recipes.whitening import find_whitening

__all__ = [
    "CIFAR10",
    "FAST",
    "LONG",
    "SPRINT",
    "AugmentedBatches",
    "MuonSGD",
    "Run",
    "find_whitening",
    "make_network",
    "orthogonalize",
    "predict_with_flips",
    "train_cifar10",
]

_LATER = {  # what needs Keras to be defined
    "AugmentedBatches": "feeding",
    "MuonSGD": "optimizer",
    "make_network": "network",
    "orthogonalize": "optimizer",
}


def __getattr__(name):
    """What needs Keras loads it when someone asks for it."""
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
