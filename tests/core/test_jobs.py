"""Leases with fencing: nothing is committed twice, nothing is lost, deaths count only when they should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core import jobs
from core.clock import SetClock
from core.database import Database
from core.errors import LeaseLost
from core.ids import new_id
from core.jobs import LeasedJob
from core.models import Job
from tests.support import NOON, make_agency, make_database


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def jobbed(tmp_path: Path, clock: SetClock) -> Database:
    database = make_database(tmp_path, clock)
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    return database


def take(database: Database, owner: str = "a") -> LeasedJob | None:
    with database.write() as tx:
        return jobs.lease(tx, owner)


def must_take(database: Database, owner: str = "a") -> LeasedJob:
    job = take(database, owner)
    assert job is not None
    return job


def test_a_job_is_leased_once(jobbed: Database) -> None:
    assert take(jobbed) is not None
    assert take(jobbed, "b") is None


def test_the_same_step_exists_once(jobbed: Database) -> None:
    subject = new_id()
    with jobbed.write() as tx:
        agency = make_agency(tx, "B")
        first = jobs.enqueue(tx, agency, "split", subject)
        tx.session.flush()
        assert jobs.enqueue(tx, agency, "split", subject) == first


def test_a_child_that_wakes_up_late_cannot_commit(jobbed: Database, clock: SetClock) -> None:
    stopped = must_take(jobbed)
    clock.instant += timedelta(seconds=jobs.LEASE_SECONDS + 1)
    with jobbed.write() as tx:
        assert jobs.sweep(tx) == 1
    second = must_take(jobbed, "b")
    with pytest.raises(LeaseLost), jobbed.write() as tx:
        jobs.finish(tx, stopped)
    with jobbed.write() as tx:
        jobs.finish(tx, second)
    with jobbed.read() as session:
        assert jobs.open_count(session) == 0


def test_a_step_that_ended_its_child_waits_for_all_others(jobbed: Database) -> None:
    suspect = must_take(jobbed)
    with jobbed.write() as tx:
        jobs.give_back(tx, suspect, "", isolate=True)
        later = [jobs.enqueue(tx, suspect.agency_id, kind, new_id(), priority=100) for kind in ("read", "index")]
    assert {must_take(jobbed).id, must_take(jobbed).id} == set(later)
    again = must_take(jobbed)
    assert (again.id, again.isolated) == (suspect.id, True)
    with jobbed.write() as tx:
        assert not jobs.count_death(tx, again, "TimedOut")
        newer = jobs.enqueue(tx, suspect.agency_id, "read", new_id(), priority=100)
    assert must_take(jobbed).id == newer
    assert must_take(jobbed).id == suspect.id


def test_a_finished_step_cannot_be_finished_again(jobbed: Database) -> None:
    job = must_take(jobbed)
    with jobbed.write() as tx:
        jobs.finish(tx, job)
    with pytest.raises(LeaseLost), jobbed.write() as tx:
        jobs.finish(tx, job)


def test_heartbeats_keep_the_lease(jobbed: Database, clock: SetClock) -> None:
    job = must_take(jobbed)
    for _ in range(5):
        clock.instant += timedelta(seconds=jobs.LEASE_SECONDS - 1)
        with jobbed.write() as tx:
            assert jobs.heartbeat(tx, "a", [job.id]) == 1
            assert jobs.sweep(tx) == 0
    with jobbed.write() as tx:
        jobs.finish(tx, job)


def test_a_lease_that_nobody_works_on_ends(jobbed: Database, clock: SetClock) -> None:
    job = must_take(jobbed)
    clock.instant += timedelta(seconds=jobs.LEASE_SECONDS - 1)
    with jobbed.write() as tx:
        assert jobs.heartbeat(tx, "a", [new_id()]) == 0
    clock.instant += timedelta(seconds=2)
    with jobbed.write() as tx:
        assert jobs.sweep(tx) == 1
    assert must_take(jobbed).id == job.id


def test_retries_wait_longer_and_never_end(jobbed: Database, clock: SetClock) -> None:
    waits = []
    for _ in range(20):
        job = must_take(jobbed)
        with jobbed.write() as tx:
            jobs.give_back(tx, job, "OSError")
        with jobbed.read() as session:
            due = session.scalars(select(Job.not_before)).one()
        assert due is not None
        assert take(jobbed) is None
        waits.append((due - clock.instant).total_seconds())
        clock.instant = due
    assert waits[0] < waits[5] <= 300
    assert max(waits) <= 300


def test_only_three_deaths_alone_lead_to_quarantine(jobbed: Database) -> None:
    verdicts = []
    for _ in range(jobs.MAX_DEATHS):
        job = must_take(jobbed)
        with jobbed.write() as tx:
            verdicts.append(jobs.count_death(tx, job, "SIGSEGV"))
        if not verdicts[-1]:
            assert must_take(jobbed).isolated
            with jobbed.write() as tx:
                jobs.release_owner(tx, "a")
    assert verdicts == [False, False, True]


def test_a_dead_owner_gives_everything_back_at_once(jobbed: Database) -> None:
    job = must_take(jobbed)
    with jobbed.write() as tx:
        assert jobs.release_owner(tx, "a") == 1
    assert must_take(jobbed, "b").fencing == job.fencing + 1


def test_only_what_was_done_long_ago_is_forgotten(jobbed: Database, clock: SetClock) -> None:
    first = must_take(jobbed)
    with jobbed.write() as tx:
        jobs.finish(tx, first)
        still_open = jobs.enqueue(tx, first.agency_id, "read", new_id())
    # Ids carry the machine's time, rows the clock's: "long ago" is after both.
    clock.instant = max(clock.instant, datetime.now(UTC)) + timedelta(days=1)
    with jobbed.write() as tx:
        assert jobs.forget(tx, NOON - timedelta(days=1)) == 0
        assert jobs.forget(tx, clock.instant) == 1
        assert jobs.forget(tx, clock.instant) == 0
    with jobbed.read() as session:
        assert session.scalars(select(Job.id)).all() == [still_open]
