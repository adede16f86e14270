"""The graph of a computation, with its values and the gradients that come back (chapter 25)."""

from matplotlib.figure import Figure

from cnn_tutorial.plotting.width import WIDTH

_FORWARD, _BACKWARD = "#0072B2", "#D55E00"
_DISTANCE = 26  # points from the middle of a box to where an arrow begins or ends


def plot_graph(boxes, arrows):
    """Boxes joined by arrows; above each its value, below it the gradient that arrives.

    Args:
        boxes: dict from name to ``(x, y, value, gradient)``: where the middle of the box lies
            (neighbours are best 1 apart), and the numbers over and under it.
        arrows: list of ``(name, name)``, from where a value is used to where.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if there is no box, one is not of four numbers, or an arrow names no box.

    Example:
        >>> figure = plot_graph({"a": (0, 0, 3, 6), "L": (1, 0, 9, 1)}, [("a", "L")])
        >>> [text.get_text() for text in figure.axes[0].texts][-2:]
        ['9', '1']
    """
    if not boxes:
        raise ValueError("boxes must hold at least one box; received none")
    for name, box in boxes.items():
        if len(box) != 4:
            raise ValueError(f"boxes[{name!r}] must be (x, y, value, gradient); received {box!r}")
    missing = {name for arrow in arrows for name in arrow} - boxes.keys()
    if missing:
        raise ValueError(
            f"arrows must join boxes of {list(boxes)}; received {', '.join(sorted(missing))}"
        )
    across, up = zip(*(box[:2] for box in boxes.values()), strict=True)
    figure = Figure(figsize=(WIDTH, 1.2 * (max(up) - min(up)) + 1.2), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(min(across) - 0.3, max(across) + 0.3), ylim=(min(up) - 0.5, max(up) + 0.5))
    style = {"arrowstyle": "->", "color": "#444444", "shrinkA": _DISTANCE, "shrinkB": _DISTANCE}
    for start, end in arrows:
        axes.annotate("", boxes[end][:2], boxes[start][:2], arrowprops=style)
    for name, (x, y, value, gradient) in boxes.items():
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#444444"}
        axes.text(x, y, name, ha="center", va="center", bbox=frame)
        axes.text(x, y + 0.22, _number(value), ha="center", va="bottom", color=_FORWARD)
        axes.text(x, y - 0.22, _number(gradient), ha="center", va="top", color=_BACKWARD)
    return figure


def _number(value):
    return f"{value + 0.0:g}".replace("-", "−")  # -0.0 + 0.0 is 0
