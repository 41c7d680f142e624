"""The JSON lines of INTERFACES for a receipt's items, and the reconciliation of what came with what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from archive.access import NAMED_ONLY
from archive.blobs.port import BlobStore
from archive.models import CaseFile, Document
from core.database import Database
from core.models import AuditEvent
from inbox.models import InboxItem
from inbox.repository import dismissals_of
from ingest import repository
from ingest.models import MailItem, Receipt, ReceiptPage
from ingest.stored_bytes import PAGE, missing_blobs, orphan_blobs

_AT_ONCE = 100
"""Receipts whose lines are made in one go."""
STATES = ("in_work", "filed", "clearing", "quarantined", "rejected")


def item_lines(session: Session, named: Iterable[tuple[UUID, str | None]]) -> Iterator[dict[str, Any]]:
    """One object per mail item of these receipts, in their order; none of a receipt that is not split yet.

    Each is named with its file as the caller knows it; None is the name that came with it.
    """
    listed = iter(named)
    while portion := list(islice(listed, _AT_ONCE)):
        found = _Found(session, [receipt_id for receipt_id, _ in portion])
        for receipt_id, source in portion:
            receipt = found.receipts[receipt_id]
            yield from (_line(found, receipt, item, source) for item in found.items[receipt_id])


def station_lines(session: Session, receipt: Receipt) -> list[dict[str, Any]]:
    """`item_lines` for the station that brought it: it sees what is in work, not what is filed or kept from it.

    What was read on the pages is left out once an item is filed or dismissed, or waits where the post room has no
    access; so is why a person dismissed it. The number of a sealed case is never told.
    """
    lines = []
    found = _Found(session, [receipt.id])
    for item in found.items[receipt.id]:
        line = _line(found, receipt, item, None)
        document = found.documents.get(item.document_id)
        if document is not None and (repository.decided(document) or document.clearing_scope != "general"):
            line["evidence"] = []
            line["reasons"] = [*item.reasons, *item.notes]
        case_file = found.case_files.get(item.case_file_id)
        if case_file is not None and (case_file.sealed or case_file.secrecy_class in NAMED_ONLY):
            line["case_file_number"] = None
        lines.append(line)
    return lines


class _Found:
    """What the lines of some receipts need, asked for at once: a batch has hundreds of items."""

    def __init__(self, session: Session, receipt_ids: Sequence[UUID]) -> None:
        receipts = session.scalars(select(Receipt).where(Receipt.id.in_(receipt_ids)))
        self.receipts = {receipt.id: receipt for receipt in receipts}
        split = [receipt.id for receipt in self.receipts.values() if receipt.state != repository.ACCEPTED]
        self.items: dict[UUID, list[MailItem]] = {receipt_id: [] for receipt_id in receipt_ids}
        of_these = MailItem.receipt_id.in_(split)
        for item in session.scalars(select(MailItem).where(of_these).order_by(MailItem.item_no)):
            self.items[item.receipt_id].append(item)
        documents = session.scalars(
            select(Document).join(MailItem, MailItem.document_id == Document.id).where(of_these)
        )
        self.documents: dict[UUID | None, Document] = {document.id: document for document in documents}
        case_files = session.scalars(
            select(CaseFile).join(MailItem, MailItem.case_file_id == CaseFile.id).where(of_these)
        )
        self.case_files: dict[UUID | None, CaseFile] = {case_file.id: case_file for case_file in case_files}
        mine = select(MailItem.document_id).where(of_these)
        self.dismissals: dict[UUID | None, InboxItem] = {
            dismissal.document_id: dismissal for dismissal in dismissals_of(session, mine)
        }


def _line(found: _Found, receipt: Receipt, item: MailItem, source: str | None) -> dict[str, Any]:
    case_file = found.case_files.get(item.case_file_id)
    dismissed = found.dismissals.get(item.document_id)
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
    """Count from the stores, not from counters (INTERFACES `ledger reconcile`): I1 as figures.

    The counts are of one moment; pages and bytes are gone through in short transactions, which hold each for itself.
    """
    with database.read() as session:
        counts = _counts(session, agency_id)
    differing = sum(number for _, number in differences(database, agency_id))
    orphans = sum(1 for _ in orphan_blobs(database, store, orphan_grace))
    missing = sum(1 for _ in missing_blobs(database, store))
    return {**counts, "difference": differing, "orphans": orphans + missing}


def _counts(session: Session, agency_id: UUID) -> dict[str, int]:
    mine = select(func.count()).select_from(Receipt).where(Receipt.agency_id == agency_id)
    without_items = mine.where(or_(~repository.is_split(), ~exists().where(MailItem.receipt_id == Receipt.id)))
    states = dict.fromkeys(STATES, 0)
    now = select(repository.STATE_NOW, func.count()).select_from(MailItem)
    items = (
        now.join(Receipt, Receipt.id == MailItem.receipt_id)
        .outerjoin(Document, Document.id == MailItem.document_id)
        .where(MailItem.agency_id == agency_id, repository.is_split())
    )
    for state, number in session.execute(items.group_by(repository.STATE_NOW)):
        states[state] += number
    states["in_work"] += session.scalar(without_items) or 0
    return {"received": session.scalar(mine) or 0, "items": sum(states.values()), **states}


def differences(database: Database, agency_id: UUID) -> Iterator[tuple[UUID, int]]:
    """For each receipt that does not add up, the number of its pages that are not in exactly one item or sheet.

    A receipt that the log says was accepted and that is not in the ledger counts with its pages, or as one. A page of
    receipts is one short transaction: each receipt adds up for itself, at every moment.
    """
    after = UUID(int=0)
    query = select(Receipt).where(Receipt.agency_id == agency_id).order_by(Receipt.id).limit(PAGE)
    while True:
        with database.read() as session:
            receipts = session.scalars(query.where(Receipt.id > after)).all()
            found = [(receipt.id, _page_difference(session, receipt)) for receipt in receipts]
        yield from ((receipt_id, number) for receipt_id, number in found if number)
        if not receipts:
            break
        after = receipts[-1].id
    with database.read() as session:
        lost = [(one, _pages_of(session, one)) for one in sorted(_lost_receipts(session, agency_id))]
    yield from lost


def _pages_of(session: Session, receipt_id: UUID) -> int:
    pages = select(func.count()).select_from(ReceiptPage).where(ReceiptPage.receipt_id == receipt_id)
    return max(1, session.scalar(pages) or 0)


def _lost_receipts(session: Session, agency_id: UUID) -> set[UUID]:
    """Receipts that the log or an item knows and the ledger does not."""
    known = select(Receipt.id).where(Receipt.agency_id == agency_id)
    accepted = select(AuditEvent.object_id).where(
        AuditEvent.agency_id == agency_id, AuditEvent.action == "receipt.accepted", AuditEvent.object_id.not_in(known)
    )
    named = select(MailItem.receipt_id).where(MailItem.agency_id == agency_id, MailItem.receipt_id.not_in(known))
    return {one for one in (*session.scalars(accepted), *session.scalars(named)) if one is not None}


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
