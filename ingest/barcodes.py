"""Barcodes on a page and whether the page is a separator sheet of its own. Reads a grey copy of about 150 dpi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from ingest.patchcode import has_patch
from ingest.sheets import PATCH_TEXT, Sheet, parse_sheet

Grey = npt.NDArray[np.uint8]
_FORMATS: Final[Any] = [
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.DataMatrix,
    zxingcpp.BarcodeFormat.Code39,
]
_MARGIN_MM: Final = 4.0
_SPARSE: Final = 0.018  # share of ink beside the code up to which any code makes a sheet
_LOOSE: Final = 0.03  # the same for a code that is large on the page
_LARGE_MM: Final = 28.0


@dataclass(frozen=True, slots=True)
class PageMark:
    """What a page says to splitting: a sheet (None = not one), and the texts of codes that are evidence only."""

    sheet: Sheet | None
    codes: tuple[str, ...] = ()


def read_mark(grey: Grey, dpi: int) -> PageMark:
    """Sheet and codes of a page."""
    found = _read(grey)
    patched = has_patch(grey, dpi)
    ours = [(code, sheet) for code in found if (sheet := parse_sheet(code.text)) is not None]
    # The same sheet may carry its payload as several codes, and a bare PATCHT beside it: the one with fields speaks.
    for code, sheet in sorted(ours, key=lambda pair: -len(pair[1].fields)):
        if patched or _is_page_of_its_own(grey, dpi, [one for one, _ in ours], code):
            return PageMark(sheet)
    texts = tuple(code.text for code in found if code.text != PATCH_TEXT)
    return PageMark(Sheet() if patched else None, texts)


def _read(grey: Grey) -> list[zxingcpp.Barcode]:
    fast = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=False, try_downscale=False, try_invert=False)
    if fast or not _looks_like_a_sheet(grey):
        return list(fast)
    return list(zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=True, try_downscale=True))


def _looks_like_a_sheet(grey: Grey) -> bool:
    """Mostly empty pages may be sheets fed sideways: they are worth a second, slower look."""
    return 0.0005 < float(np.mean(_ink(grey))) < 0.05


def _is_page_of_its_own(grey: Grey, dpi: int, codes: Sequence[zxingcpp.Barcode], code: zxingcpp.Barcode) -> bool:
    """Whether there is hardly anything on the page beside our codes; a large code allows more than a small one."""
    if dpi <= 0:
        dpi = round(max(grey.shape) / 11.69)
    ink = _ink(grey)
    margin = round(_MARGIN_MM * dpi / 25.4)
    for one in codes:
        left, top, right, bottom = _box(one)
        ink[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = 0
    share = float(np.mean(ink))
    left, top, right, bottom = _box(code)
    side = max(right - left, bottom - top) * 25.4 / dpi
    return share < _SPARSE or (side >= _LARGE_MM and share < _LOOSE)


def _box(code: zxingcpp.Barcode) -> tuple[int, int, int, int]:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _ink(grey: Grey) -> Grey:
    threshold = min(160.0, float(np.median(grey)) - 50)
    return np.asarray(cv2.threshold(grey, threshold, 1, cv2.THRESH_BINARY_INV)[1], np.uint8)
