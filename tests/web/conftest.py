"""A real Chromium against the sample application on a free port."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.web.app import State, make_app
from tests.web.serving import served
from web import assets

PATIENCE = 100.0
"""Seconds until what a page shows in the end must be there: a bound for what never comes, not a budget."""
expect.set_options(timeout=1000 * PATIENCE)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]


def chromium_path() -> str | None:
    """EAKTE_CHROMIUM, or chromium on the PATH."""
    return os.environ.get("EAKTE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def missing(what: str) -> None:
    """Without it the test says why it is skipped; in CI it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is required in CI")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def playwright_() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_: Playwright) -> Iterator[Browser]:
    path = chromium_path()
    if not path:
        missing("Chromium (apt package chromium, or EAKTE_CHROMIUM)")
    if not assets.is_current(assets.VENDOR, assets.current_plan()):
        missing("the folder of page assets (python -m web.assets)")
    chromium = playwright_.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield chromium
    chromium.close()


def seen(page: Page) -> None:
    """Wait until Enter counts: the letter has the focus, its page is painted, and 300 ms have passed on the page's clock."""
    page.wait_for_function(
        "() => document.activeElement.closest('[data-fall]')"
        " && [...document.querySelectorAll('[data-papier] img')].every((image) => image.complete)"
    )
    page.evaluate("new Promise((done) => setTimeout(done, 350))")


def eventually(page: Page, reached: Callable[[], bool]) -> None:
    """Wait for something that the page's requests bring about on the server."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it did not come about"
        page.wait_for_timeout(20)


class Site:
    """The running sample application."""

    def __init__(self, url: str, state: State) -> None:
        self.url, self.state = url, state


@pytest.fixture
def site() -> Iterator[Site]:
    app, state = make_app()
    with served(app) as url:
        yield Site(url, state)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1024}, locale="de-DE")
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.faults = faults  # type: ignore[attr-defined]
    yield page
    context.close()
    scripts = [fault for fault in faults if "Content Security Policy" in fault or fault.startswith("script: ")]
    assert not scripts, scripts
