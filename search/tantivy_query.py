"""From an understood query to a tantivy query: exact words before other forms before misspelt ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.query import Clause, ParsedQuery

_EXACT: Final = 2.0
_STEM: Final = 1.0
_NUMBER: Final = 3.0
_FUZZY_SCORE: Final = 0.1
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


def build(schema: Any, query: ParsedQuery, scopes: Collection[str], dictionary: Dictionary) -> Any:
    """The query within the scopes. Filters and fields add no score."""
    builder = _Builder(schema, dictionary)
    must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
    parts = [(must, builder.one_of("scope", sorted(scopes)))]
    for clause in query.clauses:
        if clause.kind == "case":
            continue
        built = builder.one_of(clause.kind, clause.terms) if clause.is_field else builder.text(clause)
        parts.append((must_not if clause.excluded else must, built))
    return tantivy.Query.boolean_query(parts)


@dataclass(frozen=True, slots=True)
class _Builder:
    schema: Any
    dictionary: Dictionary

    def one_of(self, field: str, values: Sequence[str]) -> Any:
        """A filter without score."""
        return tantivy.Query.const_score_query(tantivy.Query.term_set_query(self.schema, field, list(values)), 0.0)

    def text(self, clause: Clause) -> Any:
        """Documents that hold the clause, by any of its ways."""
        if clause.kind == "phrase":
            return self._phrase(clause)
        boost = _EXACT if clause.kind == "word" else _NUMBER
        ways = [(self._term("x", term), boost) for term in clause.terms]
        if clause.stem:
            ways.append((self._term("t", clause.stem), _STEM))
        if clause.distance:
            ways += [(way, 1.0) for way in self._misspelt(clause)]
        if clause.scopes:
            ways.append((tantivy.Query.const_score_query(self.one_of("scope", clause.scopes), 1.0), _NUMBER))
        if clause.every:
            parts = [(tantivy.Occur.Must, self.text(part)) for part in clause.every]
            ways.append((tantivy.Query.boolean_query(parts), _STEM))
        should = tantivy.Occur.Should
        return tantivy.Query.boolean_query([(should, tantivy.Query.boost_query(way, boost)) for way, boost in ways])

    def _misspelt(self, clause: Clause) -> list[Any]:
        """A known word is looked for among unknown ones only, or "Träger" would find "tragen"."""
        ways = []
        for field in ("u",) if clause.known else ("x", "u"):
            near = self.dictionary.near(field, clause.terms[0], clause.distance)
            if near:
                found = tantivy.Query.term_set_query(self.schema, field, near)
                ways.append(tantivy.Query.const_score_query(found, _FUZZY_SCORE))
        return ways

    def _phrase(self, clause: Clause) -> Any:
        if len(clause.terms) == 1:  # tantivy panics on a phrase of one word
            return self._term("x", clause.terms[0])
        return tantivy.Query.phrase_query(self.schema, "x", list(zip(clause.offsets, clause.terms, strict=True)))

    def _term(self, stream: str, text: str) -> Any:
        return tantivy.Query.term_query(self.schema, stream, text)
