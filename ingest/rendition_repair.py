"""Repairs on a born-digital PDF that bring it to PDF/A-2b without changing what a reader sees.

Removed: scripts, actions, attachments, multimedia, interactive form logic (fields are drawn in), private data. Mended:
device CMYK gets a profile, transfer functions and overprint modes go, fonts lose lists that need not be there and get
the empty glyphs that their texts refer to. What cannot be mended is left to the check and to redrawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, sanitize

from ingest.rendition_colour import cmyk_space
from ingest.rendition_fonts import repair_font


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


CATALOGUE: Final = _names(
    "/Type /Pages /Metadata /OutputIntents /Lang /Outlines /PageLayout /PageMode /MarkInfo /StructTreeRoot "
    "/OCProperties /ViewerPreferences /Dests /Names"
)
NAMES: Final = frozenset({"/Dests"})
PAGE: Final = _names(
    "/Type /Parent /Resources /MediaBox /CropBox /BleedBox /TrimBox /ArtBox /Contents /Rotate /Group /Annots "
    "/UserUnit /StructParents"
)
PAGE_MODES: Final = frozenset({"/UseNone", "/UseOutlines"})
VIEWER: Final = frozenset({"/DisplayDocTitle", "/Direction"})
SAFE_ACTIONS: Final = frozenset({"/GoTo", "/URI"})
GRAPHICS_STATE: Final = ("/TR", "/TR2", "/HTP", "/HT", "/BG", "/BG2", "/UCR", "/UCR2")
GRAPHICS_STATE_SIGNS: Final = frozenset({"/TR", "/TR2", "/OPM", "/UCR2", "/BG2"})
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
        _drop(link, ("/AA", "/PA"))
    if links:
        page.obj.Annots = Array(links)
    elif "/Annots" in page.obj:
        del page.obj["/Annots"]


def _draw_in_annotations(pdf: pikepdf.Pdf) -> None:
    """Form fields and stamps become part of the page; forms whose appearance nobody drew are drawn by qpdf."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and form.get_bool("/NeedAppearances"):
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
        if not isinstance(thing, Dictionary | Stream | Array):
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
    if isinstance(holder, Dictionary | Stream):
        yield holder
        values = [value for _, value in list(holder.items())]
    else:
        values = list(holder)
    for value in values:
        if isinstance(value, Dictionary | Array) and not value.is_indirect and depth < MAX_DEPTH:
            yield from _nested(value, depth + 1)


def _repair_dictionary(pdf: pikepdf.Pdf, holder: Any) -> None:
    kind, subtype = str(holder.get("/Type", "")), str(holder.get("/Subtype", ""))
    if kind == "/ExtGState" or not GRAPHICS_STATE_SIGNS.isdisjoint(holder.keys()):
        _repair_graphics_state(holder)
    if subtype in {"/Image", "/Form"}:
        _drop(holder, XOBJECT_EXTRAS)
    if subtype == "/Image":
        _drop(holder, ("/BBox",))
    if (kind == "/Page" or subtype == "/Form") and isinstance(holder.get("/Resources"), Dictionary):
        _drop_marks(pdf, holder)
    if "/Title" in holder:
        _drop(holder, ("/SE",))  # structure elements of bookmarks
    repair_font(pdf, holder)


def _drop(holder: Any, keys: Iterable[str]) -> None:
    for key in keys:
        if key in holder:
            del holder[key]


def _drop_marks(pdf: pikepdf.Pdf, holder: Any) -> None:
    """Makes marks that carry private property lists plain marks; those of optional content stay."""
    resources = holder["/Resources"]
    if "/Encoding" in resources:
        del resources["/Encoding"]
    listed = resources.get("/Properties")
    if not isinstance(listed, Dictionary):
        return
    private = {key for key in list(listed.keys()) if str(listed[key].get("/Type", "")) not in {"/OCG", "/OCMD"}}
    if not private:
        return
    content = pikepdf.unparse_content_stream([_plain_mark(item, private) for item in _instructions(holder)])
    if isinstance(holder, Stream):
        holder.write(content)
    else:
        holder["/Contents"] = pdf.make_stream(content)
    for key in private:
        del listed[key]
    if not len(listed):
        del resources["/Properties"]


def _instructions(holder: Any) -> list[Any]:
    return list(pikepdf.parse_content_stream(holder if isinstance(holder, Stream) else pikepdf.Page(holder)))


def _plain_mark(item: Any, private: set[str]) -> Any:
    if str(item.operator) == "BDC" and isinstance(item.operands[1], Name) and str(item.operands[1]) in private:
        return pikepdf.ContentStreamInstruction([item.operands[0]], pikepdf.Operator("BMC"))
    if str(item.operator) == "DP" and isinstance(item.operands[1], Name) and str(item.operands[1]) in private:
        return pikepdf.ContentStreamInstruction([item.operands[0]], pikepdf.Operator("MP"))
    return item


def _repair_graphics_state(holder: Any) -> None:
    _drop(holder, GRAPHICS_STATE)
    if holder.get("/OPM") == 1:
        holder["/OPM"] = 0


def add_default_cmyk(resources: Any, space: pikepdf.Object) -> None:
    """Says what device CMYK means here; pages without such colours are not affected."""
    spaces = resources.get("/ColorSpace")
    if spaces is None:
        resources["/ColorSpace"] = Dictionary(DefaultCMYK=space)
    elif isinstance(spaces, Dictionary) and "/DefaultCMYK" not in spaces:
        spaces["/DefaultCMYK"] = space
