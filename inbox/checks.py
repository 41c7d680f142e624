"""No item may lie where no active person sees it: used by `eakte doctor`, by the rescue, and by the invariant's test.

The check asks the very conditions that the inboxes themselves are made of, for everybody who is there today, so that it
cannot disagree with what people see. The rescue asks every minute: one question goes out for TOGETHER people, those
who see most come first, and nobody is asked once every item was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from archive.access import living, visible_documents
from archive.models import Document
from core.actor import Actor, Role
from core.clock import agency_date
from inbox.models import InboxItem
from inbox.repository import mine
from organisation.actors import absent_users, build_actors
from organisation.models import User

_WORKERS = (Role.CASEWORKER, Role.TEAM_LEAD, Role.CLEARING)
WAITING = ("open", "deferred")
TOGETHER = 25  # people in one question: more make it dearer to prepare than to ask twice (measured with 200)


def unseen_items(session: Session, now: datetime) -> list[UUID]:
    """Ids of waiting items that no active person who is there today finds in any inbox, the oldest first."""
    on = agency_date(now)
    alive = select(InboxItem).join(Document, Document.id == InboxItem.document_id).where(Document.state == "active")
    waiting = alive.with_only_columns(InboxItem.id, InboxItem.user_id).where(living(), InboxItem.state.in_(WAITING))
    left = {row.id: row.user_id for row in session.execute(waiting.order_by(InboxItem.id))}
    people = people_there(session, now)
    many = [actor for actor in people if actor.has(Role.TEAM_LEAD, Role.CLEARING)]
    _ask(session, many, left, on)
    rest = [actor for actor in people if actor not in many]
    owners = set(left.values())
    near = [actor for actor in rest if not owners.isdisjoint({actor.user_id, *actor.stands_in_for})]
    _ask(session, near, left, on)
    _ask(session, [actor for actor in rest if actor not in near], left, on)
    return list(left)


def _ask(session: Session, people: Sequence[Actor], left: dict[UUID, UUID | None], on: date) -> None:
    """Take from `left` what these people see."""
    for start in range(0, len(people), TOGETHER):
        if not left:
            return
        for item_id in session.scalars(union(*(_seen_by(actor, on) for actor in people[start : start + TOGETHER]))):
            left.pop(item_id, None)


def people_there(session: Session, now: datetime) -> list[Actor]:
    """Everybody who works from an inbox and is active and not absent today, by name."""
    on = agency_date(now)
    users = session.scalars(select(User).where(User.active).order_by(User.username)).all()
    away = {agency_id: absent_users(session, agency_id, on) for agency_id in {user.agency_id for user in users}}
    there = [user for user in users if user.id not in away[user.agency_id]]
    return [actor for actor in build_actors(session, there, on) if actor.has(*_WORKERS)]


def _seen_by(actor: Actor, on: date) -> Select[UUID]:
    return (
        select(InboxItem.id)
        .join(Document, Document.id == InboxItem.document_id)
        .where(InboxItem.state.in_(WAITING), InboxItem.agency_id == actor.agency_id, mine(actor))
        .where(visible_documents(actor, on))
    )
