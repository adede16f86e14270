"""The networks of the book, as Keras models: ``from cnn_tutorial import models``.

- ``zoo``  builders: every model takes pixels in 0..255 and rescales them in its first layer,
  names every layer and ends in logits
- ``summary``  what each layer makes, costs and sees (``graph``, ``costs``, ``fields``, ``axes``)

Importing this package does not load Keras; building a model does.
"""

from cnn_tutorial.models.pretrained import load_digit_cnn
from cnn_tutorial.models.summary import LayerSummary, ModelSummary, summarize
from cnn_tutorial.models.zoo import (
    make_cats_dogs_cnn,
    make_cifar10_cnn,
    make_digit_cnn,
    make_lenet5,
)

__all__ = [
    "LayerSummary",
    "ModelSummary",
    "load_digit_cnn",
    "make_cats_dogs_cnn",
    "make_cifar10_cnn",
    "make_digit_cnn",
    "make_lenet5",
    "summarize",
]
