"""The own text of born-digital pages, by PDFium: characters with boxes, joined to words as in the OCR result.

Boxes are pixels of a virtual image of the page as shown (crop box and /Rotate applied) at 300 dpi. Text that a person
could not read (no mapping to Unicode, private-use glyphs) counts as absent, so that the page is recognised instead.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as raw

from archive.pagetext import PageText, Word

DPI: Final = 300
POINTS_PER_INCH: Final = 72
MAX_SIDE: Final = 60_000  # pixels of the virtual image; larger pages are stored at a lower dpi
RENDER_SIDE: Final = 6_000  # pixels of a page rendered for recognition
FORM_DEPTH: Final = 6
MAX_CHARS: Final = 200_000  # per page; what lies beyond is not text for a reader
GARBAGE_SHARE: Final = 0.12
VOWEL_SHARE: Final = (0.18, 0.70)  # of the letters; German prose lies near 0.39
ENOUGH_LETTERS: Final = 80
LINE_HYPHENS: Final = {"\x02": "-", "\ufffe": "-", "\xad": "-"}
LIGATURES: Final = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
ENGINE: Final = f"pdfium {pypdfium2.version.PDFIUM_INFO.build} own text"


@dataclass(frozen=True, slots=True)
class _Char:
    """A character with its box in page space (points, y upwards); `faulty` when it has no mapping to Unicode."""

    text: str
    box: tuple[float, float, float, float]
    faulty: bool


def own_text(path: Path, page_no: int) -> PageText | None:
    """The page's own text, or None when it has none or only what nobody can read. Pages count from 1."""
    document = pypdfium2.PdfDocument(path)
    try:
        page = document[page_no - 1]
        chars = list(_chars(page))
        return None if is_garbage(chars) else _page_text(page, chars)
    finally:
        document.close()


def shows_text(path: Path, page_no: int) -> bool:
    """Does page `page_no` of a PDF draw text that can be seen? Invisible layers of scanners do not count.

    False for files that are no PDF or that PDFium cannot open.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return False
    try:
        texts = document[page_no - 1].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=FORM_DEPTH)
        modes = {int(raw.FPDFTextObj_GetTextRenderMode(text)) for text in texts}
        return bool(modes - {raw.FPDF_TEXTRENDERMODE_INVISIBLE})
    finally:
        document.close()


def rendered(path: Path, page_no: int) -> tuple[npt.NDArray[np.uint8], int]:
    """The page as shown, in grey, and its dpi: for pages whose own text nobody can read."""
    document = pypdfium2.PdfDocument(path)
    try:
        page = document[page_no - 1]
        dpi = min(DPI, int(RENDER_SIDE * POINTS_PER_INCH / max(*page.get_size(), 1)))
        pixels = page.render(scale=dpi / POINTS_PER_INCH, grayscale=True).to_numpy()
        return np.ascontiguousarray(pixels.reshape(pixels.shape[:2]), np.uint8), dpi
    finally:
        document.close()


def is_garbage(chars: list[_Char]) -> bool:
    """Is there no text, or text without meaning: unmapped, private-use or control characters, no vowels?"""
    visible = [char for char in chars if not char.text.isspace()]
    if not visible:
        return True
    faulty = sum(char.faulty or _is_odd(char.text) for char in visible)
    letters = [char.text.lower() for char in visible if char.text.isalpha() and char.text.isascii()]
    if faulty > GARBAGE_SHARE * len(visible):
        return True
    if len(letters) < ENOUGH_LETTERS:
        return False
    vowels = sum(letter in "aeiou" for letter in letters) / len(letters)
    return not VOWEL_SHARE[0] <= vowels <= VOWEL_SHARE[1]


def _is_odd(text: str) -> bool:
    return text == "\ufffd" or (text not in LINE_HYPHENS and unicodedata.category(text[0]) in {"Co", "Cc", "Cn", "Cs"})


def _chars(page: pypdfium2.PdfPage) -> Iterator[_Char]:
    text_page = page.get_textpage()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    high = 0
    for index in range(min(text_page.count_chars(), MAX_CHARS)):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
        raw.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
        faulty = raw.FPDFText_HasUnicodeMapError(text_page, index) == 1 or 0xD800 <= code < 0xE000
        text = chr(code) if code and not 0xD800 <= code < 0xE000 else "\ufffd"
        yield _Char(text, (left.value, bottom.value, right.value, top.value), faulty)


def _page_text(page: pypdfium2.PdfPage, chars: list[_Char]) -> PageText:
    width, height = page.get_size()
    dpi = min(DPI, int(MAX_SIDE * POINTS_PER_INCH / max(width, height, 1)))
    size = round(width * dpi / POINTS_PER_INCH), round(height * dpi / POINTS_PER_INCH)
    words: list[Word] = []
    line = 0
    for group in _groups(chars):
        if group is None:
            line += 1
            continue
        text = _clean("".join(char.text for char in group))
        if text:
            words.append(Word(text, _box(page, size, group), 100, line))
    return PageText(max(1, size[0]), max(1, size[1]), dpi, 0, ENGINE, _renumbered(words))


def _groups(chars: list[_Char]) -> Iterator[list[_Char] | None]:
    """Runs of characters between white space; None where a line ends."""
    group: list[_Char] = []
    for char in chars:
        if not char.text.isspace():
            group.append(char)
            continue
        if group:
            yield group
            group = []
        if char.text in "\r\n\x0b\x0c":
            yield None
    if group:
        yield group


def _clean(text: str) -> str:
    for hyphen, plain in LINE_HYPHENS.items():
        text = text.replace(hyphen, plain)
    text = unicodedata.normalize("NFC", text.translate(LIGATURES))
    return re.sub(r"[\x00-\x1f\x7f\ufffd\ufeff\u200b]", "", text)


def _box(page: pypdfium2.PdfPage, size: tuple[int, int], group: list[_Char]) -> tuple[int, int, int, int]:
    # Generated characters (hyphens of a line break) have empty boxes and would pull the word to the origin.
    boxes = [char.box for char in group if char.box[2] > char.box[0] or char.box[3] > char.box[1]] or [group[0].box]
    low = _device(page, size, min(box[0] for box in boxes), min(box[1] for box in boxes))
    high = _device(page, size, max(box[2] for box in boxes), max(box[3] for box in boxes))
    xs = sorted(max(0, min(size[0], x)) for x in (low[0], high[0]))
    ys = sorted(max(0, min(size[1], y)) for y in (low[1], high[1]))
    return xs[0], ys[0], xs[1], ys[1]


def _device(page: Any, size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    device_x, device_y = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, size[0], size[1], 0, x, y, device_x, device_y)
    return device_x.value, device_y.value


def _renumbered(words: list[Word]) -> tuple[Word, ...]:
    """Lines counted from 0 without gaps."""
    numbers = {old: new for new, old in enumerate(dict.fromkeys(word.line for word in words))}
    return tuple(Word(word.text, word.box, word.confidence, numbers[word.line], word.raw) for word in words)
