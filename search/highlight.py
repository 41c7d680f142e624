"""Snippets and marks by re-analysing a hit's page: the index stores no text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search.analysis import analyse
from search.query import ParsedQuery

_AROUND = 8


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a page: words, and which of them are marked (positions in the page's words as well)."""

    page_no: int
    words: tuple[str, ...]
    marked: frozenset[int]
    positions: tuple[int, ...]

    def text(self) -> str:
        """Plain text with marks as »word«."""
        return " ".join(f"»{word}«" if index in self.marked else word for index, word in enumerate(self.words))


def matches(words: Sequence[str], query: ParsedQuery) -> list[int]:
    """Positions of the words of a page that the query's parts touch."""
    exact = {term for clause in query.clauses if not clause.excluded for term in clause.terms}
    stems = {clause.stem for clause in query.clauses if clause.stem and not clause.excluded}
    return sorted(
        {
            term.position
            for term in analyse(words)
            if (term.stream == "x" and term.text in exact) or (term.stream == "t" and term.text in stems)
        }
    )


def snippet(page_no: int, words: Sequence[str], query: ParsedQuery) -> Snippet | None:
    """The surroundings of the densest match of a page; None without a match."""
    found = matches(words, query)
    if not found:
        return None
    best = max(found, key=lambda position: sum(abs(other - position) <= _AROUND for other in found))
    start, stop = max(0, best - _AROUND), min(len(words), best + _AROUND + 1)
    marked = frozenset(position - start for position in found if start <= position < stop)
    return Snippet(page_no, tuple(words[start:stop]), marked, tuple(found))
