"""The terms of a page: each word by itself (cached), then what reaches over several words. Pure.

Streams: `x` folded surface words, numbers, dates, citations · `t` light stems with the parts of compounds and runs of parts
stacked on one position · `u` words that the lexicon does not know (the target of fuzzy search). Position = running word
number of the page's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from search.analyser.citations import citation, law_book, starts_citation
from search.analyser.folding import fold
from search.analyser.hyphens import completed, divided, has_hyphen_at_edge
from search.analyser.numbers import number_terms, spanning_numbers
from search.analyser.splitting import known, split, stems

ANALYSER_VERSION: Final = 2
"""Grows with every change of code or word lists that changes terms: an index of another version is built anew."""

_TOKEN = re.compile(r"[^\W_]+|§+")
_MAX_TOKEN = 64
_MAX_WORD = 400
_MAX_JOINED = 3
_MIN_UNKNOWN = 4
_NEAR = (1, 2, 3)
_CACHE = 1 << 15
Placed = tuple[str, int, int]
"""A term, its position, and how many words it covers."""


class Term(NamedTuple):
    """A term of a stream at a word position."""

    stream: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Analysed:
    """The three streams of a page. All terms lie within `word_count` words."""

    x: tuple[Placed, ...]
    t: tuple[Placed, ...]
    u: tuple[Placed, ...]
    word_count: int


class _Word(NamedTuple):
    x: tuple[str, ...]
    t: tuple[str, ...]
    u: tuple[str, ...]
    number: bool
    sign: bool
    book: bool
    hyphen: bool
    special: bool


def tokens(word: str) -> list[str]:
    """The folded tokens of one word of a page: letters and digits, cut at everything else."""
    return [token[:_MAX_TOKEN] for token in _TOKEN.findall(fold(word[:_MAX_WORD])) if token[0] != "§"]


def analyse(words: Sequence[str]) -> Iterator[Term]:
    """All terms of a page, by position."""
    found = analyse_words(words)
    streams = (("x", found.x), ("t", found.t), ("u", found.u))
    flat = [Term(name, text, position) for name, terms in streams for text, position, _ in terms]
    yield from sorted(flat, key=itemgetter(2))


def analyse_words(words: Sequence[str]) -> Analysed:
    """All terms of a page's words. Total on any text."""
    x: list[Placed] = []
    t: list[Placed] = []
    u: list[Placed] = []
    special: list[tuple[int, _Word]] = []
    for position, word in enumerate(words):
        found = _word(word)
        x += [(text, position, 1) for text in found.x]
        t += [(text, position, 1) for text in found.t]
        if found.u:
            u += [(text, position, 1) for text in found.u]
        if found.special:
            special.append((position, found))
    if special:
        more = _Spanning(words, {position for position, found in special if found.number})
        for position, found in special:
            more.look(position, found)
        x += [placed for placed in dict.fromkeys(more.x) if placed[2] > 1 or placed[0] not in _word(words[placed[1]]).x]
        t += dict.fromkeys(more.t)
        u = [placed for placed in u if placed[1] not in more.parts] + more.u
    return Analysed(tuple(x), tuple(t), tuple(u), len(words))


class _Spanning:
    """Collects the terms that reach over several words."""

    def __init__(self, words: Sequence[str], numbers: set[int]) -> None:
        self.words = words
        self.numbers = numbers
        self.x: list[Placed] = []
        self.t: list[Placed] = []
        self.u: list[Placed] = []
        self.parts: set[int] = set()
        self._cited_until = 0

    def look(self, position: int, found: _Word) -> None:
        if found.sign and position >= self._cited_until:
            cited = citation(self.words, position)
            if cited:
                self.x += cited.terms
                self._cited_until = cited.end
        if found.book:
            book = law_book(self.words, position)
            self.x += [book] if book else []
        if found.number and any(position + ahead in self.numbers for ahead in _NEAR):
            self.x += [(text, position, count) for text, count in spanning_numbers(self.words, position)]
        if found.hyphen:
            self._hyphens(position)

    def _hyphens(self, position: int) -> None:
        whole = divided(self.words, position)
        if whole:
            self._word(whole, position, 2)
            self.parts |= {position, position + 1}
            self.u += [(text, position, 2) for text in _unknown(whole)]
            return
        for text in completed(self.words, position):
            self._word(text, position, 1)

    def _word(self, text: str, position: int, count: int) -> None:
        self.x.append((text, position, count))
        self.t += [(key, position, count) for key in stems(text)]


@lru_cache(maxsize=_CACHE)
def _word(word: str) -> _Word:
    """Everything that a word gives by itself, and what to look at beyond it."""
    cut = word[:_MAX_WORD]
    found = [token[:_MAX_TOKEN] for token in _TOKEN.findall(fold(cut))]
    plain = [token for token in found if token[0] != "§"]
    joined = _joined(cut, plain)
    numeric = any(token[0].isdigit() or token[-1].isdigit() for token in plain)
    x = dict.fromkeys((*found, *joined, *(number_terms(cut) if numeric else ())))
    t = dict.fromkeys(key for token in (*plain, *joined) for key in (stems(token) if token.isalpha() else (token,)))
    u = dict.fromkeys(text for token in plain for text in _unknown(token))
    sign = any(starts_citation(token) for token in found) or cut.startswith("§")
    book, hyphen = "sgb" in plain, has_hyphen_at_edge(cut)
    return _Word(tuple(x), tuple(t), tuple(u), numeric, sign, book, hyphen, sign or book or hyphen or numeric)


def _joined(word: str, found: Sequence[str]) -> tuple[str, ...]:
    """ "E-Mail" is `email` as well, "Miet-Vertrag" `mietvertrag`."""
    if "-" in word and 1 < len(found) <= _MAX_JOINED and "/" not in word and all(map(str.isalpha, found)):
        return (fold("".join(found))[:_MAX_TOKEN],)
    return ()


def _unknown(token: str) -> tuple[str, ...]:
    """The token when the lexicon does not know it, and what is left beside the known part of a misread one."""
    if len(token) < _MIN_UNKNOWN or not token.isalpha() or known(token):
        return ()
    rest = split(token).rest
    return (token, rest) if len(rest) >= _MIN_UNKNOWN and not known(rest) else (token,)
