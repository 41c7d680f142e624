"""`eakte doctor`: holds the stores against each other and names every disagreement. Reads only; repairs nothing.

A finding is {"store", "kind", "id", "text"}; texts are German, ids are ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from archive.models import (
    BlobClaim,
    CaseFile,
    ContentFile,
    Document,
    DocumentVersion,
    Filing,
    Page,
    Person,
    PersonName,
)
from core.audit.verify import verify
from core.errors import Unavailable
from core.models import AuditEvent, Job, OutboxEvent
from core.outbox import INDEX
from eakte.bootstrap import Services
from eakte.doctor_clock import hosts_ahead
from eakte.doctor_storage import storage_findings
from eakte.relay import broker_fault
from eakte.searching import documents_in_index
from inbox.checks import unseen_items
from inbox.models import InboxItem
from ingest.hotfolder import unwatched
from ingest.models import MailItem, Receipt, TransferNote
from ingest.reporting import differences
from ingest.stored_bytes import count_blobs, examine_blobs, missing_blobs, orphan_blobs
from ingest.transfer_note import note_hash
from organisation.models import Agency, ScanStation


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: in which store, of which kind, at which object, in plain words."""

    store: str
    kind: str
    id: str
    text: str

    def __str__(self) -> str:
        return f"{self.store}: {self.text} ({self.id})"


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
    with services.database.read() as session:
        findings += _clock_findings(session, services.database.clock.now())
    for walk in (_audit_findings, _ledger_findings, _note_findings, _index_findings, _broker_findings):
        findings += walk(services)
    return findings


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The answer of `eakte doctor --json`."""
    return {"findings": [asdict(finding) for finding in findings]}


def _blob_findings(services: Services, deep: bool, progress: Progress) -> Iterator[Finding]:
    database, store = services.database, services.blobs
    for sha in sorted(missing_blobs(database, store)):
        yield Finding("blobs", "missing", sha, "Die Bytes fehlen, obwohl sie gebraucht werden.")
    for sha in orphan_blobs(database, store, services.settings.orphan_grace):
        yield Finding("blobs", "orphan", sha, "Diese Bytes gehören zu nichts und sind älter als die Schonfrist.")
    done, total = 0, count_blobs(database)
    for page in examine_blobs(database, store, rehash=deep):
        done += page.count
        progress(done, max(done, total))
        for sha in page.damaged:
            yield Finding("blobs", "damaged", sha, "Die Bytes sind verändert: Der Hash stimmt nicht mehr.")
        for sha in page.unclaimed:
            yield Finding("database", "unclaimed_blob", sha, "Zu diesen Bytes fehlt der Anspruch.")


def _reference_findings(session: Session, services: Services) -> Iterator[Finding]:
    """Rows that name a row which is gone, in any table: what the database itself would not have allowed."""
    for table, row, parent in services.database.dangling_references(session):
        text = f"Die Zeile {row} der Tabelle {table} verweist auf eine fehlende Zeile in {parent}."
        yield Finding("database", "dangling_reference", f"{table}:{row}", text)


def _ledger_findings(services: Services) -> Iterator[Finding]:
    with services.database.read() as session:
        agencies = session.scalars(select(Agency.id)).all()
    for agency_id in agencies:
        for receipt_id, number in differences(services.database, agency_id):
            yield Finding(
                "database", "pages_differ", str(receipt_id), f"{number} Seiten liegen nicht genau einmal vor."
            )


def _broker_findings(services: Services) -> Iterator[Finding]:
    """Nothing is lost without it; but nobody should have to read logs to learn that work has become slow to start."""
    if fault := broker_fault(services.settings):
        yield Finding("broker", fault.reason, "redis", fault.de)


def _owner_findings(session: Session, _services: Services) -> Iterator[Finding]:
    no_receipt = select(MailItem.id).where(~exists().where(Receipt.id == MailItem.receipt_id))
    for item_id in session.scalars(no_receipt):
        yield Finding("database", "item_without_receipt", str(item_id), "Zur Sendung fehlt der Posteingang.")
    owners = {"receipt": Receipt.id, "mail_item": MailItem.id, "document": Document.id}
    for owner, column in owners.items():
        ownerless = select(BlobClaim.owner_id).where(
            BlobClaim.owner_type == owner, ~exists().where(column == BlobClaim.owner_id)
        )
        for owner_id in sorted(set(session.scalars(ownerless))):
            yield Finding("database", f"{owner}_row_missing", str(owner_id), "Bytes sind da, die Zeile dazu fehlt.")
    no_document = select(MailItem.id).where(
        MailItem.state.in_(("filed", "clearing")), ~exists().where(Document.id == MailItem.document_id)
    )
    for item_id in session.scalars(no_document):
        yield Finding("database", "item_without_document", str(item_id), "Zur Sendung fehlt das Schriftstück.")


def _record_findings(session: Session, _services: Services) -> Iterator[Finding]:
    alive = Document.state == "active"
    checks = (
        ("document_without_version", select(Document.id).where(
            alive, ~exists().where(DocumentVersion.document_id == Document.id)), "Das Schriftstück hat keine Fassung."),
        ("version_without_master", select(DocumentVersion.id).where(~exists().where(
            ContentFile.version_id == DocumentVersion.id, ContentFile.role == "scan_master")),
            "Zur Fassung fehlt der Original-Scan."),
        ("version_without_pages", select(DocumentVersion.id).where(
            ~exists().where(Page.version_id == DocumentVersion.id)), "Zur Fassung fehlen die Seiten."),
        ("version_without_rendition", select(DocumentVersion.id).where(
            DocumentVersion.rendition_conformance.is_not(None), DocumentVersion.rendition_conformance != "none",
            ~exists().where(ContentFile.version_id == DocumentVersion.id, ContentFile.role == "rendition")),
            "Zur Fassung fehlt die Lesefassung."),
        ("pages_missing", select(DocumentVersion.id).where(
            DocumentVersion.page_count != select(func.count()).where(Page.version_id == DocumentVersion.id)
            .correlate(DocumentVersion).scalar_subquery()), "Die Fassung hat nicht so viele Seiten, wie sie haben soll."),
        ("person_without_name", select(Person.id).where(~exists().where(PersonName.person_id == Person.id)),
            "Zur Person fehlt der Name."),
        ("document_without_note", select(Document.id).where(
            alive, Document.mail_item_id.is_not(None), ~exists().where(TransferNote.document_id == Document.id)),
            "Zum Schriftstück fehlt der Transfervermerk."),
        ("filed_without_filing", select(Document.id).where(alive, Document.filed.is_(True), ~exists().where(
            Filing.document_id == Document.id, Filing.ended_at.is_(None))), "Das Schriftstück liegt in keiner Akte."),
        ("unfiled_without_inbox", select(Document.id).where(alive, Document.filed.is_(False), ~exists().where(
            InboxItem.document_id == Document.id, InboxItem.state.in_(("open", "deferred")))),
            "Das Schriftstück liegt weder in einer Akte noch in einem Postkorb."),
        ("filing_without_case", select(Filing.id).where(
            Filing.ended_at.is_(None), ~exists().where(CaseFile.id == Filing.case_file_id)),
            "Zur Ablage fehlt die Akte."),
    )  # fmt: skip
    for kind, query, text in checks:
        for object_id in session.scalars(query):
            yield Finding("database", kind, str(object_id), text)


def _note_findings(services: Services) -> Iterator[Finding]:
    after = UUID(int=0)
    query = select(TransferNote).order_by(TransferNote.id).limit(_PAGE)
    while True:
        with services.database.read() as session:
            notes = session.scalars(query.where(TransferNote.id > after)).all()
        for note in notes:
            if note_hash(note.note) != note.sha256:
                yield Finding("database", "note_changed", str(note.document_id), "Der Transfervermerk ist verändert.")
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
            yield Finding("inbox", "delivery_missing", str(item_id), text)


def _index_findings(services: Services) -> Iterator[Finding]:
    """Documents that the index lacks or should not know; what the outbox still owes is not late yet.

    The index moves on while both are compared, so what disagrees is looked at once more in the database.
    """
    try:
        wanted, there = _wanted_in_index(services), documents_in_index(services)
    except Unavailable as error:
        yield Finding("index", error.reason, services.settings.opensearch_index, error.de)
        return
    for document_id in sorted(wanted - there):
        if document_id in _wanted_in_index(services, document_id):
            yield Finding("index", "not_indexed", document_id, "Das Schriftstück fehlt im Suchindex.")
    for document_id in sorted(there - wanted):
        if not _is_owed(services, document_id) and not _wanted_in_index(services, document_id):
            yield Finding(
                "index", "only_indexed", document_id, "Der Suchindex kennt ein Schriftstück, das es nicht gibt."
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
    open_jobs = select(Job.id).where(Job.state.in_(("ready", "leased")))
    stuck = select(MailItem.id).where(  # while its receipt is being split, a letter waits for that
        MailItem.state == "in_work",
        ~exists(open_jobs.where(Job.subject_id == MailItem.id).correlate(MailItem)),
        ~exists(open_jobs.where(Job.subject_id == MailItem.receipt_id).correlate(MailItem)),
    )
    for item_id in session.scalars(stuck):
        yield Finding("jobs", "item_without_job", str(item_id), "An dieser Sendung arbeitet niemand mehr.")
    unsplit = select(Receipt.id).where(
        Receipt.state == "accepted", ~exists(open_jobs.where(Job.subject_id == Receipt.id).correlate(Receipt))
    )
    for receipt_id in session.scalars(unsplit):
        yield Finding("jobs", "receipt_without_job", str(receipt_id), "An diesem Posteingang arbeitet niemand mehr.")
    for item_id in unseen_items(session, services.database.clock.now()):
        yield Finding("inbox", "unseen", str(item_id), "Dieses Schreiben liegt, wo es niemand sieht.")


def _audit_findings(services: Services) -> Iterator[Finding]:
    for problem in verify(services.database, services.anchors).problems:
        yield Finding("audit", problem.kind, str(problem.position), "Das Protokoll ist an dieser Stelle verändert.")


def _hotfolder_findings(session: Session, services: Services) -> Iterator[Finding]:
    """Folders and files of the hot folder that no station is watched for: letters may lie there unseen."""
    root = services.settings.hotfolder
    if root is None:
        return
    if not root.is_dir():
        yield Finding("hotfolder", "missing", "-", "Den Ordner aus EAKTE_HOTFOLDER gibt es auf diesem Rechner nicht.")
        return
    codes = set(session.scalars(select(ScanStation.code).where(ScanStation.revoked_at.is_(None))))
    for name in unwatched(root, codes):
        text = "Zu diesem Ordner gibt es keine Station, oder sie ist gesperrt: Was darin liegt, nimmt niemand an."
        yield Finding("hotfolder", "unknown_station", name, text)
    if any(one.is_file() and not one.name.startswith(".") for one in root.iterdir()):
        text = (
            "Neben den Ordnern der Stationen liegen Dateien. Niemand nimmt sie an: bitte in den Ordner einer Station."
        )
        yield Finding("hotfolder", "file_without_station", "-", text)


def _clock_findings(session: Session, now: datetime) -> Iterator[Finding]:
    for host, lead in hosts_ahead(session, now):
        text = (
            f"Die Uhr des Rechners geht gegenüber diesem {lead} Sekunden vor. Bitte die Zeit beider abgleichen (NTP)."
        )
        yield Finding("clock", "skew", host, text)


_CHECKS: Final[Sequence[Callable[[Session, Services], Iterator[Finding]]]] = (
    _reference_findings,
    _owner_findings,
    _record_findings,
    _delivery_findings,
    _work_findings,
    _hotfolder_findings,
)
