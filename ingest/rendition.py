"""The searchable PDF/A-2b rendition of a master (ISO 19005-2, level B).

A ladder: save as PDF/A after repairs → rebuild from single pages → redraw the pages that do not conform → redraw all.
Scanned pages show the image stream of the master bit for bit under an invisible text layer. `pdfa-2b` is claimed only
for a file that the allow-list check of `pikepdf.pdfa` approved in its written form; what this check does not know is
not claimed. Equal input gives equal bytes. Runs on hostile bytes: call it in a limited child.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import pikepdf
import pikepdf.pdfa
from pikepdf import Dictionary, Name

from archive.pagetext import PageText
from core.progress import ahead
from ingest import jpx, rendition_images, textlayer
from ingest.pageimage import PageUnreadable, load_page
from ingest.rendition_pages import (
    ScanImage,
    add_pixels,
    add_redrawn,
    add_scan,
    add_text,
    is_own,
    scan_image,
)
from ingest.rendition_repair import repair_document

# fontTools warns about dates and tables in fonts of received files: nobody can act on that.
logging.getLogger("fontTools").setLevel(logging.ERROR)

Conformance = Literal["pdfa-2b", "rasterised", "none"]
FLAVOUR: Final = "2b"
CREATOR: Final = "E-Akte"
LANGUAGE: Final = "de-DE"
POINTS_PER_INCH: Final = 72
TRUSTED_ROTATION: Final = 50.0  # mean confidence from which the reading says how the page lies
MAX_REASONS: Final = 4
BROKEN: Final = (
    *(pikepdf.PdfError, pikepdf.PasswordError, pikepdf.DataDecodingError, pikepdf.DependencyError, PageUnreadable),
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError, OSError, ArithmeticError),
)


@dataclass(frozen=True, slots=True)
class RenditionPage:
    """A page to show: its number in the master (from 1) and its text, in the pixels that `load_page` gives."""

    page_no: int
    text: PageText | None = None


@dataclass(frozen=True, slots=True)
class RenditionInfo:
    """What the file says about itself. `created` is a time with zone."""

    title: str
    created: datetime


@dataclass(frozen=True, slots=True)
class RenditionResult:
    """`reason` names the rules that forced repairs to give up (stable rule ids), None when nothing was lost."""

    conformance: Conformance
    reason: str | None
    pages: int


@dataclass(frozen=True, slots=True)
class _Job:
    master: Path
    pages: Sequence[RenditionPage]
    out: Path
    info: RenditionInfo


def render(master: Path, pages: Sequence[RenditionPage], out: Path, info: RenditionInfo) -> RenditionResult:
    """Writes the rendition of the given pages, in their order, to `out`.

    With no pages the first page of the master stands for the item. `none` (nothing written) only when nothing on the
    ladder can read the master. Raises OSError when `out` cannot be written.
    """
    job = _Job(master, pages or (RenditionPage(1),), out, info)
    if _is_pdf(master):
        return _render_pdf(job)
    try:
        return _first_passing(job, [("pdfa-2b", lambda: _from_images(job))], None)
    except BROKEN as error:
        return RenditionResult("none", type(error).__name__, 0)


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _render_pdf(job: _Job) -> RenditionResult:
    rungs: list[tuple[Conformance, Callable[[], pikepdf.Pdf]]] = [
        ("pdfa-2b", lambda: _whole(job)),
        ("pdfa-2b", lambda: _assembled(job, frozenset())),
        ("rasterised", lambda: _assembled(job, _failing(job))),
        ("rasterised", lambda: _assembled(job, frozenset(page.page_no for page in job.pages))),
        ("rasterised", lambda: _redrawn(job)),
    ]
    return _first_passing(job, rungs, None)


def _first_passing(
    job: _Job, rungs: Sequence[tuple[Conformance, Callable[[], pikepdf.Pdf]]], reason: str | None
) -> RenditionResult:
    """Climbs down until a written file passes; the reason is that of the last rung that did not."""
    for conformance, build in rungs:
        ahead(len(job.pages))
        try:
            with build() as pdf:
                findings = _write(pdf, job.out, job.info)
        except _NotThisWay:
            continue
        except BROKEN as error:
            reason = reason or type(error).__name__
            continue
        if not findings:
            return RenditionResult(conformance, reason if conformance == "rasterised" else None, len(job.pages))
        reason = ", ".join(sorted(findings)[:MAX_REASONS])
    job.out.unlink(missing_ok=True)
    return RenditionResult("none", reason, 0)


class _NotThisWay(Exception):
    """This rung does not apply to the master."""


def _whole(job: _Job) -> pikepdf.Pdf:
    """The master's own structure (bookmarks, tags), where all its pages are shown and none is a scan."""
    pdf = pikepdf.open(job.master)
    numbers = [page.page_no for page in job.pages]
    if numbers != list(range(1, len(pdf.pages) + 1)) or any(scan_image(page) for page in pdf.pages):
        pdf.close()
        raise _NotThisWay
    repair_document(pdf)
    layered = [page for page in job.pages if not is_own(page.text)]
    if layered:
        layer = textlayer.build_layer(pdf, [page.text for page in layered if page.text])
        for page in layered:
            if page.text is not None:
                add_text(pdf, pdf.pages[page.page_no - 1], page.text, layer)
    return pdf


def _assembled(job: _Job, redrawn: frozenset[int]) -> pikepdf.Pdf:
    """A new file of single pages: scans rebuilt, others copied after repair, those in `redrawn` as images."""
    pdf = pikepdf.new()
    layer = textlayer.build_layer(pdf, [page.text for page in job.pages if page.text])
    with pikepdf.open(job.master) as master:
        scans = {page.page_no: scan_image(master.pages[page.page_no - 1]) for page in job.pages}
        rotations = {page.page_no: _own_rotation(master.pages[page.page_no - 1]) for page in job.pages}
        repaired = False
        for page in job.pages:
            scan = scans[page.page_no]
            if scan is not None and _same_frame(scan, page.text):
                rotation = _rotation(page.text, rotations[page.page_no])
                if page.page_no in redrawn:
                    _add_scan_pixels(pdf, job.master, page, layer, rotation)
                else:
                    add_scan(pdf, scan, page.text, layer, rotation)
            elif page.page_no in redrawn:
                add_redrawn(pdf, job.master, page.page_no, page.text, layer)
            else:
                if not repaired:
                    repair_document(master)
                    repaired = True
                _add_kept(pdf, master.pages[page.page_no - 1], page.text, layer)
    return pdf


def _redrawn(job: _Job) -> pikepdf.Pdf:
    """Every page as PDFium shows it: also where qpdf cannot open the master."""
    pdf = pikepdf.new()
    layer = textlayer.build_layer(pdf, [page.text for page in job.pages if page.text])
    for page in job.pages:
        add_redrawn(pdf, job.master, page.page_no, page.text, layer)
    return pdf


def _from_images(job: _Job) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    layer = textlayer.build_layer(pdf, [page.text for page in job.pages if page.text])
    for page in job.pages:
        frame = rendition_images.frame(pdf, job.master, page.page_no)
        dpi = (page.text.dpi if page.text else frame.dpi) or rendition_images.DEFAULT_DPI
        points = frame.width * POINTS_PER_INCH / dpi, frame.height * POINTS_PER_INCH / dpi
        scan = ScanImage(frame.image, frame.width, frame.height, points)
        add_scan(pdf, scan, page.text, layer, _rotation(page.text, 0))
    return pdf


def _same_frame(scan: ScanImage, text: PageText | None) -> bool:
    """Is the text in pixels of this image, and not of the page as shown?"""
    return text is None or (text.width, text.height) == (scan.width, scan.height)


def _rotation(text: PageText | None, own: int) -> int:
    """How viewers turn the page: as the reading says when it is sure, else as the master says."""
    if text is None or text.mean_confidence() < TRUSTED_ROTATION:
        return own
    return text.rotation


def _own_rotation(page: pikepdf.Page) -> int:
    return int(page.obj.get("/Rotate", 0)) // 90 * 90 % 360


def _add_scan_pixels(
    pdf: pikepdf.Pdf, master: Path, page: RenditionPage, layer: textlayer.Layer, rotation: int
) -> None:
    image = load_page(master, page.page_no)
    points = image.width * POINTS_PER_INCH / image.dpi, image.height * POINTS_PER_INCH / image.dpi
    add_pixels(pdf, image.pixels, points, page.text, layer, rotation)


def _add_kept(pdf: pikepdf.Pdf, page: pikepdf.Page, text: PageText | None, layer: textlayer.Layer) -> None:
    pdf.pages.append(page)
    copied = pdf.pages[-1]
    for key in ("/StructParents", "/Annots"):  # tags and link targets stay behind with the master's structure
        if key in copied.obj:
            del copied.obj[key]
    if text is not None and not is_own(text):
        add_text(pdf, copied, text, layer)


def _failing(job: _Job) -> frozenset[int]:
    """The pages that do not conform by themselves."""
    failing = set()
    for page in job.pages:
        single = _Job(job.master, (RenditionPage(page.page_no),), job.out, job.info)
        try:
            with _assembled(single, frozenset()) as pdf:
                if _check(pdf, job.info):
                    failing.add(page.page_no)
        except BROKEN:
            failing.add(page.page_no)
    return frozenset(failing)


def _check(pdf: pikepdf.Pdf, info: RenditionInfo) -> set[str]:
    _declare(pdf, info)
    return _open_findings(pdf, pikepdf.pdfa.check(pdf, FLAVOUR))


def _write(pdf: pikepdf.Pdf, out: Path, info: RenditionInfo) -> set[str]:
    """Writes the file and checks the bytes written; returns the rules broken (then the file is worth nothing)."""
    _declare(pdf, info)
    settings = pikepdf.pdfa.resolve_save_kwargs(FLAVOUR, deterministic_id=True)
    pdf.save(out, **settings)
    report = pikepdf.pdfa.validate_written(out, FLAVOUR)
    if report.passed:
        return set()
    with pikepdf.open(out) as written:
        return _open_findings(written, report)


def _open_findings(pdf: pikepdf.Pdf, report: Any) -> set[str]:
    """Rules left open. JPEG 2000, which the check does not judge, is judged by our own allow-list."""
    rules = {finding.rule for finding in report.findings if "JPEG 2000" not in finding.message}
    if len(rules) == 0 and report.findings and not jpx.all_conform(pdf):
        return {"jpeg2000"}
    return rules


def _declare(pdf: pikepdf.Pdf, info: RenditionInfo) -> None:
    """Title, dates and the PDF/A mark; what the master said about its authors is not carried over."""
    created = info.created.astimezone(UTC).replace(microsecond=0)
    for key in ("/Metadata", "/OutputIntents"):
        if key in pdf.Root:
            del pdf.Root[key]
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    pdf.docinfo["/Title"] = "".join(char if char.isprintable() else " " for char in info.title)
    pdf.docinfo["/Creator"] = CREATOR
    pdf.docinfo["/CreationDate"] = created.strftime("D:%Y%m%d%H%M%S+00'00'")
    pdf.Root.Lang = pikepdf.String(LANGUAGE)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pikepdf.pdfa.prepare(pdf, FLAVOUR)
    # `prepare` stamps the present moment; equal input has to give equal bytes.
    packet = re.sub(rb"(<xmp:MetadataDate>)[^<]*", rb"\g<1>" + created.isoformat().encode(), _packet(pdf))
    pdf.Root.Metadata = pdf.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)


def _packet(pdf: pikepdf.Pdf) -> bytes:
    return bytes(pdf.Root.Metadata.read_bytes())
