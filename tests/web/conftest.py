"""A real Chromium against the sample application on a free port."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect, sync_playwright
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.app import State, make_app
from tests.web.serving import served
from web import assets

PATIENCE = 100.0
"""Seconds until what a page shows in the end must be there: a bound for what never comes, not a budget."""
expect.set_options(timeout=1000 * PATIENCE)
VIEWPORT: ViewportSize = {"width": 1280, "height": 1024}
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
    """The sample application of one test."""

    def __init__(self, url: str, state: State, headers: dict[str, str]) -> None:
        self.url, self.state, self.headers = url, state, headers


class Doorman:
    """One server for all tests: leads every request to the application of the test whose page it comes from.

    One address, so that a browser keeps the files of the pages; and a late request of the test before, whose page is
    closed already, meets the state of that test and never that of the next one. The mark is a header of the page: what a
    test asks for by `page.request` does not bear it.
    """

    MARK = "x-sample"

    def __init__(self) -> None:
        self.url = ""
        self._apps: list[ASGIApp] = []

    def admit(self) -> Site:
        """A fresh application, and the headers that lead to it."""
        app, state = make_app()
        self._apps.append(app)
        return Site(self.url, state, {self.MARK: str(len(self._apps) - 1)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one that belongs to no test is an error of the test."""
        if scope["type"] != "lifespan":
            await self._apps[int(Headers(scope=scope)[self.MARK])](scope, receive, send)


@pytest.fixture(scope="session")
def doorman() -> Iterator[Doorman]:
    made = Doorman()
    with served(made) as made.url:
        yield made


@pytest.fixture
def site(doorman: Doorman) -> Site:
    return doorman.admit()


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """What the pages of the tests share: the files they have loaded. The sample application knows no cookie."""
    context = browser.new_context(viewport=VIEWPORT, locale="de-DE")
    yield context
    assert context.cookies() == []
    context.close()


@contextmanager
def opened(context: BrowserContext, site: Site) -> Iterator[Page]:
    """A page on the site of a test; no script may have failed and no policy may have been violated on it."""
    page = context.new_page()
    page.set_extra_http_headers(site.headers)
    page.set_default_timeout(1000 * PATIENCE)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.faults = faults  # type: ignore[attr-defined]
    with closing(page):
        yield page
    blameless(page)


def blameless(page: Page) -> None:
    """Nothing that a page may never do was noted."""
    faults: list[str] = page.faults  # type: ignore[attr-defined]
    scripts = [fault for fault in faults if "Content Security Policy" in fault or fault.startswith("script: ")]
    assert not scripts, scripts


@pytest.fixture
def page(window: BrowserContext, site: Site) -> Iterator[Page]:
    with opened(window, site) as page:
        yield page
