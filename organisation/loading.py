"""Loading an organisation from its YAML form (the format of `eakte init`). Idempotent; all faults listed at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.actor import Role
from core.database import Transaction
from core.upsert import upsert
from organisation.form import Away, Post, Unit, from_the_top, judge
from organisation.models import Absence, Agency, Deputy, OrgUnit, Position, RoleAssignment, User


def load_organisation(tx: Transaction, data: Any) -> UUID:
    """Bring agency, units, positions, users, roles, deputies and absences in; returns the agency's id.

    Raises InvalidInput with every fault; then nothing was changed (the caller's transaction is rolled back).
    """
    read = judge(data)
    details = read.authority.model_dump(mode="json")
    agency = upsert(tx, Agency, {"code": read.authority.code}, {"name": read.authority.name, "details": details})
    units = _units(tx, agency.id, read.units)
    roles = {function.code: function.system_roles for function in read.functions}
    users = {post.code: _holder(tx, agency.id, post, units, roles) for post in read.positions}
    for post in read.positions:
        _deputy(tx, agency.id, users[post.code], users.get(post.deputy or ""))
    for away in read.absence_examples:
        _absence(tx, agency.id, users[away.position], away, users)
    return agency.id


def _units(tx: Transaction, agency_id: UUID, units: Sequence[Unit]) -> dict[str, UUID]:
    found: dict[str, OrgUnit] = {}
    for unit in from_the_top(units):
        above = found.get(unit.parent or "")
        found[unit.code] = upsert(
            tx, OrgUnit, {"agency_id": agency_id, "code": unit.code},
            {"title": unit.title, "kind": unit.kind, "file_types": unit.file_types, "places": unit.places,
             "active": unit.demo and (above is None or above.active), "parent_id": above.id if above else None},
        )  # fmt: skip
    return {code: unit.id for code, unit in found.items()}


def _holder(
    tx: Transaction, agency_id: UUID, post: Post, units: Mapping[str, UUID], roles: Mapping[str, Sequence[Role]]
) -> UUID:
    unit_id = units[post.unit]
    active = tx.session.get_one(OrgUnit, unit_id).active
    user = upsert(
        tx, User, {"agency_id": agency_id, "username": post.user}, {"display_name": post.name, "active": active}
    )
    upsert(
        tx, Position, {"agency_id": agency_id, "code": post.code},
        {"function": post.function, "unit_id": unit_id, "user_id": user.id, "ranges": post.ranges,
         "deputy_code": post.deputy},
    )  # fmt: skip
    until = tx.today + timedelta(days=post.valid_days) if post.valid_days else None
    for role in roles[post.function]:
        key = {"agency_id": agency_id, "user_id": user.id, "role": role.value, "unit_id": unit_id}
        upsert(tx, RoleAssignment, key, {"valid_until": until} if until else {})
    return user.id


def _deputy(tx: Transaction, agency_id: UUID, user_id: UUID, deputy_id: UUID | None) -> None:
    if deputy_id is not None:
        upsert(tx, Deputy, {"agency_id": agency_id, "user_id": user_id, "deputy_user_id": deputy_id}, {"rank": 1})


def _absence(tx: Transaction, agency_id: UUID, user_id: UUID, away: Away, users: Mapping[str, UUID]) -> None:
    partial: dict[str, Any] = {}
    if away.partial:
        partial = away.partial.model_dump(mode="json", exclude_none=True)
        if away.partial.deputy:
            partial["deputy"] = str(users[away.partial.deputy])
    key = {"agency_id": agency_id, "user_id": user_id, "starts_on": away.starts_on}
    upsert(tx, Absence, key, {"ends_on": away.until, "kind": away.kind, "partial": partial})
