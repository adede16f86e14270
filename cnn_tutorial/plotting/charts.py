"""Curves, bars, the paths of descents and the regions of a classifier."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnn_tutorial.plotting.width import WIDTH

_DASHES = ("-", "--", "-.", ":")
_MARKERS = "osD^vP"


def plot_learning_curves(history, *, metric="accuracy", baseline=None):
    """Loss and a metric after every epoch, on the training and the validation images.

    Args:
        history: dict from name to a list with one value an epoch, as ``keras`` gives it in
            ``model.fit(...).history``: ``loss``, ``metric`` and, where there was validation,
            ``val_loss`` and ``val_<metric>``.
        metric: str, which metric to draw beside the loss.
        baseline: (name, value) of the metric, drawn as a dashed line, or None.

    Returns:
        matplotlib.figure.Figure with two axes.

    Raises:
        ValueError: if ``history`` lacks ``loss`` or ``metric``.

    Example:
        >>> figure = plot_learning_curves({"loss": [2.0, 1.0], "accuracy": [0.3, 0.6]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['loss (nats)', 'accuracy']
    """
    missing = [name for name in ("loss", metric) if name not in history]
    if missing:
        raise ValueError(
            f"history must hold 'loss' and {metric!r}; missing: {', '.join(missing)}; "
            f"received {', '.join(history) or 'nothing'}"
        )
    figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    for axes, name, label in zip(
        figure.subplots(1, 2), ("loss", metric), ("loss (nats)", metric), strict=True
    ):
        epochs = np.arange(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], marker="o", label="training")
        if f"val_{name}" in history:
            axes.plot(epochs, history[f"val_{name}"], marker="s", ls="--", label="validation")
        if baseline is not None and name == metric:
            axes.axhline(baseline[1], color="#444444", ls=":", label=baseline[0])
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.legend()
    return figure


def plot_bars(values, *, xlabel, form="{:.1f}", highlight=None):
    """Named values as horizontal bars, each with its number written at its end.

    Args:
        values: dict from name to value, all at least 0; drawn in the order given.
        xlabel: str, what the values are, with their unit.
        form: str, the format of the numbers.
        highlight: name of the bar to draw in a second colour, or None.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if ``values`` is empty or holds a negative or unfinite number, or
            ``highlight`` is not among the names.

    Example:
        >>> figure = plot_bars({"a": 1.0, "b": 2.0}, xlabel="seconds")
        >>> figure.axes[0].get_xlabel()
        'seconds'
    """
    names, numbers = list(values), np.array(list(values.values()), dtype=float)
    if not names or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"values must be finite numbers of at least 0; received {values}")
    if highlight is not None and highlight not in values:
        raise ValueError(f"highlight must be one of {names}; received {highlight!r}")
    figure = Figure(figsize=(WIDTH, 0.42 * len(names) + 0.7), layout="constrained")
    axes = figure.subplots()
    colours = ["#D55E00" if name == highlight else "#0072B2" for name in names]
    bars = axes.barh(names, numbers, color=colours, height=0.65)
    axes.bar_label(bars, [form.format(number) for number in numbers], padding=4, fontsize=11)
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set_xlabel(xlabel)
    axes.tick_params(axis="y", length=0)
    return figure


def plot_lines(
    series, *, xlabel, ylabel, x=None, logx=False, logy=False, markers=False, heading=None
):
    """Named curves over one axis, told apart by colour, dashes and, if wanted, markers.

    Args:
        series: dict from name to the values ``y``, or to a pair ``(x, y)`` of its own; every
            one 1-D. A single curve needs no legend and gets none. NaN leaves a gap.
        xlabel: str, what the horizontal axis shows, with its unit.
        ylabel: str, the same of the vertical axis.
        x: 1-D array for all the curves that bring none, or None for 0, 1, 2, …
        logx: bool, a logarithmic horizontal axis.
        logy: bool, a logarithmic vertical axis.
        markers: bool, mark every point.
        heading: str above the figure, or None.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if there is no curve, or ``x`` and ``y`` of one differ in length.

    Example:
        >>> figure = plot_lines({"square": [0, 1, 4]}, xlabel="x", ylabel="y")
        >>> figure.axes[0].get_ylabel()
        'y'
    """
    if not series:
        raise ValueError("series must hold at least one curve; received none")
    figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
    axes = figure.subplots()
    for place, (name, values) in enumerate(series.items()):
        own_x, y = values if isinstance(values, tuple) and len(values) == 2 else (x, values)
        y = np.asarray(y, dtype=float)
        own_x = np.arange(len(y)) if own_x is None else np.asarray(own_x)
        if own_x.ndim != 1 or own_x.shape != y.shape:
            raise ValueError(
                f"series[{name!r}] must have x and y of one length; received shapes "
                f"{own_x.shape} and {y.shape}"
            )
        marker = _MARKERS[place % len(_MARKERS)] if markers else None
        # After a cycle of seven colours come other dashes, so that no two curves look alike.
        dashes = _DASHES[(place % 4) if not markers else (place // 7) % 4]
        axes.plot(own_x, y, ls=dashes, marker=marker, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if logx:
        axes.set_xscale("log")
    if logy:
        axes.set_yscale("log")
    if len(series) > 1:  # below the picture, where it hides no curve
        columns = 1 if max(map(len, series)) > 22 else min(3, len(series))
        figure.legend(loc="outside lower center", ncols=columns)
    if heading:
        figure.suptitle(heading, fontsize=12)
    return figure


def plot_paths(function, paths, *, xlim, ylim, minimum=None):
    """The ways that descents take over a surface, on its contour lines.

    Args:
        function: callable from two arrays of one shape to the height of the surface there. The
            levels are spaced evenly in the logarithm of the height above the lowest drawn.
        paths: dict from name to an array ``(steps, 2)`` of points; at most seven.
        xlim: (low, high) of the horizontal axis.
        ylim: (low, high) of the vertical axis.
        minimum: (x, y) of the lowest point, marked with a star, or None.

    Returns:
        matplotlib.figure.Figure. A path that leaves the picture is cut at its edge.

    Raises:
        ValueError: if there is no path, or one is not of shape ``(steps, 2)``.

    Example:
        >>> path = np.array([[1.0, 1.0], [0.5, 0.2], [0.0, 0.0]])
        >>> figure = plot_paths(
        ...     lambda x, y: x**2 + 4 * y**2, {"descent": path}, xlim=(-1, 1), ylim=(-1, 1)
        ... )
        >>> len(figure.axes)
        1
    """
    paths = {name: np.asarray(path, dtype=float) for name, path in paths.items()}
    if not paths:
        raise ValueError("paths must hold at least one path; received none")
    for name, path in paths.items():
        if path.ndim != 2 or path.shape[1] != 2 or not len(path):
            raise ValueError(f"paths[{name!r}] must have shape (steps, 2); received {path.shape}")
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.subplots()
    x, y = np.meshgrid(np.linspace(*xlim, 200), np.linspace(*ylim, 200))
    height = function(x, y)
    height = np.log1p(height - height.min())
    axes.contour(x, y, height, levels=14, colors="#bbbbbb", linewidths=0.8)
    for place, (name, path) in enumerate(paths.items()):
        axes.plot(*path.T, marker=_MARKERS[place % len(_MARKERS)], ms=4, lw=1.3, label=name)
    axes.plot(*next(iter(paths.values()))[0], marker="o", ms=9, mfc="white", mec="black", ls="")
    if minimum is not None:
        axes.plot(*minimum, marker="*", ms=15, color="black", ls="", zorder=1.5)
    axes.set(xlim=xlim, ylim=ylim, xlabel="first parameter", ylabel="second parameter")
    figure.legend(loc="outside lower center", ncols=min(3, len(paths)))
    return figure


def plot_regions(classify, points, labels, *, titles=None):
    """Where in the plane a classifier gives which answer, with the points it should know.

    Args:
        classify: callable from points ``(P, 2)`` to class numbers ``(P,)``, or a list of such
            callables, drawn side by side.
        points: array ``(N, 2)``.
        labels: int array ``(N,)``, from 0 to at most 3.
        titles: list of str, one a classifier, or None.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if there is no classifier or no point, the shapes do not fit, or a label is out
            of range.

    Example:
        >>> points = np.array([[0.0, 0.0], [1.0, 1.0]])
        >>> figure = plot_regions(lambda p: (p[:, 0] > 0.5).astype(int), points, [0, 1])
        >>> len(figure.axes)
        1
    """
    classifiers = list(classify) if isinstance(classify, list | tuple) else [classify]
    points, labels = np.asarray(points, dtype=float), np.asarray(labels)
    if not classifiers:
        raise ValueError("classify must hold at least one classifier; received none")
    if not labels.size or labels.ndim != 1 or points.shape != (labels.size, 2):
        raise ValueError(
            "points must have shape (N, 2) and labels (N,); received "
            f"{points.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 3:
        raise ValueError(f"labels must be ints from 0 to 3; received {np.unique(labels)}")
    if titles is not None and len(titles) != len(classifiers):
        raise ValueError(
            f"titles must be as many as the classifiers, {len(classifiers)}; received {len(titles)}"
        )
    colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.25 * (high - low).max() or 1.0
    (left, bottom), (right, top) = low - margin, high + margin
    grid = np.meshgrid(np.linspace(left, right, 160), np.linspace(bottom, top, 160))
    places = np.stack(grid, axis=-1).reshape(-1, 2)
    width = WIDTH / len(classifiers)
    figure = Figure(figsize=(WIDTH, min(width, 3.6) + 0.3), layout="constrained")
    for place, axes in enumerate(figure.subplots(1, len(classifiers), squeeze=False).flat):
        answers = np.asarray(classifiers[place](places)).reshape(160, 160)
        axes.imshow(
            answers,
            extent=(left, right, bottom, top),
            origin="lower",
            cmap=ListedColormap(colours),
            vmin=0,
            vmax=3,
            alpha=0.3,
        )
        for label in np.unique(labels):
            axes.plot(
                *points[labels == label].T,
                ls="",
                marker=_MARKERS[label],
                ms=8,
                color=colours[label],
                mec="white",
            )
        axes.set(xlabel="first input", ylabel="second input" if place == 0 else "")
        if titles is not None:
            axes.set_title(titles[place], fontsize=11)
    return figure
