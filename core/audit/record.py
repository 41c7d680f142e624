"""Writing audit events, in the transaction that they belong to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

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


def append_look(
    tx: Transaction, actor: Actor, what: str, object_type: str, object_id: UUID, case_file_id: UUID | None
) -> None:
    """Append that contents were shown; `core.audit.looking.look` decides whether it is a new look."""
    details = {"prefetched": True} if actor.prefetching else {}
    tx.session.add(_event(tx, actor, "look", f"look.{what}", object_type, object_id, case_file_id, details))


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
