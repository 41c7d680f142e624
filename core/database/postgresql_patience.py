"""A connection that does not wait for ever.

A server whose process or host stands still keeps its connections open and is silent; the kernel goes on acknowledging, so
no limit of TCP's ends that, and the server's own time limits stand still with it.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import InvalidatePoolError

ANSWER_SECONDS: Final = 10.0
"""How long a pooled connection may take to show that the server still answers."""
_T = TypeVar("_T")


class PatientConnection(psycopg.Connection[Any]):
    """Closes itself when the server was silent for longer than `patience` seconds; None: waits without limit."""

    patience: float | None = None

    def __del__(self, *_: Any) -> None:
        """Ends quietly when its pool was dropped with it. psycopg would warn, and whoever listens to warnings at that moment
        (pikepdf while it checks a page) would take it for a fault of its own.
        """
        if hasattr(self, "pgconn"):  # not when connecting failed
            self.pgconn.finish()

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        """See psycopg. Raises OperationalError after the time; then the connection is closed."""
        try:
            return super().wait(gen, interval, timeout or self.patience)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # nobody knows what it would answer to
                self.close()
            raise


def require_answer(connection: PatientConnection, patience: float) -> None:
    """Ask the server for a sign of life, then give the connection its usual patience.

    Raises InvalidatePoolError: this connection is lost, and all others of its pool are as old.
    """
    connection.patience = ANSWER_SECONDS
    try:
        connection.autocommit = True  # one question, not three
        connection.execute("SELECT 1")
        connection.autocommit = False
    except psycopg.Error as error:
        raise InvalidatePoolError from error
    connection.patience = patience
