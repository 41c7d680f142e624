"""Any order of leases, beats, stops, deaths, sweeps and jumps of the clock: each step is committed once, none is lost."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from sqlalchemy import select

from core import jobs
from core.clock import SetClock
from core.errors import LeaseLost
from core.ids import new_id
from core.jobs import LeasedJob
from core.models import Job
from tests.support import NOON, make_agency, make_database

OWNERS = st.sampled_from(["a", "b", "c"])


class JobTable(RuleBasedStateMachine):
    """The table beside a model: which steps exist, which were committed, and how often each died alone."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.clock = SetClock(NOON)
        self.database = make_database(Path(self._folder.name), self.clock)
        with self.database.write() as tx:
            self.agency = make_agency(tx)
        self.made: set[UUID] = set()
        self.committed: list[UUID] = []
        self.deaths: dict[UUID, int] = {}
        self.fencing: dict[UUID, int] = {}

    def teardown(self) -> None:
        self.database.dispose()
        self._folder.cleanup()

    @rule()
    def enqueue(self) -> None:
        with self.database.write() as tx:
            self.made.add(jobs.enqueue(tx, self.agency, "read", new_id()))

    @rule(target=held, owner=OWNERS)
    def lease(self, owner: str) -> LeasedJob | None:
        with self.database.write() as tx:
            job = jobs.lease(tx, owner)
        if job is not None:
            assert job.id not in self.committed
            assert job.fencing > self.fencing.get(job.id, 0)
            self.fencing[job.id] = job.fencing
        return job

    @rule(job=consumes(held))
    def commit(self, job: LeasedJob | None) -> None:
        if job is None:
            return
        try:
            with self.database.write() as tx:
                jobs.finish(tx, job)
        except LeaseLost:
            return
        self.committed.append(job.id)

    @rule(job=held)
    def commit_and_wake_up_again_later(self, job: LeasedJob | None) -> None:
        self.commit(job)

    @rule(job=held, error=st.sampled_from(["", "OSError"]))
    def give_back(self, job: LeasedJob | None, error: str) -> None:
        if job is None:
            return
        try:
            with self.database.write() as tx:
                jobs.give_back(tx, job, error)
        except LeaseLost:
            return

    @rule(job=held)
    def die_alone(self, job: LeasedJob | None) -> None:
        if job is None:
            return
        try:
            with self.database.write() as tx:
                poisoned = jobs.count_death(tx, job, "SIGSEGV")
                if poisoned:
                    jobs.finish(tx, job)
        except LeaseLost:
            return
        self.deaths[job.id] = self.deaths.get(job.id, 0) + 1
        assert poisoned == (self.deaths[job.id] >= jobs.MAX_DEATHS)
        if poisoned:
            self.committed.append(job.id)

    @rule(owner=OWNERS)
    def beat(self, owner: str) -> None:
        with self.database.write() as tx:
            mine = tx.session.scalars(select(Job.id).where(Job.leased_by == owner)).all()
            jobs.heartbeat(tx, owner, mine)

    @rule(owner=OWNERS)
    def a_process_dies(self, owner: str) -> None:
        with self.database.write() as tx:
            jobs.release_owner(tx, owner)

    @rule()
    def sweep(self) -> None:
        with self.database.write() as tx:
            jobs.sweep(tx)

    @rule(seconds=st.sampled_from([1, 29, 31, 301, -1, -3600]))
    def time_passes_or_jumps_back(self, seconds: int) -> None:
        self.clock.instant += timedelta(seconds=seconds)

    @invariant()
    def nothing_is_lost_and_nothing_is_done_twice(self) -> None:
        with self.database.read() as session:
            rows = session.scalars(select(Job)).all()
        assert {row.id for row in rows} == self.made
        assert len(self.committed) == len(set(self.committed))
        assert {row.id for row in rows if row.state == "done"} == set(self.committed)
        assert all(row.deaths == self.deaths.get(row.id, 0) for row in rows)

    @precondition(lambda self: self.made)
    @rule()
    def a_patient_worker_gets_everything_open(self) -> None:
        self.clock.instant += timedelta(seconds=400)
        taken = set()
        with self.database.write() as tx:
            jobs.sweep(tx)
            while (job := jobs.lease(tx, "patient")) is not None:
                taken.add(job.id)
                self.fencing[job.id] = job.fencing
                tx.session.flush()
            jobs.release_owner(tx, "patient")
        assert taken == self.made - set(self.committed)


TestJobTable = JobTable.TestCase
TestJobTable.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
