"""Born-digital PDF of a letter: real text in embedded fonts, as the line-of-business system delivers our decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from fpdf import FPDF

from eakte.demo.drawing.fonts import DPI, font_path
from eakte.demo.drawing.layout import lay_out
from eakte.demo.drawing.sheet import PlacedWord, Shape, Sheet
from eakte.demo.letters.model import Letter

_POINT = 72 / DPI


def born_digital_pdf(letter: Letter) -> bytes:
    """The letter as PDF with text, lines and boxes (no photographs or matrix codes). The same letter, the same bytes."""
    pdf = FPDF(unit="pt", format="A4")
    made = letter.truth.document_date or date(2026, 1, 1)
    pdf.set_creation_date(
        datetime(made.year, made.month, made.day, tzinfo=UTC) if made else datetime(2026, 1, 1, tzinfo=UTC)
    )
    pdf.set_title(letter.truth.document_type)
    pdf.set_lang("de-DE")
    pdf.set_auto_page_break(False)
    sheets = lay_out(letter)
    for face, bold in sorted({(word.face, word.bold) for sheet in sheets for word in sheet.words}):
        pdf.add_font(face, "B" if bold else "", str(font_path(face, bold)))
    for sheet in sheets:
        pdf.add_page()
        _shapes(pdf, sheet)
        _words(pdf, sheet)
    return bytes(pdf.output())


def _words(pdf: Any, sheet: Sheet) -> None:
    for run in _runs(sheet):
        first = run[0]
        pdf.set_font(first.face, "B" if first.bold else "", first.pixels * _POINT)
        pdf.set_text_color(*first.colour)
        x, y = first.origin
        with pdf.rotation(-first.angle, x * _POINT, y * _POINT):
            pdf.text(x * _POINT, y * _POINT, " ".join(word.text for word in run))


def _runs(sheet: Sheet) -> Iterator[list[PlacedWord]]:
    """Words of one line that stand a word space apart, so that the text reads as it was set."""
    for _, line in groupby(sheet.words, key=lambda word: word.line):
        run: list[PlacedWord] = []
        for word in line:
            if run and not _adjoins(run[-1], word):
                yield run
                run = []
            run.append(word)
        yield run


def _adjoins(left: PlacedWord, right: PlacedWord) -> bool:
    style = (left.face, left.bold, left.pixels, left.angle)
    gap = right.origin[0] - left.box[2]
    return style == (right.face, right.bold, right.pixels, right.angle) and -4 <= gap < 0.7 * left.pixels


def _shapes(pdf: Any, sheet: Sheet) -> None:
    for shape in sheet.shapes:
        pdf.set_draw_color(*shape.colour)
        pdf.set_fill_color(*shape.colour)
        pdf.set_line_width(shape.width * _POINT)
        _shape(pdf, shape)


def _shape(pdf: Any, shape: Shape) -> None:
    points = [(x * _POINT, y * _POINT) for x, y in shape.points]
    (x0, y0), (x1, y1) = points[0], points[-1]
    if shape.kind in ("line", "curve"):
        pdf.polyline(points)
    elif shape.kind == "polygon":
        pdf.polygon(points)
    elif shape.kind in ("rect", "fill"):
        pdf.rect(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0), style="F" if shape.kind == "fill" else "D")
    elif shape.kind == "ellipse":
        pdf.ellipse(x0, y0, x1 - x0, y1 - y0)
