"""Interactive figures that work in the built page, in JupyterLab and in Colab alike.

``show_convolution`` is the figure of chapter 21: choose an output pixel and see the arithmetic
that made it. ``show_pooling`` (chapter 23) does the same for the maximum and the average of a
window, and ``show_softmax`` (chapter 24) for the step from logits to loss and gradient. What
they return carries everything it needs, script included, because none of the three places can
be relied on to find a file beside the notebook. Where scripts do not run (on GitHub, in print,
in a notebook that is not trusted) tables of the first state stand instead.

``draw_digits`` (chapters 11 and 71) is another kind: a digit written in it is read by the book's
trained network, whose files lie beside the book's pages.
"""

from cnn_tutorial.explorers.convolution import show_convolution
from cnn_tutorial.explorers.digits import draw_digits
from cnn_tutorial.explorers.pooling import show_pooling
from cnn_tutorial.explorers.softmax import show_softmax

__all__ = ["draw_digits", "show_convolution", "show_pooling", "show_softmax"]
