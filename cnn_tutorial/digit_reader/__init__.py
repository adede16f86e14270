"""From a photograph of a written number to the number; chapter 71 builds it up stage by stage.

- ``reading.py``      ``read_number``: all stages, one after the other
- ``binarizing.py``   grey, evenly lit; which pixels are ink
- ``ruling.py``       the lines of ruled paper, found and taken away
- ``deskewing.py``    the angle of the number, turned back
- ``finding.py``      pieces of ink that may be digits
- ``normalizing.py``  a digit in the form of MNIST's
- ``recognizing.py``  the network's answer, or its refusal
- ``training.py``     training the network (``feeding.py``: its batches)
- ``nondigits.py``    letters, scribbles, spoilt digits: to learn to refuse
- ``composing.py``    photographs of numbers composed from single digits (``scenes.py``: papers,
  pens, light), to measure the reader on
- ``pictures.py``, ``reading_html.py``  a reading, drawn
- ``checks.py``       checks of arguments

An application: the one part of the package that uses ``data`` (to read a file safely), ``training``
and ``plotting`` together. The network comes as an argument. Importing this loads no framework and
no OpenCV.
"""

from cnn_tutorial.digit_reader.binarizing import (
    estimate_paper,
    find_darkness,
    find_ink,
    measure_paper,
    to_grey,
)
from cnn_tutorial.digit_reader.composing import Composition, compose_number
from cnn_tutorial.digit_reader.deskewing import deskew, estimate_skew
from cnn_tutorial.digit_reader.finding import Piece, find_digits, split_digits
from cnn_tutorial.digit_reader.nondigits import (
    LETTERS,
    LOOKALIKES,
    draw_letters,
    draw_scribbles,
    spoil_digits,
)
from cnn_tutorial.digit_reader.normalizing import normalize_digit
from cnn_tutorial.digit_reader.reading import Digit, Reading, cut_digit, read_number
from cnn_tutorial.digit_reader.recognizing import THRESHOLD, Answer, recognize_digits
from cnn_tutorial.digit_reader.ruling import Line, find_lines, remove_lines
from cnn_tutorial.digit_reader.scenes import Scene, draw_scene
from cnn_tutorial.digit_reader.training import (
    NOT_A_DIGIT,
    make_nondigits,
    make_training_set,
    train_digit_model,
    wear_digits,
)

__all__ = [
    "LETTERS",
    "LOOKALIKES",
    "NOT_A_DIGIT",
    "THRESHOLD",
    "Answer",
    "Composition",
    "Digit",
    "Line",
    "Piece",
    "Reading",
    "Scene",
    "compose_number",
    "cut_digit",
    "deskew",
    "draw_letters",
    "draw_scene",
    "draw_scribbles",
    "estimate_paper",
    "estimate_skew",
    "find_darkness",
    "find_digits",
    "find_ink",
    "find_lines",
    "make_nondigits",
    "make_training_set",
    "measure_paper",
    "normalize_digit",
    "read_number",
    "recognize_digits",
    "remove_lines",
    "split_digits",
    "spoil_digits",
    "to_grey",
    "train_digit_model",
    "wear_digits",
]
