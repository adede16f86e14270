"""Checks of arguments that several modules take: each says what was expected and what came."""

import numpy as np


def check_images(name, images):
    """A list of uint8 arrays ``(H, W)``, or an error.

    Args:
        name: str, the argument's name.
        images: uint8 array ``(N, H, W)`` or ``(N, H, W, 1)``, or a list of such images.

    Returns:
        list of uint8 arrays ``(H, W)``.

    Raises:
        TypeError: if an image is not uint8.
        ValueError: if there is none, or one has another shape.

    Example:
        >>> check_images("digits", np.zeros((2, 28, 28, 1), np.uint8))[0].shape
        (28, 28)
    """
    if isinstance(images, str | bytes) or not hasattr(images, "__len__"):
        raise TypeError(f"{name} must be uint8 images; received {type(images).__name__}")
    images = [np.asarray(image) for image in images]
    if not images:
        raise ValueError(f"{name} must hold at least one image; received none")
    for place, image in enumerate(images):
        if image.dtype != np.uint8:
            raise TypeError(f"{name} must be uint8, 0 to 255; received {image.dtype}")
        if image.ndim == 3 and image.shape[2] == 1:
            images[place] = image = image[..., 0]
        if image.ndim != 2 or not image.size:
            raise ValueError(
                f"{name} must be images (H, W) or (H, W, 1) each; received one of shape "
                f"{image.shape}"
            )
    return images


def check_model(model):
    """Raise unless ``model`` can be called.

    Example:
        >>> check_model("digits.onnx")
        Traceback (most recent call last):
        ...
        TypeError: model must be a keras.Model or a function of images; received str
    """
    if not callable(model):
        raise TypeError(
            f"model must be a keras.Model or a function of images; received {type(model).__name__}"
        )
