"""A database beside ours on the same server, for as long as a rehearsal lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError

from core.errors import ConfigurationError
from core.ids import new_id

PREFIX = "eakte_rehearsal_"
_LEFT = text(
    "SELECT datname FROM pg_database d WHERE starts_with(datname, :prefix) AND pg_get_userbyid(datdba) = current_user "
    "AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)"
)


@contextmanager
def another_database(engine: Engine, url: str) -> Iterator[str]:
    """The URL of an empty database that is dropped after the block. Raises ConfigurationError when none may be made.

    What killed rehearsals left behind goes too.
    """
    name = PREFIX + new_id().hex
    try:
        for left in _left_behind(engine):
            _run(engine, f'DROP DATABASE IF EXISTS "{left}"')
        _run(engine, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    except DBAPIError as error:
        raise ConfigurationError(
            "Für die Probe muss das Konto der Datenbank eine Datenbank anlegen dürfen. Bitte als Verwalter der Datenbank "
            "`ALTER ROLE … CREATEDB` ausführen; danach kann das Recht wieder entzogen werden.",
            "the account may not create a database for the rehearsal: ALTER ROLE … CREATEDB",
        ) from error
    try:
        yield make_url(url).set(database=name).render_as_string()
    finally:
        _run(engine, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _left_behind(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(_LEFT, {"prefix": PREFIX}))


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
