"""A laid-out sheet: every word with its box, every line, box and scribble; the one truth for painting, for the
simulated reading and for born-digital PDFs. Pixels at 300 dpi, origin top left, A4 upright (2480 x 3508).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from eakte.demo.drawing.fonts import ink_box, pixels_of_mm, pixels_of_points, width

WIDTH, HEIGHT = 2480, 3508
WordInk = Literal["print", "hand", "stamp"]
Colour = tuple[int, int, int]
BLACK: Colour = (25, 25, 28)
GREY: Colour = (120, 120, 120)
INKS: dict[str, Colour] = {"blue": (38, 60, 150), "red": (176, 38, 44), "green": (40, 120, 70)}
PEN: Colour = (30, 45, 110)


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word on the sheet: `origin` is its start on the base line, `box` its ink, `line` counts lines from 0.

    A stamp's words are turned: their box is the upright box around the turned word.
    """

    text: str
    box: tuple[int, int, int, int]
    origin: tuple[float, float]
    face: str
    bold: bool
    pixels: int
    colour: Colour
    line: int
    ink: WordInk
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A line, rect, fill, ellipse, curve, polygon, matrix code or photograph. Points in pixels."""

    kind: Literal["line", "rect", "fill", "ellipse", "curve", "polygon", "code", "photo"]
    points: tuple[tuple[float, float], ...]
    colour: Colour = BLACK
    width: int = 2
    payload: str = ""


@dataclass(slots=True)
class Sheet:
    """Words and shapes of one sheet, while it is being filled."""

    words: list[PlacedWord] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    line: int = 0

    def write(
        self, text: str, x: float, baseline: float, face: str, points: float, *, bold: bool = False,
        colour: Colour = BLACK, ink: WordInk = "print",
    ) -> float:  # fmt: skip
        """Set one line of words from x (pixels); returns where it ends. Opens a new line number."""
        size = pixels_of_points(points)
        space = width(face, bold, size, " ")
        for text_word in text.split():
            left, top, right, bottom = ink_box(face, bold, size, text_word)
            box = (round(x) + left, round(baseline) + top, round(x) + right, round(baseline) + bottom)
            self.words.append(
                PlacedWord(
                    text_word, _inside(box), (round(x), round(baseline)), face, bold, size, colour, self.line, ink
                )
            )
            x += width(face, bold, size, text_word) + space
        self.line += 1
        return x - space

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: Colour = BLACK, stroke: int = 2) -> None:
        """A straight line."""
        self.shapes.append(Shape("line", ((x0, y0), (x1, y1)), colour, stroke))

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour = BLACK, stroke: int = 2) -> None:
        """An empty box."""
        self.shapes.append(Shape("rect", ((x0, y0), (x1, y1)), colour, stroke))

    def fill(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A filled box."""
        self.shapes.append(Shape("fill", ((x0, y0), (x1, y1)), colour))


def line_width(text: str, face: str, points: float, bold: bool = False) -> float:
    """Width of a line of words in pixels."""
    size = pixels_of_points(points)
    words = text.split()
    gaps = max(0, len(words) - 1) * width(face, bold, size, " ")
    return sum(width(face, bold, size, word) for word in words) + gaps


def wrap(text: str, room: float, face: str, points: float, bold: bool = False) -> list[str]:
    """Lines that fit into `room` pixels; line feeds in the text are kept. A longer word gets a line of its own."""
    lines: list[str] = []
    size = pixels_of_points(points)
    space = width(face, bold, size, " ")
    for part in text.split("\n"):
        current: list[str] = []
        used = 0.0
        for word in part.split():
            need = width(face, bold, size, word)
            if current and used + space + need > room:
                lines.append(" ".join(current))
                current, used = [], 0.0
            used += need + (space if current else 0.0)
            current.append(word)
        lines.append(" ".join(current))
    return lines


def px(mm: float) -> int:
    """Millimetres in pixels."""
    return pixels_of_mm(mm)


def _inside(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    x0, y0 = min(max(0, x0), WIDTH - 2), min(max(0, y0), HEIGHT - 2)
    return x0, y0, min(WIDTH, max(x1, x0 + 1)), min(HEIGHT, max(y1, y0 + 1))
