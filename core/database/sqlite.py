"""The embedded database: SQLite in WAL mode with `synchronous=FULL`; the driver's implicit BEGIN is off.

A writer begins with BEGIN IMMEDIATE, so it waits once, at the start, for at most `busy_timeout`, and no later statement
can find the database busy. A reader begins deferred and never writes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from core.clock import Clock
from core.database.model import Base
from core.database.port import SCHEMA, Database, busy, full
from core.errors import EakteError

BUSY_TIMEOUT_MS = 5_000
_BEGIN_ATTEMPTS = 3


class SqliteDatabase(Database):
    """One file, one writer at a time: all lanes are one."""

    def host_ahead(self) -> timedelta:
        """See Database."""
        return timedelta()

    def dangling_references(self, session: Session) -> Iterator[tuple[str, str, str]]:
        """References can be switched off here, so a file may hold such rows."""
        for table, row, parent, _ in session.connection().exec_driver_sql("PRAGMA foreign_key_check").all():
            yield str(table), str(row), str(parent)

    @property
    def forgetting(self) -> str:
        """See Database."""
        return "Schreibprotokoll der Datenbank: geleert"

    def forget_deleted(self) -> bool:
        """Move everything into the database file and cut the log to nothing. False while a reader is in the way.

        Freed pages are overwritten by `secure_delete`; without this step the log would keep old ones.
        """
        connection = self.engine.raw_connection()
        try:
            row = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        return bool(row is not None and row[0] == 0)

    def remembers_deleted(self) -> bool:
        """Whether the write-ahead log holds anything."""
        log = Path(f"{self.engine.url.database}-wal")
        return log.exists() and log.stat().st_size > 0

    def _begin(self, session: Session) -> None:
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
        raise busy()

    def _insert_missing(self, model: type[Base]) -> Insert:
        return insert(model).on_conflict_do_nothing()

    def _translated(self, error: DBAPIError) -> EakteError | None:
        if _is_busy(error):
            return busy()
        return full() if _primary_code(error) == sqlite3.SQLITE_FULL else None

    def _only_for_reading(self, error: DBAPIError) -> bool:
        return _primary_code(error) == sqlite3.SQLITE_READONLY


def _is_busy(error: DBAPIError) -> bool:
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary_code(error: DBAPIError) -> int | None:
    """SQLite's result code without its extension."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def open_sqlite(path: Path, clock: Clock | None = None) -> Database:
    """The embedded database at `path` (made when absent; its folder must exist)."""
    # Parameters of a failed statement are contents; they may not end in a traceback.
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _commit)
    return SqliteDatabase(engine, engine.execution_options(eakte_read=True), clock)


def _configure(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    _set(connection, "query_only", bool(options.get("eakte_read", False)))
    # A migration makes a table anew, drops the old one and takes its name, while others refer to it (§ 7 of SQLite's
    # documentation of ALTER TABLE): references are then held at the end, by `_commit`.
    _set(connection, "foreign_keys", options.get("eakte_lane") != SCHEMA)
    writes = options.get("eakte_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set(connection: Connection, pragma: str, on: bool) -> None:
    """Switch it, unless it is so already on this connection: most transactions are of one kind after another."""
    if connection.info.get(pragma) != on:
        connection.exec_driver_sql(f"PRAGMA {pragma}={'ON' if on else 'OFF'}")
        connection.info[pragma] = on


def _commit(connection: Connection) -> None:
    if connection.get_execution_options().get("eakte_lane") != SCHEMA:
        return
    if dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        connection.exec_driver_sql("ROLLBACK")  # whoever fails here is not asked to roll back any more
        raise RuntimeError(f"a migration left rows of {dangling[0]} that name rows of {dangling[2]} which are gone")
