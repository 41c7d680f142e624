"""Laying documents into inboxes. Called by routing and by people's acts, inside their transaction.

A filed document goes to the case's responsible person (a deputy sees that inbox while the person is absent), else to
the unit's team. What routing could not decide goes to clearing: general, a unit's own, or restricted to its leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import update

from archive import repository as archive
from archive.models import CaseFile, Document, DocumentGrant
from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from core.ids import new_id
from inbox.deadlines import due_on
from inbox.models import InboxItem
from organisation.models import User


@dataclass(frozen=True, slots=True)
class Clearing:
    """Why and where a document waits for a person. `scope`: general | unit | restricted (then with a unit)."""

    scope: str = "general"
    unit_id: UUID | None = None
    reasons: Sequence[dict[str, Any]] = field(default_factory=tuple)


def deliver_to_case(tx: Transaction, actor: Actor, document: Document, case_file: CaseFile) -> InboxItem:
    """Lay a filed document before the case's people."""
    item = _new_item(tx, document, case_file.id)
    item.inbox_kind, item.user_id, item.unit_id = inbox_of(tx, case_file)
    tx.session.add(item)
    record_act(
        tx, actor, "inbox.delivered", "inbox_item", item.id, case_file_id=case_file.id, document=document.id,
        user=item.user_id, unit=item.unit_id,
    )  # fmt: skip
    return item


def inbox_of(tx: Transaction, case_file: CaseFile) -> tuple[str, UUID | None, UUID | None]:
    """Kind, person and team of the inbox that mail of the case goes to."""
    user = tx.session.get(User, case_file.responsible_user_id) if case_file.responsible_user_id else None
    if user is not None and user.active:
        return "user", user.id, None
    return "team", None, case_file.org_unit_id


def deliver_to_clearing(tx: Transaction, actor: Actor, document: Document, clearing: Clearing) -> InboxItem:
    """Lay an unfiled document before whoever clears; sets the scope that access reads."""
    document.clearing_scope = clearing.scope
    document.org_unit_id = clearing.unit_id
    item = _new_item(tx, document, None)
    item.inbox_kind = "clearing"
    item.unit_id = clearing.unit_id if clearing.scope != "general" else None
    item.restricted = clearing.scope == "restricted"
    item.reasons = [dict(reason) for reason in clearing.reasons]
    tx.session.add(item)
    codes = [reason["code"] for reason in item.reasons]
    record_act(
        tx, actor, "inbox.to_clearing", "inbox_item", item.id, document=document.id, scope=clearing.scope, codes=codes
    )
    return item


def hand_on(
    tx: Transaction, item: InboxItem, document: Document, *, user_id: UUID | None, unit_id: UUID | None
) -> InboxItem:
    """A new item for another person or team in place of `item`, with a grant to read just this document."""
    following = _following(tx, item, document, item.case_file_id)
    following.inbox_kind = "user" if user_id else "team"
    following.user_id, following.unit_id = user_id, unit_id if not user_id else None
    tx.session.add(following)
    tx.session.flush()
    grant = DocumentGrant(agency_id=document.agency_id, document_id=document.id, inbox_item_id=following.id)
    grant.user_id, grant.unit_id = following.user_id, following.unit_id
    tx.session.add(grant)
    return following


def give_back_to(
    tx: Transaction, item: InboxItem, document: Document, origin: InboxItem, reason: dict[str, Any]
) -> InboxItem:
    """A new item in the clearing that `origin` lay in, in place of `item`; access follows."""
    following = _following(tx, item, document, None)
    following.inbox_kind, following.unit_id, following.restricted = "clearing", origin.unit_id, origin.restricted
    following.reasons.append(reason)
    document.clearing_scope = scope_of(following)
    tx.session.add(following)
    tx.session.flush()
    return following


def scope_of(item: InboxItem) -> str:
    """What access reads of an unfiled document whose item lies there."""
    if item.inbox_kind != "clearing":
        return "forwarded"
    return "restricted" if item.restricted else ("unit" if item.unit_id else "general")


def end_grants(tx: Transaction, inbox_item_id: UUID) -> None:
    """The item left this inbox: whoever could read the document only because of it no longer can."""
    tx.session.execute(
        update(DocumentGrant)
        .where(DocumentGrant.inbox_item_id == inbox_item_id, DocumentGrant.ended_at.is_(None))
        .values(ended_at=tx.now)
    )


def _following(tx: Transaction, item: InboxItem, document: Document, case_file_id: UUID | None) -> InboxItem:
    """What goes on in place of `item`, with its deadline and its reasons; it lies nowhere yet."""
    following = _new_item(tx, document, case_file_id)
    following.previous_item_id = item.id
    following.due_on, following.urgency = item.due_on, item.urgency
    following.reasons = list(item.reasons)
    return following


def _new_item(tx: Transaction, document: Document, case_file_id: UUID | None) -> InboxItem:
    kind = archive.document_type(tx.session, document.agency_id, document.document_type)
    start = document.effective_received_on or document.received_on
    return InboxItem(
        id=new_id(),
        agency_id=document.agency_id,
        document_id=document.id,
        case_file_id=case_file_id,
        state="open",
        urgency=kind.urgency if kind else "normal",
        due_on=due_on(kind.deadlines, start) if kind else None,
        reasons=[],
        created_at=tx.now,
        version=1,
    )
