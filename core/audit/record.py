"""Writing audit events, in the transaction that they belong to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actor import Actor
from core.database import Transaction
from core.models import AuditEvent

LOOK_WINDOW = timedelta(minutes=5)


def record_act(
    tx: Transaction,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: UUID | None,
    *,
    case_file_id: UUID | None = None,
    **details: Any,
) -> None:
    """Append an act. `action` is a stable dotted name; `details` hold ids, codes, dates and numbers, no contents."""
    tx.session.add(_event(tx, actor, "act", action, object_type, object_id, case_file_id, details))


def record_look(
    tx: Transaction,
    actor: Actor,
    what: str,
    object_type: str,
    object_id: UUID,
    *,
    case_file_id: UUID | None = None,
    **details: Any,
) -> None:
    """Append that contents were shown. One event per actor, object, kind of look and session within LOOK_WINDOW."""
    if not looked_recently(tx.session, actor, what, object_id, tx.now):
        tx.session.add(_event(tx, actor, "look", f"look.{what}", object_type, object_id, case_file_id, details))


def looked_recently(session: Session, actor: Actor, what: str, object_id: UUID, now: datetime) -> bool:
    """Whether the same look by the same actor in the same session is in the log within LOOK_WINDOW."""
    seen = select(AuditEvent.id).where(
        AuditEvent.object_id == object_id,
        AuditEvent.at > now - LOOK_WINDOW,
        AuditEvent.at <= now,  # a look from before the clock was set back hides nothing
        AuditEvent.action == f"look.{what}",
        AuditEvent.actor_id == actor.id,
        AuditEvent.session_id == actor.session_id if actor.session_id else AuditEvent.session_id.is_(None),
    )
    return session.scalar(seen.limit(1)) is not None


def _event(
    tx: Transaction,
    actor: Actor,
    category: str,
    action: str,
    object_type: str,
    object_id: UUID | None,
    case_file_id: UUID | None,
    details: dict[str, Any],
) -> AuditEvent:
    return AuditEvent(
        agency_id=actor.agency_id,
        at=tx.now,
        category=category,
        action=action,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        session_id=actor.session_id,
        object_type=object_type,
        object_id=object_id,
        case_file_id=case_file_id,
        details={key: _plain(value) for key, value in details.items()},
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)
