"""A reading drawn: every stage's image, and what the network saw. Chapter 71 shows both."""

from cnn_tutorial import plotting

_TITLES = {
    "photograph": "the photograph",
    "darkness": "darkness: uneven light gone",
    "without lines": "without the paper's lines",
    "ink": "ink, and the digits found",
}
_BOX = "#D55E00"


def plot_steps(reading):
    """The stages of a reading, one below the other, the digits found outlined in the last.

    Args:
        reading: Reading.

    Returns:
        matplotlib.figure.Figure.
    """
    from matplotlib.patches import Rectangle

    images = [reading.steps[name] for name in _TITLES]
    # What is dark on paper is dark in every picture.
    photograph = images[0] / 255
    images = [photograph, 1 - images[1], 1 - images[2], 1.0 - images[3]]
    titles = list(_TITLES.values())
    if reading.skew:
        titles[3] = f"turned by {abs(reading.skew):.1f}°; {titles[3]}"
    wide = images[0].shape[1] > 1.4 * images[0].shape[0]
    figure = plotting.plot_images(
        images, titles=titles, columns=1 if wide else 2, limits=(0, 1), dpi=100
    )
    for digit in reading.digits:
        top, left, height, width = digit.box
        corner = left - 1.5, top - 1.5
        style = "-" if digit.label is not None else ":"
        box = Rectangle(corner, width + 2, height + 2, fill=False, edgecolor=_BOX, linestyle=style)
        figure.axes[3].add_patch(box)
    return figure


def plot_digits(reading):
    """What the network saw of every sign, with its answer and how probable that is.

    Args:
        reading: Reading.

    Returns:
        matplotlib.figure.Figure.

    Raises:
        ValueError: if nothing was found.
    """
    if not reading.digits:
        raise ValueError(f"reading must hold a sign or more; received {reading!r}")
    titles = []
    for digit in reading.digits:
        answer = "?" if digit.label is None else digit.label
        titles.append(f"{answer}\n{digit.probs.max():.0%}")
    images = [digit.image for digit in reading.digits]
    return plotting.plot_images(images, titles=titles, columns=min(10, max(len(images), 5)))
