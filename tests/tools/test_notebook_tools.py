"""The tools for chapters: each rule of the checker sees its fault, and a good chapter passes."""

import copy
import doctest
import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
check_notebooks = importlib.import_module("check_notebooks")
check_text = importlib.import_module("check_notebook_text")
measure_notebooks = importlib.import_module("measure_notebooks")
new_notebook = importlib.import_module("new_notebook")
run_notebooks = importlib.import_module("run_notebooks")

URL = "https://github.com/OWNER/cnn-tutorial"
PNG = "iVBORw0KGgo="
HEADER = """\
# Convolution

*What exactly does a convolution compute?*

**You will be able to**
- say what it computes;
- write it down;
- make it fast.

**Before this:** [the first chapter](21_convolution.ipynb#recap).

**Time and memory:** about 40 s and 1.4 GB on two CPU cores, measured 2026-11-23"""
EXERCISE = """\
### Exercise {n}: Sizes

How large is it?"""
HELP = """\
<details><summary>Hint</summary>

Count $n$ pixels.

</details>

<details><summary>Solution</summary>

```python
def output_size(n):
    return n
```

</details>"""
# Where the cells of the good chapter stand, counted from 1.
COLAB, START, IMPORTS, PROSE, EXACT, CLAIM, FIGURE = 2, 3, 4, 5, 6, 7, 9
RECAP, EXERCISES, STUB, CHECK, ANSWERS, OPEN, FURTHER = 23, 24, 25, 26, 27, 32, 33


def markdown(source):
    return nbformat.v4.new_markdown_cell(source)


def prose(count):
    return [markdown(f"Prose {n}.") for n in range(count)]


def code(source, *tags, outputs=()):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["tags"] = list(tags)
    return cell


def result(**data):
    return nbformat.v4.new_output(
        "execute_result", {k.replace("_", "/"): v for k, v in data.items()}
    )


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def numbered(notebook):
    """The notebook as if it had just been run."""
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return notebook


@cache
def _good_notebook():
    figure = code("plotting.show_images(x)", outputs=[result(text_plain="<Figure>", image_png=PNG)])
    figure.metadata["mystnb"] = {
        "image": {"alt": "Nine grey squares beside the kernel that made them."}
    }
    cells = [
        markdown(HEADER),
        code(new_notebook.colab_cell(URL), "colab", "remove-cell"),
        code("from cnn_tutorial import session\n\nsession.start(seed=0)"),
        code("import numpy as np\n\nfrom cnn_tutorial.exercises import chapter_21"),
        markdown(
            "## The sum\n\n[Notation](../book/notation.md#names), [L98](../book/notation.md#l98)."
        ),
        code("x = np.arange(4)\nx", outputs=[result(text_plain="array([0, 1, 2, 3])")]),
        code("y = x.sum()\nsession.check('it is 6', y == 6)", "claim", "hide-input"),
        markdown("Prose with $\\frac{a}{b}$ and `{code}` and <https://example.org/work/x>."),
        figure,
        *prose(13),
        markdown("## Recap\n\n- one\n- two\n- three"),
        *exercise_cells(1, "## Exercises\n\n"),
        *exercise_cells(2),
        markdown("### Exercise 3: Open\n\nWhy?\n\n**Rubric**\n- a reason"),
        markdown("## Further reading\n\n- [A book](https://example.org): because."),
    ]
    return numbered(nbformat.v4.new_notebook(cells=cells))


def good_notebook():
    return copy.deepcopy(_good_notebook())


def exercise_cells(n, before=""):
    return [
        markdown(before + EXERCISE.format(n=n)),
        code('def output_size(n):\n    """Size."""\n    raise NotImplementedError', "exercise"),
        code("chapter_21.check_output_size(output_size)", "exercise-check"),
        markdown(HELP),
    ]


@pytest.fixture
def folder(tmp_path):
    """A book of one chapter and one page."""
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book" / "notation.md").write_text("# Names\n\n(l98)=\n**L98** A paper.\n")
    (tmp_path / "book" / "a.svg").touch()
    return tmp_path / "notebooks"


def findings(folder, notebook, name="21_convolution", normal=True):
    path = folder / f"{name}.ipynb"
    if normal:
        notebook = run_notebooks.normalise(notebook)
    path.write_text(run_notebooks.serialise(notebook), "utf-8")
    return check_notebooks.check(path, url=URL)


def test_a_good_chapter_has_no_findings(folder):
    assert findings(folder, good_notebook()) == []


def source(number, change):
    """A fault: the source of one cell changed."""

    def make(notebook):
        cell = notebook.cells[number - 1]
        cell.source = change(cell.source) if callable(change) else change

    return make


def replaced(number, old, new):
    return source(number, lambda text: text.replace(old, new))


def tagged(number, *tags):
    return lambda notebook: notebook.cells[number - 1].metadata.update(tags=list(tags))


def output(number, *outputs):
    def make(notebook):
        notebook.cells[number - 1].outputs = list(outputs)
        numbered(notebook)

    return make


def inserted(number, *cells):
    def make(notebook):
        notebook.cells[number - 1 : number - 1] = copy.deepcopy(list(cells))
        numbered(notebook)

    return make


def deleted(number, count=1):
    def make(notebook):
        del notebook.cells[number - 1 : number - 1 + count]
        numbered(notebook)

    return make


def alt(text, number=FIGURE):
    def make(notebook):
        notebook.cells[number - 1].metadata["mystnb"] = {"image": {"alt": text}}

    return make


def second_figure_with_the_same_alt(notebook):
    notebook.cells.insert(FIGURE + 1, copy.deepcopy(notebook.cells[FIGURE - 1]))
    numbered(notebook)


def attached(notebook):
    notebook.cells[PROSE - 1]["attachments"] = {"a.png": {"image/png": PNG}}


FIGURE_PNG = result(text_plain="<Figure>", image_png=PNG)
DISPLAYED = nbformat.v4.new_output("display_data", {"image/png": PNG})


def open_in_the_middle(notebook):
    deleted(EXERCISES + 5, 3)(notebook)
    notebook.cells[EXERCISES + 3].source += "\n\n**Rubric**\n- a reason"


ERROR = nbformat.v4.new_output("error", ename="KeyError", evalue="x")
FAULTS = {
    # The file and the frame
    "too large": (output(EXACT, stream("x" * 600_000)), None, "make it smaller"),
    "no claim": (deleted(CLAIM), None, "add a claim cell"),
    "no title": (replaced(1, "# Convolution\n\n", ""), 1, "begins with # Title"),
    "no question": (replaced(1, "*What", "What"), 1, "question in italics"),
    "a statement for a question": (replaced(1, "compute?", "compute."), 1, "question in italics"),
    "no goals": (replaced(1, "**You will be able to**", "Goals"), 1, "**You will be able to**"),
    "two goals": (replaced(1, "- write it down;\n", ""), 1, "three to five goals"),
    "nothing before": (replaced(1, "**Before this:**", "Before:"), 1, "**Before this:**"),
    "no time": (replaced(1, "**Time and memory:**", "Time:"), 1, "**Time and memory:**"),
    "time guessed": (replaced(1, "about 40 s", "a minute"), 1, "have time and memory measured"),
    "order of lines": (
        source(1, lambda s: re.sub(r"(?s)(\*\*You.*?)(\*\*Before.*?\n)", r"\2\n\1", s)),
        1,
        "into their order",
    ),
    "Colab cell without tag": (tagged(COLAB, "remove-cell"), COLAB, "the second cell is the Colab"),
    "another address": (replaced(COLAB, "OWNER", "x"), COLAB, "take the Colab cell from"),
    "start not alone": (source(START, lambda s: s + "\nx = 1"), START, "alone"),
    "code among imports": (source(IMPORTS, lambda s: s + "\nx = 1"), IMPORTS, "the imports alone"),
    "no recap": (replaced(RECAP, "Recap", "Summary"), None, "close the chapter with"),
    "short recap": (replaced(RECAP, "- three", ""), None, "answer the 3 goals"),
    "too few cells": (deleted(12, 6), None, "20 to 40 cells"),
    "too many cells": (inserted(12, *prose(20)), None, "20 to 40 cells"),
    "nothing to read": (source(FURTHER, "## Further reading\n\nNo."), FURTHER, "what to read"),
    # Code and outputs
    "unknown tag": (tagged(EXACT, "nbval-skip"), EXACT, "delete the tag nbval-skip"),
    "tag on prose": (tagged(PROSE, "claim"), PROSE, "delete the tags"),
    "hidden cell": (tagged(EXACT, "remove-cell"), EXACT, "only the Colab cell"),
    "claim not folded": (tagged(CLAIM, "claim"), CLAIM, "hide-input too"),
    "claim measured": (
        tagged(CLAIM, "claim", "hide-input", "nbval-ignore-output"),
        CLAIM,
        "take nbval-ignore-output off",
    ),
    "claim untagged": (tagged(CLAIM), CLAIM, "give this cell the tags claim"),
    "claim without check": (source(CLAIM, "y = 1"), CLAIM, "calls session.check"),
    "claim with more": (source(CLAIM, lambda s: s + "\nprint(1)"), CLAIM, "move line 3 out"),
    "claim that cannot fail": (source(CLAIM, "session.check('it', 1 < 2)"), CLAIM, "cannot fail"),
    "empty prose": (source(PROSE, ""), PROSE, "delete this empty Markdown cell"),
    "empty cell": (source(EXACT, " "), EXACT, "delete this empty"),
    "26 lines": (source(EXACT, "\n".join(["x = 1"] * 26)), EXACT, "26 lines, 25 at the most"),
    "no Python": (source(EXACT, "x = ="), EXACT, "not Python"),
    "semicolon": (source(EXACT, "x;"), EXACT, "delete the ;"),
    "assert": (source(EXACT, "assert x"), EXACT, "what this assert says"),
    "plt.show": (source(FIGURE, "plt.show()"), FIGURE, "instead of plt.show()"),
    "pip": (source(EXACT, "%pip install x"), EXACT, "install nothing"),
    "second start": (source(EXACT, "session.start()"), EXACT, "nowhere else"),
    "two code cells": (inserted(FIGURE, code("1")), FIGURE + 1, "write a word between"),
    "two claim cells": (
        inserted(CLAIM + 1, code("session.check('6', y == 6)", "claim", "hide-input")),
        CLAIM + 1,
        "write a word between",
    ),
    "not run": (lambda nb: nb.cells[FIGURE - 1].update(execution_count=None), FIGURE, "is not 6"),
    "run twice": (lambda nb: nb.cells[COLAB - 1].update(execution_count=7), COLAB, "is not 1"),
    "error": (output(EXACT, ERROR), EXACT, "its stored output is a KeyError"),
    "stderr": (output(EXACT, stream("x", "stderr")), EXACT, "stderr"),
    "svg": (output(FIGURE, result(image_svg="<svg/>")), FIGURE, "or image/jpeg, not image/svg"),
    "pyplot": (output(FIGURE, DISPLAYED), FIGURE, "pyplot drew this"),
    "two figures": (output(FIGURE, FIGURE_PNG, FIGURE_PNG), FIGURE, "one figure a cell"),
    "no alt": (lambda nb: nb.cells[FIGURE - 1].metadata.pop("mystnb"), FIGURE, "describe the"),
    "short alt": (alt("Nine grey squares, a kernel."), FIGURE, "30 characters or more"),
    "alt without words": (alt("figure_of_nine_grey_squares_here.png"), FIGURE, "describe the"),
    "alt again": (second_figure_with_the_same_alt, FIGURE + 2, "the one in cell 9 again"),
    "widget": (output(EXACT, result(**{"application_vnd.widget-view": "x"})), EXACT, "widget"),
    "address": (output(EXACT, result(text_plain="<f at 0x7f12ab34>")), EXACT, "memory address"),
    "progress": (output(EXACT, stream("1/9\r2/9\n")), EXACT, "progress"),
    "time a step": (output(EXACT, stream("12ms/step\n")), EXACT, "it shows times"),
    "img": (output(EXACT, result(text_html="<img src='x'>")), EXACT, "alt text"),
    "clock": (replaced(EXACT, "x = ", "x = perf_counter() * "), EXACT, "tag this cell"),
    "TODO": (source(PROSE, "## The sum\n\nTODO"), PROSE, "do what the TODO says"),
    # Links and headings
    "attachment": (attached, PROSE, "attached to the cell"),
    "second title": (source(PROSE, "# The sum"), PROSE, "only the title"),
    "level skipped": (source(PROSE, "### The sum"), PROSE, "its level skips one"),
    "no such chapter": (replaced(1, "21_", "31_"), 1, "there is no file for the link"),
    "no such heading": (replaced(1, "#recap", "#summary"), 1, "there is no heading or target"),
    "no such target": (replaced(PROSE, "#l98", "#l99"), PROSE, "there is no heading or target"),
    "no such own heading": (source(PROSE, "[x](#y)"), PROSE, "in this notebook"),
    "absolute link": (source(PROSE, "[x](/book/x.md)"), PROSE, "by a relative path"),
    "other scheme": (source(PROSE, "[x](ftp:x.md)"), PROSE, "by a relative path"),
    "no address": (source(PROSE, "[x]()"), PROSE, "without an address"),
    "anchor in a picture": (source(PROSE, "[x](../book/a.svg#y)"), PROSE, "take #y off"),
    # Exercises
    "two exercises": (deleted(EXERCISES + 4, 4), EXERCISES, "three to five exercises"),
    "wrong number": (replaced(EXERCISES + 4, "Exercise 2", "Exercise 4"), EXERCISES + 4, "not 4"),
    "no stub": (deleted(STUB), EXERCISES, "it has check, Hint, Solution"),
    "no hint": (replaced(ANSWERS, "Hint", "Solution"), EXERCISES, "it has stub, check, Solution"),
    "stub untagged": (tagged(STUB), EXERCISES, "tag the two"),
    "stub solved": (source(STUB, "def output_size(n):\n    return n"), EXERCISES, "leaves output"),
    "stub no Python": (source(STUB, "def"), EXERCISES, "the stub of exercise 1 is not Python"),
    "stub set": (source(STUB, "output_size = 1"), EXERCISES, "leaves output"),
    "stub of another name": (source(STUB, "size = None"), EXERCISES, "leaves output"),
    "no call": (source(CHECK, "output_size(1)"), EXERCISES, "and does nothing else"),
    "other chapter": (replaced(CHECK, "21", "22"), EXERCISES, "calls chapter_22"),
    "no fence": (replaced(ANSWERS, "```python", "```"), EXERCISES, "into one ```python block"),
    "no empty line": (
        replaced(ANSWERS, "Solution</summary>\n\n", "Solution</summary>\n"),
        EXERCISES,
        "into one ```python block",
    ),
    "solution of another name": (replaced(ANSWERS, "def o", "def p"), EXERCISES, "defines"),
    "solution no Python": (replaced(ANSWERS, "return n", "return ="), EXERCISES, "not Python"),
    "details left open": (
        source(ANSWERS, lambda text: text.removesuffix("</details>")),
        ANSWERS,
        "close every <details>",
    ),
    "open exercise with code": (inserted(OPEN + 1, code("1", "exercise")), OPEN, "no code cells"),
    "no rubric": (replaced(OPEN, "**Rubric**", "Rubric"), OPEN, "under **Rubric**"),
    "no cells": (deleted(EXERCISES + 5, 3), EXERCISES + 4, "exercise 2 needs"),
    "open in the middle": (open_in_the_middle, EXERCISES + 4, "only the last one is"),
    "exercise elsewhere": (tagged(EXACT, "exercise"), EXACT, "stands under its heading"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_checker_names_the_fault_and_its_cell(folder, name):
    fault, cell, words = FAULTS[name]
    notebook = good_notebook()
    fault(notebook)
    found = findings(folder, notebook)
    assert [f for f in found if f.cell == cell and words in f.message], found


ALLOWED = {
    "times in a measured cell": [
        output(EXACT, stream("12ms/step\n")),
        tagged(EXACT, "nbval-ignore-output"),
    ],
    "a loop of claims": [source(CLAIM, "for n in x:\n    session.check('less than 4', n < 4)")],
    "a check cell that imports its checker": [
        replaced(CHECK, "chap", "from cnn_tutorial.exercises import chapter_21\n\nchap")
    ],
    "a stub that is None": [source(STUB, "output_size = None")],
    "a rubric in one paragraph": [replaced(OPEN, "**Rubric**\n-", "**Rubric.**")],
    "a recap in paragraphs": [source(RECAP, "## Recap\n\nOne.\n\nTwo.\n\nThree.")],
    "mathematics, tables, code": [
        source(PROSE, "## A\n\n$$\n% x\n\\begin{a}\n$$\n\n| a | b |\n|---|---|\n| `~~` | 1 |")
    ],
    "Markdown in code": [source(PROSE, "## A\n\n```text\n:::\n{ref}`x`\nhttps://x.org\n```")],
    "a magic": [source(EXACT, "%matplotlib inline\nx")],
    "a remainder at a line's start": [source(EXACT, "(5\n % 2)")],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_checker_accepts(folder, name):
    notebook = good_notebook()
    for change in ALLOWED[name]:
        change(notebook)
    assert findings(folder, notebook) == []


MARKDOWN_FAULTS = {
    "::: note\nx\n:::": "::: is MyST's",
    "{ref}`recap`": "is a MyST role",
    "(target)=\n": "is a MyST target",
    "% a comment": "is a MyST comment",
    "+++": "block break",
    "word\n: meaning": "definition list",
    "A claim[^1].": "footnote",
    "{{ version }}": "substitution",
    "[x](https://example.org){target=_blank}": "sets attributes",
    "~~old~~": "struck-out",
    "\\begin{align}x\\end{align}": "between $$ and $$",
    "see https://example.org": "a bare address",
    "```{note}\nx\n```": "is a MyST directive",
    "<b>x</b>": "<b> is raw HTML",
    "<div>\nx\n</div>": "<div> is raw HTML",
    "<!-- x -->": "<!-- --> is raw HTML",
    "![](21_convolution.ipynb)": "describe the image",
    "in /home/someone/x": "a path of one machine",
    "in C:\\data": "a path of one machine",
    "from " + ".".join(["pypi", "org"]): "a package registry",
    "a" + "@" + "b.org": "an e-mail address",
}


@pytest.mark.parametrize("text", MARKDOWN_FAULTS)
def test_checker_refuses_what_is_not_commonmark_or_private(folder, text):
    notebook = good_notebook()
    notebook.cells[PROSE - 1].source += f"\n\n{text}\n"
    found = findings(folder, notebook)
    assert [f.cell for f in found] == [PROSE]
    assert MARKDOWN_FAULTS[text] in found[0].message


def test_checker_sees_private_paths_in_outputs(folder):
    notebook = good_notebook()
    output(EXACT, stream("/root/x\n"))(notebook)
    assert "'/root/'" in findings(folder, notebook)[0].message


def test_checker_refuses_a_file_name_without_part_and_place(folder):
    assert "PC_slug" in findings(folder, good_notebook(), name="convolution")[0].message


def test_checker_refuses_a_file_that_is_not_in_normal_form(folder):
    found = findings(folder, good_notebook(), normal=False)
    assert [f.message for f in found] == [
        "bring the file into its normal form: python tools/run_notebooks.py does"
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"nbformat": 3, "cells": []}'])
def test_checker_says_so_where_the_file_is_no_notebook(folder, text):
    path = folder / "21_convolution.ipynb"
    path.write_text(text)
    assert "no valid notebook" in check_notebooks.check(path, url=URL)[0].message


def test_checker_survives_a_notebook_without_cells(folder):
    assert findings(folder, nbformat.v4.new_notebook())


def test_checker_prints_one_line_a_finding_and_exits_with_1(folder, capsys):
    notebook = good_notebook()
    source(EXACT, "x;")(notebook)
    findings(folder, notebook)
    path = folder / "21_convolution.ipynb"
    assert check_notebooks.main([str(path)]) == 1
    assert f"{path}: cell 6: delete the ; at a line's end" in capsys.readouterr().out
    assert check_notebooks.main([str(folder / "none.ipynb")]) == 2


def test_anchors_are_those_that_myst_makes():
    base = pytest.importorskip("myst_parser.mdit_to_docutils.base")
    titles = ["What is C_out?", "A `conv2d` & more", "Größe: 3×3", "a  b", "x (y) – z", "1. Size"]
    cells = [markdown(f"## {title}") for title in titles]
    found = check_text.headings(nbformat.v4.new_notebook(cells=cells))
    plain = [title.replace("`", "") for title in titles]
    assert [anchor for *_, anchor in found] == [base.default_slugify(title) for title in plain]


def test_repeated_headings_get_a_number_and_deep_ones_no_anchor():
    cells = [markdown("## Why $x$?\n\n## Why $y$?"), markdown("#### Deep")]
    found = check_text.headings(nbformat.v4.new_notebook(cells=cells))
    assert [anchor for *_, anchor in found] == ["why-", "why--1", ""]


# Starting a chapter


def test_new_notebook_is_in_normal_form_and_lacks_only_what_a_person_must_write(folder, capsys):
    arguments = ["22_convolution_variants", "Variants", "--folder", str(folder)]
    assert new_notebook.main(arguments) == 0
    found = check_notebooks.check(folder / "22_convolution_variants.ipynb")
    expected = ["TODO", "run the notebook", "cells, exercises", "exercises; there", "measured"]
    unexpected = [f for f in found if not any(words in f.message for words in expected)]
    assert unexpected == []
    assert "cell 1: do what the TODO says" in capsys.readouterr().out
    before = (folder / "22_convolution_variants.ipynb").read_bytes()
    assert new_notebook.main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert (folder / "22_convolution_variants.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["variants", "2_x", "20_x", "22_X", "22-x", "22_x.ipynb", "../22_x"]
)
def test_new_notebook_refuses_a_name_that_is_not_part_place_slug(folder, capsys, name):
    assert new_notebook.main([name, "Title", "--folder", str(folder)]) == 2
    assert "name must look like" in capsys.readouterr().err
    assert list(folder.parent.rglob("*.ipynb")) == []


@pytest.mark.parametrize("title", ["", "two\nlines"])
def test_new_notebook_refuses_a_title_that_is_not_one_line(title):
    with pytest.raises(ValueError, match="title must be one line"):
        new_notebook.make_skeleton("22_x", title, URL)


def test_repository_url_is_read_from_the_settings(tmp_path):
    config = tmp_path / "_config.yml"
    config.write_text("repository:\n  url: https://example.org/a/b\n")
    assert new_notebook.repository_url(config) == "https://example.org/a/b"
    config.write_text("title: x\n")
    with pytest.raises(ValueError, match="repository: url"):
        new_notebook.repository_url(config)


@pytest.mark.parametrize(
    "url", ["http://x.org/a", "https://x.org", 'https://x.org/a"', "https://x.org/a b"]
)
def test_colab_cell_refuses_what_is_no_repository_address(url):
    with pytest.raises(ValueError, match="https"):
        new_notebook.colab_cell(url)


@pytest.fixture
def colab(monkeypatch, tmp_path):
    """Run a Colab cell as IPython does in an empty folder; returns what pip was asked for."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell()
    asked = []
    shell.register_magic_function(asked.append, "line", "pip")

    def run(url, *, inside=True):
        if inside:
            monkeypatch.setitem(sys.modules, "google.colab", object())
        shell.run_cell(new_notebook.colab_cell(url)).raise_error()
        return asked

    return run


def test_colab_cell_does_nothing_elsewhere(colab, capsys):
    assert colab("https://example.org/a/b", inside=False) == []
    assert capsys.readouterr().out == ""


def test_colab_cell_installs_from_the_repository(colab):
    assert colab("https://example.org/a/b") == ["install -q git+https://example.org/a/b"]


def test_colab_cell_prefers_the_newest_uploaded_wheel(colab):
    import os

    for age, version in enumerate(["0.10.0", "0.9.0"]):
        wheel = Path(f"cnn_tutorial-{version}-py3-none-any.whl")
        wheel.touch()
        os.utime(wheel, (1000 - age, 1000 - age))
    Path("cnn_tutorial-0.11.0-py3-none-any (1).whl").touch()
    assert colab(URL) == ["install -q cnn_tutorial-0.10.0-py3-none-any.whl"]


def test_colab_cell_says_in_a_sentence_what_to_do_while_the_address_is_a_placeholder(colab, capsys):
    assert colab(URL) == []
    said = capsys.readouterr().out
    assert said.startswith("Upload")
    assert said.count("\n") == 1


# Running and storing


def test_normalise_gives_the_same_file_whatever_editor_and_python_wrote_it():
    def made(version, extra):
        cell = code("x", "b", "a", outputs=[stream("1\n"), stream("2\n"), stream("3", "stderr")])
        cell.metadata.update(extra)
        cell.id = "same"
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata = nbformat.from_dict(
            {"language_info": {"version": version}, "widgets": {}, "kernelspec": {"name": version}}
        )
        return run_notebooks.serialise(run_notebooks.normalise(notebook))

    timing = {"execution": {"iopub.execute_input": "2026"}, "collapsed": False, "scrolled": True}
    first, second = made("3.11.7", {}), made("3.13.1", timing)
    assert first == second
    assert first.endswith("}\n")
    assert "3.11" not in first
    cell = json.loads(first)["cells"][0]
    assert cell["metadata"] == {"tags": ["a", "b"]}
    assert [(o["name"], o["text"]) for o in cell["outputs"]] == [
        ("stdout", ["1\n", "2\n"]),
        ("stderr", ["3"]),
    ]


def test_normalise_keeps_what_a_reader_sees_and_good_ids():
    notebook = good_notebook()
    normal = run_notebooks.normalise(notebook)
    assert run_notebooks.normalise(normal) == normal
    for before, after in zip(notebook.cells, normal.cells, strict=True):
        assert (before.source, before.id) == (after.source, after.id)
        assert before.get("outputs") == after.get("outputs")
        assert before.get("execution_count") == after.get("execution_count")


def test_normalise_invents_the_same_ids_every_time_and_no_two_alike():
    notebook = nbformat.v4.new_notebook(cells=[markdown("a"), markdown("a"), markdown("b")])
    notebook.cells[0].pop("id")
    notebook.cells[1].id = notebook.cells[2].id = "not good!"
    ids = [cell.id for cell in run_notebooks.normalise(notebook).cells]
    assert ids == [cell.id for cell in run_notebooks.normalise(notebook).cells]
    assert len(set(ids)) == 3
    nbformat.validate(run_notebooks.normalise(notebook))


def test_find_notebooks_takes_names_and_paths_and_refuses_others(folder):
    for name in ("21_b", "11_a"):
        (folder / f"{name}.ipynb").touch()
    assert [p.stem for p in run_notebooks.find_notebooks([], folder)] == ["11_a", "21_b"]
    assert run_notebooks.find_notebooks(["21_b"], folder) == [folder / "21_b.ipynb"]
    with pytest.raises(FileNotFoundError, match="no notebook 31_c"):
        run_notebooks.find_notebooks(["31_c"], folder)


def test_a_file_changed_while_it_ran_is_left_alone(folder, monkeypatch):
    path = folder / "21_x.ipynb"
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=[code("1")]))

    def execute(notebook, folder, seconds):
        path.write_text("edited")
        return notebook

    monkeypatch.setattr(run_notebooks, "execute", execute)
    with pytest.raises(RuntimeError, match="changed while it ran"):
        run_notebooks.run_one(path)
    assert path.read_text() == "edited"


def test_write_leaves_the_old_file_when_it_fails(folder, monkeypatch):
    path = folder / "21_x.ipynb"
    path.write_text("old")
    with pytest.raises(AttributeError):
        run_notebooks.write(path, None)
    assert path.read_text() == "old"
    assert list(folder.iterdir()) == [path]


@pytest.mark.slow
def test_run_stores_outputs_of_a_fresh_kernel_in_the_notebooks_folder(folder, capsys):
    path = folder / "21_x.ipynb"
    cells = [
        code("import os, cnn_tutorial\nprint(os.path.basename(os.getcwd()))"),
        markdown("Prose."),
        code("from matplotlib import pyplot as plt\nfig, axis = plt.subplots()\nplt.close()\nfig"),
    ]
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=cells))
    before = path.read_bytes()
    assert run_notebooks.main([str(path), "--check"]) == 0
    assert path.read_bytes() == before
    assert run_notebooks.main([str(path)]) == 0
    after = path.read_text("utf-8")
    notebook = run_notebooks.read(path)
    assert after == run_notebooks.serialise(run_notebooks.normalise(notebook))
    assert [cell.get("execution_count") for cell in notebook.cells] == [1, None, 2]
    assert notebook.cells[0].outputs[0].text == "notebooks\n"
    assert notebook.cells[2].outputs[0].output_type == "execute_result"
    assert "image/png" in notebook.cells[2].outputs[0].data
    assert run_notebooks.main([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(", ")[-1] for line in lines] == ["not written", "written", "unchanged"]
    assert re.match(r"21_x +\d+\.\d s  3 cells", lines[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "seconds", "words"),
    [
        ("1 / 0", "60", "ZeroDivisionError: division by zero"),
        ("import time; time.sleep(60)", "3", "still ran when the notebook's 3 seconds were over"),
        ("import os; os._exit(1)", "60", "its kernel died"),
    ],
)
def test_a_failing_cell_is_shown_and_the_file_left_as_it_was(
    folder, capsys, source, seconds, words
):
    path = folder / "21_x.ipynb"
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=[markdown("a"), code(source)]))
    before = path.read_bytes()
    assert run_notebooks.main([str(path), "--seconds", seconds]) == 1
    said = capsys.readouterr().out
    assert "cell 2 failed" in said
    assert f"| {source}" in said
    assert words in said
    assert path.read_bytes() == before


# Measuring

RECORD = {
    "name": "21_convolution",
    "title": "Convolution",
    "seconds": 36.2,
    "peak_mb": 1320,
    "processes": 1,
    "date": "2026-11-23",
    "cores": 2,
    "passed": True,
}


def test_time_line_is_rounded_up_and_accepted_by_the_checker():
    for change in ({}, {"cores": 1}, {"cores": 16}, {"seconds": 0.4}, {"peak_mb": 90}):
        assert check_notebooks.TIME_LINE.search(measure_notebooks.time_line(RECORD | change))
    assert "about 45 s and 3.0 GB on one CPU core," in measure_notebooks.time_line(
        RECORD | {"seconds": 40.1, "peak_mb": 2901, "cores": 1}
    )


def test_write_line_changes_the_line_and_nothing_else(folder):
    path = folder / "21_convolution.ipynb"
    run_notebooks.write(path, run_notebooks.normalise(good_notebook()))
    before = path.read_text()
    measure_notebooks.write_line(path, RECORD | {"seconds": 51})
    assert path.read_text() == before.replace("about 40 s", "about 55 s") != before
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=[markdown("# Title")]))
    with pytest.raises(ValueError, match="Time and memory"):
        measure_notebooks.write_line(path, RECORD)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seconds": 61.0}, "61 s, 60 s at the most"),
        ({"name": "71_digit_reader", "seconds": 91.0}, "91 s, 90 s at the most"),
        ({"peak_mb": 3001}, "3001 MB, 3000 MB at the most"),
        ({"peak_mb": 5001, "processes": 3}, "5001 MB, 5000 MB at the most"),
        ({"passed": False}, "a cell fails"),
    ],
)
def test_find_excess_names_each_limit(change, words):
    found = measure_notebooks.find_excess([RECORD | change])
    assert len(found) == 1
    assert words in found[0]


def test_find_excess_grants_part_7_and_processes_more_and_adds_all_chapters_up():
    generous = {"name": "71_x", "seconds": 89.0, "peak_mb": 4900, "processes": 2}
    assert measure_notebooks.find_excess([RECORD, RECORD | generous]) == []
    assert "all chapters" in measure_notebooks.find_excess([RECORD | {"seconds": 60}] * 26)[-1]


def test_find_stale_compares_the_record_with_the_chapters(folder):
    path = folder / "21_convolution.ipynb"
    run_notebooks.write(path, run_notebooks.normalise(good_notebook()))
    record = RECORD | {"peak_mb": 1400, "seconds": 40.0}
    assert measure_notebooks.find_stale([record], [path]) == []
    assert measure_notebooks.find_stale([], [path]) == ["21_convolution: never measured"]
    assert "no such chapter" in measure_notebooks.find_stale([record], [])[0]
    assert "does not say" in measure_notebooks.find_stale([record | {"seconds": 50}], [path])[0]
    assert "another title" in measure_notebooks.find_stale([record | {"title": "x"}], [path])[0]


def test_records_are_sorted_replaced_and_dropped_with_their_chapter(tmp_path):
    results = tmp_path / "_results" / "chapters.json"
    assert measure_notebooks.load_records(results) == []
    for name, seconds in [("31_c", 1), ("21_b", 2), ("21_b", 3)]:
        measure_notebooks.store_record(
            {"name": name, "seconds": seconds}, {"31_c", "21_b"}, results
        )
    assert measure_notebooks.load_records(results) == [
        {"name": "21_b", "seconds": 3},
        {"name": "31_c", "seconds": 1},
    ]
    measure_notebooks.store_record({"name": "21_b"}, {"21_b"}, results)
    assert measure_notebooks.load_records(results) == [{"name": "21_b"}]
    assert [file.name for file in results.parent.iterdir()] == ["chapters.json"]


@pytest.mark.slow
def test_measure_counts_the_memory_of_child_processes(folder):
    path = folder / "21_x.ipynb"
    child = "x = bytearray(300_000_000); import time; time.sleep(1)"
    call = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=[markdown("# T"), code(call)]))
    record = measure_notebooks.measure(path)
    assert record["passed"]
    assert record["processes"] >= 2
    assert 350 < record["peak_mb"] < 1000  # the child's 300 and a kernel
    assert 1 < record["seconds"] < 60
    assert record["title"] == "T"
    run_notebooks.write(path, nbformat.v4.new_notebook(cells=[markdown("# T"), code("1 / 0")]))
    assert not measure_notebooks.measure(path)["passed"]


@pytest.mark.parametrize(
    "name",
    [path.stem for path in sorted((ROOT / "tools").glob("*_notebook*.py"))],
)
def test_examples_in_the_tools_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
