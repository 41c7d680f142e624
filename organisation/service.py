"""Use cases of the organisation: lists, users, passwords, absences. Acts are audited with ids only."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotFound
from core.ids import new_id
from organisation.models import Absence, OrgUnit, RoleAssignment, User
from organisation.sessions import end_sessions_of


def list_units(session: Session, agency_id: UUID) -> list[dict[str, Any]]:
    """[{"code", "name", "parent"}] of the active units."""
    units = session.scalars(select(OrgUnit).where(OrgUnit.agency_id == agency_id, OrgUnit.active)).all()
    codes = {unit.id: unit.code for unit in units}
    return [
        {"code": unit.code, "name": unit.title, "parent": codes.get(unit.parent_id) if unit.parent_id else None}
        for unit in sorted(units, key=lambda unit: unit.code)
    ]


def list_users(session: Session, agency_id: UUID, on: date) -> list[dict[str, Any]]:
    """[{"username", "name", "roles", "unit", "active"}] with the roles held on the day."""
    roles: dict[UUID, set[str]] = {}
    units: dict[UUID, str] = {}
    held = (
        select(RoleAssignment.user_id, RoleAssignment.role, OrgUnit.code)
        .join(OrgUnit, OrgUnit.id == RoleAssignment.unit_id)
        .where(
            RoleAssignment.agency_id == agency_id,
            or_(RoleAssignment.valid_from.is_(None), RoleAssignment.valid_from <= on),
            or_(RoleAssignment.valid_until.is_(None), RoleAssignment.valid_until >= on),
        )
        .order_by(RoleAssignment.id)
    )
    for user_id, role, code in session.execute(held):
        roles.setdefault(user_id, set()).add(role)
        units.setdefault(user_id, code)
    users = session.scalars(select(User).where(User.agency_id == agency_id).order_by(User.username))
    return [
        {
            "username": user.username,
            "name": user.display_name,
            "roles": sorted(roles.get(user.id, ())),
            "unit": units.get(user.id),
            "active": user.active,
        }
        for user in users
    ]


def create_user(
    tx: Transaction, actor: Actor, username: str, name: str, roles: list[str], unit_code: str, password_hash: str
) -> User:
    """A new user with roles in a unit. Raises InvalidInput when the name is taken, a role or the unit unknown."""
    unit = tx.session.scalar(select(OrgUnit).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.code == unit_code))
    faults = [f"Die Rolle „{role}“ gibt es nicht." for role in roles if role not in set(Role)]
    if unit is None:
        faults.append(f"Die Organisationseinheit „{unit_code}“ gibt es nicht.")
    if find_user(tx.session, actor.agency_id, username) is not None:
        faults.append(f"Der Benutzername „{username}“ ist vergeben.")
    if faults or unit is None:
        raise InvalidInput("Die Person wurde nicht angelegt.", "user not created", faults=faults)
    user = User(
        id=new_id(), agency_id=actor.agency_id, username=username.strip().lower(), display_name=name,
        password_hash=password_hash, must_change_password=True,
    )  # fmt: skip
    tx.session.add(user)
    tx.session.flush()
    for role in roles:
        tx.session.add(RoleAssignment(agency_id=actor.agency_id, user_id=user.id, role=role, unit_id=unit.id))
    record_act(tx, actor, "user.created", "user", user.id, roles=roles, unit=unit.id)
    return user


def deactivate_user(tx: Transaction, actor: Actor, username: str) -> None:
    """The user can no longer sign in; open sessions end at once. Idempotent; nothing is deleted."""
    user = require_user(tx.session, actor.agency_id, username)
    user.active = False
    end_sessions_of(tx, user.id)
    record_act(tx, actor, "user.deactivated", "user", user.id)


def set_password(tx: Transaction, actor: Actor, username: str, password_hash: str) -> None:
    """A new password, to be changed at the next sign-in; the lock is lifted and open sessions end."""
    user = require_user(tx.session, actor.agency_id, username)
    user.password_hash, user.must_change_password = password_hash, True
    user.failed_sign_ins, user.locked_until = 0, None
    end_sessions_of(tx, user.id)
    record_act(tx, actor, "user.password_reset", "user", user.id)


def set_absence(
    tx: Transaction, actor: Actor, username: str, starts_on: date, ends_on: date | None, kind: str = "planned"
) -> None:
    """The user is away from a day until a day (inclusive; None = end open). The deputy takes over by itself."""
    if ends_on is not None and ends_on < starts_on:
        raise InvalidInput("Das Ende der Abwesenheit liegt vor ihrem Anfang.", "absence ends before it starts")
    user = require_user(tx.session, actor.agency_id, username)
    absence = Absence(
        id=new_id(), agency_id=actor.agency_id, user_id=user.id, starts_on=starts_on, ends_on=ends_on, kind=kind
    )
    tx.session.add(absence)
    record_act(tx, actor, "absence.set", "user", user.id, starts_on=starts_on, ends_on=ends_on)


def end_absence(tx: Transaction, actor: Actor, username: str, last_day: date) -> None:
    """Every absence that is not over ends with `last_day`; those that start later are dropped."""
    user = require_user(tx.session, actor.agency_id, username)
    query = select(Absence).where(
        Absence.user_id == user.id, or_(Absence.ends_on.is_(None), Absence.ends_on > last_day)
    )
    for absence in tx.session.scalars(query):
        if absence.starts_on > last_day:
            tx.session.delete(absence)
        else:
            absence.ends_on = last_day
    record_act(tx, actor, "absence.ended", "user", user.id, last_day=last_day)


def set_preferences(tx: Transaction, actor: Actor, **values: Any) -> None:
    """What a person sets for herself (theme, keys, text_first); other preferences stay. Not an act on records."""
    user = tx.session.get(User, actor.user_id) if actor.user_id else None
    if user is None:
        raise NotFound
    user.preferences = {**user.preferences, **values}


def require_user(session: Session, agency_id: UUID, username: str) -> User:
    """The user of that name, active or not. Raises NotFound."""
    user = find_user(session, agency_id, username)
    if user is None:
        raise NotFound(f"Die Person „{username}“ gibt es nicht.", "unknown user")
    return user


def find_user(session: Session, agency_id: UUID, username: str) -> User | None:
    """The user of that name, active or not, however it is written; None when there is none."""
    return session.scalar(select(User).where(User.agency_id == agency_id, User.username == username.strip().lower()))
