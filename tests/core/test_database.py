"""The unit of work: one commit, nothing half done, and typed answers when the store is busy or full."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api import problems
from core.database import Database, postgresql, sqlite
from core.database.port import WrittenWhileReading
from core.errors import StorageFull, Unavailable
from core.ids import new_id
from organisation.models import Agency
from tests.databases import open_at
from tests.support import make_agency, make_database

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "organisation", "archive", "inbox", "search", "ingest", "retention", "api", "web", "eakte")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    make_database(tmp_path).dispose()
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT_MS", 20)
    return open_at(tmp_path)


@pytest.fixture
def occupied(database: Database, tmp_path: Path) -> Iterator[Database]:
    """Somebody else writes all the time."""
    other = open_at(tmp_path)
    with other.write():
        yield database
    other.dispose()


def agencies(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Agency)) or 0


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as tx:
            make_agency(tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert agencies(database) == 0


def test_a_writer_sees_what_was_committed_before_it_began(database: Database) -> None:
    with database.write() as tx:
        make_agency(tx, "A")
    with database.write() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Agency)) == 1


def test_a_row_whose_key_is_taken_is_passed_over(database: Database) -> None:
    with database.write() as tx:
        make_agency(tx, "A")
        taken = tx.session.scalars(select(Agency.id)).one()
        rows = [{"id": taken, "code": "X", "name": "x"}, {"id": new_id(), "code": "B", "name": "b"}]
        tx.insert_missing(Agency, rows)
        tx.insert_missing(Agency, [{"id": new_id(), "code": "B", "name": "another"}])
        tx.insert_missing(Agency, [])
        there = sorted(tx.session.execute(select(Agency.code, Agency.name)).all())
    assert [code for code, _ in there] == ["A", "B"]
    assert there[1][1] == "b"


def test_nobody_but_the_adapters_asks_which_database_it_is() -> None:
    asking = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if asks_for_its_database(path)]
    assert {str(path.relative_to(ROOT).parent) for path in asking} == {"core/database"}


def asks_for_its_database(path: Path) -> bool:
    """Imports what only one database knows, or looks at the name of the one that it has."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects"):
            return True
        if isinstance(node, ast.Attribute) and node.attr == "dialect":
            return True
    return False


def test_a_busy_database_is_unavailable_and_readers_go_on(occupied: Database) -> None:
    with pytest.raises(Unavailable), occupied.write() as tx:
        make_agency(tx)
    assert agencies(occupied) == 0


def test_a_busy_database_answers_503_with_a_time(occupied: Database) -> None:
    app = FastAPI()
    problems.install(app)

    @app.post("/agencies")
    def create() -> None:
        with occupied.write() as tx:
            make_agency(tx)

    answer = TestClient(app, raise_server_exceptions=False).post("/agencies")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(Unavailable.retry_after)
    assert answer.json()["code"] == "unavailable"


def test_writing_in_a_read_session_is_a_fault_of_the_program(database: Database) -> None:
    """Not "busy" and not silence: nobody would try again with success, or notice."""
    app = FastAPI()
    problems.install(app)

    @app.get("/agencies")
    def look() -> None:
        with database.read() as session:
            session.add(Agency(id=new_id(), code="A", name="Testbehörde"))
            session.flush()

    with pytest.raises(WrittenWhileReading):
        TestClient(app).get("/agencies")
    assert TestClient(app, raise_server_exceptions=False).get("/agencies").status_code == 500
    assert agencies(database) == 0
    with database.write() as tx:
        make_agency(tx)
    assert agencies(database) == 1


@pytest.mark.sqlite
def test_a_full_disk_is_an_answer_and_changes_nothing(database: Database) -> None:
    def fill() -> None:
        with database.write() as tx:
            raw = tx.session.connection().connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA max_page_count=1")
            for number in range(2000):
                make_agency(tx, f"{number:0>40}")

    with pytest.raises(StorageFull):
        fill()
    database.dispose()
    assert agencies(database) == 0
