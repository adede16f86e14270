"""A network drawn to scale, one block of numbers a layer. Chapter 41 uses it first.

All lengths here are inches of the figure; ``y`` runs downwards.
"""

import itertools
import math
from typing import Any, NamedTuple

from matplotlib import rcParams
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Polygon
from matplotlib.textpath import TextPath

from cnn_tutorial.plotting.width import WIDTH

_TALLEST = 0.85  # of the highest feature map
_RIGHT, _UP = 0.45, 0.25  # where a pixel of width goes, against one of height
_THINNEST = 0.05  # so that a vector, one pixel high, can be seen
_LINE, _GAP, _MARGIN = 0.2, 0.1, 0.06  # a line of text; between blocks; around the figure
_LANE = 0.16  # between arrows that pass each other
_LONGEST_NAME, _MOST = 20, 60  # characters; blocks
_TEXT, _DARK = 11, "#444444"
_COLOURS = {"Conv": "#0072B2", "Pool": "#E69F00", "Dense": "#009E73", "Input": "#999999"}
_OTHER = "#CC79A7"


class _Block(NamedTuple):
    """A layer as it is drawn; ``sources`` are the places of the blocks that it takes."""

    row: Any
    height: int
    width: int
    depth: int
    sources: list

    @property
    def name(self):
        name = self.row.name
        return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]

    @property
    def shape(self):
        return "×".join(str(size) for size in self.row.output_shape)


class _Scale(NamedTuple):
    """Inches a pixel and a channel; where blocks begin, and the longest that one may be."""

    pixel: float
    channel: float
    left: float
    longest: float

    def measure(self, block):
        """(height, length, right, up): the front, and where its slanted edge leads."""
        high = max(block.height * self.pixel, _THINNEST)
        wide = max(block.width * self.pixel, _THINNEST)
        long = min(block.depth * self.channel, self.longest)
        return high, long, _RIGHT * wide, _UP * wide


def plot_layers(summary):
    """A network drawn to scale: each feature map a block, with its name and shape.

    A block's height and its slanted edge are the map's height and width, on one scale of
    pixels; its length is the number of channels, on a scale of its own. Both are drawn below
    the network. A vector is a bar as long as it has numbers. Layers that change every number
    for itself (activation, normalisation, dropout, rescaling) have no block: theirs would be
    their input's again. A flattened map that is longer than everything else is cut, with a
    mark. Where a network has branches, arrows lead from block to block.

    Args:
        summary: what ``models.summarize`` gives: its ``rows``, with ``name``, ``kind``,
            ``inputs``, ``output_shape`` and ``is_pointwise``, are drawn from top to bottom.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        TypeError: if ``summary`` has no such rows.
        ValueError: if there is nothing to draw, or more than 60 blocks: then draw a part, with
            ``dataclasses.replace(summary, rows=summary.rows[:40])``.

    Example:
        >>> from cnn_tutorial import models
        >>> figure = plot_layers(models.summarize(models.make_lenet5()))
        >>> [text.get_text() for text in figure.axes[0].texts[2:4]]
        ['conv1', '28×28×6']
    """
    blocks = _make_blocks(summary)
    lanes = _assign_lanes(blocks)
    # A chain reads from top to bottom; it needs no arrows.
    has_arrows = any(block.sources != [place - 1] for place, block in enumerate(blocks) if place)
    scale = _choose_scale(blocks, 1 + max(lanes.values(), default=-1))
    gap = 2.5 * _GAP if has_arrows else _GAP
    ends = [_MARGIN]  # of the rows, from the top
    for block in blocks:
        high, _, _, up = scale.measure(block)
        ends.append(ends[-1] + max(high + up, 2 * _LINE) + gap)
    height = ends[-1] + 2 * _LINE
    figure = Figure(figsize=(WIDTH, height), layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    middles = [(top + end - gap) / 2 for top, end in itertools.pairwise(ends)]
    for block, y in zip(blocks, middles, strict=True):
        _draw_label(axes, block, y)
        _draw_block(axes, block, y, scale)
    for place, block in enumerate(blocks):
        for source in block.sources if has_arrows else ():
            lane = lanes.get((source, place))
            ends = [(blocks[one], middles[one]) for one in (source, place)]
            _draw_arrow(axes, ends, scale, lane)
    _draw_scales(axes, blocks, scale, height - _LINE)
    return figure


def _make_blocks(summary):
    wanted = ("name", "kind", "inputs", "output_shape", "is_pointwise")
    rows = getattr(summary, "rows", None)
    if rows is None or not all(hasattr(row, name) for row in rows for name in wanted):
        raise TypeError(
            "summary must be what models.summarize gives, with rows that have "
            f"{', '.join(wanted)}; received {type(summary).__name__}"
        )
    if not rows:
        raise ValueError("summary must have at least one row; received none")
    blocks, place_of = [], {}
    for row in rows:
        sources = list(dict.fromkeys(place_of[name] for name in row.inputs if name in place_of))
        if row.is_pointwise and len(sources) == 1:
            place_of[row.name] = sources[0]
            continue
        place_of[row.name] = len(blocks)
        blocks.append(_Block(row, *_sizes(row.output_shape), sources))
    if len(blocks) > _MOST:
        raise ValueError(
            f"summary must have at most {_MOST} blocks, to be legible; received {len(blocks)}. "
            "Draw a part: dataclasses.replace(summary, rows=summary.rows[:40])"
        )
    return blocks


def _sizes(shape):
    """(height, width, depth): a vector is all depth, places in a row are all height."""
    if len(shape) < 3:
        return (shape[0] if len(shape) == 2 else 1), 1, shape[-1]
    return shape[0], shape[1], math.prod(shape[2:])


def _choose_scale(blocks, lanes):
    labels = [_text_width(block.name, weight="bold") for block in blocks]
    labels += [_text_width(block.shape) for block in blocks]
    left = max(*labels, 1.0) + 0.15
    tallest = max(block.height for block in blocks)
    pixel = _TALLEST / tallest if tallest > 1 else _THINNEST
    slanted = _RIGHT * max(pixel * max(block.width for block in blocks), _THINNEST)
    longest = WIDTH - left - slanted - (lanes + (lanes > 0)) * _LANE - _MARGIN
    # A flattened map has all its numbers in one row: beside it, nothing else could be seen.
    depths = [block.depth for block in blocks if block.row.kind not in ("Flatten", "Reshape")]
    return _Scale(pixel, longest / max(depths, default=blocks[0].depth), left, longest)


def _text_width(text, weight="normal"):
    font = {"family": rcParams["font.family"], "weight": weight}
    return TextPath((0, 0), text, size=_TEXT, prop=FontProperties(**font)).get_extents().x1 / 72


def _draw_label(axes, block, y):
    axes.text(0, y, block.name, va="bottom", fontsize=_TEXT, fontweight="bold", color="#222222")
    axes.text(0, y + 0.02, block.shape, va="top", fontsize=_TEXT, color=_DARK)


def _draw_block(axes, block, y, scale):
    """A box seen from the front, a little from above and from the right; its middle at ``y``."""
    high, long, right, up = scale.measure(block)
    colour = next((c for name, c in _COLOURS.items() if name in block.row.kind), _OTHER)
    x, bottom = scale.left, y + (high + up) / 2
    edges = {
        "front": ((x, bottom), (long, 0), (0, -high), 0.8),
        "top": ((x, bottom - high), (long, 0), (right, -up), 0.35),
        "side": ((x + long, bottom), (right, -up), (0, -high), 0.6),
    }
    for name, (corner, along, across, strength) in edges.items():
        face = Polygon(_parallelogram(corner, along, across))
        face.set(facecolor=_thin(colour, strength), edgecolor=_DARK, linewidth=0.6)
        face.set_gid(f"{block.row.name}: {name}")
        axes.add_patch(face)
    if block.depth * scale.channel > scale.longest * (1 + 1e-9):
        _draw_cut(axes, block.row.name, x + 0.6 * long, bottom + 0.05, high + up + 0.1)


def _parallelogram(corner, along, across):
    (x, y), (right, down), (right2, down2) = corner, along, across
    far = (x + right + right2, y + down + down2)
    return [(x, y), (x + right, y + down), far, (x + right2, y + down2)]


def _draw_cut(axes, name, x, bottom, high):
    """Two strokes with nothing between them: something has been left out here."""
    corners = _parallelogram((x, bottom), (0.08, 0), (0.05, -high))
    cut = Polygon(corners, facecolor="white", edgecolor="white", zorder=3)
    cut.set_gid(f"{name}: cut")
    axes.add_patch(cut)
    for one, other in ((0, 3), (1, 2)):
        pair = zip(corners[one], corners[other], strict=True)
        axes.plot(*pair, color=_DARK, linewidth=1, zorder=4)


def _thin(colour, strength):
    """The colour, thinned with white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))


def _assign_lanes(blocks):
    """The lane of each arrow that leads around a block, so that no two in a lane overlap."""
    links = [(source, place) for place, block in enumerate(blocks) for source in block.sources]
    around = sorted((place - source, source, place) for source, place in links)
    lanes, taken = {}, []
    for distance, source, place in around:
        if distance == 1:
            continue
        taken.append([])  # a new lane, should no other be free
        lane = next(
            number
            for number, others in enumerate(taken)
            if all(place <= start or end <= source for start, end in others)
        )
        taken[lane].append((source, place))
        lanes[source, place] = lane
    return lanes


def _draw_arrow(axes, ends, scale, lane):
    """From a block down to the next one, or, in a lane, around those between."""
    (source, y), (target, y_target) = ends
    high, long, right, up = scale.measure(source)
    target_high, target_long, target_right, target_up = scale.measure(target)
    if lane is None:
        x = scale.left + min(long, target_long) / 3
        start = (x, y + (high + up) / 2)
        end = (x, y_target + (target_up - target_high) / 2 - min(0.02, target_up))
        path = [start, end]
    else:
        x = WIDTH - _MARGIN - (lane + 0.5) * _LANE
        start = (scale.left + long + right / 2 + 0.02, y + 0.06)
        end = (scale.left + target_long + target_right / 2 + 0.06, y_target - 0.06)
        path = [start, (x, start[1]), (x, end[1]), end]
    axes.plot(*zip(*path, strict=True), color=_DARK, linewidth=1, zorder=5)
    style = {"arrowstyle": "-|>", "color": _DARK, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    arrow = axes.annotate("", path[-1], path[-2], arrowprops=style, zorder=5)
    arrow.set_gid(f"{source.row.name} -> {target.row.name}")


def _draw_scales(axes, blocks, scale, y):
    """The two scales, as bars with round numbers."""
    style = {"color": _DARK, "markersize": 8, "linewidth": 1.5}
    text = {"va": "center", "fontsize": _TEXT, "color": _DARK}
    channels = _round_down(0.3 * scale.longest / scale.channel)
    end = scale.left + channels * scale.channel
    axes.plot([scale.left, end], [y, y], marker="|", gid="channels", **style)
    axes.text(end + 0.1, y, _count(channels, "channel"), **text)
    tallest = max(block.height for block in blocks)
    if tallest > 1:
        pixels = _round_down(tallest / 3)
        half = pixels * scale.pixel / 2
        axes.plot([_MARGIN] * 2, [y - half, y + half], marker="_", gid="pixels", **style)
        axes.text(_MARGIN + 0.1, y, _count(pixels, "pixel"), **text)


def _count(number, what):
    return f"{number} {what}" + ("" if number == 1 else "s")


def _round_down(value):
    """The largest of 1, 2, 5, 10, 20, 50 … that is not above ``value``; at least 1."""
    power = 10 ** math.floor(math.log10(max(value, 1)))
    return max(step * power for step in (1, 2, 5) if step * power <= max(value, 1))
