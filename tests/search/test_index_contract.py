"""What every SearchIndex must do. A new engine is added to `tests.search.engines` and passes all of this."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search.index import IndexEntry, IndexOutdated, SearchIndex
from search.query import parse
from tests.search.engines import ENGINES, MakeIndex, make_indexes
from tests.search.golden import ALL_SCOPES, entries, entry, golden, id_of, names_of, scope_of


@pytest.fixture(scope="module", params=ENGINES)
def make(request: pytest.FixtureRequest) -> Iterator[MakeIndex]:
    yield from make_indexes(request.param, request)


@pytest.fixture(scope="module")
def filled(make: MakeIndex, tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    """All golden documents; read only."""
    index = make(tmp_path_factory.mktemp("filled"))
    index.rebuild(entries())
    return index


@pytest.fixture
def empty(make: MakeIndex, tmp_path: Path) -> SearchIndex:
    index = make(tmp_path)
    index.rebuild([])
    return index


def found(index: SearchIndex, query: str, scopes: frozenset[str] = ALL_SCOPES, limit: int | None = None) -> list[str]:
    return names_of([hit.document_id for hit in index.search(parse(query), scopes, limit)])


def test_the_golden_set_is_large_enough() -> None:
    assert len(golden()["queries"]) >= 60


@pytest.mark.parametrize("query", golden()["queries"], ids=lambda query: query["q"])
def test_golden(filled: SearchIndex, query: dict[str, Any]) -> None:
    names = found(filled, query["q"])
    at = 0
    for group in query["found"]:
        expected = group if isinstance(group, list) else [group]
        assert set(names[at : at + len(expected)]) == set(expected), names
        at += len(expected)
    assert len(names) == at, names


def test_scores_fall_and_repeat(filled: SearchIndex) -> None:
    first = filled.search(parse("Bescheid"), ALL_SCOPES)
    assert [hit.score for hit in first] == sorted((hit.score for hit in first), reverse=True)
    assert filled.search(parse("Bescheid"), ALL_SCOPES) == first
    assert filled.search(parse("Bescheid"), ALL_SCOPES, 3) == first[:3]


def test_equal_scores_come_newest_first(filled: SearchIndex) -> None:
    assert found(filled, "typ:BESCHEID") == [
        "verlesen",
        "pflegegrad",
        "aufhebung",
        "weiterbewilligung",
        "bewilligung_alt",
    ]


def test_only_given_scopes_are_searched(filled: SearchIndex) -> None:
    assert found(filled, "Bescheid", frozenset()) == []
    assert set(found(filled, "Bescheid", frozenset({scope_of("B"), scope_of("D")}))) == {"widerspruch", "pflegegrad"}
    assert found(filled, "Bescheid", frozenset({"no such scope"})) == []
    many = frozenset(f"case-{number}" for number in range(10_000)) | {scope_of("D")}
    assert found(filled, "Bescheid", many) == ["pflegegrad"]


def test_rights_do_not_change_what_is_exact(filled: SearchIndex) -> None:
    """The fuzzy vocabulary comes from the whole index: a word of an invisible document is never a hit."""
    assert found(filled, "Kowalcyk", ALL_SCOPES - {scope_of("A")}) == []


def test_missing_index_is_not_current_and_says_so(make: MakeIndex, tmp_path: Path) -> None:
    index = make(tmp_path)
    assert not index.current()
    assert index.documents() == set()
    with pytest.raises(IndexOutdated, match="rebuilt"):
        index.search(parse("Miete"), ALL_SCOPES)
    with pytest.raises(IndexOutdated):
        index.apply([entry("lohn")], [])
    assert index.rebuild([]) == 0
    assert index.current()


def test_apply_replaces_all_entries_of_a_document(empty: SearchIndex) -> None:
    empty.apply([entry("lohn"), entry("lohn", scope=scope_of("A")), entry("klage")], [])
    assert found(empty, "Lohnabrechnung") == ["lohn"]
    empty.apply([entry("lohn", "Neue Worte")], [])
    assert found(empty, "Lohnabrechnung") == []
    assert found(empty, "Worte", frozenset({scope_of("A")})) == []
    assert found(empty, "Worte") == ["lohn"]
    assert empty.documents() == {id_of("lohn"), id_of("klage")}


def test_a_document_in_several_scopes_is_one_hit(empty: SearchIndex) -> None:
    empty.apply([entry("lohn"), entry("lohn", "Lohn der Angst", scope=scope_of("A"))], [])
    assert found(empty, "Lohn") == ["lohn"]
    assert found(empty, "Angst", frozenset({scope_of("C")})) == []
    assert found(empty, "Angst", frozenset({scope_of("A"), scope_of("C")})) == ["lohn"]


def test_removing_and_applying_twice_is_harmless(empty: SearchIndex) -> None:
    for _ in range(2):
        empty.apply([entry("lohn"), entry("klage")], [id_of("rate")])
    assert found(empty, "Klage") == ["klage"]
    for _ in range(2):
        empty.apply([], [id_of("lohn")])
    assert empty.documents() == {id_of("klage")}
    assert found(empty, "Lohn") == []


def test_new_words_are_found_at_once_also_misspelt(empty: SearchIndex) -> None:
    assert found(empty, "Kowalcyk") == []
    empty.apply([entry("mietvertrag")], [])
    assert found(empty, "Kowalcyk") == ["mietvertrag"]


def test_rebuild_replaces_everything(empty: SearchIndex) -> None:
    empty.apply([entry("lohn")], [])
    assert empty.rebuild(entries()) == len(golden()["documents"])
    assert len(empty.documents()) == len(golden()["documents"])
    assert empty.rebuild([entry("klage")]) == 1
    assert empty.documents() == {id_of("klage")}


def test_a_failed_rebuild_leaves_the_old_index(empty: SearchIndex) -> None:
    empty.apply([entry("lohn")], [])

    def broken() -> Iterator[IndexEntry]:
        yield entry("klage")
        raise RuntimeError("the archive went away")

    with pytest.raises(RuntimeError, match="went away"):
        empty.rebuild(broken())
    assert found(empty, "Lohnabrechnung") == ["lohn"]
    assert found(empty, "Klage") == []
    empty.apply([entry("klage")], [])
    assert found(empty, "Klage") == ["klage"]


def test_phrases_do_not_cross_pages(empty: SearchIndex) -> None:
    one = entry("lohn", "erste Seite")
    two = IndexEntry(
        **{**{name: getattr(one, name) for name in one.__slots__}, "pages": [["alpha"], ["beta", "gamma"]]}
    )
    empty.apply([two], [])
    assert found(empty, '"beta gamma"') == ["lohn"]
    assert found(empty, '"alpha beta"') == []
    assert found(empty, "alpha beta") == ["lohn"]


@pytest.mark.parametrize("text", ["", "\u0000", "§", "a" * 70_000, "1/" * 5_000, "½ ﬁ İ ẞ", "‮abc"])
def test_any_text_can_be_indexed(empty: SearchIndex, text: str) -> None:
    empty.apply([entry("lohn", f"Anfang {text} Ende")], [])
    assert found(empty, "Anfang Ende") == ["lohn"]
