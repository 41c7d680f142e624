"""Export of a case: a ZIP of single PDF/As in the order of filing, register (CSV and PDF), SHA-256 list, audit extract.

Made for a court or an inspection: documents as single searchable PDFs (§ 3 Abs. 1 BehAktÜbV) under names after ERVB, a
register with order, type and date received of each (§ 2 Abs. 4). A document that is filed with some of its pages goes out
with those pages only. Where no PDF/A could be made, the original scan goes out and the register says so.

The export is one act in the audit log, written before the first byte leaves. The ZIP holds personal data: it lies where
the caller wants it and is nobody's to clean up.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pikepdf.pdfa
from pikepdf import Pdf
from sqlalchemy import select

from archive import repository as archive
from archive.access import require_case_file, visible_filings
from archive.blobs.port import BlobStore
from archive.models import CaseFile, ContentFile, Document, DocumentVersion, Filing, Page
from core.actor import Actor
from core.audit import record_act
from core.clock import agency_date
from core.database import Database, Transaction
from core.errors import NotFound
from retention.export.audit_extract import build_extract
from retention.export.names import file_name, safe_part
from retention.pdf import Report
from retention.singletons import settle_seals

HEADER: Final = (
    "Nr.", "Datei", "Bezeichnung", "Dokumenttyp", "Richtung", "Eingang", "Datum des Schreibens", "Schlagwort", "Seiten",
    "Form", "SHA-256",
)  # fmt: skip
DIRECTIONS: Final = {"in": "Eingang", "out": "Ausgang", "internal": "intern"}
FORMS: Final = {"pdfa-2b": "PDF/A-2b", "rasterised": "PDF/A-2b (neu gezeichnet)"}
_EXTENSIONS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif"}


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the ZIP lies, its SHA-256, and how many documents are in it."""

    path: Path
    sha256: str
    documents: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A filing with what it takes to write it."""

    filing: Filing
    document: Document
    version: DocumentVersion
    content: ContentFile
    pages: Sequence[Page]
    type_title: str
    keyword_title: str


@dataclass(frozen=True, slots=True)
class _Written:
    """A file in the ZIP with its line of the register."""

    name: str
    sha256: str
    line: Sequence[str]


def export_case(database: Database, store: BlobStore, actor: Actor, number: str, out: Path, anchor: Path) -> Exported:
    """Export the case that the number names into the folder `out` (made when absent).

    Who may read the case may export it. Raises NotFound otherwise, BlobMissing when bytes are missing; then no file is
    left. The same case again replaces the file of the same day.
    """
    with database.write() as tx:
        case_file = _case(tx, actor, number)
        items = _items(tx, actor, case_file)
        record_act(
            tx, actor, "case.exported", "case_file", case_file.id, case_file_id=case_file.id,
            documents=[item.document.id for item in items],
        )  # fmt: skip
        now = tx.now
    settle_seals(database, anchor)
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"Akte_{safe_part(case_file.file_number)[:60]}_{agency_date(now).isoformat()}.zip"
    handle, temporary = tempfile.mkstemp(dir=out, prefix=".export-")
    os.close(handle)
    try:
        _write(Path(temporary), database, store, case_file, items, anchor, now)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    with target.open("rb") as file:
        return Exported(target, hashlib.file_digest(file, "sha256").hexdigest(), len(items))


def _case(tx: Transaction, actor: Actor, number: str) -> CaseFile:
    named = archive.case_file_by_exact_number(tx.session, actor.agency_id, number)
    if named is None:
        raise NotFound
    return require_case_file(tx.session, actor, named.id, agency_date(tx.now))


def _items(tx: Transaction, actor: Actor, case_file: CaseFile) -> list[_Item]:
    types = {row.code: row.title for row in archive.document_types(tx.session, case_file.agency_id)}
    keywords = {
        row.code: row.title for row in archive.keywords(tx.session, case_file.agency_id, case_file.file_plan_unit)
    }
    query = (
        select(Filing, Document)
        .join(Document, Document.id == Filing.document_id)
        .where(Filing.case_file_id == case_file.id, visible_filings(actor, agency_date(tx.now)))
        .where(Document.state == "active")
        .order_by(Filing.ordinal)
    )
    items = []
    for filing, document in tx.session.execute(query):
        version = archive.current_version(tx.session, document.id)
        content = _content(tx, version.id) if version else None
        if version is None or content is None:
            raise NotFound("Zu einem Schriftstück der Akte fehlen die Bytes.", "a document has no content")
        pages = archive.pages(tx.session, version.id)
        items.append(
            _Item(
                filing, document, version, content, pages, types.get(document.document_type, document.document_type),
                keywords.get(filing.keyword or "", filing.keyword or ""),
            )
        )  # fmt: skip
    return items


def _content(tx: Transaction, version_id: UUID) -> ContentFile | None:
    rendition = archive.content_file(tx.session, version_id, "rendition")
    return rendition or archive.content_file(tx.session, version_id, "scan_master")


def _write(
    path: Path, database: Database, store: BlobStore, case_file: CaseFile, items: Sequence[_Item], anchor: Path,
    now: datetime,
) -> None:  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive_file:
        packer = _Packer(archive_file, now)
        written = [_document(packer, store, item) for item in items]
        lines = [one.line for one in written]
        packer.add("Register.csv", _csv(lines))
        packer.add("Register.pdf", _pdf(case_file, lines, now))
        with database.read() as session:
            extract = build_extract(session, case_file.id, anchor)
        packer.add("Protokollauszug.json", json.dumps(extract, ensure_ascii=False, indent=1).encode())
        sums = "".join(f"{sha256}  {name}\n" for name, sha256 in packer.sums)
        packer.add("SHA256SUMS.txt", sums.encode())
    with path.open("rb") as file:
        os.fsync(file.fileno())


class _Packer:
    """Adds files with one time stamp and remembers their hashes in order."""

    def __init__(self, archive_file: zipfile.ZipFile, now: datetime) -> None:
        self._file = archive_file
        self._stamp = now.timetuple()[:6]
        self.sums: list[tuple[str, str]] = []

    def add(self, name: str, data: bytes) -> str:
        info = zipfile.ZipInfo(name, self._stamp)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        self._file.writestr(info, data)
        sha256 = hashlib.sha256(data).hexdigest()
        self.sums.append((name, sha256))
        return sha256


def _document(packer: _Packer, store: BlobStore, item: _Item) -> _Written:
    data, form, shown = _bytes(store, item)
    day = _day_of(item.document)
    extension = _EXTENSIONS.get(item.content.media_type, "bin")
    name = file_name(item.filing.ordinal, day, item.document.title, extension)
    sha256 = packer.add(name, data)
    line = (
        str(item.filing.ordinal), name, item.document.title, item.type_title,
        DIRECTIONS.get(item.document.direction, item.document.direction), _text(item.document.received_on),
        _text(item.document.document_date), item.keyword_title, str(shown), form, sha256,
    )  # fmt: skip
    return _Written(name, sha256, line)


def _bytes(store: BlobStore, item: _Item) -> tuple[bytes, str, int]:
    """The bytes to hand out, their form in German, and how many pages they have."""
    with store.open(item.content.sha256) as file:
        data = file.read()
    first, last = item.filing.page_from, item.filing.page_to
    whole = first == 1 and last == item.version.page_count
    if item.content.role != "rendition":
        if not whole:
            raise NotFound("Ein Schriftstück lässt sich nicht auszugsweise ausgeben.", "pages of a master")
        return data, "Original-Scan, nicht als PDF/A darstellbar", item.version.page_count
    form = FORMS.get(item.version.rendition_conformance or "", "PDF")
    shown = [page.rendition_page_no for page in item.pages if first <= page.page_no <= last and page.rendition_page_no]
    if whole:
        return data, form, len(shown)
    return (_pages_of(data, shown) if shown else _blank(item)), form, len(shown)


def _blank(item: _Item) -> bytes:
    """Filed with blank pages only: the rendition leaves those out, so a page says so."""
    report = Report(item.document.title, item.document.created_at)
    report.paragraph("Die hier abgelegten Seiten sind leer. Der Original-Scan enthält sie.")
    return report.to_bytes()


def _pages_of(data: bytes, numbers: Sequence[int]) -> bytes:
    """A PDF/A-2b of some pages. Raises pikepdf.pdfa.PdfaError when it would not conform."""
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(data)) as whole, Pdf.new() as part:
        for number in numbers:
            part.pages.append(whole.pages[number - 1])
        with part.open_metadata() as metadata:
            metadata["dc:language"] = ["de-DE"]
        pikepdf.pdfa.save(part, out, "2b", deterministic_id=True)
    return out.getvalue()


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    """The register for spreadsheets; a cell that one would take for a formula is quoted by an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for line in lines:
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in line])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _pdf(case_file: CaseFile, lines: Sequence[Sequence[str]], now: datetime) -> bytes:
    report = Report(f"Inhaltsverzeichnis der Akte {case_file.file_number}", now, landscape=True)
    report.facts([("Stand", f"{agency_date(now):%d.%m.%Y}"), ("Schriftstücke", str(len(lines)))])
    header = (
        "Nr.",
        "Bezeichnung",
        "Dokumenttyp",
        "Richtung",
        "Eingang",
        "Schreiben vom",
        "Schlagwort",
        "Seiten",
        "Form",
    )
    rows = [(line[0], *line[2:10]) for line in lines]
    report.table(header, rows, (4, 26, 18, 9, 11, 11, 16, 7, 18))
    report.heading("Dateien und Prüfsummen (SHA-256)")
    report.table(("Nr.", "Datei", "Prüfsumme"), [(line[0], line[1], line[10]) for line in lines], (4, 46, 50))
    return report.to_bytes()


def _day_of(document: Document) -> date:
    return document.document_date or document.received_on


def _text(day: Any) -> str:
    return day.isoformat() if isinstance(day, date) else ""
