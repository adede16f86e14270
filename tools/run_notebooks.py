"""Run chapters from a fresh kernel and store what they print: ``run_notebooks.py [NOTEBOOK…]``.

Each notebook runs in its own folder. The file is replaced only when every cell has run, and in a
normal form that depends neither on the editor nor on the Python version, so that a difference in
git is a difference in the chapter. ``--check`` runs without writing.
"""

import argparse
import copy
import hashlib
import os
import re
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import nbformat
from shrink_figures import shrink_figures

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
LIMIT = 300  # seconds a notebook may take here; what a chapter should take stands in design.md
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL_METADATA = ("mystnb", "tags")  # what the book reads; editors' own entries are dropped
TRANSIENT = ("ExecuteTime", "execution", "isolated", "jupyter", "scrolled")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class CellFailed(RuntimeError):
    """A cell stopped with an error or at the time limit; the message shows the cell and why."""


def find_notebooks(names, folder=NOTEBOOKS):
    """The files that the names on a command line mean; without names, every chapter.

    Args:
        names: list of str, each a path or a chapter's bare name (``21_convolution``).
        folder: Path where bare names are looked up.

    Returns:
        list of Path, sorted by name when ``names`` is empty.

    Raises:
        FileNotFoundError: if one of them does not exist.
    """
    if not names:
        return sorted(Path(folder).glob("*.ipynb"))
    found = []
    for name in names:
        choices = [Path(name), Path(folder, name), Path(folder, f"{name}.ipynb")]
        existing = [path for path in choices if path.suffix == ".ipynb" and path.is_file()]
        if not existing:
            raise FileNotFoundError(f"there is no notebook {name} here or in {folder}")
        found.append(existing[0])
    return found


def read(path):
    """A notebook as it stands in the file: nothing validated, no cell id invented.

    Args:
        path: Path of an ``.ipynb`` file of nbformat 4.

    Returns:
        Notebook.

    Raises:
        ValueError: if the file is not such a notebook.
    """
    try:
        notebook = nbformat.v4.reads(Path(path).read_text("utf-8"))
        if notebook["nbformat"] == 4 and isinstance(notebook["cells"], list):
            return notebook
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} is not a notebook of nbformat 4: {error!r}") from error
    raise ValueError(f"{path} is not a notebook of nbformat 4")


def write(path, notebook):
    """Replace a notebook's file in one step: a reader sees the old one or the new one.

    Args:
        path: Path to write.
        notebook: Notebook.
    """
    path = Path(path)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=".", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(serialise(notebook))
            file.close()
            temporary.chmod(path.stat().st_mode if path.exists() else 0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def serialise(notebook):
    """The text of a notebook's file: keys sorted, one newline at the end."""
    return nbformat.v4.writes(notebook).rstrip("\n") + "\n"


def normalise(notebook):
    """A copy in the form that is committed; what is shown to a reader stays as it is.

    Args:
        notebook: Notebook, run or not.

    Returns:
        Notebook: nbformat 4.5, fixed notebook metadata, of the cells' only ``tags`` (sorted) and
        ``mystnb``, an id for every cell (kept where it is good), consecutive streams as one.

    Example:
        >>> cell = nbformat.v4.new_code_cell("1", metadata={"scrolled": True})
        >>> normalise(nbformat.v4.new_notebook(cells=[cell])).cells[0].metadata
        {}
    """
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(METADATA)
    used = set()
    for cell in notebook.cells:
        cell.id = _stable_id(cell, used)
        used.add(cell.id)
        kept = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        if "tags" in kept:
            kept["tags"] = sorted(set(kept["tags"]))
        cell.metadata = nbformat.from_dict(kept)
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            cell.outputs = _normal_outputs(cell.outputs)
    return notebook


def _stable_id(cell, used):
    """The cell's id, or, where it has no good one of its own, one made from its content."""
    known = cell.get("id", "")
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", known) and known not in used:
        return known
    content = f"{cell.cell_type}\n{cell.source}"
    repeats = 0
    while True:
        made = hashlib.sha256(f"{content}\n{repeats}".encode()).hexdigest()[:8]
        if made not in used:
            return made
        repeats += 1


def _normal_outputs(outputs):
    kept = []
    for output in outputs:
        output.pop("transient", None)
        if "metadata" in output:
            for key in TRANSIENT:
                output.metadata.pop(key, None)
        before = kept[-1] if kept else None
        is_stream = output.output_type == "stream"
        if is_stream and before and before.output_type == "stream" and before.name == output.name:
            before.text += output.text
        else:
            kept.append(output)
    return kept


def execute(notebook, folder, *, seconds=LIMIT):
    """A copy of the notebook with the outputs of a run in a fresh kernel.

    The kernel imports ``cnn_tutorial`` from this checkout, and shows figures as a reader's does
    (``MPLBACKEND`` of the calling shell does not reach it).

    Args:
        notebook: Notebook.
        folder: Path, the kernel's working folder.
        seconds: float, the time limit for the whole notebook.

    Returns:
        Notebook, not normalised.

    Raises:
        CellFailed: if a cell raises, or the time is over; the kernel is ended.
    """
    import nbclient  # here: it takes a second to load, and the checker needs only the rest

    notebook = copy.deepcopy(notebook)
    end = time.monotonic() + seconds
    running = [0]

    def remember(cell, cell_index):
        running[0] = cell_index

    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        timeout_func=lambda cell: max(0.01, end - time.monotonic()),
        on_cell_execute=remember,
        record_timing=False,
        store_widget_state=False,
        shutdown_kernel="immediate",
    )
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    paths = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    try:
        return client.execute(env=environment)
    except nbclient.exceptions.CellTimeoutError:
        reason = f"it still ran when the notebook's {seconds:g} seconds were over"
    except nbclient.exceptions.DeadKernelError:
        reason = "its kernel died (out of memory?)"
    except nbclient.exceptions.CellExecutionError as error:
        reason = ANSI.sub("", error.traceback).strip() or f"{error.ename}: {error.evalue}"
    source = textwrap.indent(notebook.cells[running[0]].source, "    | ", lambda line: True)
    shown = textwrap.indent(reason, "    ")
    raise CellFailed(f"cell {running[0] + 1} failed\n{source}\n{shown}")


def run_one(path, *, seconds=LIMIT, keep=True):
    """Run a notebook and store its normalised form.

    Args:
        path: Path of the notebook.
        seconds: float, the time limit.
        keep: bool, whether the file is written.

    Returns:
        str, what there is to say about it.

    Raises:
        CellFailed: if a cell fails; the file is as it was.
        RuntimeError: if the file was changed by someone else while it ran; it is left so.
        ValueError: if the file is not a notebook.
    """
    path = Path(path)
    before = path.read_bytes()
    result = execute(read(path), path.parent, seconds=seconds)
    shrink_figures(result)
    result = normalise(result)
    size = len(serialise(result).encode()) / 1000
    what = f"{len(result.cells)} cells, {size:.0f} kB"
    if not keep:
        return f"{what}, not written"
    if path.read_bytes() != before:
        raise RuntimeError("the file was changed while it ran; it is left as it is, run it again")
    if serialise(result).encode() == before:
        return f"{what}, unchanged"
    write(path, result)
    return f"{what}, written"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="names or paths; without any, all of them")
    parser.add_argument("--check", action="store_true", help="run, but write nothing")
    parser.add_argument("--seconds", type=float, default=LIMIT, help="time limit for a notebook")
    options = parser.parse_args(arguments)
    try:
        paths = find_notebooks(options.notebooks)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    failures = 0
    for path in paths:
        start = time.perf_counter()
        try:
            outcome = run_one(path, seconds=options.seconds, keep=not options.check)
        except (RuntimeError, ValueError) as error:  # CellFailed is a RuntimeError
            failures += 1
            outcome = f"FAILED, the file is as it was: {error}"
        print(f"{path.stem:<28} {time.perf_counter() - start:6.1f} s  {outcome}", flush=True)
    if failures:
        print(f"{failures} of {len(paths)} notebooks failed", file=sys.stderr)
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
