"""Accessibility of every page in every state, light and dark: axe in a real Chromium, and reflow at 320 pixels."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.web import samples
from tests.web.conftest import Site, seen

pytestmark = pytest.mark.browser
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["EN-301-549", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
}


CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def violations(page: Page, options: dict[str, Any] = OPTIONS) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}" for v in found for node in v["nodes"]
    ]


@pytest.mark.parametrize("name", samples.ALL)
def test_axe_finds_nothing(site: Site, page: Page, name: str) -> None:
    """All rules in light; in dark the same page again with the one rule that can differ."""
    page.goto(f"{site.url}/muster/{name}")
    assert violations(page) == []
    page.evaluate("document.documentElement.dataset.kernTheme = 'dark'")
    assert violations(page, CONTRAST) == []


@pytest.mark.parametrize("name", samples.ALL)
def test_reflow_at_320_pixels(site: Site, page: Page, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site.url}/muster/{name}")
    wide = page.evaluate(
        """() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')]
             .filter(e => e.getBoundingClientRect().right > 321)
             .filter(e => !e.closest('.ea-roll, .ea-miniaturen, .ea-sprung, svg'))
             .map(e => e.outerHTML.slice(0, 90))]"""
    )
    assert wide[0] <= 320, wide


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
