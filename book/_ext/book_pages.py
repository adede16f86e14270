"""What the book's pages say about the project itself, read from its files while the book is built.

For Markdown pages: the directive ``execution-status`` (the table that
tools/measure_notebooks.py recorded), the directive ``api-reference`` (every public docstring, read
from the source without importing it, so that no TensorFlow is needed), and the role ``wheel``
(a link to the package, where the build has laid it beside the pages). And three repairs:
of links from chapters to named places in pages, of tables whose first heading is empty, and of
formulas that a line's end would part from their comma.
"""

import ast
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "book" / "_results" / "chapters.json"
PACKAGE = ROOT / "cnn_tutorial"
NOT_MEASURED = (
    "No measurement lies beside this build of the book. `python tools/measure_notebooks.py` runs "
    "every chapter, measures it and writes the record from which this page is made."
)


class ExecutionStatus(SphinxDirective):
    """``execution-status``: one row a chapter, from book/_results/chapters.json."""

    def run(self):
        """Parse the table where the directive stands."""
        self.env.note_dependency(str(RESULTS))
        return self.parse_text_to_nodes(status_markdown(RESULTS))


class ApiReference(SphinxDirective):
    """``api-reference``: the public functions and classes of every module of the package."""

    def run(self):
        """Parse the listing where the directive stands."""
        self.env.note_reread()
        return self.parse_text_to_nodes(api_markdown(PACKAGE), allow_section_headings=True)


class Wheel(SphinxRole):
    """``{wheel}`cnn_tutorial```: the package as a file, or, where there is none, how to make it."""

    def run(self):
        """Make the link where the role stands."""
        self.env.note_reread()
        found = sorted((ROOT / "book" / "_static").glob(f"{self.text}-*.whl"))
        if not found:
            text = "the package's wheel (not part of this build; `make book` lays it here)"
            return [nodes.Text(text)], []
        depth = self.env.docname.count("/")
        link = nodes.reference(
            "", "", refuri=f"{'../' * depth}_static/{found[-1].name}", internal=True
        )
        link += nodes.literal("", found[-1].name)
        return [link], []


def name_empty_corners(app, doctree, docname):
    """Give an empty heading of a table a text for screen readers (axe: empty-table-header)."""
    for head in doctree.findall(nodes.thead):
        for entry in head.findall(nodes.entry):
            if not entry.astext().strip() and not list(entry.findall(nodes.image)):
                text = '<span class="visually-hidden">row</span>'
                entry += nodes.paragraph("", "", nodes.raw("", text, format="html"))


def keep_punctuation(app, doctree):
    """Keep a formula in a sentence on one line with the punctuation that touches it.

    A browser may end a line on either side of a formula, as of a picture, so that the next line
    begins with a comma.
    """
    for formula in list(doctree.findall(nodes.math)):
        line, place = formula.parent, formula.parent.index(formula)
        before = line[place - 1] if place else None
        after = line[place + 1] if place + 1 < len(line) else None
        opening = re.search(r"[(\[“]$", before) if isinstance(before, nodes.Text) else None
        closing = re.match(r"[,.;:!?)\]”’]+", after) if isinstance(after, nodes.Text) else None
        if not (opening or closing):
            continue
        line[place] = together = nodes.inline(classes=["keep-together"])
        if opening:
            together += nodes.Text(opening[0])
            line[place - 1] = nodes.Text(before[: opening.start()])
        together += formula
        if closing:
            together += nodes.Text(closing[0])
            line[place + 1] = nodes.Text(after[closing.end() :])


def link_to_targets(app, doctree):
    """Let ``[text](bibliography.md#lecun1998)`` find ``(lecun1998)=``, as it finds a heading.

    MyST finds such a target by its name alone, ``[text](#lecun1998)``; but that means nothing to
    JupyterLab, where the chapters are read too.
    """
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for target in doctree.findall(nodes.target):
        if "refid" in target:
            slugs.setdefault(target["refid"], (target.line or 0, target["refid"], ""))


def status_markdown(path):
    """The page's table and sentence, in Markdown, or the sentence that there is no record."""
    if not path.exists():
        return NOT_MEASURED
    chapters = json.loads(path.read_text("utf-8"))
    if not chapters:
        return NOT_MEASURED
    lines = ["| chapter | seconds | peak MB | measured on |", "|---|--:|--:|---|"]
    for chapter in chapters:
        passed = "✓" if chapter["passed"] else "✗ fails:"
        lines.append(
            f"| {passed} [{chapter['title']}](../notebooks/{chapter['name']}.ipynb) "
            f"| {chapter['seconds']:.0f} | {chapter['peak_mb']:.0f} | {chapter['date']} |"
        )
    machines = {
        "{processor}, {cores} cores, Python {python}, TensorFlow {tensorflow}, "
        "Keras {keras}".format(**chapter)
        for chapter in chapters
    }
    return "\n".join([*lines, "", "Measured on: " + "; ".join(sorted(machines)) + "."])


def api_markdown(package):
    """Every public docstring of a package, as Markdown with one heading a name.

    Args:
        package: Path of the package's folder.

    Returns:
        str: ``##`` for each module, in the words in which readers import it; ``###`` for each
        public function or class, with its signature and its docstring from the source.
    """
    parts = []
    for path in sorted([*package.glob("*.py"), *package.glob("*/*.py")]):
        module = path.relative_to(package).with_suffix("").as_posix().replace("/", ".")
        public = _definitions(path) if _is_imported_by_readers(path, package) else {}
        if path.name == "__init__.py" and path.parent != package:
            module = path.parent.name
            public |= _reexported(path)
        if not public:
            continue
        parts += [f"## {module}", _first_paragraph(path)]
        for name, node in sorted(public.items()):
            parts += [f"### {module}.{name}", _fence(_signature(node), "python")]
            parts.append(_fence(_plain(ast.get_docstring(node)), "text"))
    return "\n\n".join(part for part in parts if part)


def _is_imported_by_readers(path, package):
    """Whether a file's own names are public: not where its folder's ``__init__`` picks them."""
    folder = path.parent / "__init__.py"
    return path.name != "__init__.py" and (path.parent == package or not _reexported(folder))


def _definitions(path):
    """The public functions and classes that a file defines: name -> node."""
    body = ast.parse(path.read_text("utf-8")).body
    kinds = ast.FunctionDef | ast.ClassDef
    return {n.name: n for n in body if isinstance(n, kinds) and not n.name.startswith("_")}


def _reexported(path):
    """What an ``__init__.py`` takes from the files beside it: name -> node."""
    found = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        source = path.parent / f"{(getattr(node, 'module', None) or '').split('.')[-1]}.py"
        if isinstance(node, ast.ImportFrom) and source.exists():
            defined = _definitions(source)
            found |= {a.name: defined[a.name] for a in node.names if a.name in defined}
    return found


def _first_paragraph(path):
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.split("\n\n")[0].replace("``", "`")


def _signature(node):
    if isinstance(node, ast.FunctionDef):
        return f"{node.name}({ast.unparse(node.args)})"
    makers = [item for item in node.body if getattr(item, "name", "") == "__init__"]
    arguments = ast.unparse(makers[0].args) if makers else ""
    return f"class {node.name}({re.sub(r'^self(, )?', '', arguments)})"


def _plain(docstring):
    """A docstring as a reader wants it: single quotes for code, no directions to doctest."""
    return re.sub(r" *# doctest:.*", "", (docstring or "").replace("``", "`"))


def _fence(text, language):
    # Five back-quotes, so that nothing in a docstring can end the block.
    return f"`````{{code-block}} {language}\n:class: api\n\n{text}\n`````" if text else ""


def setup(app):
    """Register the two directives, the role and the three repairs."""
    app.add_directive("execution-status", ExecutionStatus)
    app.add_directive("api-reference", ApiReference)
    app.add_role("wheel", Wheel())
    app.connect("doctree-read", link_to_targets)
    app.connect("doctree-read", keep_punctuation)
    app.connect("doctree-resolved", name_empty_corners)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
