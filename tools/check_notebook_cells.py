"""The checker's rules for a notebook's code cells and their stored outputs.

Used by tools/check_notebooks.py. A rule yields pairs (cell number, sentence that says what to
do); cells are counted from 1.
"""

import ast
import re

MEASURED, CLAIM, HIDE = "nbval-ignore-output", "claim", "hide-input"
TAGS = {MEASURED, CLAIM, HIDE, "colab", "remove-cell", "exercise", "exercise-check"}
MAX_LINES = 25
MIN_ALT = 30  # characters
COLAB_CELL_NUMBER, START_CELL_NUMBER = 2, 3

PRIVATE = [
    (r"(?<![\w.:/])/(?:home|root|work|Users|tmp|mnt)/", "a path of one machine"),
    (r"\b[A-Z]:\\\w", "a path of one machine"),
    (r"\b(?:pypi|pythonhosted|npmjs|debian|anaconda)\.(?:org|com|net)\b", "a package registry"),
    (r"\b[\w.+-]+@[\w-]+\.[A-Za-z]{2,}\b", "an e-mail address"),
]
CLOCK = re.compile(r"%timeit|perf_counter|time\.time\(|monotonic\(|datetime\.now")
STEP_TIME = re.compile(r"\d(ms|s|us)/(step|epoch)")  # what Keras prints with verbose=1 or 2
PROGRESS = re.compile(r"\x1b\[|\r(?!\n)|\x08")


def code_cells(notebook):
    """The code cells as (number in the notebook, cell, set of tags)."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield number, cell, set(cell.metadata.get("tags", []))


def parse_code(source):
    """The statements of a cell, with ``pass`` for IPython's magics; None if it is not Python."""
    for text in (source, re.sub(r"^([ \t]*)[%!].*", r"\1pass", source, flags=re.MULTILINE)):
        try:
            return ast.parse(text).body
        except SyntaxError:
            continue
    return None


def output_text(output):
    """All text that an output shows."""
    data = output.get("data", {})
    texts = [output.get("text", ""), *(v for k, v in data.items() if k.startswith("text/"))]
    return "\n".join(text if isinstance(text, str) else "".join(text) for text in texts)


def check_tags(notebook):
    """Only the tags that mean something here, and only together where they can be."""
    for number, cell in enumerate(notebook.cells, 1):
        tags = set(cell.metadata.get("tags", []))
        for tag in sorted(tags - TAGS):
            yield number, f"delete the tag {tag}, which nothing here knows"
        if cell.cell_type != "code":
            if tags:
                yield number, "delete the tags of this Markdown cell; only code cells have any"
            continue
        if number != COLAB_CELL_NUMBER and tags & {"colab", "remove-cell"}:
            yield number, "only the Colab cell, the second, has the tags colab and remove-cell"
        if CLAIM in tags and HIDE not in tags:
            yield number, f"give the claim cell the tag {HIDE} too: the page folds it"
        if CLAIM in tags and MEASURED in tags:
            yield number, f"take {MEASURED} off this claim: what it prints is compared"


def check_code(notebook):
    """Code that can be read at a glance and does not depend on one machine."""
    before = (None, None, set())
    for number, cell, tags in code_cells(notebook):
        source = cell.source
        if not source.strip():
            yield number, "delete this empty code cell"
            continue
        lines = source.count("\n") + 1
        if lines > MAX_LINES:
            yield number, f"shorten or split this cell: {lines} lines, {MAX_LINES} at the most"
        body = parse_code(source)
        if body is None:
            yield number, "this cell is not Python"
            body = []
        if re.search(r";[ \t]*(#.*)?$", source, re.MULTILINE):
            yield number, "delete the ; at a line's end: it does not hide an output"
        if number > START_CELL_NUMBER:
            yield from _check_statements(number, source, body, tags)
        if before[0] == number - 1 and not _may_follow(before, number, tags):
            yield number, "write a word between this code cell and the one before it"
        before = (number, cell, tags)


def _may_follow(before, number, tags):
    """Whether a code cell may stand directly after the one before: no word is missing there."""
    opening = number <= START_CELL_NUMBER + 1  # Colab cell, session.start, imports
    claim = CLAIM in tags and CLAIM not in before[2]
    return opening or claim or ("exercise-check" in tags and "exercise" in before[2])


def _check_statements(number, source, body, tags):
    if re.search(r"^\s*[%!]\s*(pip|conda|apt)", source, re.MULTILINE):
        yield number, "install nothing here; only the Colab cell does"
    if re.search(r"\bplt\.show\(", source):
        yield number, "let the figure be the cell's last expression, instead of plt.show()"
    if any(isinstance(node, ast.Assert) for node in ast.walk(ast.Module(body, []))):
        yield number, "put what this assert says into a claim cell, with session.check"
    calls = {ast.unparse(node.func) for node in ast.walk(ast.Module(body, [])) if _is_call(node)}
    if "session.start" in calls:
        yield number, "session.start stands alone in the third cell, nowhere else"
    if "session.check" in calls and CLAIM not in tags:
        yield number, "give this cell the tags claim and hide-input, or move its session.check"
    if CLAIM in tags:
        yield from _check_claim(number, body, calls)


def _is_call(node):
    return isinstance(node, ast.Call)


def _check_claim(number, body, calls):
    if "session.check" not in calls:
        yield number, "a claim cell calls session.check"
    yield from _check_claim_lines(number, body)


def _check_claim_lines(number, body):
    """Checks, the little arithmetic that they need, and loops over them."""
    for statement in body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(statement, ast.Assign):
            continue
        if isinstance(statement, ast.For) and not statement.orelse:
            yield from _check_claim_lines(number, statement.body)
        elif not _is_call(call) or ast.unparse(call.func) != "session.check":
            yield number, f"move line {statement.lineno} out of the claim cell: it is no claim"
        elif not any(isinstance(node, ast.Name) for a in call.args[1:] for node in ast.walk(a)):
            yield number, f"the claim in line {statement.lineno} cannot fail: it uses no result"


def check_run(notebook):
    """The notebook was run from a fresh kernel, from its first cell to its last."""
    for expected, (number, cell, _) in enumerate(code_cells(notebook), 1):
        counts = {cell.execution_count} | {
            output.execution_count
            for output in cell.outputs
            if output.output_type == "execute_result"
        }
        if counts != {expected}:
            yield number, f"run the notebook: the execution count here is not {expected}"
            return  # those after it follow from this one


def check_outputs(notebook):
    """No errors, no leftovers, figures as PNG and described in words."""
    described = {}
    for number, cell, tags in code_cells(notebook):
        images = 0
        for output in cell.outputs:
            if output.output_type == "error":
                yield number, f"mend the cell: its stored output is a {output.get('ename')}"
            if output.get("name") == "stderr":
                yield number, "silence what this cell writes to stderr: nbval compares it"
            kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            images += bool(kinds)
            for kind in kinds:
                if kind not in ("image/png", "image/jpeg"):
                    yield number, f"show the figure as image/png or image/jpeg, not {kind}"
            if kinds and output.output_type == "display_data":
                yield (
                    number,
                    "return the figure as the cell's last expression: pyplot drew this one",
                )
            if any("widget" in kind for kind in output.get("data", {})):
                yield number, "show no widget: the page has no kernel behind it"
            text = output_text(output)
            if re.search(r" at 0x[0-9a-f]{6,}", text):
                yield number, "show something other than a memory address, which changes every run"
            if PROGRESS.search(text):
                yield number, "let the progress display leave nothing behind in the output"
            if re.search(r"<img\b(?![^>]*\balt=.)", text):
                yield number, "give the <img> in this output an alt text"
        if images > 1:
            yield number, "one figure a cell: split it, or draw both into one"
        alt = (cell.metadata.get("mystnb") or {}).get("image", {}).get("alt", "").strip()
        if images and (len(alt) < MIN_ALT or len(alt.split()) < 5):
            yield number, f"describe the figure in mystnb.image.alt, {MIN_ALT} characters or more"
        elif images and alt in described:
            yield number, f"describe this figure, not the one in cell {described[alt]} again"
        described.setdefault(alt, number)
        shown = "".join(map(output_text, cell.outputs))
        times = CLOCK.search(cell.source) if cell.outputs else None
        if MEASURED not in tags and (times or STEP_TIME.search(shown)):
            yield number, f"tag this cell {MEASURED}: it shows times, which change every run"


def check_private(notebook):
    """Nothing of the author's machine, in the source or in what it printed."""
    for number, cell in enumerate(notebook.cells, 1):
        texts = [cell.source, *(output_text(output) for output in cell.get("outputs", []))]
        for pattern, what in PRIVATE:
            for text in texts:
                match = re.search(pattern, text)
                if match:
                    yield number, f"take {match[0]!r} out, which is {what}"
                    break
        if re.search(r"\bTODO\b", cell.source):
            yield number, "do what the TODO says"
