"""Pure helpers: dates, deadlines, boxes, file numbers, redirects."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import wording
from web.texts import Texts, flatten, load_texts

T = load_texts("de")
TODAY = date(2026, 11, 24)
SIZES = st.integers(1, 5000)


@pytest.mark.parametrize(
    ("days", "kind", "text"),
    [
        (-2, "danger", "2 Tage über Frist"),
        (-1, "danger", "1 Tag über Frist"),
        (0, "danger", "heute"),
        (1, "danger", "morgen"),
        (3, "warning", "in 3 Tagen"),
        (14, "warning", "in 14 Tagen"),
    ],
)
def test_deadlines_in_words(days: int, kind: str, text: str) -> None:
    badge = wording.deadline_badge(TODAY + timedelta(days=days), TODAY, T)
    assert badge
    assert (badge.kind, badge.text) == (kind, text)


def test_no_deadline_and_a_far_one_carry_no_badge() -> None:
    assert wording.deadline_badge(None, TODAY, T) is None
    assert wording.deadline_badge(TODAY + timedelta(days=15), TODAY, T) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_past_deadline_is_red(due_on: date, today: date) -> None:
    badge = wording.deadline_badge(due_on, today, T)
    assert (badge is not None and badge.kind == "danger") == ((due_on - today).days <= 1)


def test_days_in_words() -> None:
    assert wording.day_words(TODAY, TODAY, T) == "heute"
    assert wording.day_words(date(2026, 11, 23), TODAY, T) == "gestern"
    assert wording.day_words(date(2026, 11, 3), TODAY, T) == "03.11."
    assert wording.day_words(date(2025, 11, 24), TODAY, T) == "24.11.2025"
    assert wording.day_words(date(2025, 12, 31), date(2026, 1, 1), T) == "gestern"


def test_groups_of_a_list() -> None:
    days = (date(2026, 11, 23), date(2026, 11, 22), date(2026, 11, 15), date(2026, 10, 3), date(2025, 11, 23))
    titles = [wording.period_title(day, TODAY, T) for day in days]
    assert titles == ["Diese Woche", "Letzte Woche", "Früher im November", "Oktober 2026", "November 2025"]


def test_sheets_and_numbers() -> None:
    assert (wording.sheet_range(483, 3), wording.sheet_range(482, 1)) == ("483–485", "482")
    assert wording.path_number(" 13502//0012345 ") == "13502-0012345"
    assert T.number(1204) == "1.204"
    assert load_texts("en").number(1204) == "1,204"


@given(st.data(), SIZES, SIZES)
def test_four_quarter_turns_give_the_box_back(data: st.DataObject, width: int, height: int) -> None:
    x = sorted((data.draw(st.integers(0, width)), data.draw(st.integers(0, width))))
    y = sorted((data.draw(st.integers(0, height)), data.draw(st.integers(0, height))))
    box = (x[0], y[0], x[1], y[1])
    turned, w, h = box, width, height
    for _ in range(4):
        turned, w, h = wording.turn_box(turned, w, h, 90), h, w
        assert 0 <= turned[0] <= turned[2] <= w
        assert 0 <= turned[1] <= turned[3] <= h
    assert turned == box
    assert wording.turn_box(wording.turn_box(box, width, height, 90), height, width, 270) == box
    assert wording.turn_box(wording.turn_box(box, width, height, 180), width, height, 180) == box


def test_a_turn_that_is_no_quarter_is_refused() -> None:
    with pytest.raises(ValueError, match="quarter"):
        wording.turn_box((0, 0, 1, 1), 5, 5, 45)


@given(st.tuples(*[st.integers(-9000, 9000)] * 4), SIZES, SIZES, st.integers(0, 50))
def test_a_clipped_box_is_always_a_viewbox(box: wording.Box, width: int, height: int, margin: int) -> None:
    x0, y0, x1, y1 = wording.clip_box(box, width, height, margin)
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height


@given(st.text(max_size=60))
def test_log_in_never_leads_elsewhere(path: str) -> None:
    target = wording.safe_next(path)
    assert target.startswith("/")
    assert not target.startswith("//")
    assert "\\" not in target


@pytest.mark.parametrize(
    "path",
    [
        "//boese.example",
        "https://boese.example",
        "/\\boese.example",
        "",
        "javascript:alert(1)",
        "/\t/boese.example",
        "/\n/x",
    ],
)
def test_foreign_targets_become_the_start(path: str) -> None:
    assert wording.safe_next(path) == "/"


def test_rooms_follow_the_roles() -> None:
    assert [key for key, _ in wording.rooms_of(["mailroom", "clearing"])] == ["klaerung", "poststelle"]
    assert [key for key, _ in wording.rooms_of(["caseworker", "team_lead"])] == ["postkorb", "akten"]
    assert wording.rooms_of(["system_admin", "org_admin"]) == ()
    assert wording.home_of(["records_manager"]) == wording.home_of(["data_protection"]) == "/zugriffe"
    assert wording.home_of(["org_admin"]) == "/einstellungen"
    assert wording.home_of(["auditor"]) == "/pruefung"


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    german, english = load_texts("de"), load_texts("en")
    assert german.keys() == english.keys()
    assert load_texts("fr") is german or load_texts("fr").language == "de"


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(KeyError):
        Texts("de", {})("nirgends")
    with pytest.raises(ValueError, match=r"a\.b"):
        flatten({"a": {"b": 3}})
