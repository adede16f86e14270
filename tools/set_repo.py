"""Write the repository's public address wherever it has to stand.

    python tools/set_repo.py https://github.com/someone/cnn-tutorial
    python tools/set_repo.py --check

The address lives in _config.yml. From there come the chapters' Colab cells, the badges of
README.md, the citation, and whether the pages show the buttons for the repository and for Colab:
with the placeholder they would lead nowhere, so they are off. --check changes nothing and tells
what disagrees.
"""

import re
import sys
from pathlib import Path

import nbformat
from colab_cell import colab_cell, is_placeholder, repository_url
from run_notebooks import serialise

ROOT = Path(__file__).resolve().parents[1]
COLAB = "https://colab.research.google.com"
BADGES = re.compile(
    r"(<!-- badges: tools/set_repo\.py writes them -->\n).*?(<!-- /badges -->)", re.S
)
FIRST_CHAPTER = "notebooks/11_first_classifier.ipynb"


def validate(url):
    """The address without what people paste along with it.

    Args:
        url: str, ``https://host/owner/name``; a ``.git`` or ``/`` at the end is dropped.

    Raises:
        ValueError: if it is not such an address.

    Example:
        >>> validate("https://github.com/someone/cnn-tutorial.git")
        'https://github.com/someone/cnn-tutorial'
    """
    short = re.sub(r"(\.git)?/*$", "", url.strip())
    if not re.fullmatch(r"https://[\w.-]+\.\w+/[\w.-]+/[\w.-]+", short, re.ASCII):
        raise ValueError(f"URL: expected https://host/owner/name, got {url!r}")
    return short


def configure(config, url):
    """The text of _config.yml with an address and with the buttons that it allows."""
    known, on_github = not is_placeholder(url), url.startswith("https://github.com/")
    wanted = {
        r"^(repository:\n(?:[ #].*\n)*?  url: )\S+": url,
        r"^(  use_repository_button: )\w+": str(known).lower(),
        r"^(  use_issues_button: )\w+": str(known).lower(),
        r"^(  colab_url: )\S+": f'"{COLAB}"' if known and on_github else '""',
    }
    for pattern, value in wanted.items():
        config, count = re.subn(pattern, rf"\g<1>{value}", config, flags=re.M)
        if count != 1:
            raise ValueError(f"_config.yml: expected one line like {pattern!r}, found {count}")
    return config


def badges(url):
    """The lines of badges in README.md; none while the address is the placeholder."""
    found = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+)", url)
    if is_placeholder(url) or not found:
        return ""
    owner, name = found.groups()
    return (
        f"[![checks]({url}/actions/workflows/checks.yml/badge.svg)]({url}/actions)\n"
        f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
        f"({COLAB}/github/{owner}/{name}/blob/main/{FIRST_CHAPTER})\n"
        f"[Read the book](https://{owner.lower()}.github.io/{name}/)\n"
    )


def cite(citation, url):
    """The text of CITATION.cff with the address, or without one for the placeholder."""
    citation = re.sub(r"^repository-code:.*\n", "", citation, flags=re.M)
    return citation if is_placeholder(url) else citation + f'repository-code: "{url}"\n'


def rewrite_notebook(text, url):
    """A notebook's text with the Colab cell for an address; unchanged where it has that already."""
    notebook = nbformat.reads(text, as_version=4)
    cells = [c for c in notebook.cells if "colab" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ValueError(f"expected one cell with the tag colab, found {len(cells)}")
    if cells[0].source == colab_cell(url):
        return text
    cells[0].source = colab_cell(url)
    return serialise(notebook)


def changes(url, root=ROOT):
    """What has to be written so that everything agrees with an address.

    Returns:
        dict: from the path of each file that disagrees to the text that it should have.
    """
    wanted = {}
    for name, change in (("_config.yml", configure), ("CITATION.cff", cite)):
        wanted[root / name] = change((root / name).read_text("utf-8"), url)
    readme = (root / "README.md").read_text("utf-8")
    if not BADGES.search(readme):
        raise ValueError("README.md: expected the two comments around the badges, found none")
    wanted[root / "README.md"] = BADGES.sub(lambda m: m[1] + badges(url) + m[2], readme)
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        try:
            wanted[path] = rewrite_notebook(path.read_text("utf-8"), url)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
    return {path: text for path, text in wanted.items() if path.read_text("utf-8") != text}


def main(arguments, root=ROOT):
    """Write or check; return the exit status."""
    if len(arguments) != 1:
        print("usage: set_repo.py URL|--check", file=sys.stderr)
        return 2
    checking = arguments[0] == "--check"
    try:
        url = repository_url(root / "_config.yml") if checking else validate(arguments[0])
        found = changes(url, root)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in found.items():
        print(f"{'disagrees' if checking else 'written'}: {path.relative_to(root)}")
        if not checking:
            path.write_text(text, "utf-8")
    if not found:
        print(f"all agree on {url}")
    return int(checking and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
