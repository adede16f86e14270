"""The networks of the book, as Keras models: ``from cnn_tutorial import models``.

Every model takes pixels in 0..255 and rescales them in its first layer, names every layer and
ends in logits. Importing this package does not load Keras; building a model does.
"""

from cnn_tutorial.models.zoo import make_cats_dogs_cnn, make_cifar10_cnn, make_lenet5

__all__ = ["make_cats_dogs_cnn", "make_cifar10_cnn", "make_lenet5"]
