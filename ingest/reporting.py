"""The JSON lines of INTERFACES for a receipt's items, and the reconciliation of what came with what is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from archive.access import NAMED_ONLY
from archive.blobs.port import BlobStore
from archive.models import Blob, BlobClaim, CaseFile, ContentFile, Document, Page
from core.database import Database
from core.models import AuditEvent
from inbox.repository import dismissal_of
from ingest import repository
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage

STATES = ("in_work", "filed", "clearing", "quarantined", "rejected")


def item_lines(session: Session, receipt: Receipt, source: str | None = None) -> list[dict[str, Any]]:
    """One object per mail item of the receipt, in order; none while it is not split yet."""
    return [_line(session, receipt, item, source) for item in repository.items_of(session, receipt.id)]


def station_lines(session: Session, receipt: Receipt) -> list[dict[str, Any]]:
    """`item_lines` for the station that brought it: it sees what is in work, not what is filed or kept from it.

    What was read on the pages is left out once an item is filed or dismissed, or waits where the post room has no
    access; so is why a person dismissed it. The number of a sealed case is never told.
    """
    lines = []
    for item in repository.items_of(session, receipt.id):
        line = _line(session, receipt, item, None)
        document = session.get(Document, item.document_id) if item.document_id else None
        if document is not None and (repository.decided(document) or document.clearing_scope != "general"):
            line["evidence"] = []
            line["reasons"] = [*item.reasons, *item.notes]
        case_file = session.get(CaseFile, item.case_file_id) if item.case_file_id else None
        if case_file is not None and (case_file.sealed or case_file.secrecy_class in NAMED_ONLY):
            line["case_file_number"] = None
        lines.append(line)
    return lines


def _line(session: Session, receipt: Receipt, item: MailItem, source: str | None) -> dict[str, Any]:
    case_file = session.get(CaseFile, item.case_file_id) if item.case_file_id else None
    dismissed = dismissal_of(session, item.document_id) if item.document_id else None
    elapsed = (item.final_at - receipt.accepted_at).total_seconds() if item.final_at else None
    return {
        "receipt_id": str(receipt.id),
        "receipt_sha256": receipt.sha256,
        "source": source or receipt.source_name,
        "item_no": item.item_no,
        "pages": item.page_count,
        "blank_pages": item.blank_pages,
        "state": "rejected" if dismissed else item.state,
        "case_file_number": case_file.file_number if case_file else None,
        "inbox": None if dismissed else item.inbox,
        "document_ids": [str(item.document_id)] if item.document_id else [],
        "document_type": item.document_type,
        "confidence": round(item.confidence, 3),
        "reasons": [*(dismissed.reasons if dismissed else item.reasons), *item.notes],
        "evidence": item.evidence,
        "seconds": round(elapsed, 3) if elapsed is not None else None,
        "duplicate_of": str(receipt.duplicate_of) if receipt.duplicate_of else None,
    }


def reconcile(database: Database, store: BlobStore, agency_id: UUID, orphan_grace: float) -> dict[str, int]:
    """Count from the stores, not from counters (INTERFACES `ledger reconcile`): I1 as figures."""
    with database.read() as session:
        receipts = session.scalars(select(Receipt).where(Receipt.agency_id == agency_id)).all()
        counts = dict.fromkeys(STATES, 0)
        now = select(repository.STATE_NOW, func.count()).select_from(MailItem)
        items = now.outerjoin(Document, Document.id == MailItem.document_id).where(MailItem.agency_id == agency_id)
        for state, number in session.execute(items.group_by(repository.STATE_NOW)):
            counts[state] += number
        with_items = set(session.scalars(select(MailItem.receipt_id).where(MailItem.agency_id == agency_id)))
        counts["in_work"] += sum(receipt.id not in with_items for receipt in receipts)
        difference = sum(differences(session, agency_id).values())
        orphans = len(orphan_blobs(session, store, orphan_grace, database)) + len(missing_blobs(session, store))
    return {
        "received": len(receipts),
        "items": sum(counts.values()),
        **counts,
        "difference": difference,
        "orphans": orphans,
    }


def differences(session: Session, agency_id: UUID) -> dict[UUID, int]:
    """For each receipt that does not add up, the number of its pages that are not in exactly one item or sheet.

    A receipt that the log says was accepted and that is not in the ledger counts with its pages, or as one.
    """
    receipts = session.scalars(select(Receipt).where(Receipt.agency_id == agency_id)).all()
    found = {receipt.id: _page_difference(session, receipt) for receipt in receipts}
    for receipt_id in _lost_receipts(session, agency_id):
        pages = select(func.count()).select_from(ReceiptPage).where(ReceiptPage.receipt_id == receipt_id)
        found[receipt_id] = max(1, session.scalar(pages) or 0)
    return {receipt_id: number for receipt_id, number in found.items() if number}


def _lost_receipts(session: Session, agency_id: UUID) -> set[UUID]:
    """Receipts that the log, an item or a page knows and the ledger does not."""
    known = set(session.scalars(select(Receipt.id).where(Receipt.agency_id == agency_id)))
    accepted = select(AuditEvent.object_id).where(
        AuditEvent.agency_id == agency_id, AuditEvent.action == "receipt.accepted"
    )
    named = {one for one in session.scalars(accepted) if one is not None}
    named |= set(session.scalars(select(MailItem.receipt_id).where(MailItem.agency_id == agency_id)))
    return named - known


def _page_difference(session: Session, receipt: Receipt) -> int:
    """Pages of a split receipt that are not in exactly one item or sheet, plus rows of items that do not add up."""
    if receipt.state != "split":
        return 0 if repository.items_of(session, receipt.id) or receipt.state == "accepted" else 1
    rows = {row.page_no: row for row in repository.receipt_pages(session, receipt.id)}
    expected = range(1, (receipt.page_count or 0) + 1)
    lost = sum(number not in rows for number in expected) + sum(number not in expected for number in rows)
    in_items: dict[UUID, int] = {}
    for row in rows.values():
        if row.kind == "item" and row.mail_item_id is not None:
            in_items[row.mail_item_id] = in_items.get(row.mail_item_id, 0) + 1
    for item in repository.items_of(session, receipt.id):
        lost += abs(item.page_count - in_items.pop(item.id, 0))
        lost += abs(item.page_count - len(repository.item_pages(session, item.id)))
    return lost + sum(in_items.values())


def orphan_blobs(session: Session, store: BlobStore, grace: float, database: Database) -> list[str]:
    """Stored bytes that nobody claims and that are older than the grace time."""
    claimed = set(session.scalars(select(BlobClaim.sha256).distinct()))
    waiting = set(session.scalars(select(Blob.sha256).where(Blob.tombstoned_at.is_not(None))))
    oldest = (database.clock.now() - timedelta(seconds=grace)).timestamp()
    return [sha for sha, modified in store.all() if sha not in claimed and sha not in waiting and modified < oldest]


def known_to_a_row(session: Session, sha256: str) -> bool:
    """Whether somebody claims the bytes, or their removal is already under way."""
    claimed = exists().where(BlobClaim.sha256 == sha256)
    waiting = exists().where(Blob.sha256 == sha256, Blob.tombstoned_at.is_not(None))
    return bool(session.scalar(select(or_(claimed, waiting))))


def missing_blobs(session: Session, store: BlobStore) -> list[str]:
    """Addresses that a claim, a receipt, an item, a content file or a page needs and the store does not hold."""
    needed = set(session.scalars(select(BlobClaim.sha256).distinct()))
    needed |= set(session.scalars(select(Receipt.sha256).where(Receipt.blob_released_at.is_(None))))
    for column in (MailItem.master_sha256, ItemPage.text_sha256, ContentFile.sha256, Page.text_sha256):
        needed |= {sha for sha in session.scalars(select(column).where(column.is_not(None)).distinct()) if sha}
    return sorted(sha for sha in needed if not store.exists(sha))
