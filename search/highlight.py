"""Snippets, marks and boxes by re-analysing a hit's page: the index stores no text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from search.analyser import Analysed, analyse_words
from search.query import Clause, ParsedQuery

_AROUND = 8


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a page: its words, which of them are marked, and the positions of all marks in the page's words."""

    page_no: int
    words: tuple[str, ...]
    marked: frozenset[int]
    positions: tuple[int, ...]

    def text(self) -> str:
        """Plain text with marks as »word«."""
        return " ".join(f"»{word}«" if index in self.marked else word for index, word in enumerate(self.words))


def matches(words: Sequence[str], query: ParsedQuery) -> list[int]:
    """Positions of the words of a page that the query's parts touch; a term over several words marks all of them."""
    found = analyse_words(words)
    wanted = [clause for clause in query.clauses if not (clause.excluded or clause.is_field)]
    return sorted({position for clause in wanted for position in _touched(found, clause)})


def snippet(page_no: int, words: Sequence[str], query: ParsedQuery) -> Snippet | None:
    """The surroundings of the densest match of a page; None without a match."""
    found = matches(words, query)
    if not found:
        return None
    best = max(found, key=lambda position: sum(abs(other - position) <= _AROUND for other in found))
    start, stop = max(0, best - _AROUND), min(len(words), best + _AROUND + 1)
    marked = frozenset(position - start for position in found if start <= position < stop)
    return Snippet(page_no, tuple(words[start:stop]), marked, tuple(found))


def _touched(found: Analysed, clause: Clause) -> Iterable[int]:
    if clause.kind == "phrase":
        yield from _phrases(found, clause)
        return
    terms = set(clause.terms)
    for text, position, count in found.x:
        if text in terms or (not clause.known and _near(text, clause)):
            yield from range(position, position + count)
    for text, position, count in found.t if clause.stem else ():
        if text == clause.stem:
            yield from range(position, position + count)
    for text, position, count in found.u if clause.distance else ():
        if _near(text, clause):
            yield from range(position, position + count)
    for part in clause.every:
        yield from _touched(found, part)


def _phrases(found: Analysed, clause: Clause) -> Iterable[int]:
    places: dict[str, set[int]] = {term: set() for term in clause.terms}
    for text, position, count in found.x:
        if text in places:
            places[text] |= {position, position + count - 1}
    for start in places[clause.terms[0]]:
        if all(start + at in places[term] for at, term in zip(clause.offsets, clause.terms, strict=True)):
            yield from (start + offset for offset in clause.offsets)


def _near(text: str, clause: Clause) -> bool:
    word = clause.terms[0]
    return (
        clause.distance > 0
        and text[0] == word[0]
        and text.isalpha()
        and OSA.distance(text, word, score_cutoff=clause.distance) <= clause.distance
    )
