"""No item may lie where no active person sees it: used by `eakte doctor`, by the rescue, and by the invariant's test.

The check asks the very conditions that the inboxes themselves are made of, once per person who is there today, so that
it cannot disagree with what people see.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.access import living, visible_documents
from archive.models import Document
from core.actor import Actor, Role
from core.clock import agency_date
from inbox.models import InboxItem
from inbox.repository import mine
from organisation.actors import absent_users, build_actor
from organisation.models import User

_WORKERS = (Role.CASEWORKER, Role.TEAM_LEAD, Role.CLEARING)
WAITING = ("open", "deferred")


def unseen_items(session: Session, now: datetime) -> list[UUID]:
    """Ids of waiting items that no active person who is there today finds in any inbox, the oldest first."""
    on = agency_date(now)
    alive = select(InboxItem.id).join(Document, Document.id == InboxItem.document_id).where(Document.state == "active")
    waiting = session.scalars(alive.where(living(), InboxItem.state.in_(WAITING)).order_by(InboxItem.id)).all()
    left = dict.fromkeys(waiting)
    for actor in people_there(session, now):
        if not left:
            break
        seen = (
            select(InboxItem.id)
            .join(Document, Document.id == InboxItem.document_id)
            .where(InboxItem.state.in_(WAITING), InboxItem.agency_id == actor.agency_id, mine(actor))
            .where(visible_documents(actor, on))
        )
        for item_id in session.scalars(seen):
            left.pop(item_id, None)
    return list(left)


def people_there(session: Session, now: datetime) -> Iterable[Actor]:
    """Everybody who works from an inbox and is active and not absent today."""
    on = agency_date(now)
    users = session.scalars(select(User).where(User.active).order_by(User.username)).all()
    away = {agency_id: absent_users(session, agency_id, on) for agency_id in {user.agency_id for user in users}}
    for user in users:
        if user.id in away[user.agency_id]:
            continue
        actor = build_actor(session, user, on)
        if actor.has(*_WORKERS):
            yield actor
