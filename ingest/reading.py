"""Reading one page: blank check, background, recognition, orientation where it is doubtful, citations.

The engine sees a copy of the page at 200 dpi: at 7 pt and larger it reads as well as 300 dpi for a fifth less work.
Where the engine is unsure, the page is turned, straightened or read again at full resolution, and the surest reading is
kept. Boxes are always pixels of the raw page image as scanned.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from archive.pagetext import PageText, Word
from ingest import citations, images, strokes
from ingest.engines import digital
from ingest.engines.port import Grey, OcrEngine
from ingest.images import Turn
from ingest.pageimage import load_page

READING_DPI: Final = 200
FINE_DPI: Final = 270  # from here on a reduced copy is read
COARSE_DPI: Final = 150  # below, the copy is enlarged
SPARSE: Final = 0.6  # a copy smaller than this takes the mean of all the pixels it stands for
SURE: Final = 82.0  # mean confidence from which a reading is taken as it is
UPRIGHT: Final = 65.0  # below, the page may lie on its head
DESKEW: Final = 1.2  # degrees; Tesseract follows smaller leanings by itself
SIDEWAYS_SHARE: Final = 0.6
LONG_WORD: Final = 4  # characters; shorter words say nothing about the direction of the line
A4_INCHES: Final = (8.27, 11.69)


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one page holds. `notes` are stable codes: blank, own_text, own_text_unreadable, normalised, deskewed,
    turned, read_again, low_confidence, dpi_assumed. `mean_confidence` 0-100 over characters, `seconds` wall time.
    """

    text: PageText
    blank: bool
    notes: tuple[str, ...]
    mean_confidence: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Attempt:
    words: tuple[Word, ...]
    rotation: int
    confidence: float
    notes: tuple[str, ...]


def read_page(path: Path, page_no: int, engine: OcrEngine) -> PageReading:
    """Reads page `page_no` (from 1) of a PDF or image file. Raises the errors of `load_page` and EngineFailed."""
    start = time.perf_counter()
    notes: tuple[str, ...] = ()
    if digital.shows_text(path, page_no):
        own = _own_text(path, page_no)
        if own is not None:
            return own
        notes = ("own_text_unreadable",)
        pixels, dpi = digital.rendered(path, page_no)
    else:
        page = load_page(path, page_no)
        pixels, dpi = page.pixels, page.dpi
    reading = read_image(as_grey(pixels), dpi, engine)
    return replace(reading, notes=notes + reading.notes, seconds=time.perf_counter() - start)


def own_reading(path: Path, page_no: int) -> PageReading | None:
    """What `read_page` gives where it needs no engine: a page that shows a text of its own; None for any other."""
    return _own_text(path, page_no) if digital.shows_text(path, page_no) else None


def _own_text(path: Path, page_no: int) -> PageReading | None:
    start = time.perf_counter()
    text = digital.own_text(path, page_no)
    if text is None:
        return None
    return PageReading(text, not text.words, ("own_text",), 100.0, time.perf_counter() - start)


def as_grey(pixels: npt.NDArray[np.uint8]) -> Grey:
    """One channel of 8 bits; colour images are taken as RGB."""
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels[:, :, :3], cv2.COLOR_RGB2GRAY), np.uint8)


def read_image(grey: Grey, dpi: int, engine: OcrEngine) -> PageReading:
    """Reads a raw page image. The same image and engine give the same reading."""
    start = time.perf_counter()
    height, width = grey.shape
    used_dpi = plausible_dpi(dpi, width, height)
    notes: tuple[str, ...] = () if used_dpi == dpi else ("dpi_assumed",)
    copy, copy_dpi = _reading_copy(grey, used_dpi)
    if images.is_blank(copy, copy_dpi):
        text = PageText(width, height, used_dpi, 0, engine.name, ())
        return PageReading(text, True, (*notes, "blank"), 0.0, time.perf_counter() - start)
    best = _read(grey, used_dpi, copy, copy_dpi, engine)
    words = strokes.recount(citations.repair(best.words, best.rotation), grey, best.rotation)
    text = PageText(width, height, used_dpi, best.rotation, engine.name, words)
    notes += best.notes + (("low_confidence",) if best.confidence < UPRIGHT else ())
    return PageReading(text, False, notes, best.confidence, time.perf_counter() - start)


def plausible_dpi(dpi: int, width: int, height: int) -> int:
    """The dpi told, unless it would make a photographed page larger than A2 or a scan smaller than a stamp."""
    short, long = sorted((width, height))
    if dpi > 0 and short / dpi <= 2 * A4_INCHES[0] and long / dpi >= 1:
        return dpi
    return max(50, round(long / A4_INCHES[1]))


def _reading_copy(grey: Grey, dpi: int) -> tuple[Grey, int]:
    if dpi >= FINE_DPI:
        return _scaled(grey, READING_DPI / dpi), READING_DPI
    if dpi < COARSE_DPI:
        return _scaled(grey, 2.0), 2 * dpi
    return grey, dpi


def _scaled(grey: Grey, factor: float) -> Grey:
    size = max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor))
    # Between neighbours loses nothing down to 0.6 and costs a seventh of the mean over areas.
    way = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_LINEAR if factor > SPARSE else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, size, interpolation=way), np.uint8)


def _read(grey: Grey, dpi: int, copy: Grey, copy_dpi: int, engine: OcrEngine) -> _Attempt:
    notes: tuple[str, ...] = ()
    paper = images.background(copy)
    shaded = images.is_shaded(paper)
    if shaded:
        copy, notes = images.normalised(copy, paper), ("normalised",)
    best = _upright(copy, copy_dpi, engine)
    if best.confidence < SURE and copy.shape[0] < grey.shape[0]:
        fine = images.normalised(grey, paper) if shaded else grey
        again = _attempt(fine, dpi, Turn(fine.shape[1], fine.shape[0], best.rotation), engine)
        if again.confidence > best.confidence:
            return replace(again, notes=(*notes, *best.notes, "read_again"))
    words = tuple(_enlarged(best.words, copy.shape, grey.shape))
    return replace(best, words=words, notes=notes + best.notes)


def _upright(copy: Grey, dpi: int, engine: OcrEngine) -> _Attempt:
    """The surest of the readings that the first one makes worth trying."""
    height, width = copy.shape
    lean = images.skew(copy)
    lean = lean if abs(lean) >= DESKEW else 0.0
    first = _attempt(copy, dpi, Turn(width, height, 0, lean), engine)
    sideways = _is_sideways(first.words)
    if first.confidence >= UPRIGHT or not first.words:
        # Tesseract reads lines that run downwards by itself; the page still has to be shown turned.
        return replace(first, rotation=270, notes=(*first.notes, "turned")) if sideways else first
    quarter = 90 if sideways else 180
    again = Turn(width, height, quarter)
    lean = images.skew(again.apply(copy))
    again = replace(again, skew=lean if abs(lean) >= DESKEW else 0.0)
    second = _attempt(copy, dpi, again, engine)
    return second if second.confidence > first.confidence else first


def _attempt(copy: Grey, dpi: int, turn: Turn, engine: OcrEngine) -> _Attempt:
    words = engine.recognise(turn.apply(copy), dpi)
    notes = (("turned",) if turn.quarter else ()) + (("deskewed",) if turn.skew else ())
    return _Attempt(turn.back(words), turn.quarter, confidence(words), notes)


def confidence(words: tuple[Word, ...]) -> float:
    """Mean confidence weighted by characters, so that specks read as single signs do not outvote words."""
    weight = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / weight if weight else 0.0


def _is_sideways(words: tuple[Word, ...]) -> bool:
    long = [word.box for word in words if len(word.text) >= LONG_WORD]
    upright = sum((box[3] - box[1]) > (box[2] - box[0]) for box in long)
    return len(long) > 2 and upright > SIDEWAYS_SHARE * len(long)


def _enlarged(words: tuple[Word, ...], small: tuple[int, ...], full: tuple[int, ...]) -> Iterator[Word]:
    """Boxes of the copy in pixels of the raw image."""
    if small == full:
        yield from words
        return
    across, down = full[1] / small[1], full[0] / small[0]
    for word in words:
        x0, y0, x1, y1 = word.box
        box = (round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down))
        yield replace(word, box=box)
