"""Quarantined and rejected mail is work, not an end: a person retries it, or ends it with a reason.

An authority can't refuse mail: "rejected" here means that nothing can be done with the bytes; somebody must tell the
sender, and says so. Whoever answers for a receipt ends its entries: clearing those of the agency, the mailroom those of
stations in its own units. The operator at the command line acts as the system, and the log says so.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, select

from archive.models import Document
from core import jobs
from core.actor import Actor, ActorKind, Role, system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from ingest import repository
from ingest.kinds import READ, SPLIT
from ingest.models import MailItem, Receipt
from ingest.repository import OPEN_STATES
from organisation.models import ScanStation

LONGEST_REASON = 400


def own_receipts(actor: Actor) -> ColumnElement[bool]:
    """Condition on Receipt: what this person answers for. Default no."""
    here = Receipt.agency_id == actor.agency_id
    if actor.has(Role.CLEARING):
        return here
    if not actor.has(Role.MAILROOM):
        return false()
    stations = select(ScanStation.id).where(ScanStation.unit_id.in_(actor.units_as(Role.MAILROOM)))
    return here & Receipt.station_id.in_(stations)


def open_entries(database: Database, agency_id: UUID) -> list[dict[str, Any]]:
    """Items quarantined or rejected that no person has ended yet, oldest first."""
    with database.read() as session:
        query = select(MailItem).where(MailItem.agency_id == agency_id, repository.waits_for_a_person())
        items = session.scalars(query.order_by(MailItem.id)).all()
        return [
            {
                "id": str(item.id),
                "receipt_id": str(item.receipt_id),
                "item_no": item.item_no,
                "state": item.state,
                "text": "; ".join(reason["text"] for reason in item.reasons),
            }
            for item in items
        ]


def end(database: Database, actor: Actor, entry_id: UUID, how: str, reason: str) -> None:
    """End the entry with a reason: "released" (taken care of) or "rejected" (the sender was told).

    Raises NotAllowed for a person without the role, NotFound for an entry that is not theirs, Conflict when ended.
    """
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie eine Begründung an.", "a reason is needed")
    if len(reason.strip()) > LONGEST_REASON:
        raise InvalidInput(f"Die Begründung ist zu lang. Höchstens {LONGEST_REASON} Zeichen.", "the reason is too long")
    with database.write() as tx:
        item = _open_entry(tx, actor, entry_id)
        item.ended_at, item.ended_by, item.ended_reason = tx.now, actor.user_id, reason.strip()
        if how == "rejected":
            item.state = "rejected"
        _record(tx, actor, how, item)


def retry(database: Database, actor: Actor, entry_id: UUID) -> None:
    """Work on the entry once more, from the step that failed. It ends in some final state again. Raises as `end`."""
    with database.write() as tx:
        item = _open_entry(tx, actor, entry_id)
        _record(tx, actor, "retried", item)
        if item.item_no == 0:
            _split_again(tx, item)
        else:
            restart_item(tx, item)


def reprocess(database: Database, agency_id: UUID, item_id: UUID) -> None:
    """Read and route an item in clearing once more (a better model, a corrected register). Filed items stay."""
    with database.write() as tx:
        item = tx.session.get(MailItem, item_id)
        if item is None or item.agency_id != agency_id:
            raise NotFound("Diese Sendung gibt es nicht.", "no such item")
        document = tx.session.get(Document, item.document_id) if item.document_id else None
        if item.state not in ("clearing", "in_work") or (document is not None and repository.decided(document)):
            raise Conflict("Nur Sendungen in der Klärung lassen sich neu verarbeiten.", "the item is not in clearing")
        if tx.session.get_one(Receipt, item.receipt_id).state == repository.ACCEPTED:
            raise Conflict(
                "Der Posteingang wird gerade in Sendungen geteilt. Bitte gleich noch einmal.",
                "its receipt is not split yet",
            )
        record_act(tx, system_actor(agency_id), "item.reprocessed", "mail_item", item.id)
        restart_item(tx, item)


def restart_item(tx: Transaction, item: MailItem) -> None:
    """Make every page unread again and enqueue their reading as a new generation."""
    generation = jobs.next_generation(tx.session, READ, item.id)
    item.state, item.final_at = "in_work", None
    source = tx.session.get_one(Receipt, item.receipt_id).station_id
    pages = repository.item_pages(tx.session, item.id)
    for page in pages:
        page.read_at = None
    wanted = ((item.id, generation + page.page_no, {"page_no": page.page_no}) for page in pages)
    jobs.enqueue_all(tx, item.agency_id, READ, wanted, source=source)


def _split_again(tx: Transaction, item: MailItem) -> None:
    receipt = tx.session.get_one(Receipt, item.receipt_id)
    receipt.state, receipt.final_at, receipt.reasons = "accepted", None, []
    tx.session.delete(item)
    restart_receipt(tx, receipt)


def restart_receipt(tx: Transaction, receipt: Receipt) -> None:
    """Enqueue the splitting of an accepted receipt as a new generation."""
    generation = jobs.next_generation(tx.session, SPLIT, receipt.id)
    jobs.enqueue(
        tx, receipt.agency_id, SPLIT, receipt.id, priority=50, generation=generation, source=receipt.station_id
    )


def _open_entry(tx: Transaction, actor: Actor, entry_id: UUID) -> MailItem:
    operator = actor.kind is ActorKind.SYSTEM
    if not operator and not actor.has(Role.MAILROOM, Role.CLEARING):
        raise NotAllowed
    mine = Receipt.agency_id == actor.agency_id if operator else own_receipts(actor)
    query = select(MailItem).join(Receipt, Receipt.id == MailItem.receipt_id)
    item = tx.session.scalar(query.where(MailItem.id == entry_id, MailItem.state.in_(OPEN_STATES), mine))
    if item is None:
        raise NotFound("Diesen Eintrag gibt es in der Quarantäne nicht.", "no such entry")
    if item.ended_at is not None:
        raise Conflict("Der Eintrag ist schon erledigt.", "the entry is ended already")
    return item


def _record(tx: Transaction, actor: Actor, how: str, item: MailItem) -> None:
    by: dict[str, Any] = {"by_operator": True} if actor.kind is ActorKind.SYSTEM else {}
    record_act(tx, actor, f"quarantine.{how}", "mail_item", item.id, receipt=item.receipt_id, **by)
