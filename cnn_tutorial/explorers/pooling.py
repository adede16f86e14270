"""The pooling explorer of chapter 23."""

import html

import numpy as np

from cnn_tutorial.explorers import figure

LARGEST_WINDOW = 4
PADDINGS = ("valid", "same")
MODES = ("max", "average")


def show_pooling(images, *, pool_size=2, strides=None, padding="valid", mode="max", caption=None):
    """A figure that shows what pooling keeps of an image and where its gradient goes.

    ``Y[i, j] = max_mn X[i s + m, j s + n]``, or the mean instead of the maximum, over
    ``0 <= m, n < pool_size``, with ``s`` the stride. Padding never counts, in the mean neither,
    as in Keras. The reader chooses all of it and an output pixel, shifts the image cyclically by
    one pixel at a time, and sees how many output cells change; and what arrives at each pixel if
    every output cell sends back a gradient of one (in a tie the first in row-major order takes
    it).

    Args:
        images: array (H, W) of real numbers, at most 16×16 and a million in size; or a dict of
            such arrays by name, from which the reader chooses. The first is shown first.
        pool_size: int from 1 to 4, the window's height and width, to begin with.
        strides: int from 1 to 4, to begin with; None means ``pool_size``.
        padding: to begin with, ``"valid"`` or ``"same"`` (Keras's: the odd pixel goes at the
            end).
        mode: to begin with, ``"max"`` or ``"average"``.
        caption: str, the figure's title, or None for a general one.

    Returns:
        ``IPython.display.HTML``; the same arguments give the same text.

    Raises:
        TypeError: if an array is not of integers or floats, or an argument of the wrong kind.
        ValueError: if an array has another rank, is empty or too large, holds NaN or infinity,
            or is smaller than the window where ``padding`` is ``"valid"``; or if an argument is
            none of the above.

    Example:
        >>> pooled = show_pooling(np.array([[3, 1], [4, 1]]), caption="Four pixels, one window")
        >>> "<pooling-explorer" in pooled.data, "<td>4</td>" in pooled.data
        (True, True)
    """
    images = figure.named_arrays("images", images, "image", figure.LARGEST_IMAGE)
    pool_size = figure.check_int("pool_size", pool_size, 1, LARGEST_WINDOW)
    if strides is not None:
        strides = figure.check_int("strides", strides, 1, LARGEST_WINDOW)
    figure.check_choice("padding", padding, PADDINGS)
    figure.check_choice("mode", mode, MODES)
    for name, image in images.items():
        if padding == "valid" and pool_size > min(image.shape):
            raise ValueError(
                f"pool_size must be no larger than the images where padding is 'valid'; received "
                f"{pool_size} and image {name!r} of shape {image.shape}"
            )
    caption = figure.check_caption(caption, "Pooling explorer")
    data = {
        "images": figure.named_list(images),
        "pool_size": pool_size,
        "strides": strides,
        "padding": padding,
        "mode": mode,
        "caption": caption,
    }
    fallback = _fallback(images, pool_size, strides or pool_size, padding, mode, caption)
    return figure.make_figure("pooling", data, fallback)


def _fallback(images, pool_size, strides, padding, mode, caption):
    """Tables of the first image, its output, and the gradient that arrives at the image."""
    name, image = next(iter(images.items()))
    output, gradient = _pool(image, pool_size, strides, padding, mode)
    taken = "maximum" if mode == "max" else "average"
    added = "no padding" if padding == "valid" else "padding “same”, which never counts"
    return [
        f"<p><strong>{html.escape(caption)}</strong></p>",
        "<p>This figure is interactive where scripts run. It begins with the "
        f"{taken} of windows of {pool_size} × {pool_size}, stride {strides} and {added}:</p>",
        figure.grid_table(f"Image “{name}”", image),
        figure.grid_table("Output", output),
        figure.grid_table("Gradient at the image, if every output cell sends back 1", gradient),
    ]


def _pool(image, pool_size, strides, padding, mode):
    """The output, and the image's gradient for a gradient of one in every output cell."""
    edges = [figure.margins(size, pool_size, strides, padding) for size in image.shape]
    counts = [
        (size + sum(edge) - pool_size) // strides + 1
        for size, edge in zip(image.shape, edges, strict=True)
    ]
    output, gradient = np.empty(counts), np.zeros(image.shape)
    for cell in np.ndindex(*counts):
        starts = [index * strides - before for index, (before, _) in zip(cell, edges, strict=True)]
        window = tuple(slice(max(start, 0), start + pool_size) for start in starts)
        values = image[window]  # cut off where the image ends: padding never counts
        if mode == "max":
            output[cell] = values.max()
            gradient[window].flat[values.argmax()] += 1
        else:
            output[cell] = values.mean(dtype=float)
            gradient[window] += 1 / values.size
    return output, gradient
