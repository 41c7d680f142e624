"""What is PostgreSQL's own: its errors as answers, its clock, its settings, its triggers. On a real server."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DatabaseError

from core import jobs
from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import seal
from core.database import FREE, Database, postgresql
from core.database.postgresql import open_postgresql
from core.errors import ConfigurationError, EakteError, StorageFull, Unavailable
from core.ids import new_id
from core.models import AuditEvent
from eakte.bootstrap import open_services
from migrations import runner
from organisation.models import Agency
from tests.databases import made, make_migrated, open_at, password_file, settings_at
from tests.support import make_agency, raw

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(tmp_path: Path) -> Database:
    make_migrated(tmp_path)
    return open_at(tmp_path)


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string()


def failing_with(database: Database, code: str) -> None:
    """The server itself answers with this code in the middle of a transaction."""
    with database.write() as tx:
        make_agency(tx)
        raw(tx.session, f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("53100", StorageFull), *((code, Unavailable) for code in ("40001", "40P01", "53300", "55P03", "57P03", "08006"))],
)
def test_the_state_of_the_server_is_an_answer(database: Database, code: str, kind: type[EakteError]) -> None:
    with pytest.raises(kind):
        failing_with(database, code)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Agency)) == 0


def test_a_fault_of_the_program_stays_one(database: Database) -> None:
    with pytest.raises(DatabaseError):
        failing_with(database, "22012")


def test_a_lost_connection_costs_one_answer(database: Database) -> None:
    def be_cut_off() -> None:
        with database.write() as tx:
            make_agency(tx)
            raw(tx.session, "SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable) as caught:
        be_cut_off()
    assert caught.value.reason == "unavailable"
    with database.write() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Agency)) == 0


def test_connections_that_died_while_idle_cost_nothing(database: Database) -> None:
    with database.read() as session, database.read() as other:
        pids = [one.scalar(text("SELECT pg_backend_pid()")) for one in (session, other)]
    with open_postgresql(url_of(database), password_file()).write(FREE) as tx:
        for pid in pids:
            tx.session.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    with database.write() as tx:
        make_agency(tx)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Agency)) == 1


def test_a_connection_lost_while_committing_leaves_the_outcome_open(database: Database) -> None:
    with database.write() as tx:
        raw(tx.session, "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$")  # fmt: skip
        raw(tx.session, "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON agency DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION die()")  # fmt: skip
    with pytest.raises(Unavailable) as caught, database.write() as tx:
        make_agency(tx)
    assert caught.value.reason == "outcome_open"


def test_two_that_wait_for_each_other_end_with_an_answer(database: Database) -> None:
    with database.write() as tx:
        ids = [make_agency(tx, code) for code in ("A", "B")]
    both_hold = threading.Barrier(2)
    ends: list[str] = []

    def lock(first: object, second: object) -> None:
        try:
            with database.write(FREE) as tx:
                tx.session.get(Agency, first, with_for_update=True)
                both_hold.wait()
                tx.session.get(Agency, second, with_for_update=True)
        except Unavailable:
            ends.append("unavailable")
        else:
            ends.append("done")

    threads = [threading.Thread(target=lock, args=order) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["done", "unavailable"]


def test_other_lanes_do_not_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT_MS", 100)
    with database.write(), database.write("look/somebody"), database.write(FREE) as free:
        assert jobs.lease(free, "worker") is not None
        with pytest.raises(Unavailable), database.write():
            pass


def test_an_exhausted_pool_is_an_answer(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "_POOL_WAIT_SECONDS", 0.1)
    small = open_postgresql(url_of(database), password_file(), pool=2)
    with small.read() as one, small.read() as two:
        one.scalar(text("SELECT 1"))
        two.scalar(text("SELECT 1"))
        with pytest.raises(Unavailable), small.write():
            pass
    small.dispose()


def test_now_is_the_servers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this host is wrong by years: neither transactions nor looks at the clock follow it."""
    with database.write() as tx:
        told = tx.now
    frozen = time.time() + 10**8
    monkeypatch.setattr(time, "time", lambda: frozen)
    assert abs((database.clock.now() - told).total_seconds()) < 60
    with database.write() as tx:
        server = tx.session.scalar(text("SELECT clock_timestamp()"))
        assert server is not None
        assert 0 <= (server - tx.now).total_seconds() < 60
        assert tx.now.tzinfo is UTC or tx.now.utcoffset() == datetime.now(UTC).utcoffset()


def test_a_host_whose_clock_is_wrong_is_known(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert abs(database.host_ahead().total_seconds()) < 60

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(minutes=10)

    monkeypatch.setattr(postgresql, "datetime", Ahead)
    assert 540 < database.host_ahead().total_seconds() < 660


@pytest.mark.parametrize("act", ["DELETE FROM audit_event", "TRUNCATE audit_event", "UPDATE audit_event SET at = 1"])
def test_the_log_is_append_only(database: Database, tmp_path: Path, act: str) -> None:
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx)), "test.done", "thing", None)
    seal(database, AnchorFile(tmp_path / "anchors.jsonl"))
    with pytest.raises(DatabaseError, match=r"append-only|never change"), database.write() as tx:
        raw(tx.session, act)
    with database.read() as session:
        assert session.scalar(select(AuditEvent.action)) == "test.done"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"username": "nobody_knows"}, "refuses the log-in"),
        ({"database": "nobody_knows"}, "does not know the database"),
        ({"password": "in_the_url"}, "belongs into the file"),
        ({"drivername": "mysql"}, "is not of the form"),
    ],
)
def test_settings_that_cannot_work_are_named(database: Database, change: dict[str, str], said: str) -> None:
    url = make_url(url_of(database)).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=said) as caught:
        open_postgresql(url, password_file())
    assert "in_the_url" not in f"{caught.value.de}{caught.value.en}"


def test_no_server_is_unavailable_not_a_wrong_setting(database: Database) -> None:
    with pytest.raises(Unavailable):
        open_postgresql(make_url(url_of(database)).set(port=1).render_as_string())


def test_a_password_file_that_is_not_there_is_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PASSWORD_FILE"):
        open_postgresql(url_of(database), tmp_path / "absent")


def test_half_of_the_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").touch()
    half = settings_at(tmp_path / "home").model_copy(
        update={"database_url": "", "database_password_file": tmp_path / "password"}
    )
    with pytest.raises(ConfigurationError, match="EAKTE_DATABASE_URL is not"):
        open_services(half)


def test_a_database_with_another_order_is_refused(database: Database) -> None:
    name = f"{database.engine.url.database}_de"
    with open_postgresql(url_of(database), password_file()).engine.connect() as connection:
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        outside.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        try:
            with pytest.raises(ConfigurationError, match="encoding UTF8 and collation C, not LATIN1"):
                open_postgresql(make_url(url_of(database)).set(database=name).render_as_string(), password_file())
        finally:
            outside.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    open_services(settings, migrate=True).database.dispose()
    with open_at(tmp_path / "home").write() as tx:
        raw(tx.session, "UPDATE alembic_version SET version_num = '9999'")
    for migrate in (False, True):
        with pytest.raises(ConfigurationError, match="newer version"):
            open_services(settings, migrate=migrate)


def test_text_with_a_nul_is_kept_but_for_the_nul(database: Database) -> None:
    with database.write() as tx:
        agency = tx.session.get_one(Agency, make_agency(tx, "N"))
        agency.name, agency.details = "Be\x00hörde", {"told": "a\x00b"}
    with database.read() as session:
        found = session.scalars(select(Agency)).one()
        assert (found.name, found.details) == ("Be\ufffdhörde", {"told": "a\x00b"})
        assert session.scalar(select(Agency.code).where(Agency.name.contains("\x00"))) == "N"


def test_the_password_file_may_change_while_running(database: Database, tmp_path: Path) -> None:
    """Each connection reads it anew."""
    known = password_file()
    file = tmp_path / "password"
    file.write_text("wrong\n")
    with pytest.raises(ConfigurationError, match="refuses"):
        open_postgresql(url_of(database), file)
    file.write_text(known.read_text())
    running = open_postgresql(url_of(database), file)
    running.dispose()
    file.write_text("wrong\n")
    with pytest.raises(Unavailable), running.read() as session:
        session.scalar(text("SELECT 1"))
    file.write_text(known.read_text())
    with running.read() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_two_migrators_do_not_race(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    assert made()
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            open_services(settings, migrate=True).database.dispose()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    open_services(settings).database.dispose()


def test_nothing_is_left_after_going_back(database: Database) -> None:
    runner.downgrade(database.engine, "base")
    with psycopg.connect(**connection_of(database)) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert {name for (name,) in left} <= {"alembic_version", "alembic_version_pkc"}


def connection_of(database: Database) -> dict[str, object]:
    url, password = database.engine.url, password_file().read_text().strip()
    return {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database, "password": password}
