"""The demo register: reproducible, numbered after the file plan, with the difficult households it promises."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.register_import import HEADER, parse
from eakte.demo.allocation import allocate, in_range, sort_key
from eakte.demo.register import CSV_HEADER, DemoRegister, make_register, register_csv, register_rows

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def register() -> DemoRegister:
    return make_register(7, TODAY)


def test_same_arguments_give_the_same_register(register: DemoRegister) -> None:
    assert make_register(7, TODAY).cases == register.cases
    assert make_register(8, TODAY).cases != register.cases


def test_about_three_hundred_cases_of_all_kinds(register: DemoRegister) -> None:
    kinds = Counter(case.file_plan_unit for case in register.cases)
    assert 260 <= len(register.cases) <= 340
    assert kinds["LEIST"] > 120
    assert min(kinds["VERM"], kinds["WID"], kinds["FORD"], kinds["BUT"]) >= 10
    assert any(case.closed_on for case in register.cases)


@given(st.integers(0, 10_000), st.dates(date(2024, 3, 1), date(2032, 12, 31)))
@settings(max_examples=12, deadline=None)
def test_numbers_follow_the_file_plan_and_are_unique(seed: int, today: date) -> None:
    plan = yaml.safe_load((files("archive") / "data" / "fileplan.yaml").read_text(encoding="utf-8"))
    patterns = {one["code"]: one["numbering"]["regex"] for one in plan["units"] if "numbering" in one}
    made = make_register(seed, today)
    numbers = [case.file_number for case in made.cases]
    assert len(set(numbers)) == len(numbers)
    for case in made.cases:
        assert re.match(patterns[case.file_plan_unit], case.file_number), case.file_number
        assert re.match(r"^\d{5}BG\d{7}$", case.bg_nummer)
        assert case.persons[0].role == "head"
        assert case.closed_on is None or case.opened_on <= case.closed_on <= today
    assert len({person.customer_number for person in made.persons}) == len(made.persons)


def test_units_and_users_are_those_of_the_organisation(register: DemoRegister) -> None:
    org = yaml.safe_load((files("eakte.demo") / "data" / "org.yaml").read_text(encoding="utf-8"))
    units = {unit["code"] for unit in org["units"]}
    users = {position["user"] for position in org["positions"]} | {""}
    assert {case.org_unit for case in register.cases} <= units
    assert {case.responsible for case in register.cases} <= users
    assert any(case.responsible == "" for case in register.cases)


def test_post_codes_do_not_exist(register: DemoRegister) -> None:
    places = [place for person in register.persons for place in person.addresses]
    assert all(place.postal_code.startswith("00") for place in places)


def test_namesakes_share_name_and_year_but_not_the_day(register: DemoRegister) -> None:
    one = register.case("namesake_a").persons[0].person
    two = register.case("namesake_b").persons[0].person
    assert one.full_name == two.full_name
    assert one.birth_date.year == two.birth_date.year
    different = sum(a != b for a, b in zip(f"{one.birth_date:%d%m}", f"{two.birth_date:%d%m}", strict=True))
    assert different >= 2


def test_separated_couple_has_memberships_with_validity(register: DemoRegister) -> None:
    stayed, left = register.case("separated_stayed"), register.case("separated_left")
    him = left.persons[0].person
    parted = left.opened_on
    assert him in stayed.members_on(parted - timedelta(days=1))
    assert him not in stayed.members_on(parted)
    assert register.right_case(him, "LEIST", TODAY) == left


def test_child_of_25_has_a_case_of_its_own(register: DemoRegister) -> None:
    own = register.case("turned_25_own")
    child = own.persons[0].person
    assert child.age_on(TODAY) == 25
    assert child not in register.case("turned_25_parent").members_on(TODAY)
    assert child.address == register.case("turned_25_parent").persons[0].person.address


def test_marked_persons(register: DemoRegister) -> None:
    marks = {mark.mark for person in register.persons for mark in person.marks}
    assert marks == {"deceased", "protected_address", "sealed"}
    assert register.case("sealed").secrecy == register.case("protected").secrecy == "SOZ_G"


def test_former_names_old_addresses_and_shared_numbers(register: DemoRegister) -> None:
    assert any(len(person.names) > 1 for person in register.persons)
    assert any(len(person.addresses) > 1 for person in register.persons)
    shared = Counter(case.bg_nummer for case in register.cases)
    assert max(shared.values()) >= 3
    kinds = {kind for case in register.cases for kind in [case.file_plan_unit] if shared[case.bg_nummer] > 1}
    assert {"LEIST", "WID", "BUT"} <= kinds


def test_foreign_and_double_names(register: DemoRegister) -> None:
    letters = {char for person in register.persons for char in person.family_name + person.given_names}
    assert set("şğłćéø") <= letters | {char.lower() for char in letters}
    assert any(" " in person.family_name for person in register.persons)


def test_csv_is_what_the_import_reads(register: DemoRegister) -> None:
    data = register_csv(register)
    assert tuple(CSV_HEADER) == HEADER
    first = data.decode().split("\n", 1)[0]
    assert first == (
        "file_number,file_plan_unit,bg_nummer,customer_number,family_name,given_names,birth_date,"
        "street,postal_code,city,org_unit,responsible"
    )
    rows, faults = parse(data)
    assert faults == []
    assert len(rows) == len(list(register_rows(register)))
    assert next(csv.DictReader(io.StringIO(data.decode())))["file_number"] == "99801BG0004711"


@pytest.mark.parametrize(
    ("name", "key"),
    [("von der Heide", "HEIDE"), ("Al-Sayed", "ALSAYED"), ("Meier-Özkan", "MEIER"), ("Łukasiewicz", "LUKASIEWICZ"),
     ("Şahinkaya", "SAHINKAYA"), ("Großmann", "GROSSMANN")],
)  # fmt: skip
def test_sort_key_follows_the_surname_rules(name: str, key: str) -> None:
    assert sort_key(name) == key


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=8))
def test_every_surname_has_somebody_responsible(name: str) -> None:
    for file_type in ("LEIST", "VERM"):
        for site in ("SZ-HAL", "SZ-HOL", "SZ-SAN"):
            assert allocate(file_type, site, name, 40).responsible
    assert in_range("SEBALD", "SE-SZ")
    assert not in_range("SCHMIDT", "SE-SZ")
