"""The mailroom's day: is every sheet accounted for, and what must a person still end?

Shows counts, stations and reasons, never contents. Clearing answers for all mail of the agency; the mailroom for the
receipts of stations in its own units (INTERFACES, roles). Everybody else sees nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from archive.models import Document
from core.actor import Actor
from core.clock import AGENCY_ZONE
from core.errors import NotFound
from ingest.models import MailItem, Receipt, ReceiptPage
from ingest.quarantine import own_receipts
from ingest.repository import OPEN_STATES, STATE_NOW, is_split, waits_for_a_person
from organisation.models import ScanStation

STATES = ("filed", "clearing", "in_work", "quarantined", "rejected", "ended")


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One receipt of the day. `sheets_told` None = the station said nothing; `missing` = pages in no item or sheet."""

    receipt: Receipt
    station: str
    items: int
    missing: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class DayBalance:
    """The receipts accepted on one day of the agency. A receipt that has no items yet counts as one in work."""

    day: date
    batches: tuple[BatchLine, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Mail items by state; "ended" = quarantined, rejected or in clearing, and a person gave the reason."""
        return {state: sum(line.counts[state] for line in self.batches) for state in STATES}

    @property
    def received(self) -> int:
        """Mail items received."""
        return sum(line.items for line in self.batches)

    @property
    def difference(self) -> int:
        """Pages that are not in exactly one mail item or sheet; anything but 0 needs a person."""
        return sum(line.missing for line in self.batches)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """A mail item, or a whole receipt, that a person must end: quarantined or not to be processed."""

    item: MailItem
    receipt: Receipt
    station: str


def day_balance(session: Session, actor: Actor, day: date) -> DayBalance:
    """What arrived on a day and where it is now, counted from the rows of the pages and not from counters."""
    start = datetime.combine(day, time(), AGENCY_ZONE)
    within = (Receipt.accepted_at >= start) & (Receipt.accepted_at < _next(start))
    chosen = own_receipts(actor) & within
    receipts = session.scalars(select(Receipt).where(chosen).order_by(Receipt.accepted_at, Receipt.id)).all()
    states = _states(session, chosen)
    lost = _lost_pages(session, chosen)
    stations = _stations(session, receipts)
    return DayBalance(day, tuple(_line(one, stations, states, lost) for one in receipts))


def open_entries(session: Session, actor: Actor, limit: int, offset: int = 0) -> list[OpenEntry]:
    """A page of what a person must still end, oldest first."""
    query = (
        select(MailItem, Receipt)
        .join(Receipt, Receipt.id == MailItem.receipt_id)
        .where(own_receipts(actor), waits_for_a_person())
        .order_by(Receipt.accepted_at, MailItem.item_no, MailItem.id)
        .limit(limit)
        .offset(offset)
    )
    rows = session.execute(query).all()
    stations = _stations(session, [receipt for _, receipt in rows])
    return [OpenEntry(item, receipt, stations.get(receipt.station_id, "")) for item, receipt in rows]


def open_count(session: Session, actor: Actor) -> int:
    """How many entries wait for a person."""
    query = select(func.count()).select_from(MailItem).join(Receipt, Receipt.id == MailItem.receipt_id)
    return session.scalar(query.where(own_receipts(actor), waits_for_a_person())) or 0


def require_entry(session: Session, actor: Actor, entry_id: UUID) -> OpenEntry:
    """One entry that is or was quarantined. Raises NotFound: not there and not yours look the same."""
    query = select(MailItem, Receipt).join(Receipt, Receipt.id == MailItem.receipt_id)
    found = session.execute(query.where(own_receipts(actor), MailItem.id == entry_id)).first()
    if found is None or found[0].state not in OPEN_STATES:
        raise NotFound
    stations = _stations(session, [found[1]])
    return OpenEntry(found[0], found[1], stations.get(found[1].station_id, ""))


def _next(start: datetime) -> datetime:
    return datetime.combine(start.date() + timedelta(days=1), time(), AGENCY_ZONE)


def _line(
    receipt: Receipt,
    stations: dict[UUID | None, str],
    states: dict[UUID, dict[str, int]],
    lost: dict[UUID, int],
) -> BatchLine:
    counts = dict.fromkeys(STATES, 0) | states.get(receipt.id, {"in_work": 1})
    return BatchLine(
        receipt, stations.get(receipt.station_id, ""), sum(counts.values()), lost.get(receipt.id, 0), counts
    )


def _states(session: Session, chosen: ColumnElement[bool]) -> dict[UUID, dict[str, int]]:
    ended = MailItem.ended_at.is_not(None) | (Document.state == "dismissed")
    state = case((ended, "ended"), else_=STATE_NOW)
    query = (
        select(MailItem.receipt_id, state, func.count())
        .join(Receipt, Receipt.id == MailItem.receipt_id)
        .outerjoin(Document, Document.id == MailItem.document_id)
        .where(chosen, is_split())
        .group_by(MailItem.receipt_id, state)
    )
    found: dict[UUID, dict[str, int]] = {}
    for receipt_id, name, number in session.execute(query):
        found.setdefault(receipt_id, {})[name] = number
    return found


def _lost_pages(session: Session, chosen: ColumnElement[bool]) -> dict[UUID, int]:
    """Per split receipt: pages without a row, rows that belong to no item, and items that say another number."""
    split = chosen & (Receipt.state == "split")
    rows = (
        select(Receipt.id, Receipt.page_count, func.count(ReceiptPage.page_no))
        .outerjoin(ReceiptPage, ReceiptPage.receipt_id == Receipt.id)
        .where(split)
        .group_by(Receipt.id, Receipt.page_count)
    )
    lost = {key: abs((told or 0) - there) for key, told, there in session.execute(rows)}
    homeless = (
        select(ReceiptPage.receipt_id, func.count())
        .join(Receipt, Receipt.id == ReceiptPage.receipt_id)
        .where(split, ReceiptPage.kind == "item", ReceiptPage.mail_item_id.is_(None))
        .group_by(ReceiptPage.receipt_id)
    )
    items = (
        select(MailItem.receipt_id, MailItem.page_count, func.count(ReceiptPage.page_no))
        .join(Receipt, Receipt.id == MailItem.receipt_id)
        .outerjoin(ReceiptPage, ReceiptPage.mail_item_id == MailItem.id)
        .where(split)
        .group_by(MailItem.id, MailItem.receipt_id, MailItem.page_count)
    )
    for key, number in session.execute(homeless):
        lost[key] += number
    for key, told, there in session.execute(items):
        lost[key] += abs(told - there)
    return lost


def _stations(session: Session, receipts: Sequence[Receipt]) -> dict[UUID | None, str]:
    ids = {receipt.station_id for receipt in receipts if receipt.station_id is not None}
    query = select(ScanStation.id, ScanStation.code).where(ScanStation.id.in_(ids))
    return {key: code for key, code in session.execute(query).all()}  # noqa: C416 rows are typed tuples
