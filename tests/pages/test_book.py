"""The built book as a reader meets it: every page, in a browser, light and dark, wide and narrow.

`make book` first: these tests read `_build/html`.
"""

import functools
import http.server
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (1280, 390)]

pytestmark = pytest.mark.browser


def pages_of_the_toc():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


PAGES = pages_of_the_toc()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    if not (BUILT / "index.html").exists():
        pytest.fail(f"the book is not built ({BUILT} has no index.html); run `make book` first")
    handler = functools.partial(Quiet, directory=BUILT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def open_page(site, browser):
    """A function that opens a page of the book and returns it, with what went wrong on the way."""
    contexts = []

    def open_(name, theme="light", width=1280):
        context = browser.new_context(
            color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.errors, page.foreign = [], []
        page.on("console", lambda m: m.type == "error" and page.errors.append(m.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("response", lambda r: r.status >= 400 and page.errors.append(f"{r.status} {r.url}"))
        context.on("request", lambda r: is_foreign(r.url, site) and page.foreign.append(r.url))
        page.goto(f"{site}/{name}", wait_until="load")
        page.wait_for_function("!window.MathJax || MathJax.startup.promise.then(() => true)")
        return page

    yield open_
    for context in contexts:
        context.close()


def is_foreign(url, site):
    return not url.startswith((f"{site}/", "data:", "blob:"))


def test_every_page_of_the_table_of_contents_is_built():
    missing = [name for name in PAGES if not (BUILT / f"{name}.html").exists()]
    assert not missing


@pytest.mark.parametrize(("theme", "width"), LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_quiet_self_contained_and_fits(open_page, name, theme, width):
    page = open_page(f"{name}.html", theme, width)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.errors == []
    assert page.foreign == []
    # Last, because axe itself asks for style sheets at addresses that do not exist. The tags are
    # named because without them axe leaves out what is new in WCAG 2.2.
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:5]) for v in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_mathematics_is_typeset_and_images_are_described(open_page, name):
    page = open_page(f"{name}.html")
    formulas = page.locator(".math").count()
    assert page.locator(".math mjx-container").count() == formulas
    assert page.locator("mjx-merror").count() == 0
    for image in page.locator("article img").all():
        alt = image.get_attribute("alt") or ""
        assert len(alt) >= 30, f"alternative text too short: {alt!r}"
        assert not re.search(r"\.(png|svg|jpe?g)\b|_images|[0-9a-f]{16}", alt), alt
        assert image.evaluate("i => i.complete && i.naturalWidth > 0"), "an image did not load"


def test_some_page_has_formulas_and_some_page_has_an_image(open_page):
    assert open_page("book/notation.html").locator("mjx-container").count() > 20
    assert open_page("book/index.html").locator("article img").count() >= 1


class Links(HTMLParser):
    """The addresses that a page refers to, and the anchors that it offers."""

    def __init__(self, path):
        super().__init__()
        self.addresses, self.anchors = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.addresses += [attributes[key] for key in ("href", "src") if attributes.get(key)]


def test_every_internal_link_and_anchor_resolves():
    pages = {path: Links(path) for path in BUILT.rglob("*.html") if "_static" not in path.parts}
    assert len(pages) > len(PAGES)
    broken, checked = [], 0
    for path, links in pages.items():
        here = path.relative_to(BUILT).as_posix()
        for address in links.addresses:
            if urlsplit(address).scheme or address.startswith("//") or address == "#":
                continue
            target, anchor = urldefrag(urljoin(f"http://book/{here}", address))
            file = BUILT / unquote(urlsplit(target).path).lstrip("/")
            checked += 1
            known = file in pages and anchor and anchor not in pages[file].anchors
            if not file.is_file() or known:
                broken.append(f"{here} -> {address}")
    assert checked > 100
    assert broken == []


def test_no_button_or_link_leads_to_the_placeholder_address():
    for path in BUILT.rglob("*.html"):
        addresses = Links(path).addresses
        assert not [a for a in addresses if "OWNER" in a], path


def test_search_finds_a_word_without_a_network(open_page):
    page = open_page("search.html?q=receptive")
    page.wait_for_selector("#search-results ul.search li a")
    assert page.locator("#search-results a[href*='notation']").count() >= 1
    assert page.foreign == []
    assert page.errors == []


def test_search_box_opens_from_the_sidebar_and_from_the_keyboard(open_page):
    page = open_page("book/index.html")
    dialog = page.locator("#pst-search-dialog[open]")
    page.keyboard.press("Control+k")
    dialog.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.locator("#pst-primary-sidebar .search-button-field").click()
    dialog.wait_for()
    page.keyboard.type("padding")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results ul.search li a")


def test_theme_switch_changes_the_page_and_is_remembered(open_page):
    page = open_page("book/index.html", theme="light")
    colour = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate("document.documentElement.dataset.theme"): page.evaluate(colour)}
    for _ in range(3):
        page.locator(".theme-switch-button").first.click()
        seen[page.evaluate("document.documentElement.dataset.theme")] = page.evaluate(colour)
        if page.evaluate("document.documentElement.dataset.mode") == "dark":
            break
    assert set(seen) == {"light", "dark"}
    assert seen["light"] != seen["dark"]
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_reports_have_the_dark_pages_colours(open_page):
    shown = 0
    for name in (name for name in PAGES if "book-report" in (BUILT / f"{name}.html").read_text()):
        page = open_page(f"{name}.html", "dark")
        text = page.evaluate("getComputedStyle(document.body).color")
        for report in page.locator(".cell_output .book-report").all():
            shown += 1
            box = report.locator("xpath=ancestor-or-self::*[contains(@class, 'text_html')]")
            assert box.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"
            for caption in report.locator("caption").all():
                assert caption.evaluate("e => getComputedStyle(e).color") == text
    assert shown


def test_first_tab_stop_skips_to_the_text(open_page):
    page = open_page("book/index.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to main content"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_menu_opens_from_the_keyboard_on_a_phone(open_page):
    page = open_page("book/notation.html", width=390)
    menu = page.locator("main button.primary-toggle")
    menu.focus()
    assert page.locator("#pst-primary-sidebar-modal[open]").count() == 0
    page.keyboard.press("Enter")
    page.locator("#pst-primary-sidebar-modal[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("#pst-primary-sidebar-modal:not([open])").wait_for(state="attached")


def test_a_code_cell_is_copied_from_the_keyboard(open_page):
    page = open_page("notebooks/11_first_classifier.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("button.copybtn").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("navigator.clipboard.readText().then(t => t.includes('session'))")


def test_a_line_of_text_has_sixty_to_eighty_characters(open_page):
    page = open_page("book/how_to_use.html")
    characters = """() => {
        const paragraphs = [...document.querySelectorAll("article section > p")];
        const pen = document.createElement("canvas").getContext("2d");
        pen.font = getComputedStyle(paragraphs[0]).font;
        const text = paragraphs.map((p) => p.innerText.replace(/\\s+/g, " ")).join(" ");
        const width = Math.max(...paragraphs.map((p) => p.getBoundingClientRect().width));
        return width / (pen.measureText(text).width / text.length);
    }"""
    assert 60 < page.evaluate(characters) < 80
