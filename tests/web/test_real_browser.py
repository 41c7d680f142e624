"""The real server with real scanned letters in a real Chromium: budgets of CONCEPT §9, axe, keyboard alone, refusals.

The order matters: views are checked while the letters wait, then the letters are worked on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from tests.web.conftest import PATIENCE, seen
from tests.web.house import AUDITOR, CLERK, LEAD, OFFICER, SCANNER, House, open_house
from tests.web.test_axe import CONTRAST, violations
from web.wording import path_number

pytestmark = [pytest.mark.browser]
LETTER_SECONDS = 5
TRIES = 4
"""The budget is of a quiet machine: here the best of so many has to keep it."""
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
PAINTED = "[data-papier] img"
PLACE = """(() => {
  const e = document.activeElement, part = e.closest('.ea-sprung, .ea-kopf, .ea-liste, .ea-vorschau');
  return e === document.body ? 'ende' : part ? [...part.classList].at(-1) : e.tagName;
})()"""


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    del browser  # without a browser nothing is read for nothing
    with open_house(tmp_path_factory.mktemp("haus")) as made:
        yield made


class Desk:
    """One signed-in person at a page of her own, who notes what the console complains about."""

    def __init__(self, house: House, context: BrowserContext) -> None:
        self.house, self.page = house, context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)

    def sign_in(self, user: str) -> None:
        """Sign in as a person does."""
        self.page.goto(f"{self.house.url}/anmelden")
        self.page.fill("#benutzer", user)
        self.page.fill("#passwort", self.house.password)
        self.page.press("#passwort", "Enter")
        expect(self.page.locator(".ea-menue")).to_be_visible()

    def go(self, path: str) -> Page:
        """Open an address of the house."""
        self.page.goto(f"{self.house.url}{path}")
        return self.page

    def keys(self, *keys: str) -> int:
        """Press keys one by one; how many they were."""
        for key in keys:
            self.page.keyboard.press(key)
        return len(keys)

    def settle(self) -> None:
        """Wait until the preview shows the letter that has the focus: before that, keys do nothing on purpose."""
        self.page.wait_for_function(
            "() => document.querySelector('#vorschau [data-posten]')?.dataset.posten"
            " === document.querySelector('[data-liste] [aria-current]')?.closest('tr').dataset.posten"
        )

    def unexpected(self) -> list[str]:
        """What the console said, without the refusals (4xx) that a test asked for."""
        return [fault for fault in self.faults if "the server responded with a status of 4" not in fault]


Sit = Callable[..., Desk]


@pytest.fixture(scope="module")
def browsers(browser: Browser) -> Iterator[dict[tuple[str, int], BrowserContext]]:
    """The browsers of the persons: who comes again is still signed in, as on a day at work."""
    made: dict[tuple[str, int], BrowserContext] = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def desk(house: House, browser: Browser, browsers: dict[tuple[str, int], BrowserContext]) -> Iterator[Sit]:
    """Seats people, at a second desk in a second browser; afterwards no console may have shown an error or a violated
    policy. `plain` is a browser without JavaScript, for this test alone."""
    made: list[tuple[str, Desk]] = []
    alone: list[BrowserContext] = []

    def sit(user: str, viewport: ViewportSize = VIEWPORT, plain: bool = False) -> Desk:
        place = (user, sum(user == name for name, _ in made))
        known = None if plain else browsers.get(place)
        context = known or browser.new_context(viewport=viewport, locale="de-DE", java_script_enabled=not plain)
        seat = Desk(house, context)
        made.append((user, seat))
        seat.page.set_viewport_size(viewport)
        if not known:
            seat.sign_in(user)
        if plain:
            alone.append(context)
        else:
            browsers[place] = context
        return seat

    yield sit
    faults = [fault for _, seat in made for fault in seat.unexpected()]
    for _, seat in made:
        seat.page.close()
    for context in alone:
        context.close()
    assert faults == []


def check(page: Page) -> None:
    """No violation, neither in light nor in dark."""
    for theme, options in (("light", None), ("dark", CONTRAST)):
        page.evaluate("theme => { document.documentElement.dataset.kernTheme = theme }", theme)
        found = violations(page) if options is None else violations(page, options)
        assert found == [], f"{page.url} {theme}"


def paths(user: str, house: House) -> tuple[str, ...]:
    """The views of a role, with work in them and without, and an address that is none."""
    case = f"/akte/{path_number(house.case_number)}"
    return {
        "worker": (
            "/postkorb", "/postkorb?text=gibtesnicht", case, f"{case}?text=gibtesnicht", f"{case}/dokument/1",
            f"{case}/dokument/1?ansicht=text", f"{case}/notiz", "/suche", "/suche?q=Mitteilung", "/suche?q=(offen",
            "/suche?q=gibtesnicht", "/einstellungen", "/hilfe/tastatur", "/barrierefreiheit", "/akte/99999-0000000",
        ),
        CLERK: ("/klaerung", "/klaerung?liste=zurueckgestellt", "/poststelle/quarantaene"),
        SCANNER: ("/poststelle", "/poststelle?tag=morgen", "/poststelle?tag=01.01.2020"),
        LEAD: ("/postkorb", "/klaerung"),
        AUDITOR: ("/pruefung/aktuell", "/pruefung/aktuell/protokoll?kette=pruefen"),
        OFFICER: ("/zugriffe", "/zugriffe/neu"),
    }[user]  # fmt: skip


@pytest.mark.parametrize("user", ["worker", CLERK, SCANNER, LEAD, AUDITOR, OFFICER])
def test_axe_finds_nothing_on_any_view(house: House, desk: Sit, user: str) -> None:
    seat = desk(house.worker if user == "worker" else user)
    for path in paths(user, house):
        check(seat.go(path))


@pytest.mark.parametrize("user", ["worker", CLERK])
def test_no_view_is_wider_than_320_pixels(house: House, desk: Sit, user: str) -> None:
    seat = desk(house.worker if user == "worker" else user, viewport={"width": 320, "height": 256})
    for path in paths(user, house):
        page = seat.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_the_tab_key_reaches_everything_in_reading_order_and_leaves_again(house: House, desk: Sit) -> None:
    seat = desk(house.worker)
    page = seat.go("/postkorb")
    places: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        places.append(page.evaluate(PLACE))
        if places[-1] == "ende":
            break
    order = list(dict.fromkeys(places))
    assert order.index("ea-sprung") < order.index("ea-kopf") < order.index("ea-liste") < order.index("ea-vorschau")
    assert "ende" in places, "the focus is caught"


def test_the_postkorb_is_worked_on_by_keyboard_alone(house: House, desk: Sit) -> None:
    seat = desk(house.worker)
    page = seat.go("/postkorb")
    rows = page.locator("[data-liste] .ea-zeile:visible")
    expect(rows).to_have_count(3)
    assert seat.keys("Tab", "Enter", "Tab") == 3
    first = page.locator("[data-liste] [aria-current]")
    expect(first).to_be_focused()
    title = first.inner_text()
    assert seat.keys("e") == 1
    expect(page.locator("#toast-text")).to_contain_text("Erledigt")
    expect(page.locator("#ansage")).to_contain_text("Erledigt")
    expect(rows).to_have_count(2)
    assert seat.keys("Control+z") == 1
    expect(rows).to_have_count(3)
    expect(page.locator("[data-liste] [aria-current]")).to_contain_text(title.removeprefix("Neu: "))
    seat.settle()
    assert seat.keys("b") == 1
    expect(page.locator(".ea-warum p").first).to_be_visible()
    seat.keys("n")
    expect(page.locator("#feld-text")).to_be_focused()
    page.keyboard.type("Rückruf am Freitag")
    seat.keys("Control+Enter")
    expect(page.locator("#vorschau .ea-notizen")).to_contain_text("Rückruf am Freitag")
    seat.settle()
    seat.keys("w")
    expect(page.locator("#feld-tag")).to_be_focused()
    seat.keys("Control+Enter")
    expect(page.locator("#toast-text")).to_contain_text("Wiedervorlage am")
    expect(rows).to_have_count(2)


def test_an_answer_that_comes_late_does_not_stay_beside_another_letter(house: House, desk: Sit) -> None:
    """Done and taken back while the next letter's preview is still on its way: the preview follows the focus."""
    seat = desk(house.worker)
    held: list[Route] = []
    seat.page.route("**/postkorb/e/*", lambda route: held.append(route) if not held else route.continue_())
    page = seat.go("/postkorb")
    rows = page.locator("[data-liste] .ea-zeile:visible")
    first = page.locator("[data-liste] [aria-current]")
    title, href, count = first.inner_text(), str(first.get_attribute("href")), rows.count()
    seat.keys("Tab", "Enter", "Tab", "e")
    expect(rows).to_have_count(count - 1)
    page.wait_for_function("() => document.querySelector('#toast [data-rueckgaengig]')")
    seat.keys("Control+z")
    expect(rows).to_have_count(count)
    expect(first).to_contain_text(title.removeprefix("Neu: "))
    assert held, "the preview of the next letter was never asked for"
    with page.expect_response(lambda answer: answer.url.endswith(href)):
        held[0].continue_()
    seat.settle()


def test_a_caller_is_answered_in_three_steps(house: House, desk: Sit) -> None:
    """Ctrl K, the number as the client reads it out, Enter: the case with its newest letters."""
    seat = desk(house.worker)
    page = seat.go("/postkorb")
    seat.keys("Control+k")
    page.keyboard.type(house.case_number.replace("BG", " BG ").lower())
    seat.keys("Enter")
    expect(page).to_have_url(f"{house.url}/akte/{path_number(house.case_number)}")
    expect(page.locator("#akte-h")).to_contain_text(house.case_number)
    expect(page.locator("[data-liste] .ea-zeile").first).to_be_visible()
    expect(page.locator(f"#vorschau {PAINTED}")).to_be_visible()


def test_the_document_is_read_zoomed_turned_and_downloaded(house: House, desk: Sit) -> None:
    seat = desk(house.worker)
    page = seat.go(f"/akte/{path_number(house.case_number)}/dokument/1")
    paper = page.locator("[data-papier]")
    expect(page.locator(PAINTED)).to_be_visible()
    page.locator("#bild").focus()
    seat.keys("+", "r")
    assert paper.get_attribute("data-gross") == "1"
    assert paper.get_attribute("data-winkel") == "90"
    seat.keys("t")
    expect(page.locator("#bild h3").first).to_have_text("Seite 1")
    for name, start in (("PDF herunterladen", b"%PDF-"), ("Original-Scan herunterladen", b"%PDF-")):
        href = page.get_by_role("link", name=name).get_attribute("href")
        answer = page.request.get(f"{house.url}{href}")
        assert (answer.status, answer.body()[:5]) == (200, start)


def test_search_leads_from_a_snippet_to_the_letter(house: House, desk: Sit) -> None:
    seat = desk(house.worker)
    page = seat.go("/postkorb")
    page.goto(f"{house.url}/suche?q=Jobcenter")
    hit = page.locator(".ea-treffer__link").first
    expect(hit).to_be_visible()
    expect(page.locator(".ea-trefferliste mark").first).to_be_visible()
    hit.press("Enter")
    expect(page.locator("#angaben-h")).to_be_visible()


def decide(seat: Desk, path: str, *keys: str) -> tuple[int, float]:
    """Work on a letter with keys; how many they were, and the seconds until the next letter (or the end) shows."""
    page = seat.go(path) if path else seat.page
    seen(page)
    before = page.locator("[data-fall]").get_attribute("data-fall")
    start = time.monotonic()
    count = seat.keys(*keys)
    page.wait_for_function("id => document.querySelector('[data-fall]')?.dataset.fall !== id", arg=before)
    return count, time.monotonic() - start


def test_clearing_keeps_the_budgets(house: House, desk: Sit) -> None:
    seat = desk(CLERK)
    found = house.asks()
    assert set(found) == {"sure", "tie", "none"}
    for path, keys in ((found["sure"], ["Enter"]), (found["tie"], ["2", "Enter"])):
        times: list[float] = []
        while min(times, default=LETTER_SECONDS) >= LETTER_SECONDS and len(times) < TRIES:
            if times:
                decide(seat, "", "Control+z")
            count, seconds = decide(seat, path, *keys)
            times.append(seconds)
            assert count == len(keys)
            expect(seat.page.locator("#ansage")).to_contain_text("Abgelegt in Akte")
            expect(seat.page.locator("#toast [data-rueckgaengig]")).to_be_attached()
        assert min(times) < LETTER_SECONDS, times
        if len(keys) == 1:
            count, _ = decide(seat, "", "Control+z")
            assert count == 1


def test_a_letter_without_candidate_takes_three_letters_and_two_enters(house: House, desk: Sit) -> None:
    seat = desk(CLERK)
    page = seat.go(house.asks()["none"])
    expect(page.locator("#akte-suche")).to_be_focused()
    seen(page)
    count = seat.keys("M", "e", "i")
    expect(page.locator("#akten [role=option]").first).to_have_attribute("aria-selected", "true")
    count += seat.keys("Enter")
    expect(page.locator("#akte-suche-wahl")).to_be_focused()
    count += seat.keys("Enter")
    expect(page.locator("#toast-text")).to_contain_text("Abgelegt in Akte")
    assert count <= 6


def test_who_comes_second_changes_nothing_and_is_told(house: House, desk: Sit) -> None:
    first, second = desk(CLERK), desk(CLERK)
    address = house.asks()["sure"]
    for seat in (first, second):
        seat.go(address)
    for seat in (first, second):
        seen(seat.page)
    first.keys("w")
    expect(first.page.locator("#toast-text")).to_contain_text("Zurückgestellt")
    second.keys("Enter")
    expect(second.page.locator("#meldung")).to_contain_text("Jemand war schneller")
    expect(second.page.locator("#ansage")).to_contain_text("nicht übernommen")
    check(second.page)
    first.keys("Control+z")
    expect(first.page.locator("#toast-text")).to_contain_text("Zurückgenommen")


def test_everything_works_without_javascript(house: House, desk: Sit) -> None:
    clerk = desk(CLERK, plain=True)
    page = clerk.go(house.asks()["sure"])
    page.get_by_role("button", name="Ablegen und weiter").click()
    expect(page.locator("#toast-text")).to_contain_text("Abgelegt in Akte")
    page.get_by_role("button", name="Rückgängig").click()
    expect(page.locator("#toast-text")).to_contain_text("Zurückgenommen")
    worker = desk(house.worker, plain=True)
    page = worker.go("/postkorb")
    page.locator(".ea-zeile__link").nth(1).press("Enter")
    page.get_by_role("link", name="Weiterleiten").click()
    page.locator("#feld-an").select_option(index=1)
    page.get_by_role("button", name="Weiterleiten").click()
    expect(page.locator("#toast-text")).to_contain_text("Weitergeleitet an")
    page.get_by_role("button", name="Rückgängig").click()
    expect(page.locator("#toast-text")).to_contain_text("Zurückgenommen")
    page.get_by_role("link", name="Text lesen").click()
    expect(page.locator("#bild h3").first).to_have_text("Seite 1")
    page.locator(".ea-menue summary").click()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.locator("h1")).to_have_text("Anmelden")


def test_an_end_in_quarantine_needs_a_reason(house: House, desk: Sit) -> None:
    seat = desk(SCANNER)
    page = seat.go("/poststelle/quarantaene")
    page.get_by_role("link", name="Beenden").first.click()
    page.locator("dialog input[value=released]").check()
    page.locator("dialog").get_by_role("button", name="Beenden").click()
    expect(page.locator("#feld-grund-fehler")).to_contain_text("Begründung")
    expect(page.locator("#feld-grund")).to_be_focused()
    check(page)
    page.locator("#feld-grund").fill("Blatt liegt vor, neu gescannt")
    seat.keys("Control+Enter")
    expect(page.locator("#toast-text")).to_contain_text("Beendet")
    page = seat.go("/poststelle")
    expect(page.locator(".ea-bilanz__summe")).to_contain_text("1 von Hand beendet")
    expect(page.locator(".ea-siegel")).to_contain_text("Differenz 0")
