"""The demo shows disposal: due files, a held one and undecided ones, and the people to walk through it."""

from __future__ import annotations

from datetime import date

import pytest

from eakte.demo.load import SEED, demo_organisation
from eakte.demo.old_cases import SURNAMES, make_old_cases
from eakte.demo.register import make_register


@pytest.mark.parametrize("today", [date(2026, 11, 25), date(2027, 1, 1), date(2028, 2, 29), date(2030, 12, 31)])
def test_old_cases_stand_apart_from_the_register(today: date) -> None:
    register = make_register(SEED, today)
    old = make_old_cases(SEED, register)
    assert old == make_old_cases(SEED, register)
    numbers = [case.file_number for case in old.cases]
    assert len(set(numbers)) == len(numbers) == 8
    assert set(numbers).isdisjoint(register.by_number)
    assert {person.family_name for person in register.persons}.isdisjoint(SURNAMES)
    assert all(case.closed_on and case.opened_on < case.closed_on < today for case in old.cases)
    assert {one.file_number for one in old.recorded} <= set(numbers)


def test_two_records_managers_and_an_archivist_work_in_the_demo() -> None:
    functions = [place["function"] for place in demo_organisation()["positions"] if place.get("user")]
    assert functions.count("REGISTRATUR") == 2
    assert functions.count("ARCHIV") == 1
