"""Building the book: nothing empty, nothing from another host, nothing left from older builds."""

import doctest
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import build_book  # noqa: E402
import set_repo  # noqa: E402

TEXT = "words " * 50
TOC = {"root": "book/index", "parts": [{"caption": "1", "chapters": [{"file": "notebooks/11"}]}]}


def page(body=TEXT, head=""):
    """A page as the theme makes it, as far as the checks look at it."""
    return f"<head>{head}</head><nav>menu</nav><article><h1>Title</h1>{body}</article>"


@pytest.fixture
def html(tmp_path):
    """A built book of two pages."""
    for name in ("book/index", "notebooks/11"):
        path = tmp_path / f"{name}.html"
        path.parent.mkdir()
        path.write_text(page(), "utf-8")
    (tmp_path / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/">')
    (tmp_path / "search.html").write_text("<h1>Search</h1>")
    return tmp_path


def trouble(function, *arguments):
    """The text of the Trouble that a call raises."""
    with pytest.raises(build_book.Trouble) as error:
        function(*arguments)
    return str(error.value)


@pytest.mark.parametrize("module", [build_book, set_repo], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_every_kind_of_entry_of_a_table_of_contents_is_found():
    toc = {
        "root": "a.md",
        "subtrees": [{"entries": [{"file": "b", "sections": [{"file": "c.ipynb"}]}]}],
        "chapters": [{"url": "https://example.org"}, {"file": "d"}],
    }
    assert sorted(build_book.pages_listed(toc)) == ["a", "b", "c", "d"]


def test_a_whole_book_passes(html):
    assert build_book.check(html, TOC) == 2


def test_an_emptied_page_is_refused(html):
    (html / "notebooks" / "11.html").write_text(page(body=""), "utf-8")
    said = trouble(build_book.check, html, TOC)
    assert "notebooks/11.html has 0 characters of text besides its title" in said
    assert "book/index" not in said


def test_a_page_without_a_title_is_refused(html):
    (html / "notebooks" / "11.html").write_text(f"<article><p>{TEXT}</p></article>", "utf-8")
    assert "notebooks/11.html has no h1" in trouble(build_book.check, html, TOC)


def test_a_missing_page_is_refused(html):
    (html / "notebooks" / "11.html").unlink()
    assert "notebooks/11.html is missing" in trouble(build_book.check, html, TOC)


def test_a_page_left_from_an_older_build_is_refused(html):
    (html / "notebooks" / "12.html").write_text(page(), "utf-8")
    assert "notebooks/12.html is not in _toc.yml" in trouble(build_book.check, html, TOC)


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://example.org/a.js"></script>',
        '<script src="//example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<link rel="preload" as="font" href="http://example.org/a.woff2">',
        '<img src="HTTPS://example.org/a.png">',
        '<img src="a.png" srcset="b.png 1x, https://example.org/c.png 2x">',
        '<iframe src="https://example.org"></iframe>',
        '<video poster="https://example.org/a.png"></video>',
        '<object data="https://example.org/a.svg"></object>',
        "<style>@font-face { src: url('https://example.org/a.woff2') }</style>",
        '<p style="background: url(//example.org/a.png)"></p>',
    ],
)
def test_a_page_that_loads_from_another_host_is_refused(html, markup):
    (html / "book" / "index.html").write_text(page(TEXT + markup), "utf-8")
    assert "book/index.html loads " in trouble(build_book.check, html, TOC)


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="https://example.org">a link</a>',
        '<link rel="canonical" href="https://example.org/book">',
        '<img src="data:image/png;base64,AAAA//example,//x">',
        '<script src="../_static/a.js?v=1"></script>',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_links_and_files_of_the_book_itself_are_allowed(html, markup):
    (html / "book" / "index.html").write_text(page(TEXT + markup), "utf-8")
    assert build_book.check(html, TOC) == 2


def test_a_search_page_may_be_empty_but_not_load_from_another_host(html):
    (html / "search.html").write_text('<script src="https://example.org/a.js"></script>')
    assert "search.html loads https://example.org" in trouble(build_book.check, html, TOC)


def test_a_style_sheet_that_loads_from_another_host_is_refused(html):
    (html / "a.css").write_text("/* url(https://example.org/no) */ p { color: red }")
    assert build_book.check(html, TOC) == 2
    (html / "a.css").write_text('@import "https://example.org/b.css";')
    assert "a.css loads https://example.org/b.css" in trouble(build_book.check, html, TOC)


def test_mathjax_is_laid_once_and_mended_when_it_was_touched(tmp_path):
    target = tmp_path / "mathjax"
    build_book.lay_mathjax(target)
    script = target / "tex-mml-chtml.js"
    size, laid = script.stat().st_size, script.stat().st_mtime_ns
    assert size > 1_000_000
    assert len(list(target.rglob("*.woff"))) == 23
    build_book.lay_mathjax(target)
    assert script.stat().st_mtime_ns == laid
    script.write_text("shortened")
    build_book.lay_mathjax(target)
    assert script.stat().st_size == size


def test_another_mathjax_is_refused(tmp_path):
    build_book.lay_mathjax(tmp_path / "origin")
    with (tmp_path / "origin" / "tex-mml-chtml.js").open("a") as file:
        file.write(" ")
    said = trouble(build_book.lay_mathjax, tmp_path / "target", tmp_path / "origin")
    assert "is not the one that was checked" in said
    assert not (tmp_path / "target").exists()


def test_an_older_wheel_is_replaced(tmp_path):
    old = tmp_path / "cnn_tutorial-0.0.1-py3-none-any.whl"
    old.touch()
    wheel = build_book.lay_wheel(tmp_path, ROOT)
    assert not old.exists()
    assert wheel.stat().st_size > 1000


def test_a_wheel_that_cannot_be_built_ends_with_the_reason(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project")
    said = trouble(build_book.lay_wheel, tmp_path, tmp_path)
    assert said.startswith("The package's wheel cannot be built: ")
    assert "\n" not in said


@pytest.fixture
def small_book(tmp_path):
    """A copy of the book with two pages and one chapter, to be built for real."""
    root = tmp_path / "copy"
    keep = shutil.ignore_patterns("_build", "__pycache__", "mathjax", "*.whl", "*.ipynb")
    for name in ("book", "cnn_tutorial"):
        shutil.copytree(ROOT / name, root / name, ignore=keep)
    for name in ("_config.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    for path in (root / "book").glob("*.md"):
        path.unlink()
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/b\n")
    for name in ("index", "b"):
        (root / "book" / f"{name}.md").write_text(f"# {name}\n\n{TEXT} $x^2$\n")
    return root


@pytest.mark.slow
def test_a_build_is_repeated_only_where_needed_and_warnings_stop_it_each_time(small_book, capsys):
    assert build_book.build(small_book) == 2
    built = small_book / "_build" / "html" / "book" / "b.html"
    assert "_static/mathjax/tex-mml-chtml.js" in built.read_text("utf-8")
    assert list((small_book / "_build" / "html" / "_static").glob("cnn_tutorial-*.whl"))
    first = built.stat().st_mtime_ns
    assert build_book.build(small_book) == 2
    assert built.stat().st_mtime_ns == first
    assert "nothing has changed" in capsys.readouterr().out

    source = small_book / "book" / "b.md"
    whole = source.read_text("utf-8")
    source.write_text(whole + "\n[nowhere](missing.md)\n", "utf-8")
    for _ in range(2):  # the second time Sphinx itself would find nothing to read anew
        said = trouble(build_book.build, small_book)
        assert "book/b.md" in said
        assert "missing.md" in said
        assert len(said.splitlines()) < 10
    source.write_text(whole, "utf-8")
    assert build_book.build(small_book) == 2

    built.write_text(page(body=""), "utf-8")
    assert "book/b.html has 0 characters" in trouble(build_book.build, small_book)
    assert build_book.build(small_book) == 2  # and the next build mends it
