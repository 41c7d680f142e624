"""The frame around every page: who, which rooms, how many letters wait, how it looks."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from archive.accesslog.service import to_decide
from core.actor import Actor, Role
from inbox import repository
from inbox.models import InboxItem
from ingest.mailroom import open_count
from organisation.models import User
from web import views as v
from web import wording
from web.mapping_lookup import agency_name

THEMES = ("system", "light", "dark")


def bare_shell(session: Session, agency_id: UUID) -> v.Shell:
    """The frame when nobody is signed in."""
    return v.Shell(agency=agency_name(session, agency_id), csrf="")


def build_shell(
    session: Session,
    actor: Actor,
    csrf: str,
    today: date,
    room: str = "",
    toast: v.Toast | None = None,
    query: str = "",
) -> v.Shell:
    """The frame for a signed-in person; `room` is the current one."""
    user = session.get(User, actor.user_id)
    wishes: dict[str, Any] = user.preferences if user else {}
    return v.Shell(
        agency=agency_name(session, actor.agency_id),
        csrf=csrf,
        user_name=user.display_name if user else "",
        nav=_nav(session, actor, today, room),
        theme=theme_of(wishes),
        keys_on=wishes.get("keys", True) is not False,
        query=query,
        may_search=actor.has(Role.CASEWORKER, Role.TEAM_LEAD, Role.AUDITOR),
        toast=toast,
    )


def theme_of(wishes: dict[str, Any]) -> v.Theme:
    """The theme a person chose; anything unknown follows the system."""
    theme = wishes.get("theme")
    return cast(v.Theme, theme) if theme in THEMES else "system"


def clearing_condition(actor: Actor) -> Any:
    """Condition on InboxItem: everything that this person clears (general, own unit's, restricted to leads)."""
    return repository.mine(actor) & (InboxItem.inbox_kind == "clearing")


def room_counts(session: Session, actor: Actor, today: date) -> dict[str, int]:
    """How many open letters wait in the own Postkorb and in clearing."""
    return {
        "postkorb": repository.count(session, actor, repository.in_box(actor, repository.Box("own")), today),
        "klaerung": repository.count(session, actor, clearing_condition(actor), today),
    }


def _nav(session: Session, actor: Actor, today: date, room: str) -> tuple[v.NavItem, ...]:
    counts = {**room_counts(session, actor, today), "poststelle": open_count(session, actor)}
    counts["zugriffe"] = len(to_decide(session, actor))
    rooms = list(wording.rooms_of(actor.roles))
    # a unit's own clearing and the restricted one have no role: their people see the room while something waits there
    if counts["klaerung"] and "klaerung" not in dict(rooms):
        rooms.insert(1, ("klaerung", wording.ROOMS["klaerung"][0]))
    return tuple(v.NavItem(key, href, key == room, counts.get(key)) for key, href in rooms)
