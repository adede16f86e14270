"""What each layer of a model makes, costs and sees, as a table. Chapter 41 uses it first."""

import dataclasses
import html
import math
import textwrap

from cnn_tutorial.models.costs import count_flops
from cnn_tutorial.models.fields import POINTWISE, Field, find_views
from cnn_tutorial.models.graph import list_calls

_HEADINGS = ("layer", "kind", "output", "parameters", "FLOPs", "sees", "step")
_REMARK = (
    "Sees: rows×columns of the image that one number depends on; step: image pixels between the "
    "fields of neighbours. A multiply-add is two FLOPs; activation functions are not counted."
)


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """One row of a ``ModelSummary``: one call of a layer.

    Attributes:
        name: str, the layer's; ``"inner/layer"`` for one of a model inside the model,
            ``"layer (2)"`` for a second call.
        kind: str, the layer's class, such as ``"Conv2D"``; ``"Input"`` for an input.
        inputs: tuple of str, the names of the rows whose outputs it takes.
        output_shape: tuple of ints without N, such as ``(height, width, channels)``.
        parameters: int, its weights; 0 in a second call, where they are the same.
        trainable: int, those of them that training changes.
        flops: int, operations for one image in inference, or None for an unknown kind.
        field: ``Field`` with ``.size``, ``.jump`` and ``.start``, a pair each, or None where
            it is unknown.
    """

    name: str
    kind: str
    inputs: tuple
    output_shape: tuple
    parameters: int
    trainable: int
    flops: int | None
    field: Field | None

    @property
    def is_pointwise(self):
        """Whether each number depends on one number of the input, at the same place."""
        return self.kind in POINTWISE or self.kind == "Softmax"


@dataclasses.dataclass(frozen=True)
class ModelSummary:
    """What ``summarize`` found. Prints as a table; ``summary["conv1"]`` is one row.

    Attributes:
        name: str, the model's.
        rows: tuple of ``LayerSummary``, in the order in which an image meets them.
    """

    name: str
    rows: tuple

    @property
    def parameters(self):
        """All weights of the model, an int."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self):
        """The weights that training changes, an int."""
        return sum(row.trainable for row in self.rows)

    @property
    def flops(self):
        """Operations for one image, an int; without the layers named in ``uncounted``."""
        return sum(row.flops or 0 for row in self.rows)

    @property
    def uncounted(self):
        """Names of the layers of unknown kind, whose operations are not in ``flops``."""
        return tuple(row.name for row in self.rows if row.flops is None)

    def __getitem__(self, name):
        """The row of that name; a KeyError names those there are."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no layer {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)

    def __str__(self):
        table = [_HEADINGS, *(_cells(row) for row in self.rows), self._totals()]
        widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADINGS))]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ).rstrip()
            for cells in table
        ]
        remarks = [line for remark in self._remarks() for line in textwrap.wrap(remark, 80)]
        return "\n".join([self._heading(), *lines, *remarks])

    __repr__ = __str__

    def _repr_html_(self):
        sides = ["left"] * 2 + ["right"] * 5
        head = "".join(
            f'<th scope="col" style="text-align: {side}">{heading}</th>'
            for side, heading in zip(sides, _HEADINGS, strict=True)
        )
        body = "".join(_html_row(_cells(row)) for row in self.rows)
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())
        return (
            f'<div class="book-report" style="overflow-x: auto" tabindex="0" role="group" '
            f'aria-label="{html.escape(self._heading())}"><table>'
            '<caption style="text-align: left; color: inherit">'
            f"{html.escape(self._heading())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f"<tfoot>{_html_row(self._totals())}</tfoot></table></div>{remarks}"
        )

    def _heading(self):
        images = " and ".join(_shape(row.output_shape) for row in self.rows if row.kind == "Input")
        return f"{self.name}, for one image of {images}"

    def _totals(self):
        flops = f"{self.flops:,}" if not self.uncounted else f"> {self.flops:,}"
        return ("all", "", "", f"{self.parameters:,}", flops, "", "")

    def _remarks(self):
        remarks = [_REMARK]
        if self.trainable < self.parameters:
            remarks.append(f"Of the parameters, {self.trainable:,} are trained.")
        if self.uncounted:
            remarks.append(
                f"Not counted, because their kind is not known: {', '.join(self.uncounted)}."
            )
        return remarks


def summarize(model):
    """The layers of a model: output shape, parameters, FLOPs and receptive field.

    FLOPs are those of one image in inference, with a multiply-add as two: see
    ``numpy_ops.conv2d_flops`` and ``dense_flops``, bias included. Pooling counts a window's
    pixels for each output, batch normalisation and rescaling two operations a number, the sum
    of two branches one; activation functions, as in TensorFlow's profiler, none.

    The receptive field follows ``size += (kernel - 1) * dilation * jump``, ``jump *= stride``
    and ``start -= padding * jump`` (with the ``jump`` before it is multiplied). It is counted as
    if the image went on beyond its border. Where branches meet it spans the fields of all, which
    for fields one within the other is the largest. Behind the layer that brings all places
    together (a dense layer on flattened maps, global pooling) it is the part of the image that
    the network sees at all, and that need not be the whole image.

    Args:
        model: keras.Model with a graph of layers of fixed sizes: Sequential or functional,
            channels last; models inside it are taken apart.

    Returns:
        ``ModelSummary``: prints as a table, in a notebook too; ``.rows`` holds the numbers,
        ``summary["conv1"].field.size`` is one of them.

    Raises:
        TypeError: if ``model`` is not a Keras model.
        ValueError: if it has no graph (a subclass, or Sequential without input), a size is not
            fixed, or a layer has its channels first.

    Reference:
        Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks,
        Distill (2019).

    Example:
        >>> from cnn_tutorial import models
        >>> summary = summarize(models.make_lenet5())
        >>> summary.parameters, summary.flops, summary["pool2"].field
        (61706, 847430, Field(size=(16, 16), jump=(4, 4), start=(-2, -2)))
    """
    calls, counted = list_calls(model), set()
    for call in calls:
        _check_channels_last(call.layer)
    views = find_views(calls)
    rows = tuple(_make_row(call, views[call.name], counted) for call in calls)
    return ModelSummary(model.name, rows)


def _make_row(call, view, counted):
    parameters, trainable = _count_parameters(call.layer, counted)
    is_input = call.layer is None
    return LayerSummary(
        name=call.name,
        kind="Input" if is_input else type(call.layer).__name__,
        inputs=call.inputs,
        output_shape=call.output_shape,
        parameters=parameters,
        trainable=trainable,
        flops=0 if is_input else count_flops(call.layer, call.shapes, call.output_shape),
        field=None if view is None else view.field,
    )


def _check_channels_last(layer):
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(
            f"model must have its channels last (N, H, W, C); layer {layer.name!r} has them first"
        )


def _count_parameters(layer, counted):
    """(all, trainable) weights that are not in ``counted`` yet, a set of ids."""
    new = [one for one in getattr(layer, "weights", ()) if id(one) not in counted]
    counted.update(id(one) for one in new)
    sizes = [math.prod(one.shape) for one in new]
    trained = {id(one) for one in getattr(layer, "trainable_weights", ())}
    return sum(sizes), sum(size for size, one in zip(sizes, new, strict=True) if id(one) in trained)


def _cells(row):
    """A row of the table as seven str."""
    sees = "?" if row.field is None else "×".join(str(size) for size in row.field.size)
    jump = None if row.field is None else row.field.jump
    step = "–" if jump is None else "×".join(str(one) for one in dict.fromkeys(jump))
    flops = "?" if row.flops is None else f"{row.flops:,}"
    kind = "" if row.kind == "Input" else row.kind
    return (row.name, kind, _shape(row.output_shape), f"{row.parameters:,}", flops, sees, step)


def _shape(shape):
    return "×".join(str(size) for size in shape)


def _html_row(cells):
    name, kind, *numbers = (html.escape(cell) for cell in cells)
    left = 'style="text-align: left"'
    return (
        f'<tr><th scope="row" {left}>{name}</th><td {left}>{kind}</td>'
        + "".join(f'<td style="text-align: right">{number}</td>' for number in numbers)
        + "</tr>"
    )
