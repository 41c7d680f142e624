"""From an understood query to what an engine is asked: sets of terms with whole-number weights. Pure; all engines share it.

Order by construction: for each part of a query the word itself comes before other forms of it, these before misread ones;
within each, by strength (`search.postings`). The score of a hit is the sum of the weights that hold. Sums of small whole
numbers are exact in every engine, in any order of adding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from search.postings import STRENGTHS, marked
from search.query import Clause, ParsedQuery

_EXACT: Final = 16
_FORM: Final = 8
_MISREAD: Final = 1


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Has one of these terms in a field: words | forms | scope | type | keyword | unit | year."""

    field: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Has a word with the same first letter within `distance` letters (neighbours swapped count as one). A known word is
    looked for among unknown ones only, or "Träger" would find "tragen".
    """

    word: str
    distance: int
    known: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """Has these words at these offsets from each other, on one page."""

    terms: tuple[str, ...]
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Holds one of these."""

    parts: tuple[AnyOf | Near | Phrase | All, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Holds every one."""

    parts: tuple[Either, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to hold a part of the query, and what it adds to the score."""

    weight: int
    what: AnyOf | Near | Phrase | All


@dataclass(frozen=True, slots=True)
class Ways:
    """Holds when one of the ways does; the score is the sum of those that do."""

    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All of `filters` and `wanted`, none of `excluded`. Only `wanted` adds to the score."""

    filters: tuple[AnyOf, ...]
    wanted: tuple[Ways, ...]
    excluded: tuple[AnyOf | Either, ...]


def plan(query: ParsedQuery, scopes: Collection[str]) -> Plan:
    """The query within the scopes. `case` clauses are not looked at: who calls has narrowed the scopes."""
    clauses = [clause for clause in query.clauses if clause.kind != "case"]
    kept = [clause for clause in clauses if not clause.excluded]
    return Plan(
        (AnyOf("scope", tuple(sorted(scopes))), *(_field(clause) for clause in kept if clause.is_field)),
        tuple(_text(clause) for clause in kept if not clause.is_field),
        tuple(_field(clause) if clause.is_field else _holds(clause) for clause in clauses if clause.excluded),
    )


def _field(clause: Clause) -> AnyOf:
    return AnyOf(clause.kind, clause.terms)


def _text(clause: Clause) -> Ways:
    return Ways(tuple(_ways(clause)))


def _ways(clause: Clause) -> Iterator[Way]:
    if clause.kind == "phrase" and len(clause.terms) > 1:
        yield Way(_EXACT, Phrase(clause.terms, clause.offsets))
        return
    yield from _by_strength("words", clause.terms, _EXACT)
    if clause.stem:
        yield from _by_strength("forms", (clause.stem,), _FORM)
    if clause.distance:
        yield Way(_MISREAD, Near(clause.terms[0], clause.distance, clause.known))
    if clause.scopes:
        yield Way(_EXACT, AnyOf("scope", clause.scopes))
    if clause.every:
        yield Way(_FORM, All(tuple(_holds(part) for part in clause.every)))


def _holds(clause: Clause) -> Either:
    """The same without weights: one set of terms for all strengths."""
    return Either(tuple(_unweighted(list(_ways(clause)))))


def _unweighted(ways: Sequence[Way]) -> Iterator[AnyOf | Near | Phrase | All]:
    sets: dict[str, tuple[str, ...]] = {}
    for way in ways:
        if isinstance(way.what, AnyOf):
            sets[way.what.field] = (*sets.get(way.what.field, ()), *way.what.terms)
        else:
            yield way.what
    for field, terms in sets.items():
        yield AnyOf(field, terms)


def _by_strength(field: str, terms: Sequence[str], weight: int) -> Iterator[Way]:
    for level in STRENGTHS:
        yield Way(weight + level, AnyOf(field, tuple(marked(term, level) for term in terms)))
