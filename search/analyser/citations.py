"""Citations of statutes as search terms: "§ 22 Abs. 1 SGB II" gives `§22`, `§22a1`, `§22sgb2`, `§22a1sgb2` and `sgb2`. Pure.

Read are: one or several numbers behind §, §§, Art., Artikel, Paragraph; Absatz as "Abs. 1 und 2", "(1)" or a Roman number;
Satz, Nummer and so on are passed over; the law behind it, if it is known. A number without its sign is no citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from search.analyser.folding import fold
from search.analyser.wordlists import words_of

_PIECE = re.compile(r"§+|\d+[a-z]?(?![^\W_])|[^\W\d_]+|\d+|[(),;.:-]")
_ROMAN = {
    roman: str(number)
    for number, roman in enumerate(words_of("i ii iii iv v vi vii viii ix x xi xii xiii xiv"), 1)
}  # fmt: skip
_LAWS = frozenset(
    fold(law)
    for law in words_of(
        """AO ArbGG AsylbLG AsylG AufenthG BAföG BDSG BEEG BGB BKGG DSGVO EStG FamFG FreizügG GG GKG InsO JVEG KSchG
        LPartG MiLoG OWiG RVG SGG StGB StPO TzBfG UhVorschG UStG VwGO VwVfG VwZG WoGG ZPO"""
    )
)
_SIGNS = {"§": "§", "§§": "§", "paragraph": "§", "paragraphen": "§", "art": "art", "artikel": "art", "artikeln": "art"}
_SECTION = frozenset(("abs", "absatz", "absatze", "absatzen", "absatzes"))
_BELOW = frozenset(
    words_of("s satz satze nr nrn nummer nummern ziff ziffer hs halbsatz alt alternative buchst buchstabe lit var")
)
_LINKS = frozenset((",", "und", "oder", "bis", "-", "u", "sowie"))
_QUIET = frozenset((".", "f", "ff", "fortfolgende", "des", "der"))
_WINDOW = 40
_MAX_SECTIONS = 8
Span = tuple[str, int, int]
"""A term, its first word, and how many words it covers."""


@dataclass(frozen=True, slots=True)
class Citation:
    """All terms of a citation; the most exact ones (with section and law where given); the word behind it."""

    terms: tuple[Span, ...]
    exact: tuple[str, ...]
    end: int


@dataclass(slots=True)
class _Rule:
    """One number with the Absätze read behind it; `at` is its word."""

    number: str
    at: int
    sections: list[str] = field(default_factory=list)


class _Reader:
    """Walks over the pieces of the words behind a sign."""

    def __init__(self, words: Sequence[str], start: int) -> None:
        self.pieces = [
            (piece, start + number)
            for number, word in enumerate(words[start : start + _WINDOW])
            for piece in _PIECE.findall(fold(word[:_WINDOW]))
        ]
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.pieces[place][0] if place < len(self.pieces) else ""

    @property
    def word(self) -> int:
        return self.pieces[self.at][1]

    def last_word(self) -> int:
        return self.pieces[max(0, self.at - 1)][1]


def citation(words: Sequence[str], start: int) -> Citation | None:
    """The citation whose sign stands in the word `start`."""
    reader = _Reader(words, start)
    while reader.peek() and reader.peek() not in _SIGNS:
        reader.at += 1
    sign = reader.peek()
    kind = _SIGNS.get(sign, "")
    reader.at += 1
    _skip(reader, (".", "-"))
    rules = _rules(reader, many=sign in ("§§", "paragraphen", "artikeln")) if kind and _number(reader) else []
    if not rules:
        return None
    rules[0].at = start
    law = _law(reader)
    end = reader.last_word() + 1
    spans = tuple((term, rule.at, max(1, end - rule.at)) for rule in rules for term in _terms(kind, rule, law))
    exact = tuple(f"{kind}{rule.number}{section}{law}" for rule in rules for section in _suffixes(rule) or ("",))
    return Citation(spans, exact, end)


def starts_citation(token: str) -> bool:
    """Whether a folded token is one of the signs."""
    return token in _SIGNS


def law_book(words: Sequence[str], start: int) -> Span | None:
    """ "SGB" in the word `start` with its number behind it: `sgb2`."""
    reader = _Reader(words[: start + 3], start)
    while reader.peek() and reader.peek() != "sgb":
        reader.at += 1
    term = _law(reader)
    return (term, start, reader.last_word() + 1 - start) if term else None


def _rules(reader: _Reader, *, many: bool) -> list[_Rule]:
    rules = [_Rule(_take(reader), reader.last_word())]
    while True:
        _sections(reader, rules[-1], many=many)
        _skip(reader, _QUIET)
        ahead = 1 if reader.peek() in _LINKS else 0
        if not (ahead and reader.peek(ahead)[:1].isdigit()):
            return rules
        reader.at += ahead
        rules.append(_Rule(_take(reader), reader.last_word()))


def _sections(reader: _Reader, rule: _Rule, *, many: bool) -> None:
    if reader.peek() in _SECTION:
        reader.at += 1
        _skip(reader, (".",))
        _section_list(reader, rule, many=many)
    elif reader.peek() == "(" and reader.peek(1)[:1].isdigit() and reader.peek(2) == ")":
        rule.sections.append(reader.peek(1))
        reader.at += 3
    elif reader.peek() in _ROMAN and (reader.peek(1) in ("sgb", ",", ".", "") or reader.peek(1) in _LAWS):
        rule.sections.append(_ROMAN[reader.peek()])
        reader.at += 1
    while reader.peek() in _BELOW and reader.peek(1 + (reader.peek(1) == "."))[:1].isalnum():
        reader.at += 2 + (reader.peek(1) == ".")


def _section_list(reader: _Reader, rule: _Rule, *, many: bool) -> None:
    """ "1", "1 und 2", "1, 3"; behind §§ a number after a link is the next paragraph."""
    while _number(reader) and len(rule.sections) < _MAX_SECTIONS:
        rule.sections.append(_take(reader))
        if many or reader.peek() not in _LINKS or not reader.peek(1)[:1].isdigit():
            return
        reader.at += 1


def _law(reader: _Reader) -> str:
    _skip(reader, _QUIET)
    name = reader.peek()
    if name == "sgb":
        ahead = 2 if reader.peek(1) in ("-", ".") else 1
        book = _ROMAN.get(reader.peek(ahead), reader.peek(ahead))
        if book in _ROMAN.values():
            reader.at += ahead + 1
            return f"sgb{book}"
        return ""
    if name in _LAWS:
        reader.at += 1
        return name
    return ""


def _terms(kind: str, rule: _Rule, law: str) -> Iterator[str]:
    base = f"{kind}{rule.number}"
    for section in ("", *_suffixes(rule)):
        yield f"{base}{section}"
        if law:
            yield f"{base}{section}{law}"


def _suffixes(rule: _Rule) -> tuple[str, ...]:
    return tuple(f"a{section}" for section in rule.sections)


def _number(reader: _Reader) -> bool:
    return reader.peek()[:1].isdigit()


def _take(reader: _Reader) -> str:
    piece = reader.peek()
    reader.at += 1
    return piece


def _skip(reader: _Reader, pieces: Sequence[str] | frozenset[str]) -> None:
    while reader.peek() in pieces and reader.peek():
        reader.at += 1
