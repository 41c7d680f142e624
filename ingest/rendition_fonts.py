"""Repairs on the fonts of a born-digital PDF: lists that need not be there go, missing empty glyphs are added.

No visible glyph changes. Fonts that are not embedded get a program only when they are standard fonts; all others are
left to redrawing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import pikepdf
from fontTools.cffLib import CFFFontSet
from fontTools.misc.psCharStrings import T2CharString
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Stream

from ingest import standard_fonts

LISTS: Final = ("/CIDSet", "/CharSet")  # optional in PDF/A-2, and often wrong
PROGRAMS: Final = ("/FontFile", "/FontFile2", "/FontFile3")
PROGRAM_KEYS: Final = ("/Length", "/Length1", "/Length2", "/Length3", "/Filter", "/DecodeParms", "/Subtype")


def repair_font(pdf: pikepdf.Pdf, holder: Any) -> None:
    """Repairs a dictionary when it is a font, a font descriptor or a CID system information."""
    programs = [key for key in PROGRAMS if isinstance(holder.get(key), Stream)]
    if programs:
        for key in LISTS:
            if key in holder:
                del holder[key]
    for program in programs:
        for key in list(holder[program].keys()):
            if key not in PROGRAM_KEYS:
                del holder[program][key]
    if isinstance(holder.get("/CIDSystemInfo"), Dictionary):
        # The check reads only direct values; strings behind references are as valid and as easily made direct.
        holder["/CIDSystemInfo"] = Dictionary(dict(_direct(holder["/CIDSystemInfo"])))
    if holder.get("/Type") == Name.Font and holder.get("/Subtype") in (Name.Type1, Name.TrueType):
        standard_fonts.embed(pdf, holder)
    if holder.get("/Type") == Name.Font and holder.get("/Subtype") == Name.Type1:
        _complete_glyphs(pdf, holder)


def _direct(holder: Any) -> Iterator[tuple[str, Any]]:
    for key, value in holder.items():
        if isinstance(value, pikepdf.String):
            yield key, pikepdf.String(bytes(value))
        else:
            yield key, value


def _complete_glyphs(pdf: pikepdf.Pdf, font: Any) -> None:
    """Adds empty glyphs to a CFF program for names of the encoding that it lacks: readers draw nothing there."""
    descriptor, encoding = font.get("/FontDescriptor"), font.get("/Encoding")
    if not isinstance(encoding, Dictionary) or not isinstance(descriptor, Dictionary):
        return
    program = descriptor.get("/FontFile3")
    if not isinstance(program, Stream) or "/Differences" not in encoding:
        return
    named = dict(_differences(encoding["/Differences"]))
    try:
        patched = _with_glyphs(program.read_bytes(), named, _widths(font))
    except Exception:  # reason: fontTools fails in many ways on broken programs; the check decides then
        return
    if patched is not None:
        descriptor["/FontFile3"] = pdf.make_stream(patched, Subtype=Name("/Type1C"))


def _differences(items: Any) -> Iterator[tuple[int, str]]:
    code = 0
    for item in items:
        if isinstance(item, Name):
            yield code, str(item)[1:]
            code += 1
        else:
            code = int(item)


def _widths(font: Any) -> dict[int, float]:
    first = int(font.get("/FirstChar", 0))
    return {first + index: float(width) for index, width in enumerate(font.get("/Widths", Array()))}


def _with_glyphs(data: bytes, named: dict[int, str], widths: dict[int, float]) -> bytes | None:
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(data), None)
    top = fonts[0]
    missing = {name: widths.get(code, 0.0) for code, name in named.items() if name not in top.CharStrings}
    missing.pop(".notdef", None)
    if not missing:
        return None
    strings = top.CharStrings
    for name, width in missing.items():
        program = [round(width - top.Private.nominalWidthX), "endchar"]
        glyph = T2CharString(program=program, private=top.Private, globalSubrs=top.GlobalSubrs)
        strings.charStringsIndex.append(glyph)
        strings.charStrings[name] = len(strings.charStringsIndex) - 1
        top.charset.append(name)
    target = io.BytesIO()
    fonts.compile(target, TTFont(recalcBBoxes=False, recalcTimestamp=False))
    return target.getvalue()
