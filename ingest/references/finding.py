"""Finding numbers in a letter: by the patterns of `references.yaml` and as any run of words that could be a number.

The register decides what a run means, so unknown schemes ("13502-0012345") are found too. Every reading says how it
came about: as printed, with a misread glyph turned back (letter in a digit's place: one result), or guessed (digit for
digit, lost digit: many results, bounded). Nothing here knows which numbers exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from archive.names import name_key
from archive.numbers import number_key
from ingest.references.catalogue import DIGIT_GLYPHS, LETTER_GLYPHS, ReferenceKind, catalogue
from ingest.references.checks import check
from ingest.tagging.tokens import Place, Reading, Segment, Token, Zone, place_of

Correction = Literal["none", "glyph", "guess"]
RUN = "RUN"  # kind of a number that no pattern describes
_MAX_WORDS, _MIN_DIGITS, _MIN_KEY, _MAX_KEY = 4, 4, 5, 24
_SHORT_DIGITS = 7  # all-digit keys below this length count only behind a label
_PUNCTUATION = ".,;:()[]{}<>\"'„“”‚‘’!?*_"
_LABEL = re.compile(r"(nummer|zeichen|aktenz|kunden?nr|bg nr|bg|az|gz|nr|kd nr|gesch z)$")
_TO_DIGIT = str.maketrans(DIGIT_GLYPHS)
_MAY_BE_DIGIT = frozenset("0123456789") | frozenset(DIGIT_GLYPHS)
# Digits that are taken for each other; "1" and "7" by references.yaml, the others seen with the `deu` model.
_DIGIT_SWAPS = {"1": "74", "7": "1", "3": "8", "8": "3960", "0": "86", "6": "805", "5": "6", "9": "8", "4": "1"}
_SEPARATED = frozenset({"BG_NUMMER"})  # all that tells one number from another is in the digits
_GUESSED = frozenset({"BG_NUMMER", "KUNDENNUMMER"})
_SHORT_BG = re.compile(r"(?<![\dA-Z])(\d{4,5})\s*(?://|BG)\s*(\d{6,7})(?!\d)")


@dataclass(frozen=True, slots=True)
class NumberReading:
    """A number as read. `value` is its normal form, `key` what the register is asked for (archive.numbers).

    `kind`: id of `references.yaml` or RUN. `checked`: obeys its check rule (None: no rule). `labelled`: a label for
    numbers stands before it.
    """

    kind: str
    value: str
    key: str
    correction: Correction
    checked: bool | None
    labelled: bool
    zone: Zone
    place: Place


def find_references(reading: Reading) -> tuple[NumberReading, ...]:
    """All numbers of known kinds, printed right or with misread glyphs. A failed check rule drops a reading."""
    found: list[NumberReading] = []
    for text in _page_texts(reading):
        for kind in catalogue().values():
            found += _of_kind(kind, text)
    return _without_doubles(found)


def own_number_keys(reading: Reading, references: Sequence[NumberReading]) -> tuple[NumberReading, ...]:
    """Readings to look up in the register: own kinds of `references`, any run that may be a number, and guesses."""
    kinds = catalogue()
    own = [one for one in references if kinds[one.kind].owner in ("ours", "shared")]
    runs = [one for segments in _lines(reading) for one in _runs(segments)]
    guesses = [guess for one in own if one.kind in _GUESSED for guess in _guesses(one)]
    guesses += [guess for text in _page_texts(reading) for guess in _lost_digits(text)]
    return _without_doubles([*own, *runs, *guesses])


@dataclass(frozen=True, slots=True)
class _PageText:
    text: str
    starts: tuple[int, ...]
    tokens: tuple[Token, ...]

    def run(self, start: int, stop: int) -> list[Token]:
        ends = (*self.starts[1:], len(self.text) + 1)
        return [
            token for token, first, last in zip(self.tokens, self.starts, ends, strict=True)
            if first < stop and last - 1 > start
        ]  # fmt: skip


def _page_texts(reading: Reading) -> Iterator[_PageText]:
    for segments in reading.page_segments():
        parts: list[str] = []
        starts: list[int] = []
        tokens: list[Token] = []
        length = 0
        previous: Token | None = None
        for token in (token for segment in segments for token in segment.tokens):
            glue = "" if previous is None else "\n" if token.line != previous.line else " "
            starts.append(length + len(glue))
            parts += [glue, token.text]
            length += len(glue) + len(token.text)
            tokens.append(token)
            previous = token
        yield _PageText("".join(parts), tuple(starts), tuple(tokens))


def _of_kind(kind: ReferenceKind, page: _PageText) -> Iterator[NumberReading]:
    exact = list(kind.pattern.finditer(page.text))
    for match in exact:
        value = kind.value(match.groupdict())
        if check(kind.check, _checked_form(kind, match, value)) is False and kind.relaxed:
            # Two letters of one shape ("G" for "C"): only a reading that obeys the rule counts.
            for other in _repaired(kind, match.groupdict(), letters=True):
                yield from _reading(kind, page, match, other, "glyph")
            continue
        yield from _reading(kind, page, match, value, "none")
    taken = [match.span() for match in exact]
    for match in kind.relaxed.finditer(page.text) if kind.relaxed else ():
        if not any(start < match.end() and match.start() < stop for start, stop in taken):
            values = _repaired(kind, match.groupdict())
            correction: Correction = "glyph" if len(values) == 1 else "guess"
            if kind.id in _SEPARATED and _digits_printed(kind, match.groupdict()):
                correction = "none"
            for value in values:
                yield from _reading(kind, page, match, value, correction)


def _reading(
    kind: ReferenceKind, page: _PageText, match: re.Match[str], value: str, correction: Correction
) -> Iterator[NumberReading]:
    checked = check(kind.check, _checked_form(kind, match, value))
    run = page.run(match.start(), match.end())
    if not run or (checked is False and kind.check != "betriebsnummer_soft"):
        return
    before = _before(page, match.start())
    labelled = bool(_LABEL.search(before)) or any(name_key(label) in before for label in kind.labels)
    if kind.needs_label and not labelled:
        return
    yield NumberReading(kind.id, value, number_key(value), correction, checked, labelled, run[0].zone, place_of(run))


def _checked_form(kind: ReferenceKind, match: re.Match[str], value: str) -> str:
    """Document numbers carry their check digit in a group of their own."""
    return value + (match.groupdict().get("p") or "") if kind.check == "docno_731" else value


def _repaired(kind: ReferenceKind, groups: Mapping[str, str | None], *, letters: bool = False) -> list[str]:
    """Normal forms with misread glyphs turned back; several when a letter's place holds a digit."""
    names, options = [], []
    for name, raw in groups.items():
        text = raw or ""
        if name in kind.digit_groups:
            choices = [re.sub(r"\s", "", text).translate(_TO_DIGIT)]
        elif text in kind.fixed:
            choices = [kind.fixed[text]]
        elif len(text) == 1 and (text.isdigit() or letters):
            choices = list(LETTER_GLYPHS.get(text, "" if text.isdigit() else text))
        else:
            choices = [text]
        names.append(name)
        options.append(choices)
    values = [kind.value(dict(zip(names, combination, strict=True))) for combination in product(*options)]
    passing = [value for value in values if check(kind.check, value)]
    return passing or ([] if letters else values)


def _digits_printed(kind: ReferenceKind, groups: Mapping[str, str | None]) -> bool:
    """Only the separator was misread ("8G" for "BG"); every digit stands as printed."""
    return all(re.sub(r"\s", "", groups[name] or "").isdigit() for name in kind.digit_groups if groups[name])


def _runs(segment: Sequence[Token]) -> Iterator[NumberReading]:
    """Runs of one to four words of a line that have enough digits, as printed and with glyphs turned back."""
    words = [token.text.strip(_PUNCTUATION) for token in segment]
    digits = [sum(char in _MAY_BE_DIGIT for char in word) for word in words]
    for start in range(len(words)):
        if not any(char.isdigit() for char in words[start]) and len(words[start]) > 4:
            continue
        for stop in range(start + 1, min(start + _MAX_WORDS, len(words)) + 1):
            if sum(digits[start:stop]) < _MIN_DIGITS:
                continue
            joined = " ".join(words[start:stop])
            if len(joined) > _MAX_KEY + 6:
                break
            labelled = bool(_LABEL.search(name_key(" ".join(words[max(0, start - 3) : start]))))
            yield from _run(joined, segment[start:stop], labelled)


def _run(text: str, tokens: Sequence[Token], labelled: bool) -> Iterator[NumberReading]:
    plain = number_key(text)
    turned = number_key(" ".join(_digits_back(part) for part in re.split(r"([\s/.\-]+)", text)))
    for key, correction in ((plain, "none"), (turned, "glyph")):
        digits = sum(char.isdigit() for char in key)
        if digits < _MIN_DIGITS or not _MIN_KEY <= len(key) <= _MAX_KEY or (correction == "glyph" and key == plain):
            continue
        if key.isdigit() and len(key) < _SHORT_DIGITS and not labelled:
            continue
        kind: Correction = "none" if correction == "none" else "glyph"
        yield NumberReading(RUN, text, key, kind, None, labelled, tokens[0].zone, place_of(tokens))


def _digits_back(part: str) -> str:
    digits = sum(char.isdigit() for char in part)
    return part.translate(_TO_DIGIT) if digits * 2 >= len(part) and digits else part


def _guesses(reading: NumberReading) -> Iterator[NumberReading]:
    """One digit of a number taken for another."""
    for position, char in enumerate(reading.value):
        for other in _DIGIT_SWAPS.get(char, ""):
            yield _guess(reading, reading.value[:position] + other + reading.value[position + 1 :])


def _lost_digits(page: _PageText) -> Iterator[NumberReading]:
    """A BG number in which one digit was lost."""
    for match in _SHORT_BG.finditer(page.text):
        carrier, serial = match[1], match[2]
        run = page.run(match.start(), match.end())
        if len(carrier) + len(serial) != 11 or not run:
            continue
        base = NumberReading("BG_NUMMER", "", "", "guess", None, False, run[0].zone, place_of(run))
        short, full = (carrier, 5) if len(carrier) == 4 else (serial, 7)
        for position in range(full):
            for digit in "0123456789":
                whole = short[:position] + digit + short[position:]
                yield _guess(base, f"{whole}BG{serial}" if full == 5 else f"{carrier}BG{whole}")


def _guess(base: NumberReading, value: str) -> NumberReading:
    return NumberReading(
        base.kind, value, number_key(value), "guess", base.checked, base.labelled, base.zone, base.place
    )


def _before(page: _PageText, start: int) -> str:
    """The folded words before a place: same line, or the line above when nothing stands before it."""
    head = page.text[max(0, start - 60) : start]
    lines = head.rsplit("\n", 2)
    nearest = lines[-1] if lines[-1].strip() else (lines[-2] if len(lines) > 1 else "")
    return name_key(nearest[-45:])


def _lines(reading: Reading) -> Iterator[tuple[Token, ...]]:
    """Words of each line; cells of a line stay apart, but a label's cell lends its words to the next one."""
    previous: Segment | None = None
    for segment in reading.segments:
        lent: tuple[Token, ...] = ()
        if previous is not None and (previous.page, previous.line) == (segment.page, segment.line):
            lent = previous.tokens[-3:]
        yield (*lent, *segment.tokens)
        previous = segment


def _without_doubles(found: Sequence[NumberReading]) -> tuple[NumberReading, ...]:
    """One reading per kind, key and place; the best printed one first."""
    kept: dict[tuple[str, str, int, tuple[int, int, int, int]], NumberReading] = {}
    rank = {"none": 0, "glyph": 1, "guess": 2}
    for one in sorted(found, key=lambda one: rank[one.correction]):
        kept.setdefault((one.kind, one.key, one.place.page, one.place.box), one)
    return tuple(kept.values())
