"""Check chapters against what design.md and style.md ask: ``check_notebooks.py [NOTEBOOK…]``.

Everything about a notebook that a machine can decide without running it, one finding a line:
``file: cell N: what to do``. Here are the rules for the chapter's frame; those for Markdown, for
code with its outputs, and for exercises stand in the ``check_notebook_*`` modules beside this one.
"""

import ast
import copy
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import check_notebook_cells as cells
import check_notebook_exercises as exercises
import check_notebook_text as text
import nbformat
from colab_cell import NAME, colab_cell, repository_url
from run_notebooks import find_notebooks, normalise, read, serialise

MAX_BYTES = 600_000
CELLS = (20, 40)  # without the exercises
GOALS = (3, 5)
CLOSING = ["Recap", "Exercises", "Further reading"]
TIME_LINE = re.compile(
    r"^\*\*Time and memory:\*\* about \d+ s and \d+\.\d GB on \w+ CPU cores?, "
    r"measured \d{4}-\d\d-\d\d$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Finding:
    """One thing to mend; ``cell`` is counted from 1, or None for the whole file."""

    path: Path
    cell: int | None
    message: str

    def __str__(self):
        where = f"cell {self.cell}: " if self.cell else ""
        here = Path.cwd()
        path = self.path.relative_to(here) if self.path.is_relative_to(here) else self.path
        return f"{path}: {where}{self.message}"


def check(path, url=None):
    """What there is to mend in a chapter.

    Args:
        path: Path of the notebook.
        url: str, the repository's address in its Colab cell, or None for that of _config.yml.

    Returns:
        list of Finding, in the order of the cells; empty when all is well.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    path = Path(path)
    try:
        notebook = read(path)
        nbformat.validate(copy.deepcopy(notebook))  # it would mend ids in place
    except (ValueError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        return [Finding(path, None, f"mend the file, which is no valid notebook: {reason}")]
    found = [
        *_check_file(path, notebook),
        *_check_header(notebook),
        *_check_opening(notebook, url or repository_url()),
        *_check_sections(notebook),
        *_check_recap(notebook),
        *cells.check_tags(notebook),
        *cells.check_code(notebook),
        *cells.check_run(notebook),
        *cells.check_outputs(notebook),
        *cells.check_private(notebook),
        *text.check_commonmark(notebook),
        *text.check_headings(notebook),
        *text.check_links(path, notebook),
        *exercises.check_exercises(path, notebook),
    ]
    unique = dict.fromkeys((number, message) for number, message in found)
    ordered = sorted(unique, key=lambda finding: finding[0] or 0)
    return [Finding(path, number, message) for number, message in ordered]


def _check_file(path, notebook):
    if not NAME.fullmatch(path.stem):
        yield None, "name the file PC_slug.ipynb: part, place, words in lower case"
    size = path.stat().st_size
    if size > MAX_BYTES:
        yield None, f"make it smaller: {size / 1000:.0f} kB, {MAX_BYTES // 1000} kB at the most"
    if path.read_text("utf-8") != serialise(normalise(notebook)):
        yield None, "bring the file into its normal form: python tools/run_notebooks.py does"
    if not any("claim" in tags for _, _, tags in cells.code_cells(notebook)):
        yield None, "add a claim cell: what the prose leans on is checked"


def _check_header(notebook):
    """Title, question, goals, what to read before, time and memory."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        yield 1, "begin with a Markdown cell that begins with # Title"
        return
    blocks = [block.strip() for block in re.split(r"\n\s*\n", first.source)]
    if not re.fullmatch(r"([*_])[^*_].*\?\1", blocks[1] if len(blocks) > 1 else "", re.DOTALL):
        yield 1, "write the chapter's question in italics, alone, directly below the title"
    parts = [
        r"^\*\*You will be able to\*\*",
        r"^\*\*Before this:\*\* \S",
        r"^\*\*Time and memory:\*\*",
    ]
    matches = [re.search(part, first.source, re.MULTILINE) for part in parts]
    names = ["**You will be able to**", "**Before this:** …", "**Time and memory:** …"]
    for name, match in zip(names, matches, strict=True):
        if not match:
            yield 1, f"add a line {name}"
    places = [match.start() for match in matches if match]
    if places != sorted(places):
        yield 1, f"bring these into their order: {', '.join(names)}"
    goals = count_goals(notebook)
    if not GOALS[0] <= goals <= GOALS[1]:
        yield 1, f"list three to five goals below **You will be able to**; there are {goals}"
    if matches[2] and not TIME_LINE.search(first.source):
        yield 1, "have time and memory measured: python tools/measure_notebooks.py"


def count_goals(notebook):
    """How many goals the first cell lists."""
    return _count_items(text.parse(notebook.cells[0].source)) if notebook.cells else 0


def _count_items(tokens):
    return sum(token.type == "list_item_open" and token.level == 1 for token in tokens)


def _check_opening(notebook, url):
    """The Colab cell, session.start alone, the imports: cells 2, 3 and the next code cell."""
    opening = notebook.cells[1:3]
    colab = opening[0] if opening else None
    if colab is None or set(colab.metadata.get("tags", [])) != {"colab", "remove-cell"}:
        yield 2, "the second cell is the Colab cell, with the tags colab and remove-cell"
    elif colab.source != colab_cell(url):
        yield 2, "take the Colab cell from tools/colab_cell.py, or run python tools/set_repo.py"
    start = cells.parse_code(opening[1].source) if len(opening) > 1 else None
    alone = [ast.unparse(line) for line in start or []]
    if (
        len(alone) != 2
        or opening[1].cell_type != "code"
        or alone[0] != "from cnn_tutorial import session"
        or not alone[1].startswith("session.start(")
    ):
        yield 3, "the third cell is from cnn_tutorial import session and session.start(…), alone"
    later = [item for item in cells.code_cells(notebook) if item[0] > cells.START_CELL_NUMBER]
    if later:
        body = cells.parse_code(later[0][1].source) or [None]
        if not all(isinstance(line, ast.Import | ast.ImportFrom) for line in body):
            yield later[0][0], "let the first code cell after session.start hold the imports alone"


def _check_sections(notebook):
    """The closing sections in their order, and the number of cells."""
    found = text.headings(notebook)
    sections = [(number, title) for number, level, title, _ in found if level == 2]
    if [title for _, title in sections][-3:] != CLOSING:
        yield None, f"close the chapter with the sections {', '.join(CLOSING)}, in this order"
    in_exercises = 0
    for (number, title), following in zip(sections, [*sections[1:], None], strict=False):
        end = following[0] if following else len(notebook.cells) + 1
        if title == "Exercises":
            in_exercises = end - number
        if title == "Further reading" and _count_items(_section_tokens(notebook, title)) == 0:
            yield number, "list what to read further, each with a line on why"
    count = len(notebook.cells) - in_exercises
    if not CELLS[0] <= count <= CELLS[1]:
        yield (
            None,
            f"write {CELLS[0]} to {CELLS[1]} cells, exercises not counted; there are {count}",
        )


def _check_recap(notebook):
    """The recap answers the goals one by one: as many points, or paragraphs, as goals."""
    tokens = _section_tokens(notebook, "Recap")
    goals = count_goals(notebook)
    paragraphs = sum(token.type == "paragraph_open" and token.level == 0 for token in tokens)
    points = max(_count_items(tokens), paragraphs)
    if points < goals:
        yield None, f"answer the {goals} goals one by one in the recap; it has {points} points"


def _section_tokens(notebook, title):
    """The Markdown tokens from one ## heading to the next."""
    kept, inside = [], False
    for cell in notebook.cells:
        tokens = text.parse(cell.source) if cell.cell_type == "markdown" else []
        for place, token in enumerate(tokens):
            if token.type == "heading_open" and token.tag == "h2":
                inside = tokens[place + 1].content.strip() == title
            if inside:
                kept.append(token)
    return kept


def main(arguments=None):
    try:
        paths = find_notebooks(sys.argv[1:] if arguments is None else arguments)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    findings = [finding for path in paths for finding in check(path)]
    for finding in findings:
        print(finding)
    print(f"{len(paths)} notebooks, {len(findings)} findings")
    return 1 if findings or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
