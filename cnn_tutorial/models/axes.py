"""Which pixels of the image a pixel of a feature map depends on, along one axis.

Chapter 22 has the formula for a stack of convolutions. Here every layer says which pixels of
its own input an output pixel reads, and the field is found by going back through the layers:
that also holds for branches, and for layers that make an image larger, where the field is not
of the same size at every pixel.
"""

import math
from fractions import Fraction


class Axis:
    """The pixels of one axis of a feature map, and what they see of the image.

    Pixel ``i + period`` sees what pixel ``i`` sees, ``advance`` image pixels further on;
    ``period`` is 1 unless a layer makes its input larger.

    Args:
        parents: list of ``Axis``, of the layer's inputs.
        length: int, pixels of this axis.
        reads: function of an index that gives the indices read in the parents, a range.
        period, advance: ints, as above.
    """

    def __init__(self, parents, length, reads, period, advance):
        self._parents, self._reads = parents, reads
        self.length, self.period, self.advance = length, period, advance
        self._known = {}

    def pixels(self, index, *, border=False):
        """``(first, last)`` image pixel that pixel ``index`` depends on, or None if on none.

        Args:
            index: int; with ``border=False`` any, below 0 and beyond the end too.
            border: bool, whether what lies in the padding is left out. Without that, the image
                and every feature map count as if they went on for ever.
        """
        if (index, border) not in self._known:
            fields = []
            for parent in self._parents:
                for place in self._reads(index):
                    if not border or 0 <= place < parent.length:
                        fields.append(parent.pixels(place, border=border))
            self._known[index, border] = _span(fields)
        return self._known[index, border]

    @property
    def size(self):
        """Pixels of the image from the first to the last that one pixel depends on.

        Where that differs from pixel to pixel, it is the largest number.
        """
        fields = filter(None, map(self.pixels, range(self.period)))
        return max(last - first + 1 for first, last in fields)

    @property
    def jump(self):
        """Image pixels between the fields of neighbours: a Fraction, or an int."""
        jump = Fraction(self.advance, self.period)
        return int(jump) if jump.denominator == 1 else jump

    @property
    def start(self):
        """The first image pixel that pixel 0 depends on; negative where that is padding."""
        seen = self.pixels(0)
        return None if seen is None else seen[0]

    @property
    def whole(self):
        """``(first, last)`` pixel of the image that any pixel of this axis depends on."""
        return _span([self.pixels(index, border=True) for index in range(self.length)])


class Fixed:
    """An axis whose every pixel sees the same ``first`` to ``last`` pixel of the image."""

    jump = None

    def __init__(self, first, last):
        self.whole, self.start, self.size = (first, last), first, last - first + 1


class _Image(Axis):
    """The image itself: every pixel sees itself."""

    def __init__(self, length):
        super().__init__([], length, None, 1, 1)

    def pixels(self, index, *, border=False):
        """The pixel itself."""
        return index, index


def _span(fields):
    """From the first pixel of any to the last of any; None for no field at all."""
    known = [field for field in fields if field is not None]
    if not known:
        return None
    return min(first for first, _ in known), max(last for _, last in known)


def image_axis(length):
    """The axis of an image of ``length`` pixels."""
    return _Image(length)


def slide_window(axis, length, kernel, stride, dilation, before):
    """The axis after a convolution or a pooling, with ``before`` pixels of padding before it."""
    if isinstance(axis, Fixed) or (kernel, stride, before, length) == (1, 1, 0, axis.length):
        return axis

    def reads(index):
        first = index * stride - before
        return range(first, first + dilation * (kernel - 1) + 1, dilation)

    shared = math.gcd(axis.period, stride)
    return Axis([axis], length, reads, axis.period // shared, axis.advance * stride // shared)


def lay_down(axis, length, kernel, stride, before):
    """The axis after a transposed convolution that cuts off ``before`` pixels at its start."""
    if isinstance(axis, Fixed):
        return axis

    def reads(index):  # input pixel i covers the outputs i * stride - before + 0 … kernel - 1
        first = -((kernel - 1 - index - before) // stride)
        return range(first, (index + before) // stride + 1)

    return Axis([axis], length, reads, axis.period * stride, axis.advance)


def repeat(axis, length, factor):
    """The axis after every pixel has been repeated ``factor`` times."""
    return lay_down(axis, length, factor, factor, 0)


def shift(axis, length, before):
    """The axis after padding with ``before`` pixels, or cropping (``before`` negative)."""
    return slide_window(axis, length, 1, 1, 1, before)


def merge(axes):
    """The axis of several layers' sum or concatenation: pixel by pixel, all that any of them sees.

    Where the fields lie one within the other, that is the largest. A layer of a single pixel
    counts for every pixel of the others. None if pixels of the same index do not belong
    together, because the layers have different strides.
    """
    axes = list(dict.fromkeys(axes))
    if len(axes) == 1:
        return axes[0]
    longest = max((axis.length for axis in axes if isinstance(axis, Axis)), default=1)
    if any(isinstance(axis, Fixed) or axis.length < longest for axis in axes):
        return Fixed(*_span([axis.whole for axis in axes]))
    if len({axis.jump for axis in axes}) > 1:
        return None
    period = math.lcm(*(axis.period for axis in axes))
    advance = axes[0].advance * (period // axes[0].period)
    return Axis(axes, longest, lambda index: range(index, index + 1), period, advance)
