"""Loading the demo authority. Idempotent: a second run changes nothing and takes no mail in twice."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from archive.fileplan import load_defaults
from archive.models import (
    CaseFile,
    CaseGrant,
    CaseRelation,
    Membership,
    Person,
    PersonAddress,
    PersonMark,
    PersonName,
)
from archive.names import name_key
from archive.numbers import number_key
from core.actor import system_actor
from core.audit import record_act
from core.clock import agency_date
from core.database import Transaction
from core.ids import new_id
from core.yaml_data import load_yaml
from eakte.bootstrap import Services
from eakte.demo.batches import DemoBatch, make_demo_mail
from eakte.demo.old_cases import OldCases, make_old_cases
from eakte.demo.register import DemoCase, DemoPerson, DemoRegister, make_register
from ingest.ledger import Delivery, receive
from organisation.actors import build_actor
from organisation.loading import load_organisation
from organisation.models import OrgUnit, ScanStation, User
from organisation.passwords import hash_password, new_password
from organisation.service import list_users
from organisation.stations import create_station, find_station
from retention.holding import record_trigger, set_hold
from retention.loading import load_schedule

SEED = 20261124
_PASSWORD = "Passwort: "  # noqa: S105  how its line begins
MAILROOM = "JC-POST"
AUDITOR = "pruefung1"
AUDITED = 12
AUDIT_DAYS = 30
REGISTRY = "mockholm"
STATIONS = ("SCAN-1", "SCAN-1-DUPLEX", "SCAN-SAN", "FACHVERFAHREN")
DIGITAL_STATIONS = frozenset({"FACHVERFAHREN"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Where the log-ins are kept, and how many receipts the demo's mail made now (0 on a second run)."""

    logins: Path
    receipts: int


def load_demo(services: Services, *, with_mail: bool = True) -> Loaded:
    """Organisation, file plan, schedule, stations, register, log-ins and, unless switched off, a day's mail."""
    day = _first_day(services)
    register = make_register(SEED, day)
    with services.database.write() as tx:
        agency_id = load_organisation(tx, demo_organisation())
        load_defaults(tx, agency_id)
        load_schedule(tx, agency_id, confirmed=services.settings.retention_confirmed)
        _stations(tx, agency_id)
        if tx.session.scalar(select(func.count()).select_from(CaseFile)) == 0:
            _register(tx, agency_id, register)
            _past(tx, agency_id, make_old_cases(SEED, register), register)
            record_act(tx, system_actor(agency_id), "demo.loaded", "agency", agency_id, cases=len(register.cases))
    logins = _logins(services, agency_id)
    receipts = _mail(services, agency_id, register, day) if with_mail else 0
    return Loaded(logins, receipts)


def demo_organisation() -> dict[str, Any]:
    """The demo's organisation file."""
    text = resources.files("eakte.demo").joinpath("data", "org.yaml").read_text("utf-8")
    loaded: dict[str, Any] = load_yaml(text)
    return loaded


def _first_day(services: Services) -> date:
    """The day of the first load: kept in a file, so that a second run makes the same cases and the same mail."""
    kept = services.settings.data / "demo.json"
    if not kept.exists():
        kept.write_text(json.dumps({"day": agency_date(services.database.clock.now()).isoformat()}), "utf-8")
    return date.fromisoformat(json.loads(kept.read_text("utf-8"))["day"])


def _stations(tx: Transaction, agency_id: UUID) -> None:
    for code in STATIONS:
        if find_station(tx.session, agency_id, code) is None:
            station, _ = create_station(tx, system_actor(agency_id), code, MAILROOM)
            station.scanning = code not in DIGITAL_STATIONS


def _register(tx: Transaction, agency_id: UUID, register: DemoRegister) -> None:
    units: dict[str, UUID] = dict(tx.session.execute(select(OrgUnit.code, OrgUnit.id)).all())
    users: dict[str, UUID] = dict(tx.session.execute(select(User.username, User.id)).all())
    persons: dict[str, UUID] = {}
    leading: dict[str, UUID] = {}
    for case in register.cases:
        case_id = _case(tx, agency_id, case, units, users)
        for member in case.persons:
            if member.person.customer_number not in persons:
                persons[member.person.customer_number] = _person(tx, agency_id, member.person)
            tx.session.add(
                Membership(
                    person_id=persons[member.person.customer_number], case_file_id=case_id, role=member.role,
                    valid_from=member.valid_from, valid_until=member.valid_until,
                )
            )  # fmt: skip
        if case.file_plan_unit == "LEIST":
            leading[case.bg_nummer] = case_id
        elif case.bg_nummer in leading:
            tx.session.add(
                CaseRelation(case_file_id=case_id, other_case_file_id=leading[case.bg_nummer], kind="refers_to")
            )
        if case.secrecy == "SOZ_G":
            _named_people(tx, agency_id, case_id, users)


def _past(tx: Transaction, agency_id: UUID, past: OldCases, register: DemoRegister) -> None:
    """Cases closed long since, with what the registry recorded on them."""
    _register(tx, agency_id, replace(register, cases=past.cases))
    tx.session.flush()
    keeper = tx.session.scalars(select(User).where(User.username == REGISTRY)).one()
    actor = build_actor(tx.session, keeper, tx.today)
    for one in past.recorded:
        if one.hold:
            set_hold(tx, actor, one.file_number, one.hold)
        elif one.on is not None:
            record_trigger(tx, actor, one.file_number, one.trigger, one.on, "Vorführdaten")


def _case(
    tx: Transaction, agency_id: UUID, case: DemoCase, units: Mapping[str, UUID], users: Mapping[str, UUID]
) -> UUID:
    case_id = new_id()
    tx.session.add(
        CaseFile(
            id=case_id, agency_id=agency_id, file_number=case.file_number, number_key=number_key(case.file_number),
            file_plan_unit=case.file_plan_unit, bg_nummer=case.bg_nummer or None,
            bg_key=number_key(case.bg_nummer) if case.bg_nummer else None, org_unit_id=units[case.org_unit],
            responsible_user_id=users.get(case.responsible), secrecy_class=case.secrecy,
            sealed=case.secrecy == "SOZ_G", state="closed" if case.closed_on else "open", opened_on=case.opened_on,
            closed_on=case.closed_on, created_at=tx.now,
        )
    )  # fmt: skip
    tx.session.flush()
    return case_id


def _person(tx: Transaction, agency_id: UUID, person: DemoPerson) -> UUID:
    person_id = new_id()
    tx.session.add(
        Person(
            id=person_id, agency_id=agency_id, customer_number=person.customer_number,
            customer_key=number_key(person.customer_number), birth_date=person.birth_date,
        )
    )  # fmt: skip
    tx.session.flush()
    for name in person.names:
        tx.session.add(
            PersonName(
                person_id=person_id, family_name=name.family_name, given_names=name.given_names,
                family_key=name_key(name.family_name), valid_from=name.valid_from, valid_until=name.valid_until,
            )
        )  # fmt: skip
    for address in person.addresses:
        tx.session.add(
            PersonAddress(
                person_id=person_id, street=address.street, postal_code=address.postal_code, city=address.city,
                valid_from=address.valid_from, valid_until=address.valid_until,
            )
        )  # fmt: skip
    for mark in person.marks:
        tx.session.add(PersonMark(person_id=person_id, mark=mark.mark, valid_from=mark.valid_from))
    return person_id


def _named_people(tx: Transaction, agency_id: UUID, case_id: UUID, users: Mapping[str, UUID]) -> None:
    """A sealed case opens by name only: the head of the house and her deputy."""
    for name in ("wthordsen", "amoellgaard"):
        tx.session.add(CaseGrant(agency_id=agency_id, case_file_id=case_id, user_id=users[name], reason="named"))


def _logins(services: Services, agency_id: UUID) -> Path:
    """Passwords of the demo users, made once per installation; the file is readable for its owner only."""
    path = _logins_file(services)
    if path.exists():
        return path
    with services.database.read() as session:
        users = list_users(session, agency_id, agency_date(services.database.clock.now()))
    password = new_password()
    hashed = hash_password(password)
    with services.database.write() as tx:
        for user in tx.session.scalars(select(User).where(User.agency_id == agency_id, User.active)):
            user.password_hash = hashed
    lines = ["Vorführbehörde: alle Personen haben dasselbe Passwort.", f"{_PASSWORD}{password}", ""]
    lines += [
        f"{user['username']:16} {user['name']:28} {user['unit'] or '-':12} {', '.join(user['roles'])}"
        for user in users
        if user["active"]
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _logins_file(services: Services) -> Path:
    return services.settings.data / "demo-logins.txt"


def demo_password(services: Services) -> str:
    """The password of everybody, out of the file with the log-ins. The demo is loaded."""
    lines = _logins_file(services).read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith(_PASSWORD))
    return line.removeprefix(_PASSWORD)


def _mail(services: Services, agency_id: UUID, register: DemoRegister, day: date) -> int:
    """The day's mail through the same door as a real station's."""
    marker = services.settings.data / "demo-mail.done"
    if marker.exists():
        return 0
    with services.database.read() as session:
        stations = dict(session.execute(select(ScanStation.code, ScanStation.id)).all())
    made = 0
    named: set[str] = set()
    for batch in make_demo_mail(register, SEED, day):
        made += _receive(services, agency_id, stations[batch.station], batch)
        named |= {item.truth.file_number for item in batch.items if item.truth.file_number}
    _audit_sample(services, agency_id, sorted(named)[:AUDITED], day)
    marker.touch()
    return made


def _audit_sample(services: Services, agency_id: UUID, numbers: Sequence[str], day: date) -> None:
    """The sample of the auditing office: some cases of the day's mail, for as long as the auditor's role lasts."""
    with services.database.write() as tx:
        auditor = tx.session.scalar(select(User.id).where(User.agency_id == agency_id, User.username == AUDITOR))
        granted = select(CaseGrant.case_file_id).where(CaseGrant.user_id == auditor, CaseGrant.reason == "audit")
        cases = select(CaseFile.id).where(
            CaseFile.agency_id == agency_id, CaseFile.file_number.in_(numbers), CaseFile.sealed.is_(False),
            CaseFile.id.not_in(granted),
        )  # fmt: skip
        for case_id in tx.session.scalars(cases).all():
            tx.session.add(
                CaseGrant(
                    agency_id=agency_id, case_file_id=case_id, user_id=auditor, reason="audit", valid_from=day,
                    valid_until=day + timedelta(days=AUDIT_DAYS),
                )
            )  # fmt: skip


def _receive(services: Services, agency_id: UUID, station_id: UUID, batch: DemoBatch) -> int:
    handle, name = tempfile.mkstemp(dir=services.settings.work_folder, prefix="demo-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(batch.data)
        delivery = Delivery(
            channel="upload" if batch.station in DIGITAL_STATIONS else "station", station_id=station_id,
            key=batch.filename, received_on=batch.received_on, operator="P007", source_name=batch.filename,
            sheets_told=None if batch.station in DIGITAL_STATIONS else batch.sheets,
        )  # fmt: skip
        accepted = receive(services.database, services.blobs, agency_id, path, delivery)
        return 0 if accepted.repeated else 1
    finally:
        path.unlink(missing_ok=True)
