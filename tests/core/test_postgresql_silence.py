"""A PostgreSQL that stands still: connections stay open, nothing answers, and nobody waits for that without an end."""

from __future__ import annotations

import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.database import SCHEMA, Database, postgresql
from core.database.postgresql import open_postgresql
from core.errors import Unavailable
from eakte.services.process import Server

pytestmark = pytest.mark.postgresql
FOR_EVER = 240.0


@pytest.fixture
def server(own_server: Callable[[str], Server]) -> Iterator[Server]:
    started = own_server("postgres")
    yield started
    started.resume()


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    settings = server.settings()
    opened = open_postgresql(settings["EAKTE_DATABASE_URL"], Path(settings["EAKTE_DATABASE_PASSWORD_FILE"]), pool=2)
    yield opened
    server.resume()
    opened.dispose()


def ask(database: Database, statement: str = "SELECT 1") -> object:
    with database.read() as session:
        return session.scalar(text(statement))


def test_a_pooled_connection_to_a_silent_server_is_given_up(server: Server, database: Database) -> None:
    assert ask(database) == 1
    server.pause()
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        ask(database)
    assert time.monotonic() - begun < FOR_EVER
    server.resume()
    assert ask(database) == 1


def test_a_connection_that_is_dropped_with_its_pool_warns_nobody(server: Server) -> None:
    settings = server.settings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dropped = open_postgresql(settings["EAKTE_DATABASE_URL"], Path(settings["EAKTE_DATABASE_PASSWORD_FILE"]))
        assert ask(dropped) == 1
        del dropped
        gc.collect()
    assert [one for one in caught if "PatientConnection" in str(one.message)] == []


def test_a_server_that_falls_silent_in_the_middle_is_given_up(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_PATIENCE_SECONDS", 2.0)

    def fall_silent() -> None:
        with database.write() as tx:
            server.pause()
            tx.session.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        fall_silent()
    server.resume()
    assert ask(database) == 1


def test_what_may_take_long_is_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "_PATIENCE_SECONDS", 1.0)
    with database.write(SCHEMA) as tx:
        assert tx.session.scalar(text("SELECT pg_sleep(3)")) is not None
    with pytest.raises(Unavailable):
        ask(database, "SELECT pg_sleep(3)")
    assert ask(database) == 1


def test_nobody_waits_behind_those_who_hang(server: Server, database: Database) -> None:
    assert ask(database) == 1
    server.pause()
    ended: list[str] = []

    def try_it() -> None:
        try:
            ask(database)
        except Unavailable as error:
            ended.append(error.reason)

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FOR_EVER)
    assert len(ended) == 6
