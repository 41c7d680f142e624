"""The words of a letter with their place and zone: what every finder of this package reads. Pure.

Places are judged on the upright page in millimetres; boxes stay in pixels of the raw page. Zones follow DIN 5008
(address field x 20-105 mm, info block from x 125 mm; forms A and B) and only weigh findings, they never decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from archive.pagetext import Box, PageText

Zone = Literal["letterhead", "window", "info", "subject", "title", "body", "foot"]
_MM = 25.4
_GAP = 12.0  # millimetres between words from which a line counts as two columns
_SALUTATIONS = ("sehr geehrte", "guten tag", "hallo", "liebe ", "lieber ", "guten morgen")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: page from 1, box in pixels of the raw page, text as read."""

    page: int
    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word. `x`, `y`, `right`, `bottom` are millimetres on the upright page."""

    text: str
    page: int
    line: int
    segment: int
    box: Box
    x: float
    y: float
    right: float
    bottom: float
    zone: Zone


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of one line without a wide gap: a cell, a label, a column's line."""

    index: int
    page: int
    line: int
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """The words joined by blanks."""
        return " ".join(token.text for token in self.tokens)

    @property
    def zone(self) -> Zone:
        """The zone of its first word."""
        return self.tokens[0].zone

    @property
    def height(self) -> float:
        """Height of the tallest word in millimetres."""
        return max(token.bottom - token.y for token in self.tokens)


@dataclass(frozen=True)
class Reading:
    """A letter's words, segment by segment, page by page."""

    tokens: tuple[Token, ...]
    segments: tuple[Segment, ...]

    @cached_property
    def first_page(self) -> tuple[Segment, ...]:
        """Segments of the first page that has words."""
        pages = {segment.page for segment in self.segments}
        return tuple(segment for segment in self.segments if segment.page == min(pages, default=0))

    def page_segments(self) -> Iterator[tuple[Segment, ...]]:
        """The segments of each page."""
        for page in sorted({segment.page for segment in self.segments}):
            yield tuple(segment for segment in self.segments if segment.page == page)


def place_of(tokens: Sequence[Token]) -> Place:
    """The place of a run of words. The box covers those on the page of the first one."""
    same = [token for token in tokens if token.page == tokens[0].page]
    boxes = [token.box for token in same]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Place(same[0].page, box, " ".join(token.text for token in tokens))


def read_tokens(pages: Sequence[PageText]) -> Reading:
    """Words with zones, from all pages. Total on any page text, empty ones included."""
    segments: list[Segment] = []
    for number, page in enumerate(pages, 1):
        for line_no, words in enumerate(page.lines()):
            placed = [(word.text.strip(), word.box, _upright(page, word.box)) for word in words if word.text.strip()]
            for run in _columns(placed):
                index = len(segments)
                tokens = tuple(
                    Token(text, number, line_no, index, box, *mm, _zone(number, mm, page)) for text, box, mm in run
                )
                segments.append(Segment(index, number, line_no, tokens))
    marked = _with_subject(segments)
    return Reading(tuple(token for segment in marked for token in segment.tokens), tuple(marked))


_Mm = tuple[float, float, float, float]
_Placed = tuple[str, Box, _Mm]


def _upright(page: PageText, box: Box) -> _Mm:
    x0, y0, x1, y1 = box
    if page.rotation == 180:
        x0, y0, x1, y1 = page.width - x1, page.height - y1, page.width - x0, page.height - y0
    elif page.rotation == 90:
        x0, y0, x1, y1 = page.height - y1, x0, page.height - y0, x1
    elif page.rotation == 270:
        x0, y0, x1, y1 = y0, page.width - x1, y1, page.width - x0
    scale = _MM / (page.dpi or 300)
    return (x0 * scale, y0 * scale, x1 * scale, y1 * scale)


def _columns(placed: Sequence[_Placed]) -> Iterator[list[_Placed]]:
    run: list[_Placed] = []
    for previous, current in pairwise([None, *placed]):
        if current is None:
            continue
        if previous is not None and run and not -_GAP < current[2][0] - previous[2][2] < _GAP:
            yield run
            run = []
        run.append(current)
    if run:
        yield run


def _zone(number: int, mm: _Mm, page: PageText) -> Zone:
    x, y = mm[0], mm[1]
    height = (page.height if page.rotation in (0, 180) else page.width) * _MM / (page.dpi or 300)
    if y > height * 0.89:
        return "foot"
    if number > 1:
        return "body"
    if y < height * 0.095:
        return "letterhead"
    if y < height * 0.32 and x >= 112:
        return "info"
    if y < height * 0.305 and x < 105:
        return "window"
    return "body"


def _with_subject(segments: list[Segment]) -> list[Segment]:
    """Mark the subject (up to three lines before the salutation, or behind "Betreff") and titles (large print)."""
    first = [segment for segment in segments if segment.page == 1]
    heights = sorted(segment.height for segment in first)
    usual = heights[len(heights) // 2] if heights else 0.0
    titles = {segment.index for segment in first if _is_title(segment, usual)}
    chosen = {s.index for s in first if s.text.casefold().startswith(("betreff", "betr.", "betrifft"))}
    salutation = next((segment for segment in first if segment.text.casefold().startswith(_SALUTATIONS)), None)
    if salutation is not None:
        top = salutation.tokens[0].y
        before = [
            s for s in first if s.index < salutation.index and 0 < top - s.tokens[0].y < 24 and s.tokens[0].x < 60
        ]
        chosen |= {segment.index for segment in before[-3:]}
    return [
        _rezoned(segment, "subject")
        if segment.index in chosen
        else _rezoned(segment, "title")
        if segment.index in titles
        else segment
        for segment in segments
    ]


def _is_title(segment: Segment, usual: float) -> bool:
    y = segment.tokens[0].y
    return 12 < y < 150 and segment.height > usual * 1.3 and len(segment.text) > 5


def _rezoned(segment: Segment, zone: Zone) -> Segment:
    tokens = tuple(
        Token(t.text, t.page, t.line, t.segment, t.box, t.x, t.y, t.right, t.bottom, zone) for t in segment.tokens
    )
    return Segment(segment.index, segment.page, segment.line, tokens)
