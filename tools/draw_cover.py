"""Draw the picture on the book's first page: a digit, a kernel, and the feature map they make.

`python tools/draw_cover.py` writes book/_static/cover.svg. Every number in it is computed here;
tests/pages/test_book.py computes it again and compares.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

COVER = Path(__file__).resolve().parents[1] / "book" / "_static" / "cover.svg"
DIGIT = 0  # index in scikit-learn's digits: a nought, which has edges of both signs
KERNEL = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
ROW, COLUMN = 1, 0  # the output pixel whose arithmetic is shown
WIDTH, HEIGHT = 760, 340
ARROW = 'stroke="#222222" stroke-width="3"'
INK, ORANGE, BLUE = "#222222", (213, 94, 0), (0, 114, 178)  # Okabe and Ito's vermilion and blue


def feature_map(image, kernel):
    """What ``kernel`` makes of ``image``: cross-correlation, stride 1, no padding."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows, kernel)


def sentence(image, kernel):
    """The arithmetic of one output pixel in words, as the first page states it."""
    window = image[ROW : ROW + 3, COLUMN : COLUMN + 3]
    right, left = (window[:, column] for column in (2, 0))
    terms = [" + ".join(f"{value}" for value in values) for values in (right, left)]
    value = f"{feature_map(image, kernel)[ROW, COLUMN]}".replace("-", "−")
    return f"({terms[0]}) − ({terms[1]}) = {value}"


def draw(image, kernel):
    """The whole picture, as SVG.

    Args:
        image: int array (8, 8), 0 to 16.
        kernel: int array (3, 3).

    Returns:
        str: an SVG document.
    """
    output = feature_map(image, kernel)
    strongest = np.abs(output).max()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif" '
        f'text-anchor="middle" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_cells(image, 20, 20, 32, _grey),
        *_cells(kernel, 340, 88, 40, lambda value: _signed(value, 1)),
        *_cells(output, 524, 40, 36, lambda value: _signed(value, strongest)),
        _frame(20 + 32 * COLUMN, 20 + 32 * ROW, 96, "#d55e00"),
        _frame(340, 88, 120),
        _frame(524 + 36 * COLUMN, 40 + 36 * ROW, 36),
    ]
    for (m, n), value in np.ndenumerate(kernel):
        label = f"{value}".replace("-", "−")
        parts.append(_text(360 + 40 * n, 115 + 40 * m, label, 24, "#000000"))
    centre = (524 + 36 * COLUMN + 18, 40 + 36 * ROW + 25)
    parts.append(_text(*centre, f"{output[ROW, COLUMN]}".replace("-", "−"), 19, "#000000"))
    for x in (294, 478):
        parts.append(f'<path d="M{x} 148h24m-9 -9l9 9l-9 9" fill="none" {ARROW}/>')
    for x, label in ((148, "image, 8 × 8"), (400, "kernel, 3 × 3"), (632, "feature map, 6 × 6")):
        parts.append(_text(x, 318, label, 24, INK))
    return "\n".join([*parts, "</svg>\n"])


def _cells(values, left, top, size, colour):
    for (row, column), value in np.ndenumerate(values):
        yield (
            f'<rect x="{left + size * column}" y="{top + size * row}" width="{size}" '
            f'height="{size}" fill="{colour(int(value))}" stroke="#b8b8b8" stroke-width="0.6"/>'
        )


def _grey(value):
    """White paper for 0, black ink for 16."""
    return "rgb({0}, {0}, {0})".format(round(255 - 240 * value / 16))


def _signed(value, strongest):
    """White for zero, towards vermilion above it and towards blue below."""
    full, share = (ORANGE if value > 0 else BLUE), 0.75 * abs(value) / strongest
    return "rgb({}, {}, {})".format(*(round(255 + (part - 255) * share) for part in full))


def _frame(x, y, size, colour="#000000"):
    return (
        f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" '
        f'stroke="{colour}" stroke-width="4"/>'
    )


def _text(x, y, label, size, colour):
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}">{label}</text>'


if __name__ == "__main__":
    digit = load_digits().images[DIGIT].astype(int)
    COVER.write_text(draw(digit, KERNEL), "utf-8")
    print(f"wrote {COVER.name}; in the window: {sentence(digit, KERNEL)}")
