"""Who asks for an access log, who decides, who reads: the pure rules, against everybody who must not."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.accesslog.rules import (
    APPROVED,
    ASKED,
    READ_DAYS,
    REFUSED,
    Standing,
    may_ask,
    may_decide,
    may_read,
    readable_until,
)
from core.actor import Actor, ActorKind, Role, system_actor
from core.ids import new_id

AGENCY, OTHER_AGENCY, UNIT, OFFICER, SECOND = (new_id() for _ in range(5))
TODAY = date(2026, 11, 24)
SECOND_ROLES = {Role.DATA_PROTECTION, Role.RECORDS_MANAGER}


def person(
    user_id: UUID, *roles: Role, agency_id: UUID = AGENCY, stands_in_for: frozenset[UUID] = frozenset()
) -> Actor:
    held = frozenset((role, UNIT) for role in roles)
    return Actor(ActorKind.USER, agency_id, user_id, held=held, stands_in_for=stands_in_for)


def request(state: str = ASKED, decided_by: UUID | None = None, until: date | None = None) -> Standing:
    return Standing(AGENCY, OFFICER, state, decided_by, until)


OPENED = request(APPROVED, SECOND, TODAY)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_its_office_is_and_no_more(role: Role) -> None:
    assert may_ask(person(SECOND, role)) == (role is Role.DATA_PROTECTION)
    assert may_decide(person(SECOND, role), request()) == (role in SECOND_ROLES)
    assert may_read(person(OFFICER, role), OPENED, TODAY) == (role is Role.DATA_PROTECTION)
    assert not may_read(person(SECOND, role), OPENED, TODAY)


def test_whoever_asked_is_no_second_person_with_any_two_roles() -> None:
    for first, other in product(Role, Role):
        assert not may_decide(person(OFFICER, first, other), request())


def test_a_deputy_of_whoever_asked_is_no_second_person() -> None:
    for role in SECOND_ROLES:
        assert not may_decide(person(SECOND, role, stands_in_for=frozenset({OFFICER})), request())
        in_part = Actor(
            ActorKind.USER, AGENCY, SECOND, held=frozenset({(role, UNIT)}),
            stands_in_partly=frozenset({(OFFICER, "a", "k")}),
        )  # fmt: skip
        assert not may_decide(in_part, request())


def test_standing_in_for_a_second_person_or_an_officer_gives_no_right() -> None:
    officer = person(OFFICER, Role.DATA_PROTECTION, stands_in_for=frozenset({SECOND}))
    assert not may_decide(officer, request())
    assert not may_decide(person(new_id(), Role.CASEWORKER, stands_in_for=frozenset({SECOND})), request())
    deputy = person(SECOND, Role.DATA_PROTECTION, stands_in_for=frozenset({OFFICER}))
    assert not may_read(deputy, OPENED, TODAY)


def test_another_agency_decides_and_reads_nothing() -> None:
    both = (Role.DATA_PROTECTION, Role.RECORDS_MANAGER)
    assert not may_decide(person(SECOND, *both, agency_id=OTHER_AGENCY), request())
    assert not may_read(person(OFFICER, *both, agency_id=OTHER_AGENCY), OPENED, TODAY)


def test_machines_and_stations_do_nothing_here() -> None:
    machine = system_actor(AGENCY)
    station = Actor(
        ActorKind.STATION, AGENCY, None, new_id(), held=frozenset({(Role.DATA_PROTECTION, UNIT)}),
    )  # fmt: skip
    for actor in (machine, station):
        assert not may_ask(actor)
        assert not may_decide(actor, request())
        assert not may_read(actor, OPENED, TODAY)


@pytest.mark.parametrize(
    "closed",
    [
        request(),
        request(REFUSED, SECOND),
        request(REFUSED, SECOND, TODAY),
        request(APPROVED, None, TODAY),
        request(APPROVED, OFFICER, TODAY),
        request(APPROVED, SECOND, None),
        request(ASKED, SECOND, TODAY),
    ],
)
def test_nothing_but_an_approval_by_another_person_opens(closed: Standing) -> None:
    assert may_read(person(OFFICER, Role.DATA_PROTECTION), OPENED, TODAY)
    assert not may_read(person(OFFICER, Role.DATA_PROTECTION), closed, TODAY)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-40, 40))
def test_reading_ends_with_its_last_day(decided: date, days: int) -> None:
    opened = request(APPROVED, SECOND, readable_until(decided))
    officer = person(OFFICER, Role.DATA_PROTECTION)
    assert may_read(officer, opened, decided + timedelta(days=days)) == (days <= READ_DAYS)
