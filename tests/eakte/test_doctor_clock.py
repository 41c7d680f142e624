"""The doctor names a host whose clock is more than a minute ahead of this one's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from core import leases
from core.clock import SetClock
from core.database import Database
from core.models import Lease
from core.processes import owner_name
from eakte.doctor import _clock_findings
from eakte.doctor_clock import hosts_ahead
from eakte.housekeeping import LEASE_SECONDS
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
        (finding,) = _clock_findings(session, NOON)
        assert (finding.store, finding.kind, finding.id) == ("clock", "skew", "ahead")
        assert "95 Sekunden" in finding.text


def test_a_dead_worker_of_this_host_says_nothing_of_the_clock(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    database = make_database(tmp_path, clock)
    host, pid, started = owner_name().rsplit(":", 2)
    beat(database, clock, f"{host}:{pid}:{int(started) - 1}", 300)
    with database.read() as session:
        assert session.query(Lease).count() == 1
        assert list(hosts_ahead(session, NOON)) == []
