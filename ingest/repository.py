"""All queries of the way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from archive.models import Document
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage, TransferNote

STATE_NOW = case(  # over MailItem outer-joined to Document: what a person has made of it since
    (Document.state == "dismissed", "rejected"), (Document.filed, "filed"), else_=MailItem.state
)


ACCEPTED = "accepted"
OPEN_STATES = ("quarantined", "rejected")


def is_split() -> ColumnElement[bool]:
    """Condition on MailItem and Receipt: the receipt is split as a whole. Before, its letters are one piece of work."""
    return Receipt.state != ACCEPTED


def waits_for_a_person() -> ColumnElement[bool]:
    """Condition on MailItem: quarantined or rejected, and nobody has ended it or decided about its letter since."""
    settled = or_(Document.filed, Document.state != "active")
    letter_decided = exists().where(Document.id == MailItem.document_id, settled).correlate(MailItem)
    return and_(MailItem.state.in_(OPEN_STATES), MailItem.ended_at.is_(None), ~letter_decided)


def decided(document: Document) -> bool:
    """Whether it is filed, or a person dismissed it: no machine comes back to that."""
    return document.filed or document.state != "active"


def receipt_by_key(session: Session, station_id: UUID | None, key: str) -> Receipt | None:
    """The receipt that a station made under an idempotency key."""
    return session.scalar(select(Receipt).where(Receipt.station_id == station_id, Receipt.idempotency_key == key))


def first_receipt_of(session: Session, agency_id: UUID, sha256: str) -> Receipt | None:
    """The oldest receipt of the same bytes."""
    query = select(Receipt).where(Receipt.agency_id == agency_id, Receipt.sha256 == sha256)
    first = (Receipt.duplicate_of.is_not(None), Receipt.accepted_at, Receipt.id)  # the clock may have been set back
    return session.scalars(query.order_by(*first).limit(1)).first()


def same_delivery(session: Session, station_id: UUID, sha256: str, received_on: date) -> Receipt | None:
    """The receipt of the same bytes from the same station with the same date."""
    query = select(Receipt).where(
        Receipt.station_id == station_id, Receipt.sha256 == sha256, Receipt.received_on == received_on
    )
    return session.scalars(query.order_by(Receipt.accepted_at, Receipt.id).limit(1)).first()


def accepted_since(
    session: Session, station_id: UUID, sha256: str, source_name: str, since: datetime
) -> Receipt | None:
    """The first receipt of these bytes under this name from the station, accepted at that time or later."""
    query = select(Receipt).where(
        Receipt.station_id == station_id, Receipt.sha256 == sha256, Receipt.source_name == source_name,
        Receipt.accepted_at >= since,
    )  # fmt: skip
    return session.scalars(query.order_by(Receipt.accepted_at, Receipt.id).limit(1)).first()


def items_of(session: Session, receipt_id: UUID) -> Sequence[MailItem]:
    """The mail items of a receipt in order, also those that a split under way has laid down."""
    return session.scalars(select(MailItem).where(MailItem.receipt_id == receipt_id).order_by(MailItem.item_no)).all()


def item_pages(session: Session, mail_item_id: UUID) -> Sequence[ItemPage]:
    """The pages of an item in order."""
    return session.scalars(
        select(ItemPage).where(ItemPage.mail_item_id == mail_item_id).order_by(ItemPage.page_no)
    ).all()


def pages_of_receipt(session: Session, receipt_id: UUID, offset: int, limit: int | None) -> list[tuple[UUID, int]]:
    """Item and number of the pages of all letters of a receipt in their order, `limit` of them after `offset`."""
    query = select(ItemPage.mail_item_id, ItemPage.page_no).join(MailItem, MailItem.id == ItemPage.mail_item_id)
    ordered = query.where(MailItem.receipt_id == receipt_id).order_by(MailItem.item_no, ItemPage.page_no)
    return [(item_id, page_no) for item_id, page_no in session.execute(ordered.offset(offset).limit(limit))]


def unread_pages(session: Session, mail_item_id: UUID) -> int:
    """How many pages of an item are still to be read."""
    query = select(func.count()).select_from(ItemPage)
    return session.scalar(query.where(ItemPage.mail_item_id == mail_item_id, ItemPage.read_at.is_(None))) or 0


def waits_for_assembly(session: Session, mail_item_id: UUID) -> bool:
    """Whether all pages of an item are read and nothing was made of them yet: it is assembled once for each reading."""
    state = session.scalar(select(MailItem.state).where(MailItem.id == mail_item_id))
    return state == "in_work" and not unread_pages(session, mail_item_id)


def receipt_pages(session: Session, receipt_id: UUID) -> Sequence[ReceiptPage]:
    """Where each page of a receipt went."""
    return session.scalars(
        select(ReceiptPage).where(ReceiptPage.receipt_id == receipt_id).order_by(ReceiptPage.page_no)
    ).all()


def item_by_document(session: Session, document_id: UUID) -> MailItem | None:
    """The mail item that a document came from."""
    return session.scalar(select(MailItem).where(MailItem.document_id == document_id))


def transfer_note(session: Session, document_id: UUID) -> TransferNote | None:
    """The transfer note of a document."""
    return session.scalar(select(TransferNote).where(TransferNote.document_id == document_id))
