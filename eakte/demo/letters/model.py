"""What a letter is made of: elements in reading order per page, and the truth about where it belongs.

Elements say what stands on the paper; where exactly each word lands is worked out by `eakte.demo.drawing.layout`.
Lengths are millimetres, type sizes are points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Ink = Literal["print", "hand"]
Face = Literal["sans", "humanist", "serif", "mono"]
Style = Literal["normal", "bold", "small", "centre", "title", "box", "hand", "right", "ruled"]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Name and lines of the sender at the top; `style`: left | centre (courts) | right (authorities)."""

    name: str
    lines: tuple[str, ...]
    style: Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class Window:
    """The address field after DIN 5008: return line and up to six lines of the recipient."""

    return_line: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """The info block at the right: labels and values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sender:
    """A private sender's own lines, at the top left or right, without window geometry."""

    lines: tuple[str, ...]
    right: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject in bold, without the word "Betreff"."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, wrapped by the layout; a line feed in the text is kept. `ruled`: hand on ruled lines."""

    text: str
    style: Style = "normal"


@dataclass(frozen=True, slots=True)
class Items:
    """A list: numbered, or with dashes."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row; `widths` in mm, `align` one letter per column (l, r, c)."""

    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    size: float = 9.0
    grid: bool = False
    header: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """A box of a form: small label, value below; `share` of the line width."""

    label: str
    value: str
    share: float = 1.0
    ink: Ink = "print"


@dataclass(frozen=True, slots=True)
class FormRow:
    """Boxes beside each other."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Tick boxes with their labels, one per line."""

    items: tuple[tuple[bool, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A grey bar with the heading of a form section."""

    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A scribble by hand over a line, with printed lines below; `signed` False leaves it empty."""

    lines: tuple[str, ...] = ()
    signed: bool = True
    stamp: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty space."""

    mm: float


@dataclass(frozen=True, slots=True)
class Printed:
    """Printed text at a place of its own: fax header, form code at the foot, page number."""

    text: str
    x: float
    y: float
    size: float = 8.0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A note by hand at a place of its own."""

    text: str
    x: float
    y: float
    size: float = 15.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """A rubber stamp: box or round, turned by `angle` degrees, in blue, red or green."""

    lines: tuple[str, ...]
    x: float
    y: float
    angle: float
    colour: Literal["blue", "red", "green"] = "blue"
    round: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A matrix code with foreign content (postage, payment): never one of our sheets."""

    kind: Literal["QRCode", "DataMatrix"]
    payload: str
    x: float
    y: float
    mm: float


@dataclass(frozen=True, slots=True)
class Footer:
    """Small print at the foot of the page, in columns."""

    columns: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars for a metering sheet, arms of an authority, or black bars over payees: no text."""

    kind: Literal["bars", "arms", "blackout", "photo"]
    x: float
    y: float
    width: float
    height: float


Element = (
    Letterhead
    | Window
    | Info
    | Sender
    | Subject
    | Paragraph
    | Items
    | Table
    | FormRow
    | Ticks
    | Bar
    | Signature
    | Gap
    | Printed
    | Note
    | Stamp
    | Code
    | Footer
    | Chart
)
Page = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the case that is printed: kind bg_number | customer_number | file_number | name | birth_date |
    address; `text` as printed (an address: its street and house number).
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class LetterTruth:
    """Where the letter belongs, from how it was made (never from the router).

    `file_number`: the case it belongs to, also where only a person can know it; None: no case. `expected`: what the
    machine may do. `holds_enough`: the printed text (handwriting does not count) has two independent agreeing facts
    for exactly one open case; `expected == "file"` implies it, but not the other way round (marked persons, wrong
    addressee, complaints). `trap` names the trap of letters.md §4, or is empty.
    """

    file_number: str | None
    expected: Literal["file", "clearing"]
    holds_enough: bool
    why: str
    document_type: str
    document_date: date | None
    kind: str
    facts: tuple[Fact, ...] = ()
    trap: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail item: pages of elements, type face, DIN 5008 form, and the truth.

    A page with more text than fits runs over to further sheets when it is laid out. `seed` drives scribbles only.
    """

    pages: tuple[Page, ...]
    face: Face
    form: Literal["A", "B"]
    seed: int
    truth: LetterTruth
    direction: Literal["in", "out"] = "in"
    size: float = 10.5
