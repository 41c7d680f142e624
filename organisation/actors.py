"""From a user to an actor: roles, units, led units and whom the user stands in for, on a given day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.actor import Actor, ActorKind, Role
from organisation.models import Absence, Deputy, OrgUnit, RoleAssignment, User
from organisation.responsibility import acting_deputy, led_units, letters_of


def build_actor(session: Session, user: User, on: date, session_id: UUID | None = None) -> Actor:
    """The access facts of `user` on the day `on`. An inactive user has none."""
    (actor,) = build_actors(session, [user], on)
    return replace(actor, session_id=session_id)


def build_actors(session: Session, users: Sequence[User], on: date) -> list[Actor]:
    """The access facts of many users on a day, in their order. Asks as often for a hundred as for one."""
    facts = {agency_id: _facts(session, agency_id, on) for agency_id in {user.agency_id for user in users}}
    return [_actor(user, facts[user.agency_id]) for user in users]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is true of an agency on a day.

    Roles held by each user, the tree of units and those with a lead of their own, who is away or has left, the deputy
    of each of these, and each absence in part with its deputy.
    """

    held: Mapping[UUID, set[tuple[str, UUID]]]
    parents: Mapping[UUID, UUID | None]
    with_lead: set[UUID]
    away: set[UUID]
    stands_in: Mapping[UUID, UUID | None]
    in_part: Sequence[tuple[Absence, UUID | None]]


def _facts(session: Session, agency_id: UUID, on: date) -> _Facts:
    held: dict[UUID, set[tuple[str, UUID]]] = {}
    for user_id, role, unit_id in _assignments(session, agency_id, on):
        held.setdefault(user_id, set()).add((role, unit_id))
    absences, deputies = _absences(session, agency_id, on), _deputies(session, agency_id, on)
    left = session.scalars(select(User.id).where(User.agency_id == agency_id, User.active.is_(False)))
    away = {*left, *(one.user_id for one in absences if not one.partial)}
    in_part = [one for one in absences if one.partial and one.user_id not in away]
    return _Facts(
        held=held,
        parents={unit.id: unit.parent_id for unit in session.scalars(select(OrgUnit))},
        with_lead={unit_id for roles in held.values() for role, unit_id in roles if role == Role.TEAM_LEAD},
        away=away,
        stands_in={absent: acting_deputy(absent, away, deputies) for absent in away},
        in_part=[(one, _deputy_in_part(one, away, deputies)) for one in in_part],
    )


def _deputy_in_part(absence: Absence, away: set[UUID], deputies: Mapping[UUID, list[UUID]]) -> UUID | None:
    """Who takes the letters of an absence in part: whom it names, else, or when that one is away, the usual order."""
    named = [UUID(absence.partial["deputy"])] if absence.partial.get("deputy") else []
    order = {**deputies, absence.user_id: [*named, *deputies.get(absence.user_id, ())]}
    return acting_deputy(absence.user_id, away, order)


def _actor(user: User, facts: _Facts) -> Actor:
    held = facts.held.get(user.id, set()) if user.active else set[tuple[str, UUID]]()
    there = user.active and user.id not in facts.away
    led = {unit_id for role, unit_id in held if role == Role.TEAM_LEAD}
    whole = {absent for absent, deputy_id in facts.stands_in.items() if there and deputy_id == user.id}
    partly = {
        (absence.user_id, first, last)
        for absence, deputy_id in facts.in_part
        if there and deputy_id == user.id
        for first, last in letters_of(absence.partial)
    }
    return Actor(
        kind=ActorKind.USER,
        agency_id=user.agency_id,
        user_id=user.id,
        username=user.username,
        held=frozenset((Role(role), unit_id) for role, unit_id in held),
        led_units=frozenset(led_units(led, facts.with_lead, facts.parents)),
        stands_in_for=frozenset(whole),
        stands_in_partly=frozenset(partly),
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
