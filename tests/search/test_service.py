"""Searching as a person: rights narrow hits, counts, facets and snippets; numbers lead to cases; pages; lag."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import BinaryIO

import pytest
from sqlalchemy import select, update

from archive.models import CaseFile, Document, DocumentGrant, Filing
from core.errors import InvalidInput
from core.models import AuditEvent
from search.index import Hit, IndexOutdated
from search.query import ParsedQuery
from search.service import SearchService
from tests.search.engines import ENGINES
from tests.search.world import World, add_case, add_letter, put_into_inbox


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


EMPTY = {"type": {}, "year": {}, "unit": {}, "keyword": {}}


def fill(world: World) -> tuple[object, object]:
    """Anna's case with two letters, Otto's with one, all with the word "Miete"."""
    mine, other = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002", "otto")
    add_letter(world, "Mietvertrag", ["Die Miete beträgt 480 Euro"], (mine, 1, 1), kind="MIETVERTRAG", keyword="41")
    add_letter(world, "Mahnung", ["Die Miete fehlt"], (mine, 1, 1), day=date(2025, 5, 1), keyword="42")
    add_letter(world, "Fremd", ["Die Miete des anderen"], (other, 1, 1), kind="URTEIL", keyword="61")
    world.indexer.catch_up()
    return mine, other


def test_counts_facets_and_hits_hold_only_what_is_visible(world: World) -> None:
    fill(world)
    answer = world.answer("anna", "Miete")
    assert answer["total"] == 2
    assert {one["title"] for one in answer["results"]} == {"Mietvertrag", "Mahnung"}
    assert answer["facets"] == {
        "type": {"MIETVERTRAG": 1, "SCHREIBEN": 1},
        "year": {"2026": 1, "2025": 1},
        "unit": {"T1": 2},
        "keyword": {"41": 1, "42": 1},
    }
    assert world.titles("otto", "Miete") == ["Fremd"]
    assert world.answer("otto", "480")["total"] == 0
    nothing = world.answer("rita", "Miete")
    assert (nothing["total"], nothing["results"], nothing["facets"], nothing["cases"]) == (0, [], EMPTY, [])


def test_rights_count_as_they_are_now_not_as_they_were_indexed(world: World) -> None:
    mine, _ = fill(world)
    with world.database.write() as tx:
        tx.session.execute(update(CaseFile).where(CaseFile.id == mine).values(sealed=True))
    answer = world.answer("anna", "Miete")
    assert (answer["total"], answer["facets"]) == (0, EMPTY)


def test_a_filing_that_ended_shows_nothing_before_the_index_knows(world: World) -> None:
    mine, _ = fill(world)
    with world.database.write() as tx:
        tx.session.execute(update(Filing).where(Filing.case_file_id == mine).values(ended_at=tx.now))
    answer = world.answer("anna", "Miete")
    assert (answer["total"], answer["results"], answer["facets"]) == (0, [], EMPTY)


def test_only_filed_pages_are_found_and_shown(world: World) -> None:
    mine, other = add_case(world, "A-1"), add_case(world, "B-2", "otto")
    add_letter(world, "Sammelbrief", ["Alpha Miete", "Beta Strom", "Gamma Gas"], (mine, 1, 1), (other, 2, 3))
    world.indexer.catch_up()
    assert world.titles("anna", "Beta") == []
    assert world.titles("otto", "Alpha") == []
    hit = world.answer("otto", "Gamma")["results"][0]
    assert (hit["page"], hit["snippet"], hit["case_file_number"]) == (3, "»Gamma« Gas", "B-2")
    assert world.answer("otto", "Sammelbrief")["results"][0]["page"] == 2


def test_an_inbox_opens_all_pages_of_its_letter(world: World) -> None:
    mine, other = add_case(world, "A-1"), add_case(world, "B-2", "otto")
    letter = add_letter(world, "Sammelbrief", ["Alpha Miete", "Beta Strom"], (mine, 1, 1), (other, 2, 2))
    world.indexer.catch_up()
    assert world.titles("anna", "Beta") == []
    put_into_inbox(world, letter, "anna")
    assert world.answer("anna", "Beta")["results"][0]["snippet"] == "»Beta« Strom"
    with world.database.write() as tx:
        tx.session.execute(update(DocumentGrant).values(ended_at=tx.now))
    assert world.titles("anna", "Beta") == []


def test_a_number_in_any_spelling_leads_to_the_case_and_its_letters_first(world: World) -> None:
    case = add_case(world, "99801//0004711", family="Kowalczyk", customer="123A456789")
    add_case(world, "99801BG0009999", "otto")
    add_letter(world, "Ohne Nummer", ["Die Miete ist fällig"], (case, 1, 1))
    elsewhere = add_case(world, "A-1")
    add_letter(world, "Nennt sie", ["Zu 99801-0004711 siehe dort, 99801BG0004711"], (elsewhere, 1, 1))
    world.indexer.catch_up()
    for spelling in ("99801//0004711", "99801BG0004711", "99801 BG 0004711", "99801-0004711", "99801 0004711"):
        answer = world.answer("anna", spelling)
        assert [one["case_file_number"] for one in answer["cases"]] == ["99801//0004711"], spelling
        assert [one["title"] for one in answer["results"]] == ["Ohne Nummer", "Nennt sie"], spelling
    assert world.titles("anna", "99801BG0004711 Miete") == ["Ohne Nummer"]
    assert world.titles("anna", "123A456789") == ["Ohne Nummer"]
    assert world.answer("anna", "99801BG0009999")["cases"] == []
    assert world.answer("otto", "99801BG0004711") | {"understood": ""} == world.answer("otto", "99801BG0004799") | {
        "understood": ""
    }


def test_akte_narrows_to_a_case_and_tells_nothing_of_others(world: World) -> None:
    fill(world)
    assert world.answer("anna", "Miete akte:99801//0000001")["total"] == 2
    assert world.answer("anna", 'akte:"99801 BG 0000001"')["total"] == 2
    assert world.answer("anna", "Miete akte:99801BG0000002")["total"] == 0
    assert world.answer("anna", "Miete akte:99801BG7777777")["total"] == 0
    assert world.answer("anna", "Miete -akte:99801BG0000001")["total"] == 0
    assert world.answer("otto", "Miete -akte:99801BG0000001")["total"] == 1


def test_names_of_a_case_find_its_letters_only_for_its_people(world: World) -> None:
    case = add_case(world, "A-1", family="Kowalczyk")
    add_letter(world, "Brief", ["Guten Tag"], (case, 1, 1))
    world.indexer.catch_up()
    assert world.titles("anna", "Kowalcyk") == ["Brief"]
    assert world.titles("otto", "Kowalczyk") == []


def test_snippets_mark_words_forms_phrases_and_misread_words_with_their_boxes(world: World) -> None:
    case = add_case(world, "A-1")
    add_letter(
        world, "Brief", ["Der Bewilligungsbe- scheid nach § 22 SGB II für Frau Kowalczvk liegt bei"], (case, 1, 1)
    )
    world.indexer.catch_up()
    text = "Der {} {} nach {} {} {} {} für Frau {} {} {}"
    plain = ["Bewilligungsbe-", "scheid", "§", "22", "SGB", "II", "Kowalczvk", "liegt", "bei"]
    expected = {
        "Bewilligungsbescheid": [0, 1], "Bescheid": [0, 1], "§ 22 SGB II": [2, 3, 4, 5], "Kowalczyk": [6],
        '"liegt bei"': [7, 8],
    }  # fmt: skip
    boxes = [10, 20, 40, 50, 60, 70, 100, 110, 120]
    for query, marked in expected.items():
        hit = world.answer("anna", query)["results"][0]
        shown = [f"»{word}«" if at in marked else word for at, word in enumerate(plain)]
        assert hit["snippet"] in text.format(*shown), query
        assert [box[0] for box in hit["boxes"]] == [boxes[at] for at in marked], query


def test_paging_goes_through_all_hits_once(world: World) -> None:
    case = add_case(world, "A-1")
    for number in range(7):
        add_letter(world, f"Brief {number}", ["Miete"], (case, 1, 1), day=date(2026, 1, 1 + number))
    world.indexer.catch_up()
    titles: list[str] = []
    cursor: str | None = None
    while True:
        answer = world.answer("anna", "Miete", limit=3, cursor=cursor)
        assert (answer["total"], sum(answer["facets"]["type"].values())) == (7, 7)
        titles += [one["title"] for one in answer["results"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert titles == [f"Brief {number}" for number in reversed(range(7))]
    for wrong in ("-1", "x", "²", "9" * 10):
        with pytest.raises(InvalidInput):
            world.answer("anna", "Miete", cursor=wrong)


def test_facets_have_no_limit_of_ten(world: World) -> None:
    case = add_case(world, "A-1")
    for number in range(13):
        add_letter(world, "Brief", ["Miete"], (case, 1, 1), kind=f"TYP{number}", keyword=str(number))
    world.indexer.catch_up()
    facets = world.answer("anna", "Miete", limit=1)["facets"]
    assert (len(facets["type"]), len(facets["keyword"])) == (13, 13)
    assert world.answer("anna", "Miete typ:typ12")["total"] == 1


def test_a_late_index_is_said(world: World) -> None:
    fill(world)
    assert world.answer("anna", "Miete")["late_since"] is None
    since = world.clock.now()
    add_letter(world, "Neu", ["Miete"], (add_case(world, "A-1"), 1, 1))
    world.later(5)
    assert world.answer("anna", "Miete")["late_since"] is None
    world.later(10)
    assert world.answer("anna", "Miete")["late_since"] == since.isoformat()
    world.indexer.catch_up()
    answer = world.answer("anna", "Miete")
    assert (answer["late_since"], answer["total"]) == (None, 3)


def test_every_shown_letter_is_audited_once_and_no_other(world: World) -> None:
    fill(world)
    for _ in range(2):
        world.answer("anna", "Miete", limit=1)
    with world.database.read() as session:
        seen = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "look.snippet")).all()
        shown = session.scalars(select(Document.id).where(Document.id.in_(seen))).all()
    assert len(seen) == len(shown) == 1


def test_without_an_index_searching_says_so(world: World) -> None:
    add_case(world, "A-1")
    with pytest.raises(IndexOutdated) as raised:
        world.answer("anna", "Miete")
    assert raised.value.de.startswith("Der Suchindex wird gerade neu aufgebaut.")
    assert raised.value.status == 503


def test_no_connection_is_held_while_the_index_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index server that hangs may not take the database connections of everybody else along."""
    fill(world)
    index, held = world.index, list[int]()
    asked = index.search

    def search(query: ParsedQuery, scopes: Collection[str], limit: int | None = None) -> list[Hit]:
        held.append(world.database.engine.pool.checkedout())  # type: ignore[attr-defined]
        return asked(query, scopes, limit)

    monkeypatch.setattr(index, "search", search)
    answer = SearchService(world.database, world.blobs, index).answer(world.actor("anna"), "Miete")
    assert (answer["total"], held) == (2, [0])


def test_rights_that_end_while_the_index_answers_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = add_case(world, "A-1"), add_case(world, "B-2", "otto")
    letter = add_letter(world, "Sammelbrief", ["Alpha Miete", "Beta Strom"], (mine, 1, 1), (other, 2, 2))
    world.indexer.catch_up()
    put_into_inbox(world, letter, "anna")
    index = world.index
    asked = index.search

    def search(query: ParsedQuery, scopes: Collection[str], limit: int | None = None) -> list[Hit]:
        found = asked(query, scopes, limit)
        with world.database.write() as tx:
            tx.session.execute(update(DocumentGrant).values(ended_at=tx.now))
        return found

    monkeypatch.setattr(index, "search", search)
    hit = SearchService(world.database, world.blobs, index).answer(world.actor("anna"), "Beta")["results"][0]
    assert "Beta" not in hit["snippet"], "of a letter filed with one page only that page is left"


def test_the_same_letters_are_read_once_for_many_searches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On S3 each text is a request; damaged or lost bytes are asked for again each time."""
    fill(world)
    asked, opened = world.blobs.open, list[str]()

    def count(address: str) -> BinaryIO:
        opened.append(address)
        return asked(address)

    monkeypatch.setattr(world.blobs, "open", count)
    service = SearchService(world.database, world.blobs, world.index)
    first = service.answer(world.actor("anna"), "Miete")
    before = len(opened)
    assert service.answer(world.actor("anna"), "Miete") == first
    assert len(opened) == before == len(set(opened)) > 0
