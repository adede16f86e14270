"""Setting the repository's address on a copy of what it stands in."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import set_repo  # noqa: E402
from new_notebook import colab_cell, repository_url  # noqa: E402
from run_notebooks import serialise  # noqa: E402

PLACEHOLDER = "https://github.com/OWNER/cnn-tutorial"
URL = "https://github.com/someone/cnn-tutorial"


@pytest.fixture
def tree(tmp_path):
    """A copy of the files that name the address, with a chapter that has just been started."""
    for name in ("_config.yml", "README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path / name)
    cell = nbformat.v4.new_code_cell(colab_cell(PLACEHOLDER), id="second")
    cell.metadata["tags"] = ["colab", "remove-cell"]
    title = nbformat.v4.new_markdown_cell("# Title", id="first")
    (tmp_path / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[title, cell])
    (tmp_path / "notebooks" / "11_a.ipynb").write_text(serialise(notebook), "utf-8")
    set_repo.main([PLACEHOLDER], tmp_path)
    return tmp_path


def texts(tree):
    """The content of every file, by name."""
    return {path.name: path.read_text("utf-8") for path in tree.rglob("*") if path.is_file()}


def test_the_address_is_written_everywhere_and_the_buttons_are_switched_on(tree, capsys):
    assert set_repo.main([URL + ".git"], tree) == 0
    config = yaml.safe_load((tree / "_config.yml").read_text("utf-8"))
    assert config["repository"]["url"] == URL
    assert config["html"]["use_repository_button"] is True
    assert config["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    cells = json.loads((tree / "notebooks" / "11_a.ipynb").read_text("utf-8"))["cells"]
    assert "".join(cells[1]["source"]) == colab_cell(URL)
    readme = (tree / "README.md").read_text("utf-8")
    assert f"]({URL}/actions)" in readme
    assert "https://someone.github.io/cnn-tutorial/" in readme
    assert "notebooks/11_first_classifier.ipynb" in readme
    citation = yaml.safe_load((tree / "CITATION.cff").read_text("utf-8"))
    assert citation["repository-code"] == URL
    capsys.readouterr()
    assert set_repo.main(["--check"], tree) == 0
    assert capsys.readouterr().out == f"all agree on {URL}\n"


def test_comments_survive_and_the_placeholder_restores_every_byte(tree):
    before = texts(tree)
    set_repo.main([URL], tree)
    after = texts(tree)
    assert all(before[name] != after[name] for name in before)
    comments = [line for line in before["_config.yml"].splitlines() if line.startswith("#")]
    assert comments
    assert all(line in after["_config.yml"] for line in comments)
    set_repo.main([PLACEHOLDER], tree)
    assert texts(tree) == before
    assert yaml.safe_load(before["_config.yml"])["html"]["use_repository_button"] is False
    assert "OWNER" not in before["README.md"] + before["CITATION.cff"]


def test_setting_the_same_address_twice_changes_nothing_more(tree):
    set_repo.main([URL], tree)
    after = texts(tree)
    set_repo.main([URL + "/"], tree)
    assert texts(tree) == after


def test_another_host_than_github_has_no_colab_button_and_no_badges(tree):
    assert set_repo.main(["https://git.example.org/someone/book"], tree) == 0
    config = yaml.safe_load((tree / "_config.yml").read_text("utf-8"))
    assert config["html"]["use_repository_button"] is True
    assert config["launch_buttons"]["colab_url"] == ""
    assert "badge" not in (tree / "README.md").read_text("utf-8").replace("badges", "")


@pytest.mark.parametrize("name", ["_config.yml", "README.md", "CITATION.cff", "11_a.ipynb"])
def test_check_names_the_file_that_disagrees_and_writes_nothing(tree, capsys, name):
    set_repo.main([URL], tree)
    (path,) = tree.rglob(name)
    text = path.read_text("utf-8")
    changed = text.replace(
        "use_repository_button: true" if name == "_config.yml" else "someone",
        "use_repository_button: false" if name == "_config.yml" else "someone-else",
    )
    path.write_text(changed, "utf-8")
    capsys.readouterr()
    assert set_repo.main(["--check"], tree) == 1
    said = capsys.readouterr().out
    assert said.startswith("disagrees: ")
    assert said.strip().endswith(name)
    assert path.read_text("utf-8") == changed


@pytest.mark.parametrize(
    "url",
    ["", "http://github.com/a/b", "ssh://github.com/a/b", "https://github.com/a", "https://a/b/c",
     "https://github.com/a/b/c", "https://github.com/a/b c", 'https://github.com/a/b"'],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_nothing_is_written(tree, capsys, url):
    before = texts(tree)
    assert set_repo.main([url], tree) == 1
    assert "URL: expected https://host/owner/name, got" in capsys.readouterr().err
    assert texts(tree) == before


def test_a_chapter_without_the_colab_cell_is_named(tree, capsys):
    notebook = nbformat.v4.new_notebook(cells=[])
    (tree / "notebooks" / "12_b.ipynb").write_text(serialise(notebook), "utf-8")
    assert set_repo.main([URL], tree) == 1
    assert "12_b.ipynb: expected one cell with the tag colab" in capsys.readouterr().err
    assert repository_url(tree / "_config.yml") == PLACEHOLDER
