"""The convolution explorer of chapter 21."""

import html

import numpy as np

from cnn_tutorial.explorers import figure

PADDINGS = ("valid", "same", 1, 2)
LARGEST_KERNEL, LARGEST_STRIDE = 5, 3


def show_convolution(images, kernels, *, strides=1, padding="valid", caption=None):
    """A figure that shows how each output pixel of a convolution is computed.

    ``Y[i, j] = sum_m sum_n X[i s + m, j s + n] K[m, n]`` with ``X`` the padded image and ``s``
    the stride: cross-correlation, as in Keras. The reader chooses image, kernel, stride, padding
    and output pixel, and edits the kernel.

    Args:
        images: array (H, W) of real numbers, at most 16×16 and a million in size; or a dict of
            such arrays by name, from which the reader chooses. The first is shown first.
        kernels: array (kh, kw), at most 5×5, or a dict of such arrays by name; each must fit
            into every image.
        strides: int from 1 to 3, the same along both axes, to begin with.
        padding: to begin with, ``"valid"``, ``"same"`` (Keras's: the odd pixel goes at the end),
            or 1 or 2, that many zeros on every side.
        caption: str, the figure's title, or None for a general one.

    Returns:
        ``IPython.display.HTML``; the same arguments give the same text.

    Raises:
        TypeError: if an array is not of integers or floats, or an argument of the wrong kind.
        ValueError: if an array has another rank, is empty or too large, holds NaN or infinity,
            or if ``strides`` or ``padding`` is none of the above.

    Example:
        >>> figure = show_convolution(np.eye(4), {"difference": np.array([[-1, 1]])})
        >>> "<convolution-explorer" in figure.data
        True
    """
    images = figure.named_arrays("images", images, "image", figure.LARGEST_IMAGE)
    kernels = figure.named_arrays("kernels", kernels, "kernel", LARGEST_KERNEL)
    for kernel_name, kernel in kernels.items():
        for image_name, image in images.items():
            if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
                raise ValueError(
                    "kernels must be no larger than the images; received "
                    f"{kernel_name!r} of shape {kernel.shape} and image {image_name!r} of shape "
                    f"{image.shape}"
                )
    strides = figure.check_int("strides", strides, 1, LARGEST_STRIDE)
    if isinstance(padding, bool) or not isinstance(padding, str | int):
        raise TypeError(
            f"padding must be a str or an int; received {type(padding).__name__}: {padding!r}"
        )
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {PADDINGS}; received {padding!r}")
    caption = figure.check_caption(caption, "Convolution explorer")
    data = {
        "images": figure.named_list(images),
        "kernels": figure.named_list(kernels),
        "strides": strides,
        "padding": padding,
        "caption": caption,
    }
    fallback = _fallback(images, kernels, strides, padding, caption)
    return figure.make_figure("convolution", data, fallback)


def _fallback(images, kernels, strides, padding, caption):
    """Tables of the first image, the first kernel and their output."""
    image_name, image = next(iter(images.items()))
    kernel_name, kernel = next(iter(kernels.items()))
    output = _correlate(image, kernel, strides, padding)
    words = {"valid": "no padding", "same": "padding “same”", 1: "one zero on every side"}
    zeros = words.get(padding, "two zeros on every side")
    return [
        f"<p><strong>{html.escape(caption)}</strong></p>",
        "<p>This figure is interactive where scripts run. It begins with "
        f"stride {strides} and {zeros}:</p>",
        figure.grid_table(f"Image “{image_name}”", image),
        figure.grid_table(f"Kernel “{kernel_name}”", kernel),
        figure.grid_table("Output", output),
    ]


def _correlate(image, kernel, strides, padding):
    before_after = [
        figure.margins(size, k, strides, padding)
        for size, k in zip(image.shape, kernel.shape, strict=True)
    ]
    padded = np.pad(image.astype(float), before_after)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows[::strides, ::strides], kernel)
