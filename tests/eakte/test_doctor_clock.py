"""The doctor names a host whose clock is more than a minute ahead of this one's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core import leases
from core.clock import SetClock
from core.database import Database
from core.models import Lease
from core.processes import host_name, owner_name
from eakte.cli.common import services
from eakte.doctor_clock import clock_findings, hosts_ahead
from eakte.housekeeping import LEASE_SECONDS
from tests.databases import enter
from tests.support import NOON, make_database


def beat(database: Database, clock: SetClock, owner: str, seconds: float) -> None:
    """A sign of life written by a host whose clock is so many seconds ahead."""
    clock.instant = NOON + timedelta(seconds=seconds)
    with database.write() as tx:
        leases.acquire(tx, f"worker/{owner}", owner, LEASE_SECONDS)
    clock.instant = NOON


def test_only_a_clock_that_is_a_minute_ahead_is_named(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    database = make_database(tmp_path, clock)
    beat(database, clock, "near:1:1", 45)
    beat(database, clock, "behind:1:1", -500)
    beat(database, clock, "ahead:1:1", 90)
    beat(database, clock, "ahead:2:1", 95)
    with database.read() as session:
        assert list(hosts_ahead(session, NOON)) == [("ahead", 95)]
    ((kind, host, text, english),) = clock_findings(database)
    assert (kind, host) == ("skew", "ahead")
    assert "95 Sekunden" in text
    assert "95 seconds" in english


@pytest.mark.parametrize(("seconds", "de", "en"), [(61, "vor", "ahead of"), (-90, "nach", "behind")])
def test_a_host_whose_clock_is_not_the_databases_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, de: str, en: str
) -> None:
    database = make_database(tmp_path, SetClock(NOON))
    assert list(clock_findings(database)) == []
    monkeypatch.setattr(type(database), "host_ahead", lambda _self: timedelta(seconds=seconds))
    ((kind, host, text, english),) = clock_findings(database)
    assert (kind, host) == ("skew", host_name())
    assert f"{abs(seconds)} Sekunden {de}" in text
    assert f"{abs(seconds)} seconds {en}" in english


def test_every_command_says_so_in_both_languages_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_database(tmp_path)
    enter(monkeypatch, tmp_path)
    with services() as opened:
        monkeypatch.setattr(type(opened.database), "host_ahead", lambda _self: timedelta(minutes=5))
    assert capsys.readouterr().err == ""
    with services() as opened:
        assert opened.settings.data == tmp_path.resolve()
    told = capsys.readouterr().err
    assert "300 Sekunden vor" in told
    assert "300 seconds ahead of" in told


def test_a_dead_worker_of_this_host_says_nothing_of_the_clock(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    database = make_database(tmp_path, clock)
    host, pid, started = owner_name().rsplit(":", 2)
    beat(database, clock, f"{host}:{pid}:{int(started) - 1}", 300)
    with database.read() as session:
        assert session.query(Lease).count() == 1
        assert list(hosts_ahead(session, NOON)) == []
