"""Looking at a page image before it is read: blank, unevenly lit, turned, skewed. Pure functions on grey arrays.

Nothing here changes a stored image: what is cleaned or turned is only the copy that the engine sees, and `Turn` maps
its boxes back to the raw page image as scanned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from archive.pagetext import Box, Word
from ingest.engines.port import Grey

BLANK_DPI: Final = 100
EDGE_MM: Final = 6  # shadows of the feeder and torn edges are no writing
CONTRAST: Final = 0.24  # of the paper's brightness; what shines through from the back stays below
MARK_MM: Final = 0.45  # smaller specks are noise
HOLE_MM: Final = (3.5, 8.5)  # punch holes, also drawn-out ones
HOLE_MARGIN_MM: Final = 25
LINE_MM: Final = (1.0, 60.0)  # thinner and longer than this is a fold or a ruled line
STROKE_MM: Final = 3.0  # a mark of this size is a scribble or a signature, enough by itself
FEWEST_MARKS: Final = 2
BACKGROUND_STEP: Final = 8  # the background is estimated on a copy reduced by this factor
SHADE_SPREAD: Final = 0.80  # darkest part of the paper against the brightest
SHADE_DARK: Final = 140  # paper darker than this is lifted as a whole
LARGEST_SKEW: Final = 8.0
INCH_MM: Final = 25.4
_DARKER: Final = (np.arange(256, dtype=np.float32) * (1 - CONTRAST)).astype(np.uint8)  # paper → darkest that is no ink


def is_blank(grey: Grey, dpi: int) -> bool:
    """Is there nothing on the page? Grey paper, noise, punch holes, print that shines through and edges are nothing.

    Errs towards "not blank": two marks of the size of a letter are enough to keep a page.
    """
    step = max(1, round(dpi / BLANK_DPI))
    small = reduced(grey, step)
    pixels_per_mm = dpi / step / INCH_MM
    edge = round(EDGE_MM * pixels_per_mm)
    if min(small.shape) <= 4 * edge:
        edge = 0
    inner = small[edge : small.shape[0] - edge, edge : small.shape[1] - edge]
    if not inner.size:
        return True
    return _marks(_ink(inner), pixels_per_mm, edge) < FEWEST_MARKS


def _ink(small: Grey) -> Grey:
    """255 where something is clearly darker than the paper around it."""
    paper = _local_paper(small)
    return np.asarray(cv2.compare(small, cv2.LUT(paper, _DARKER), cv2.CMP_LT), np.uint8)


def _local_paper(small: Grey) -> Grey:
    tiny = reduced(small, 4)
    size = max(3, min(tiny.shape) // 12 | 1)
    closed = cv2.morphologyEx(tiny, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    paper = cv2.resize(cv2.blur(closed, (5, 5)), (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper, np.uint8)


def _marks(ink: Grey, pixels_per_mm: float, edge: int) -> int:
    """Marks up to FEWEST_MARKS: more need not be counted."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    smallest = MARK_MM * pixels_per_mm
    parts = stats[1:]
    large = (parts[:, 2:4].max(axis=1) >= 2 * smallest) & (parts[:, 4] >= smallest * smallest)
    marks = 0
    for left, top, width, height, area in parts[large].tolist():
        if marks >= FEWEST_MARKS:
            break
        if _is_hole((left, top, width, height, area), ink.shape, pixels_per_mm, edge):
            continue
        if min(width, height) < LINE_MM[0] * pixels_per_mm and max(width, height) > LINE_MM[1] * pixels_per_mm:
            continue
        marks += 2 if max(width, height) >= STROKE_MM * pixels_per_mm else 1
    return marks


def _is_hole(part: Sequence[int], shape: tuple[int, ...], pixels_per_mm: float, edge: int) -> bool:
    """A round full spot of a punch's size near one of the four margins."""
    left, top, width, height, area = part
    smallest, largest = (size * pixels_per_mm for size in HOLE_MM)
    if not (smallest <= min(width, height) and max(width, height) <= largest and area > 0.6 * width * height):
        return False
    margin = HOLE_MARGIN_MM * pixels_per_mm - edge
    distances = (left, top, shape[1] - left - width, shape[0] - top - height)
    return min(distances) <= margin


def reduced(grey: Grey, step: int) -> Grey:
    """A copy smaller by a whole factor, each pixel the mean of what it stands for; a last part of a step is left out.

    A factor that is not whole to the last pixel costs OpenCV ten times as much.
    """
    if step <= 1:
        return grey
    size = (max(1, grey.shape[1] // step), max(1, grey.shape[0] // step))
    whole = grey[: size[1] * step, : size[0] * step]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def background(grey: Grey) -> Grey:
    """Brightness of the paper alone, on a copy reduced by BACKGROUND_STEP."""
    small = reduced(grey, BACKGROUND_STEP)
    size = max(3, min(15, min(small.shape) // 4 | 1))
    paper = cv2.dilate(small, np.ones((size, size), np.uint8))
    return np.asarray(cv2.blur(paper, (size, size)), np.uint8)


def is_shaded(paper: Grey) -> bool:
    """Does the brightness of the paper vary so much, or lie so low, that reading suffers?"""
    dark, bright = np.percentile(paper, (2, 98))
    return bool(bright < SHADE_DARK or dark < SHADE_SPREAD * bright)


def normalised(grey: Grey, paper: Grey) -> Grey:
    """The page divided by its background: even white paper, print as dark as before relative to it."""
    full = cv2.resize(np.maximum(paper, 16), (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, full, scale=255), np.uint8)


def skew(grey: Grey) -> float:
    """Degrees (counter-clockwise positive) by which the lines of text lean; 0.0 when none stand out."""
    small = reduced(grey, max(1, max(grey.shape) // 700))
    ink = (_local_paper(small).astype(np.int16) - small > 40).astype(np.uint8)
    if not ink.any():
        return 0.0
    coarse = _sharpest(ink, np.arange(-LARGEST_SKEW, LARGEST_SKEW + 0.1, 1.0))
    return _sharpest(ink, np.arange(coarse - 0.8, coarse + 0.81, 0.2))


def _sharpest(ink: Grey, angles: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    rows, columns = np.nonzero(ink)
    scores = []
    for angle in angles:
        shifted = rows + columns * np.tan(np.radians(angle))
        profile = np.bincount((shifted - shifted.min()).astype(np.intp)).astype(np.float64)
        scores.append(float(np.square(np.diff(profile)).sum()))
    best = int(np.argmax(scores))
    flat = scores[best] <= 1.05 * min(scores)
    return 0.0 if flat else round(float(angles[best]), 2)


@dataclass(frozen=True, slots=True)
class Turn:
    """How the image that was read came from the raw one: first `quarter` degrees clockwise, then `skew` degrees.

    `width` and `height` are those of the raw image in pixels.
    """

    width: int
    height: int
    quarter: int = 0
    skew: float = 0.0

    def apply(self, grey: Grey) -> Grey:
        """The turned copy; what comes in from outside is white."""
        codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
        turned = cv2.rotate(grey, codes[self.quarter]) if self.quarter else grey
        if self.skew:
            size = (turned.shape[1], turned.shape[0])
            turned = cv2.warpAffine(turned, self._matrix(size), size, flags=cv2.INTER_LINEAR, borderValue=(255,))
        return np.asarray(turned, np.uint8)

    def _turned_size(self) -> tuple[int, int]:
        return (self.height, self.width) if self.quarter in (90, 270) else (self.width, self.height)

    def _matrix(self, size: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.asarray(cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), -self.skew, 1.0), np.float64)

    def back(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The words with boxes in the raw image."""
        if not self.quarter and not self.skew:
            return tuple(words)
        return tuple(replace(word, box=self.back_box(word.box)) for word in words)

    def back_box(self, box: Box) -> Box:
        """The smallest upright box of the raw image around a box of the turned one, cut at the image's edges."""
        corners = np.array([(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])], np.float64)
        if self.skew:
            matrix = np.asarray(cv2.invertAffineTransform(self._matrix(self._turned_size())), np.float64)
            corners = corners @ matrix[:, :2].T + matrix[:, 2]
        x, y = corners[:, 0], corners[:, 1]
        if self.quarter == 90:
            x, y = y, self.height - x
        elif self.quarter == 180:
            x, y = self.width - x, self.height - y
        elif self.quarter == 270:
            x, y = self.width - y, x
        xs, ys = np.clip(np.rint(x), 0, self.width), np.clip(np.rint(y), 0, self.height)
        return int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())
