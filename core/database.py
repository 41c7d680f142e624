"""The database session and the unit of work: the only place that commits.

SQLite runs in WAL with `synchronous=FULL`; the driver's implicit BEGIN is off. A writer begins with BEGIN IMMEDIATE, so
it waits once, at the start, for at most `busy_timeout`, and no later statement can find the database busy. A reader
begins deferred and never writes. Keep write transactions under 50 ms: no OCR, file or network inside.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from core.clock import Clock, SystemClock, agency_date
from core.errors import StorageFull, Unavailable

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_MS = 5_000
_BEGIN_ATTEMPTS = 3


class Base(DeclarativeBase):
    """Declarative base of all rooms; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(naming_convention=_NAMING)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One unit of work that may write. `now` is taken once, so that everything in it happened at one instant."""

    session: Session
    now: datetime

    @property
    def today(self) -> date:
        """The agency's date of this transaction."""
        return agency_date(self.now)


class Database:
    """Hands out read sessions and write transactions on one engine."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock = clock or SystemClock()
        self._writer = engine.execution_options(eakte_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and is always rolled back. Raises Unavailable like `write`."""
        with _typed_errors(), Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction; leaves by commit, or by rollback when the block raises.

        Raises Unavailable when the database stays busy and StorageFull when its disk is full; then nothing was changed.
        Nothing outside the database may depend on the block having run before this context has been left.
        """
        with _typed_errors(), Session(self._writer, expire_on_commit=False) as session:
            _begin(session)
            yield Transaction(session, self.clock.now())
            session.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _begin(session: Session) -> None:
    for attempt in range(_BEGIN_ATTEMPTS):
        try:
            session.connection()
        except OperationalError as error:
            session.rollback()
            if not _is_busy(error):
                raise
            time.sleep(0.05 * (attempt + 1))
        else:
            return
    raise _busy()


@contextmanager
def _typed_errors() -> Iterator[None]:
    """A busy or full store is an answer (503, 507), not a fault of the program."""
    try:
        yield
    except OperationalError as error:
        if _is_busy(error):
            raise _busy() from error
        if _primary_code(error) == sqlite3.SQLITE_FULL:
            raise StorageFull(
                "Der Speicher ist voll. Nichts wurde geändert. Bitte verständigen Sie die Administration.",
                "The storage is full. Nothing was changed.",
            ) from error
        raise


def _busy() -> Unavailable:
    return Unavailable(
        "Das System ist gerade ausgelastet. Nichts wurde geändert. Bitte gleich noch einmal versuchen.",
        "The database is busy. Nothing was changed. Please try again in a moment.",
    )


def _is_busy(error: OperationalError) -> bool:
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary_code(error: OperationalError) -> int | None:
    """SQLite's result code without its extension, None for another driver's error."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def open_sqlite(path: Path, clock: Clock | None = None) -> Database:
    """The embedded database at `path` (made when absent; its folder must exist)."""
    # Parameters of a failed statement are contents; they may not end in a traceback.
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, clock)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("eakte_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
