"""Cases of the demo that are closed long since, so that disposal can be tried: due ones, a held one, undecided ones.

Kept apart from the register: nobody writes letters about them, and nothing there hangs on them. Surnames are theirs alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from eakte.demo.households import Builder
from eakte.demo.register import DemoCase, DemoPerson, DemoRegister

SURNAMES: Final = ("Brarensen", "Tadensen", "Oldsumer", "Paulsenius", "Hinrichsmeyer", "Wögens")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the registry noted on a case: a trigger with its day, or a hold."""

    file_number: str
    trigger: str = ""
    on: date | None = None
    hold: str = ""


@dataclass(frozen=True, slots=True)
class OldCases:
    """The cases, parents first, and what is recorded on them."""

    cases: tuple[DemoCase, ...]
    recorded: Sequence[Recorded]


def make_old_cases(seed: int, register: DemoRegister) -> OldCases:
    """Eight cases of the past, a pure function of seed and register (whose numbers are not given out again)."""
    builder = Builder(random.Random(f"eakte-old-{seed}"), register.today)
    builder.taken = {*register.by_number, *(person.customer_number for person in register.persons)}
    people = [_person(builder, surname) for surname in SURNAMES]
    due = [_benefit(builder, person, years) for person, years in zip(people[:3], (11, 12, 13), strict=True)]
    claim = _close(builder, _claim(builder, due[0]), 11)
    held = _benefit(builder, people[3], 12)
    follower = _benefit(builder, people[4], 14)
    undated = _close(builder, _remedy(builder, follower), 14)
    unconfirmed = _close(builder, _placement(builder, people[5]), 7)
    cases = (*due, claim, held, follower, undated, unconfirmed)
    return OldCases(
        cases,
        (
            Recorded(claim.file_number, trigger="claim_settled", on=claim.closed_on),
            Recorded(held.file_number, hold="GERICHT"),
        ),
    )


def _person(builder: Builder, surname: str) -> DemoPerson:
    return builder.person(surname, builder.address(), born=builder.born(45, 62))


def _years_ago(builder: Builder, years: int) -> date:
    """A day of May, so that the year is what counts."""
    return date(builder.today.year - years, 5, 2 + years)


def _benefit(builder: Builder, person: DemoPerson, years: int) -> DemoCase:
    opened = _years_ago(builder, years) - timedelta(days=1200)
    return _close(builder, builder.benefit_case(person, opened=opened), years)


def _claim(builder: Builder, benefit: DemoCase) -> DemoCase:
    number = builder.unique("F-{:06d}", 1001, 98_999)
    return builder.add("FORD", number, benefit.bg_nummer, _years_ago(builder, 12), benefit.persons[:1])


def _remedy(builder: Builder, benefit: DemoCase) -> DemoCase:
    """Its number is in the documentation."""
    return builder.add("WID", "W-00752/09", benefit.bg_nummer, date(2009, 6, 2), benefit.persons[:1])


def _placement(builder: Builder, person: DemoPerson) -> DemoCase:
    return builder.add("VERM", f"V-{person.customer_number}", "", _years_ago(builder, 9), (person,))


def _close(builder: Builder, case: DemoCase, years: int) -> DemoCase:
    return builder.change(case, replace(case, closed_on=_years_ago(builder, years)))
