"""The Colab cell: the same in every chapter but for the repository's address.

It is defined here and nowhere else. tools/new_notebook.py writes it into a new chapter,
tools/set_repo.py into all of them when the address changes, tools/check_notebooks.py compares.
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[1-9][1-9]_[a-z0-9]+(_[a-z0-9]+)*")  # a chapter's: part, place, slug

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
