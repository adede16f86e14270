"""Start a chapter: ``python tools/new_notebook.py 22_convolution_variants "Title"``.

Writes ``notebooks/NAME.ipynb`` with the cells that every chapter has, in their order, and says
what is left to do until tools/check_notebooks.py has nothing to say.
"""

import argparse
import sys
from pathlib import Path

import check_notebooks
import nbformat
from colab_cell import NAME, colab_cell, repository_url
from run_notebooks import NOTEBOOKS, normalise, write

IMPORTS = "import numpy as np\n\nfrom cnn_tutorial.exercises import chapter_{number}"

HEADER = """\
# {title}

*TODO: the question that this chapter answers, in one sentence?*

**You will be able to**
- TODO: a goal
- TODO: a goal
- TODO: a goal

**Before this:** TODO: what to have read.

**Time and memory:** not measured yet"""

EXERCISE = """\
## Exercises

### Exercise 1: TODO

TODO: the task. Write `answer(number)`, which returns …"""

HELP = """\
<details><summary>Hint</summary>

TODO: a hint.

</details>

<details><summary>Solution</summary>

```python
def answer(number):
    return number
```

</details>"""

RUBRIC = """\
### Exercise {last}: TODO (open)

TODO: a question without one right answer.

**Rubric**
- TODO: what a good answer contains."""


def make_skeleton(name, title, url):
    """A chapter with nothing in it yet but its frame.

    Args:
        name: str, ``PC_slug``: the part's digit, the place in the part, words in lower case.
        title: str, the chapter's title.
        url: str, the repository's address for the Colab cell.

    Returns:
        Notebook, not yet run.

    Raises:
        ValueError: if ``name`` or ``title`` cannot be a chapter's.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"name must look like 22_convolution_variants; received {name!r}")
    if not title.strip() or "\n" in title:
        raise ValueError(f"title must be one line of text; received {title!r}")
    number = name[:2]
    cells = [
        _markdown(HEADER.format(title=title.strip())),
        _code(colab_cell(url), "colab", "remove-cell"),
        _code("from cnn_tutorial import session\n\nsession.start(seed=0)"),
        _code(IMPORTS.format(number=number)),
        _markdown("## TODO: the first section\n\nTODO: prose that predicts what will be seen."),
        _code("total = np.arange(4).sum()\ntotal"),
        _code('session.check("0 + 1 + 2 + 3 is 6", total == 6)', "claim", "hide-input"),
        _markdown("TODO: prose that interprets what was seen."),
        _markdown("## Recap\n\n- TODO: goal 1\n- TODO: goal 2\n- TODO: goal 3"),
        _markdown(EXERCISE),
        _code("def answer(number):\n    raise NotImplementedError", "exercise"),
        _code(f"chapter_{number}.check_answer(answer)", "exercise-check"),
        _markdown(HELP),
        _markdown(RUBRIC.format(last=2)),
        _markdown("## Further reading\n\n- TODO: a link, and one line on why."),
    ]
    return normalise(nbformat.v4.new_notebook(cells=cells))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="part digit, place digit, words: 22_convolution_variants")
    parser.add_argument("title")
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    path = options.folder / f"{options.name}.ipynb"
    try:
        skeleton = make_skeleton(options.name, options.title, repository_url())
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if path.exists():
        print(f"{path} exists already; it is left as it is", file=sys.stderr)
        return 2
    write(path, skeleton)

    print(f"{path} written. What is left to do:")
    for finding in check_notebooks.check(path):
        print(f"  {finding}")
    print(f"Then list it in _toc.yml and write cnn_tutorial/exercises/chapter_{path.name[:2]}.py.")
    return 0


def _markdown(source):
    return nbformat.v4.new_markdown_cell(source)


def _code(source, *tags):
    cell = nbformat.v4.new_code_cell(source)
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


if __name__ == "__main__":
    sys.exit(main())
