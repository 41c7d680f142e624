"""The register of the demo authority: fictional persons, memberships and case files, a pure function of seed and day.

Holds what routing has to cope with: namesakes (two of the same birth year), families at one address, a separated
couple, a child that turned 25, former names and addresses, a deceased person, a protected address, a staff member's
sealed case, closed cases, and several cases under one BG number. No likeness to real persons is intended; post codes
start with 00 and do not exist.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

CSV_HEADER = (
    "file_number", "file_plan_unit", "bg_nummer", "customer_number", "family_name", "given_names", "birth_date",
    "street", "postal_code", "city", "org_unit", "responsible",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoName:
    """A name with its validity (both days inclusive, None = open)."""

    family_name: str
    given_names: str
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class DemoAddress:
    """An address with its validity (both days inclusive, None = open)."""

    street: str
    postal_code: str
    city: str
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class DemoMark:
    """`mark` is deceased | protected_address | sealed. Mail on a marked person is never filed by machine."""

    mark: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A natural person; `family_name`, `given_names` and `address` are those of the day the register was made for."""

    customer_number: str
    family_name: str
    given_names: str
    birth_date: date
    sex: str
    names: tuple[DemoName, ...]
    addresses: tuple[DemoAddress, ...]
    marks: tuple[DemoMark, ...] = ()

    @property
    def first_name(self) -> str:
        """The first of the given names, the one people use."""
        return self.given_names.split()[0]

    @property
    def full_name(self) -> str:
        """First given name and family name."""
        return f"{self.first_name} {self.family_name}"

    @property
    def address(self) -> DemoAddress:
        """The address that is valid without end."""
        return self.addresses[-1]

    def marked(self, mark: str | None = None) -> bool:
        """Whether the person has this mark (any mark when None)."""
        return any(mark in (None, one.mark) for one in self.marks)

    def age_on(self, day: date) -> int:
        """Full years of life on the day."""
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A person in a case: role is head (first person of the case) or member."""

    person: DemoPerson
    role: str
    valid_from: date | None = None
    valid_until: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the membership holds on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A case file. `responsible` is a user name or "" (the unit's team); `secrecy` a class of the file plan."""

    file_number: str
    file_plan_unit: str
    bg_nummer: str
    org_unit: str
    responsible: str
    opened_on: date
    closed_on: date | None
    secrecy: str
    persons: tuple[DemoMember, ...]

    def members_on(self, day: date) -> tuple[DemoPerson, ...]:
        """Persons whose membership holds on the day."""
        return tuple(member.person for member in self.persons if member.valid_on(day))


@dataclass(frozen=True)
class DemoRegister:
    """All cases, plus `special`: names of built-in situations ("separated_left", "sealed" …) → file number."""

    seed: int
    today: date
    cases: tuple[DemoCase, ...]
    special: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_number(self) -> dict[str, DemoCase]:
        """Cases by file number."""
        return {case.file_number: case for case in self.cases}

    @cached_property
    def persons(self) -> tuple[DemoPerson, ...]:
        """Every person once, in the order of the cases."""
        found = {member.person.customer_number: member.person for case in self.cases for member in case.persons}
        return tuple(found.values())

    @cached_property
    def _cases_by_person(self) -> dict[str, list[DemoCase]]:
        found: dict[str, list[DemoCase]] = {}
        for case in self.cases:
            for member in case.persons:
                found.setdefault(member.person.customer_number, []).append(case)
        return found

    def case(self, special: str) -> DemoCase:
        """The case of a built-in situation. Raises KeyError for an unknown name."""
        return self.by_number[self.special[special]]

    def open_cases_of(self, person: DemoPerson, day: date) -> tuple[DemoCase, ...]:
        """Open cases in which the person is a member on the day."""
        return tuple(
            case
            for case in self._cases_by_person.get(person.customer_number, [])
            if case.closed_on is None and person in case.members_on(day)
        )

    def right_case(self, person: DemoPerson, file_type: str, day: date) -> DemoCase | None:
        """Where mail of the file type about the person belongs: their only open case of that type, else their only
        open benefit case, else None (INTERFACES, "Several open cases share a number").
        """
        mine = self.open_cases_of(person, day)
        for wanted in (file_type, "LEIST"):
            matching = [case for case in mine if case.file_plan_unit == wanted]
            if len(matching) == 1:
                return matching[0]
        return None


def make_register(seed: int, today: date) -> DemoRegister:
    """About 300 cases of the three demo sites. The same arguments give the same register, whatever else runs."""
    from eakte.demo.households import build_cases  # households are made of the values of this module

    cases, special = build_cases(seed, today)
    return DemoRegister(seed, today, cases, special)


def register_rows(register: DemoRegister) -> Iterator[dict[str, str]]:
    """Rows of the Register CSV: one per current person and case; closed cases are left out (the file knows no end)."""
    for case in register.cases:
        if case.closed_on is not None:
            continue
        for person in case.members_on(register.today):
            address = person.address
            values = (
                case.file_number, case.file_plan_unit, case.bg_nummer, person.customer_number, person.family_name,
                person.given_names, person.birth_date.isoformat(), address.street, address.postal_code, address.city,
                case.org_unit, case.responsible,
            )  # fmt: skip
            yield dict(zip(CSV_HEADER, values, strict=True))


def register_csv(register: DemoRegister) -> bytes:
    """The register as CSV of INTERFACES "Register CSV": UTF-8, comma, ISO dates."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, CSV_HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(register_rows(register))
    return out.getvalue().encode()
