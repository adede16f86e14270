"""A chapter's exercises, read from its notebook, and the checker's rules for them.

Used by tools/check_notebooks.py and by tests/exercises/test_solutions.py, which runs every
solution against its checker. An exercise is a ``### Exercise N: …`` heading under
``## Exercises`` with a stub cell, a cell that calls the checker, and a hint and a solution, each
in a Markdown ``<details>``. The last exercise is open: a task and a rubric.
"""

import ast
import re
from dataclasses import dataclass, field

from check_notebook_text import parse

ORDER = ["stub", "check", "Hint", "Solution"]  # two cells, two <details> with that <summary>
OPEN = "it is None, or a function that returns None or raises NotImplementedError"
TITLE = re.compile(r"Exercise (\d+): \S.*")


@dataclass
class Exercise:
    """One exercise as the notebook has it."""

    number: int
    title: str
    cell: int  # where its heading stands, counted from 1
    code: list = field(default_factory=list)  # (cell number, cell)
    order: list = field(default_factory=list)  # "stub", "check", "Hint", "Solution", as they come
    solutions: list = field(default_factory=list)  # the code in the solution's fences
    has_rubric: bool = False

    @property
    def stub(self):
        """The source of the stub cell, or None."""
        return self._source("exercise")

    @property
    def check(self):
        """The source of the cell that calls the checker, or None."""
        return self._source("exercise-check")

    @property
    def call(self):
        """The checker's call as (module, function, names of the answers), or None."""
        return read_call(self.check) if self.check else None

    def _source(self, tag):
        found = [cell.source for _, cell in self.code if tag in cell.metadata.get("tags", [])]
        return found[0] if found else None


def read_exercises(notebook):
    """The exercises of a chapter.

    Args:
        notebook: Notebook.

    Returns:
        list of Exercise, in the notebook's order; empty where there is no ``## Exercises``.
    """
    found, inside, folded = [], False, None
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            if inside and found:
                tags = cell.metadata.get("tags", [])
                found[-1].code.append((number, cell))
                found[-1].order.append("check" if "exercise-check" in tags else "stub")
            continue
        tokens = parse(cell.source)
        for token, following in zip(tokens, [*tokens[1:], None], strict=False):
            if token.type == "heading_open" and token.tag == "h2":
                inside = following.content.strip() == "Exercises"
            if not inside:
                continue
            match = TITLE.fullmatch(following.content) if token.tag == "h3" and following else None
            if token.type == "heading_open" and match:
                found.append(Exercise(int(match[1]), following.content, number))
                folded = None
            elif found and token.type == "html_block":
                for summary in re.findall(r"<summary>\s*(\w+)\s*</summary>", token.content):
                    folded = summary
                    found[-1].order.append(summary)
                if "</details>" in token.content:
                    folded = None
            elif found and token.type == "fence" and folded == "Solution":
                if token.info.strip() == "python":
                    found[-1].solutions.append(token.content)
            elif found and token.type == "inline" and re.match(r"\*\*Rubric\W*\*\*", token.content):
                found[-1].has_rubric = True
    return found


def read_call(source):
    """What a check cell calls: (module, function, names of the answers), or None if it is not one.

    Example:
        >>> read_call("chapter_21.check_output_size(output_size)")
        ('chapter_21', 'check_output_size', ['output_size'])
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return None
    if len(body) == 2 and isinstance(body[0], ast.ImportFrom):  # of the checker's module
        del body[0]
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if not isinstance(call.func.value, ast.Name) or call.keywords or not call.args:
        return None
    if not all(isinstance(argument, ast.Name) for argument in call.args):
        return None
    return call.func.value.id, call.func.attr, [argument.id for argument in call.args]


def defined_names(source):
    """The names that a module's source binds at its top level."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        for target in ast.walk(node) if isinstance(node, ast.Assign | ast.AnnAssign) else ():
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                names.add(target.id)
    return names


def is_stub(source, name):
    """Whether ``name`` is left for the reader: set to None, or a function with an empty body."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return isinstance(node.value, ast.Constant) and node.value.value is None
        if isinstance(node, ast.FunctionDef) and node.name == name:
            last = node.body[-1]
            empty = all(
                isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
                for line in node.body[:-1]
            )
            return empty and (
                isinstance(last, ast.Pass)
                or (isinstance(last, ast.Return) and ast.unparse(last) in ("return", "return None"))
                or (isinstance(last, ast.Raise) and "NotImplementedError" in ast.unparse(last))
            )
    return False


def check_exercises(path, notebook):
    """Three to five exercises: the closed ones complete, the last one open."""
    exercises = read_exercises(notebook)
    start = next(
        (n for n, cell in enumerate(notebook.cells, 1) if "## Exercises" in cell.source), None
    )
    if not 3 <= len(exercises) <= 5:
        yield start, f"write three to five exercises; there are {len(exercises)}"
    for place, exercise in enumerate(exercises, 1):
        if exercise.number != place:
            yield exercise.cell, f"number this exercise {place}, not {exercise.number}"
    for exercise in exercises[:-1]:
        yield from _check_closed(f"chapter_{path.name[:2]}", exercise)
    if exercises:
        yield from _check_open(exercises[-1])
    inside = {number for exercise in exercises for number, _ in exercise.code}
    for number, cell in enumerate(notebook.cells, 1):
        tags = set(cell.metadata.get("tags", []))
        if number not in inside and tags & {"exercise", "exercise-check"}:
            yield number, "an exercise's cell stands under its heading ### Exercise N: …"


def _check_open(exercise):
    if exercise.code:
        yield exercise.cell, "the last exercise is open: it has no code cells"
    if not exercise.has_rubric:
        yield exercise.cell, "the last exercise is open: write what counts under **Rubric**"


def _check_closed(module, exercise):
    cell, which = exercise.cell, f"exercise {exercise.number}"
    if exercise.has_rubric and not exercise.code:
        yield cell, f"{which} is open; only the last one is"
        return
    if exercise.order != ORDER:
        has = ", ".join(exercise.order) or "nothing"
        yield cell, f"{which} needs {', '.join(ORDER)}, in this order; it has {has}"
    if exercise.stub is None or exercise.check is None:
        yield cell, f"tag the two code cells of {which} exercise and exercise-check"
        return
    if exercise.call is None or not exercise.call[1].startswith("check_"):
        yield (
            cell,
            f"the check cell of {which} calls {module}.check_name(answer) and does nothing else",
        )
        return
    called, _, answers = exercise.call
    if called != module:
        yield cell, f"the check cell of {which} calls {called}; this chapter's is {module}"
    for answer in answers:
        try:
            if not is_stub(exercise.stub, answer):
                yield cell, f"the stub of {which} leaves {answer} open: {OPEN}"
        except SyntaxError:
            yield cell, f"the stub of {which} is not Python"
    if len(exercise.solutions) != 1:
        count = len(exercise.solutions)
        yield cell, f"put the solution of {which} into one ```python block; there are {count}"
        return
    try:
        missing = set(answers) - defined_names(exercise.solutions[0])
    except SyntaxError as error:
        yield cell, f"the solution of {which} is not Python: {error}"
        return
    for answer in sorted(missing):
        yield cell, f"the solution of {which} defines {answer}, which its check cell passes on"
