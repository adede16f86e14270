"""Arrays in, a Matplotlib figure out: the pictures that more than one chapter draws.

- ``images``  grids of images, arrays with their numbers written in
- ``charts``  curves, bars, paths of descents, regions of a classifier
- ``photographs``  grids of photographs, stored as JPEG
- ``evaluation``  confusion matrices, ROC and precision-recall curves, reliability diagrams
- ``graphs``  the graph of a computation, with values and gradients
- ``layers``  a network drawn to scale

Each ``plot_`` function returns a ``matplotlib.figure.Figure`` that no global state knows of: make
it the last expression of a cell and it is shown once. Widths are chosen so that text stays readable
on a phone. ``session.start`` sets the colours and sizes.
"""

from cnn_tutorial.plotting.charts import (
    plot_bars,
    plot_learning_curves,
    plot_lines,
    plot_paths,
    plot_regions,
)
from cnn_tutorial.plotting.evaluation import plot_confusion, plot_rates, plot_reliability
from cnn_tutorial.plotting.graphs import plot_graph
from cnn_tutorial.plotting.images import plot_images, plot_numbers
from cnn_tutorial.plotting.layers import plot_layers
from cnn_tutorial.plotting.photographs import show_photographs

__all__ = [
    "plot_bars",
    "plot_confusion",
    "plot_graph",
    "plot_images",
    "plot_layers",
    "plot_learning_curves",
    "plot_lines",
    "plot_numbers",
    "plot_paths",
    "plot_rates",
    "plot_regions",
    "plot_reliability",
    "show_photographs",
]
