"""Font programs for the 14 standard fonts, which old PDFs name without embedding (ISO 32000-1, 9.6.2.2).

The programs are those that PDFium carries and shows in their place, with the widths of the originals. Arial, Times New
Roman and Courier New, which have the same widths, count as Helvetica, Times and Courier. No other font is replaced.
"""

from __future__ import annotations

import ctypes
import io
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pikepdf
import pypdfium2.raw as raw
from fontTools.agl import UV2AGL
from fontTools.cffLib import CFFFontSet
from fontTools.encodings.StandardEncoding import StandardEncoding
from fontTools.pens.basePen import NullPen
from pikepdf import Array, Dictionary, Name, Stream

FAMILIES: Final = {
    "Helvetica": "Helvetica", "Arial": "Helvetica", "Times": "Times", "TimesNewRoman": "Times", "Courier": "Courier",
    "CourierNew": "Courier", "Symbol": "Symbol", "ZapfDingbats": "ZapfDingbats",
}  # fmt: skip
NAME: Final = re.compile(
    r"(?:[A-Z]{6}\+)?(Helvetica|Arial|TimesNewRoman|Times|CourierNew|Courier|Symbol|ZapfDingbats)"
    r"((?:PS|MT|Roman|Regular|Bold|Italic|Oblique|[-,])*)"
)
NAMED_APART: Final = {
    "\xa0": "space", "\xad": "hyphen", "¹": "onesuperior", "²": "twosuperior", "³": "threesuperior",
}  # fmt: skip
SLANTED: Final = -12
SYMBOLIC: Final = frozenset({"Symbol", "ZapfDingbats"})


@dataclass(frozen=True, slots=True)
class Program:
    """A bare CFF program: its bytes, the advance of each glyph (thousandths), its box and its own encoding."""

    data: bytes
    advances: dict[str, float]
    box: tuple[int, ...]
    encoding: tuple[str, ...]


def standard_name(base_font: str) -> str | None:
    """The standard font that a /BaseFont (without its slash) names, or None."""
    match = NAME.fullmatch(base_font.replace(" ", "").replace("#20", ""))
    if match is None:
        return None
    family, style = FAMILIES[match[1]], match[2]
    if family in SYMBOLIC:
        return family if not style else None
    bold, slanted = "Bold" in style, "Italic" in style or "Oblique" in style
    if family == "Times":
        return "Times-" + (("BoldItalic" if slanted else "Bold") if bold else "Italic" if slanted else "Roman")
    ending = ("Bold" if bold else "") + ("Oblique" if slanted else "")
    return f"{family}-{ending}" if ending else family


@cache
def program(name: str) -> Program:
    """The program of a standard font, out of PDFium."""
    document = raw.FPDF_CreateNewDocument()
    try:
        font = raw.FPDFText_LoadStandardFont(document, name.encode("ascii"))
        size = ctypes.c_size_t()
        raw.FPDFFont_GetFontData(font, None, 0, size)
        buffer = (ctypes.c_uint8 * size.value)()
        raw.FPDFFont_GetFontData(font, buffer, size.value, size)
        raw.FPDFFont_Close(font)
    finally:
        raw.FPDF_CloseDocument(document)
    return _parsed(bytes(buffer))


def _parsed(data: bytes) -> Program:
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(data), None)
    top = fonts[0]
    advances = {}
    for name in top.CharStrings.keys():  # noqa: SIM118 - not a dict
        glyph = top.CharStrings[name]
        glyph.draw(NullPen())
        advances[name] = float(glyph.width)
    encoding = StandardEncoding if top.Encoding == "StandardEncoding" else top.Encoding
    return Program(data, advances, tuple(round(side) for side in top.FontBBox), tuple(encoding))


def embed(pdf: pikepdf.Pdf, font: Any) -> None:
    """Embeds the program into a simple font that names a standard font and has none; all others stay as they are."""
    name = standard_name(str(font.get("/BaseFont", "/"))[1:])
    if name is None or _is_embedded(font) or font.get("/Subtype") not in (Name.Type1, Name.TrueType):
        return
    found = program(name)
    codes = _codes(font, found, symbolic=name in SYMBOLIC)
    if codes is None:
        return
    if "/Widths" not in font:
        font["/FirstChar"], font["/LastChar"] = 0, 255
        font["/Widths"] = Array([round(found.advances.get(glyph, 0.0)) for glyph in codes])
    font["/Subtype"] = Name.Type1
    font["/FontDescriptor"] = pdf.make_indirect(_descriptor(pdf, str(font["/BaseFont"]), name, found))


def _is_embedded(font: Any) -> bool:
    descriptor = font.get("/FontDescriptor")
    keys = ("/FontFile", "/FontFile2", "/FontFile3")
    return isinstance(descriptor, Dictionary) and any(isinstance(descriptor.get(key), Stream) for key in keys)


def _codes(font: Any, found: Program, *, symbolic: bool) -> list[str] | None:
    """Glyph names by code; None when an encoding is unknown or names a glyph that the program lacks."""
    encoding = font.get("/Encoding")
    base = encoding.get("/BaseEncoding") if isinstance(encoding, Dictionary) else encoding
    if base is None:
        if font.get("/Subtype") == Name.TrueType:
            return None
        codes = list(found.encoding)
    elif not symbolic and str(base) in {"/WinAnsiEncoding", "/MacRomanEncoding"}:
        codes = _named("cp1252" if base == Name.WinAnsiEncoding else "mac_roman", found)
    elif str(base) == "/StandardEncoding":
        codes = list(StandardEncoding)
    else:
        return None
    codes += [".notdef"] * (256 - len(codes))
    for code, name in _differences(encoding):
        if name not in found.advances or not 0 <= code < 256:
            return None
        codes[code] = name
    return codes


def _named(codec: str, found: Program) -> list[str]:
    """Glyph names for the codes of a codec, as far as the program has them."""
    names = []
    for code in range(256):
        char = bytes([code]).decode(codec, "replace")
        name = NAMED_APART.get(char) or UV2AGL.get(ord(char), ".notdef")
        names.append(name if code >= 32 and name in found.advances else ".notdef")
    return names


def _differences(encoding: Any) -> list[tuple[int, str]]:
    if not isinstance(encoding, Dictionary):
        return []
    listed, code = [], 0
    for item in encoding.get("/Differences", Array()):
        if isinstance(item, Name):
            listed.append((code, str(item)[1:]))
            code += 1
        else:
            code = int(item)
    return listed


def _descriptor(pdf: pikepdf.Pdf, base_font: str, name: str, found: Program) -> Dictionary:
    slanted = "Italic" in name or "Oblique" in name
    flags = 4 if name in SYMBOLIC else 32
    flags |= (1 if name.startswith("Courier") else 0) | (2 if name.startswith("Times") else 0) | (64 if slanted else 0)
    return Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(base_font),
        Flags=flags,
        FontBBox=Array(list(found.box)),
        ItalicAngle=SLANTED if slanted else 0,
        Ascent=found.box[3],
        Descent=found.box[1],
        CapHeight=718,
        StemV=140 if "Bold" in name else 85,
        FontFile3=pdf.make_stream(found.data, Subtype=Name("/Type1C")),
    )
