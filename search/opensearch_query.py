"""A plan as an OpenSearch query over the nested entries of a document."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from search.plan import All, AnyOf, Either, Near, Phrase, Plan, Way

ENTRIES: Final = "entries"
Query = dict[str, Any]


def build(plan: Plan) -> Query:
    """Documents with an entry that fulfils the plan; the score is that of the best entry."""
    found = {
        "filter": [_what(one) for one in plan.filters],
        "must": [{"bool": {"should": [_way(way) for way in ways.ways]}} for ways in plan.wanted],
        "must_not": [_what(one) for one in plan.excluded],
    }
    return {"nested": {"path": ENTRIES, "score_mode": "max", "query": {"bool": found}}}


def _way(way: Way) -> Query:
    return {"constant_score": {"filter": _what(way.what), "boost": way.weight}}


def _what(what: AnyOf | Near | Phrase | All | Either) -> Query:
    match what:
        case AnyOf():
            return {"terms": {_in(what.field): what.terms}}
        case Near():
            return _near(what)
        case Phrase():
            return _phrase(what)
        case All():
            return {"bool": {"filter": [_what(part) for part in what.parts]}}
        case Either():
            return {"bool": {"should": [_what(part) for part in what.parts], "minimum_should_match": 1}}


def _near(one: Near) -> Query:
    """`constant_score` as the way of rewriting takes every near word; others stop at a number of expansions."""
    field = "unknown" if one.known else "letters"
    asked = {
        "value": one.word, "fuzziness": one.distance, "prefix_length": 1, "transpositions": True,
        "rewrite": "constant_score",
    }  # fmt: skip
    return {"fuzzy": {_in(field): asked}}


def _phrase(phrase: Phrase) -> Query:
    """Side by side, with exactly as many words between as were typed; what was one word must stand at one place.

    `match_phrase` would be content with one of several terms at a place.
    """
    places: dict[int, list[str]] = {}
    for offset, term in zip(phrase.offsets, phrase.terms, strict=True):
        places.setdefault(offset, []).append(term)
    clauses: list[Query] = []
    for before, at in pairwise([-1, *sorted(places)]):
        if at - before > 1:
            clauses.append({"span_gap": {_in("x"): at - before - 1}})
        clauses.append(_at_one_place(places[at]))
    return clauses[0] if len(clauses) == 1 else {"span_near": {"clauses": clauses, "slop": 0, "in_order": True}}


def _at_one_place(terms: list[str]) -> Query:
    first, *others = terms
    found: Query = {"span_term": {_in("x"): first}}
    for term in others:
        found = {"span_within": {"big": {"span_term": {_in("x"): term}}, "little": found}}
    return found


def _in(field: str) -> str:
    return f"{ENTRIES}.{field}"
