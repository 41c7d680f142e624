"""The text of one page with its boxes: the value that recognition makes and search, tagging and the viewer read.

Stored compressed as one blob per page (never as a row per word). Boxes are pixels of the raw page image as scanned,
origin top left; for born-digital pages a virtual image at 300 dpi. Position in `words` = running word number, which is
the position that search uses.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

Box = tuple[int, int, int, int]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Word:
    """One word: `box` is (x0, y0, x1, y1), `confidence` 0-100, `line` counts lines of the page from 0.

    `raw` keeps the reading of the engine when a rule repaired it ("Il" -> "II"), else None.
    """

    text: str
    box: Box
    confidence: int
    line: int
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """All words of a page in reading order. `rotation` is the clockwise turn (0, 90, 180, 270) that makes it
    upright.
    """

    width: int
    height: int
    dpi: int
    rotation: int
    engine: str
    words: tuple[Word, ...]

    def lines(self) -> Iterator[tuple[Word, ...]]:
        """The words grouped by their line number, in reading order."""
        for _, words in groupby(self.words, key=lambda word: word.line):
            yield tuple(words)

    def text(self) -> str:
        """Plain text, one line of the page per line."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines())

    def mean_confidence(self) -> float:
        """Mean word confidence 0-100; 0.0 for a page without words."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0


def encode(page: PageText) -> bytes:
    """Deterministic compressed form: the same page gives the same bytes, so that a repeated step stores one blob."""
    payload = {
        "format": FORMAT,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "rotation": page.rotation,
        "engine": page.engine,
        "words": [[w.text, *w.box, w.confidence, w.line, *([w.raw] if w.raw is not None else [])] for w in page.words],
    }
    raw = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return gzip.compress(raw, compresslevel=6, mtime=0)


def decode(data: bytes) -> PageText:
    """Inverse of `encode`. Raises ValueError for bytes of another format, and for damaged ones."""
    try:
        payload = json.loads(gzip.decompress(data))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("damaged page text") from error
    if payload["format"] != FORMAT:
        raise ValueError(f"page text format {payload['format']} is not {FORMAT}")
    words = tuple(
        Word(row[0], (row[1], row[2], row[3], row[4]), row[5], row[6], row[7] if len(row) > 7 else None)
        for row in payload["words"]
    )
    return PageText(payload["width"], payload["height"], payload["dpi"], payload["rotation"], payload["engine"], words)
