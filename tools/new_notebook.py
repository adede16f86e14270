"""Start a chapter: ``python tools/new_notebook.py 22_convolution_variants "Title"``.

Writes ``notebooks/NAME.ipynb`` with the cells that every chapter has, in their order, and says
what is left to do until tools/check_notebooks.py has nothing to say. The Colab cell, which is the
same in every chapter but for the repository's address, is defined here and nowhere else.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
import yaml
from run_notebooks import NOTEBOOKS, ROOT, normalise, write

NAME = re.compile(r"[1-9][1-9]_[a-z0-9]+(_[a-z0-9]+)*")
IMPORTS = "import numpy as np\n\nfrom cnn_tutorial.exercises import chapter_{number}"

COLAB_CELL = """\
# In Google Colab this installs the book's package. Anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    from pathlib import Path

    repository = "{url}"
    uploaded = Path().glob("cnn_tutorial-*-py3-none-any.whl")
    newest = sorted(uploaded, key=lambda wheel: wheel.stat().st_mtime)[-1:]
    if newest:
        %pip install -q {{newest[0]}}
    elif "/OWNER/" in repository:
        print("Upload cnn_tutorial-*.whl (folder icon, left) and run this again.")
    else:
        %pip install -q git+{{repository}}"""

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


def is_placeholder(url):
    """Whether a repository's address is the placeholder that leads nowhere.

    Args:
        url: str, the address that _config.yml gives.

    Returns:
        bool.

    Example:
        >>> is_placeholder("https://github.com/OWNER/cnn-tutorial")
        True
        >>> is_placeholder("https://github.com/someone/cnn-tutorial")
        False
    """
    return "/OWNER/" in url


def colab_cell(url):
    """The source of the second cell of every chapter.

    It is one cell with every case in it, so that a chapter differs from copy to copy in nothing
    but the address. A wheel that the reader uploaded goes before the repository; a second upload
    of the same file, which Colab names ``… (1).whl``, is left alone, because pip refuses it.

    Args:
        url: str, ``https://…``, the repository's public address or the placeholder.

    Returns:
        str, code for IPython (``%pip`` installs into the kernel that is running).

    Raises:
        ValueError: if ``url`` is not an ``https`` address, or could not stand in the cell.

    Example:
        >>> "git+{repository}" in colab_cell("https://github.com/OWNER/cnn-tutorial")
        True
    """
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?/[\w./~-]*\w", url):
        raise ValueError(f"url must be a repository's https:// address; received {url!r}")
    return COLAB_CELL.format(url=url)


def repository_url(config=ROOT / "_config.yml"):
    """The one place where the repository's address stands.

    Args:
        config: Path of the book's settings.

    Returns:
        str.

    Raises:
        ValueError: if the settings name no ``repository: url:``.
    """
    settings = yaml.safe_load(Path(config).read_text("utf-8")) or {}
    url = (settings.get("repository") or {}).get("url")
    if not isinstance(url, str):
        raise ValueError(f"{config} must name the address under repository: url:; received {url!r}")
    return url


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

    import check_notebooks  # here, because that module imports the Colab cell from this one

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
