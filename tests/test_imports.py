"""Which module of the package may import which (design.md), and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "cnn_tutorial"
NOTHING = set()
ANYTHING = None
# The left column may import, of the package, what the right column names (and itself).
MAY_IMPORT = {
    "": NOTHING,  # cnn_tutorial/__init__.py
    "session": NOTHING,
    "numpy_ops": NOTHING,
    "metrics": {"plotting"},  # the report draws
    "detection": NOTHING,
    "plotting": NOTHING,
    "explorers": NOTHING,
    "places": NOTHING,
    "progress": NOTHING,
    "results": NOTHING,
    "numpy_net": {"numpy_ops", "progress"},
    "data": {"places", "plotting", "progress"},  # reports draw
    "models": {"numpy_ops.shapes", "plotting"},
    "training": {"plotting", "progress"},
    "explain": {"plotting"},
    "robustness": {"plotting"},
    "compress": {"plotting"},
    "export": {"plotting", "session"},
    "distributed": {"training", "plotting"},
    "exercises": {"numpy_ops", "metrics"},
    # An application: it reads files as data does and draws; the network is an argument.
    "digit_reader": {"data", "numpy_ops", "plotting", "training"},
    "recipes": ANYTHING,
    "serve": ANYTHING,
}
WITHOUT_TENSORFLOW = {"numpy_ops", "numpy_net", "metrics"}
TENSORFLOW = {"tensorflow", "keras"}
HEAVY = {"tensorflow", "keras", "jax", "torch"}


def module_names(package):
    """{dotted name below the package: path} of every module; the package itself is ""."""
    names = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        names[".".join(part for part in parts if part != "__init__")] = path
    return names


def imported(path, names, package=PACKAGE):
    """(line, module) of every import in a file, inside functions too.

    A module of the package is given with a dot before its name below the package.
    """
    parts = path.relative_to(next(p for p in path.parents if p.name == package)).parts
    here = [package, *parts[:-1]]  # the package that a relative import starts from
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            targets = []
            for alias in node.names:  # `from package import module` means package.module
                inner = f"{module}.{alias.name}"
                below = inner.removeprefix(f"{package}.")
                targets.append(inner if below != inner and below in names else module)
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            # importlib.import_module("…") and __import__("…")
            targets = [a.value for a in node.args[:1] if isinstance(a, ast.Constant)]
        else:
            continue
        for target in targets:
            inside = target == package or target.startswith(f"{package}.")
            yield node.lineno, target.removeprefix(package) if inside else target


def violations(package):
    """What breaks the table, one sentence each."""
    names = module_names(package)
    found = []
    for name, path in sorted(names.items()):
        top = name.split(".")[0]
        if top not in MAY_IMPORT:
            found.append(f"{top} has no row in MAY_IMPORT")
            continue
        for line, target in imported(path, names):
            where = f"{path.relative_to(package)}:{line}"
            if target.split(".")[0] in TENSORFLOW and top in WITHOUT_TENSORFLOW:
                found.append(f"{where} imports {target}")
            if not target.startswith("."):
                continue
            below = target[1:]
            granted = MAY_IMPORT[top]
            allowed = granted is ANYTHING or any(
                below == one or below.startswith(f"{one}.") for one in {top, *granted} if one
            )
            if not allowed:
                found.append(f"{where} imports {below}")
    return found


def test_modules_import_only_what_the_table_grants():
    assert violations(ROOT / PACKAGE) == []


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        ("session", "from cnn_tutorial import data", "session.py:1 imports data"),
        ("data/sources", "from cnn_tutorial.models import zoo", "sources.py:1 imports models.zoo"),
        ("models/zoo", "from ..data.sources import load", "zoo.py:1 imports data.sources"),
        ("models/zoo", "from cnn_tutorial import numpy_ops", "zoo.py:1 imports numpy_ops"),
        ("models/zoo", "def f():\n    from .. import data", "zoo.py:2 imports data"),
        ("training", "import cnn_tutorial.data.sources as s", "training.py:1 imports data.sources"),
        ("training", "import_module('cnn_tutorial.data')", "training.py:1 imports data"),
        ("numpy_ops/shapes", "def f():\n    import keras.ops", "shapes.py:2 imports keras.ops"),
        ("metrics", "from tensorflow import keras", "metrics.py:1 imports tensorflow"),
        ("exercises/one", "from cnn_tutorial import session", "one.py:1 imports session"),
        ("__init__", "from cnn_tutorial.session import start", "__init__.py:1 imports session"),
        ("novelty", "", "novelty has no row in MAY_IMPORT"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, module, line, expected):
    plant(tmp_path, module, line)
    (found,) = violations(tmp_path / PACKAGE)
    assert found.endswith(expected)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("models/zoo", "from cnn_tutorial.numpy_ops.shapes import receptive_field"),
        ("models/zoo", "from cnn_tutorial.numpy_ops import shapes"),
        ("models/zoo", "def f():\n    import keras"),
        ("numpy_net", "from cnn_tutorial.numpy_ops import conv2d"),
        ("numpy_ops/__init__", "from .shapes import receptive_field"),
        ("exercises/chapter_21", "from . import WrongAnswer"),
        ("exercises/chapter_21", "from cnn_tutorial import metrics, numpy_ops"),
        ("recipes", "from cnn_tutorial import data, models, training"),
    ],
)
def test_what_the_table_grants_is_no_violation(tmp_path, module, line):
    plant(tmp_path, module, line)
    assert violations(tmp_path / PACKAGE) == []


def plant(folder, module, source):
    """An empty package with one module that holds ``source``."""
    empty = ["data/sources", "exercises/__init__", "metrics", "models/zoo", "numpy_ops/shapes"]
    empty += ["data/__init__", "models/__init__", "numpy_ops/__init__", "session", "training"]
    for name in [*empty, "__init__", module]:
        path = folder / PACKAGE / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source if name == module else "")


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_takes_less_than_50_ms_and_loads_nothing_heavy():
    code = (
        "import sys, time; start = time.perf_counter(); import cnn_tutorial; "
        "took = time.perf_counter() - start; "
        "print(took, *{name.split('.')[0] for name in sys.modules})"
    )
    runs = [run_python(code).split() for _ in range(5)]
    assert min(float(run[0]) for run in runs) < 0.050  # the fastest: other work only adds
    assert not (HEAVY | {"numpy", "matplotlib"}) & set(runs[0][1:])


def test_places_serves_an_environment_that_has_the_standard_library_alone():
    code = (
        "import sys; from cnn_tutorial import places; "
        "print(*{name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    loaded = set(run_python(code).split())
    assert PACKAGE in loaded
    assert not loaded & (HEAVY | {"numpy", "pooch", "platformdirs", "requests"})


def test_importing_the_modules_loads_no_framework():
    existing = {name.split(".")[0] for name in module_names(ROOT / PACKAGE)} - {"", "serve"}
    code = (
        f"import sys; from cnn_tutorial import {', '.join(sorted(existing))}; "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    assert "session" in existing
    assert not HEAVY & set(run_python(code).split())
