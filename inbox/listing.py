"""The inbox list as INTERFACES gives it (`eakte inbox list --json`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.actor import Actor
from inbox import repository
from inbox.models import InboxItem
from organisation.models import OrgUnit, User

PAGE = 500


def list_items(
    session: Session,
    actor: Actor,
    on: date,
    box: repository.Box | None = None,
    *,
    limit: int = 200,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Open items of one box, or of all of the actor's inboxes, in working order."""
    condition = repository.in_box(actor, box) if box else repository.mine(actor)
    rows = repository.rows(session, actor, condition, on, limit, offset)
    return [_item_json(session, row) for row in rows]


def every_item(session: Session, actor: Actor, on: date) -> Iterator[dict[str, Any]]:
    """All open items of the actor's inboxes in working order, however many, read by pages."""
    offset = 0
    while page := list_items(session, actor, on, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)


def inbox_name(session: Session, item: InboxItem) -> str:
    """The inbox as INTERFACES names it: `user:NAME` | `team:CODE` | `clearing`, a unit's own clearing too."""
    if item.inbox_kind == "user" and item.user_id:
        return f"user:{session.get_one(User, item.user_id).username}"
    if item.inbox_kind == "team" and item.unit_id:
        return f"team:{session.get_one(OrgUnit, item.unit_id).code}"
    return "clearing"


def _item_json(session: Session, row: repository.Row) -> dict[str, Any]:
    return {
        "item_id": str(row.item.id),
        "inbox": inbox_name(session, row.item),
        "document_ids": [str(row.document.id)],
        "case_file_number": row.case_file.file_number if row.case_file else None,
        "document_type": row.document.document_type,
        "received_on": row.document.received_on.isoformat(),
        "due_on": row.item.due_on.isoformat() if row.item.due_on else None,
        "state": row.item.state,
        "version": row.item.version,
    }
