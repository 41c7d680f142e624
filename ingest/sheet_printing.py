"""Prints our separator sheets: QR and Code 128 with the payload, and Patch T to the millimetre (STANDARDS §9)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import zxingcpp
from fpdf import FPDF
from PIL import Image

from core.errors import InvalidInput
from ingest.sheets import PREFIX, parse_sheet

_NARROW_MM, _WIDE_MM = 2.03, 5.08
_BARS = (_NARROW_MM, _WIDE_MM, _NARROW_MM, _WIDE_MM)
_PATCH_TOP_MM, _PATCH_LENGTH_MM = 14.0, 120.0
_QR_MM = 60.0
_LONGEST_BARS = 40  # characters of a Code 128 whose bars a scanner still tells apart in the width of a sheet


def payload_of(fields: Sequence[str]) -> str:
    """The payload of the fields (`NAME=value`), SEP alone without any. Raises InvalidInput for what no sheet may hold."""
    payload = "|".join([PREFIX, *fields]) if fields else f"{PREFIX}|SEP"
    sheet = parse_sheet(payload)
    if sheet is None or sheet.faults or not payload.isascii():
        raise InvalidInput(
            "Diese Felder gibt es auf Trennblättern nicht, oder sie enthalten unerlaubte Zeichen.", "bad sheet fields"
        )
    return payload


def print_sheets(fields: Sequence[str], count: int) -> bytes:
    """A PDF of `count` equal sheets, A4."""
    payload = payload_of(fields)
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=False)
    for _ in range(count):
        pdf.add_page()
        _patch(pdf)
        _codes(pdf, payload)
        pdf.set_font("Helvetica", "B", 22)
        pdf.set_xy(20, 190)
        pdf.cell(170, 10, "Trennblatt", align="C")
        pdf.set_font("Helvetica", "", 12)
        pdf.set_xy(20, 204)
        pdf.cell(170, 8, payload, align="C")
        pdf.set_xy(20, 214)
        pdf.cell(170, 8, "Dieses Blatt trennt zwei Sendungen. Bitte mit einscannen.", align="C")
    return bytes(pdf.output())


def _patch(pdf: FPDF) -> None:
    top, left = _PATCH_TOP_MM, (210 - _PATCH_LENGTH_MM) / 2
    for width in _BARS:
        pdf.rect(left, top, _PATCH_LENGTH_MM, width, style="F")
        top += width + _NARROW_MM


def _codes(pdf: FPDF, payload: str) -> None:
    square = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode)
    pdf.image(_picture(square, 12), x=(210 - _QR_MM) / 2, y=60, w=_QR_MM)
    if len(payload) > _LONGEST_BARS:
        return
    bars = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.Code128)
    pdf.image(_picture(bars, 4), x=35, y=140, w=140, h=22)


def _picture(barcode: zxingcpp.Barcode, scale: int) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(barcode.to_image(scale=scale)).save(buffer, "PNG")
    buffer.seek(0)
    return buffer
