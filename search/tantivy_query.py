"""A plan as a tantivy query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.plan import All, AnyOf, Either, Near, Phrase, Plan, Ways

_PREFIX: Final = 1


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The words of an index at one commit; `terms` keeps what was read, by field and first letter."""

    searcher: Any
    terms: dict[tuple[str, str], Sequence[str]]

    def near(self, field: str, word: str, distance: int) -> list[str]:
        """Words of the field with the same first letter within `distance` letters (neighbours swapped count as one)."""
        key = (field, word[:_PREFIX])
        known = self.terms.get(key)
        if known is None:
            known = [term for term, _ in self.searcher.terms_with_prefix(*key) if term.isalpha()]
            self.terms[key] = known
        found = process.extract(word, known, scorer=OSA.distance, processor=None, score_cutoff=distance, limit=None)
        return [term for term, _, _ in found]


def build(schema: Any, plan: Plan, dictionary: Dictionary) -> Any:
    """The plan for this index. Filters and fields add no score."""
    builder = _Builder(schema, dictionary)
    must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
    parts = [(must, _constant(builder.what(one), 0)) for one in plan.filters]
    parts += [(must, builder.ways(one)) for one in plan.wanted]
    parts += [(must_not, builder.what(one)) for one in plan.excluded]
    return tantivy.Query.boolean_query(parts)


def _constant(query: Any, weight: int) -> Any:
    return tantivy.Query.const_score_query(query, float(weight))


@dataclass(frozen=True, slots=True)
class _Builder:
    schema: Any
    dictionary: Dictionary

    def ways(self, ways: Ways) -> Any:
        """Any of the ways; those that hold add their weights."""
        return self._any([_constant(self.what(way.what), way.weight) for way in ways.ways])

    def what(self, what: AnyOf | Near | Phrase | All | Either) -> Any:
        """What must be held, without weight."""
        match what:
            case AnyOf():
                return self._terms(what.field, what.terms)
            case Near():
                return self._near(what)
            case Phrase():
                words: list[Any] = list(zip(what.offsets, what.terms, strict=True))
                return tantivy.Query.phrase_query(self.schema, "x", words)
            case All():
                return tantivy.Query.boolean_query([(tantivy.Occur.Must, self.what(part)) for part in what.parts])
            case Either():
                return self._any([self.what(part) for part in what.parts])

    def _near(self, one: Near) -> Any:
        fields = ("unknown",) if one.known else ("x", "unknown")
        found = {field: self.dictionary.near(field, one.word, one.distance) for field in fields}
        return self._any([self._terms(field, terms) for field, terms in found.items()])

    def _any(self, queries: Sequence[Any]) -> Any:
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])

    def _terms(self, field: str, terms: Sequence[str]) -> Any:
        if len(terms) == 1:  # a set of terms makes an automaton, which costs more than the search
            return tantivy.Query.term_query(self.schema, field, terms[0])
        return tantivy.Query.term_set_query(self.schema, field, list(terms))
