"""The clock is set back by an hour: no lease, retry, session, lock or seal may stand still until it has caught up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import jobs, leases
from core.actor import system_actor
from core.audit import Seen, look, record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import seal
from core.audit.verify import verify
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from core.models import AuditEvent
from tests.support import NOON, make_agency, make_database

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def database(tmp_path: Path, clock: SetClock) -> Database:
    return make_database(tmp_path, clock)


def test_the_lease_of_a_dead_worker_is_swept_at_once(database: Database, clock: SetClock) -> None:
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    with database.write() as tx:
        assert jobs.lease(tx, "dead") is not None
    clock.instant -= HOUR
    with database.write() as tx:
        assert jobs.sweep(tx) == 1
        tx.session.expire_all()
        assert jobs.lease(tx, "living") is not None


def test_a_living_worker_keeps_its_lease_with_the_next_beat(database: Database, clock: SetClock) -> None:
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    with database.write() as tx:
        job = jobs.lease(tx, "living")
    assert job is not None
    clock.instant -= HOUR
    with database.write() as tx:
        assert jobs.heartbeat(tx, "living", [job.id]) == 1
        assert jobs.sweep(tx) == 0
    with database.write() as tx:
        jobs.finish(tx, job)


def test_a_postponed_step_is_due_again(database: Database, clock: SetClock) -> None:
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    with database.write() as tx:
        job = jobs.lease(tx, "a")
        assert job is not None
    with database.write() as tx:
        jobs.give_back(tx, job, "OSError")
    clock.instant -= HOUR
    with database.read() as session:
        assert jobs.any_due(session, clock.now())
    with database.write() as tx:
        assert jobs.lease(tx, "a") is not None


def test_the_singletons_of_a_dead_worker_are_free(database: Database, clock: SetClock) -> None:
    with database.write() as tx:
        assert leases.acquire(tx, "duty/sealer", "dead", 20) == 1
        leases.acquire(tx, "worker/dead", "dead", 20)
    clock.instant -= HOUR
    with database.read() as session:
        assert leases.alive(session, "worker/", clock.now()) == 0
    with database.write() as tx:
        assert leases.acquire(tx, "duty/sealer", "living", 20) == 2


def test_no_lease_is_longer_than_the_bound_that_this_rests_on(database: Database) -> None:
    with pytest.raises(ValueError, match="longer than ten minutes"), database.write() as tx:
        leases.acquire(tx, "duty/sealer", "a", leases.LONGEST.total_seconds() + 1)


def test_sealing_goes_on_and_the_chain_stays_sound(database: Database, clock: SetClock, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    with database.write() as tx:
        actor = system_actor(make_agency(tx))
        record_act(tx, actor, "test.before", "thing", None)
    assert seal(database, AnchorFile(anchor)) == 1
    clock.instant -= HOUR
    with database.write() as tx:
        record_act(tx, actor, "test.after", "thing", None)
    assert seal(database, AnchorFile(anchor)) == 1
    verdict = verify(database, AnchorFile(anchor))
    assert verdict.ok
    assert verdict.checked == 2


def test_a_look_is_noted_although_a_later_one_is_in_the_log(database: Database, clock: SetClock) -> None:
    thing = Seen("document", new_id())
    with database.write() as tx:
        actor = system_actor(make_agency(tx))
    look(database, actor, "page", [thing])
    clock.instant -= HOUR
    look(database, actor, "page", [thing])
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 2
