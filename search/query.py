"""What a person typed, understood: words, phrases, numbers, citations, exclusions, fields. Pure; the same for every engine.

All parts must hold. `"…"` asks for exactly these words in this order, `-wort` excludes, `akte:` `typ:` `jahr:` `schlagwort:`
`einheit:` narrow; several values of one such field mean any of them. Numbers, dates and citations are found in every
spelling, also over several words ("99801 BG 0004711", "§ 22 Abs. 1 SGB II").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.errors import InvalidInput
from search.analyser import fold, known, stem, tokens
from search.analyser.citations import citation, law_book, starts_citation
from search.analyser.hyphens import completed, has_hyphen_at_edge
from search.analyser.numbers import number_terms, spanning_numbers
from search.analyser.wordlists import words_of

FIELDS: Final = {
    "akte": "case",
    "typ": "type",
    "jahr": "year",
    "schlagwort": "keyword",
    "einheit": "unit",
}
_NAMES: Final = {
    "word": "Wort",
    "phrase": "Wortfolge",
    "number": "Nummer",
    "date": "Datum",
    "citation": "Vorschrift",
    "case": "Akte",
    "type": "Typ",
    "year": "Jahr",
    "keyword": "Schlagwort",
    "unit": "Einheit",
}
_PART = re.compile(r'(-?)(?:(\w+):(?=["\S]))?(?:"([^"]*)"|([^\s"]+))')
_DANGLING = re.compile(rf"(?:^|\s)-?({'|'.join(FIELDS)}):(?=\s|$)", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_MAX_PARTS = 32
_ONE_ERROR_FROM = 5
_TWO_ERRORS_FROM = 8
_ONE_SENSE = re.compile(r"d\d{8}|\d{5}bg\d{7}")
_DATE = re.compile(r"d\d{8}")
_SILENT = frozenset(
    words_of(
        """und oder der die das des dem den ein eine einen einer eines von vom fur im in am an zu zum zur mit auf bei"""
    )
)
_NOTHING = "Gesucht wurde nichts."


class QueryError(InvalidInput):
    """The query cannot be understood; nothing was searched."""

    code = "query"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a query. `kind`: word | phrase | number | citation, or a field: case | type | year | keyword | unit.

    A document holds a word, number or citation when it has one of `terms` (stream x), or the `stem` (stream t), or a word
    within `distance` letters (stream u; stream x too when the lexicon does not know the word: `known`), or every one of
    `every`, or lies in one of `scopes` (cases that a number names: who asks the index fills them in from `typed`). A phrase
    holds `terms` at these `offsets`. A field has one of `terms`, as typed (`case`) or in lower case.
    """

    kind: str
    terms: tuple[str, ...]
    excluded: bool = False
    stem: str | None = None
    distance: int = 0
    known: bool = True
    offsets: tuple[int, ...] = ()
    every: tuple[Clause, ...] = ()
    typed: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def is_field(self) -> bool:
        """Whether the clause narrows instead of looking for text."""
        return self.kind in FIELDS.values()


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """Clauses that must all hold, and in words what was understood."""

    clauses: tuple[Clause, ...]
    understood: str


@dataclass(frozen=True, slots=True)
class _Part:
    excluded: bool
    field: str
    text: str
    quoted: bool


def parse(text: str) -> ParsedQuery:
    """Understand a query. Raises QueryError only; total on any text."""
    parts = _parts(text)
    clauses: list[Clause] = []
    bare: list[str] = []
    for part in parts:
        if not (part.quoted or part.excluded or part.field):
            bare.append(part.text)
            continue
        clauses += _of_words(bare)
        bare = []
        clauses += _of_part(part)
    clauses += _of_words(bare)
    kept = _merged(_without_silent(clauses))
    if not any(not clause.excluded for clause in kept):
        raise QueryError(f"Bitte geben Sie ein Wort oder eine Nummer ein. {_NOTHING}", "nothing to search")
    return ParsedQuery(tuple(kept), " ".join(map(_name, kept)))


def _parts(text: str) -> list[_Part]:
    if text.count('"') % 2:
        raise QueryError(f"Das Anführungszeichen ist nicht geschlossen. {_NOTHING}", "unbalanced quotes")
    unquoted = _QUOTED.sub(" ", text)
    _check_parentheses(unquoted)
    dangling = _DANGLING.search(unquoted)
    if dangling and not re.search(rf'{dangling[1]}:"', text):
        raise QueryError(f"Nach „{dangling[1].lower()}:“ fehlt der Wert. {_NOTHING}", "a field without a value")
    found = [_part(*match.groups()) for match in _PART.finditer(text)]
    if len(found) > _MAX_PARTS:
        raise QueryError(f"Das sind mehr als {_MAX_PARTS} Wörter. Bitte kürzen Sie. {_NOTHING}", "too many words")
    return found


def _part(minus: str, field: str | None, quoted: str | None, bare: str | None) -> _Part:
    value = quoted if quoted is not None else bare or ""
    name = (field or "").lower()
    if field and name not in FIELDS:
        value, name = f"{field}:{value}", ""
    return _Part(bool(minus), name, value, quoted is not None)


def _check_parentheses(text: str) -> None:
    depth = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            raise QueryError(f"Vor der schließenden Klammer fehlt die öffnende. {_NOTHING}", "unbalanced parentheses")
    if depth:
        raise QueryError(f"Die Klammer ist nicht geschlossen. {_NOTHING}", "unbalanced parentheses")


def _of_part(part: _Part) -> list[Clause]:
    """Clauses of a quoted, excluded or field part."""
    if part.field:
        return [replace(_field(part.field, part.text.strip()), excluded=part.excluded)]
    words = part.text.split()
    found = _phrase(words) if part.quoted and "§" not in part.text else list(_of_words(words))
    return [replace(clause, excluded=part.excluded) for clause in found]


def _field(name: str, value: str) -> Clause:
    kind = FIELDS[name]
    if not tokens(value):
        raise QueryError(f"Nach „{name}:“ fehlt der Wert. {_NOTHING}", "a field without a value")
    if kind == "case":
        return Clause(kind, (value,))
    if kind == "year" and not re.fullmatch(r"[0-9]{4}", value):
        raise QueryError(f"Nach „jahr:“ steht eine Jahreszahl mit vier Ziffern. {_NOTHING}", "not a year")
    return Clause(kind, (value.casefold(),))


def _phrase(words: Sequence[str]) -> list[Clause]:
    """Exactly these words, side by side. A single quoted word is looked for as it stands, without its other forms."""
    placed = [(offset, term) for offset, word in enumerate(words) for term in _exact(word)]
    if not placed:
        return []
    first = placed[0][0]
    return [Clause("phrase", tuple(term for _, term in placed), offsets=tuple(offset - first for offset, _ in placed))]


def _exact(word: str) -> list[str]:
    found = tokens(word)
    return list(number_terms(word)[:1]) or found if any(token[0].isdigit() for token in found) else found


def _of_words(words: Sequence[str]) -> Iterator[Clause]:
    """Clauses of neighbouring bare words."""
    at = 0
    while at < len(words):
        clauses, count = _citation(words, at) or _number(words, at) or (_word(words, at), 1)
        yield from clauses
        at += count


def _citation(words: Sequence[str], at: int) -> tuple[list[Clause], int] | None:
    """A citation asks for its most exact terms: with section and law where they were typed."""
    if words[at].startswith("§") or any(starts_citation(token) for token in tokens(words[at])):
        cited = citation(words, at)
        if cited:
            return [Clause("citation", (term,)) for term in dict.fromkeys(cited.exact)], cited.end - at
    book = law_book(words, at) if "sgb" in tokens(words[at]) else None
    return ([Clause("citation", (book[0],))], book[2]) if book else None


def _number(words: Sequence[str], at: int) -> tuple[list[Clause], int] | None:
    word = words[at]
    if not any(char.isdigit() for char in word):
        return None
    spans = spanning_numbers(words, at)
    if spans:
        term, count = max(spans, key=lambda span: span[1])
        parts = () if _ONE_SENSE.fullmatch(term) else range(at, at + count)
        single = tuple(clause for number in parts for clause in _one_number(words[number]))
        return [Clause("number", (term,), every=single, typed=" ".join(words[at : at + count]))], count
    return _one_number(word), 1


def _one_number(word: str) -> list[Clause]:
    terms = number_terms(word)[:1] or tuple(tokens(word)[:1])
    return [Clause("number", terms, typed=word)] if terms else []


def _word(words: Sequence[str], at: int) -> list[Clause]:
    """One word; "E-Mail" is one word or its parts; "Miet- und Heizkosten" asks for "Mietkosten" as well."""
    word = words[at]
    found = tokens(word)
    full = tuple(dict.fromkeys(completed(words, at))) if has_hyphen_at_edge(word) else ()
    if full:
        return [Clause("word", full, stem=stem(full[-1]))]
    single = [_plain(token) for token in found]
    if len(single) > 1 and "-" in word and all(map(str.isalpha, found)):
        joined = fold("".join(found))
        return [Clause("word", (joined,), stem=stem(joined), every=tuple(single))]
    return single


def _plain(token: str) -> Clause:
    if not token.isalpha():
        return Clause("word", (token,))
    size = len(token)
    distance = 0 if size < _ONE_ERROR_FROM else 1 if size < _TWO_ERRORS_FROM else 2
    return Clause("word", (token,), stem=stem(token), distance=distance, known=known(token))


def _without_silent(clauses: Sequence[Clause]) -> list[Clause]:
    """Little words count only when nothing else is asked: a short letter may have no "und"."""
    telling = [clause for clause in clauses if not (clause.kind == "word" and clause.terms[0] in _SILENT)]
    return telling if any(not clause.excluded for clause in telling) else list(clauses)


def _merged(clauses: Sequence[Clause]) -> list[Clause]:
    """Several values of one field become one clause that any of them fulfils; the same part twice counts once."""
    kept: dict[object, Clause] = {}
    for clause in clauses:
        key: object = (clause.kind, clause.excluded) if clause.is_field else clause
        before = kept.get(key)
        kept[key] = replace(clause, terms=(*before.terms, *clause.terms)) if before and clause.is_field else clause
    return list(kept.values())


def _name(clause: Clause) -> str:
    kind = "date" if clause.kind == "number" and _is_date(clause.terms) else clause.kind
    return ("ohne " if clause.excluded else "") + _NAMES[kind]


def _is_date(terms: Sequence[str]) -> bool:
    return bool(terms) and all(_DATE.fullmatch(term) for term in terms)
