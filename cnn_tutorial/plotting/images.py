"""Images, and small arrays with their numbers written in. Chapters 11 and 21 use them first."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnn_tutorial.plotting.width import WIDTH

_DIVERGING = "RdBu_r"


def plot_images(
    images, *, titles=None, columns=6, diverging=False, limits=None, heading=None, dpi=None
):
    """A grid of images.

    Args:
        images: array ``(N, H, W)``, ``(N, H, W, 1)`` or ``(N, H, W, 3)``, or a list of such
            images of different sizes. Colour images are uint8, or floats in 0..1.
        titles: list of N str, one above each image, or None.
        columns: int, images in a row.
        diverging: bool, show signed values: white is zero, red positive, blue negative, and all
            images share one scale.
        limits: (low, high), the values shown as the darkest and the lightest grey, for all
            images alike; None scales each image by itself (uint8: always 0 to 255).
        heading: str above the whole figure, or None.
        dpi: float, pixels an inch, or None for the book's own; fewer keep a figure of many
            photographs small.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if there is no image, an image is not 2-D or has neither 1 nor 3 channels,
            the number of titles differs from the number of images, or ``columns`` is not an int
            of at least 1.

    Example:
        >>> figure = plot_images(np.zeros((4, 8, 8)), columns=2)
        >>> len(figure.axes)
        4
    """
    images = [_as_picture(image) for image in images]
    if not images:
        raise ValueError("images must hold at least one image; received none")
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"titles must be as many as the images, {len(images)}; received {len(titles)}"
        )
    rows, columns = _rows_and_columns(len(images), columns)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    lines = 0 if titles is None else max(str(title).count("\n") + 1 for title in titles)
    cell = WIDTH / columns
    height = rows * (cell * tallest + 0.23 * lines + 0.05) + (0.35 if heading else 0)
    figure = Figure(figsize=(WIDTH, height), layout="constrained", dpi=dpi)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)
    grid = figure.subplots(rows, columns, squeeze=False)
    style = _grey_or_diverging(images, diverging, limits)
    for place, image in enumerate(images):
        axes = grid.flat[place]
        axes.imshow(image, **(style if image.ndim == 2 else {}), **_byte_range(image, style))
        if titles is not None:
            axes.set_title(titles[place], fontsize=11, pad=3)
    for axes in grid.flat:
        axes.axis("off")
    if heading:
        figure.suptitle(heading, fontsize=12)
    return figure


def plot_numbers(arrays, *, titles=None, highlight=None, diverging=True, columns=None, digits=0):
    """Small arrays drawn as grids of cells with their numbers written in.

    Args:
        arrays: list of 2-D arrays, or one 2-D array; at most 20 x 20 each.
        titles: list of str, one for each array, or None.
        highlight: list with, for each array, None or ``(row, column, height, width)`` of a block
            to outline.
        diverging: bool, colour by sign (red positive, blue negative); otherwise in greys.
        columns: int, arrays in a row; None puts all in one row.
        digits: int, decimals shown.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if there is no array, one is not 2-D, is empty, or has more than 20 rows or
            columns, or ``titles`` or ``highlight`` differ in number from the arrays, or
            ``columns`` is not an int of at least 1.

    Example:
        >>> figure = plot_numbers([np.eye(3), np.ones((2, 2))], titles=["identity", "ones"])
        >>> [axes.get_title() for axes in figure.axes]
        ['identity', 'ones']
    """
    arrays = [np.asarray(a) for a in ([arrays] if getattr(arrays, "ndim", None) == 2 else arrays)]
    if not arrays:
        raise ValueError("arrays must hold at least one array; received none")
    for array in arrays:
        if array.ndim != 2 or not 0 < min(array.shape) <= max(array.shape) <= 20:
            raise ValueError(
                f"arrays must be 2-D, of 1 to 20 rows and columns; received shape {array.shape}"
            )
    for name, given in (("titles", titles), ("highlight", highlight)):
        if given is not None and len(given) != len(arrays):
            raise ValueError(
                f"{name} must be as many as the arrays, {len(arrays)}; received {len(given)}"
            )
    rows, columns = _rows_and_columns(len(arrays), len(arrays) if columns is None else columns)
    widths = [max(a.shape[1] for a in arrays[k::columns]) for k in range(columns)]
    heights = [
        max(a.shape[0] for a in arrays[k * columns : (k + 1) * columns]) for k in range(rows)
    ]
    cell = min(WIDTH / (sum(widths) + 0.7 * (columns - 1)), 4.4 / sum(heights), 0.55)
    figure = Figure(
        figsize=(WIDTH, cell * sum(heights) + rows * (0.35 if titles else 0.1)),
        layout="constrained",
    )
    grid = figure.subplots(rows, columns, squeeze=False, width_ratios=widths, height_ratios=heights)
    fontsize = min(12, cell * 72 * 0.8 / _longest(arrays, digits) / 0.62, cell * 72 * 0.5)
    for axes in grid.flat:
        axes.axis("off")
    for place, array in enumerate(arrays):
        axes = grid.flat[place]
        _draw_numbers(axes, array, diverging, digits, fontsize)
        if titles is not None:
            axes.set_title(titles[place], fontsize=11)
        if highlight is not None and highlight[place] is not None:
            row, column, height, width = highlight[place]
            axes.add_patch(
                _rectangle((column - 0.5, row - 0.5), width, height, "#D55E00", linewidth=3)
            )
    return figure


def _rows_and_columns(count, columns):
    """How many rows and columns ``count`` pictures fill, with at most ``columns`` in a row."""
    if isinstance(columns, bool) or not isinstance(columns, int) or columns < 1:
        raise ValueError(f"columns must be an int of at least 1; received {columns!r}")
    columns = min(columns, count)
    return -(-count // columns), columns


def _as_picture(image):
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] == 3):
        raise ValueError(
            "images must be (H, W), (H, W, 1) or (H, W, 3) each; received one of shape "
            f"{image.shape}"
        )
    return image


def _grey_or_diverging(images, diverging, limits):
    if diverging:
        largest = max(float(np.abs(image).max()) for image in images) or 1.0
        return {"cmap": _DIVERGING, "vmin": -largest, "vmax": largest}
    if limits is not None:
        return {"cmap": "gray", "vmin": limits[0], "vmax": limits[1]}
    return {"cmap": "gray"}


def _byte_range(image, style):
    is_grey_byte = image.ndim == 2 and image.dtype == np.uint8 and "vmin" not in style
    return {"vmin": 0, "vmax": 255} if is_grey_byte else {}


def _longest(arrays, digits):
    return max(len(_number(value, digits)) for array in arrays for value in array.flat)


def _number(value, digits):
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


def _draw_numbers(axes, array, diverging, digits, fontsize):
    largest = float(np.nanmax(np.abs(array))) or 1.0
    # Twice the range, so that no cell is too dark to read black numbers on.
    if diverging:
        axes.imshow(array, cmap=_DIVERGING, vmin=-2 * largest, vmax=2 * largest)
    else:
        axes.imshow(array, cmap="gray", vmin=-1.2 * largest, vmax=largest)
    for (row, column), value in np.ndenumerate(array):
        axes.text(
            column,
            row,
            _number(value, digits),
            ha="center",
            va="center",
            fontsize=fontsize,
            color="black",
        )
        axes.add_patch(_rectangle((column - 0.5, row - 0.5), 1, 1, "#999999", linewidth=0.5))


def _rectangle(corner, width, height, colour, *, linewidth):
    return Rectangle(
        corner, width, height, fill=False, edgecolor=colour, linewidth=linewidth, clip_on=False
    )
