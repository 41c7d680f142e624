"""The candidates that a letter's facts may mean, read from the case register with indexed look-ups only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive.models import (
    CaseAlias,
    CaseFile,
    Membership,
    Person,
    PersonAddress,
    PersonMark,
    PersonName,
)
from archive.names import name_key
from ingest.judging.candidates import Candidate, PersonFacts
from ingest.judging.facts import Facts, street_key

_CHUNK = 500
_MAX_BY_NAME = 200


def candidates_for(session: Session, agency_id: UUID, facts: Facts, on: date) -> list[Candidate]:
    """Cases that share a number, a birth date or a full name with the letter, in a stable order."""
    keys = {fact.key for fact in facts.numbers}
    case_ids = _by_numbers(session, agency_id, keys)
    births = {fact.value for fact in facts.dates}
    person_ids = _by_birth(session, agency_id, births) | _by_name(session, agency_id, facts)
    case_ids |= _cases_of(session, person_ids)
    return _load(session, case_ids, on)


def _by_numbers(session: Session, agency_id: UUID, keys: set[str]) -> set[UUID]:
    found: set[UUID] = set()
    for part in _chunks(keys):
        cases = select(CaseFile.id).where(
            CaseFile.agency_id == agency_id, or_(CaseFile.number_key.in_(part), CaseFile.bg_key.in_(part))
        )
        aliases = select(CaseAlias.case_file_id).where(CaseAlias.agency_id == agency_id, CaseAlias.number_key.in_(part))
        persons = select(Person.id).where(Person.agency_id == agency_id, Person.customer_key.in_(part))
        found |= set(session.scalars(cases)) | set(session.scalars(aliases))
        found |= _cases_of(session, set(session.scalars(persons)))
    return found


def _by_birth(session: Session, agency_id: UUID, births: set[date]) -> set[UUID]:
    found: set[UUID] = set()
    for part in _chunks(births):
        query = select(Person.id).where(Person.agency_id == agency_id, Person.birth_date.in_(part))
        found |= set(session.scalars(query))
    return found


def _by_name(session: Session, agency_id: UUID, facts: Facts) -> set[UUID]:
    """Persons whose family and given name both stand in the letter; family names may have up to three parts."""
    keys = [word.key for word in facts.words]
    words = set(keys)
    runs = {" ".join(keys[start : start + size]) for size in (1, 2, 3) for start in range(len(keys))}
    found: set[UUID] = set()
    for part in _chunks(run for run in runs if len(run) > 1):
        query = (
            select(PersonName.person_id, PersonName.given_names)
            .join(Person, Person.id == PersonName.person_id)
            .where(Person.agency_id == agency_id, PersonName.family_key.in_(part))
        )
        for person_id, given in session.execute(query):
            if set(name_key(given).split()) & words:
                found.add(person_id)
    return set(sorted(found)[:_MAX_BY_NAME])


def _cases_of(session: Session, person_ids: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for part in _chunks(person_ids):
        found |= set(session.scalars(select(Membership.case_file_id).where(Membership.person_id.in_(part))))
    return found


def _load(session: Session, case_ids: set[UUID], on: date) -> list[Candidate]:
    aliases: dict[UUID, set[str]] = {}
    loaded: dict[UUID, Candidate] = {}
    for part in _chunks(case_ids):
        for case_id, key in session.execute(
            select(CaseAlias.case_file_id, CaseAlias.number_key).where(CaseAlias.case_file_id.in_(part))
        ):
            aliases.setdefault(case_id, set()).add(key)
        for case in session.scalars(select(CaseFile).where(CaseFile.id.in_(part))):
            if case.state in ("destroyed", "transferred"):
                continue
            loaded[case.id] = Candidate(
                case.id, case.file_number, frozenset({case.number_key, *aliases.get(case.id, ())}), case.bg_key,
                case.file_plan_unit, case.org_unit_id, case.state, case.sealed or case.secrecy_class == "SOZ_G",
            )  # fmt: skip
    for case_id, person in _members(session, set(loaded), on):
        loaded[case_id].persons.append(person)
    return sorted(loaded.values(), key=lambda candidate: candidate.file_number)


def _members(session: Session, case_ids: set[UUID], on: date) -> list[tuple[UUID, PersonFacts]]:
    pairs: list[tuple[UUID, UUID]] = []
    for part in _chunks(case_ids):
        query = select(Membership.case_file_id, Membership.person_id).where(
            Membership.case_file_id.in_(part),
            or_(Membership.valid_from.is_(None), Membership.valid_from <= on),
            or_(Membership.valid_until.is_(None), Membership.valid_until >= on),
        )
        pairs += [(case_id, person_id) for case_id, person_id in session.execute(query.order_by(Membership.id))]
    persons = _persons(session, {person_id for _, person_id in pairs}, on)
    return [(case_id, persons[person_id]) for case_id, person_id in pairs if person_id in persons]


def _persons(session: Session, person_ids: set[UUID], on: date) -> dict[UUID, PersonFacts]:
    names: dict[UUID, list[PersonName]] = {}
    streets: dict[UUID, list[tuple[str, str]]] = {}
    marks: dict[UUID, set[str]] = {}
    found: dict[UUID, PersonFacts] = {}
    for part in _chunks(person_ids):
        for name in session.scalars(select(PersonName).where(PersonName.person_id.in_(part))):
            names.setdefault(name.person_id, []).append(name)
        for address in session.scalars(select(PersonAddress).where(PersonAddress.person_id.in_(part))):
            streets.setdefault(address.person_id, []).append((street_key(address.street), address.postal_code))
        for mark in session.scalars(select(PersonMark).where(PersonMark.person_id.in_(part))):
            if (mark.valid_from is None or mark.valid_from <= on) and (
                mark.valid_until is None or mark.valid_until >= on
            ):
                marks.setdefault(mark.person_id, set()).add(mark.mark)
        for person in session.scalars(select(Person).where(Person.id.in_(part))):
            own = names.get(person.id, [])
            current = next((name for name in own if name.valid_until is None), own[0] if own else None)
            found[person.id] = PersonFacts(
                person.id,
                [(name_key(n.family_name), name_key(n.given_names)) for n in own],
                f"{current.family_name}, {current.given_names}" if current else "",
                person.birth_date, person.customer_key, streets.get(person.id, []),
                frozenset(marks.get(person.id, ())),
            )  # fmt: skip
    return found


def _chunks(values: Iterable[object]) -> Iterable[list[object]]:
    ordered = sorted(values, key=str)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
