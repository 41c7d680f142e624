"""Lays the elements of a letter out on A4 sheets in DIN 5008 geometry. Pure: the same letter, the same sheets.

Measures after DIN 5008 form A and B: address field 85 x 45 mm from x = 20 mm, info block at x = 125 mm, margins 25 mm
left and 20 mm right.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import singledispatch

from eakte.demo.drawing import marks
from eakte.demo.drawing.sheet import BLACK, GREY, PEN, WIDTH, Shape, Sheet, line_width, px, wrap
from eakte.demo.letters.model import (
    Bar,
    Chart,
    Code,
    Element,
    Footer,
    FormRow,
    Gap,
    Info,
    Items,
    Letter,
    Letterhead,
    Note,
    Paragraph,
    Printed,
    Sender,
    Signature,
    Stamp,
    Subject,
    Table,
    Ticks,
    Window,
)  # fmt: skip

LEFT, RIGHT, TOP, BOTTOM = 25.0, 190.0, 22.0, 268.0
_FIELD_TOP = {"A": 27.0, "B": 45.0}
_INFO_TOP = {"A": 32.0, "B": 50.0}
_TEXT_TOP = {"A": 84.0, "B": 102.0}
_FOLDS = {"A": (87.0, 192.0), "B": (105.0, 210.0)}
BAR_GREY = (206, 206, 206)


@dataclass(slots=True)
class Flow:
    """The pen: the sheet being filled and how far down (mm) the text has come."""

    letter: Letter
    rng: random.Random
    sheets: list[Sheet] = field(default_factory=list)
    y: float = TOP

    @property
    def sheet(self) -> Sheet:
        """The sheet being filled."""
        return self.sheets[-1]

    def turn(self) -> None:
        """Begin a new sheet."""
        self.sheets.append(Sheet())
        self.y = TOP

    def need(self, mm: float) -> None:
        """Make room for something `mm` high; runs over to a numbered sheet when there is none."""
        if self.y + mm > BOTTOM:
            self.turn()
            self.sheet.write(f"- {len(self.sheets)} -", WIDTH / 2 - px(4), px(15), self.letter.face, 9)

    def lines(
        self, text: str, *, points: float = 0, bold: bool = False, align: str = "l", left: float = LEFT,
        right: float = RIGHT, leading: float = 1.32, hand: bool = False,
    ) -> None:  # fmt: skip
        """Wrapped text between two edges (mm) at the pen."""
        points = points or self.letter.size
        face = "hand" if hand else self.letter.face
        step = points * leading * 25.4 / 72
        for line in wrap(text, px(right) - px(left), face, points, bold):
            self.need(step)
            x = _aligned(align, left, right, line_width(line, face, points, bold))
            baseline = px(self.y + points * 25.4 / 72)
            if hand:
                baseline += self.rng.randint(-3, 3)
            colour, ink = (PEN, "hand") if hand else (BLACK, "print")
            self.sheet.write(line, x, baseline, face, points, bold=bold, colour=colour, ink=ink)  # type: ignore[arg-type]
            self.y += step


def lay_out(letter: Letter) -> list[Sheet]:
    """All sheets of the letter, at least one per page of the letter."""
    flow = Flow(letter, random.Random(f"layout-{letter.seed}"))
    for page in letter.pages:
        flow.turn()
        if any(isinstance(element, Window) for element in page):
            _fold_marks(flow)
        for element in page:
            place(element, flow)
    return flow.sheets


def _aligned(align: str, left: float, right: float, wide: float) -> float:
    free = px(right) - px(left) - wide
    return px(left) + (free if align == "r" else free / 2 if align == "c" else 0.0)


def _fold_marks(flow: Flow) -> None:
    for y in (*_FOLDS[flow.letter.form], 148.5):
        flow.sheet.rule(px(4), px(y), px(9 if y == 148.5 else 7), px(y), GREY, 1)


@singledispatch
def place(element: Element, flow: Flow) -> None:
    """Put an element on the sheet. Raises TypeError for what is no element."""
    raise TypeError(f"no layout for {type(element).__name__} on sheet {len(flow.sheets)}")


@place.register
def _(element: Letterhead, flow: Flow) -> None:
    face, top = flow.letter.face, 10.0 if flow.letter.form == "A" else 16.0
    align = {"left": "l", "centre": "c", "right": "r"}[element.style]
    for number, line in enumerate((element.name, *element.lines)):
        points = 15.0 if number == 0 else 8.5
        x = _aligned(align, LEFT, RIGHT, line_width(line, face, points, number == 0))
        flow.sheet.write(line, x, px(top + (5 if number == 0 else 6 + 3.8 * number)), face, points, bold=number == 0)
    if element.style != "right":
        under = top + 8 + 3.8 * len(element.lines)
        flow.sheet.rule(px(LEFT), px(under), px(RIGHT), px(under), GREY)
    flow.y = top + 14 + 3.8 * len(element.lines)


@place.register
def _(element: Window, flow: Flow) -> None:
    top, face = _FIELD_TOP[flow.letter.form], flow.letter.face
    flow.sheet.write(element.return_line, px(LEFT), px(top + 15.5), face, 6.5)
    flow.sheet.rule(px(LEFT), px(top + 17), px(LEFT + 80), px(top + 17), GREY, 1)
    for number, line in enumerate(element.lines):
        flow.sheet.write(line, px(LEFT), px(top + 22.5 + 4.8 * number), face, 10.5)
    flow.y = max(flow.y, _TEXT_TOP[flow.letter.form])


@place.register
def _(element: Info, flow: Flow) -> None:
    y = _INFO_TOP[flow.letter.form] + 3
    for label, value in element.rows:
        flow.sheet.write(label, px(125), px(y), flow.letter.face, 7.5)
        for line in wrap(value, px(45), flow.letter.face, 9):
            flow.sheet.write(line, px(152), px(y), flow.letter.face, 9)
            y += 4.4
    flow.y = max(flow.y, _TEXT_TOP[flow.letter.form], y + 6)


@place.register
def _(element: Sender, flow: Flow) -> None:
    for line in element.lines:
        flow.lines(line, left=130 if element.right else LEFT)
    flow.y += 4


@place.register
def _(element: Subject, flow: Flow) -> None:
    flow.y += 3
    flow.lines(element.text, bold=True, points=flow.letter.size + 0.5)
    flow.y += 4


@place.register
def _(element: Paragraph, flow: Flow) -> None:
    style, size = element.style, flow.letter.size
    if style == "box":
        marks.boxed(flow, element.text)
    elif style == "ruled":
        marks.ruled(flow, element.text)
    elif style == "title":
        flow.lines(element.text, points=size + 5, bold=True)
    elif style == "hand":
        flow.lines(element.text, points=size + 5, hand=True, leading=1.25)
    elif style == "small":
        flow.lines(element.text, points=7.5)
    else:
        align = {"centre": "c", "right": "r"}.get(style, "l")
        flow.lines(element.text, bold=style == "bold", align=align)
    flow.y += 2.6


@place.register
def _(element: Items, flow: Flow) -> None:
    for number, item in enumerate(element.items, start=1):
        flow.need(5)
        baseline = px(flow.y + flow.letter.size * 25.4 / 72)
        sheet = flow.sheet
        sheet.write(
            f"{number}." if element.numbered else "-", px(LEFT + 1), baseline, flow.letter.face, flow.letter.size
        )
        sheet.line -= 1
        flow.lines(item, left=LEFT + 8)
        flow.y += 0.8
    flow.y += 2


@place.register
def _(element: Table, flow: Flow) -> None:
    step = element.size * 1.5 * 25.4 / 72
    for number, row in enumerate(element.rows):
        cells = [
            wrap(text, px(wide - 2), flow.letter.face, element.size)
            for text, wide in zip(row, element.widths, strict=True)
        ]
        high = step * max(len(cell) for cell in cells)
        flow.need(high + 1)
        _table_row(element, flow, cells, element.header and number == 0, high)
        flow.y += high
    flow.y += 3


def _table_row(element: Table, flow: Flow, cells: list[list[str]], head: bool, high: float) -> None:
    left, sheet = LEFT, flow.sheet
    first, last = sheet.line, sheet.line
    for cell, wide, align in zip(cells, element.widths, element.align, strict=True):
        sheet.line = first
        for number, text in enumerate(cell):
            x = _aligned(align, left + 1, left + wide - 1, line_width(text, flow.letter.face, element.size, head))
            baseline = px(flow.y + element.size * (1.05 + 1.5 * number) * 25.4 / 72)
            sheet.write(text, x, baseline, flow.letter.face, element.size, bold=head)
        last = max(last, sheet.line)
        if element.grid:
            sheet.rect(px(left), px(flow.y), px(left + wide), px(flow.y + high), GREY, 2)
        left += wide
    sheet.words.sort(key=lambda word: word.line)
    sheet.line = last
    if head and not element.grid:
        sheet.rule(px(LEFT), px(flow.y + high), px(left), px(flow.y + high), BLACK, 2)


@place.register
def _(element: FormRow, flow: Flow) -> None:
    flow.need(10.5)
    total, left = sum(one.share for one in element.fields), LEFT
    first = flow.sheet.line
    for one in element.fields:
        wide = (RIGHT - LEFT) * one.share / total
        flow.sheet.rect(px(left), px(flow.y), px(left + wide), px(flow.y + 10), GREY, 2)
        flow.sheet.line = first
        flow.sheet.write(one.label, px(left + 1.2), px(flow.y + 3), flow.letter.face, 6.5)
        flow.sheet.line = first + 1
        hand = one.ink == "hand"
        flow.sheet.write(
            one.value, px(left + 2), px(flow.y + 8.2), "hand" if hand else flow.letter.face, 14 if hand else 10,
            colour=PEN if hand else BLACK, ink=one.ink,
        )  # fmt: skip
        left += wide
    flow.sheet.words.sort(key=lambda word: word.line)
    flow.sheet.line = first + 2
    flow.y += 10.4


@place.register
def _(element: Ticks, flow: Flow) -> None:
    for ticked, label in element.items:
        flow.need(6)
        top = flow.y + 0.6
        flow.sheet.rect(px(LEFT), px(top), px(LEFT + 3.2), px(top + 3.2), BLACK, 3)
        if ticked:
            marks.cross(flow, LEFT, top)
        flow.lines(label, left=LEFT + 6)
        flow.y += 1
    flow.y += 1.5


@place.register
def _(element: Bar, flow: Flow) -> None:
    flow.need(18)
    flow.y += 2
    flow.sheet.fill(px(LEFT), px(flow.y), px(RIGHT), px(flow.y + 6), BAR_GREY)
    flow.sheet.write(element.text, px(LEFT + 1.5), px(flow.y + 4.4), flow.letter.face, 10, bold=True)
    flow.y += 7.2


@place.register
def _(element: Signature, flow: Flow) -> None:
    marks.signature(flow, element)


@place.register
def _(element: Gap, flow: Flow) -> None:
    flow.y += element.mm


@place.register
def _(element: Printed, flow: Flow) -> None:
    flow.sheet.write(element.text, px(element.x), px(element.y), flow.letter.face, element.size, bold=element.bold)


@place.register
def _(element: Note, flow: Flow) -> None:
    flow.sheet.write(element.text, px(element.x), px(element.y), "hand", element.size, colour=PEN, ink="hand")


@place.register
def _(element: Stamp, flow: Flow) -> None:
    marks.stamp(flow.sheet, element)


@place.register
def _(element: Code, flow: Flow) -> None:
    corner = (px(element.x), px(element.y))
    end = (px(element.x + element.mm), px(element.y + element.mm))
    flow.sheet.shapes.append(Shape("code", (corner, end), payload=f"{element.kind}|{element.payload}"))


@place.register
def _(element: Footer, flow: Flow) -> None:
    flow.sheet.rule(px(LEFT), px(274), px(RIGHT), px(274), GREY, 1)
    wide = (RIGHT - LEFT) / max(1, len(element.columns))
    for column, lines in enumerate(element.columns):
        for number, line in enumerate(lines):
            flow.sheet.write(line, px(LEFT + wide * column), px(277.5 + 3.1 * number), flow.letter.face, 6.5)


@place.register
def _(element: Chart, flow: Flow) -> None:
    marks.chart(flow, element)
