"""From a user to an actor: roles, units, led units and whom the user stands in for, on a given day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.actor import Actor, ActorKind, Role
from organisation.models import Absence, Deputy, OrgUnit, RoleAssignment, User
from organisation.responsibility import acting_deputy, led_units, letters_of


def build_actor(session: Session, user: User, on: date, session_id: UUID | None = None) -> Actor:
    """The access facts of `user` on the day `on`. An inactive user has none."""
    held = _assignments(session, user.agency_id, on) if user.active else []
    own = [(role, unit_id) for user_id, role, unit_id in held if user_id == user.id]
    leads = {unit_id for _, role, unit_id in held if role == Role.TEAM_LEAD}
    led = {unit_id for role, unit_id in own if role == Role.TEAM_LEAD}
    stand_in = _stand_in(session, user, on)
    parents = {unit.id: unit.parent_id for unit in session.scalars(select(OrgUnit))}
    return Actor(
        kind=ActorKind.USER,
        agency_id=user.agency_id,
        user_id=user.id,
        session_id=session_id,
        username=user.username,
        held=frozenset((Role(role), unit_id) for role, unit_id in own),
        led_units=frozenset(led_units(led, leads, parents)),
        stands_in_for=stand_in.whole,
        stands_in_partly=stand_in.partly,
    )


def _assignments(session: Session, agency_id: UUID, on: date) -> list[tuple[UUID, str, UUID]]:
    query = (
        select(RoleAssignment.user_id, RoleAssignment.role, RoleAssignment.unit_id)
        .join(User, User.id == RoleAssignment.user_id)
        .where(
            RoleAssignment.agency_id == agency_id,
            User.active,
            or_(RoleAssignment.valid_from.is_(None), RoleAssignment.valid_from <= on),
            or_(RoleAssignment.valid_until.is_(None), RoleAssignment.valid_until >= on),
        )
    )
    return [(user_id, role, unit_id) for user_id, role, unit_id in session.execute(query)]


def absent_users(session: Session, agency_id: UUID, on: date) -> set[UUID]:
    """Users who are away on the day. Who is absent in part only is there, and sees all of the own work."""
    return {one.user_id for one in _absences(session, agency_id, on) if not one.partial}


def _absences(session: Session, agency_id: UUID, on: date) -> Sequence[Absence]:
    query = select(Absence).where(
        Absence.agency_id == agency_id, Absence.starts_on <= on, or_(Absence.ends_on.is_(None), Absence.ends_on >= on)
    )
    return session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class _StandIn:
    """For whom a user stands in: everything of `whole`, of the users in `partly` some letters only."""

    whole: frozenset[UUID] = frozenset()
    partly: frozenset[tuple[UUID, str, str]] = frozenset()


def _stand_in(session: Session, user: User, on: date) -> _StandIn:
    """Users who are away or have left, for whom this user is the deputy today; an absent deputy's own deputy takes over.

    A partial absence may name the deputy for its letters; without one, or when that one is away, the usual order holds.
    """
    gone = set(session.scalars(select(User.id).where(User.agency_id == user.agency_id, User.active.is_(False))))
    away = absent_users(session, user.agency_id, on) | gone
    if user.id in away or not user.active:
        return _StandIn()
    deputies = _deputies(session, user.agency_id, on)
    whole = frozenset(absent for absent in away if acting_deputy(absent, away, deputies) == user.id)
    partly = set()
    for absence in _absences(session, user.agency_id, on):
        if not absence.partial or absence.user_id in away:
            continue
        named = [UUID(absence.partial["deputy"])] if absence.partial.get("deputy") else []
        order = {**deputies, absence.user_id: [*named, *deputies.get(absence.user_id, ())]}
        if acting_deputy(absence.user_id, away, order) == user.id:
            partly |= {(absence.user_id, first, last) for first, last in letters_of(absence.partial)}
    return _StandIn(whole, frozenset(partly))


def _deputies(session: Session, agency_id: UUID, on: date) -> dict[UUID, list[UUID]]:
    """The deputies of each user on the day, by rank."""
    query = (
        select(Deputy.user_id, Deputy.deputy_user_id)
        .where(
            Deputy.agency_id == agency_id,
            or_(Deputy.valid_from.is_(None), Deputy.valid_from <= on),
            or_(Deputy.valid_until.is_(None), Deputy.valid_until >= on),
        )
        .order_by(Deputy.user_id, Deputy.rank)
    )
    deputies: dict[UUID, list[UUID]] = {}
    for absent, deputy in session.execute(query):
        deputies.setdefault(absent, []).append(deputy)
    return deputies


def units_upwards(session: Session, unit_id: UUID) -> Iterator[UUID]:
    """A unit and those above it, the nearest first."""
    seen: set[UUID] = set()
    above: UUID | None = unit_id
    while above is not None and above not in seen:
        seen.add(above)
        yield above
        above = session.get_one(OrgUnit, above).parent_id


def users_as(session: Session, unit_ids: Iterable[UUID], *roles: Role) -> Sequence[User]:
    """Active users with one of the roles in one of the units, on whatever day, by name."""
    holders = select(RoleAssignment.user_id).where(
        RoleAssignment.unit_id.in_(list(unit_ids)), RoleAssignment.role.in_(roles)
    )
    return session.scalars(select(User).where(User.active, User.id.in_(holders)).order_by(User.username)).all()
