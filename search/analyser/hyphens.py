"""Words with a hyphen at their edge: left-out heads and words divided at a line end. Pure.

"Aufhebungs- und Erstattungsbescheid" also means `aufhebungsbescheid`; "Mietkosten und -schulden" `mietschulden`;
"Bewilligungsbe-" "scheid" is one word over two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from search.analyser.folding import fold
from search.analyser.splitting import split

_TOKEN = re.compile(r"[^\W_]+")
_HANGING = re.compile(r"[^\W\d_]-[,;.)]*$")
_LEADING = re.compile(r"^[(]*-[^\W\d_]{3}")
_CONJUNCTIONS = frozenset(("und", "oder", "bzw", "beziehungsweise", "sowie", "u", "noch", "als", "wie", "bis"))
_WINDOW = 7
_MAX_HEADS = 3
_MAX_LENGTH = 64
_Pieces = list[tuple[str, int]]


def has_hyphen_at_edge(word: str) -> bool:
    """Whether a part of the word (between slashes) begins or ends with a hyphen."""
    return "-" in word and any(_HANGING.search(piece) or _LEADING.search(piece) for piece in word.split("/"))


def divided(words: Sequence[str], position: int) -> str | None:
    """The folded word that begins here and ends in the next word, divided at a line end; else None."""
    if position + 1 >= len(words) or not words[position].endswith("-") or not _HANGING.search(words[position]):
        return None
    begin, end = _TOKEN.findall(fold(words[position])), _TOKEN.findall(fold(words[position + 1]))
    if not words[position + 1][:1].islower() or not end or not end[0].isalpha() or end[0] in _CONJUNCTIONS:
        return None
    return fold(begin[-1] + end[0])[:_MAX_LENGTH]


def completed(words: Sequence[str], position: int) -> Iterator[str]:
    """The folded full words that the hyphens at the edges of this word stand for."""
    after = _pieces(words, range(position, min(len(words), position + _WINDOW)))
    for number, (piece, at) in enumerate(after):
        if at == position and _HANGING.search(piece):
            yield from _with_heads(piece, [other for other, _ in after[number + 1 :]])
    before = _pieces(words, range(max(0, position - _WINDOW + 1), position + 1))
    for number, (piece, at) in enumerate(before):
        if at == position and _LEADING.search(piece):
            yield from _with_beginning(piece, [other for other, _ in before[:number]])


def _with_heads(piece: str, following: Sequence[str]) -> Iterator[str]:
    head = _full_word(following)
    found = split(head)
    if found.complete:
        for start, _ in found.parts[1 : 1 + _MAX_HEADS]:
            yield fold(_TOKEN.findall(fold(piece))[-1] + head[start:])[:_MAX_LENGTH]


def _with_beginning(piece: str, preceding: Sequence[str]) -> Iterator[str]:
    word = _full_word(preceding[::-1])
    found = split(word)
    if found.complete:
        yield fold(word[: found.parts[-1][0]] + _TOKEN.findall(fold(piece))[0])[:_MAX_LENGTH]


def _full_word(pieces: Sequence[str]) -> str:
    """The first word without a hyphen at its edge, over conjunctions; folded. Empty when something else comes first."""
    for piece in pieces:
        found = _TOKEN.findall(fold(piece[:_MAX_LENGTH]))
        if not found or _HANGING.search(piece) or _LEADING.search(piece) or found[0] in _CONJUNCTIONS:
            continue
        return str(found[-1])
    return ""


def _pieces(words: Sequence[str], positions: range) -> _Pieces:
    return [(piece, at) for at in positions for piece in words[at].split("/") if piece]
