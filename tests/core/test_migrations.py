"""The history goes up and down on every database, with rows in it, and ends where the models say."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError

from archive.models import BlobClaim, Person, PersonName
from core import jobs, outbox
from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import seal
from core.database import SCHEMA
from core.ids import new_id
from core.models import AuditEvent
from migrations import runner, state
from organisation.models import Agency
from tests.databases import open_at
from tests.support import make_agency, make_database


def test_up_and_down_and_up_again_with_rows(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    for _ in range(2):
        with database.write() as tx:
            agency = make_agency(tx)
            record_act(tx, system_actor(agency), "test.done", "thing", None, case_file_id=agency, n=1)
            jobs.enqueue(tx, agency, "read", new_id(), payload={"page_no": 1})
            outbox.emit(tx, agency, "document.changed", new_id())
        seal(database, AnchorFile(tmp_path / f"{agency}.jsonl"))
        runner.downgrade(database.engine, "base")
        assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
        runner.upgrade(database.engine)
        state.require_current(database.engine)
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Agency)) == 0
            assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0
    database.dispose()


def test_the_history_ends_where_the_models_say(tmp_path: Path) -> None:
    make_database(tmp_path).dispose()
    with open_at(tmp_path).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, runner.target_metadata()) == []


def test_a_migration_leaves_no_reference_into_nothing(tmp_path: Path) -> None:
    """While a table is made anew references are not held; at the end they are, or nothing happened."""
    database = make_database(tmp_path)
    claim = BlobClaim(
        sha256="0" * 64, owner_type="document", owner_id=new_id(), role="x", created_at=database.clock.now()
    )
    with pytest.raises((RuntimeError, IntegrityError)), database.write(SCHEMA) as tx:
        tx.session.add(claim)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(BlobClaim)) == 0
    database.dispose()


def test_given_names_of_an_older_version_are_folded(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    given = {"Ümit Ali": "umit ali", "Jörg-Peter": "jorg peter", "Łucja": "lucja", "": ""}
    with database.write() as tx:
        person = Person(id=new_id(), agency_id=make_agency(tx))
        tx.session.add(person)
        tx.session.flush()
        tx.session.add_all(
            PersonName(person_id=person.id, family_name="Yıldız", given_names=one, family_key="yildiz") for one in given
        )
    folded = select(PersonName.given_names, PersonName.given_key)
    with database.read() as session:
        assert {name: key for name, key in session.execute(folded)} == given  # noqa: C416 rows are typed tuples
    runner.downgrade(database.engine, "0003")
    assert "given_key" not in {column["name"] for column in inspect(database.engine).get_columns("person_name")}
    runner.upgrade(database.engine)
    with database.read() as session:
        assert {name: key for name, key in session.execute(folded)} == given  # noqa: C416 rows are typed tuples
    database.dispose()
