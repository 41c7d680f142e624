"""Accessibility of every page in every state, light and dark: axe in a real Chromium, and reflow at 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

from tests.web import samples
from tests.web.conftest import VIEWPORT, Doorman, Site, blameless, opened, seen

pytestmark = pytest.mark.browser
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["EN-301-549", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
}
CONTRAST: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
RUN = """async (options) => {
  const { violations, passes } = await axe.run(options);
  return { violations, checked: passes.length };
}"""


def violations(page: Page, options: dict[str, Any] = OPTIONS) -> list[str]:
    """What axe finds on the page as it is; axe is brought along once a page and describes the violations only."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    result = page.evaluate(RUN, {**options, "resultTypes": ["violations"]})
    found = result["violations"]
    assert found or result["checked"], "axe checked nothing"
    return [
        f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}" for v in found for node in v["nodes"]
    ]


@pytest.fixture(scope="module")
def gallery(window: BrowserContext, doorman: Doorman) -> Iterator[tuple[Site, Page]]:
    """One page for all samples: every address is loaded anew, and no sample knows of the one before."""
    site = doorman.admit()
    with opened(window, site) as page:
        yield site, page


def show(
    gallery: tuple[Site, Page], name: str, width: int = VIEWPORT["width"], height: int = VIEWPORT["height"]
) -> Page:
    site, page = gallery
    page.faults.clear()  # type: ignore[attr-defined]  # what the sample before did is told by its own test
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site.url}/muster/{name}")
    return page


def test_axe_finds_what_is_wrong(gallery: tuple[Site, Page]) -> None:
    """The measure itself: a picture without a text and a pale line are told, each by its rule."""
    page = show(gallery, next(iter(samples.ALL)))
    page.evaluate(
        """document.querySelector('main').innerHTML =
             '<h1>x</h1><img src="/static/x.png"><p id="blass">hell</p>';
           document.querySelector('#blass').setAttribute('class', '');
           document.querySelector('#blass').style.color = '#eee';
           document.querySelector('#blass').style.background = '#fff'"""
    )
    assert {found.split(":")[0] for found in violations(page)} == {"image-alt", "color-contrast"}
    assert {found.split(":")[0] for found in violations(page, CONTRAST)} == {"color-contrast"}


@pytest.mark.parametrize("name", samples.ALL)
def test_axe_finds_nothing(gallery: tuple[Site, Page], name: str) -> None:
    """All rules in light; in dark the same page again with the one rule that can differ."""
    page = show(gallery, name)
    assert violations(page) == []
    page.evaluate("document.documentElement.dataset.kernTheme = 'dark'")
    assert violations(page, CONTRAST) == []
    blameless(page)


@pytest.mark.parametrize("name", samples.ALL)
def test_reflow_at_320_pixels(gallery: tuple[Site, Page], name: str) -> None:
    page = show(gallery, name, 320, 640)
    wide = page.evaluate(
        """() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')]
             .filter(e => e.getBoundingClientRect().right > 321)
             .filter(e => !e.closest('.ea-roll, .ea-miniaturen, .ea-sprung, svg'))
             .map(e => e.outerHTML.slice(0, 90))]"""
    )
    assert wide[0] <= 320, wide
    blameless(page)


@pytest.mark.parametrize("opener", ["?", "w", "a"])
def test_axe_with_a_dialog_open(site: Site, page: Page, opener: str) -> None:
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] a").first.focus()
    page.keyboard.press(opener)
    page.wait_for_selector("dialog[open] form")
    assert violations(page) == []


def test_axe_after_a_command_and_after_a_refusal(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/klaerung")
    seen(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("#toast")
    assert violations(page) == []
    site.state.stale.add("c2")
    seen(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#meldung .kern-alert")
    assert violations(page) == []
