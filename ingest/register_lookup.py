"""The case register behind routing's port, answered with indexed queries on the archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
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
from ingest.register_view import AddressFact, CaseCandidate, NameFact, PersonFact
from organisation.models import OrgUnit

_CHUNK = 500
_GONE = ("destroyed", "transferred")


class ArchiveRegister:
    """See `RegisterLookup`. Marks are those of the day of receipt; one instance serves one letter."""

    def __init__(self, session: Session, agency_id: UUID, on: date) -> None:
        self._session = session
        self._agency_id = agency_id
        self._on = on

    def by_numbers(self, keys: frozenset[str]) -> Sequence[CaseCandidate]:
        """See `RegisterLookup`."""
        found: set[UUID] = set()
        persons: set[UUID] = set()
        for part in _chunks(keys):
            named = or_(CaseFile.number_key.in_(part), CaseFile.bg_key.in_(part))
            found |= set(self._session.scalars(select(CaseFile.id).where(CaseFile.agency_id == self._agency_id, named)))
            aliases = select(CaseAlias.case_file_id).where(
                CaseAlias.agency_id == self._agency_id, CaseAlias.number_key.in_(part)
            )
            found |= set(self._session.scalars(aliases))
            customers = select(Person.id).where(Person.agency_id == self._agency_id, Person.customer_key.in_(part))
            persons |= set(self._session.scalars(customers))
        return self._load(found | self._cases_of(persons))

    def by_birth_dates(self, dates: frozenset[date]) -> Sequence[CaseCandidate]:
        """See `RegisterLookup`."""
        persons: set[UUID] = set()
        for part in _chunks(dates):
            query = select(Person.id).where(Person.agency_id == self._agency_id, Person.birth_date.in_(part))
            persons |= set(self._session.scalars(query))
        return self._load(self._cases_of(persons))

    def by_names(self, family_keys: frozenset[str], given_keys: frozenset[str]) -> Sequence[CaseCandidate]:
        """See `RegisterLookup`."""
        persons: set[UUID] = set()
        for part in _chunks(family_keys):
            query = (
                select(PersonName.person_id, PersonName.given_names)
                .join(Person, Person.id == PersonName.person_id)
                .where(Person.agency_id == self._agency_id, PersonName.family_key.in_(part))
            )
            for person_id, given in self._session.execute(query):
                if given_keys & set(name_key(given).split()):
                    persons.add(person_id)
        return self._load(self._cases_of(persons))

    def _cases_of(self, persons: set[UUID]) -> set[UUID]:
        found: set[UUID] = set()
        for part in _chunks(persons):
            found |= set(self._session.scalars(select(Membership.case_file_id).where(Membership.person_id.in_(part))))
        return found

    def _load(self, case_ids: set[UUID]) -> Sequence[CaseCandidate]:
        loaded: list[CaseCandidate] = []
        for part in _chunks(case_ids):
            aliases: dict[UUID, list[str]] = {}
            for case_id, alias in self._session.execute(
                select(CaseAlias.case_file_id, CaseAlias.alias).where(CaseAlias.case_file_id.in_(part))
            ):
                aliases.setdefault(case_id, []).append(alias)
            persons = self._persons(part)
            query = select(CaseFile, OrgUnit.code).join(OrgUnit, OrgUnit.id == CaseFile.org_unit_id)
            for case, unit in self._session.execute(
                query.where(CaseFile.id.in_(part), CaseFile.agency_id == self._agency_id, CaseFile.state.not_in(_GONE))
            ):
                loaded.append(_candidate(case, unit, persons.get(case.id, ()), aliases.get(case.id, ())))
        return loaded

    def _persons(self, case_ids: list[Any]) -> dict[UUID, list[PersonFact]]:
        members = select(Membership, Person).join(Person, Person.id == Membership.person_id)
        rows = [
            (membership, person)
            for membership, person in self._session.execute(
                members.where(Membership.case_file_id.in_(case_ids)).order_by(Membership.id)
            )
        ]
        ids = {person.id for _, person in rows}
        names = _grouped(self._session.scalars(select(PersonName).where(PersonName.person_id.in_(ids))))
        addresses = _grouped(self._session.scalars(select(PersonAddress).where(PersonAddress.person_id.in_(ids))))
        marks = _grouped(self._session.scalars(select(PersonMark).where(PersonMark.person_id.in_(ids))))
        found: dict[UUID, list[PersonFact]] = {}
        for membership, person in rows:
            fact = PersonFact(
                person_id=person.id,
                customer_number=person.customer_number,
                names=tuple(
                    NameFact(one.family_name, one.given_names, one.valid_from, one.valid_until)
                    for one in names.get(person.id, ())
                ),
                birth_date=person.birth_date,
                addresses=tuple(
                    AddressFact(one.street, one.postal_code, one.city, one.valid_from, one.valid_until)
                    for one in addresses.get(person.id, ())
                ),
                marks=frozenset(one.mark for one in marks.get(person.id, ()) if _valid(one, self._on)),
                member_from=membership.valid_from,
                member_until=membership.valid_until,
                role=membership.role,
            )
            found.setdefault(membership.case_file_id, []).append(fact)
        return found


def _candidate(case: CaseFile, unit: str, persons: Iterable[PersonFact], aliases: Iterable[str]) -> CaseCandidate:
    return CaseCandidate(
        case_file_id=case.id,
        file_number=case.file_number,
        file_plan_unit=case.file_plan_unit,
        bg_nummer=case.bg_nummer,
        org_unit_code=unit,
        closed_on=case.closed_on,
        secrecy_class=case.secrecy_class,
        sealed=case.sealed,
        persons=tuple(persons),
        aliases=tuple(aliases),
    )


def _grouped(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in sorted(rows, key=lambda one: str(one.id)):
        found.setdefault(row.person_id, []).append(row)
    return found


def _valid(mark: PersonMark, on: date) -> bool:
    return (mark.valid_from is None or mark.valid_from <= on) and (mark.valid_until is None or mark.valid_until >= on)


def _chunks(values: Iterable[object]) -> Iterator[list[Any]]:
    ordered = sorted(values, key=str)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
