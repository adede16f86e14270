"""How good a classifier is: confusion matrix, ROC and precision-recall, reliability (61)."""

import numpy as np
from matplotlib.figure import Figure

from cnn_tutorial.plotting.width import WIDTH

_DASHES = ("-", "--", "-.", ":")
_NUMBERED = 20  # classes up to which every cell has its number and every class its name


def plot_confusion(matrix, class_names=None):
    """A confusion matrix; the darker a cell, the larger its share of its row.

    Args:
        matrix: ``(K, K)`` counts, rows true and columns predicted.
        class_names: list of K str, or None for the numbers. With more than 20 classes neither
            counts nor names fit, and only every tenth class or so is marked.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if ``matrix`` is not square, is empty or holds a negative number or NaN, or
            ``class_names`` are not one a class.

    Example:
        >>> figure = plot_confusion(np.array([[3, 1], [0, 4]]), ["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['3', '1', '0', '4']
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"matrix must have shape (K, K); received {matrix.shape}")
    if not (matrix >= 0).all():
        raise ValueError(f"matrix must hold counts of at least 0; received {matrix.min()}")
    k = len(matrix)
    names = [str(i) for i in range(k)] if class_names is None else list(map(str, class_names))
    if len(names) != k:
        raise ValueError(f"class_names must be one for each of {k} classes; received {len(names)}")
    figure = Figure(figsize=(WIDTH, min(WIDTH, 1.6 + 0.42 * k)), layout="constrained")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-300)
    # Twice the range, so that no cell is too dark to read black numbers on.
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=2 if k <= _NUMBERED else 1, aspect="auto")
    if k <= _NUMBERED:
        size = min(12.0, 110 / k)
        for (row, column), count in np.ndenumerate(matrix):
            text = f"{count:,}" if matrix.dtype.kind in "iu" else f"{count:.2f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color="black")
        long = max(map(len, names)) * k > 50
        axes.set_xticks(range(k), names, rotation=90 if long else 0)
        axes.set_yticks(range(k), names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.tick_params(length=0 if k <= _NUMBERED else 3)
    return figure


def plot_rates(roc, precision_recall):
    """ROC curves on the left, precision-recall curves on the right.

    Args:
        roc: dict from name to ``(fpr, tpr)``, 1-D arrays.
        precision_recall: dict from the same names to ``(recall, precision)``, 1-D arrays, drawn
            as steps: that is how the average precision adds them up.

    Returns:
        matplotlib.figure.Figure with two axes; the diagonal of the left one is chance.

    Raises:
        ValueError: if there is no curve, or the two dicts differ in their names.

    Example:
        >>> curve = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        >>> [axes.get_ylabel() for axes in plot_rates({"a": curve}, {"a": curve}).axes]
        ['true-positive rate', 'precision']
    """
    if not roc or roc.keys() != precision_recall.keys():
        raise ValueError(
            "roc and precision_recall must hold the same curves, at least one; received "
            f"{list(roc)} and {list(precision_recall)}"
        )
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, (name, (fpr, tpr)) in enumerate(roc.items()):
        dashes = _DASHES[place % 4]
        left.plot(fpr, tpr, ls=dashes, label=name)
        right.step(*precision_recall[name], where="post", ls=dashes)
    left.plot([0, 1], [0, 1], color="#999999", lw=1, ls=":", label="chance")
    left.set(xlabel="false-positive rate", ylabel="true-positive rate")
    right.set(xlabel="recall", ylabel="precision")
    for axes in (left, right):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.legend(loc="outside lower center", ncols=min(3, len(roc) + 1))
    return figure


def plot_reliability(accuracy, confidence, counts, edges):
    """A reliability diagram: how often predictions came true, by how sure they were.

    Args:
        accuracy: ``(bins,)`` shares that came true, NaN in an empty bin.
        confidence: ``(bins,)`` mean predicted probabilities, NaN in an empty bin.
        counts: ``(bins,)`` examples in each bin.
        edges: ``(bins + 1,)`` where the bins end.

    Returns:
        matplotlib.figure.Figure: above, a bar to each bin's accuracy and a dot where, at its
        confidence, it should end; below, how many examples each bin holds.

    Raises:
        ValueError: if the lengths do not fit.

    Example:
        >>> figure = plot_reliability([0.5], [0.75], [4], [0.0, 1.0])
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['share right', 'examples']
    """
    accuracy, confidence, counts, edges = map(np.asarray, (accuracy, confidence, counts, edges))
    if not accuracy.shape == confidence.shape == counts.shape == (len(edges) - 1,):
        raise ValueError(
            "accuracy, confidence and counts must have one entry a bin, edges one more; received "
            f"{accuracy.shape}, {confidence.shape}, {counts.shape} and {edges.shape}"
        )
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    filled = counts > 0
    place = {"x": edges[:-1][filled], "width": np.diff(edges)[filled], "align": "edge"}
    above.bar(height=accuracy[filled], color="#56B4E9", edgecolor="white", **place)
    above.plot([0, 1], [0, 1], color="#444444", lw=1, ls=":", label="as sure as right")
    above.plot(
        confidence[filled], confidence[filled], ls="", marker="o", color="#D55E00", label="how sure"
    )
    above.vlines(confidence[filled], accuracy[filled], confidence[filled], color="#D55E00", lw=1.5)
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share right")
    below.bar(height=counts[filled], color="#999999", edgecolor="white", **place)
    below.set(xlabel="predicted probability", ylabel="examples")
    figure.legend(loc="outside upper center", ncols=2)
    return figure
