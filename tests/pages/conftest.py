"""A browser for the tests of pages; without one, or without Playwright, they are skipped."""

import re
import shutil
from pathlib import Path

import pytest

import mlpzoo

JS = Path(mlpzoo.__file__).parent / "pages" / "js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOST = "http://pages.test/"


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def tab(browser):
    """A browser page, in which no console error and no request is allowed."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page, wrong = context.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if _is_own(asked.url) else wrong.append(asked.url))
    yield page
    context.close()
    assert not wrong


@pytest.fixture
def modules(tab):
    """Runs JavaScript in which `load("core/network.js")` is a module of the pages."""

    def serve(route):
        name = route.request.url.removeprefix(HOST)
        if not name:
            return route.fulfill(body="", content_type="text/html")
        return route.fulfill(body=(JS / name).read_text(), content_type="text/javascript")

    def run(script, argument=None):
        body = f"async (given) => {{ const load = (name) => import('{HOST}' + name); {script} }}"
        return tab.evaluate(body, argument)

    tab.route(f"{HOST}**", serve)
    tab.goto(HOST)
    return run


@pytest.fixture
def opened(tab, tmp_path):
    """Opens a page and waits until it is drawn."""

    def show(page):
        tab.goto(page.write(tmp_path / "page.html").as_uri())
        tab.locator(".panel").first.wait_for()  # wait_for_function is against the page's policy
        return tab

    return show


def _is_own(url):
    return re.match(r"(file|data|blob|about):|" + re.escape(HOST), url) is not None
