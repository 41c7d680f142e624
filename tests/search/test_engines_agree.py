"""The same documents, in the same order, with the same scores, from every engine: exactly, not nearly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from search.index import IndexEntry, SearchIndex
from search.postings import STRENGTHS, strength
from search.query import parse
from tests.search.engines import ENGINES, make_indexes
from tests.search.golden import ALL_SCOPES, entries, golden, id_of, scope_of

LETTERS = 120
MORE = (
    "Miete Euro", "der die das", "Bescheid Miete", "Kontoauszug -Gehalt", '"nach § 22"', "Kostn", "Bewiligung", "E-Mail",
    "Miet-/Heizkosten", "Straße -typ:BESCHEID", "jahr:2025", "einheit:t1 Klage", "Vermietr", "1.234,56", "99801 BG 0004711",
    '"Aufhebungs- und Erstattungsbescheid"', "a-b-c-d-e-f-g-h", " ".join(f"Wort{number}-Teil" for number in range(32)),
)  # fmt: skip


def letters() -> Iterator[IndexEntry]:
    """Letters of shuffled golden words, short and long, misread now and then, each in up to three cases."""
    rng = random.Random(7)
    words = [word for text in golden()["texts"].values() for word in text.split()]
    kinds = sorted({facts["type"] for facts in golden()["documents"].values()})
    for number in range(LETTERS):
        document = id_of(f"letter {number}")
        pages = [
            [_misread(rng, word) for word in rng.choices(words, k=rng.choice((5, 40, 250)))]
            for _ in range(rng.randint(1, 3))
        ]
        facts: dict[str, Any] = {
            "sort": rng.randint(1, 40),
            "document_type": rng.choice(kinds),
            "year": 2024 + number % 3,
        }
        for case in rng.sample("ABCDEF", rng.randint(1, 3)):
            yield IndexEntry(
                key=id_of(f"{document} {case}"), document_id=document, scope=scope_of(case), pages=pages,
                heading=rng.choices(words, k=3), keyword=str(rng.randint(10, 30)), unit=rng.choice(("T1", "T2")), **facts,
            )  # fmt: skip


def _misread(rng: random.Random, word: str) -> str:
    if len(word) < 4 or rng.random() > 0.05:
        return word
    at = rng.randrange(1, len(word))
    return word[:at] + rng.choice("elncr") + word[at + 1 :]


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SearchIndex]]:
    """Every engine with the same documents; half of them replaced once, so that deletions are in the files."""
    makers = [make_indexes(name, request) for name in ENGINES]
    made = [next(maker)(tmp_path_factory.mktemp("agree")) for maker in makers]
    everything = [*entries(), *letters()]
    for index in made:
        index.rebuild(everything)
        index.apply([one for one in everything if one.document_id < "8"], [])
    yield made
    for maker in makers:
        next(maker, None)


@pytest.mark.parametrize("scopes", [ALL_SCOPES, frozenset({scope_of("B"), scope_of("E")})], ids=["all", "some"])
def test_hits_order_and_scores_are_the_same(engines: list[SearchIndex], scopes: frozenset[str]) -> None:
    different = []
    hits = 0
    for query in [*(query["q"] for query in golden()["queries"]), *MORE]:
        first, *others = [index.search(parse(query), scopes) for index in engines]
        hits += len(first)
        different += [query for found in others if found != first]
    assert different == []
    assert hits > 1_000


def test_what_others_write_does_not_change_a_score(engines: list[SearchIndex]) -> None:
    """Statistics over all documents would tell of words that the searcher may not see, and move hits between two pages."""
    mine = frozenset({scope_of("B")})
    queries = [parse(query) for query in ("Miete", "Bescheid", "Mieter Vermieter", "Kostn")]
    for index in engines:
        before = [index.search(query, mine) for query in queries]
        new = [one for one in letters() if one.scope == scope_of("A")][:20]
        more = [IndexEntry(**{**_fields(one), "document_id": id_of(f"more {at}")}) for at, one in enumerate(new)]
        index.apply(more, [])
        assert [index.search(query, mine) for query in queries] == before
        index.apply([], [one.document_id for one in more])


def _fields(entry: IndexEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def test_strength_grows_with_the_number_and_falls_with_the_length() -> None:
    assert [strength(1, length) for length in (1, 250, 5_000, 10**9)] == [6, 4, 1, 1]
    assert [strength(count, 250) for count in (1, 2, 4, 10**6)] == [4, 5, 6, 8]
    assert {strength(count, length) for count in range(1, 60) for length in range(1, 3_000, 37)} == set(STRENGTHS)
