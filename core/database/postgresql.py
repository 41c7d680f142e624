"""PostgreSQL, for one or many hosts: the production database.

Readers run REPEATABLE READ READ ONLY: one snapshot. Writers run READ COMMITTED in a lane, an advisory lock held until
commit, so nothing has to be repeated; `now` is the server's clock, taken once the lane is free, so that hosts whose
clocks differ agree on leases. Beginning a write costs one round trip.

The password comes from a file, read at each connection (it may be changed while running). TLS is said in the URL:
`?sslmode=verify-full&sslrootcert=/path`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, Engine, Insert, create_engine, event, exists, make_url, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from core.clock import Clock
from core.database import postgresql_faults as faults
from core.database.model import Base
from core.database.port import SCHEMA, Database
from core.database.postgresql_patience import PatientConnection, require_answer
from core.errors import ConfigurationError, EakteError
from core.secrets import read_secret

DRIVER: Final = "postgresql+psycopg"
OLDEST: Final = 14
LOCK_TIMEOUT_MS = 5_000
"""How long a statement waits for a lane or a row before the answer is 503."""
_STATEMENT_TIMEOUT_MS: Final = 60_000
_PATIENCE_SECONDS: Final = 75.0
"""After so long it is not the statement that takes time: the server itself would have ended it."""
_IDLE_WRITER_MS: Final = 15_000
"""A writer that stands still (its host froze, its network was cut) loses its lane after so long."""
_IDLE_READER_MS: Final = 600_000
_POOL_WAIT_SECONDS: Final = 5
_RECYCLE_SECONDS: Final = 1_800
_NOW: Final = "eakte_now"
_CODE_POINT_ORDER: Final = ("C", "POSIX", "C.UTF-8", "C.UTF8")

_BEGIN = """SELECT set_config('lock_timeout', %(lock)s, true), set_config('statement_timeout', %(statement)s, true),
    set_config('idle_in_transaction_session_timeout', %(idle)s, true)"""
_LANE = ", pg_advisory_xact_lock(%(lane)s)"
_CLOCK = ", clock_timestamp()"
_FACTS = """SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datcollate,
    pg_is_in_recovery() FROM pg_database WHERE datname = current_database()"""


class ServerClock:
    """The database server's clock, carried on by this host's monotonic one: what people do to host clocks is no matter.

    Set anew by each connection and each write transaction.
    """

    def __init__(self) -> None:
        self._server, self._here = datetime.now(UTC), time.monotonic()
        self._ahead = self._server.timestamp() - self._here

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)

    def told(self, instant: datetime) -> None:
        """The server said that it is `instant` now."""
        self._ahead = instant.timestamp() - time.monotonic()


class _TextDumper(StrDumperUnknown):
    """PostgreSQL's text has no NUL. What people and files bring along is kept, with the sign for "not readable" there."""

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        """The text as bytes."""
        return super().dump(obj.replace("\x00", "\ufffd"))


class PostgresqlDatabase(Database):
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, engine: Engine, clock: Clock | None) -> None:
        self._server_clock = ServerClock()
        reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        super().__init__(engine, reader, clock or self._server_clock)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "checkout", _checked_out)
        event.listen(engine, "begin", _begin)

    def host_ahead(self) -> timedelta:
        """See Database."""
        with self.read() as session:
            server: datetime = session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return datetime.now(UTC) - server

    def dangling_references(self, session: Session) -> Iterator[tuple[str, str, str]]:
        """Who owns the database can drop constraints, and a superuser pass them by."""
        for table in Base.metadata.sorted_tables:
            for constraint in table.foreign_key_constraints:
                (reference,) = constraint.elements
                named = reference.column.table.alias()
                there = exists().where(named.c[reference.column.name] == reference.parent)
                lost = select(*table.primary_key).where(reference.parent.is_not(None), ~there)
                for row in session.execute(lost):
                    yield table.name, "/".join(map(str, row)), reference.target_fullname.partition(".")[0]

    @property
    def forgetting(self) -> str:
        """See Database."""
        return (
            "Datenbank: Platz gelöschter Zeilen freigegeben; Schreibprotokoll und Sicherungen des Servers enden mit "
            "deren Fristen"
        )

    def forget_deleted(self) -> bool:
        """Make room of deleted rows free to be overwritten. What the server keeps of them besides (its log, its backups)
        ends with the time limits that its administration sets.
        """
        with self._typed_errors(), self.engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            _patient_connection(outside).patience = None
            outside.exec_driver_sql("SET statement_timeout = 0")
            outside.exec_driver_sql("VACUUM (SKIP_LOCKED)")
            outside.exec_driver_sql("RESET statement_timeout")
        return True

    def remembers_deleted(self) -> bool:
        """The adapter sees no files of the server."""
        return False

    def require_suitable(self) -> None:
        """Raise ConfigurationError unless this is a database that can hold an E-Akte; Unavailable when none answers."""
        version, encoding, collation, standby = self._facts()
        if int(version) // 10_000 < OLDEST:
            raise ConfigurationError(
                f"Der Datenbank-Server ist zu alt. Nötig ist PostgreSQL {OLDEST} oder neuer.",
                f"PostgreSQL {OLDEST} or newer is needed",
            )
        if encoding != "UTF8" or str(collation).upper() not in _CODE_POINT_ORDER:
            raise ConfigurationError(
                "Die Datenbank muss mit Zeichensatz UTF8 und Sortierung C angelegt sein: CREATE DATABASE … TEMPLATE "
                "template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'.",
                f"the database needs encoding UTF8 and collation C, not {encoding} and {collation}",
            )
        if standby:
            raise ConfigurationError(
                "Der Datenbank-Server ist nur eine Kopie zum Lesen. Bitte den führenden Server eintragen.",
                "the database server is a read-only standby",
            )

    def _facts(self) -> tuple[int, str, str, bool]:
        with self._typed_errors():
            try:
                with self.engine.connect() as connection:
                    version, encoding, collation, standby = connection.exec_driver_sql(_FACTS).one()
                    return version, encoding, collation, standby
            except OperationalError as error:
                refused = faults.refusal(error)
                if refused is None:
                    raise
                raise refused from error

    def _instant(self, session: Session) -> datetime:
        told: datetime = session.connection().info.pop(_NOW)
        self._server_clock.told(told)
        return told if self.clock is self._server_clock else self.clock.now()

    def _insert_missing(self, model: type[Base]) -> Insert:
        return insert(model).on_conflict_do_nothing()

    def _translated(self, error: DBAPIError) -> EakteError | None:
        return faults.translated(error)

    def _only_for_reading(self, error: DBAPIError) -> bool:
        return getattr(error.orig, "sqlstate", None) == faults.READ_ONLY

    def _connected(self, connection: Any, _record: Any) -> None:
        connection.adapters.register_dumper(str, _TextDumper)
        with connection.cursor() as cursor:
            self._server_clock.told(cursor.execute("SELECT clock_timestamp()").fetchone()[0])
        connection.rollback()


def _begin(connection: Connection) -> None:
    """Wait for the lane; note when it was got."""
    options = connection.get_execution_options()
    if not options.get("eakte_write", False):
        return
    lane: str | None = options.get("eakte_lane")
    patient = lane == SCHEMA
    if patient:
        _patient_connection(connection).patience = None
    told = {
        "lock": str(60_000 if patient else LOCK_TIMEOUT_MS),
        "statement": str(0 if patient else _STATEMENT_TIMEOUT_MS),
        "idle": str(0 if patient else _IDLE_WRITER_MS),
    }
    statement = _BEGIN + _CLOCK
    if lane is not None:
        statement, told["lane"] = _BEGIN + _LANE + _CLOCK, _key(lane)  # type: ignore[assignment]
    connection.info[_NOW] = connection.exec_driver_sql(statement, told).one()[-1]


def _checked_out(connection: PatientConnection, _record: Any, _fairy: Any) -> None:
    require_answer(connection, _PATIENCE_SECONDS)


def _patient_connection(connection: Connection) -> PatientConnection:
    held = connection.connection.dbapi_connection
    assert isinstance(held, PatientConnection)
    return held


def _key(lane: str) -> int:
    """The advisory lock of a lane: 64 bits, the same on all hosts."""
    return int.from_bytes(hashlib.blake2b(f"eakte/{lane}".encode(), digest_size=8).digest(), signed=True)


def open_postgresql(
    url: str, password_file: Path | None = None, pool: int = 16, clock: Clock | None = None
) -> Database:
    """The database at `url` (postgresql+psycopg://user@host:port/name). Connects once, to look whether it is suitable.

    Raises ConfigurationError for settings that cannot work and Unavailable when the server does not answer.
    """
    address = _address(url)
    engine = create_engine(
        address, pool_size=pool, max_overflow=0, pool_timeout=_POOL_WAIT_SECONDS,
        pool_recycle=_RECYCLE_SECONDS, isolation_level="READ COMMITTED", hide_parameters=True,
        connect_args=_connect_args(address),
    )  # fmt: skip
    if password_file is not None:
        read_secret(password_file, "EAKTE_DATABASE_PASSWORD_FILE")

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, parameters: dict[str, Any]) -> PatientConnection:
        if password_file is not None:
            parameters["password"] = read_secret(password_file, "EAKTE_DATABASE_PASSWORD_FILE")
        return PatientConnection.connect(*arguments, **parameters)

    database = PostgresqlDatabase(engine, clock)
    try:
        database.require_suitable()
    except EakteError:
        database.dispose()
        raise
    return database


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise _wrong_url() from error
    if address.drivername != DRIVER or not address.database:
        raise _wrong_url()
    if address.password is not None or "password" in address.query:
        raise ConfigurationError(
            "In EAKTE_DATABASE_URL steht ein Passwort. Bitte in eine Datei legen und EAKTE_DATABASE_PASSWORD_FILE setzen.",
            "a password belongs into the file of EAKTE_DATABASE_PASSWORD_FILE, not into EAKTE_DATABASE_URL",
        )
    return address


def _wrong_url() -> ConfigurationError:
    return ConfigurationError(
        f"EAKTE_DATABASE_URL hat nicht die Form {DRIVER}://benutzer@rechner:port/name.",
        f"EAKTE_DATABASE_URL is not of the form {DRIVER}://user@host:port/name",
    )


def _connect_args(address: URL) -> dict[str, Any]:
    """Time limits: a cut network is noticed after seconds, not after the kernel's quarter of an hour."""
    limits = {
        "statement_timeout": _STATEMENT_TIMEOUT_MS,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": _IDLE_READER_MS,
    }
    told: dict[str, Any] = {
        "connect_timeout": 5,
        "application_name": "eakte",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return {name: value for name, value in told.items() if name not in address.query}
