"""What a letter says, as facts with their place: number keys, dates, folded words. Pure; knows no register.

A number is any run of one to four words that folds to a key with enough digits; the register decides whether it means
something. For each run a second key undoes the usual confusions of recognition (O/0, I/1, S/5, B/8 …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from archive.names import name_key
from archive.numbers import number_key
from archive.pagetext import Box, PageText, Word

_MAX_RUN = 4
_MAX_KEY = 24
_MIN_DIGITS = 4
_DIGITS = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
)
_BG_CONFUSED = re.compile(r"^([0-9OQDILZSGB|]{5})(BG|8G|B6|86|//|11|1/|/1|LL|II|/|-)?([0-9OQDILZSGB|]{7})$")
_BG_SUFFIX = re.compile(r"^(\d{5}BG\d{7})\d{1,3}$")  # 99801BG0004711-01 names a person of the community
_CUSTOMER = re.compile(r"^([0-9OQDILZSGB|]{3})([A-Z])([0-9OQDILZSGB|]{6})$")
_DATE = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?((?:19|20)\d{2})(?!\d)")
_MONTHS = ("januar", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
           "dezember")  # fmt: skip
_LONG_DATE = re.compile(r"(?<!\d)(\d{1,2})\.?\s+([A-Za-zäÄ]{3,9})\s+((?:19|20)\d{2})(?!\d)")
_LETTERS = str.maketrans("015|8", "olslb")
_PUNCTUATION = ".,;:()[]{}<>\"'„“”‚‘’!?*_"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: page from 1, box in pixels of the raw page, and its text as read."""

    page: int
    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class NumberFact:
    """A run of words that may be a number: its lookup key, and whether confusions had to be undone."""

    key: str
    corrected: bool
    place: Place


@dataclass(frozen=True, slots=True)
class DateFact:
    """A calendar date in the letter; `label` is the folded text just before it; `height` its place on the page (0-1)."""

    value: date
    label: str
    height: float
    place: Place


@dataclass(frozen=True, slots=True)
class FoldedWord:
    """A word of the letter folded as a name, with its place and its running number."""

    key: str
    position: int
    line: tuple[int, int]
    place: Place


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that judging reads from a letter."""

    numbers: Sequence[NumberFact]
    dates: Sequence[DateFact]
    words: Sequence[FoldedWord]
    text: str
    first_page: str
    head: str
    window: str
    streets: str


def read_facts(pages: Sequence[PageText]) -> Facts:
    """The facts of a letter. Total on any text."""
    numbers: list[NumberFact] = []
    dates: list[DateFact] = []
    words: list[FoldedWord] = []
    for number, page in enumerate(pages, 1):
        numbers += _numbers(number, page.words)
        dates += _dates(number, page)
        words += _folded(number, page, len(words))
    texts = [page.text() for page in pages]
    head = _upper_part(pages[0]) if pages else ""
    text = "\n".join(texts)
    window = _window(pages[0]) if pages else ""
    return Facts(numbers, dates, words, text, texts[0] if texts else "", head, window, street_key(text))


def street_key(text: str) -> str:
    """Text folded for finding streets with their house numbers: letters and digits, "straße" as "str". Pure."""
    spaced = re.sub(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])", " ", text)
    parts = [part if part.isdigit() else name_key(part) for part in re.findall(r"\d+|[^\W\d]+", spaced)]
    return " " + " ".join(re.sub(r"strasse$", "str", part) for part in parts if part) + " "


def _numbers(page_no: int, words: Sequence[Word]) -> Iterator[NumberFact]:
    for start in range(len(words)):
        joined = ""
        for stop in range(start, min(start + _MAX_RUN, len(words))):
            joined += words[stop].text.strip(_PUNCTUATION)
            if len(joined) > _MAX_KEY + 6:
                break
            run = words[start : stop + 1]
            for key, corrected in keys_of(joined):
                yield NumberFact(key, corrected, _place(page_no, run))


def keys_of(text: str) -> Iterator[tuple[str, bool]]:
    """The lookup keys that a string may mean: as it stands, then with confusions undone. Pure."""
    plain = number_key(text)
    if sum(char.isdigit() for char in plain) >= _MIN_DIGITS and len(plain) <= _MAX_KEY:
        yield plain, False
    suffixed = _BG_SUFFIX.match(plain)
    if suffixed:
        yield suffixed[1], False
    raw = re.sub(r"\s", "", text.upper())
    confused = _BG_CONFUSED.match(raw)
    if confused:
        key = f"{confused[1].translate(_DIGITS)}BG{confused[3].translate(_DIGITS)}"
        if key != plain:
            yield key, True
    customer = _CUSTOMER.match(raw)
    if customer:
        key = f"{customer[1].translate(_DIGITS)}{customer[2]}{customer[3].translate(_DIGITS)}"
        if key != plain:
            yield key, True


def _dates(page_no: int, page: PageText) -> Iterator[DateFact]:
    for line in page.lines():
        text = " ".join(word.text for word in line)
        for match in (*_DATE.finditer(text), *_LONG_DATE.finditer(text)):
            value = _calendar(match[1], match[2], match[3])
            if value is None:
                continue
            label = name_key(text[max(0, match.start() - 30) : match.start()])
            run = _words_between(line, match.start(), match.end())
            height = run[0].box[1] / page.height if page.height else 0.0
            yield DateFact(value, label, height, _place(page_no, run))


def _calendar(day: str, month: str, year: str) -> date | None:
    number = int(month) if month.isdigit() else _month(month)
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def _month(word: str) -> int:
    key = name_key(word)
    for number, name in enumerate(_MONTHS, 1):
        if key and (name == key or (len(key) >= 3 and name.startswith(key))):
            return number
    return 0


def _words_between(line: Sequence[Word], start: int, stop: int) -> list[Word]:
    found, offset = [], 0
    for word in line:
        end = offset + len(word.text)
        if offset < stop and end > start:
            found.append(word)
        offset = end + 1
    return found or list(line[:1])


def _folded(page_no: int, page: PageText, first: int) -> Iterator[FoldedWord]:
    position = first
    for word in page.words:
        for part in name_key(_as_letters(word.text)).split():
            yield FoldedWord(part, position, (page_no, word.line), Place(page_no, word.box, word.text))
            position += 1


def _as_letters(text: str) -> str:
    """A word of letters in which recognition put digits: "Ni1s" is "Nils". Numbers stay numbers."""
    letters = sum(char.isalpha() for char in text)
    return text.translate(_LETTERS) if letters >= 2 and letters > sum(char.isdigit() for char in text) else text


def _upper_part(page: PageText) -> str:
    """Text of the upper 45 % of the first page: letterhead, window, info block, subject."""
    limit = page.height * 0.45
    lines = [" ".join(word.text for word in line) for line in page.lines() if line[0].box[1] < limit]
    return "\n".join(lines)


def _window(page: PageText) -> str:
    """Lines of the address zone of DIN 5008 (form A or B): x 20-105 mm, y 44-90 mm, by share of an A4 page.

    The sender's return line, set with dots above the address, is left out.
    """
    found = []
    for line in page.lines():
        x, y = line[0].box[0], line[0].box[1]
        inside = page.width * 0.08 <= x <= page.width * 0.4 and page.height * 0.148 <= y <= page.height * 0.305
        text = " ".join(word.text for word in line)
        if inside and "·" not in text and "•" not in text:
            found.append(text)
    return "\n".join(found)


def _place(page_no: int, run: Sequence[Word]) -> Place:
    boxes = [word.box for word in run]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Place(page_no, box, " ".join(word.text for word in run))
