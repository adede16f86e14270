"""The checker's rules for a notebook's Markdown: what JupyterLab, Colab and the page all show.

Used by tools/check_notebooks.py. A rule yields pairs (cell number, sentence that says what to
do); cells are counted from 1, as JupyterLab's status bar does.
"""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from run_notebooks import read

PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
ANCHOR_LEVELS = ("h1", "h2", "h3")  # myst_heading_anchors: 3 in _config.yml
ALLOWED_HTML = {"details", "summary"}
# What stands for an inline token that is not text, while lines of text are searched.
STAND_IN = {"code_inline": "\x00", "math_inline": "\x01", "image": "\x02", "link_close": "\x02"}
NOT_COMMONMARK = [
    (r"^:{3,}", "::: is MyST's; write a heading or a bold word instead"),
    (r"\{[\w:+.-]+\}\x00", "{name}`…` is a MyST role; write a link or plain words instead"),
    (r"^\([^\s()]+\)=\s*$", "(name)= is a MyST target; link to a heading instead"),
    (r"^%( |$)", "a line that starts with % is a MyST comment; delete it"),
    (r"^\+{3,}", "+++ is MyST's block break; delete it"),
    (r"^: ", "a line that starts with : is a definition list; write a list or a table instead"),
    (r"\[\^[^\]\s]+\]", "[^1] is a footnote, which CommonMark has not; put it in the sentence"),
    (r"\{\{.*?\}\}", "{{…}} is a MyST substitution; write the words"),
    (r"[\x00\x02]\{", "{…} after a link, an image or code sets attributes in MyST; delete it"),
    (r"~~\S", "~~ is not CommonMark; delete the struck-out words"),
    (r"\\(begin|end)\{", r"put \begin{…} … \end{…} between $$ and $$"),
    (r"https?://", "a bare address is no link in CommonMark; write [words](address)"),
]


@cache  # every rule asks for the same cells
def parse(source):
    """The tokens of one Markdown cell; to read, not to change."""
    return PARSER.parse(source)


def headings(notebook):
    """Every heading, in order.

    Args:
        notebook: Notebook.

    Returns:
        list of (cell number, level, text, anchor): int, int, str, str. The anchor is the one that
        MyST makes: it leaves mathematics out and numbers repeated headings. It is empty where a
        heading is too deep for one.
    """
    found, used = [], set()
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            found += [(number, *heading) for heading in _headings(parse(cell.source), used)]
    return found


def _headings(tokens, used):
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        anchor = ""
        if opening.tag in ANCHOR_LEVELS:
            text = "".join(
                child.content for child in inline.children if child.type in ("text", "code_inline")
            )
            anchor = re.sub(r"[^\w\u4e00-\u9fff\- ]", "", text.lower().replace(" ", "-"))
            repeats = 1
            while anchor in used:
                anchor, repeats = f"{anchor}-{repeats}", repeats + 1
            used.add(anchor)
        yield int(opening.tag[1]), inline.content, anchor


@cache
def _anchors_at(path, modified):
    """The anchors of a notebook or page; ``modified`` is there for the cache alone."""
    if path.suffix == ".ipynb":
        return {anchor for _, _, _, anchor in headings(read(path)) if anchor}
    text = path.read_text("utf-8")
    slugs = {anchor for _, _, anchor in _headings(parse(text), set()) if anchor}
    return slugs | set(re.findall(r"^\(([^\s()]+)\)=\s*$", text, re.MULTILINE))


def anchors(path):
    """What can stand after ``#`` in a link to a chapter or page.

    Args:
        path: Path of an ``.ipynb`` or ``.md`` file.

    Returns:
        set of str: headings of levels 1 to 3 and, in a page, ``(name)=`` targets.
    """
    path = Path(path)
    return _anchors_at(path, path.stat().st_mtime_ns)


def check_commonmark(notebook):
    """Only CommonMark, ``$…$``, tables and ``<details>``."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "markdown":
            continue
        if not cell.source.strip():
            yield number, "delete this empty Markdown cell"
        if cell.get("attachments"):
            yield number, "the image is attached to the cell; make it by code in a cell of its own"
        tokens = parse(cell.source)
        for token in tokens:
            if token.type == "fence" and token.info.startswith("{"):
                yield number, f"```{token.info} is a MyST directive; CommonMark has none"
            if token.type in ("html_block", "html_inline"):
                yield from _check_html(number, token.content)
            for child in token.children or []:
                if child.type == "html_inline":
                    yield from _check_html(number, child.content)
                if child.type == "image" and not child.content.strip():
                    yield number, "describe the image between the brackets of ![…](…)"
            lines = plain_text(token)
            for pattern, sentence in NOT_COMMONMARK:
                if re.search(pattern, lines, re.MULTILINE):
                    yield number, sentence
        html = "".join(token.content for token in tokens if token.type == "html_block")
        if len(re.findall(r"<details\b", html)) != html.count("</details>"):
            yield number, "close every <details> with </details> after an empty line"


def plain_text(token):
    """An inline token's text, one line a line; code, mathematics and images are stand-ins."""
    if token.type != "inline":
        return ""
    parts = []
    in_autolink = False
    for child in token.children:
        if child.type == "link_open":
            in_autolink = child.markup == "autolink"
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "text" and not in_autolink:
            parts.append(child.content)
        else:
            parts.append(STAND_IN.get(child.type, ""))
        if child.type == "link_close":
            in_autolink = False
    return "".join(parts)


def _check_html(number, html):
    for name in sorted(set(re.findall(r"<!--|</?([A-Za-z][\w-]*)", html)) - ALLOWED_HTML):
        tag = f"<{name}>" if name else "<!-- -->"
        yield number, f"{tag} is raw HTML, of which only <details> and <summary> are used"


def check_headings(notebook):
    """One title; levels without gaps, which a screen reader's user moves along."""
    before = 0
    for number, level, text, _ in headings(notebook):
        if level == 1 and before:
            yield number, f"make «{text}» a ## heading: only the title is a # heading"
        elif level > before + 1:
            yield number, f"give «{text}» {before + 1} #: its level skips one"
        before = level


def check_links(path, notebook):
    """Every link leads to an existing chapter, page or anchor."""
    own = {anchor for _, _, _, anchor in headings(notebook) if anchor}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "markdown":
            continue
        for token in parse(cell.source):
            for child in token.children or []:
                target = child.attrGet("href") or child.attrGet("src")
                if target is not None:
                    problem = _link_problem(Path(path).parent, target, own)
                    if problem:
                        yield number, problem
                elif child.type == "link_open":
                    yield number, "a link without an address; write [words](address)"


def _link_problem(folder, target, own_anchors):
    parts = urlsplit(target)
    if parts.scheme in ("http", "https") and parts.netloc:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return f"link to {target} by a relative path or an http address"
    anchor = unquote(parts.fragment)
    if not parts.path:
        if anchor in own_anchors:
            return None
        return f"there is no heading for the link {target} in this notebook"
    file = (folder / unquote(parts.path)).resolve()
    if not file.is_file():
        return f"there is no file for the link {target}"
    if not anchor:
        return None
    if file.suffix not in (".ipynb", ".md"):
        return f"take #{anchor} off the link {target}: that file has no anchors"
    if anchor not in anchors(file):
        return f"there is no heading or target for the link {target} in that file"
    return None
