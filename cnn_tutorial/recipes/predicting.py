"""Predictions averaged over several views of the same image."""

import numbers

import numpy as np


def predict_with_flips(model, images, *, shift=0, batch_size=500):
    """Logits averaged over every image and its mirror image, and perhaps over shifted views.

    ``z = (f(x) + f(mirror x)) / 2``; with a shift ``s``, ``z`` is averaged with the mean of the
    same for ``x`` moved by ``s`` pixels up and left, and down and right, filled by reflection.

    Args:
        model: ``keras.Model`` from images to logits.
        images: array (N, H, W, C).
        shift: int, pixels; 0 for no shifted views. They take three times as long.
        batch_size: int, images at once.

    Returns:
        float32 array (N, classes).

    Raises:
        TypeError: if ``shift`` is not an int.
        ValueError: if ``images`` are not four-dimensional, or ``shift`` is out of range.

    Reference:
        Krizhevsky, Sutskever & Hinton, ImageNet classification with deep convolutional neural
        networks (2012), section 4.1, average over views.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
        >>> predict_with_flips(model, np.array([[[[1.0], [3.0]]]]))
        array([[2., 2.]], dtype=float32)
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"images must be (N, H, W, C); received the shape {images.shape}")
    if isinstance(shift, bool) or not isinstance(shift, numbers.Integral):
        raise TypeError(f"shift must be an int, in pixels; received {shift!r}")
    if not 0 <= shift < min(images.shape[1:3]):
        raise ValueError(f"shift must be from 0 to less than a side; received {shift}")

    def average(views):
        straight, mirrored = (
            model.predict(one, batch_size=batch_size, verbose=0)
            for one in (views, views[:, :, ::-1])
        )
        return (straight + mirrored) / 2

    if shift == 0:
        return average(images)
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "reflect")
    height, width = images.shape[1:3]
    corners = (0, 2 * shift)
    moved = [average(padded[:, k : k + height, k : k + width]) for k in corners]
    return (average(images) + sum(moved) / 2) / 2


def shrink(images, side):
    """The images (N, H, W, C), uint8, at ``side`` pixels, each the mean of the area it covers."""
    import cv2

    return np.stack(
        [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images]
    )
