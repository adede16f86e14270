"""What the page tests share: one Chromium for all, pages of figures, and axe's verdict."""

import shutil

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Explorer</title><style>
body {{ margin: 16px; font: 16px/1.5 sans-serif; background: #fff; color: #222; }}
[data-theme=dark] body {{ background: #121212; color: #ddd; }}</style></head>
<body><main><h1>Explorer</h1>{figures}</main></body></html>"""


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright; its profile is new and thrown away at the end."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.fail(
            "Chromium is missing: install it with `apt-get install chromium`, or leave the page "
            "tests out with `pytest -m 'not browser'`."
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_figures(browser):
    """A function that shows figures on a page; in the end nothing was fetched or complained of."""
    contexts, faults = [], []

    def show(*figures, width=1280, theme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url))
        page.set_content(PAGE.format(theme=theme, figures="".join(f.data for f in figures)))
        return page

    yield show
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture(scope="session")
def run_axe():
    """A function: page -> one line for every element that breaks a rule of axe (none is right).

    All of axe's rules count, its best practices too; open shadow roots are looked into.
    """
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def violations(page):
        return [
            f"{rule['id']} ({rule['help']}): {node['target']} {node['html'][:200]}"
            for rule in axe.run(page).response["violations"]
            for node in rule["nodes"]
        ]

    return violations
