"""Clearing and Postkorb by keyboard within the budgets of CONCEPT §9. K = keystrokes, counted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import Site, eventually, seen

pytestmark = pytest.mark.browser


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


def clearing(site: Site, page: Page, item: str = "c1") -> Keys:
    page.goto(f"{site.url}/klaerung/{item}")
    seen(page)
    return Keys(page)


def inbox(site: Site, page: Page) -> Keys:
    page.goto(f"{site.url}/postkorb")
    page.locator("[data-liste] [aria-current]").focus()
    return Keys(page)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim().slice(0, 40)"))


def test_sure_letter_takes_one_key(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    keys.press("Enter")
    expect(page.locator("#fall-titel")).to_have_text("Arbeitsunfähigkeitsbescheinigung")
    assert keys.count == 1
    assert site.state.filed == [("c1", "case-1", "BETRIEBSKOSTEN L07")]
    assert focused(page) == "akte-1"
    expect(page.locator("#stand")).to_have_text(re.compile("46.*266"))
    expect(page.locator("header [data-zahl=klaerung]")).to_have_text("46")
    expect(page.locator("#ansage")).to_have_text(
        re.compile("Abgelegt in Akte.*Noch 46. Nächstes: Arbeitsunf.*Zwei Personen")
    )
    expect(page).to_have_url(re.compile("/klaerung/c2$"))


def test_tie_takes_two_keys_and_nothing_is_preselected(site: Site, page: Page) -> None:
    keys = clearing(site, page, "c2")
    keys.press("2", "Enter")
    expect(page.locator("#fall-titel")).not_to_have_text("Arbeitsunfähigkeitsbescheinigung")
    assert keys.count == 2
    assert site.state.filed == [("c2", "case-4", "BETRIEBSKOSTEN V03")]


def test_enter_on_a_tie_files_nothing_and_says_so(site: Site, page: Page) -> None:
    clearing(site, page, "c2").press("Enter")
    expect(page.locator("#fehler-akte")).to_be_visible()
    assert site.state.filed == []
    assert focused(page) == "akte-1"


def test_other_candidate_takes_two_keys(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    keys.press("2", "Enter")
    expect(page.locator("#toast-text")).to_be_visible()
    assert (keys.count, site.state.filed[0][1]) == (2, "case-2")


def test_other_type_takes_three_keys(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    keys.press("d", "g", "Control+Enter")
    expect(page.locator("#toast-text")).to_be_visible()
    assert (keys.count, site.state.filed[0][2]) == (3, "LOHNABRECHNUNG L05")


def test_search_without_candidate_takes_five_keys(site: Site, page: Page) -> None:
    keys = clearing(site, page, "c3")
    assert focused(page) == "akte-suche"
    keys.press("N", "g", "u")
    expect(page.locator("#akten [role=option]").first).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(page.locator("#akte-suche-wahl")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#toast-text")).to_be_visible()
    assert (keys.count, site.state.filed[0][:2]) == (5, ("c3", "case-9"))


def test_search_despite_candidates_takes_six_keys(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    keys.press("a", "S", "a", "r")
    expect(page.locator("#akten [role=option]")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator("#akte-suche-wahl")).to_be_focused()
    expect(page.locator("#schlagwort")).to_have_value(
        "V03" if page.locator("#art").input_value() == "AU" else re.compile("V")
    )
    keys.press("Enter")
    expect(page.locator("#toast-text")).to_be_visible()
    assert (keys.count, site.state.filed[0][1]) == (6, "case-7")


def test_undo_takes_one_key(site: Site, page: Page) -> None:
    clearing(site, page).press("Enter")
    expect(page.locator("#fall-titel")).to_have_text("Arbeitsunfähigkeitsbescheinigung")
    expect(page.locator("#toast-text")).to_be_visible()
    keys = Keys(page)
    keys.press("Control+z")
    expect(page.locator("#fall-titel")).to_have_text("Nebenkostenabrechnung 2025")
    assert (keys.count, site.state.undone, site.state.filed) == (1, 1, [])
    expect(page).to_have_url(re.compile("/klaerung/c1$"))


def test_held_enter_files_one_letter_only(site: Site, page: Page) -> None:
    site.state.letters = ["c1", "c4", "c5"]  # each of them sure: only the guard stands between a held key and the rest
    clearing(site, page)
    for _ in range(25):
        page.keyboard.down("Enter")
        page.wait_for_timeout(30)
    page.keyboard.up("Enter")
    expect(page).to_have_url(re.compile("/klaerung/c4$"))
    seen(page)
    assert [entry[0] for entry in site.state.filed] == ["c1"]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/klaerung/c5$"))
    assert [entry[0] for entry in site.state.filed] == ["c1", "c4"]


def stop_the_clock(page: Page) -> None:
    """However slow this machine is: what is shown from now on has only just been shown."""
    page.evaluate("(() => { const now = performance.now(); performance.now = () => now; })()")


def test_enter_right_after_a_new_letter_is_ignored(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    stop_the_clock(page)
    keys.press("Enter")
    expect(page.locator("#fall-titel")).to_have_text(re.compile("Arbeits"))
    page.evaluate("document.querySelector('#akte-1').checked = true")
    page.keyboard.press("Enter")
    page.wait_for_timeout(150)
    assert len(site.state.filed) == 1


def test_hasty_clicks_file_one_letter(site: Site, page: Page) -> None:
    site.state.letters = ["c1", "c4", "c5"]
    clearing(site, page)
    stop_the_clock(page)
    page.locator("text=Ablegen und weiter").click()
    expect(page).to_have_url(re.compile("/klaerung/c4$"))
    page.locator("text=Ablegen und weiter").click(no_wait_after=True)
    page.wait_for_timeout(200)
    assert [entry[0] for entry in site.state.filed] == ["c1"]


def test_letters_do_nothing_in_text_fields_and_selects(site: Site, page: Page) -> None:
    clearing(site, page)
    page.locator("#eingang").fill("")
    page.locator("#eingang").press_sequentially("wfbtr2")
    assert page.locator("#eingang").input_value() == "wfbtr2"
    page.locator("#suche").fill("")
    page.locator("#suche").press_sequentially("w1e")
    assert page.locator("#suche").input_value() == "w1e"
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert site.state.letters[0] == "c1"


def test_letters_do_nothing_outside_the_work_area(site: Site, page: Page) -> None:
    inbox(site, page)
    page.locator(".ea-marke").focus()
    page.keyboard.press("e")
    page.keyboard.press("?")
    page.wait_for_timeout(150)
    assert site.state.gone == []
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_letters_can_be_switched_off(site: Site, page: Page) -> None:
    inbox(site, page).press("?")
    expect(page.locator("#tasten")).to_be_focused()
    page.keyboard.press("Space")
    eventually(page, lambda: site.state.keys_on is False)
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("?")
    page.wait_for_timeout(200)
    assert site.state.gone == []
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.reload()
    page.locator("[data-liste] [aria-current]").focus()
    page.keyboard.press("e")
    page.wait_for_timeout(150)
    assert site.state.gone == []


def test_postkorb_done_takes_one_key_and_the_next_gets_the_focus(site: Site, page: Page) -> None:
    keys = inbox(site, page)
    keys.press("e")
    expect(page.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    assert (keys.count, site.state.gone) == (1, ["p1"])
    assert "Verwaltungsakte" in focused(page)
    expect(page.locator(".ea-reiter [data-zahl=reiter]")).to_have_text("11")
    expect(page.locator("#toast-text")).to_contain_text("Erledigt: Antwort auf Anhörung")
    keys.press("Control+z")
    expect(page.locator("[data-posten=p1].ea-zeile")).to_be_visible()
    expect(page.locator(".ea-reiter [data-zahl=reiter]")).to_have_text("12")
    expect(page.locator("#v-titel")).to_have_text(re.compile("Antwort"))
    assert site.state.gone == []


def test_preview_follows_the_focus_and_the_address_too(site: Site, page: Page) -> None:
    inbox(site, page).press("ArrowDown", "j", "k", "ArrowDown")
    expect(page.locator("#v-titel")).to_have_text(re.compile("Widerspruch gegen"))
    expect(page).to_have_url(re.compile("/postkorb/e/p3$"))
    page.keyboard.press("End")
    expect(page.locator("#v-titel")).to_have_text("Rechnung Erstausstattung")
    page.reload()
    expect(page.locator("[data-liste] [aria-current]")).to_have_text(re.compile("Rechnung Erstausstattung"))


def test_a_command_never_meets_the_letter_before(site: Site, page: Page) -> None:
    """The focus has moved on, the preview has not come yet: the key does nothing rather than the wrong thing."""

    held: list[Route] = []
    page.route("**/postkorb/e/p2", lambda route: held.append(route))  # before the page: see Line in test_states
    inbox(site, page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    eventually(page, lambda: bool(held))
    page.keyboard.press("e")
    held[0].continue_()
    expect(page.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    assert site.state.gone == []


def test_first_row_from_page_start_takes_three_keys(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb")
    keys = Keys(page)
    keys.press("Tab", "Enter", "Tab")
    assert "Antwort auf Anhörung" in focused(page)
    assert keys.count == 3


def test_the_arrows_lead_into_the_list_from_nowhere(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/postkorb")
    page.keyboard.press("e")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-liste] [aria-current]")).to_be_focused()
    assert "Antwort auf Anhörung" in focused(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    assert site.state.gone == []


def test_why_is_it_here_takes_one_key(site: Site, page: Page) -> None:
    inbox(site, page).press("b")
    expect(page.locator(".ea-warum p").first).to_be_visible()


def test_enter_opens_the_preview_and_escape_goes_back(site: Site, page: Page) -> None:
    keys = inbox(site, page)
    keys.press("Enter")
    expect(page.locator("#vorschau")).to_be_focused()
    keys.press("Escape")
    assert "Antwort auf Anhörung" in focused(page)


def test_call_takes_field_number_enter(site: Site, page: Page) -> None:
    inbox(site, page).press("Control+k")
    expect(page.locator("#suche")).to_be_focused()
    page.keyboard.type("13502-0012345")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/suche\?q=13502-0012345"))


def test_evidence_is_walked_with_b(site: Site, page: Page) -> None:
    clearing(site, page).press("b")
    expect(page.locator("[data-beleg='1']")).to_have_class("ist-da")
    expect(page.locator("#ansage")).to_have_text("Fundstelle 1 von 2")
    page.keyboard.press("b")
    expect(page.locator("[data-beleg='2']")).to_have_class("ist-da")
    page.keyboard.press("b")
    expect(page.locator("[data-beleg='1']")).to_have_class("ist-da")


def test_zoom_turn_and_text_of_the_page(site: Site, page: Page) -> None:
    keys = clearing(site, page)
    paper = page.locator("[data-papier]")
    before = paper.bounding_box()
    keys.press("+")
    after = paper.bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] * 1.2
    keys.press("0", "r")
    turned = paper.bounding_box()
    assert turned
    assert abs(turned["height"] - before["width"]) < 4
    keys.press("r", "r", "r", "t")
    expect(page.locator("#bild h3").first).to_have_text("Seite 1")
    expect(page.locator(".ea-unsicher").first).to_contain_text("Widerspruch")


def test_toolbar_is_one_tab_stop(site: Site, page: Page) -> None:
    clearing(site, page)
    stops = page.locator(".ea-leiste :is(a, button)").evaluate_all("es => es.filter(e => e.tabIndex === 0).length")
    assert stops == 1
    page.locator("#seite-nach").focus()
    page.keyboard.press("ArrowRight")
    assert "Kleiner" in focused(page)


def test_panes_are_walked_with_ctrl_f6(site: Site, page: Page) -> None:
    inbox(site, page).press("Control+F6")
    assert page.evaluate("document.querySelector('#vorschau').contains(document.activeElement)")
    page.keyboard.press("Control+F6")
    expect(page.locator("#suche")).to_be_focused()


def test_dialog_opens_is_checked_and_closes(site: Site, page: Page) -> None:
    inbox(site, page).press("w")
    expect(page.locator("#feld-tag")).to_be_focused()
    page.locator("#feld-tag").fill("01.01.2020")
    page.keyboard.press("Enter")
    expect(page.locator("#feld-tag-fehler")).to_be_visible()
    page.locator("#feld-tag").fill("01.12.2026")
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    assert "Verwaltungsakte" in focused(page)
    assert site.state.posted == ["wiedervorlage"]


def test_escape_closes_the_dialog_and_gives_the_focus_back(site: Site, page: Page) -> None:
    inbox(site, page).press("n")
    expect(page.locator("#feld-text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert "Antwort auf Anhörung" in focused(page)


def test_what_is_typed_before_the_dialog_is_there_is_no_command(site: Site, page: Page) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/andere-akte", hold_first)
    inbox(site, page)
    page.keyboard.press("a")
    eventually(page, lambda: bool(held))
    page.keyboard.type("hansen")
    held[0].fulfill(status=500, body="")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert (site.state.gone, len(held)) == ([], 1)
    page.locator("#vorschau [data-taste=a]").click()
    expect(page.locator("#feld-akte")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#v-titel")).to_have_text(re.compile("Verwaltungsakte"))
    assert site.state.gone == ["p1"]


def test_typing_replaces_the_proposed_day(site: Site, page: Page) -> None:
    inbox(site, page).press("w")
    expect(page.locator("#feld-tag")).to_be_focused()
    page.keyboard.type("02.12.2026")
    expect(page.locator("#feld-tag")).to_have_value("02.12.2026")


def test_hits_of_the_case_search_are_whole_in_the_dialog(site: Site, page: Page) -> None:
    inbox(site, page).press("a")
    page.locator("#feld-akte").press_sequentially("ngu")
    last = page.locator("#feld-akte-akten [role=option]").last
    expect(last).to_be_in_viewport(ratio=1)
    expect(page.locator("dialog [type=submit]").last).to_be_in_viewport(ratio=1)


def test_other_case_in_the_dialog(site: Site, page: Page) -> None:
    inbox(site, page).press("a")
    page.locator("#feld-akte").press_sequentially("ngu")
    expect(page.locator("#feld-akte-akten [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#feld-akte-wahl")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#toast-text")).to_contain_text("andere-akte")
    assert site.state.gone == ["p1"]
