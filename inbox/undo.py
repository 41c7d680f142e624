"""Taking back: a new audited act that restores the state before, refused once somebody else has gone on (CONCEPT
§1.5).
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from archive import service as records
from archive.access import living
from archive.collective import take_out_of_collective
from archive.models import Document, DocumentGrant, Filing
from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from core.errors import NotFound
from core.outbox import emit
from inbox import repository
from inbox.delivery import end_grants, scope_of
from inbox.errors import NotUndoable
from inbox.models import FollowUp, InboxItem, UndoableAct


def undo(tx: Transaction, actor: Actor, act_id: UUID | None = None) -> InboxItem:
    """Take back one of the actor's own acts (default: the last). Index and access follow with the same commit.

    Raises NotFound when there is nothing to take back and NotUndoable when work went on.
    """
    act = _act(tx, actor, act_id)
    item = tx.session.get_one(InboxItem, act.inbox_item_id)
    if item.version != act.expected_version or not _is_there(tx, item.document_id):
        raise NotUndoable
    if "delivered" in act.payload:
        _withdraw(tx, UUID(act.payload["delivered"]))
    if act.kind == "file":
        _take_back_filing(tx, actor, act)
    if act.kind == "dismiss":
        _take_back_dismissal(tx, actor, item)
    if act.kind == "defer":
        _cancel_follow_up(tx, UUID(act.payload["follow_up"]))
    _reopen(tx, item)
    tx.session.flush()
    if repository.visible_item(tx.session, actor, item.id, tx.today) is None:
        # Rights ended meanwhile (another team, an absence that is over): one's own act is no way back in.
        raise NotFound
    if "before" in act.payload:
        _take_back_corrections(tx, actor, act, item.document_id)
    act.undone_at = tx.now
    record_act(
        tx, actor, "inbox.undone", "inbox_item", item.id, case_file_id=item.case_file_id, document=item.document_id,
        kind=act.kind,
    )  # fmt: skip
    return item


def _is_there(tx: Transaction, document_id: UUID) -> bool:
    """Whether the document still exists: what a destroyed case took along comes back by nobody's act."""
    there = Document.id == document_id, Document.state != "destroyed", living()
    return tx.session.scalar(select(Document.id).where(*there)) is not None


def _act(tx: Transaction, actor: Actor, act_id: UUID | None) -> UndoableAct:
    if actor.user_id is None:
        raise NotFound
    acts = repository.last_acts(tx.session, actor.user_id)
    for act in acts:
        if act_id is None or act.id == act_id:
            return act
    raise NotFound("Es gibt nichts zurückzunehmen.", "there is nothing to take back")


def _withdraw(tx: Transaction, item_id: UUID) -> None:
    delivered = tx.session.get_one(InboxItem, item_id)
    if delivered.version != 1 or delivered.state != "open":
        raise NotUndoable
    delivered.state, delivered.version, delivered.finished_at = "withdrawn", 2, tx.now
    end_grants(tx, delivered.id)


def _take_back_filing(tx: Transaction, actor: Actor, act: UndoableAct) -> None:
    records.end_filing(tx, actor, UUID(act.payload["filing"]), "undone")
    for filing_id in act.payload["ended"]:
        filing = tx.session.get_one(Filing, UUID(filing_id))
        filing.ended_at = filing.ended_by = filing.ended_reason = None
        document = tx.session.get_one(Document, filing.document_id)
        document.filed, document.filed_at = True, filing.filed_at
        emit(tx, document.agency_id, "document.changed", document.id)


def _take_back_corrections(tx: Transaction, actor: Actor, act: UndoableAct, document_id: UUID) -> None:
    """Type and date as they were: a wrong date of receipt would start wrong periods. Both corrections stay on record."""
    before, document = act.payload["before"], tx.session.get_one(Document, document_id)
    document.document_type, document.title = before["document_type"], before["title"]
    day = date.fromisoformat(before["received_on"])
    if document.received_on != day:
        filing = tx.session.get_one(Filing, UUID(act.payload["filing"]))
        records.correct_date(tx, actor, document_id, "received_on", day, "Zurückgenommen", filing.case_file_id)
        document.received_on_source = before["received_on_source"]


def _take_back_dismissal(tx: Transaction, actor: Actor, item: InboxItem) -> None:
    item.reasons = item.reasons[:-1]
    tx.session.get_one(Document, item.document_id).state = "active"
    take_out_of_collective(tx, actor, item.document_id)
    emit(tx, item.agency_id, "document.changed", item.document_id)


def _cancel_follow_up(tx: Transaction, follow_up_id: UUID) -> None:
    follow_up = tx.session.get_one(FollowUp, follow_up_id)
    follow_up.done_at = tx.now


def _reopen(tx: Transaction, item: InboxItem) -> None:
    item.state, item.finished_at, item.finished_by, item.deferred_until = "open", None, None, None
    item.version += 1
    last = tx.session.scalar(
        select(DocumentGrant.ended_at)
        .where(DocumentGrant.inbox_item_id == item.id, DocumentGrant.ended_at.is_not(None))
        .order_by(DocumentGrant.ended_at.desc())
        .limit(1)
    )
    if last is not None:
        tx.session.execute(
            update(DocumentGrant)
            .where(DocumentGrant.inbox_item_id == item.id, DocumentGrant.ended_at == last)
            .values(ended_at=None)
        )
    document = tx.session.get_one(Document, item.document_id)
    if not document.filed:
        document.clearing_scope = scope_of(item)
