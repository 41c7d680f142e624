"""What an entry adds to an index, made here for every engine: its terms, and how strongly it holds each of them. Pure.

A score must not depend on the engine, nor on other documents (whose words the searcher may not see, and which come and go).
So the strength of a term is settled while indexing, from this entry alone: how often it stands there against how long the
entry is, on a scale of eight, saturating like BM25 with a fixed average length. It is stored as part of the term
("miete|5"): engines that know nothing but "has this term" then rank alike, exactly (ADR 0018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from search.analyser import ANALYSER_VERSION, analyse_words
from search.index import IndexEntry

LAYOUT: Final = 2
"""Grows when the streams or the strengths change: an index of another layout is built anew, like one of another analyser."""

STRENGTHS: Final = range(1, 9)
_WORD: Final = 10_000
_BASE: Final = 3_000
_PER_WORD: Final = 36
"""tf / (tf + 1.2 · (0.25 + 0.75 · length / 250)), times ten thousand: whole numbers are the same everywhere."""


@dataclass(frozen=True, slots=True)
class Postings:
    """`pages`: words with their position in each page (heading first). `words`, `forms`: each word and stem with its
    strength. `unknown`: words that the lexicon does not know. `letters`: what misspelt unknown words are compared with.
    """

    pages: tuple[tuple[tuple[str, int], ...], ...]
    words: tuple[str, ...]
    forms: tuple[str, ...]
    unknown: tuple[str, ...]
    letters: tuple[str, ...]


# The entries of one document come one after another and share its pages.
_analysed = lru_cache(maxsize=64)(analyse_words)


def schema_version(analyser: int = ANALYSER_VERSION) -> str:
    """The version that an index carries in its name."""
    return f"v{analyser}.{LAYOUT}"


def postings(entry: IndexEntry) -> Postings:
    """The terms of an entry."""
    found = [_analysed(tuple(words)) for words in (entry.heading, *entry.pages)]
    length = sum(page.word_count for page in found)
    words = Counter(text for page in found for text, _, _ in page.x)
    forms = Counter(text for page in found for text, _, _ in page.t)
    unknown = dict.fromkeys(text for page in found for text, _, _ in page.u)
    return Postings(
        tuple(_placed(page.x) for page in found),
        tuple(marked(text, strength(count, length)) for text, count in words.items()),
        tuple(marked(text, strength(count, length)) for text, count in forms.items()),
        tuple(unknown),
        tuple(dict.fromkeys((*filter(str.isalpha, words), *unknown))),
    )


def strength(count: int, length: int) -> int:
    """How strongly an entry of `length` words holds a term that stands there `count` times: 1 to 8."""
    weight = _WORD * count
    whole = weight + _BASE + _PER_WORD * length
    return max(1, (2 * len(STRENGTHS) * weight + whole) // (2 * whole))


def marked(term: str, level: int) -> str:
    """A term at a strength."""
    return f"{term}|{level}"


def _placed(terms: Iterable[tuple[str, int, int]]) -> tuple[tuple[str, int], ...]:
    """A word divided over two places stands at both, so that phrases hold before it and behind it."""
    return tuple((text, place) for text, at, count in terms for place in _places(at, count))


def _places(at: int, count: int) -> Sequence[int]:
    return (at,) if count == 1 else (at, at + count - 1)
