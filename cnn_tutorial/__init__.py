"""Support package of the book: what the chapters import, written to be read.

- ``session``    the first call of every chapter: seed, backend, figure style; and ``check``
- ``numpy_ops``  the mathematics of convolutional networks in NumPy alone
- ``numpy_net``  layers, optimisers and a training loop built on it
- ``data``       the data sets of the book, verified by checksum
- ``models``     the networks of the book, as Keras models
- ``metrics``    from counts to curves to confidence intervals
- ``training``   fit with progress, an explanation of NaN, and exact resumption; schedules
- ``recipes``    CIFAR-10 in seconds, in minutes, in half an hour
- ``export``     a trained network as a file that runs without Keras
- ``digit_reader``  from a photograph of a written number to the number
- ``plotting``   arrays in, a Matplotlib figure out
- ``explorers``  interactive figures that work in the page, in JupyterLab and in Colab
- ``exercises``  the checkers of the chapters' exercises
- ``progress``   the bar that long work shows
- ``places``     the folders that keep what was fetched, and who can bring more
- ``results``    recorded runs of what takes longer than a chapter may

Importing the package imports none of them: ``import cnn_tutorial`` takes milliseconds and
does not load TensorFlow.
"""

__version__ = "0.1.0"
