"""The case register behind routing's port, answered with indexed queries on the archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.access import COLLECTIVE
from archive.models import (
    CaseAlias,
    CaseFile,
    Membership,
    Person,
    PersonAddress,
    PersonMark,
    PersonName,
)
from ingest.register_view import AddressFact, CaseCandidate, LookupKeys, NameFact, PersonFact
from organisation.models import OrgUnit

Fact = TypeVar("Fact")
_CHUNK = 500
_GONE = ("destroyed", "transferred")


class ArchiveRegister:
    """See `RegisterLookup`. Marks are those of the day of receipt; one instance serves one letter."""

    def __init__(self, session: Session, agency_id: UUID, on: date) -> None:
        self._session = session
        self._agency_id = agency_id
        self._on = on

    def cases(self, keys: LookupKeys) -> Sequence[CaseCandidate]:
        """See `RegisterLookup`. Each case once."""
        persons = self._persons_with(Person.customer_key, keys.numbers)
        persons |= self._persons_with(Person.birth_date, keys.birth_dates)
        if keys.given_names:
            persons |= self._named(keys.family_names, keys.given_names)
        return self._load(self._numbered(keys.numbers) | self._cases_of(persons))

    def _numbered(self, keys: frozenset[str]) -> set[UUID]:
        found: set[UUID] = set()
        for part in _chunks(keys):
            named = or_(CaseFile.number_key.in_(part), CaseFile.bg_key.in_(part))
            found |= set(self._session.scalars(select(CaseFile.id).where(CaseFile.agency_id == self._agency_id, named)))
            aliases = select(CaseAlias.case_file_id).where(
                CaseAlias.agency_id == self._agency_id, CaseAlias.number_key.in_(part)
            )
            found |= set(self._session.scalars(aliases))
        return found

    def _persons_with(self, column: InstrumentedAttribute[Any], keys: frozenset[Any]) -> set[UUID]:
        found: set[UUID] = set()
        for part in _chunks(keys):
            query = select(Person.id).where(Person.agency_id == self._agency_id, column.in_(part))
            found |= set(self._session.scalars(query))
        return found

    def _named(self, family_keys: frozenset[str], given_keys: frozenset[str]) -> set[UUID]:
        found: set[UUID] = set()
        for part in _chunks(family_keys):
            query = (
                select(PersonName.person_id, PersonName.given_key)
                .join(Person, Person.id == PersonName.person_id)
                .where(Person.agency_id == self._agency_id, PersonName.family_key.in_(part))
            )
            for person_id, given in self._session.execute(query):
                if given_keys & set(given.split()):
                    found.add(person_id)
        return found

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
                query.where(
                    CaseFile.id.in_(part), CaseFile.agency_id == self._agency_id, CaseFile.state.not_in(_GONE),
                    CaseFile.file_plan_unit != COLLECTIVE,  # mail that belongs to no case: a person says so
                )
            ):  # fmt: skip
                loaded.append(_candidate(case, unit, persons.get(case.id, ()), aliases.get(case.id, ())))
        return loaded

    def _persons(self, case_ids: list[Any]) -> dict[UUID, list[PersonFact]]:
        members = (
            select(Membership, Person.customer_number, Person.birth_date)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.case_file_id.in_(case_ids))
            .order_by(Membership.id)
        )
        rows = self._session.execute(members).all()
        ids = {row.Membership.person_id for row in rows}
        names, addresses, marks = self._names(ids), self._addresses(ids), self._marks(ids)
        found: dict[UUID, list[PersonFact]] = {}
        for membership, customer_number, birth_date in rows:
            person_id = membership.person_id
            fact = PersonFact(
                person_id=person_id,
                customer_number=customer_number,
                names=tuple(names.get(person_id, ())),
                birth_date=birth_date,
                addresses=tuple(addresses.get(person_id, ())),
                marks=frozenset(marks.get(person_id, ())),
                member_from=membership.valid_from,
                member_until=membership.valid_until,
                role=membership.role,
            )
            found.setdefault(membership.case_file_id, []).append(fact)
        return found

    def _names(self, person_ids: set[UUID]) -> dict[UUID, list[NameFact]]:
        one = PersonName
        query = select(one.person_id, one.family_name, one.given_names, one.valid_from, one.valid_until)
        rows = self._session.execute(query.where(one.person_id.in_(person_ids)).order_by(one.id))
        return _grouped((person, NameFact(family, given, first, last)) for person, family, given, first, last in rows)

    def _addresses(self, person_ids: set[UUID]) -> dict[UUID, list[AddressFact]]:
        one = PersonAddress
        query = select(one.person_id, one.street, one.postal_code, one.city, one.valid_from, one.valid_until)
        rows = self._session.execute(query.where(one.person_id.in_(person_ids)).order_by(one.id))
        return _grouped(
            (person, AddressFact(street, code, city, first, last)) for person, street, code, city, first, last in rows
        )

    def _marks(self, person_ids: set[UUID]) -> dict[UUID, list[str]]:
        one = PersonMark
        query = select(one.person_id, one.mark, one.valid_from, one.valid_until).where(one.person_id.in_(person_ids))
        rows = self._session.execute(query)
        return _grouped((person_id, mark) for person_id, mark, first, last in rows if self._valid(first, last))

    def _valid(self, first: date | None, last: date | None) -> bool:
        return (first is None or first <= self._on) and (last is None or last >= self._on)


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


def _grouped(pairs: Iterable[tuple[UUID, Fact]]) -> dict[UUID, list[Fact]]:
    found: dict[UUID, list[Fact]] = {}
    for person_id, fact in pairs:
        found.setdefault(person_id, []).append(fact)
    return found


def _chunks(values: Iterable[object]) -> Iterator[list[Any]]:
    ordered = sorted(values, key=str)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
