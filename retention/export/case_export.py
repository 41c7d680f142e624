"""Export of a case: a ZIP of single PDF/As in the order of filing, register (CSV and PDF), SHA-256 list, audit extract.

Made for a court or an inspection: documents as single searchable PDFs (§ 3 Abs. 1 BehAktÜbV) under names after ERVB, a
register with order, type and date received of each (§ 2 Abs. 4). A document that is filed with some of its pages goes out
with those pages only. Where no PDF/A could be made, the original scan goes out and the register says so.

The export is one act in the audit log, written before the first byte leaves the installation; it names a hash over all
that is handed out, and the extract ends with it. The ZIP holds personal data: it lies where the caller wants it and is
nobody's to clean up.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.access import require_case_file, visible_filings
from archive.blobs.port import BlobStore
from archive.models import CaseFile, ContentFile, Document, DocumentVersion, Filing, Page
from core.actor import Actor
from core.audit import record_act
from core.audit.anchors import Anchors
from core.clock import agency_date
from core.database import Database
from core.errors import NotFound, Unavailable
from core.singletons import settle_seals
from retention.export.audit_extract import EXPORTED, build_extract
from retention.export.checking import EXTRACT, SUMS, contents_sha256
from retention.export.excerpting import Excerpts
from retention.export.names import file_name, safe_part
from retention.pdf import Report

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
class _Source:
    """Where bytes come from: as they are, or some pages of them."""

    store: BlobStore
    excerpts: Excerpts


@dataclass(frozen=True, slots=True)
class Places:
    """`out` gets the ZIP (made when absent), `work` holds it while it is made, `anchors` are the heads of the audit log."""

    out: Path
    work: Path
    anchors: Anchors


def export_case(database: Database, store: BlobStore, actor: Actor, number: str, places: Places) -> Exported:
    """Export the case that the number names.

    Who may read the case may export it; that is asked again when it is complete. Raises NotFound otherwise, BlobMissing
    when bytes are missing, Unavailable while the log cannot be sealed; then nothing has left. The same case again
    replaces the file of the same day.
    """
    now = database.clock.now()
    with database.read() as session:
        case_file = _case(session, actor, number, agency_date(now))
        items = _items(session, actor, case_file, agency_date(now))
    handle, name = tempfile.mkstemp(dir=places.work, prefix="export-")
    os.close(handle)
    packed = Path(name)
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive_file:
            packer = _Packer(archive_file, now)
            with Excerpts(store, places.work) as excerpts:
                _pack(packer, _Source(store, excerpts), case_file, items)
            _record(database, actor, case_file, items, contents_sha256(packer.sums))
            _pack_proof(packer, database, case_file, places.anchors)
        target = _hand_out(packed, places.out, case_file, now)
    finally:
        packed.unlink(missing_ok=True)
    with target.open("rb") as file:
        return Exported(target, hashlib.file_digest(file, "sha256").hexdigest(), len(items))


def _case(session: Session, actor: Actor, number: str, today: date) -> CaseFile:
    named = archive.case_file_by_exact_number(session, actor.agency_id, number)
    if named is None:
        raise NotFound
    return require_case_file(session, actor, named.id, today)


def _items(session: Session, actor: Actor, case_file: CaseFile, today: date) -> list[_Item]:
    types = {row.code: row.title for row in archive.document_types(session, case_file.agency_id)}
    keywords = {row.code: row.title for row in archive.keywords(session, case_file.agency_id, case_file.file_plan_unit)}
    query = (
        select(Filing, Document)
        .join(Document, Document.id == Filing.document_id)
        .where(Filing.case_file_id == case_file.id, visible_filings(actor, today))
        .where(Document.state == "active")
        .order_by(Filing.ordinal)
    )
    items = []
    for filing, document in session.execute(query):
        version = archive.current_version(session, document.id)
        content = _content(session, version.id) if version else None
        if version is None or content is None:
            raise NotFound("Zu einem Schriftstück der Akte fehlen die Bytes.", "a document has no content")
        pages = archive.pages(session, version.id)
        items.append(
            _Item(
                filing, document, version, content, pages, types.get(document.document_type, document.document_type),
                keywords.get(filing.keyword or "", filing.keyword or ""),
            )
        )  # fmt: skip
    return items


def _content(session: Session, version_id: UUID) -> ContentFile | None:
    rendition = archive.content_file(session, version_id, "rendition")
    return rendition or archive.content_file(session, version_id, "scan_master")


def _record(
    database: Database, actor: Actor, case_file: CaseFile, items: Sequence[_Item], contents: str
) -> None:  # fmt: skip
    with database.write() as tx:
        require_case_file(tx.session, actor, case_file.id, tx.today)
        record_act(
            tx, actor, EXPORTED, "case_file", case_file.id, case_file_id=case_file.id,
            documents=[item.document.id for item in items], contents_sha256=contents,
        )  # fmt: skip


def _pack(packer: _Packer, source: _Source, case_file: CaseFile, items: Sequence[_Item]) -> None:
    digits = max(4, len(str(max((item.filing.ordinal for item in items), default=0))))
    lines = [_document(packer, source, item, digits) for item in items]
    packer.add("Register.csv", _csv(lines))
    packer.add("Register.pdf", _pdf(case_file, lines, packer.now))


def _pack_proof(packer: _Packer, database: Database, case_file: CaseFile, anchors: Anchors) -> None:
    if not settle_seals(database, anchors):
        raise Unavailable("Das Protokoll wird gerade gesiegelt. Bitte gleich noch einmal versuchen.", "log not sealed")
    anchored = anchors.all()
    with database.read() as session:
        extract = build_extract(session, case_file.id, anchored)
    packer.add(EXTRACT, json.dumps(extract, ensure_ascii=False, indent=1).encode())
    packer.add(SUMS, "".join(f"{sha256}  {name}\n" for name, sha256 in packer.sums).encode())


def _hand_out(packed: Path, out: Path, case_file: CaseFile, now: datetime) -> Path:
    """Complete or not there, on whatever file system; readable for the caller only."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"Akte_{safe_part(case_file.file_number)[:60]}_{agency_date(now).isoformat()}.zip"
    handle, name = tempfile.mkstemp(dir=out, prefix=".export-")
    part = Path(name)
    try:
        with packed.open("rb") as source, os.fdopen(handle, "wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        return part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class _Packer:
    """Adds files with one time stamp and remembers their hashes in order."""

    def __init__(self, archive_file: zipfile.ZipFile, now: datetime) -> None:
        self.now = now
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


def _document(packer: _Packer, source: _Source, item: _Item, digits: int) -> Sequence[str]:
    """Add the file; returns its line of the register."""
    data, extension, form, shown = _bytes(source, item)
    name = file_name(item.filing.ordinal, _day_of(item.document), item.document.title, extension, digits)
    sha256 = packer.add(name, data)
    return (
        str(item.filing.ordinal), name, item.document.title, item.type_title,
        DIRECTIONS.get(item.document.direction, item.document.direction), _text(item.document.received_on),
        _text(item.document.document_date), item.keyword_title, str(shown), form, sha256,
    )  # fmt: skip


def _bytes(source: _Source, item: _Item) -> tuple[bytes, str, str, int]:
    """The bytes to hand out, the extension, their form in German, and how many pages they have.

    Where some pages of a document are filed here, no other page leaves: not even where the pages cannot be taken out.
    """
    first, last = item.filing.page_from, item.filing.page_to
    whole = first == 1 and last == item.version.page_count
    shown = [page.rendition_page_no for page in item.pages if first <= page.page_no <= last and page.rendition_page_no]
    form = FORMS.get(item.version.rendition_conformance or "", "PDF")
    if whole:
        with source.store.open(item.content.sha256) as file:
            data = file.read()
        if item.content.role == "rendition":
            return data, "pdf", form, len(shown)
        extension = _EXTENSIONS.get(item.content.media_type, "bin")
        return data, extension, "Original-Scan, nicht als PDF/A darstellbar", item.version.page_count
    if item.content.role == "rendition" and not shown:
        blank = "Die hier abgelegten Seiten sind leer. Der Original-Scan enthält sie."
        return _page_saying(item, blank), "pdf", form, 0
    part = source.excerpts.pages(item.content.sha256, shown) if item.content.role == "rendition" else None
    if part is not None:
        return part, "pdf", form, len(shown)
    text = f"Die Seiten {first} bis {last} lassen sich nicht auszugsweise ausgeben. Der Original-Scan enthält sie."
    return _page_saying(item, text), "pdf", "Hinweisblatt, nicht als PDF/A darstellbar", last - first + 1


def _page_saying(item: _Item, text: str) -> bytes:
    """A page in the place of pages that cannot be shown."""
    report = Report(item.document.title, item.document.created_at)
    report.paragraph(text)
    return report.to_bytes()


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
