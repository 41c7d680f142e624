"""What routing reads from the case register: values, and the port that answers for them. Pure; no database here.

The archive implements `RegisterLookup` with indexed queries; `MemoryRegister` answers the same from a list of cases
(tests, benchmarks). All keys come from `archive.numbers.number_key` and `archive.names.name_key`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from archive.names import name_key
from archive.numbers import number_key

SEALED_CLASSES = frozenset({"SOZ_G"})


@dataclass(frozen=True, slots=True)
class NameFact:
    """A name with its validity (both days inclusive, None = open). Former names count as names."""

    family: str
    given: str
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class AddressFact:
    """An address with its validity. Former addresses count as addresses."""

    street: str
    postal_code: str
    city: str
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class PersonFact:
    """A person in one case. `marks` are those valid on the day of receipt: deceased | protected_address | sealed.

    `member_from`/`member_until` bound the membership in this case, both days inclusive.
    """

    person_id: UUID
    customer_number: str | None
    names: tuple[NameFact, ...]
    birth_date: date | None
    addresses: tuple[AddressFact, ...] = ()
    marks: frozenset[str] = frozenset()
    member_from: date | None = None
    member_until: date | None = None
    role: str = "member"

    def member_on(self, day: date) -> bool:
        """Whether the person belongs to the case on the day."""
        return (self.member_from is None or self.member_from <= day) and (
            self.member_until is None or day <= self.member_until
        )


@dataclass(frozen=True, slots=True)
class CaseCandidate:
    """A case that a letter may mean, with all its persons (former members too). `aliases` are its earlier numbers."""

    case_file_id: UUID
    file_number: str
    file_plan_unit: str
    bg_nummer: str | None
    org_unit_code: str
    closed_on: date | None
    secrecy_class: str
    sealed: bool
    persons: tuple[PersonFact, ...]
    aliases: tuple[str, ...] = ()

    @property
    def restricted(self) -> bool:
        """Whether only named people may see the case."""
        return self.sealed or self.secrecy_class in SEALED_CLASSES

    @property
    def own_keys(self) -> frozenset[str]:
        """Keys of the case's own numbers, old ones included."""
        return frozenset(number_key(number) for number in (self.file_number, *self.aliases))

    @property
    def bg_key(self) -> str | None:
        """Key of the number of the benefit community."""
        return number_key(self.bg_nummer) if self.bg_nummer else None

    def members_on(self, day: date) -> tuple[PersonFact, ...]:
        """Persons whose membership holds on the day."""
        return tuple(person for person in self.persons if person.member_on(day))


@dataclass(frozen=True, slots=True)
class LookupKeys:
    """What a letter asks the register for. All sets are bounded by the letter's length."""

    numbers: frozenset[str] = frozenset()
    birth_dates: frozenset[date] = frozenset()
    family_names: frozenset[str] = frozenset()
    given_names: frozenset[str] = frozenset()


class RegisterLookup(Protocol):
    """Cases by keys. Every answer holds whole cases (all persons), destroyed and handed-over cases never."""

    def cases(self, keys: LookupKeys) -> Iterable[CaseCandidate]:
        """Cases whose file number, alias or BG number has one of the numbers, or with a person of that customer number;
        with a person born on one of the days; with a person whose folded family name is one of the family names and any
        of whose folded given names is one of the given names. A case may be there more than once.
        """
        ...


def gather(lookup: RegisterLookup, keys: LookupKeys) -> tuple[CaseCandidate, ...]:
    """All candidates of a letter, each once, in the order of their numbers."""
    found = {case.case_file_id: case for case in lookup.cases(keys)}
    return tuple(sorted(found.values(), key=lambda case: (case.file_number, case.case_file_id)))


class MemoryRegister:
    """`RegisterLookup` over a list of cases: for tests and benchmarks, with the contract of the database's answer."""

    def __init__(self, cases: Iterable[CaseCandidate]) -> None:
        self._numbers: dict[str, list[CaseCandidate]] = {}
        self._births: dict[date, list[CaseCandidate]] = {}
        self._names: dict[str, list[tuple[frozenset[str], CaseCandidate]]] = {}
        for case in cases:
            for key in {*case.own_keys, *({case.bg_key} if case.bg_key else set()), *customer_keys(case)}:
                self._numbers.setdefault(key, []).append(case)
            for person in case.persons:
                if person.birth_date:
                    self._births.setdefault(person.birth_date, []).append(case)
                for name in person.names:
                    given = frozenset(name_key(name.given).split())
                    self._names.setdefault(name_key(name.family), []).append((given, case))

    def cases(self, keys: LookupKeys) -> Iterator[CaseCandidate]:
        """See `RegisterLookup`."""
        for number in keys.numbers:
            yield from self._numbers.get(number, ())
        for day in keys.birth_dates:
            yield from self._births.get(day, ())
        for family in keys.family_names:
            yield from (case for given, case in self._names.get(family, ()) if given & keys.given_names)


def customer_keys(case: CaseCandidate) -> Mapping[str, UUID]:
    """Customer number keys of a case's persons → person."""
    return {number_key(one.customer_number): one.person_id for one in case.persons if one.customer_number}
