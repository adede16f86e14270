"""What the explorers share: the arguments' checks, the tables, and the HTML of a figure."""

import html
import json
import math
import operator
import re
from pathlib import Path

import numpy as np

LARGEST_IMAGE, LARGEST_VALUE = 16, 1e6
STATIC = Path(__file__).resolve().parents[1] / "static"
_INCLUDE = re.compile(r"^ */\* include (\S+) \*/\n", re.MULTILINE)


def make_figure(name, data, fallback):
    """``IPython.display.HTML`` of the element ``<name-explorer>``, its data and its script.

    Args:
        name: str; the script is ``static/<name>_explorer.js``.
        data: what the element is told, for JSON.
        fallback: list of str, the HTML that stands where scripts do not run.
    """
    from IPython.display import HTML  # only notebooks have need of it

    attribute = html.escape(json.dumps(data, separators=(",", ":"), ensure_ascii=False))
    inner = "\n".join(fallback)
    # JupyterLab listens to keys before the figure does and would take an arrow key for «next
    # cell»: the second attribute tells it not to.
    return HTML(
        f'<{name}-explorer data-explorer="{attribute}" data-lm-suppress-shortcuts="true">\n'
        f"{inner}\n"
        f"</{name}-explorer>\n<script>\n{_read_script(name)}\n</script>"
    )


def _read_script(name):
    script = (STATIC / f"{name}_explorer.js").read_text(encoding="utf-8")
    script = _INCLUDE.sub(
        lambda line: (STATIC / "parts" / line[1]).read_text(encoding="utf-8"), script
    )
    return without_comments(script)


def without_comments(script):
    """A script without comments and indentation, which are for those who read its file.

    Each figure is a third smaller for it. No string in the files spans lines in which either
    would matter.
    """
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def check_caption(caption, default):
    """``caption``, or ``default`` for None."""
    if caption is None:
        return default
    if not isinstance(caption, str):
        raise TypeError(f"caption must be a str or None; received {type(caption).__name__}")
    return caption


def check_int(argument, value, smallest, largest):
    """``value`` as an int from ``smallest`` to ``largest``; a NumPy integer is one, a bool not."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{argument} must be an int; received {type(value).__name__}: {value!r}"
        ) from None
    if not smallest <= number <= largest:
        raise ValueError(f"{argument} must be from {smallest} to {largest}; received {number}")
    return number


def check_choice(argument, value, choices):
    """``value``, which must be one of the str in ``choices``."""
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a str; received {type(value).__name__}: {value!r}")
    if value not in choices:
        raise ValueError(f"{argument} must be one of {choices}; received {value!r}")
    return value


def named_arrays(argument, value, default_name, largest):
    """{name: checked array}; one array alone is given ``default_name``."""
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
    array = real_array(argument, value)
    if array.ndim != 2 or 0 in array.shape or max(array.shape) > largest:
        raise ValueError(
            f"{argument} must have shape (height, width), each from 1 to {largest}; "
            f"received shape {array.shape}"
        )
    check_size(argument, array, LARGEST_VALUE)
    return array


def real_array(argument, value):
    """``value`` as an array of integers or floats, of any shape."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{argument} must have rows of one length; received {value!r}") from None
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise TypeError(f"{argument} must be of integers or floats; received dtype {array.dtype}")
    return array


def check_size(argument, array, largest):
    """Refuse NaN, infinity and what is beyond ``largest`` in size."""
    if not np.all(np.isfinite(array)) or np.max(np.abs(array.astype(float))) > largest:
        raise ValueError(
            f"{argument} must hold finite numbers of at most {largest:,.0f} in size; "
            f"received values from {array.min()} to {array.max()}"
        )


def named_list(arrays):
    """[[name, rows], …] for JSON: an object would not keep the order of names such as "10"."""
    return [[name, array.tolist()] for name, array in arrays.items()]


def margins(size, window, stride, padding):
    """Pixels added before and after an axis; "same" is Keras's: the odd one goes at the end."""
    if padding == "valid":
        return 0, 0
    if padding != "same":
        return padding, padding
    total = max((math.ceil(size / stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def grid_table(name, values):
    """The HTML table of a 2-D array."""
    height, width = values.shape
    return make_table(f"{name}, {height} × {width}", values)


def make_table(caption, rows, header=None):
    """An HTML table of numbers and str, with a row of column names where ``header`` is given."""
    cells = [[cell if isinstance(cell, str) else format_number(cell) for cell in r] for r in rows]
    body = "\n".join(_table_row("td", row) for row in cells)
    head = f"<thead>{_table_row('th', header)}</thead>" if header else ""
    caption = html.escape(caption)
    return f"<table><caption>{caption}</caption>{head}<tbody>\n{body}\n</tbody></table>"


def _table_row(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def format_number(value):
    """As the figures write it: two or three digits, a true minus, rounding noise as 0.

    Example:
        >>> format_number(-0.12345), format_number(1e-17), format_number(1234.5)
        ('−0.123', '0', '1234')
    """
    value = float(value)
    if abs(value) < 1e-9:
        return "0"
    if value.is_integer() or abs(value) >= 1000:
        return f"{value:.0f}".replace("-", "−")
    digits = 2 if abs(value) < 0.1 else 3
    return f"{value:.{digits}g}".replace("-", "−")
