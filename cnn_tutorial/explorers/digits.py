"""The digit reader of chapters 11 and 71: write a digit in the page and have it read."""

import base64
import html
import json
import re
import sys

from cnn_tutorial.explorers import figure

# In the order in which one needs another; in the built book they are modules beside the pages.
_MODULES = ("normalize", "plain", "embedded", "element")
_IMPORT = re.compile(r"^import .*\n|^export (?=async |const |function |class )", re.MULTILINE)
_LOADER = """\
(() => {
const say = (words) => document.querySelectorAll("digit-reader:not(:defined) .where")
.forEach((place) => { place.textContent = words; });
const root = document.documentElement.dataset.content_root;
if (root === undefined) say("Outside of the book's pages the network does not lie beside "
+ "this figure. Run explorers.draw_digits(embed=True) in a cell of its own: then the figure "
+ "carries it.");
else import(new URL(`${root}_static/digit_reader/element.mjs`, document.baseURI)).catch(() =>
say(location.protocol === "file:"
? "Browsers load this figure only from a server: `make serve` starts one on this machine."
: "The figure's files are not in this build of the book: `make book` lays them there."));
})();"""


def draw_digits(*, embed=None, caption=None):
    """A figure in which the reader writes a digit and the book's trained network reads it.

    Everything is computed in the reader's browser, and nothing drawn leaves it. On the book's
    pages the network, and the runtime that computes it (onnxruntime-web), lie among the book's
    own files and are loaded when the reader asks for them. A notebook in JupyterLab or Colab has
    no such files beside it: there ``embed=True`` puts the network into the figure, where plain
    JavaScript computes it, to the same logits.

    Args:
        embed: bool, whether the figure is to carry the network (about 0.3 MB, too much for a
            committed notebook); None means only in Colab.
        caption: str, the figure's title, or None for a general one.

    Returns:
        ``IPython.display.HTML``; the same arguments give the same text.

    Raises:
        TypeError: if ``embed`` is neither a bool nor None, or ``caption`` no str.

    Example:
        >>> page = draw_digits(caption="Write a digit").data
        >>> "<digit-reader" in page, len(page) < 3000
        (True, True)
    """
    from IPython.display import HTML  # only notebooks have need of it

    if embed is not None and not isinstance(embed, bool):
        raise TypeError(f"embed must be True, False or None; received {embed!r}")
    if embed is None:
        embed = "google.colab" in sys.modules
    caption = figure.check_caption(caption, "Write a digit")
    data = {"caption": caption}
    if embed:
        network = (figure.STATIC / "digits.onnx").read_bytes()
        data["model"] = base64.b64encode(network).decode("ascii")
    # As in figure.make_figure: JupyterLab leaves this figure's keys to it.
    return HTML(
        f'<digit-reader data-explorer="{html.escape(json.dumps(data, ensure_ascii=False))}" '
        'data-lm-suppress-shortcuts="true">\n'
        f"<p><strong>{html.escape(caption)}</strong></p>\n"
        '<p class="where">This figure is interactive where scripts run: a digit written in it is '
        "read by the book's network.</p>\n"
        f"</digit-reader>\n<script>\n{_bundle() if embed else _LOADER}\n</script>"
    )


def _bundle():
    """The modules as one script that needs no other file."""
    folder = figure.STATIC / "digit_reader"
    sources = [(folder / f"{name}.mjs").read_text("utf-8") for name in _MODULES]
    script = _IMPORT.sub("", "\n".join(sources))
    return "(() => {\n" + figure.without_comments(script) + "\n})();"
