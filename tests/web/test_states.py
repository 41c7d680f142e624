"""When things go otherwise: stale, session over, offline, no JavaScript; and that nothing moves under the fingers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import VIEWPORT, Site, eventually, opened, seen

pytestmark = pytest.mark.browser
NOTICE, POLL = 5_000, 20_000
"""Milliseconds until a page says that an answer is late, and between its looks for new mail."""
SETTLED = """() => {
  window.angekommen = new Promise((on) => {
    document.addEventListener('htmx:after:settle', () => on(true), { once: true });
  });
}"""
# from the key to the painted image of the next letter, in milliseconds
MEASURE = """() => {
  window.dauer = 0;
  document.addEventListener('keydown', (e) => {
    const start = performance.now(), fall = document.querySelector('#fall');
    new MutationObserver((_, o) => {
      o.disconnect();
      const painted = () => { window.dauer = performance.now() - start; };
      fall.querySelector('img').decode().then(() => requestAnimationFrame(painted));
    }).observe(fall, { childList: true });
  }, { once: true });
}"""


def test_stale_letter_is_told_and_the_list_stays(site: Site, page: Page) -> None:
    site.state.stale.add("p1")
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("e")
    expect(page.locator("#meldung")).to_contain_text("M. Brandt hat dieses Schreiben um 10:41 Uhr")
    expect(page.locator("#meldung")).to_contain_text("Ihre Eingabe wurde nicht übernommen.")
    expect(page.locator("#ansage")).to_contain_text("nicht übernommen")
    expect(page.locator("[data-liste] .ea-zeile:visible")).to_have_count(12)
    assert site.state.gone == []


def test_stale_decision_keeps_the_input(site: Site, page: Page) -> None:
    site.state.stale.add("c1")
    page.goto(f"{site.url}/klaerung/c1")
    seen(page)
    page.keyboard.press("2")
    page.locator("#eingang").fill("20.11.2026")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#meldung")).to_contain_text("Jemand war schneller")
    expect(page.locator("#akte-2")).to_be_checked()
    expect(page.locator("#eingang")).to_have_value("20.11.2026")


def test_session_over_asks_for_the_log_in_and_repeats_the_command(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/klaerung/c1")
    seen(page)
    site.state.logged_in = False
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] #benutzer")).to_be_focused()
    page.locator("#benutzer").fill("s.wegener")
    page.locator("#passwort").fill("falsch")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] #anmelden-fehler")).to_be_visible()
    page.locator("#passwort").fill("richtig")
    page.keyboard.press("Enter")
    expect(page.locator("#fall-titel")).to_have_text("Arbeitsunfähigkeitsbescheinigung")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert [entry[0] for entry in site.state.filed] == ["c1"]
    assert page.locator("input[name=csrf]").first.input_value() == "token-2"


def test_session_over_inside_a_dialog_keeps_what_was_written(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("n")
    page.locator("#feld-text").fill("Bitte anrufen")
    site.state.logged_in = False
    page.keyboard.press("Control+Enter")
    page.locator("dialog[open] #benutzer").fill("s.wegener")
    expect(page.locator("#feld-text")).to_have_value("Bitte anrufen")
    page.locator("#passwort").fill("richtig")
    page.locator("#passwort").press("Enter")
    expect(page.locator("#toast-text")).to_contain_text("notiz getan")


@pytest.fixture
def timed(browser: Browser, site: Site) -> Iterator[Page]:
    """A page whose clock a test can put forward: what waits for it comes due without the wait."""
    context = browser.new_context(viewport=VIEWPORT, locale="de-DE")
    context.clock.install()
    with closing(context), opened(context, site) as page:
        yield page


class Line:
    """Way of the commands of a page to its server: `cut` as long as that is true.

    Laid before the page is opened and never taken away: Chromium lets a request of a page that is there already pass now
    and then when interception begins, and keeps one when it ends.
    """

    def __init__(self, page: Page) -> None:
        self.cut = True
        page.route("**/erledigt", lambda route: route.abort() if self.cut else route.continue_())


def cut_off(site: Site, page: Page) -> Line:
    """Give a command that gets no answer, and let the time pass until the page would say so."""
    line = Line(page)
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    with page.expect_request("**/erledigt"):
        page.keyboard.press("e")
    page.clock.fast_forward(NOTICE)
    return line


def test_offline_repeats_with_the_same_key_and_does_it_once(site: Site, timed: Page) -> None:
    page = timed
    line = cut_off(site, page)
    expect(page.locator("#meldung")).to_contain_text("Keine Verbindung")
    expect(page.locator("#vorschau [data-taste=e]")).to_have_attribute("aria-disabled", "true")
    line.cut = False
    expect(page.locator("#toast-text")).to_contain_text("Erledigt")
    expect(page.locator("#meldung")).to_be_empty()
    assert site.state.gone == ["p1"]
    assert site.state.posted == ["k-p1"]


def test_answer_to_something_else_does_not_call_the_command_done(site: Site, timed: Page) -> None:
    page = timed
    cut_off(site, page)
    expect(page.locator("#meldung")).to_contain_text("Keine Verbindung")
    expect(page.locator("#vorschau [data-taste=e]")).to_have_attribute("aria-disabled", "true")
    page.evaluate(SETTLED)
    page.clock.fast_forward(POLL)
    page.evaluate("window.angekommen")
    assert "Keine Verbindung" in page.locator("#meldung").inner_text()  # at once: a repetition would say it again
    assert page.locator("#vorschau [data-taste=e]").get_attribute("aria-disabled") == "true"


def test_command_whose_page_has_gone_is_told_not_forgotten(site: Site, page: Page) -> None:
    Line(page)
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("e")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#meldung")).to_contain_text("keine Antwort")
    assert site.state.gone == []


def test_answer_lost_on_the_way_sends_the_same_key_again(site: Site, page: Page) -> None:
    """The server did it, the answer never came: the repetition carries the same key, which a service answers once."""
    sent: list[str] = []

    def lose_first(route: object) -> None:
        sent.append(re.search(r"kennung=([\w-]+)", route.request.post_data)[1])  # type: ignore[attr-defined, index]
        if len(sent) == 1:
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/erledigt", lose_first)
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("e")
    expect(page.locator("#toast-text")).to_contain_text("Erledigt")
    assert sent == ["k-p1", "k-p1"]


def test_broken_image_is_told(site: Site, page: Page) -> None:
    page.route("**/bild/**", lambda route: route.fulfill(status=500))
    page.goto(f"{site.url}/klaerung/c1")
    expect(page.locator(".ea-papier__fehler")).to_contain_text("lässt sich gerade nicht laden")


def test_next_letter_is_fetched_before_and_painted_at_once(site: Site, page: Page) -> None:
    """The budget of 100 ms is for a quiet machine; this one is shared: the best of some letters keeps ten times that."""
    site.state.letters = ["c1", "c4", "c5", "c6", "c7", "c8"]
    page.goto(f"{site.url}/klaerung/c1")
    times: list[float] = []
    while len(times) < 5 and min(times, default=1000) >= 1000:
        seen(page)
        eventually(page, lambda: site.state.prefetched == len(times) + 1)
        page.evaluate(MEASURE)
        page.keyboard.press("Enter")
        page.wait_for_function("() => window.dauer > 0")
        times.append(page.evaluate("window.dauer"))
    assert min(times) < 1000, times


def test_back_and_deep_link(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb/e/p5")
    expect(page.locator("#v-titel")).to_have_text("Nebenkostenabrechnung 2025")
    page.locator("#vorschau .kern-link").click()
    expect(page).to_have_url(re.compile("/akte/13502-0012345"))
    page.go_back()
    expect(page.locator("#v-titel")).to_have_text("Nebenkostenabrechnung 2025")


def test_filter_fetches_the_list_only(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb")
    page.evaluate("document.querySelector('#vorschau').dataset.zeuge = 'da'")
    with page.expect_response(re.compile(r"/postkorb\?.*art=WIDERSPRUCH")) as caught:
        page.locator("#f-art").select_option("WIDERSPRUCH")
    assert "<html" not in caught.value.text()
    assert page.locator("#vorschau").get_attribute("data-zeuge") == "da"


def test_theme_switches_at_once_and_stays(site: Site, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/postkorb")
    page.locator("text=Hell/Dunkel").click()
    assert page.locator("html").get_attribute("data-kern-theme") == "dark"
    eventually(page, lambda: site.state.theme == "dark")
    page.reload()
    assert page.locator("html").get_attribute("data-kern-theme") == "dark"


def test_no_fault_in_the_console(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(400)
    page.goto(f"{site.url}/klaerung")
    page.wait_for_timeout(300)
    assert page.faults == []  # type: ignore[attr-defined]


@pytest.fixture
def plain(browser: Browser, site: Site) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(java_script_enabled=False, viewport=VIEWPORT)
    with closing(context), opened(context, site) as page:
        yield page


def test_postkorb_without_javascript(site: Site, plain: Page) -> None:
    plain.goto(f"{site.url}/postkorb")
    plain.locator("text=Verwaltungsakte angefordert").first.click()
    expect(plain.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    plain.locator("#vorschau >> text=Erledigt").click()
    expect(plain.locator("#toast-text")).to_be_visible()
    assert site.state.gone == ["p2"]
    plain.locator("#toast >> text=Rückgängig").click()
    assert site.state.gone == []
    plain.locator("#vorschau >> text=Wiedervorlage").click()
    plain.locator("#feld-tag").fill("01.01.2020")
    plain.locator("button[type=submit] >> text=Wiedervorlage").click()
    expect(plain.locator("#feld-tag-fehler")).to_be_visible()
    plain.locator("#feld-tag").fill("01.12.2026")
    plain.locator("button[type=submit] >> text=Wiedervorlage").click()
    expect(plain.locator("#toast-text")).to_be_visible()


def test_clearing_without_javascript(site: Site, plain: Page) -> None:
    plain.goto(f"{site.url}/klaerung/c3")
    expect(plain.locator("text=Drehen")).to_be_hidden()
    plain.locator("#akte-suche").fill("ngu")
    plain.locator(".ea-kombi button >> text=Suchen").click()
    plain.locator("label", has_text="Nguyen, Van Minh").click()
    plain.locator("text=Ablegen und weiter").click()
    expect(plain.locator("#toast-text")).to_be_visible()
    assert site.state.filed[0][:2] == ("c3", "case-8")
    plain.goto(f"{site.url}/klaerung/c2")
    plain.locator("text=Ablegen und weiter").click()
    expect(plain.locator("#fehler-akte")).to_be_visible()
    plain.locator("label", has_text="13502//0004410").click()
    plain.locator("text=Text lesen").click()
    expect(plain.locator("#bild h3").first).to_have_text("Seite 1")


def test_session_over_without_javascript_shows_the_log_in(site: Site, plain: Page) -> None:
    plain.goto(f"{site.url}/postkorb")
    site.state.logged_in = False
    plain.locator("#vorschau >> text=Erledigt").click()
    expect(plain.locator("#benutzer")).to_be_visible()
    assert site.state.gone == []
