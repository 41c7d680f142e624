"""Import of the case register from CSV (INTERFACES "Register CSV"): all faults listed by line, or all imported.

Parsing is pure; applying is one transaction. Again = update by file_number and customer_number. Changed names and
addresses keep the old ones with the day on which they ended, so that mail in an old name still finds its case. The
index hears of names, members and units that changed: it finds the letters of a case by them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from archive.access import stricter
from archive.models import CaseFile, FilePlanUnit, Filing, Membership, Person, PersonAddress, PersonName
from archive.names import name_key
from archive.numbers import number_key, path_form
from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput
from core.ids import new_id
from core.outbox import emit
from organisation.models import OrgUnit, User

HEADER = (
    "file_number", "file_plan_unit", "bg_nummer", "customer_number", "family_name", "given_names", "birth_date",
    "street", "postal_code", "city", "org_unit", "responsible",
)  # fmt: skip
DEFAULT_UNIT = "LEIST"
_TITLES = {
    "file_number": "Das Aktenzeichen", "bg_nummer": "Die BG-Nummer", "customer_number": "Die Kundennummer",
    "family_name": "Der Familienname", "given_names": "Die Vornamen", "street": "Die Straße",
    "postal_code": "Die Postleitzahl", "city": "Der Ort", "org_unit": "Die Organisationseinheit",
}  # fmt: skip
LONGEST = {
    "file_number": 80, "bg_nummer": 40, "customer_number": 40, "family_name": 120, "given_names": 120, "street": 200,
    "postal_code": 10, "city": 120,
}  # fmt: skip
_FOLDED: Mapping[str, Callable[[str], str]] = {
    "file_number": number_key, "bg_nummer": number_key, "customer_number": number_key, "family_name": name_key,
}  # fmt: skip
_MAX_FAULTS = 200
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One person in one case, as a line of the file says."""

    line: int
    file_number: str
    file_plan_unit: str
    bg_nummer: str
    customer_number: str
    family_name: str
    given_names: str
    birth_date: date | None
    street: str
    postal_code: str
    city: str
    org_unit: str
    responsible: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What the import did."""

    cases: int
    persons: int


def parse(data: bytes) -> tuple[list[RegisterRow], list[str]]:
    """Rows and faults of the file. Never raises on any bytes; with faults, nothing may be imported."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [f"Die Datei ist nicht in UTF-8 geschrieben (Byte {error.start})."]
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    rows: list[RegisterRow] = []
    faults: list[str] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if tuple(header) != HEADER:
            return [], [f"Zeile 1: Die Kopfzeile muss lauten: {','.join(HEADER)}"]
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _take(reader.line_num, cells, rows, faults)
    except csv.Error as error:
        faults.append(f"Zeile {reader.line_num}: Die Zeile ist kein gültiges CSV ({error}).")
    if not rows and not faults:
        faults.append("Die Datei enthält keine Akten.")
    return rows, [*faults, *_contradictions(rows)][:_MAX_FAULTS]


def import_register(tx: Transaction, actor: Actor, data: bytes) -> ImportResult:
    """Bring the register in. Raises InvalidInput with all faults by line; then nothing was imported."""
    rows, faults = parse(data)
    units = dict(tx.session.execute(select(OrgUnit.code, OrgUnit.id).where(OrgUnit.agency_id == actor.agency_id)).all())
    users = dict(tx.session.execute(select(User.username, User.id).where(User.agency_id == actor.agency_id)).all())
    plan = {
        unit.code: unit
        for unit in tx.session.scalars(select(FilePlanUnit).where(FilePlanUnit.agency_id == actor.agency_id))
        if unit.kind == "file_type"
    }
    faults = [*faults, *_unknown_references(rows, units, users, plan), *_same_paths(tx, actor, rows)]
    if faults:
        raise InvalidInput(
            f"Nichts wurde übernommen. {len(faults)} Fehler in der Datei.",
            "nothing was imported",
            faults=faults,
            code="register_faults",
        )
    changed: set[UUID] = set()
    for row in rows:
        case_file = _case(tx, actor, row, units, users, plan, changed)
        _member(tx, case_file, _person(tx, actor, row, case_file, changed), changed)
    _tell_index(tx, actor, changed)
    cases = len({row.file_number for row in rows})
    record_act(tx, actor, "register.imported", "agency", actor.agency_id, cases=cases, persons=len(rows))
    return ImportResult(cases, len(rows))


def _take(line: int, cells: Sequence[str], rows: list[RegisterRow], faults: list[str]) -> None:
    if len(cells) != len(HEADER):
        faults.append(f"Zeile {line}: {len(cells)} Felder statt {len(HEADER)}.")
        return
    values = {name: cell.strip() for name, cell in zip(HEADER, cells, strict=True)}
    birth: date | None = None
    if values["birth_date"]:
        try:
            birth = date.fromisoformat(values["birth_date"])
        except ValueError:
            faults.append(f"Zeile {line}: „{values['birth_date']}“ ist kein Datum der Form JJJJ-MM-TT.")
    for name in ("file_number", "family_name", "org_unit"):
        if not values[name]:
            faults.append(f"Zeile {line}: {_TITLES[name]} fehlt.")
    for name, longest in LONGEST.items():
        folded = _FOLDED[name](values[name]) if name in _FOLDED else ""
        if max(len(values[name]), len(folded)) > longest:
            faults.append(f"Zeile {line}: {_TITLES[name]} ist länger als {longest} Zeichen.")
    if values["file_number"] and not number_key(values["file_number"]):
        faults.append(f"Zeile {line}: Das Aktenzeichen braucht mindestens einen Buchstaben oder eine Ziffer.")
    values["file_plan_unit"] = values["file_plan_unit"] or DEFAULT_UNIT
    rows.append(RegisterRow(line=line, birth_date=birth, **{k: v for k, v in values.items() if k != "birth_date"}))


def _contradictions(rows: Sequence[RegisterRow]) -> list[str]:
    faults: list[str] = []
    seen: dict[str, RegisterRow] = {}
    people: dict[str, RegisterRow] = {}
    for row in rows:
        known = people.setdefault(number_key(row.customer_number), row) if row.customer_number else row
        if known.birth_date and row.birth_date and known.birth_date != row.birth_date:
            faults.append(
                f"Zeile {row.line}: Das Geburtsdatum weicht von Zeile {known.line} derselben Kundennummer ab."
            )
        first = seen.setdefault(row.file_number, row)
        for name, title in (("file_plan_unit", "Aktenart"), ("org_unit", "Organisationseinheit"),
                            ("responsible", "Zuständigkeit"), ("bg_nummer", "BG-Nummer")):  # fmt: skip
            if getattr(first, name) != getattr(row, name):
                faults.append(f"Zeile {row.line}: {title} weicht von Zeile {first.line} derselben Akte ab.")
    return faults


def _unknown_references(
    rows: Sequence[RegisterRow],
    units: Mapping[str, UUID],
    users: Mapping[str, UUID],
    plan: Mapping[str, FilePlanUnit],
) -> list[str]:
    faults = []
    for row in rows:
        if row.org_unit and row.org_unit not in units:
            faults.append(f"Zeile {row.line}: Die Organisationseinheit „{row.org_unit}“ gibt es nicht.")
        if row.responsible and row.responsible not in users:
            faults.append(f"Zeile {row.line}: Die Person „{row.responsible}“ gibt es nicht.")
        if row.file_plan_unit not in plan:
            faults.append(f"Zeile {row.line}: Die Aktenart „{row.file_plan_unit}“ gibt es nicht.")
    return faults


def _same_paths(tx: Transaction, actor: Actor, rows: Sequence[RegisterRow]) -> list[str]:
    """Numbers that differ in a stroke only: they would have one address, and a link to one would open the other."""
    lines: dict[str, int] = {}
    for row in rows:
        lines.setdefault(row.file_number, row.line)
    taken = {path_form(number): number for number in lines}
    faults = [
        f"Zeile {line}: „{number}“ unterscheidet sich von „{taken[path_form(number)]}“ nur im Schrägstrich."
        for number, line in lines.items()
        if taken[path_form(number)] != number
    ]
    known = select(CaseFile.file_number).where(CaseFile.agency_id == actor.agency_id)
    for number in tx.session.scalars(known):
        other = taken.get(path_form(number), number)
        if other != number:
            faults.append(f"Zeile {lines[other]}: „{other}“ unterscheidet sich von „{number}“ nur im Schrägstrich.")
    return faults


def _case(
    tx: Transaction,
    actor: Actor,
    row: RegisterRow,
    units: Mapping[str, UUID],
    users: Mapping[str, UUID],
    plan: Mapping[str, FilePlanUnit],
    changed: set[UUID],
) -> CaseFile:
    query = select(CaseFile).where(CaseFile.agency_id == actor.agency_id, CaseFile.file_number == row.file_number)
    case_file = tx.session.scalar(query)
    before = _opens_to(case_file) if case_file is not None else None
    if case_file is None:
        case_file = _new_case(tx, actor, row, plan)
    elif case_file.org_unit_id != units[row.org_unit]:
        changed.add(case_file.id)
    if case_file.file_plan_unit != row.file_plan_unit:
        case_file.secrecy_class = stricter(case_file.secrecy_class, plan[row.file_plan_unit].secrecy_class or "SOZ")
    case_file.file_plan_unit = row.file_plan_unit
    case_file.bg_nummer = row.bg_nummer or None
    case_file.bg_key = number_key(row.bg_nummer) if row.bg_nummer else None
    case_file.org_unit_id = units[row.org_unit]
    case_file.responsible_user_id = users[row.responsible] if row.responsible else None
    tx.session.flush()
    if before is not None and before != _opens_to(case_file):
        record_act(
            tx, actor, "case.reassigned", "case_file", case_file.id, case_file_id=case_file.id,
            unit=case_file.org_unit_id, user=case_file.responsible_user_id, file_type=case_file.file_plan_unit,
            secrecy_class=case_file.secrecy_class,
        )  # fmt: skip
    return case_file


def _new_case(tx: Transaction, actor: Actor, row: RegisterRow, plan: Mapping[str, FilePlanUnit]) -> CaseFile:
    case_file = CaseFile(
        id=new_id(), agency_id=actor.agency_id, file_number=row.file_number, number_key=number_key(row.file_number),
        file_plan_unit=row.file_plan_unit, opened_on=tx.today, created_at=tx.now,
        secrecy_class=plan[row.file_plan_unit].secrecy_class or "SOZ",
    )  # fmt: skip
    tx.session.add(case_file)
    return case_file


def _opens_to(case_file: CaseFile) -> tuple[object, ...]:
    """What decides who may read the case."""
    return case_file.org_unit_id, case_file.responsible_user_id, case_file.file_plan_unit, case_file.secrecy_class


def _person(tx: Transaction, actor: Actor, row: RegisterRow, case_file: CaseFile, changed: set[UUID]) -> Person:
    person = _find_person(tx, actor, row, case_file)
    if person is None:
        person = Person(id=new_id(), agency_id=actor.agency_id)
        tx.session.add(person)
    if row.customer_number:  # a line without one does not take away a number that is known
        person.customer_number, person.customer_key = row.customer_number, number_key(row.customer_number)
    person.birth_date = row.birth_date or person.birth_date
    tx.session.flush()
    if _renamed(tx, person, row):
        changed |= set(tx.session.scalars(select(Membership.case_file_id).where(Membership.person_id == person.id)))
    _current_address(tx, person, row)
    return person


def _find_person(tx: Transaction, actor: Actor, row: RegisterRow, case_file: CaseFile) -> Person | None:
    if row.customer_number:
        key = number_key(row.customer_number)
        return tx.session.scalar(
            select(Person).where(Person.agency_id == actor.agency_id, Person.customer_key == key).limit(1)
        )
    # Without a customer number a person is only the same within its own case, by name and birth date.
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .join(PersonName, PersonName.person_id == Person.id)
        .where(
            Membership.case_file_id == case_file.id,
            Person.birth_date == row.birth_date if row.birth_date else Person.birth_date.is_(None),
            PersonName.family_name == row.family_name,
            PersonName.given_names == row.given_names,
        )
    )
    return tx.session.scalars(query.limit(1)).first()


def _renamed(tx: Transaction, person: Person, row: RegisterRow) -> bool:
    """Bring the name up to date; whether it is a new one."""
    query = select(PersonName).where(PersonName.person_id == person.id, PersonName.valid_until.is_(None))
    current = tx.session.scalars(query).all()
    if any((name.family_name, name.given_names) == (row.family_name, row.given_names) for name in current):
        return False
    for name in current:
        name.valid_until = tx.today - timedelta(days=1)
    tx.session.add(
        PersonName(
            person_id=person.id,
            family_name=row.family_name,
            given_names=row.given_names,
            family_key=name_key(row.family_name),
            valid_from=tx.today if current else None,
        )
    )
    return True


def _current_address(tx: Transaction, person: Person, row: RegisterRow) -> None:
    if not row.street and not row.city:
        return
    query = select(PersonAddress).where(PersonAddress.person_id == person.id, PersonAddress.valid_until.is_(None))
    current = tx.session.scalars(query).all()
    here = (row.street, row.postal_code, row.city)
    if any((one.street, one.postal_code, one.city) == here for one in current):
        return
    for one in current:
        one.valid_until = tx.today - timedelta(days=1)
    tx.session.add(
        PersonAddress(
            person_id=person.id,
            street=row.street,
            postal_code=row.postal_code,
            city=row.city,
            valid_from=tx.today if current else None,
        )
    )


def _member(tx: Transaction, case_file: CaseFile, person: Person, changed: set[UUID]) -> None:
    query = select(Membership).where(Membership.case_file_id == case_file.id)
    members = tx.session.scalars(query).all()
    if any(member.person_id == person.id and member.valid_until is None for member in members):
        return
    role = "member" if members else "head"
    tx.session.add(Membership(person_id=person.id, case_file_id=case_file.id, role=role))
    tx.session.flush()
    changed.add(case_file.id)


def _tell_index(tx: Transaction, actor: Actor, changed: set[UUID]) -> None:
    """Cases in which nothing is filed yet have nothing to be found by."""
    ordered = sorted(changed)
    for start in range(0, len(ordered), _TOGETHER):
        part = ordered[start : start + _TOGETHER]
        filed = select(Filing.case_file_id).where(Filing.case_file_id.in_(part), Filing.ended_at.is_(None)).distinct()
        for case_file_id in tx.session.scalars(filed.order_by(Filing.case_file_id)).all():
            emit(tx, actor.agency_id, "case_file.changed", case_file_id)
