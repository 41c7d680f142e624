"""Splitting of compounds by dynamic programming over the lexicon. Pure.

Fewest parts win, then fewest linking letters, then the longest last part. Words of the no-split list, and words with
one part, stay whole. Of an unknown word of ten letters and more, the longest known end (else the longest known beginning)
of six letters and more is a part: one misread letter must not hide the rest of a long word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from search.analyser.folding import fold
from search.analyser.lexicon import Lexicon, lexicon
from search.analyser.stemming import stem

_MIN_PART = 3
_MIN_COMPOUND = 6
_MAX_COMPOUND = 64
_MIN_MISREAD = 10
_MIN_KNOWN_END = 6
_MAX_PARTS = 7
_MAX_RUN_PARTS = 6
_CACHE = 1 << 15
_Cost = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Split:
    """`parts`: begin and end of each part in the word, linking letters left out; `keys`: their stems; `complete`: the parts
    cover the word; `rest`: what is left of a misread word beside its known part.
    """

    parts: tuple[tuple[int, int], ...] = ()
    keys: tuple[str, ...] = ()
    complete: bool = False
    rest: str = ""


_WHOLE = Split()


@lru_cache(maxsize=_CACHE)
def split(word: str) -> Split:
    """The parts of one folded word; no parts when it is no compound as far as the lexicon knows."""
    words = lexicon()
    if not _MIN_COMPOUND <= len(word) <= _MAX_COMPOUND or not word.isalpha() or stem(word) in words.stems:
        return _WHOLE
    last = words.last.get(word)
    if last is not None and last[0] in words.stems:
        return _WHOLE
    return _cover(word, words) or (_misread(word, words) if len(word) >= _MIN_MISREAD else _WHOLE)


@lru_cache(maxsize=_CACHE)
def stems(word: str) -> tuple[str, ...]:
    """The stem of a folded word, then those of its parts and of every run of neighbouring parts, each once."""
    found = split(word)
    keys = {stem(word): None, **dict.fromkeys(found.keys)}
    if found.complete:
        count = min(len(found.parts), _MAX_RUN_PARTS)
        for first in range(count):
            for last in range(first + 1, count):
                keys[stem(fold(word[found.parts[first][0] : found.parts[last][1]]))] = None
    return tuple(keys)


@lru_cache(maxsize=_CACHE)
def known(word: str) -> bool:
    """Whether the lexicon holds a folded word, one of its forms, or all of its parts."""
    words = lexicon()
    return stem(word) in words.stems or word in words.last or word in words.first or split(word).complete


def _cover(word: str, words: Lexicon) -> Split | None:
    """The cheapest way to cut the whole word into at least two parts."""
    size = len(word)
    costs: list[_Cost | None] = [None] * (size + 1)
    before = [0] * (size + 1)
    costs[0] = (0, 0, 0)
    for start in range(size - _MIN_PART + 1):
        cost = costs[start]
        if cost is None or cost[0] >= _MAX_PARTS:
            continue
        for end in range(start + _MIN_PART, min(size, start + words.longest) + 1):
            found = (words.last if end == size else words.first).get(word[start:end])
            if found is None or (start == 0 and end == size):
                continue
            here = (cost[0] + 1, cost[1] + (found[1] if end < size else 0), -(end - start))
            known_cost = costs[end]
            if known_cost is None or here < known_cost:
                costs[end], before[end] = here, start
    return _way(word, words, before) if costs[size] is not None else None


def _way(word: str, words: Lexicon, before: list[int]) -> Split:
    parts: list[tuple[int, int]] = []
    keys: list[str] = []
    end = len(word)
    while end > 0:
        start = before[end]
        key, link = (words.last if end == len(word) else words.first)[word[start:end]]
        parts.append((start, end if end == len(word) else end - link))
        keys.append(key)
        end = start
    return Split(tuple(reversed(parts)), tuple(reversed(keys)), complete=True)


def _misread(word: str, words: Lexicon) -> Split:
    size = len(word)
    for start in range(1, size - _MIN_KNOWN_END + 1):
        found = words.last.get(word[start:])
        if found is not None:
            return Split(((start, size),), (found[0],), rest=fold(word[:start]))
    for end in range(size - 1, _MIN_KNOWN_END - 1, -1):
        begin = words.first.get(word[:end])
        if begin is not None and end - begin[1] >= _MIN_KNOWN_END:
            return Split(((0, end - begin[1]),), (begin[0],), rest=fold(word[end:]))
    return _WHOLE
