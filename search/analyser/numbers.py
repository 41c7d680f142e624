"""Numbers, dates and file numbers as search terms: every usual spelling of one number gives one term. Pure.

"99801//0004711", "99801 BG 0004711" and "99801-0004711" give `99801bg0004711`; "W-00317/26" gives `w.317.26` and
`317.26` (divisions stay, leading zeros go: "3/1726" is another number); "1.234,56" gives `1234,56`; "12. März 2026" gives
`d20260312`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from search.analyser.folding import fold

_TOKEN = re.compile(r"[^\W_]+")
_BG = re.compile(r"(\d{5})(?:bg)?(\d{7})")
_BG_SPELLING = re.compile(r"(?<!\d)(\d{5})\s*(?:bg|-|/{1,2}|\s)\s*(\d{7})(?!\d)")
_IBAN_START = re.compile(r"[a-z]{2}\d{2}")
_AMOUNT = re.compile(r"(\d{1,3}(?:\.\d{3})*|\d+),(\d{2})")
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan janner", "februar feb", "marz mrz", "april apr", "mai", "juni jun", "juli jul", "august aug",
            "september sep sept", "oktober okt", "november nov", "dezember dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_LONG = 7
_MAX_LENGTH = 64
_MAX_TOKENS = 8
_REACH = 4
_IBAN_REACH = 8
_LETTERS_BETWEEN = 3
_CENTURY_FROM = 50
Span = tuple[str, int]
"""A term and how many words it covers."""


def number_form(text: str) -> str:
    """A number in one joined form, folded, without separators; a BG number in its canonical form."""
    joined = fold("".join(_TOKEN.findall(fold(text))))
    found = _BG.fullmatch(joined)
    return f"{found[1]}bg{found[2]}" if found else joined


@lru_cache(maxsize=1 << 14)
def number_terms(word: str) -> tuple[str, ...]:
    """The terms of one word with digits, most telling first; empty for a plain short number (its token is the term)."""
    text = fold(word[:_MAX_LENGTH])
    found = _TOKEN.findall(text)[:_MAX_TOKENS]
    bg = _BG_SPELLING.search(text) or (_BG.fullmatch(found[0]) if len(found) == 1 else None)
    if bg:
        return (f"{bg[1]}bg{bg[2]}",)
    day = _day(text)
    if day:
        return (day,)
    amount = _AMOUNT.fullmatch(text.strip("-–.,;:()€ "))
    if amount:
        return (f"{amount[1].replace('.', '')},{amount[2]}",)
    if len(found) == 1:
        bare = found[0].lstrip("0")
        return (bare,) if bare and bare != found[0] and found[0].isdigit() else ()
    return _divided(found)


def spanning_numbers(words: Sequence[str], start: int) -> tuple[Span, ...]:
    """Terms of numbers and dates that begin at the word `start` and go on over the next words."""
    reach = _IBAN_REACH if _IBAN_START.fullmatch(fold(words[start][:_MAX_LENGTH])) else _REACH
    following = words[start + 1 : start + reach]
    return (*_long_date(words[start], following), *_joined(words[start], following))


def _divided(found: list[str]) -> tuple[str, ...]:
    """ "w", "00317", "26" -> `w.317.26` and, from the first digits on, `317.26`."""
    bare = [token.lstrip("0") or "0" if token.isdigit() else token for token in found]
    digits = next((at for at, token in enumerate(found) if token[0].isdigit()), len(found))
    whole, rest = ".".join(bare), ".".join(bare[digits:])
    return (whole, rest) if 0 < digits < len(found) - 1 else (whole,)


def _joined(first: str, following: Sequence[str]) -> list[Span]:
    """A long number written in groups: neighbouring digit groups, with at most a short code or a sign between."""
    spans: list[Span] = []
    tokens = _TOKEN.findall(fold(first[:_MAX_LENGTH]))
    for count, word in enumerate(following, 2):
        found = _TOKEN.findall(fold(word[:_MAX_LENGTH]))
        if len("".join(found)) > _LETTERS_BETWEEN and not any(token[0].isdigit() for token in found):
            break
        tokens += found
        text = fold("".join(tokens))
        if found and found[-1].isdigit() and sum(map(str.isdigit, text)) >= _LONG and len(text) <= _MAX_LENGTH:
            bg = _BG_SPELLING.fullmatch(" ".join(tokens).replace(" bg ", " "))
            spans.append((f"{bg[1]}bg{bg[2]}" if bg else text, count))
    return spans


def _long_date(first: str, following: Sequence[str]) -> list[Span]:
    """ "12." "März" "2026" and "12.03." "2026" """
    day = first.rstrip(".")
    if not first.endswith(".") or not following:
        return []
    if day.isdigit() and len(following) > 1:
        term = _term(following[1].strip(".,;:)"), _MONTHS.get(fold(following[0]).rstrip("."), 0), day)
        return [(term, 3)] if term else []
    term = _day(f"{first}{following[0].strip('.,;:)')}")
    return [(term, 2)] if term else []


def _day(text: str) -> str:
    bare = text.strip(".,;:()")
    found = _DAY.fullmatch(bare)
    if found:
        return _term(found[3], int(found[2]), found[1])
    iso = _ISO_DAY.fullmatch(bare)
    return _term(iso[1], int(iso[2]), iso[3]) if iso else ""


def _term(year: str, month: int, day: str) -> str:
    if not (year.isascii() and year.isdigit() and day.isascii() and day.isdigit() and len(year) in (2, 4)):
        return ""
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < _CENTURY_FROM else 1900
    try:
        return f"d{date(number, month, int(day)):%Y%m%d}"
    except ValueError:
        return ""
