"""Deep links of the line-of-business system: to the one visible case that is meant, else nowhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from archive.case_search import main_case
from archive.models import CaseFile, Membership
from archive.numbers import number_key
from core.ids import new_id
from tests.web.room import TODAY, Room, make_room

DIRKS = "123A456789"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def another(room: Room, number: str, like: str = "dirks", **values: Any) -> UUID:
    """One more case of the same benefit community and the same people."""
    with room.database.write() as tx:
        first = tx.session.get_one(CaseFile, room.cases[like])
        case = CaseFile(
            id=new_id(), agency_id=room.agency_id, file_number=number, number_key=number_key(number),
            bg_key=first.bg_key, org_unit_id=first.org_unit_id, responsible_user_id=first.responsible_user_id,
            secrecy_class=first.secrecy_class, created_at=tx.now, **{"file_plan_unit": "WID", **values},
        )  # fmt: skip
        tx.session.add(case)
        tx.session.flush()
        for one in tx.session.scalars(select(Membership).where(Membership.case_file_id == first.id)).all():
            tx.session.add(Membership(person_id=one.person_id, case_file_id=case.id, role=one.role))
        return case.id


def where(room: Room, path: str, user: str = "tnommen") -> str:
    """Where the link leads; empty = nowhere."""
    answer = room.client(user).get(path)
    assert answer.status_code in (303, 404)
    return str(answer.headers.get("location", ""))


def test_any_spelling_leads_to_the_case(room: Room) -> None:
    for path in ("/bg/99801-0004711", "/bg/99801BG0004711", "/bg/99801%20BG%200004711", f"/kunde/{DIRKS.lower()}"):
        assert where(room, path) == "/akte/99801-0004711", path
    for path in ("/bg/-", "/kunde/-", "/bg/99801-0999999", "/kunde/nichts", f"/bg/{DIRKS}", "/kunde/99801-0004711"):
        assert where(room, path) == "", path
    assert room.client().get("/bg/99801-0004711").headers["location"] == "/anmelden?weiter=/bg/99801-0004711"


def test_others_see_nothing_and_the_answer_is_the_same(room: Room) -> None:
    for user in ("pclausbrook", "mockholm", "sbahnsand", "rhinnerksen", "akurtoglu"):
        assert where(room, "/bg/99801-0004711", user) == where(room, f"/kunde/{DIRKS}", user) == ""


def test_of_several_cases_the_open_benefits_file_is_meant(room: Room) -> None:
    another(room, "W-1/26")
    assert where(room, "/bg/99801-0004711") == where(room, f"/kunde/{DIRKS}") == "/akte/99801-0004711"
    another(room, "L-2/26", file_plan_unit="LEIST")
    assert where(room, "/bg/99801-0004711") == "/suche?q=99801-0004711"
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).state = "closed"
    assert where(room, "/bg/99801-0004711") == "/akte/L-2-26"
    assert main_case([]) is None


def test_a_case_that_one_may_not_see_makes_nothing_ambiguous(room: Room) -> None:
    another(room, "L-3/26", file_plan_unit="LEIST", sealed=True)
    assert where(room, "/bg/99801-0004711") == where(room, f"/kunde/{DIRKS}") == "/akte/99801-0004711"


def test_a_customer_leads_to_the_case_of_today(room: Room) -> None:
    another(room, "L-4/26", file_plan_unit="LEIST")
    with room.database.write() as tx:
        for one in tx.session.scalars(select(Membership).where(Membership.case_file_id == room.cases["dirks"])):
            one.valid_until = TODAY - timedelta(days=1)
    assert where(room, f"/kunde/{DIRKS}") == "/akte/L-4-26"
    with room.database.write() as tx:
        for one in tx.session.scalars(select(Membership)):
            one.valid_until = TODAY - timedelta(days=1)
    assert where(room, f"/kunde/{DIRKS}") == "/suche?q=123A456789"
