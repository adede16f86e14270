"""Photographs in a notebook, stored as JPEG. Chapter 31 uses it first."""

import io

from cnn_tutorial.plotting.images import plot_images

_QUALITY = 75
_FRAME = "#888888"  # so that the white of a photograph ends somewhere on a white page


def show_photographs(photographs, *, titles=None, columns=6, dpi=120):
    """A grid of photographs, as ``plot_images`` draws it, in a tenth of the space.

    A figure is stored as PNG, which is made for drawings: half a dozen figures of photographs
    would make a notebook's file too large to be loaded quickly.

    Args:
        photographs: list of images, as for ``plot_images``.
        titles: list of str, one above each, or None.
        columns: int, photographs in a row.
        dpi: float, pixels an inch.

    Returns:
        ``IPython.display.Image``: as the last line of a cell it is shown.

    Raises:
        ValueError: as ``plot_images``.

    Example:
        >>> import numpy as np
        >>> show_photographs(np.zeros((2, 30, 40, 3), np.uint8), columns=2).format
        'jpeg'
    """
    from IPython.display import Image

    figure = plot_images(photographs, titles=titles, columns=columns, dpi=dpi)
    for axes in figure.axes[: len(photographs)]:
        axes.axis("on")
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, edgecolor=_FRAME, linewidth=0.5)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="jpeg", pil_kwargs={"quality": _QUALITY, "optimize": True})
    return Image(buffer.getvalue(), format="jpeg")
