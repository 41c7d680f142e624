"""Repairs on a born-digital PDF that bring it to PDF/A-2b without changing what a reader sees.

Removed: scripts, actions, attachments, multimedia, interactive form logic (fields are drawn in), private data. Mended:
device CMYK gets a profile, transfer functions and overprint modes go, fonts lose lists that need not be there and get
the empty glyphs that their texts refer to. What cannot be mended is left to the check and to redrawing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import pikepdf
from fontTools.cffLib import CFFFontSet
from fontTools.misc.psCharStrings import T2CharString
from pikepdf import Array, Dictionary, Name, Stream, sanitize

from ingest.rendition_colour import cmyk_space

CATALOGUE: Final = frozenset(
    "/Type /Pages /Metadata /OutputIntents /Lang /Outlines /PageLayout /PageMode /MarkInfo /StructTreeRoot "
    "/OCProperties /ViewerPreferences /Dests /Names".split()
)
NAMES: Final = frozenset({"/Dests"})
PAGE: Final = frozenset(
    "/Type /Parent /Resources /MediaBox /CropBox /BleedBox /TrimBox /ArtBox /Contents /Rotate /Group /Annots "
    "/UserUnit /StructParents".split()
)
PAGE_MODES: Final = frozenset({"/UseNone", "/UseOutlines"})
VIEWER: Final = frozenset({"/DisplayDocTitle", "/Direction"})
SAFE_ACTIONS: Final = frozenset({"/GoTo", "/URI"})
GRAPHICS_STATE: Final = ("/TR", "/TR2", "/HTP", "/HT")
FONT_LISTS: Final = ("/CIDSet", "/CharSet")
XOBJECT_EXTRAS: Final = ("/Metadata", "/OPI", "/PS", "/Alternates", "/PieceInfo", "/LastModified", "/Ref")
MAX_DEPTH: Final = 12


def repair_document(pdf: pikepdf.Pdf) -> None:
    """Repairs the open document in memory. Again changes nothing more."""
    _draw_in_annotations(pdf)
    for clean in (
        sanitize.remove_javascript,
        sanitize.remove_attachments,
        sanitize.remove_multimedia,
        sanitize.remove_private_app_data,
        sanitize.remove_thumbnails,
        sanitize.remove_web_capture,
        sanitize.remove_search_index,
        sanitize.remove_collection,
    ):
        clean(pdf)
    _repair_catalogue(pdf)
    for page in pdf.pages:
        repair_page(page)
    _repair_objects(pdf)


def repair_page(page: pikepdf.Page) -> None:
    """Keeps the page's content and geometry, drops the rest; links stay when they lead to a place or an address."""
    _keep(page.obj, PAGE)
    links = [annotation for annotation in page.obj.get("/Annots", Array()) if _is_safe_link(annotation)]
    for link in links:
        for key in ("/AA", "/PA"):
            if key in link:
                del link[key]
    if links:
        page.obj.Annots = Array(links)
    elif "/Annots" in page.obj:
        del page.obj["/Annots"]


def _draw_in_annotations(pdf: pikepdf.Pdf) -> None:
    """Form fields and stamps become part of the page; forms whose appearance nobody drew are drawn by qpdf."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and form.get("/NeedAppearances") is True:
        pdf.generate_appearance_streams()
    if isinstance(form, Dictionary) or any("/Annots" in page.obj for page in pdf.pages):
        pdf.flatten_annotations("screen")


def _is_safe_link(annotation: object) -> bool:
    if not isinstance(annotation, Dictionary) or annotation.get("/Subtype") != Name.Link or "/AP" in annotation:
        return False
    action = annotation.get("/A")
    return "/Dest" in annotation if action is None else str(action.get("/S")) in SAFE_ACTIONS


def _keep(holder: pikepdf.Object, allowed: frozenset[str]) -> None:
    for key in list(holder.keys()):
        if key not in allowed:
            del holder[key]


def _repair_catalogue(pdf: pikepdf.Pdf) -> None:
    root = pdf.Root
    _keep(root, CATALOGUE)
    if isinstance(root.get("/Names"), Dictionary):
        _keep(root.Names, NAMES)
    if "/PageMode" in root and str(root.PageMode) not in PAGE_MODES:
        del root["/PageMode"]
    if isinstance(root.get("/ViewerPreferences"), Dictionary):
        _keep(root.ViewerPreferences, VIEWER)
    for key in list(pdf.trailer.keys()):
        if key not in {"/Root", "/Info", "/ID", "/Size", "/Prev"}:
            del pdf.trailer[key]


def _repair_objects(pdf: pikepdf.Pdf) -> None:
    default: list[pikepdf.Object] = []
    for thing in pdf.objects:
        if not isinstance(thing, Dictionary | Stream):
            continue
        holder: Any = thing
        for dictionary in _nested(holder):
            _repair_dictionary(pdf, dictionary)
            if "/Resources" in dictionary and isinstance(dictionary["/Resources"], Dictionary):
                if not default:
                    default.append(pdf.make_indirect(cmyk_space(pdf)))
                add_default_cmyk(dictionary["/Resources"], default[0])


def _nested(holder: Any, depth: int = 0) -> Iterator[Any]:
    """The dictionary (of a stream, or itself) and those directly in it; indirect ones come by themselves."""
    yield holder
    if depth > MAX_DEPTH:
        return
    for key in list(holder.keys()):
        value = holder.get(key)
        if isinstance(value, Dictionary) and not value.is_indirect:
            yield from _nested(value, depth + 1)


def _repair_dictionary(pdf: pikepdf.Pdf, holder: Any) -> None:
    kind, subtype = str(holder.get("/Type", "")), str(holder.get("/Subtype", ""))
    if kind == "/ExtGState" or "/TR" in holder or "/OPM" in holder:
        _repair_graphics_state(holder)
    if subtype in {"/Image", "/Form"}:
        for key in XOBJECT_EXTRAS:
            if key in holder:
                del holder[key]
    if subtype == "/Image" and "/BBox" in holder:
        del holder["/BBox"]
    if "/FontFile3" in holder or "/FontFile2" in holder or "/FontFile" in holder:
        for key in FONT_LISTS:
            if key in holder:
                del holder[key]
    if isinstance(holder.get("/CIDSystemInfo"), Dictionary):
        # The check reads only direct values; strings behind references are as valid and as easily made direct.
        holder["/CIDSystemInfo"] = Dictionary({key: value for key, value in _direct(holder["/CIDSystemInfo"])})
    if kind == "/Font" and subtype == "/Type1":
        _complete_glyphs(pdf, holder)


def _direct(holder: Any) -> Iterator[tuple[str, Any]]:
    for key, value in holder.items():
        if isinstance(value, pikepdf.String):
            yield key, pikepdf.String(bytes(value))
        else:
            yield key, value


def _repair_graphics_state(holder: Any) -> None:
    for key in GRAPHICS_STATE:
        if key in holder and not (key == "/TR2" and holder[key] == Name.Default):
            del holder[key]
    if holder.get("/OPM") == 1:
        holder["/OPM"] = 0


def add_default_cmyk(resources: Any, space: pikepdf.Object) -> None:
    """Says what device CMYK means here; pages without such colours are not affected."""
    spaces = resources.get("/ColorSpace")
    if spaces is None:
        resources["/ColorSpace"] = Dictionary(DefaultCMYK=space)
    elif isinstance(spaces, Dictionary) and "/DefaultCMYK" not in spaces:
        spaces["/DefaultCMYK"] = space


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
    except Exception:  # noqa: BLE001 - fontTools fails in many ways on broken programs; the check decides then
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
    fonts.compile(target, None)
    return target.getvalue()
