"""Every published solution passes its checker, every stub is «not attempted yet», and every wrong
answer that ``wrong_answers_NN.py`` lists fails.

The solutions are taken out of the chapters' Markdown, so that what a reader copies is what is run.
"""

import ast
import contextlib
import importlib
import importlib.util
import io
import sys
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
check_notebook_exercises = importlib.import_module("check_notebook_exercises")
run_notebooks = importlib.import_module("run_notebooks")

FEWEST_WRONG_ANSWERS = 3
HEAVY = ("keras", "tensorflow", "jax", "torch", "training")  # seconds to import, or to run


def closed_exercises():
    """(chapter, exercise) for every exercise that has a checker."""
    for path in run_notebooks.find_notebooks([]):
        for exercise in check_notebook_exercises.read_exercises(run_notebooks.read(path)):
            if exercise.call:
                yield path.stem, exercise


def parameters():
    for chapter, exercise in closed_exercises():
        code = "".join([*exercise.solutions, exercise.stub or ""])
        marks = [pytest.mark.slow] if any(name in code for name in HEAVY) else []
        yield pytest.param(exercise, id=f"{chapter}-{exercise.number}", marks=marks)


def attempt(source, check):
    """What the check cell prints when ``source`` is all that was run before it."""
    matplotlib.use("agg")
    module = check_notebook_exercises.read_call(check)[0]
    names = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<answer>", "exec"), names)
        names[module] = importlib.import_module(f"cnn_tutorial.exercises.{module}")
        exec(compile(check, "<check>", "exec"), names)
    return printed.getvalue()


@pytest.mark.parametrize("exercise", list(parameters()))
def test_solution_passes_its_checker(exercise):
    assert "✓" in attempt(exercise.solutions[0], exercise.check)


@pytest.mark.parametrize("exercise", list(parameters()))
def test_stub_is_not_attempted_yet(exercise):
    said = attempt(exercise.stub, exercise.check)
    assert "not attempted yet" in said
    assert "✓" not in said


def checkers():
    """(module name, checker name) of every ``check_*`` function, read from the source."""
    for path in sorted((ROOT / "cnn_tutorial" / "exercises").glob("chapter_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                yield path.stem, node.name


def wrong_answers(module):
    """The dict ``WRONG`` of the chapter's file beside this one; empty where there is none."""
    path = Path(__file__).with_name(f"wrong_answers_{module.removeprefix('chapter_')}.py")
    if not path.exists():
        return {}
    specification = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded.WRONG


def wrong_parameters():
    for module in sorted({module for module, _ in checkers()}):
        for checker, answers in wrong_answers(module).items():
            for number, answer in enumerate(answers):
                name = getattr(answer, "__name__", number)
                loads = getattr(getattr(answer, "__code__", None), "co_names", ())
                marks = [pytest.mark.slow] if set(HEAVY) & set(loads) else []
                yield pytest.param(
                    module, checker, answer, id=f"{module}-{checker}-{name}", marks=marks
                )


@pytest.mark.parametrize(("module", "checker", "answer"), list(wrong_parameters()))
def test_wrong_answer_fails_and_says_why(module, checker, answer):
    """A checker of several answers is given each wrong one as a tuple."""
    wrong = importlib.import_module("cnn_tutorial.exercises").WrongAnswer
    check = getattr(importlib.import_module(f"cnn_tutorial.exercises.{module}"), checker)
    several = check.__code__.co_argcount > 1
    with pytest.raises(wrong) as raised:
        check(*answer) if several else check(answer)
    assert len(str(raised.value)) > 10, "the message does not say what is wrong"


def test_every_checker_is_used_by_its_chapter_and_has_wrong_answers():
    used = {
        (exercise.call[0], exercise.call[1]) for _, exercise in closed_exercises() if exercise.call
    }
    assert used, "no chapter has an exercise: every other test here would pass on nothing"
    problems = []
    for module, checker in checkers():
        if (module, checker) not in used:
            problems.append(f"{module}.{checker} is used by no chapter")
        count = len(wrong_answers(module).get(checker, []))
        if count < FEWEST_WRONG_ANSWERS:
            problems.append(
                f"{module}.{checker} has {count} wrong answers, {FEWEST_WRONG_ANSWERS} are needed"
            )
    for module, checker in sorted(used - set(checkers())):
        problems.append(f"{module}.{checker} is called by a chapter and does not exist")
    assert not problems, "\n".join(problems)


def test_wrong_answers_are_those_of_existing_checkers():
    known = set(checkers())
    unknown = [
        f"{module}.{checker}"
        for module in sorted({module for module, _ in known})
        for checker in wrong_answers(module)
        if (module, checker) not in known
    ]
    assert not unknown


# The helpers themselves, on a planted exercise: they must be able to fail.

PLANTED = """
def check_double(double):
    try:
        received = double(2)
    except NotImplementedError:
        print("not attempted yet")
        return
    if received != 4:
        raise ValueError(f"twice 2 is 4, received {received}")
    print("✓ doubled")
"""
CHECK = "chapter_planted.check_double(double)"


@pytest.fixture
def planted(monkeypatch):
    name = "cnn_tutorial.exercises.chapter_planted"
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader=None))
    exec(PLANTED, module.__dict__)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("planted")
def test_attempt_runs_the_answer_alone_and_then_the_checker():
    assert attempt("def double(x):\n    return 2 * x", CHECK) == "✓ doubled\n"
    stub = "def double(x):\n    raise NotImplementedError"
    assert attempt(stub, CHECK) == "not attempted yet\n"
    with pytest.raises(ValueError, match="received 3"):
        attempt("def double(x):\n    return x + 1", CHECK)
    with pytest.raises(NameError):  # a solution that leans on a name of another cell
        attempt("def double(x):\n    return np.multiply(2, x)", CHECK)
