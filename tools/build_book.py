"""Build the book and prove that it is whole: `make book` runs this in .venv-book.

    python tools/build_book.py [--force]

Lays MathJax, the digit reader's files and the package's wheel beside the pages, builds with
warnings as errors, counts the pages that _toc.yml lists, and refuses a page that would load
something from another host. Where nothing that the book is made from has changed, only the checks
run.
"""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from lay_digit_reader import PACKAGE, lay_digit_reader

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ["_config.yml", "_toc.yml", "book", "notebooks", "cnn_tutorial", "pyproject.toml"]
SOURCES += ["requirements/book.txt", "tools/build_book.py", "README.md", "LICENSE"]
SOURCES += ["tools/lay_digit_reader.py"]
# Where one of these has changed, no page of an older build is kept.
SETTINGS = re.compile(r"_config\.yml|_toc\.yml|book/_ext/|book/_templates/|requirements/|tools/")
# MathJax 3.2.2: what the pages use, and what its menu (speech, braille) loads when it is asked to.
MATHJAX_FILES = [
    "tex-mml-chtml.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "input/tex/extensions/*.js",
    "a11y/*.js",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
    "sre/mathmaps/nemeth.json",
]
# Of these files of npm's mathjax@3.2.2, which the Python package carries unchanged.
MATHJAX_SHA256 = "bbc9190bf45d0c508192162d550c6a755af8fa6cffd69469c6925eb98ec58b19"
SHORTEST_PAGE = 200  # characters of text besides the title: a page with less has lost its content
SHOWN = 20


class Trouble(Exception):
    """Why the book cannot be published, in words for the one who writes it."""


def digest(paths, root):
    """SHA-256 over the names and contents of files, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources(root):
    """Every file that the book is made from; not MathJax and the wheel, which are laid there."""
    found = []
    for name in SOURCES:
        path = root / name
        found += [path] if path.is_file() else path.rglob("*")
    made = re.compile(r"/(__pycache__|\.ipynb_checkpoints|_static/mathjax)/|\.whl$")
    return [path for path in found if path.is_file() and not made.search(path.as_posix())]


def lay_mathjax(target, origin=None):
    """Copy MathJax from the Python package that carries it, verified, to a folder.

    Raises:
        Trouble: if the files are not the ones that this tool knows.
    """
    if origin is None:
        package = importlib.metadata.distribution("sphinx-mathjax-offline")
        origin = Path(package.locate_file("sphinx-mathjax-offline/static/mathjax"))
    files = [path for pattern in MATHJAX_FILES for path in origin.glob(pattern)]
    found = digest(files, origin)
    if found != MATHJAX_SHA256:
        raise Trouble(
            f"MathJax in {origin} is not the one that was checked: expected sha256 "
            f"{MATHJAX_SHA256}, found {found}. Delete .venv-book and run `make book` again."
        )
    laid = [path for path in target.rglob("*") if path.is_file()] if target.is_dir() else []
    if laid and digest(laid, target) == found:
        return
    shutil.rmtree(target, ignore_errors=True)
    for path in files:
        copy = target / path.relative_to(origin)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def lay_reader(target, root):
    """Lay the digit reader's files; without its runtime only where nothing is published.

    Raises:
        Trouble: if the runtime is missing where ``CI`` is set, as it is where books are published.
    """
    missing = lay_digit_reader(target, root=root)
    if not missing:
        return
    said = f"{PACKAGE} is missing: {missing}"
    if os.environ.get("CI"):
        raise Trouble(f"{said}\nWithout it the book is not to be published.")
    print(f"  {said};\n  the digits in chapters 11 and 71 are read by plain JavaScript instead")


def lay_wheel(target, root):
    """Build the package's wheel into a folder, in place of any older one, and return its path."""
    for old in target.glob("cnn_tutorial-*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    run = subprocess.run(
        [*command, "--directory", str(target)], cwd=root, capture_output=True, text=True
    )
    wheels = list(target.glob("cnn_tutorial-*.whl"))
    if run.returncode or len(wheels) != 1:
        last = run.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        raise Trouble(f"The package's wheel cannot be built: {last[0]}")
    return wheels[0]


def run_jupyter_book(root, log):
    """Build the pages; the output goes to a log, the warnings into the error."""
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", str(root), "--quiet"]
    with log.open("w", encoding="utf-8") as file:
        code = subprocess.call(
            [*command, "--warningiserror", "--keep-going"],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=root,
        )
    if code == 0:
        return
    said = re.sub(r"\x1b\[[\d;]*m", "", log.read_text("utf-8")).strip().splitlines()
    warnings = [line for line in said if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)]
    warnings = [line.replace(f"{root}/", "") for line in dict.fromkeys(warnings or said[-SHOWN:])]
    shown = "\n".join(f"  {line[:400]}" for line in warnings[:SHOWN])
    more = f"\n  and {len(warnings) - SHOWN} more" if len(warnings) > SHOWN else ""
    raise Trouble(f"Jupyter Book stopped ({log.relative_to(root)} has all of it):\n{shown}{more}")


def pages_listed(toc):
    """The pages that a table of contents names, without suffix, in its order.

    Args:
        toc: what the YAML file _toc.yml holds.

    Example:
        >>> pages_listed({"root": "index", "parts": [{"chapters": [{"file": "notebooks/11"}]}]})
        ['index', 'notebooks/11']
    """
    found = [toc[key] for key in ("root", "file") if key in toc]
    for key in ("parts", "chapters", "sections", "subtrees", "entries"):
        for entry in toc.get(key, []):
            found += pages_listed(entry)
    return [re.sub(r"\.(ipynb|md)$", "", page) for page in found]


def page_faults(html):
    """What is wrong with one page: no title, no text, something loaded from another host.

    Example:
        >>> page_faults("<article><h1>Title</h1></article>")
        ['has 0 characters of text besides its title']
    """
    soup = BeautifulSoup(html, "html.parser")
    faults = []
    article = soup.find("article") or soup
    title = article.find("h1")
    if title is None:
        faults.append("has no h1")
    text = " ".join(article.get_text(" ").split())
    length = max(0, len(text) - len(" ".join(title.get_text(" ").split()) if title else ""))
    if length < SHORTEST_PAGE:
        faults.append(f"has {length} characters of text besides its title")
    loaded = [tag.get(name) for name in ("src", "poster", "data") for tag in soup.find_all(True)]
    loaded += [tag.get("srcset") for tag in soup.find_all(["img", "source"])]
    # A canonical or neighbouring address is a statement; style sheets, icons, preloads are fetched.
    stated = {"canonical", "alternate", "next", "prev", "search", "license", "author", "index"}
    for tag in soup.find_all("link"):
        if not stated & set(tag.get("rel", [])):
            loaded.append(tag.get("href"))
    styles = [tag.get_text() for tag in soup.find_all("style")]
    styles += [tag["style"] for tag in soup.find_all(style=True)]
    loaded += [address for style in styles for address in style_loads(style)]
    faults += [f"loads {address[:100]}" for address in loaded if address and is_foreign(address)]
    return faults


def style_loads(css):
    """The addresses that a style sheet fetches: ``url(...)`` and ``@import``.

    Example:
        >>> style_loads('@import "a.css"; p { background: url(b.png) }')
        ['b.png', 'a.css']
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return re.findall(r"url\(\s*[\"']?([^\"')]+)", css) + re.findall(
        r"@import\s+[\"']([^\"']+)", css
    )


def is_foreign(address):
    """Whether an address names a host: ``https://…`` or ``//…``, in a list of them too.

    Example:
        >>> is_foreign("../_static/logo.svg"), is_foreign("//example.org/a.js")
        (False, True)
    """
    return bool(re.match(r"\s*(https?:)?//", address, re.I)) or bool(
        re.search(r",\s*(https?:)?//", address) and not address.startswith("data:")
    )


def check(html, toc):
    """Raise `Trouble` unless every page of the table of contents is whole; return their number."""
    pages = pages_listed(toc)
    faults = []
    for page in pages:
        path = html / f"{page}.html"
        if not path.is_file():
            faults.append(f"{page}.html is missing")
    built = {path.relative_to(html).as_posix() for path in html.rglob("*.html")}
    helpers = {"index.html", "search.html", "genindex.html", "py-modindex.html"}
    built = {name for name in built if not name.startswith(("_static/", "_sources/"))}
    surplus = built - {f"{page}.html" for page in pages} - helpers
    faults += [f"{name} is not in _toc.yml" for name in sorted(surplus)]
    for name in sorted(built - surplus):
        found = page_faults((html / name).read_text("utf-8"))
        if name.removesuffix(".html") not in pages:  # search, index: without text of their own
            found = [fault for fault in found if fault.startswith("loads")]
        faults += [f"{name} {fault}" for fault in found]
    for path in html.rglob("*.css"):
        for address in style_loads(path.read_text("utf-8", "replace")):
            if is_foreign(address):
                faults.append(f"{path.relative_to(html)} loads {address[:100]}")
    if faults:
        raise Trouble("The built book is not whole:\n" + "\n".join(f"  {line}" for line in faults))
    return len(pages)


def build(root=ROOT, force=False):
    """Build what has changed and check everything; return the number of pages."""
    made, html, static = root / "_build", root / "_build" / "html", root / "book" / "_static"
    stamp, log = made / "book-sources", made / "logs" / "book.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    lay_mathjax(static / "mathjax")
    lay_reader(static / "digit_reader", root)
    files = sources(root)
    settings = [path for path in files if SETTINGS.match(path.relative_to(root).as_posix())]
    now = [digest(settings, root), digest(files, root)]
    before = stamp.read_text().split() if stamp.exists() else ["", ""]
    if force or before != now:
        # Sphinx warns only about the pages that it reads anew: after a build that failed,
        # everything is built from nothing.
        stamp.unlink(missing_ok=True)
        if force or before[0] != now[0]:
            shutil.rmtree(html, ignore_errors=True)
            shutil.rmtree(made / ".doctrees", ignore_errors=True)
        lay_wheel(static, root)
        run_jupyter_book(root, log)
    else:
        print("  nothing has changed since the last build")
    try:
        count = check(html, toc)
    except Trouble:
        stamp.unlink(missing_ok=True)  # so that the next build makes every page anew
        raise
    stamp.write_text("\n".join(now))
    return count


def main():
    """Build, and say how to open the book or what to mend."""
    started = time.time()
    print("Building the book (log: _build/logs/book.log)", flush=True)
    try:
        count = build(force="--force" in sys.argv[1:])
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    print(f"  {count} of {count} pages in {time.time() - started:.0f} s, none empty, all from here")
    print(f"  Read it with `make serve`, or open {ROOT / '_build' / 'html' / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
