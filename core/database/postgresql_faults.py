"""What an error of PostgreSQL means to the caller: later (503), no room (507), wrong settings, or a fault of ours."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from core.database.port import busy, full, unreachable
from core.errors import ConfigurationError, EakteError

_BUSY: Final = frozenset(
    {
        "40001",  # serialization failure
        "40P01",  # deadlock
        "53200",  # out of memory
        "53300",  # too many connections
        "53400",  # a configured limit is reached
        "55P03",  # lock timeout
        "57014",  # statement timeout
    }
)
READ_ONLY: Final = "25006"
"""Outside of a session for reading: the server became a read-only standby."""
_GONE: Final = frozenset(
    {
        READ_ONLY,
        "25P03",  # stood still too long inside a transaction
        "57P01",  # shut down by its administration
        "57P02",  # crash shutdown
        "57P03",  # starting up, or recovering
        "57P04",  # the database was dropped
        "57P05",  # stood idle too long
        "58030",  # an input/output error of the server
    }
)
_FULL: Final = "53100"
_LATER: Final = (
    "the database system is",
    "too many",
    "remaining connection slots",
    "recovery",
    "terminating connection",
)
"""What a server says to a connection that may succeed later; while connecting it gives no code."""


def translated(error: DBAPIError) -> EakteError | None:
    """The typed error, or None for what is not the server's state."""
    code = getattr(error.orig, "sqlstate", None)
    if code is None:
        return unreachable() if isinstance(error, OperationalError) or error.connection_invalidated else None
    if code == _FULL:
        return full()
    if code in _BUSY:
        return busy()
    if code in _GONE or code.startswith("08") or error.connection_invalidated:
        return unreachable()
    return None


def refusal(error: DBAPIError) -> ConfigurationError | None:
    """The settings at fault when a server that is there turned a first connection away for good; else None.

    While connecting the driver has only the server's words. In a running system the same words mean "later": somebody is
    changing the password, or bringing back a backup.
    """
    said = str(error.orig)
    if "FATAL:" not in said or any(words in said for words in _LATER):
        return None
    return ConfigurationError(
        "Der Datenbank-Server lehnt die Anmeldung ab oder kennt die Datenbank nicht. Bitte EAKTE_DATABASE_URL und "
        "EAKTE_DATABASE_PASSWORD_FILE prüfen.",
        "the database server refuses the log-in or does not know the database: check EAKTE_DATABASE_URL and "
        "EAKTE_DATABASE_PASSWORD_FILE",
    )
