"""What a person typed, understood: words, phrases, exclusions, fields, numbers. Pure; the same for every engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from search.analysis import fold, known, number_form, stem, tokens

FIELDS = {
    "akte": "number",
    "nummer": "number",
    "typ": "type",
    "jahr": "year",
    "schlagwort": "keyword",
    "einheit": "unit",
}
_PART = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))')
_MAX_PARTS = 24


class QueryError(InvalidInput):
    """The query cannot be understood; nothing was searched."""

    code = "query"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part: kind word | phrase | number | type | year | keyword | unit; `terms` folded; `stem` and `fuzzy` for words."""

    kind: str
    terms: Sequence[str]
    excluded: bool = False
    stem: str | None = None
    fuzzy: bool = False


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """Clauses that must all hold, and in words what was understood."""

    clauses: Sequence[Clause]
    understood: str


def parse(text: str) -> ParsedQuery:
    """Understand a query. Raises QueryError only; total on any text."""
    if text.count('"') % 2:
        raise QueryError("Das Anführungszeichen ist nicht geschlossen. Gesucht wurde nichts.", "unbalanced quotes")
    if text.count("(") != text.count(")"):
        raise QueryError("Die Klammer ist nicht geschlossen. Gesucht wurde nichts.", "unbalanced parentheses")
    clauses: list[Clause] = []
    for minus, field, quoted, bare in _PART.findall(text.replace("(", " ").replace(")", " "))[:_MAX_PARTS]:
        clauses += _clauses(bool(minus), field.lower(), quoted, bare)
    if not any(not clause.excluded for clause in clauses):
        raise QueryError("Bitte geben Sie ein Wort oder eine Nummer ein. Gesucht wurde nichts.", "nothing to search")
    return ParsedQuery(clauses, " ".join(_words(clause) for clause in clauses))


def _clauses(excluded: bool, field: str, quoted: str, bare: str) -> list[Clause]:
    value = quoted or bare
    kind = FIELDS.get(field)
    if field and kind is None:
        value, kind = f"{field} {value}", None
    if kind in ("type", "year", "keyword", "unit"):
        return [Clause(kind, (value.upper(),), excluded)]
    if kind == "number" or (not quoted and _is_number(value)):
        return [Clause("number", (number_form(value), *tokens(value)), excluded)]
    found = [token for word in value.split() for token in tokens(word)]
    if quoted and len(found) > 1:
        return [Clause("phrase", tuple(found), excluded)]
    return [_word(token, excluded) for token in found]


def _word(token: str, excluded: bool) -> Clause:
    fuzzy = token.isalpha() and len(token) >= 5 and not known(token)
    return Clause("word", (token,), excluded, stem(token) if token.isalpha() else None, fuzzy)


def _is_number(value: str) -> bool:
    return sum(char.isdigit() for char in value) >= 5 and len(fold(value)) <= 40


def _words(clause: Clause) -> str:
    names = {"word": "Wort", "phrase": "Wortfolge", "number": "Akte", "type": "Typ", "year": "Jahr",
             "keyword": "Schlagwort", "unit": "Einheit"}  # fmt: skip
    return ("ohne " if clause.excluded else "") + names[clause.kind]
