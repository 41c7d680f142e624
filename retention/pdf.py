"""Plain German reports as PDF/A-2b (ISO 19005-2): title, facts, paragraphs, tables. Knows nothing of records.

Written by fpdf2 with embedded fonts and checked by pikepdf before it is handed out: what does not conform is an error,
never a file.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import Any, Final

import pikepdf.pdfa
from fpdf import FPDF
from fpdf.enums import DocumentCompliance
from fpdf.fonts import FontFace
from pikepdf import Pdf

_FONT: Final = "Source Sans Pro"
_FILES: Final = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}
_MARGIN_MM: Final = 18.0


class Report:
    """A report in the making. `created` is an instant with zone; equal input gives equal text."""

    def __init__(self, title: str, created: datetime, *, landscape: bool = False) -> None:
        self._pdf = FPDF(
            orientation="L" if landscape else "P", format="A4", enforce_compliance=DocumentCompliance.PDFA_2B
        )
        self._pdf.set_margins(_MARGIN_MM, _MARGIN_MM)
        self._pdf.set_auto_page_break(True, _MARGIN_MM)
        self._pdf.set_title(title)
        self._pdf.set_lang("de-DE")
        self._pdf.set_creator("E-Akte")
        self._pdf.set_creation_date(created)
        for style, name in _FILES.items():
            with resources.as_file(resources.files("font_source_sans_pro").joinpath("files", name)) as path:
                self._pdf.add_font(_FONT, style, path)
        self._pdf.add_page()
        self.heading(title, 17)

    def heading(self, text: str, size: float = 12) -> None:
        """A heading on a line of its own."""
        self._pdf.ln(2)
        self._pdf.set_font(_FONT, "B", size)
        self._pdf.multi_cell(0, size * 0.5, _printable(text), new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(1)

    def paragraph(self, text: str) -> None:
        """Running text."""
        self._pdf.set_font(_FONT, "", 10)
        self._pdf.multi_cell(0, 5, _printable(text), new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(1)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Pairs of a name and its value, one a line."""
        self._table([("", ""), *rows], (1, 3), headed=False)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """A table whose header is repeated on each page; `widths` are shares."""
        self._table([tuple(header), *rows], widths, headed=True)

    def to_bytes(self) -> bytes:
        """The PDF/A-2b. Raises pikepdf.pdfa.PdfaError when it does not conform."""
        out = io.BytesIO()
        with Pdf.open(io.BytesIO(bytes(self._pdf.output()))) as pdf:
            if "/OpenAction" in pdf.Root:
                del pdf.Root["/OpenAction"]  # only a zoom, and the check does not know it
            pikepdf.pdfa.save(pdf, out, "2b", deterministic_id=True)
        return out.getvalue()

    def _table(self, rows: Sequence[Sequence[str]], widths: Sequence[int], *, headed: bool) -> None:
        self._pdf.set_font(_FONT, "", 9)
        options: dict[str, Any] = {
            "col_widths": tuple(widths),
            "line_height": 4.4,
            "text_align": "LEFT",
            "first_row_as_headings": headed,
            "headings_style": FontFace(emphasis="BOLD", fill_color=(235, 235, 235)),
            "borders_layout": "HORIZONTAL_LINES" if headed else "NONE",
        }
        with self._pdf.table(**options) as table:
            for cells in rows if headed else rows[1:]:
                row = table.row()
                for cell in cells:
                    row.cell(_printable(cell))
        self._pdf.ln(2)


def _printable(text: str) -> str:
    """Control characters have no glyph; everything else is the font's business."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
