"""The database under the tests: SQLite, or with EAKTE_TEST_DATABASE=postgresql a real PostgreSQL server.

A folder stands for an installation. With SQLite its database is a file in it; with PostgreSQL it is a database whose
name comes from the folder's path, cloned from a migrated template. Copying a folder clones its database.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.orm import Session

from core.clock import Clock
from core.database import Database, open_sqlite
from core.database.postgresql import open_postgresql
from core.settings import Settings
from migrations.runner import upgrade

ON_POSTGRESQL = os.environ.get("EAKTE_TEST_DATABASE") == "postgresql"
ROW = "ctid" if ON_POSTGRESQL else "rowid"
"""The column that names a row by its place."""
_made: dict[str, bool] = {}
"""Databases by name, and whether they are kept for the whole run."""
_left: set[str] = set()
"""Databases that nobody needs any more, still to be dropped."""


class Compiled(dict[Any, Any]):
    """Statements as a kind of database gets them. An engine keeps its own; each test has an engine, and compiling what
    the test before has compiled was a third of the time of all tests that ask a database. It grows by the statements that
    the program has, not by how often they are asked.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        """See dict; the key of SQLAlchemy begins with the engine's own dialect."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_compiled = Compiled()


@event.listens_for(Engine, "engine_connect")
def _share_compiled(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)


def use_server(url: str, file: Path) -> None:
    """Where databases are made, by an account that may: any database of that server. Processes started later know too."""
    os.environ["EAKTE_TEST_POSTGRESQL"] = url
    os.environ["EAKTE_TEST_POSTGRESQL_PASSWORD_FILE"] = str(file)


def open_at(folder: Path, clock: Clock | None = None) -> Database:
    """The database of the installation in `folder`."""
    if not ON_POSTGRESQL:
        return open_sqlite(folder / "eakte.sqlite", clock)
    return open_postgresql(_url(_name(folder)), password_file(), clock=clock)


def make_migrated(folder: Path) -> None:
    """A fresh database at the newest schema for the installation in `folder`."""
    if ON_POSTGRESQL:
        _create(_name(folder), _template())
    else:
        (folder / "eakte.sqlite").write_bytes(_migrated_file())


def settings_at(home: Path, **more: Any) -> Settings:
    """The settings of the installation in `home`; its database is there, empty if it is new."""
    if ON_POSTGRESQL:
        if _name(home) not in _made:
            _create(_name(home), "template0")
        more |= {"database_url": _url(_name(home)), "database_password_file": password_file()}
    return Settings(home=home, **more)


def environment_at(home: Path) -> dict[str, str]:
    """The same for a process of its own."""
    found = settings_at(home)
    told = {"EAKTE_HOME": str(home), "EAKTE_DATABASE_URL": found.database_url}
    if found.database_password_file is not None:
        told["EAKTE_DATABASE_PASSWORD_FILE"] = str(found.database_password_file)
    return told


def enter(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """The same for this process and its children."""
    for name, value in environment_at(home).items():
        monkeypatch.setenv(name, value)


def copy_home(source: Path, target: Path) -> Path:
    """The installation once more; nobody may be working with the first one."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    if ON_POSTGRESQL:
        _create(_name(target), _name(source))
    return target


def rows_with(database: Database, words: Sequence[str]) -> list[str]:
    """Tables of a PostgreSQL database in whose rows one of the words stands, whatever the column; any case.

    SQLite's rows are in a file that the caller looks into.
    """
    found: list[str] = []
    if not ON_POSTGRESQL:
        return found
    with database.read() as session:
        tables = session.connection().exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.all():
            rows = session.connection().exec_driver_sql(f'SELECT lower("{table}"::text) FROM "{table}"').scalars()
            whole = "\n".join(rows)
            found += [f"{table}:{word}" for word in words if word.lower() in whole]
    return found


def lift_references(session: Session) -> None:
    """What somebody does first who owns the database and wants to delete rows that others name."""
    if not ON_POSTGRESQL:
        session.connection().exec_driver_sql("COMMIT")
        session.connection().exec_driver_sql("PRAGMA foreign_keys=OFF")
        session.connection().exec_driver_sql("BEGIN")
        return
    held = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"
    for table, name in session.connection().exec_driver_sql(held).all():
        session.connection().exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def lift_triggers(session: Session) -> None:
    """What somebody does first who owns the database and wants to change the log."""
    if ON_POSTGRESQL:
        session.connection().exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER USER")
    else:
        for name in ("audit_event_no_delete", "audit_event_no_update"):
            session.connection().exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def break_audit(session: Session, when: str = "true") -> None:
    """No audit event for which `when` holds (of NEW) can be written any more."""
    head = f"CREATE TRIGGER broken BEFORE INSERT ON audit_event FOR EACH ROW WHEN ({when})"
    refusal = (
        "EXECUTE FUNCTION audit_event_refuse('full')" if ON_POSTGRESQL else "BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    session.connection().exec_driver_sql(f"{head} {refusal}")


def repair_audit(session: Session) -> None:
    """Take back `break_audit`."""
    session.connection().exec_driver_sql("DROP TRIGGER broken" + (" ON audit_event" if ON_POSTGRESQL else ""))


def quoted(table: str) -> str:
    """The name of a table for hand-written SQL: one of them is a reserved word."""
    return f'"{table}"'


def drop(names: set[str]) -> None:
    """Drop databases, whoever is still connected."""
    for name in names & _made.keys():
        _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        del _made[name]
        _left.discard(name)


def leave(names: set[str]) -> None:
    """Part everybody from these databases and drop those left before: the server waits for whom it has just parted."""
    drop(_left - names)
    for name in names:
        _part(name)
    _left.update(names)


@contextmanager
def kept() -> Iterator[None]:
    """What is made inside belongs to the whole run, although it is made during a test."""
    before = made()
    yield
    _made.update(dict.fromkeys(made() - before, True))


def made(*, passing: bool = False) -> set[str]:
    """The databases that there are now; with `passing` without those kept for the whole run."""
    return {name for name, kept_ in _made.items() if not (passing and kept_)}


def password_file() -> Path:
    """The file with the password of the account that makes databases."""
    return Path(os.environ["EAKTE_TEST_POSTGRESQL_PASSWORD_FILE"])


def _name(folder: Path) -> str:
    return "t_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]


def _url(name: str) -> str:
    return make_url(os.environ["EAKTE_TEST_POSTGRESQL"]).set(database=name).render_as_string()


@cache
def _template() -> str:
    name = f"t_template_{os.getpid()}"
    _run(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    with kept():
        _create(name, "template0")
        database = open_postgresql(_url(name), password_file())
        upgrade(database.engine)
        database.dispose()
    return name


@cache
def _migrated_file() -> bytes:
    """An empty database after all migrations: made once per process, they cost a second."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_sqlite(Path(folder) / "eakte.sqlite")
        upgrade(database.engine)
        database.dispose()
        return (Path(folder) / "eakte.sqlite").read_bytes()


def _create(name: str, template: str) -> None:
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    _run(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(**names))
    if template != "template0":
        _part(template)
    _run(
        sql.SQL("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'").format(
            **names
        )
    )
    _made.setdefault(name, False)
    _left.discard(name)


def _part(name: str) -> None:
    _run(sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name))


def _run(statement: sql.Composed) -> None:
    _making().execute(statement)


@cache
def _making() -> psycopg.Connection[Any]:
    """The connection of this process by which databases are made and dropped."""
    address = make_url(os.environ["EAKTE_TEST_POSTGRESQL"])
    return psycopg.connect(
        host=address.host, port=address.port, user=address.username, dbname=address.database, autocommit=True,
        password=password_file().read_text().rstrip("\n"),
    )  # fmt: skip
