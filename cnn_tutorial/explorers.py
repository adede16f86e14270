"""Interactive figures that work in the built page, in JupyterLab and in Colab alike.

``show_convolution`` is the figure of chapter 21: choose an output pixel and see the arithmetic
that made it. What it returns carries everything it needs, script included, because none of the
three places can be relied on to find a file beside the notebook. Where scripts do not run (on
GitHub, in print, in a notebook that is not trusted) tables of the first state stand instead.
"""

import html
import json
import math
from pathlib import Path

import numpy as np

PADDINGS = ("valid", "same", 1, 2)
LARGEST_IMAGE, LARGEST_KERNEL, LARGEST_VALUE = 16, 5, 1e6
_SCRIPT = Path(__file__).with_name("static") / "convolution_explorer.js"


def show_convolution(images, kernels, *, strides=1, padding="valid", caption=None):
    """A figure that shows how each output pixel of a convolution is computed.

    ``Y[i, j] = sum_m sum_n X[i s + m, j s + n] K[m, n]`` with ``X`` the padded image and ``s``
    the stride: cross-correlation, as in Keras. The reader chooses image, kernel, stride, padding
    and output pixel, and edits the kernel.

    Args:
        images: array (H, W) of real numbers, at most 16×16 and a million in size; or a dict of
            such arrays by name, from which the reader chooses. The first is shown first.
        kernels: array (kh, kw), at most 5×5, or a dict of such arrays by name; each must fit
            into every image.
        strides: int from 1 to 3, the same along both axes, to begin with.
        padding: to begin with, ``"valid"``, ``"same"`` (Keras's: the odd pixel goes at the end),
            or 1 or 2, that many zeros on every side.
        caption: str, the figure's title, or None for a general one.

    Returns:
        ``IPython.display.HTML``; the same arguments give the same text.

    Raises:
        TypeError: if an array is not of integers or floats, or an argument of the wrong kind.
        ValueError: if an array has another rank, is empty or too large, holds NaN or infinity,
            or if ``strides`` or ``padding`` is none of the above.

    Example:
        >>> figure = show_convolution(np.eye(4), {"difference": np.array([[-1, 1]])})
        >>> "<convolution-explorer" in figure.data
        True
    """
    from IPython.display import HTML  # only notebooks have need of it

    images = _named_arrays("images", images, "image", LARGEST_IMAGE)
    kernels = _named_arrays("kernels", kernels, "kernel", LARGEST_KERNEL)
    for kernel_name, kernel in kernels.items():
        for image_name, image in images.items():
            if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
                raise ValueError(
                    "kernels must be no larger than the images; received "
                    f"{kernel_name!r} of shape {kernel.shape} and image {image_name!r} of shape "
                    f"{image.shape}"
                )
    if isinstance(strides, bool) or not isinstance(strides, int):
        raise TypeError(f"strides must be an int; received {type(strides).__name__}: {strides!r}")
    if not 1 <= strides <= 3:
        raise ValueError(f"strides must be 1, 2 or 3; received {strides}")
    if isinstance(padding, bool) or not isinstance(padding, str | int):
        raise TypeError(
            f"padding must be a str or an int; received {type(padding).__name__}: {padding!r}"
        )
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {PADDINGS}; received {padding!r}")
    if caption is None:
        caption = "Convolution explorer"
    if not isinstance(caption, str):
        raise TypeError(f"caption must be a str or None; received {type(caption).__name__}")
    data = {
        "images": [[name, array.tolist()] for name, array in images.items()],
        "kernels": [[name, array.tolist()] for name, array in kernels.items()],
        "strides": strides,
        "padding": padding,
        "caption": caption,
    }
    attribute = html.escape(json.dumps(data, separators=(",", ":"), ensure_ascii=False))
    # JupyterLab listens to keys before the figure does and would take an arrow key for «next
    # cell»: the second attribute tells it not to.
    return HTML(
        f'<convolution-explorer data-explorer="{attribute}" data-lm-suppress-shortcuts="true">\n'
        f"{_fallback(images, kernels, strides, padding, caption)}\n"
        f"</convolution-explorer>\n<script>\n{_read_script()}\n</script>"
    )


def _named_arrays(argument, value, default_name, largest):
    named = value if isinstance(value, dict) else {default_name: value}
    if not named:
        raise ValueError(f"{argument} must hold at least one array; received an empty dict")
    for name in named:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"{argument} must be named by non-empty str; received {name!r}")
    if named is not value:
        return {default_name: _checked_array(argument, value, largest)}
    return {
        name: _checked_array(f"{argument}[{name!r}]", array, largest)
        for name, array in named.items()
    }


def _checked_array(argument, value, largest):
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{argument} must have rows of one length; received {value!r}") from None
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise TypeError(f"{argument} must be of integers or floats; received dtype {array.dtype}")
    if array.ndim != 2 or 0 in array.shape or max(array.shape) > largest:
        raise ValueError(
            f"{argument} must have shape (height, width), each from 1 to {largest}; "
            f"received shape {array.shape}"
        )
    if not np.all(np.isfinite(array)) or np.max(np.abs(array.astype(float))) > LARGEST_VALUE:
        raise ValueError(
            f"{argument} must hold finite numbers of at most {LARGEST_VALUE:,.0f} in size; "
            f"received values from {array.min()} to {array.max()}"
        )
    return array


def _read_script():
    # Comments and indentation are for those who read the file: without them each figure is a
    # third smaller. No string in the file spans lines in which either would matter.
    lines = (line.strip() for line in _SCRIPT.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _fallback(images, kernels, strides, padding, caption):
    """Tables of the first image, the first kernel and their output."""
    image_name, image = next(iter(images.items()))
    kernel_name, kernel = next(iter(kernels.items()))
    output = _correlate(image, kernel, strides, padding)
    words = {"valid": "no padding", "same": "padding “same”", 1: "one zero on every side"}
    zeros = words.get(padding, "two zeros on every side")
    parts = [
        f"<p><strong>{html.escape(caption)}</strong></p>",
        "<p>This figure is interactive where scripts run. It begins with "
        f"stride {strides} and {zeros}:</p>",
        _table(f"Image “{image_name}”", image),
        _table(f"Kernel “{kernel_name}”", kernel),
        _table("Output", output),
    ]
    return "\n".join(parts)


def _correlate(image, kernel, strides, padding):
    before_after = [
        _margins(size, k, strides, padding)
        for size, k in zip(image.shape, kernel.shape, strict=True)
    ]
    padded = np.pad(image.astype(float), before_after)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows[::strides, ::strides], kernel)


def _margins(size, kernel_size, stride, padding):
    if padding == "valid":
        return 0, 0
    if padding != "same":
        return padding, padding
    total = max((math.ceil(size / stride) - 1) * stride + kernel_size - size, 0)
    return total // 2, total - total // 2


def _table(name, values):
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_number(value)}</td>" for value in row) + "</tr>" for row in values
    )
    height, width = values.shape
    caption = f"{html.escape(name)}, {height} × {width}"
    return f"<table><caption>{caption}</caption><tbody>\n{rows}\n</tbody></table>"


def _number(value):
    """As the figure writes it: two or three digits, a true minus, rounding noise as 0."""
    value = float(value)
    if abs(value) < 1e-9:
        return "0"
    if value.is_integer() or abs(value) >= 1000:
        return f"{value:.0f}".replace("-", "−")
    digits = 2 if abs(value) < 0.1 else 3
    return f"{value:.{digits}g}".replace("-", "−")
