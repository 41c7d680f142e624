"""Dates of a letter with what they are: birth, letter, deadline, fax header, receipt stamp, reference. Pure.

The letter's own date is never a birth date, a deadline, a fax header's or a stamp's; where nothing says so, none is
better than a wrong one (a wrong date starts wrong periods).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rapidfuzz.distance import Levenshtein

from archive.names import name_key
from ingest.references.catalogue import DIGIT_GLYPHS
from ingest.tagging.labels import Labels
from ingest.tagging.tokens import Place, Reading, Segment, Token, Zone, place_of

DateLabel = Literal["birth", "letter", "deadline", "fax", "stamp", "reference", "period", "other"]
_MONTHS = (
    "januar", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "dezember",
)  # fmt: skip
_D = r"[\dOoQDIl|!iZzSsbGBgq]"
_SEP = r"\s?[.,·]\s?"
_NUMERIC = re.compile(rf"(?<![\w])({_D}{{1,2}}){_SEP}({_D}{{1,2}}){_SEP}({_D}{{4}}|\d{{2}})(?![\w])")
_TIGHT = re.compile(rf"(?<![\w])({_D}{{2}})[.,]?({_D}{{2}})[.,]?((?:19|20|l9|I9|Z0|2O|2o){_D}{{2}})(?![\w])")
_ISO = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_LONG = re.compile(rf"(?<![\w])({_D}{{1,2}})[.,]?\s+([A-Za-zÄäéÉ0-9]{{3,10}})\.?\s+({_D}{{4}})(?![\w])")
_TO_DIGIT = str.maketrans(DIGIT_GLYPHS)
_BIRTH = re.compile(r"\b(geb|gebor\w*|geburt\w*|gebdat|gebdatum|born|jahrgang)\b")
_DEADLINE = re.compile(r"\b(bis|spatestens|frist|fallig|zahlbar|termin|ablauf|endet)\b( \w+){0,2}$")
_REFERENCE = re.compile(r"\b(vom|seit|ab|zum|nachricht|bescheid\w*|schreiben)$")
_PERIOD = re.compile(r"\b(zeitraum|einzug|auszug|beginn|mietbeginn|eintritt|gultig|von|zeit)( \w+){0,2}$")
_LETTER = re.compile(r"\b(datum|den|dat)$")
_STAMP = re.compile(r"eingegangen|eingang\b|einqeg\w*|posteingang")
_CLOCK = re.compile(r"\d\d[:.]\d\d")
_OLDEST = 1900
_STAMP_REACH = 8.0  # millimetres from the date of a stamp to its other lines


@dataclass(frozen=True, slots=True)
class DateMention:
    """A calendar date as printed. `two_digit`: the year had two digits (the century is a choice)."""

    value: date
    label: DateLabel
    zone: Zone
    two_digit: bool
    place: Place
    stamp_text: str = ""


def find_dates(reading: Reading, today: date) -> tuple[DateMention, ...]:
    """All dates with their label. `today` (the day of receipt) decides the century of two-digit years."""
    labels = Labels(reading)
    found: list[DateMention] = []
    for segment in reading.segments:
        text = segment.text
        taken: list[tuple[int, int]] = []
        for start, stop, value, short in _matches(text, today):
            if any(first < stop and start < last for first, last in taken):
                continue
            taken.append((start, stop))
            tokens = _run(segment, start, stop)
            before = name_key(text[:start])[-60:]
            label = _label(labels, segment, tokens, before)
            stamp = labels.around(tokens[0], _STAMP_REACH) if label == "stamp" else ""
            found.append(DateMention(value, label, tokens[0].zone, short, place_of(tokens), stamp))
    return tuple(found)


def document_date(dates: Sequence[DateMention], received_on: date) -> DateMention | None:
    """The letter's own date: labelled on page 1, else one standing alone at the top or the end of it; else none."""
    page = min((mention.place.page for mention in dates), default=1)
    fitting = [
        one for one in dates
        if one.place.page == page and one.value <= received_on and one.label in ("letter", "other") and not one.two_digit
    ]  # fmt: skip
    recent = [one for one in fitting if (received_on - one.value).days <= 400]
    for chosen in (
        [one for one in recent if one.label == "letter"],
        [one for one in recent if one.zone in ("info", "window", "subject")],
        [one for one in fitting if one.label == "letter"],
    ):
        if chosen:
            return chosen[0]
    signed = [
        one for one in dates
        if one.label in ("letter", "other") and one.value <= received_on and not one.two_digit
        and (received_on - one.value).days <= 400
    ]  # fmt: skip
    return recent[-1] if recent else signed[-1] if signed else None


def earlier_receipt(dates: Sequence[DateMention], received_on: date) -> DateMention | None:
    """The stamp of another office before ours (§ 16 Abs. 2 SGB I): the earliest one of the last half year."""
    stamps = [
        one for one in dates
        if one.label == "stamp" and 0 < (received_on - one.value).days <= 183 and "jobcenter" not in one.stamp_text
    ]  # fmt: skip
    return min(stamps, key=lambda one: (one.value, one.place.page, one.place.box), default=None)


def _matches(text: str, today: date) -> Iterator[tuple[int, int, date, bool]]:
    for pattern in (_NUMERIC, _LONG, _TIGHT):
        for match in pattern.finditer(text):
            if _doubtful(match):
                continue
            value = _calendar(match[1], match[2], match[3], today)
            if value is not None:
                yield match.start(), match.end(), value, len(match[3]) == 2
    for match in _ISO.finditer(text):
        value = _calendar(match[3], match[2], match[1], today)
        if value is not None:
            yield match.start(), match.end(), value, False


def _doubtful(match: re.Match[str]) -> bool:
    """More turned glyphs than digits ("/S.ll.Z026" by hand): rather no date than a wrong one."""
    numerals = "".join(group for group in match.groups() if len(group) < 5 and not group.isalpha())
    return sum(char.isdigit() for char in numerals) * 3 < len(numerals) * 2


def _calendar(day: str, month: str, year: str, today: date) -> date | None:
    try:
        number = _month(month)
        whole = int(year.translate(_TO_DIGIT))
        value = date(whole if whole > 99 else _century(whole, today), number, int(day.translate(_TO_DIGIT)))
    except ValueError:
        return None
    return value if _OLDEST <= value.year <= today.year + 50 else None


def _century(year: int, today: date) -> int:
    """A two-digit year lies at most one year ahead, else in the last century."""
    return 2000 + year if 2000 + year <= today.year + 1 else 1900 + year


def _month(word: str) -> int:
    digits = word.translate(_TO_DIGIT)
    if digits.isdigit():
        return int(digits)
    key = name_key(word.replace("0", "o").replace("1", "l")).replace("rn", "m")
    for number, name in enumerate(_MONTHS, 1):
        close = len(key) > 3 and Levenshtein.distance(name, key, score_cutoff=1) <= 1
        if key and (close or (len(key) >= 3 and name.startswith(key))):
            return number
    raise ValueError(word)


def _run(segment: Segment, start: int, stop: int) -> tuple[Token, ...]:
    run, offset = [], 0
    for token in segment.tokens:
        end = offset + len(token.text)
        if offset < stop and end > start:
            run.append(token)
        offset = end + 1
    return tuple(run) or segment.tokens[:1]


def _label(labels: Labels, segment: Segment, tokens: Sequence[Token], before: str) -> DateLabel:
    first = tokens[0]
    if first.page == 1 and first.y < 14 and _CLOCK.search(segment.text):
        return "fax"
    named = before or labels.left(segment)
    above = labels.above(first)
    if not before and _stamped(above):
        return "stamp"
    head = named or above
    for pattern, label in _ORDER:
        if pattern.search(head[-45:]):
            return label
    if _stamped(labels.around(first, 15)):
        return "stamp"
    if re.search(r"^\W*[A-ZÄÖÜ][\w-]+( [A-ZÄÖÜ][\w-]+)?,( den)? $", segment.text[: _offset(segment, first)]):
        return "letter"
    return "other"


def _stamped(around: str) -> bool:
    if _STAMP.search(around):
        return True
    return any(Levenshtein.distance("eingegangen", word, score_cutoff=3) <= 3 for word in around.split())


_ORDER: tuple[tuple[re.Pattern[str], DateLabel], ...] = (
    (re.compile(_BIRTH.pattern + r"(?:\W+\w+){0,3}\W*$"), "birth"),
    (_LETTER, "letter"),
    (_DEADLINE, "deadline"),
    (_REFERENCE, "reference"),
    (_PERIOD, "period"),
)


def _offset(segment: Segment, token: Token) -> int:
    offset = 0
    for one in segment.tokens:
        if one == token:
            return offset
        offset += len(one.text) + 1
    return 0
