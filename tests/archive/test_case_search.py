"""Finding a case by a name, as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.case_search import find_cases
from archive.fileplan import load_defaults
from archive.register_import import HEADER, import_register
from core.actor import Actor, system_actor
from core.database import Database
from core.ids import new_id
from organisation.actors import build_actor
from organisation.models import OrgUnit, RoleAssignment, User
from tests.support import make_agency, make_database

LINES = (
    "J-1,LEIST,,,Müller,Jürgen,1990-01-01,,,,T1,",
    "U-2,LEIST,,,Yıldız,Ümit,1991-01-01,,,,T1,",
    "A-3,LEIST,,,Meier-Özkan,Anna Maria,1992-01-01,,,,T1,",
    "K-4,LEIST,,,Peters,Karl-Heinz,1993-01-01,,,,T1,",
    "G-5,LEIST,,,Groth,Guenther,1994-01-01,,,,T1,",
)


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Actor]:
    folder: Path = tmp_path_factory.mktemp("register")
    database = make_database(folder)
    with database.write() as tx:
        agency = make_agency(tx)
        unit = OrgUnit(id=new_id(), agency_id=agency, code="T1", title="Team 1", kind="team")
        user = User(id=new_id(), agency_id=agency, username="anna", display_name="Anna A.")
        tx.session.add_all([unit, user])
        tx.session.flush()
        tx.session.add(RoleAssignment(agency_id=agency, user_id=user.id, role="clearing", unit_id=unit.id))
        load_defaults(tx, agency)
        import_register(tx, system_actor(agency), "\n".join([",".join(HEADER), *LINES]).encode())
        return database, build_actor(tx.session, user, tx.today)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Jürgen", ["J-1"]),
        ("JÜRGEN", ["J-1"]),
        ("Juergen Mueller", ["J-1"]),
        ("jürgen müller 01.01.1990", ["J-1"]),
        ("Müller, Jürgen", ["J-1"]),
        ("Jürgen, Müller", ["J-1"]),
        ("ümit", ["U-2"]),
        ("Ümit Yildiz", ["U-2"]),
        ("umit", ["U-2"]),
        ("Karl-Heinz", ["K-4"]),
        ("Gunther", ["G-5"]),
        ("Maria", ["A-3"]),
        ("anna meier", ["A-3"]),
        ("Özkan", ["A-3"]),
        ("Heinz", ["K-4"]),
        ("Günther", ["G-5"]),
        ("Jörgen", []),
        ("Jürgen Peters", []),
        ("%", []),
    ],
)
def test_a_name_is_found_as_people_type_it(clerk: tuple[Database, Actor], text: str, found: list[str]) -> None:
    database, actor = clerk
    with database.read() as session:
        today = database.clock.now().date()
        assert [case.file_number for case in find_cases(session, actor, text, today)] == found
