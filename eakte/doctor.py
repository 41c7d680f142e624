"""`eakte doctor`: holds the stores against each other and names every disagreement. Reads only; `eakte.mending` repairs.

A finding is {"store", "kind", "id", "text"}, its text German; people are told it in English, too. Ids are ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from archive.models import CaseFile, Document
from core.audit.verify import verify
from core.errors import Unavailable
from core.models import AuditEvent, OutboxEvent
from core.outbox import INDEX
from eakte.bootstrap import Services
from eakte.doctor_clock import clock_findings
from eakte.doctor_records import items_without_job, owner_findings, receipts_without_job, record_findings
from eakte.doctor_storage import storage_findings
from eakte.relay import broker_fault
from eakte.searching import documents_in_index
from inbox.checks import unseen_items
from inbox.models import InboxItem
from ingest.hotfolder import unwatched
from ingest.models import TransferNote
from ingest.reporting import differences
from ingest.stored_bytes import count_blobs, examine_blobs, missing_blobs, orphan_blobs
from ingest.transfer_note import note_hash
from organisation.models import Agency, ScanStation


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: in which store, of which kind, at which object, in plain words of two languages."""

    store: str
    kind: str
    id: str
    text: str
    english: str

    def __str__(self) -> str:
        return f"{self.store}: {self.text} ({self.id})\n  {self.english}"


Progress = Callable[[int, int], None]
_PAGE: Final = 500


def _silent(_done: int, _total: int) -> None:
    pass


def examine(services: Services, *, deep: bool = True, progress: Progress = _silent) -> list[Finding]:
    """All findings. `deep` re-hashes every stored byte; without it only presence is checked.

    Runs beside the work: no transaction stays open while bytes are read, each check has its own. `progress` is told how
    many of the known blobs are done, of about how many.
    """
    findings = list(_blob_findings(services, deep, progress))
    findings += [Finding("blobs", *told) for told in storage_findings(services.database, services.blobs, deep=deep)]
    for check in _CHECKS:
        with services.database.read() as session:
            findings += check(session, services)
    findings += [Finding("clock", *told) for told in clock_findings(services.database)]
    for walk in (_audit_findings, _ledger_findings, _note_findings, _index_findings, _broker_findings):
        findings += walk(services)
    return findings


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The answer of `eakte doctor --json`."""
    told = [{"store": one.store, "kind": one.kind, "id": one.id, "text": one.text} for one in findings]
    return {"findings": told}


def _blob_findings(services: Services, deep: bool, progress: Progress) -> Iterator[Finding]:
    database, store = services.database, services.blobs
    for sha in sorted(missing_blobs(database, store)):
        text = "Die Bytes fehlen, obwohl sie gebraucht werden."
        yield Finding("blobs", "missing", sha, text, "The bytes are needed and not there.")
    for sha in orphan_blobs(database, store, services.settings.orphan_grace):
        text = "Diese Bytes gehören zu nichts und sind älter als die Schonfrist."
        yield Finding(
            "blobs", "orphan", sha, text, "These bytes belong to nothing and are older than the time of grace."
        )
    done, total = 0, count_blobs(database)
    for page in examine_blobs(database, store, rehash=deep):
        done += page.count
        progress(done, max(done, total))
        for sha in page.damaged:
            text = "Die Bytes sind verändert: Der Hash stimmt nicht mehr."
            yield Finding("blobs", "damaged", sha, text, "The bytes were changed: they no longer have their hash.")
        for sha in page.unclaimed:
            text = "Zu diesen Bytes fehlt der Anspruch."
            yield Finding("database", "unclaimed_blob", sha, text, "The claim on these bytes is missing.")


def _reference_findings(session: Session, services: Services) -> Iterator[Finding]:
    """Rows that name a row which is gone, in any table: what the database itself would not have allowed."""
    for table, row, parent in services.database.dangling_references(session):
        text = f"Die Zeile {row} der Tabelle {table} verweist auf eine fehlende Zeile in {parent}."
        english = f"Row {row} of table {table} names a row of {parent} that is not there."
        yield Finding("database", "dangling_reference", f"{table}:{row}", text, english)


def _ledger_findings(services: Services) -> Iterator[Finding]:
    with services.database.read() as session:
        agencies = session.scalars(select(Agency.id)).all()
    for agency_id in agencies:
        for receipt_id, number in differences(services.database, agency_id):
            text, english = (
                f"{number} Seiten liegen nicht genau einmal vor.",
                f"{number} pages are not there exactly once.",
            )
            yield Finding("database", "pages_differ", str(receipt_id), text, english)


def _broker_findings(services: Services) -> Iterator[Finding]:
    """Nothing is lost without it; but nobody should have to read logs to learn that work has become slow to start."""
    if fault := broker_fault(services.settings):
        yield Finding("broker", fault.reason, "redis", fault.de, fault.en)


def _owner_findings(session: Session, _services: Services) -> Iterator[Finding]:
    yield from (Finding("database", *told) for told in owner_findings(session))


def _record_findings(session: Session, _services: Services) -> Iterator[Finding]:
    yield from (Finding("database", *told) for told in record_findings(session))


def _note_findings(services: Services) -> Iterator[Finding]:
    after = UUID(int=0)
    query = select(TransferNote).order_by(TransferNote.id).limit(_PAGE)
    while True:
        with services.database.read() as session:
            notes = session.scalars(query.where(TransferNote.id > after)).all()
        for note in notes:
            if note_hash(note.note) != note.sha256:
                text, english = "Der Transfervermerk ist verändert.", "The transfer note was changed."
                yield Finding("database", "note_changed", str(note.document_id), text, english)
        if not notes:
            return
        after = notes[-1].id


def _delivery_findings(session: Session, _services: Services) -> Iterator[Finding]:
    """Deliveries that the log holds and no inbox does; what a destroyed case took along is no finding."""
    gone = select(CaseFile.id).where(CaseFile.state == "destroyed")
    lost = select(AuditEvent.object_id, AuditEvent.details).where(
        AuditEvent.action.in_(("inbox.delivered", "inbox.to_clearing")),
        ~exists().where(InboxItem.id == AuditEvent.object_id),
        or_(AuditEvent.case_file_id.is_(None), AuditEvent.case_file_id.not_in(gone)),
    )
    for item_id, details in session.execute(lost):
        document = session.get(Document, UUID(details["document"])) if details.get("document") else None
        if document is not None and document.state == "active":
            text = "Das Schreiben fehlt in dem Postkorb, in den es gelegt wurde."
            english = "The letter is not in the inbox that it was laid into."
            yield Finding("inbox", "delivery_missing", str(item_id), text, english)


def _index_findings(services: Services) -> Iterator[Finding]:
    """Documents that the index lacks or should not know; what the outbox still owes is not late yet.

    The index moves on while both are compared, so what disagrees is looked at once more in the database.
    """
    try:
        wanted, there = _wanted_in_index(services), documents_in_index(services)
    except Unavailable as error:
        yield Finding("index", error.reason, services.settings.opensearch_index, error.de, error.en)
        return
    for document_id in sorted(wanted - there):
        if document_id in _wanted_in_index(services, document_id):
            text, english = "Das Schriftstück fehlt im Suchindex.", "The document is missing in the search index."
            yield Finding("index", "not_indexed", document_id, text, english)
    for document_id in sorted(there - wanted):
        if not _is_owed(services, document_id) and not _wanted_in_index(services, document_id):
            text = "Der Suchindex kennt ein Schriftstück, das es nicht gibt."
            yield Finding(
                "index", "only_indexed", document_id, text, "The search index knows a document that does not exist."
            )


def _wanted_in_index(services: Services, only: str | None = None) -> set[str]:
    """Documents that the index must know by now, all or one."""
    query = select(Document.id).where(Document.state == "active", Document.id.not_in(_owed_to_index()))
    with services.database.read() as session:
        return {str(one) for one in session.scalars(query.where(Document.id == UUID(only)) if only else query)}


def _is_owed(services: Services, document_id: str) -> bool:
    with services.database.read() as session:
        return bool(session.scalar(select(exists(_owed_to_index().where(OutboxEvent.object_id == UUID(document_id))))))


def _owed_to_index() -> Select[UUID]:
    return select(OutboxEvent.object_id).where(OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None))


def _work_findings(session: Session, services: Services) -> Iterator[Finding]:
    for item_id in session.scalars(items_without_job()):
        text, english = "An dieser Sendung arbeitet niemand mehr.", "Nobody works on this letter any more."
        yield Finding("jobs", "item_without_job", str(item_id), text, english)
    for receipt_id in session.scalars(receipts_without_job()):
        text, english = "An diesem Posteingang arbeitet niemand mehr.", "Nobody works on this receipt any more."
        yield Finding("jobs", "receipt_without_job", str(receipt_id), text, english)
    for item_id in unseen_items(session, services.database.clock.now()):
        text, english = "Dieses Schreiben liegt, wo es niemand sieht.", "This letter lies where nobody sees it."
        yield Finding("inbox", "unseen", str(item_id), text, english)


def _audit_findings(services: Services) -> Iterator[Finding]:
    for problem in verify(services.database, services.anchors).problems:
        text, english = "Das Protokoll ist an dieser Stelle verändert.", "The log was changed at this place."
        yield Finding("audit", problem.kind, str(problem.position), text, english)


def _hotfolder_findings(session: Session, services: Services) -> Iterator[Finding]:
    """Folders and files of the hot folder that no station is watched for: letters may lie there unseen."""
    root = services.settings.hotfolder
    if root is None:
        return
    if not root.is_dir():
        text = "Den Ordner aus EAKTE_HOTFOLDER gibt es auf diesem Rechner nicht."
        yield Finding("hotfolder", "missing", "-", text, "The folder of EAKTE_HOTFOLDER is not on this host.")
        return
    codes = set(session.scalars(select(ScanStation.code).where(ScanStation.revoked_at.is_(None))))
    for name in unwatched(root, codes):
        text = "Zu diesem Ordner gibt es keine Station, oder sie ist gesperrt: Was darin liegt, nimmt niemand an."
        english = "This folder has no station, or a revoked one: nobody takes what lies in it."
        yield Finding("hotfolder", "unknown_station", name, text, english)
    if any(one.is_file() and not one.name.startswith(".") for one in root.iterdir()):
        text = (
            "Neben den Ordnern der Stationen liegen Dateien. Niemand nimmt sie an: bitte in den Ordner einer Station."
        )
        english = "Files lie beside the stations' folders. Nobody takes them: move them into the folder of a station."
        yield Finding("hotfolder", "file_without_station", "-", text, english)


_CHECKS: Final[Sequence[Callable[[Session, Services], Iterator[Finding]]]] = (
    _reference_findings,
    _owner_findings,
    _record_findings,
    _delivery_findings,
    _work_findings,
    _hotfolder_findings,
)
