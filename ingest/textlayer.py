"""The invisible text layer of a rendition: recognised words at their places, for search, selection and copying.

Text is drawn in render mode 3 with an embedded font of one empty glyph (ISO 19005-2, 6.2.11.4.1), so nothing changes
on paper or screen. Every character is a code of its own with its Unicode value in /ToUnicode, any script included.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph
from pikepdf import Array, Dictionary, Name

from archive.pagetext import Box, PageText, Word

FONT_NAME: Final = "EAKTEX+Glyphless"
RESOURCE: Final = "/EakteText"
ADVANCE: Final = 500  # thousandths of the font size, of every character
POINTS_PER_INCH: Final = 72
TALL_LINE: Final = 2.5  # a line box that many times higher than its words is skewed: words keep their own boxes
SMALLEST: Final = 0.5  # points; boxes without an extent still hold their word
MAX_CODES: Final = 0xFFFF
FONT_DATE: Final = 3_850_000_000  # seconds since 1904; any fixed moment, so that bytes repeat
NEVER: Final = frozenset({"\x00", "\ufeff", "\ufffe", "\uffff"})  # not allowed as Unicode values of glyphs


@dataclass(frozen=True, slots=True)
class Layer:
    """The font of one file and the code of each character in it."""

    font: pikepdf.Object
    codes: dict[str, int]


def build_layer(pdf: pikepdf.Pdf, pages: Iterable[PageText]) -> Layer:
    """Adds the font to `pdf`, with a code for every character on `pages`. Equal pages give equal bytes."""
    chars = sorted({char for page in pages for word in page.words for char in word.text} - NEVER)
    codes = {char: code for code, char in enumerate([" ", *[c for c in chars if c != " "]][:MAX_CODES], start=1)}
    return Layer(pdf.make_indirect(_font(pdf, codes)), codes)


def _font(pdf: pikepdf.Pdf, codes: dict[str, int]) -> Dictionary:
    program = pdf.make_stream(_program())
    program.Length1 = len(program.read_bytes())
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + FONT_NAME),
        Flags=4,
        FontBBox=Array([0, 0, ADVANCE, 1000]),
        ItalicAngle=0,
        Ascent=1000,
        Descent=0,
        CapHeight=1000,
        StemV=80,
        FontFile2=program,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/" + FONT_NAME),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=ADVANCE,
        CIDToGIDMap=pdf.make_stream(b"\x00\x00" + b"\x00\x01" * len(codes)),
    )
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/" + FONT_NAME),
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_stream(_to_unicode(codes)),
    )


def _program() -> bytes:
    """A TrueType program with .notdef and one empty glyph; its dates are fixed so that bytes repeat."""
    builder = FontBuilder(unitsPerEm=1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": Glyph(), "blank": _no_ink()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "blank": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=1000, descent=0)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = FONT_DATE
    builder.font.recalcTimestamp = False
    target = io.BytesIO()
    builder.font.save(target, reorderTables=True)
    return target.getvalue()


def _no_ink() -> Glyph:
    """A line there and back: it fills nothing, but has an extent, without which PDFium drops turned text."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((ADVANCE, 1000))
    pen.lineTo((ADVANCE // 2, 500))
    pen.closePath()
    return pen.glyph()


def _to_unicode(codes: dict[str, int]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
    ]
    entries = [f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in codes.items()]
    for start in range(0, len(entries), 100):
        block = entries[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode("ascii")


def content(page: PageText, layer: Layer, *, points: tuple[float, float]) -> bytes:
    """The drawing of the page's words on a page of `points` (width, height) that shows the raw image unturned.

    The words are drawn in reading order, each with a space behind it. Lines without a slope share one height, so that
    readers take them for lines.
    """
    parts = [b"BT 3 Tr"]
    scale = points[0] / page.width, points[1] / page.height
    for line in page.lines():
        for word, box in _levelled(line, page.rotation):
            codes = [layer.codes[char] for char in word.text if char in layer.codes]
            if codes:
                parts.append(_drawn([*codes, layer.codes[" "]], _place(box, page, scale), page.rotation))
    return b"\n".join([*parts, b"ET"])


def _levelled(line: Sequence[Word], rotation: int) -> Iterator[tuple[Word, Box]]:
    """Words with boxes of one common height; where the line slopes they keep their own."""
    across = rotation in (0, 180)
    low, high = (1, 3) if across else (0, 2)
    top, bottom = min(word.box[low] for word in line), max(word.box[high] for word in line)
    usual = statistics.median(word.box[high] - word.box[low] for word in line)
    level = bottom - top <= TALL_LINE * max(1, usual)
    for word in line:
        x0, y0, x1, y1 = word.box
        if level:
            yield word, (x0, top, x1, bottom) if across else (top, y0, bottom, y1)
        else:
            yield word, word.box


def _place(box: Box, page: PageText, scale: tuple[float, float]) -> tuple[float, float, float, float]:
    """Origin, length along the line and height across it, in points."""
    x0, x1 = box[0] * scale[0], box[2] * scale[0]
    y0, y1 = (page.height - box[3]) * scale[1], (page.height - box[1]) * scale[1]
    along, across = (x1 - x0, y1 - y0) if page.rotation in (0, 180) else (y1 - y0, x1 - x0)
    x, y = {0: (x0, y0), 90: (x1, y0), 180: (x1, y1), 270: (x0, y1)}[page.rotation]
    return x, y, max(along, SMALLEST), max(across, SMALLEST)


def _drawn(codes: Sequence[int], place: tuple[float, float, float, float], rotation: int) -> bytes:
    """One word: the font as large as the box is high, stretched so that its characters fill the box."""
    x, y, along, across = place
    stretch = along / ((len(codes) - 1) * ADVANCE / 1000 * across) * 100
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    shown = "".join(f"{code:04X}" for code in codes)
    font = f"{RESOURCE} {_number(across)} Tf {_number(stretch)} Tz"
    return f"{font} {cos} {sin} {-sin} {cos} {_number(x)} {_number(y)} Tm <{shown}> Tj".encode("ascii")


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
