"""No item may lie where no active person sees it: used by `eakte doctor` and the invariant's test."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.actor import Role
from core.clock import agency_date
from inbox.models import InboxItem
from organisation.models import OrgUnit, RoleAssignment, User

_WORKERS = frozenset({Role.CASEWORKER.value, Role.TEAM_LEAD.value})


@dataclass(frozen=True, slots=True)
class _People:
    """Who is there today: active users with a working role, roles by unit, and each unit's parent."""

    workers: Set[UUID]
    roles_by_unit: dict[UUID, set[str]]
    parents: dict[UUID, UUID | None]


def unseen_items(session: Session, now: datetime) -> list[UUID]:
    """Ids of waiting items that no active person would find in any inbox."""
    people = _people(session, agency_date(now))
    waiting = session.scalars(select(InboxItem).where(InboxItem.state.in_(("open", "deferred"))))
    return [item.id for item in waiting if not _seen(item, people)]


def _seen(item: InboxItem, people: _People) -> bool:
    if item.inbox_kind == "user":
        return item.user_id in people.workers
    if item.restricted:
        return _led(item.unit_id, people)
    if item.unit_id is not None:
        return bool(people.roles_by_unit.get(item.unit_id, set()) & _WORKERS) or _led(item.unit_id, people)
    return any(Role.CLEARING.value in roles for roles in people.roles_by_unit.values())


def _led(unit_id: UUID | None, people: _People) -> bool:
    """Whether the unit or one above it has a lead: the nearest lead answers for units without one."""
    return any(Role.TEAM_LEAD.value in people.roles_by_unit.get(unit, set()) for unit in _upwards(unit_id, people))


def _upwards(unit_id: UUID | None, people: _People) -> Iterator[UUID]:
    seen: set[UUID] = set()
    while unit_id is not None and unit_id not in seen:
        seen.add(unit_id)
        yield unit_id
        unit_id = people.parents.get(unit_id)


def _people(session: Session, on: date) -> _People:
    held = (
        select(RoleAssignment.user_id, RoleAssignment.unit_id, RoleAssignment.role)
        .join(User, User.id == RoleAssignment.user_id)
        .where(
            User.active,
            or_(RoleAssignment.valid_from.is_(None), RoleAssignment.valid_from <= on),
            or_(RoleAssignment.valid_until.is_(None), RoleAssignment.valid_until >= on),
        )
    )
    workers: set[UUID] = set()
    roles_by_unit: dict[UUID, set[str]] = {}
    for user_id, unit_id, role in session.execute(held):
        roles_by_unit.setdefault(unit_id, set()).add(role)
        if role in _WORKERS:
            workers.add(user_id)
    parents = dict(session.execute(select(OrgUnit.id, OrgUnit.parent_id)).all())
    return _People(workers, roles_by_unit, parents)
