"""What the page tests share: one Chromium for all of them, and axe's verdict on a page."""

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
