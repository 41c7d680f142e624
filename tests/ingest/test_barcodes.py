"""Sheets are seen however they were fed: each kind of code, alone, turned, leaning and noisy; letters are none."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from bench.letters import draw, fonts
from eakte.demo.drawing.fonts import font
from ingest.barcodes import read_mark
from ingest.patchcode import has_patch
from ingest.sheet_printing import print_sheets

DPI = 150
KINDS = {
    "bars": (zxingcpp.BarcodeFormat.Code128, (90.0, 14.0)),
    "square": (zxingcpp.BarcodeFormat.QRCode, (20.0, 20.0)),
    "matrix": (zxingcpp.BarcodeFormat.DataMatrix, (16.0, 16.0)),
}


def _sheet(kind: str) -> np.ndarray:
    form, (width, height) = KINDS[kind]
    picture = zxingcpp.create_barcode("EA1|CASE=W-1/26", form).to_image(scale=4)
    size = (round(width * DPI / 25.4), round(height * DPI / 25.4))
    page = np.full((1754, 1240), 245, np.uint8)
    page[700 : 700 + size[1], 300 : 300 + size[0]] = cv2.resize(np.asarray(picture), size, interpolation=cv2.INTER_AREA)
    return page


def _scanned(page: np.ndarray, lean: float) -> np.ndarray:
    size = (page.shape[1], page.shape[0])
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), lean, 1.0)
    turned = cv2.warpAffine(page, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(245,))
    noise = np.random.default_rng(5).normal(0, 8, turned.shape)
    return np.clip(turned + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("lean", [0.0, 2.0])
def test_a_lone_code_is_a_sheet_however_it_lies(kind: str, turns: int, lean: float) -> None:
    mark = read_mark(np.ascontiguousarray(np.rot90(_scanned(_sheet(kind), lean), turns)), DPI)
    assert mark.sheet is not None
    assert mark.sheet.fields == {"CASE": "W-1/26"}


LETTER = (
    "Erika Beispiel", "Deichweg 3", "00811 Halvesund", "", "Jobcenter Kreis Halvesund", "Deichtorplatz 1",
    "00811 Halvesund", "", "Bescheinigung meines Vermieters", "", "Sehr geehrte Damen und Herren,",
    "anbei erhalten Sie die angeforderte Bescheinigung. Bitte bestätigen Sie mir",
    "den Eingang.", "", "Mit freundlichen Grüßen", "Erika Beispiel",
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("point", [9, 11])
@pytest.mark.parametrize("lean", [0.0, 1.5])
def test_a_code_stuck_on_a_short_letter_is_evidence_at_most(kind: str, point: int, lean: float) -> None:
    """As staff stick them: the letter would vanish with the sheet that it is taken for."""
    page = Image.fromarray(_sheet(kind))
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(LETTER):
        pen.text((150, 960 + 34 * number), line, fill=40, font=font("sans", False, round(point * DPI / 72)))
    mark = read_mark(_scanned(np.asarray(page), lean), DPI)
    assert (mark.sheet, mark.codes) == (None, ("EA1|CASE=W-1/26",))


FIELDS = {"CASE": "99801BG0004711", "DOC": "ANTRAG_WEITERBEWILLIGUNG", "KEY": "L05", "UNIT": "SZ-HAL-L1", "SHEETS": "12",
          "BATCH": "2026-11-24-0001"}  # fmt: skip


@pytest.mark.parametrize("patch", [True, False])
@pytest.mark.parametrize("number", [0, 1, len(FIELDS)])
def test_our_printed_sheets_are_sheets_with_as_many_fields_as_there_are(number: int, patch: bool) -> None:
    fields = dict(list(FIELDS.items())[:number])
    with pypdfium2.PdfDocument(print_sheets([f"{name}={value}" for name, value in fields.items()], 1)) as pdf:
        page = pdf[0].render(scale=DPI / 72, grayscale=True).to_numpy().copy()
    if not patch:
        page[: round(50 * DPI / 25.4)] = 255
    assert has_patch(page, DPI) is patch
    mark = read_mark(_scanned(page, 1.0), DPI)
    assert mark.sheet is not None
    assert mark.sheet.fields == fields


def test_print_is_neither_code_nor_patch() -> None:
    if not fonts():
        pytest.skip("no font with all German letters on this machine")
    grey = np.ascontiguousarray(draw(random.Random(3), fonts()[0]).pixels[::2, ::2])
    mark = read_mark(grey, 150)
    assert mark.sheet is None
    assert mark.codes == ()
    assert not has_patch(grey, 150)


def _with_patch(page: np.ndarray) -> np.ndarray:
    """The page with Patch T near its upper edge, whatever stood there."""
    patched, top = page.copy(), 150.0
    patched[130:280, 190:910] = 240
    for bar in (2.03, 5.08, 2.03, 5.08):
        patched[round(top) : round(top + bar * DPI / 25.4), 200:900] = 20
        top += (bar + 2.03) * DPI / 25.4
    return patched


@pytest.mark.parametrize("turns", range(4))
def test_patch_t_is_seen_along_and_across(turns: int) -> None:
    page = _with_patch(np.full((1754, 1240), 240, np.uint8))
    grey = np.ascontiguousarray(np.rot90(_scanned(page, 1.5), turns))
    assert has_patch(grey, DPI)
    assert read_mark(grey, DPI).sheet is not None
    short = page.copy()
    short[:, 380:] = 240  # 30 mm of bars are no patch
    assert not has_patch(_scanned(short, 0.0), DPI)


@pytest.mark.parametrize("lean", [0.0, 1.5])
def test_a_patch_on_a_page_full_of_print_makes_it_no_sheet(lean: float) -> None:
    """A sheet is no part of a letter: the page would be read by nobody and go with the batch."""
    if not fonts():
        pytest.skip("no font with all German letters on this machine")
    letter = np.ascontiguousarray(draw(random.Random(3), fonts()[0]).pixels[::2, ::2])
    grey = _scanned(_with_patch(letter), lean)
    assert has_patch(grey, DPI)
    assert read_mark(grey, DPI).sheet is None
