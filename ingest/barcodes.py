"""Barcodes on a page and whether the page is a separator sheet of its own. Reads a grey copy of about 150 dpi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from ingest import images
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
_BAR_MM: Final = (10.0, 1.2)  # what is inked without a gap over that much is a bar (or a frame, a dark edge), no print
_CAPTION: Final = 180  # characters that a sheet may bear beside its code: a title, its fields, a sentence
_GLYPH_MM: Final = (1.2, 12.0)
_WORD_MM: Final = 40.0
_CELL: Final = 8  # pixels; a code is a patch of cells that are all half inked, print stands in lines
_CODE_MM: Final = 6.0
_CODE_INK: Final = (0.15, 0.9)


@dataclass(frozen=True, slots=True)
class PageMark:
    """What a page says to splitting: a sheet (None = not one), and the texts of codes that are evidence only."""

    sheet: Sheet | None
    codes: tuple[str, ...] = ()


def read_mark(grey: Grey, dpi: int) -> PageMark:
    """Sheet and codes of a page."""
    found = _read(grey, dpi)
    patched = has_patch(grey, dpi) and cv2.mean(_beside(_without_bars(_ink(grey), dpi), dpi, found))[0] < _LOOSE
    ours = [(code, sheet) for code in found if (sheet := parse_sheet(code.text)) is not None]
    # The same sheet may carry its payload as several codes, and a bare PATCHT beside it: the one with fields speaks.
    for code, sheet in sorted(ours, key=lambda pair: -len(pair[1].fields)):
        if patched or _is_page_of_its_own(grey, dpi, [one for one, _ in ours], code):
            return PageMark(sheet)
    texts = tuple(code.text for code in found if code.text != PATCH_TEXT)
    return PageMark(Sheet() if patched else None, texts)


def _read(grey: Grey, dpi: int) -> list[zxingcpp.Barcode]:
    fast = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=False, try_downscale=False, try_invert=False)
    if fast or not _looks_like_a_sheet(grey, dpi):
        return list(fast)
    return list(zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=True, try_downscale=True))


def _looks_like_a_sheet(grey: Grey, dpi: int) -> bool:
    """Mostly empty pages with something like a code may be sheets fed sideways: worth a second, slower look."""
    ink = _ink(grey)
    return 0.0005 < cv2.mean(ink)[0] < 0.05 and _may_show_code(ink, dpi)


def _may_show_code(ink: Grey, dpi: int) -> bool:
    """Is a square of _CODE_MM evenly half inked, however it is turned? Lines of print are lower than that."""
    share = images.reduced(ink * np.uint8(255), _CELL)
    inked = cv2.inRange(share, (255 * _CODE_INK[0],), (255 * _CODE_INK[1],))
    side = max(2, round(_CODE_MM * (dpi or _shown_dpi(ink)) / 25.4 / _CELL))
    return bool(cv2.erode(inked, np.ones((side, side), np.uint8), borderValue=(0,)).any())


def _shown_dpi(grey: Grey) -> int:
    """The dpi when the page is A4."""
    return round(int(max(grey.shape)) / 11.69)


def _is_page_of_its_own(grey: Grey, dpi: int, codes: Sequence[zxingcpp.Barcode], code: zxingcpp.Barcode) -> bool:
    """Whether there is hardly anything on the page beside our codes; a large code allows more than a small one.

    A letter taken for a sheet would vanish with it, so a few lines of print are too many already.
    """
    if dpi <= 0:
        dpi = _shown_dpi(grey)
    ink = _beside(_ink(grey), dpi, codes)
    left, top, right, bottom = _box(code)
    large = min(right - left, bottom - top) * 25.4 / dpi >= _LARGE_MM
    return cv2.mean(ink)[0] < (_LOOSE if large else _SPARSE) and _characters(ink, dpi) <= _CAPTION


def _beside(ink: Grey, dpi: int, codes: Sequence[zxingcpp.Barcode]) -> Grey:
    """The ink without these codes, taken out in place."""
    margin = round(_MARGIN_MM * dpi / 25.4)
    for one in codes:
        left, top, right, bottom = _box(one)
        ink[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = 0
    return ink


def _characters(ink: Grey, dpi: int) -> int:
    """About how many printed characters there are: patches of ink of their height, wide ones (touching) as several."""
    shapes = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
    widths, heights = shapes[:, cv2.CC_STAT_WIDTH] * 25.4 / dpi, shapes[:, cv2.CC_STAT_HEIGHT] * 25.4 / dpi
    print_like = (heights >= _GLYPH_MM[0]) & (heights <= _GLYPH_MM[1]) & (widths <= _WORD_MM)
    return int(np.maximum(1, np.rint(widths / np.maximum(heights, 0.1)))[print_like].sum())


def _without_bars(ink: Grey, dpi: int) -> Grey:
    """The ink without bars along or across the page, and what of their edges a scan frays."""
    length, width = (max(1, round(side * dpi / 25.4)) for side in _BAR_MM)
    left = ink.copy()
    for size in ((length, width), (width, length)):
        bars = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(size, np.uint8))
        left[cv2.dilate(bars, np.ones((width, width), np.uint8)) > 0] = 0
    return left


def _box(code: zxingcpp.Barcode) -> tuple[int, int, int, int]:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _ink(grey: Grey) -> Grey:
    threshold = min(160.0, _median(grey) - 50)
    return np.asarray(cv2.threshold(grey, threshold, 1, cv2.THRESH_BINARY_INV)[1], np.uint8)


def _median(grey: Grey) -> float:
    """The usual brightness, from every fourth line."""
    counts = cv2.calcHist([np.ascontiguousarray(grey[::4])], [0], None, [256], [0, 256]).cumsum()
    return float(np.searchsorted(counts, counts[-1] / 2))
