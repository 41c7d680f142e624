"""Finding many phrases in a letter at once: whole words, any case, over line breaks, tolerant of recognition errors.

"Rechnung" does not fire inside "Abrechnung"; words from five letters may differ by one character, from nine by two;
a word may be split in two or merged with its neighbour. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from rapidfuzz.distance import Levenshtein

from ingest.tagging.folding import skeletons
from ingest.tagging.tokens import Reading, Token

_MAX_FORM = 5  # longer phrases are matched word by word only (merging is rare in them and costs)
_GAPS, _GAPS_FROM = 2, 3  # words that may stand between those of a phrase of four or more
_CACHE = 65536


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: its text in the vocabulary and the words it covers."""

    phrase: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a word of the letter: its skeleton and the word."""

    key: str
    token: Token


class PhraseBook:
    """A fixed set of phrases, indexed for tolerant finding. Immutable after construction."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        words: set[str] = set()
        for phrase in sorted(set(phrases)):
            for form in _forms(_pieces_of(phrase)):
                self._by_first.setdefault(form[0], []).append((form, phrase))
                words.update(form)
        self._words = frozenset(words)
        self._parts = _index(words)
        self.near = lru_cache(maxsize=_CACHE)(self._near)

    def find(self, pieces: Sequence[Piece]) -> list[Hit]:
        """All phrases in the order of their places; the same phrase may come more than once."""
        hits: list[Hit] = []
        for start in range(len(pieces)):
            for first, stop in self._readings(pieces, start):
                for form, phrase in self._by_first.get(first, ()):
                    end = self._follow(pieces, stop, form[1:])
                    if end is not None:
                        hits.append(Hit(phrase, tuple(piece.token for piece in pieces[start:end])))
        return hits

    def _readings(self, pieces: Sequence[Piece], start: int) -> Iterator[tuple[str, int]]:
        """Vocabulary words that the piece here, or it and its neighbour, may mean."""
        for word in self.near(pieces[start].key):
            yield word, start + 1
        if start + 1 < len(pieces):
            joined = pieces[start].key + pieces[start + 1].key
            if joined in self._words and len(joined) > 5:
                yield joined, start + 2

    def _follow(self, pieces: Sequence[Piece], start: int, rest: tuple[str, ...]) -> int | None:
        """The end of the phrase; longer phrases may have a word or two between ("hiermit beantrage ich ab sofort")."""
        position, spare = start, _GAPS if len(rest) >= _GAPS_FROM else 0
        for wanted in rest:
            stop = None
            for skip in range(spare + 1):
                stop = next((end for word, end in self._readings_at(pieces, position + skip) if word == wanted), None)
                if stop is not None:
                    spare -= skip
                    break
            if stop is None:
                return None
            position = stop
        return position

    def _readings_at(self, pieces: Sequence[Piece], position: int) -> Iterator[tuple[str, int]]:
        if position < len(pieces):
            yield from self._readings(pieces, position)

    def _near(self, key: str) -> tuple[str, ...]:
        """Vocabulary words within the allowed distance of a piece (pigeonhole on parts of the words)."""
        found = {key} if key in self._words else set()
        for length in range(max(5, len(key) - 2), len(key) + 3):
            allowed = _allowed(length)
            if abs(length - len(key)) > allowed:
                continue
            for start, stop in _cuts(length, allowed + 1):
                for shift in range(-allowed, allowed + 1):
                    if start + shift < 0:
                        continue
                    part = (length, start, key[start + shift : stop + shift])
                    found.update(
                        word
                        for word in self._parts.get(part, ())
                        if Levenshtein.distance(word, key, score_cutoff=allowed) <= allowed
                    )
        return tuple(sorted(found))


def pieces_of(reading: Reading) -> list[Piece]:
    """The letter as pieces; a word cut at a line's end is joined with its rest."""
    pieces: list[Piece] = []
    tokens = reading.tokens
    skip = -1
    for number, token in enumerate(tokens):
        if number == skip:
            continue
        text = token.text
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        if following is not None and _is_cut(token, following):
            text, skip = text.rstrip("-") + following.text, number + 1
        pieces += [Piece(key, token) for key in skeletons(text)]
    return pieces


def _is_cut(token: Token, following: Token) -> bool:
    return (
        len(token.text) > 3
        and token.text.endswith("-")
        and following.line != token.line
        and following.text[:1].islower()
    )


def _pieces_of(phrase: str) -> tuple[str, ...]:
    return tuple(piece for word in phrase.split() for piece in skeletons(word))


def _forms(pieces: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A phrase and its forms with one pair of neighbours merged."""
    if not pieces:
        return
    yield pieces
    if 1 < len(pieces) <= _MAX_FORM:
        for first, second in combinations(range(len(pieces)), 2):
            if second == first + 1:
                yield (*pieces[:first], pieces[first] + pieces[second], *pieces[second + 1 :])


def _allowed(length: int) -> int:
    return 0 if length < 5 else 1 if length < 9 else 2


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    bounds = [length * part // parts for part in range(parts + 1)]
    return list(pairwise(bounds))


def _index(words: Iterable[str]) -> Mapping[tuple[int, int, str], list[str]]:
    index: dict[tuple[int, int, str], list[str]] = {}
    for word in sorted(words):
        allowed = _allowed(len(word))
        if allowed:
            for start, stop in _cuts(len(word), allowed + 1):
                index.setdefault((len(word), start, word[start:stop]), []).append(word)
    return index
