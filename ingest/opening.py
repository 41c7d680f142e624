"""What a received file is: content decides, not the name. Runs in a worker's child; never decodes before the limits.

The outcome follows the table "What becomes of input" (INTERFACES): taken with notes, rejected (nobody can do anything
with the bytes), or quarantined (a person must look).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from PIL import Image, UnidentifiedImageError

from core.progress import paced
from ingest.limits import DEFAULT, Limits
from ingest.pageimage import is_pdf, page_shape
from ingest.pdf_checks import has_active_content, lost_pages, oversize

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg", ".jpe")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"II*\x00", "image/tiff", (".tif", ".tiff")),
    (b"MM\x00*", "image/tiff", (".tif", ".tiff")),
)
PDF = "application/pdf"
_PARSERS = ("JPEG", "PNG", "TIFF")
_SHEET_CHARACTERS = 600

_TEXTS = {
    "empty_file": "Die Datei ist leer. Bitte neu scannen oder den Absender benachrichtigen.",
    "no_pages": "Die Datei enthält keine Seiten. Bitte neu scannen oder den Absender benachrichtigen.",
    "unknown_type": "Diese Art von Datei kann nicht verarbeitet werden (nur PDF, JPEG, PNG, TIFF). Bitte den Absender "
    "benachrichtigen.",
    "damaged": "Die Datei ist beschädigt oder unvollständig. Bitte neu scannen oder neu anfordern.",
    "needs_password": "Die Datei ist mit einem Passwort geschützt. Bitte das Passwort erfragen oder neu anfordern.",
    "too_many_pixels": "Eine Seite hat mehr als 100 Megapixel. Bitte mit geringerer Auflösung scannen.",
    "decompression_bomb": "Die Datei würde beim Öffnen übermäßig anwachsen. Sie wurde nicht geöffnet. Bitte neu anfordern.",
    "too_many_pages": "Die Datei hat zu viele Seiten. Bitte in kleineren Stapeln scannen.",
    "recursion": "Die Datei ist in sich verschachtelt und kann nicht gelesen werden. Bitte neu anfordern.",
    "decrypted": "Die Datei war gegen Änderungen geschützt; sie ließ sich trotzdem lesen.",
    "active_content": "Die Datei enthält Programme, Aktionen oder Anhänge. Sie bleiben im Original, in der Lesefassung "
    "fehlen sie.",
    "wrong_extension": "Die Endung des Dateinamens passt nicht zum Inhalt; der Inhalt entscheidet.",
    "repaired": "Der Aufbau der Datei war fehlerhaft und wurde beim Lesen ausgebessert.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code and its German sentence."""

    code: str

    @property
    def text(self) -> str:
        """What happened and what to do next."""
        return _TEXTS[self.code]


@dataclass(frozen=True, slots=True)
class ProbedPage:
    """A page as found: its number from 1, the hash of its image, and whether it may be a separator sheet at all.

    A page full of own text, or of nothing but text and lines, cannot be one: born-digital letters need not be drawn only
    to look for barcodes.
    """

    page_no: int
    raw_sha256: str
    may_be_sheet: bool


@dataclass(frozen=True, slots=True)
class Inspection:
    """`state` taken | rejected | quarantined; `reason` for the last two; `notes` for what was noticed and mended."""

    state: str
    media_type: str | None
    pages: Sequence[ProbedPage]
    notes: Sequence[Reason] = ()
    reason: Reason | None = None


class _Refusal(Exception):
    def __init__(self, state: str, code: str) -> None:
        super().__init__(code)
        self.state = state
        self.code = code


def inspect(path: Path, name: str | None = None, limits: Limits = DEFAULT) -> Inspection:
    """Look at the file. Never raises for what is in it, but may die or grow: that is what the child is for."""
    media_type: str | None = None
    try:
        media_type = _media_type(path)
        notes: list[Reason] = []
        if name and not _fits(name, media_type):
            notes.append(Reason("wrong_extension"))
        if media_type == PDF:
            pages, more = _inspect_pdf(path, limits)
            return Inspection("taken", media_type, pages, [*notes, *more])
        return Inspection("taken", media_type, _inspect_image(path, limits), notes)
    except _Refusal as refusal:
        return Inspection(refusal.state, media_type, (), (), Reason(refusal.code))


def _media_type(path: Path) -> str:
    if path.stat().st_size == 0:
        raise _Refusal("rejected", "empty_file")
    with path.open("rb") as file:
        head = file.read(16)
    for signature, media_type, _ in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if is_pdf(path):
        return PDF
    raise _Refusal("rejected", "unknown_type")


def _fits(name: str, media_type: str) -> bool:
    suffix = Path(name).suffix.lower()
    if not suffix:
        return True
    if media_type == PDF:
        return suffix == ".pdf"
    return any(suffix in suffixes for _, kind, suffixes in _SIGNATURES if kind == media_type)


def _inspect_pdf(path: Path, limits: Limits) -> tuple[list[ProbedPage], list[Reason]]:
    try:
        with pikepdf.open(path) as pdf:
            return _probe_pdf(pdf, path, limits)
    except pikepdf.PasswordError as error:
        raise _Refusal("quarantined", "needs_password") from error
    except RecursionError as error:
        raise _Refusal("quarantined", "recursion") from error
    except (pikepdf.PdfError, pdfium.PdfiumError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _Refusal("quarantined", _fault(str(error).lower())) from error


def _fault(message: str) -> str:
    if "password" in message:  # PDFium refuses where qpdf got in by an empty owner password
        return "needs_password"
    return "recursion" if "loop" in message else "damaged"


def _probe_pdf(pdf: pikepdf.Pdf, path: Path, limits: Limits) -> tuple[list[ProbedPage], list[Reason]]:
    count = len(pdf.pages)
    warnings = " ".join(str(warning) for warning in pdf.get_warnings())
    _require_readable(pdf, count, warnings, limits)
    pages = []
    with pdfium.PdfDocument(path) as document:
        if len(document) != count:
            raise _Refusal("quarantined", "damaged")
        for number in paced(range(1, count + 1)):
            shape = page_shape(pdf, document, number)
            may_be_sheet = shape.may_hold_code and (shape.kind == "scan" or shape.characters < _SHEET_CHARACTERS)
            pages.append(ProbedPage(number, shape.raw_sha256, may_be_sheet))
    found = (("decrypted", pdf.is_encrypted), ("active_content", has_active_content(pdf)), ("repaired", bool(warnings)))
    return pages, [Reason(code) for code, noticed in found if noticed]


def _require_readable(pdf: pikepdf.Pdf, count: int, warnings: str, limits: Limits) -> None:
    """Everything that can be refused before a page is touched."""
    if count == 0:
        if "loop" in warnings.lower():
            raise _Refusal("quarantined", "recursion")
        raise _Refusal("quarantined", "damaged") if warnings else _Refusal("rejected", "no_pages")
    if count > limits.pages:
        raise _Refusal("quarantined", "too_many_pages")
    if lost_pages(pdf):
        raise _Refusal("quarantined", "damaged")
    too_large = oversize(pdf, limits)
    if too_large is not None:
        raise _Refusal("quarantined", too_large)


def _inspect_image(path: Path, limits: Limits) -> list[ProbedPage]:
    pages: list[ProbedPage] = []
    try:
        with Image.open(path, formats=_PARSERS) as image:
            # Only a TIFF has pages: further frames of a JPEG or PNG are thumbnails, depth maps or animation.
            count = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
            if count > limits.pages:
                raise _Refusal("quarantined", "too_many_pages")
            for number in paced(range(count)):
                image.seek(number)
                if image.width * image.height > limits.megapixels * 1_000_000:
                    raise _Refusal("quarantined", "too_many_pixels")
                image.load()
                pages.append(ProbedPage(number + 1, "", may_be_sheet=True))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError) as error:
        raise _Refusal("quarantined", "damaged") from error
    return pages
