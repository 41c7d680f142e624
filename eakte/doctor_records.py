"""What `eakte doctor` asks of the rows of records: is everything there that belongs together."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Select, exists, func, select
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
from core.models import Job
from inbox.models import InboxItem
from ingest.models import MailItem, Receipt, TransferNote

_OPEN = select(Job.id).where(Job.state.in_(("ready", "leased")))
Told = tuple[str, str, str, str]
"""Kind, id, and the same sentence in German and English."""


def items_without_job() -> Select[UUID]:
    """Letters in work at which nobody works. While its receipt is being split, a letter waits for that."""
    return select(MailItem.id).where(
        MailItem.state == "in_work",
        ~exists(_OPEN.where(Job.subject_id == MailItem.id).correlate(MailItem)),
        ~exists(_OPEN.where(Job.subject_id == MailItem.receipt_id).correlate(MailItem)),
    )


def receipts_without_job() -> Select[UUID]:
    """Receipts that nobody will split."""
    return select(Receipt.id).where(
        Receipt.state == "accepted", ~exists(_OPEN.where(Job.subject_id == Receipt.id).correlate(Receipt))
    )


def owner_findings(session: Session) -> Iterator[Told]:
    """Owners that are gone while what they own is there."""
    no_receipt = select(MailItem.id).where(~exists().where(Receipt.id == MailItem.receipt_id))
    for item_id in session.scalars(no_receipt):
        yield (
            "item_without_receipt",
            str(item_id),
            "Zur Sendung fehlt der Posteingang.",
            "The receipt of this letter is missing.",
        )
    owners = {"receipt": Receipt.id, "mail_item": MailItem.id, "document": Document.id}
    for owner, column in owners.items():
        ownerless = select(BlobClaim.owner_id).where(
            BlobClaim.owner_type == owner, ~exists().where(column == BlobClaim.owner_id)
        )
        for owner_id in sorted(set(session.scalars(ownerless))):
            yield (
                f"{owner}_row_missing",
                str(owner_id),
                "Bytes sind da, die Zeile dazu fehlt.",
                "Bytes are there, their row is missing.",
            )
    no_document = select(MailItem.id).where(
        MailItem.state.in_(("filed", "clearing")), ~exists().where(Document.id == MailItem.document_id)
    )
    for item_id in session.scalars(no_document):
        yield (
            "item_without_document",
            str(item_id),
            "Zur Sendung fehlt das Schriftstück.",
            "The document of this letter is missing.",
        )


def record_findings(session: Session) -> Iterator[Told]:
    """Parts of a record that must be there and are not."""
    alive = Document.state == "active"
    checks = (
        ("document_without_version", select(Document.id).where(
            alive, ~exists().where(DocumentVersion.document_id == Document.id)),
            "Das Schriftstück hat keine Fassung.", "The document has no version."),
        ("version_without_master", select(DocumentVersion.id).where(~exists().where(
            ContentFile.version_id == DocumentVersion.id, ContentFile.role == "scan_master")),
            "Zur Fassung fehlt der Original-Scan.", "The original scan of this version is missing."),
        ("version_without_pages", select(DocumentVersion.id).where(
            ~exists().where(Page.version_id == DocumentVersion.id)),
            "Zur Fassung fehlen die Seiten.", "The pages of this version are missing."),
        ("version_without_rendition", select(DocumentVersion.id).where(
            DocumentVersion.rendition_conformance.is_not(None), DocumentVersion.rendition_conformance != "none",
            ~exists().where(ContentFile.version_id == DocumentVersion.id, ContentFile.role == "rendition")),
            "Zur Fassung fehlt die Lesefassung.", "The rendition of this version is missing."),
        ("pages_missing", select(DocumentVersion.id).where(
            DocumentVersion.page_count != select(func.count()).where(Page.version_id == DocumentVersion.id)
            .correlate(DocumentVersion).scalar_subquery()),
            "Die Fassung hat nicht so viele Seiten, wie sie haben soll.",
            "The version has not as many pages as it should have."),
        ("person_without_name", select(Person.id).where(~exists().where(PersonName.person_id == Person.id)),
            "Zur Person fehlt der Name.", "The name of this person is missing."),
        ("document_without_note", select(Document.id).where(
            alive, Document.mail_item_id.is_not(None), ~exists().where(TransferNote.document_id == Document.id)),
            "Zum Schriftstück fehlt der Transfervermerk.", "The transfer note of this document is missing."),
        ("filed_without_filing", select(Document.id).where(alive, Document.filed.is_(True), ~exists().where(
            Filing.document_id == Document.id, Filing.ended_at.is_(None))),
            "Das Schriftstück liegt in keiner Akte.", "The document lies in no case file."),
        ("unfiled_without_inbox", select(Document.id).where(alive, Document.filed.is_(False), ~exists().where(
            InboxItem.document_id == Document.id, InboxItem.state.in_(("open", "deferred")))),
            "Das Schriftstück liegt weder in einer Akte noch in einem Postkorb.",
            "The document lies neither in a case file nor in an inbox."),
        ("filing_without_case", select(Filing.id).where(
            Filing.ended_at.is_(None), ~exists().where(CaseFile.id == Filing.case_file_id)),
            "Zur Ablage fehlt die Akte.", "The case file of this filing is missing."),
    )  # fmt: skip
    for kind, query, text, english in checks:
        for object_id in session.scalars(query):
            yield kind, str(object_id), text, english
