"""Waiting mail follows its case: after a change of responsibility it lies where a new letter would.

Only what was delivered for the case. What a person took, or passed on to somebody, stays where that person put it.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from archive.models import CaseFile
from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from inbox.delivery import inbox_of
from inbox.models import InboxItem


def follow_responsibility(tx: Transaction, actor: Actor) -> int:
    """Move what waits for people or teams that answer for its case no more; returns how many letters. Idempotent."""
    other_person = or_(CaseFile.responsible_user_id.is_(None), CaseFile.responsible_user_id != InboxItem.user_id)
    other_team = or_(CaseFile.responsible_user_id.is_not(None), CaseFile.org_unit_id != InboxItem.unit_id)
    misplaced = or_(
        and_(InboxItem.inbox_kind == "user", other_person), and_(InboxItem.inbox_kind == "team", other_team)
    )
    delivered = (InboxItem.state.in_(("open", "deferred")), InboxItem.previous_item_id.is_(None))
    query = select(InboxItem, CaseFile).join(CaseFile, CaseFile.id == InboxItem.case_file_id)
    waiting = query.where(InboxItem.agency_id == actor.agency_id, *delivered, misplaced).order_by(InboxItem.id)
    return sum(_move(tx, actor, item, case_file) for item, case_file in tx.session.execute(waiting).all())


def _move(tx: Transaction, actor: Actor, item: InboxItem, case_file: CaseFile) -> bool:
    place = inbox_of(tx, case_file)
    if (item.inbox_kind, item.user_id, item.unit_id) == place:
        return False
    item.inbox_kind, item.user_id, item.unit_id = place
    item.version += 1
    record_act(
        tx, actor, "inbox.followed", "inbox_item", item.id, case_file_id=case_file.id, document=item.document_id,
        user=item.user_id, unit=item.unit_id,
    )  # fmt: skip
    return True
