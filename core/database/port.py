"""What every database promises: consistent reading, write transactions in lanes, typed errors.

A write transaction belongs to a lane. Transactions of one lane run one after another, from their first statement to
their commit, also across processes and hosts: what a transaction reads before it writes is not changed by another of
its lane. Transactions of different lanes run side by side. RECORDS is the lane of everything that decides about
records; leaving it needs a reason: the transaction touches rows of one owner only, or guards each write by itself
(a condition in the UPDATE, a row lock, a unique key). SQLite has one writer at a time, so there all lanes are one.

Keep write transactions under 50 ms: no OCR, file or network inside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.clock import Clock, SystemClock, agency_date
from core.database.model import Base
from core.errors import EakteError, StorageFull, Unavailable
from core.telemetry import inner_span

RECORDS: Final = "records"
"""Decisions about records: the default."""
AUDIT: Final = "audit"
"""Numbering and linking audit events."""
LEASES: Final = "leases"
"""Named leases of singletons and workers."""
SCHEMA: Final = "schema"
"""Migrations and restores: waits long, takes long."""
FREE: Final = None
"""No lane: every write guards itself."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One unit of work that may write. `now` is taken once, so that everything in it happened at one instant."""

    session: Session
    now: datetime
    _inserting: Callable[[type[Base]], Insert] = field(repr=False)

    @property
    def today(self) -> date:
        """The agency's date of this transaction."""
        return agency_date(self.now)

    def insert_missing(self, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows; one whose key is taken is passed over, also when another transaction takes it at this moment."""
        if rows:
            self.session.execute(self._inserting(model), rows)


class WrittenWhileReading(RuntimeError):
    """A fault of the program: a change belongs into `write`; here it would have been rolled back without a word."""


class Database(ABC):
    """Hands out read sessions and write transactions on one engine."""

    def __init__(self, engine: Engine, reader: Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock = clock or SystemClock()
        self._reader = reader

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and is always rolled back. Raises Unavailable like `write`, and
        WrittenWhileReading when somebody tries to change a row in it.
        """
        with (
            inner_span("database read"),
            self._typed_errors(),
            Session(self._reader, expire_on_commit=False, autoflush=False) as session,
        ):
            try:
                yield session
            except DBAPIError as error:
                if self._only_for_reading(error):
                    raise WrittenWhileReading from error
                raise

    @contextmanager
    def write(self, lane: str | None = RECORDS) -> Iterator[Transaction]:
        """A transaction; leaves by commit, or by rollback when the block raises.

        Raises Unavailable when the database stays busy or cannot be reached, and StorageFull when its disk is full; then
        nothing was changed. The one exception is a connection lost while the commit is under way: then Unavailable says
        that the outcome is open, and the caller's repetition must be harmless.
        Nothing outside the database may depend on the block having run before this context has been left.
        """
        outcome = _Outcome()
        writer = self.engine.execution_options(eakte_write=True, eakte_lane=lane)
        with (
            inner_span("database write"),
            self._typed_errors(outcome),
            Session(writer, expire_on_commit=False) as session,
        ):
            self._begin(session)
            yield Transaction(session, self._instant(session), self._insert_missing)
            session.flush()
            outcome.open = True
            session.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @abstractmethod
    def host_ahead(self) -> timedelta:
        """How far this host's clock is ahead of the one by which transactions are dated; nothing where it is that one."""

    @abstractmethod
    def dangling_references(self, session: Session) -> Iterator[tuple[str, str, str]]:
        """Rows that name a row which is gone, as (table, row, table named): what references did not prevent."""

    @abstractmethod
    def forget_deleted(self) -> bool:
        """Remove what is left of deleted rows in the database's own files. False while somebody is in the way."""

    @property
    @abstractmethod
    def forgetting(self) -> str:
        """What `forget_deleted` has done when it returned True, as a destruction certificate may claim it (German)."""

    @abstractmethod
    def remembers_deleted(self) -> bool:
        """Whether something of deleted rows may still be in files that `forget_deleted` cleans."""

    @abstractmethod
    def _insert_missing(self, model: type[Base]) -> Insert:
        """An INSERT that passes over rows whose key is taken: there is none in the SQL that all databases speak."""

    @abstractmethod
    def _translated(self, error: DBAPIError) -> EakteError | None:
        """The typed error that the driver's error means; None for a fault of the program."""

    @abstractmethod
    def _only_for_reading(self, error: DBAPIError) -> bool:
        """Whether the driver's error says that nothing can be written in this transaction."""

    def _begin(self, session: Session) -> None:
        """Begin the write transaction and wait for its lane."""
        session.connection()

    def _instant(self, _session: Session) -> datetime:
        """The instant of a write transaction that has just begun."""
        return self.clock.now()

    @contextmanager
    def _typed_errors(self, outcome: _Outcome | None = None) -> Iterator[None]:
        """A busy, absent or full store is an answer (503, 507), not a fault of the program."""
        try:
            yield
        except PoolTimeout as error:
            raise busy() from error
        except DBAPIError as error:
            typed = self._translated(error)
            if typed is None:
                raise
            if outcome is not None and outcome.open and error.connection_invalidated:
                typed = _outcome_open()
            raise typed from error


@dataclass(slots=True)
class _Outcome:
    """Whether the commit is under way: a connection lost then leaves open what became of it."""

    open: bool = False


def busy() -> Unavailable:
    """Somebody else holds what this transaction needs."""
    return Unavailable(
        "Das System ist gerade ausgelastet. Nichts wurde geändert. Bitte gleich noch einmal versuchen.",
        "The database is busy. Nothing was changed. Please try again in a moment.",
    )


def unreachable() -> Unavailable:
    """No connection, or one that was lost."""
    return Unavailable(
        "Die Datenbank ist gerade nicht erreichbar. Nichts wurde geändert. Bitte gleich noch einmal versuchen.",
        "The database cannot be reached. Nothing was changed. Please try again in a moment.",
    )


def full() -> StorageFull:
    """The disk of the database has no room."""
    return StorageFull(
        "Der Speicher ist voll. Nichts wurde geändert. Bitte verständigen Sie die Administration.",
        "The storage is full. Nothing was changed.",
    )


def _outcome_open() -> Unavailable:
    return Unavailable(
        "Die Verbindung zur Datenbank brach beim Speichern ab. Bitte prüfen Sie, ob die Änderung angekommen ist.",
        "The connection to the database was lost while saving. Please check whether the change has arrived.",
        code="outcome_open",
    )
