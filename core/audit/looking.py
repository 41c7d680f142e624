"""Looks at contents: logged before the first byte leaves. No audit, no content.

Within LOOK_WINDOW not even a write transaction is opened; a look that the browser took ahead of the person is marked,
and never stands for the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.actor import Actor
from core.audit.record import LOOK_WINDOW, append_look
from core.database import Database
from core.errors import Unavailable
from core.log import logger
from core.models import AuditEvent

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was shown: a document or a case file, and the case it was seen in, if one."""

    object_type: str
    object_id: UUID
    case_file_id: UUID | None = None


def look(database: Database, actor: Actor, what: str, seen: Sequence[Seen]) -> None:
    """Log that `seen` is about to be shown as `what` (document, text, page, content, case, cover, snippet, access_log).

    One event per actor, object, kind of look and session within LOOK_WINDOW. Raises Unavailable when the log cannot be
    written: the caller then shows nothing.
    """
    try:
        _look(database, actor, what, seen)
    except SQLAlchemyError as error:
        _log.error("look_not_logged", kind=type(error).__name__)
        raise Unavailable(
            "Der Zugriff lässt sich gerade nicht protokollieren. Deshalb wird nichts gezeigt. Bitte gleich noch einmal.",
            "The access log cannot be written, so nothing is shown. Please try again in a moment.",
        ) from error


def _look(database: Database, actor: Actor, what: str, seen: Sequence[Seen]) -> None:
    now = database.clock.now()
    with database.read() as session:
        fresh = [one for one in seen if not _looked_recently(session, actor, what, one.object_id, now)]
    if not fresh:
        return
    with database.write(f"look/{actor.id}") as tx:
        for one in fresh:
            if not _looked_recently(tx.session, actor, what, one.object_id, tx.now):
                append_look(tx, actor, what, one.object_type, one.object_id, one.case_file_id)
                tx.session.flush()


def _looked_recently(session: Session, actor: Actor, what: str, object_id: UUID, now: datetime) -> bool:
    earlier = select(AuditEvent.details).where(
        AuditEvent.object_id == object_id,
        AuditEvent.at > now - LOOK_WINDOW,
        AuditEvent.at <= now,  # a look from before the clock was set back hides nothing
        AuditEvent.action == f"look.{what}",
        AuditEvent.actor_id == actor.id,
        AuditEvent.session_id == actor.session_id if actor.session_id else AuditEvent.session_id.is_(None),
    )
    return any(actor.prefetching or not details.get("prefetched") for details in session.scalars(earlier))
