"""Loading an organisation from its YAML form (the format of `eakte init`). Idempotent; all faults listed at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from core.actor import Role
from core.database import Transaction
from core.errors import InvalidInput
from core.upsert import upsert
from organisation.models import Absence, Agency, Deputy, OrgUnit, Position, RoleAssignment, User
from organisation.responsibility import letters_of


def load_organisation(tx: Transaction, data: Mapping[str, Any]) -> UUID:
    """Bring agency, units, positions, users, roles, deputies and absences in; returns the agency's id.

    Raises InvalidInput with every fault; then nothing was changed (the caller's transaction is rolled back).
    """
    faults = _faults(data)
    if faults:
        raise InvalidInput(
            f"Nichts wurde übernommen. {len(faults)} Fehler in der Organisation.", "organisation faults", faults=faults
        )
    authority = data["authority"]
    agency = upsert(tx, Agency, {"code": authority["code"]}, {"name": authority["name"], "details": dict(authority)})
    units = _units(tx, agency.id, data["units"])
    roles = {entry["code"]: entry["system_roles"] for entry in data["functions"]}
    users = {entry["code"]: _holder(tx, agency.id, entry, units, roles) for entry in data["positions"]}
    for entry in data["positions"]:
        _deputy(tx, agency.id, users[entry["code"]], users.get(entry.get("deputy") or ""))
    for entry in data.get("absence_examples", ()):
        _absence(tx, agency.id, users[entry["position"]], entry, users)
    return agency.id


def _faults(data: Mapping[str, Any]) -> list[str]:
    missing = [f"Der Abschnitt „{part}“ fehlt." for part in ("authority", "functions", "units", "positions")
               if part not in data]  # fmt: skip
    if missing:
        return missing
    units = {entry["code"] for entry in data["units"]}
    functions = {entry["code"] for entry in data["functions"]}
    positions = {entry["code"] for entry in data["positions"]}
    known_roles = {role.value for role in Role}
    faults = [f"Einheit {entry['code']}: Die übergeordnete Einheit {entry['parent']} gibt es nicht."
              for entry in data["units"] if entry["parent"] and entry["parent"] not in units]  # fmt: skip
    for entry in data["functions"]:
        faults += [f"Funktion {entry['code']}: Die Rolle {role} gibt es nicht."
                   for role in entry["system_roles"] if role not in known_roles]  # fmt: skip
    for entry in data["positions"]:
        where = f"Stelle {entry['code']}"
        if entry["unit"] not in units:
            faults.append(f"{where}: Die Einheit {entry['unit']} gibt es nicht.")
        if entry["function"] not in functions:
            faults.append(f"{where}: Die Funktion {entry['function']} gibt es nicht.")
        if entry.get("deputy") and entry["deputy"] not in positions:
            faults.append(f"{where}: Die Vertretung {entry['deputy']} gibt es nicht.")
    for entry in data.get("absence_examples", ()):
        partial = entry.get("partial") or {}
        if partial and not letters_of(partial):
            faults.append(f"Abwesenheit {entry['position']}: Die Teilvertretung nennt keine Buchstaben.")
        for position in {entry["position"], partial.get("deputy") or entry["position"]} - positions:
            faults.append(f"Abwesenheit {entry['position']}: Die Stelle {position} gibt es nicht.")
    return faults


def _units(tx: Transaction, agency_id: UUID, entries: list[dict[str, Any]]) -> dict[str, UUID]:
    inactive = {entry["code"] for entry in entries if entry.get("demo") is False}
    found: dict[str, UUID] = {}
    for entry in entries:
        active = entry["code"] not in inactive and entry["parent"] not in inactive
        unit = upsert(
            tx, OrgUnit, {"agency_id": agency_id, "code": entry["code"]},
            {"title": entry["title"], "kind": entry["kind"], "file_types": entry.get("file_types", []),
             "places": entry.get("places", []), "active": active,
             "parent_id": found.get(entry["parent"]) if entry["parent"] else None},
        )  # fmt: skip
        found[entry["code"]] = unit.id
    return found


def _holder(
    tx: Transaction, agency_id: UUID, entry: Mapping[str, Any], units: Mapping[str, UUID],
    roles: Mapping[str, list[str]],
) -> UUID:  # fmt: skip
    unit_id = units[entry["unit"]]
    active = tx.session.get_one(OrgUnit, unit_id).active
    user = upsert(
        tx, User, {"agency_id": agency_id, "username": entry["user"]}, {"display_name": entry["name"], "active": active}
    )
    upsert(
        tx, Position, {"agency_id": agency_id, "code": entry["code"]},
        {"function": entry["function"], "unit_id": unit_id, "user_id": user.id, "ranges": entry.get("ranges", []),
         "deputy_code": entry.get("deputy")},
    )  # fmt: skip
    until = tx.today + timedelta(days=entry["valid_days"]) if entry.get("valid_days") else None
    for role in roles[entry["function"]]:
        key = {"agency_id": agency_id, "user_id": user.id, "role": role, "unit_id": unit_id}
        upsert(tx, RoleAssignment, key, {"valid_until": until} if until else {})
    return user.id


def _deputy(tx: Transaction, agency_id: UUID, user_id: UUID, deputy_id: UUID | None) -> None:
    if deputy_id is not None:
        upsert(tx, Deputy, {"agency_id": agency_id, "user_id": user_id, "deputy_user_id": deputy_id}, {"rank": 1})


def _absence(
    tx: Transaction, agency_id: UUID, user_id: UUID, entry: Mapping[str, Any], users: Mapping[str, UUID]
) -> None:
    partial = dict(entry.get("partial") or {})
    if partial.get("deputy"):
        partial["deputy"] = str(users[partial["deputy"]])
    ends_on = date.fromisoformat(str(entry["until"])) if entry["until"] else None
    key = {"agency_id": agency_id, "user_id": user_id, "starts_on": date.fromisoformat(str(entry["from"]))}
    upsert(tx, Absence, key, {"ends_on": ends_on, "kind": entry["kind"], "partial": partial})
