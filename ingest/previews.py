"""Small pictures of a page for people: whole pages and crops, as WebP. Opens received bytes: call it in a child."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from archive.pagetext import Box
from ingest.pageimage import load_page

QUALITY: Final = 75
WIDTHS: Final = (16, 4096)  # pixels that a preview may be wide
REDUCTIONS: Final = (4, 2)  # what a JPEG decoder gives away for free
LIKELY_WIDTH: Final = 2480  # of a page at 300 dpi; only used to choose how small to decode
CROP_MARGIN: Final = 12  # pixels of the page image around a crop
Pixels = npt.NDArray[np.uint8]


def preview(path: Path, page_no: int, width: int, rotation: int = 0) -> bytes:
    """The page as WebP, turned clockwise by `rotation` degrees and then `width` pixels wide; never enlarged.

    Raises ValueError for a rotation that is no quarter turn, and the errors of `load_page`.
    """
    target = _limited(width)
    reduce = next((step for step in REDUCTIONS if LIKELY_WIDTH // step >= target), 1)
    image = load_page(path, page_no, reduce=reduce)
    if reduce > 1 and _shown_width(image.width, image.height, rotation) < target:
        image = load_page(path, page_no)
    return _encoded(_turned(image.pixels, rotation), target)


def crop(path: Path, page_no: int, box: Box, width: int, rotation: int = 0) -> bytes:
    """The part of the page around `box` (pixels of the raw page image), turned and at most `width` pixels wide.

    Raises ValueError for a box outside the page.
    """
    pixels = load_page(path, page_no).pixels
    height, across = pixels.shape[:2]
    x0, y0 = max(0, box[0] - CROP_MARGIN), max(0, box[1] - CROP_MARGIN)
    x1, y1 = min(across, box[2] + CROP_MARGIN), min(height, box[3] + CROP_MARGIN)
    if x0 >= x1 or y0 >= y1:
        raise ValueError("the box lies outside the page")
    return _encoded(_turned(pixels[y0:y1, x0:x1], rotation), _limited(width))


def _limited(width: int) -> int:
    return max(WIDTHS[0], min(WIDTHS[1], width))


def _shown_width(width: int, height: int, rotation: int) -> int:
    return height if rotation in (90, 270) else width


def _turned(pixels: Pixels, rotation: int) -> Pixels:
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    if rotation == 0:
        return pixels
    if rotation not in codes:
        raise ValueError(f"{rotation} is no quarter turn")
    return np.asarray(cv2.rotate(pixels, codes[rotation]), np.uint8)


def _encoded(pixels: Pixels, width: int) -> bytes:
    if pixels.shape[1] > width:
        height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    shown = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1])
    done, data = cv2.imencode(".webp", shown, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not done:
        raise ValueError("the preview cannot be encoded")
    return data.tobytes()


def write_preview(path: str, page_no: int, width: int, rotation: int, out: str) -> None:
    """`preview` into the file `out`: the form in which a child can be asked for it."""
    Path(out).write_bytes(preview(Path(path), page_no, width, rotation))
