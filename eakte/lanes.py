"""A lane: one child process at a time, the jobs that it is given, and the judgement of how each ended.

A child that dies costs its lease at once. Only an end that the step itself caused, alone in a child of its own, counts
as a death; three of them quarantine it. A kill from outside, a shutdown or a lost store is retried without limit. A child
is replaced after a number of steps, so that what libraries leak does not add up.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from core import jobs
from core.database import FREE
from core.errors import EakteError, LeaseLost
from core.isolation import Child, Crashed, Finished, Limits, MemoryExceeded, Outcome, Raised, TimedOut
from core.jobs import LeasedJob
from core.log import logger
from core.settings import Settings
from eakte.bootstrap import Services
from eakte.handover import job_to
from ingest.outcomes import quarantine_job

_log = logger(__name__)
_WARM_UP_SECONDS = 300.0
_STRETCH = 40
"""Times its limit that a step over thousands of pages may take, as long as it gets on: two hours if nobody set another."""


def child_limits(settings: Settings) -> Limits:
    """What one step may take; its time is for a portion of it (`core.progress`)."""
    return Limits(memory_mb=settings.job_memory_mb, wall_seconds=float(settings.job_seconds), stretch=_STRETCH)


class Lane:
    """Takes one job at a time. Used by one thread at a time; owns no state that the database does not have."""

    def __init__(self, services: Services, owner: str, stopping: threading.Event) -> None:
        self._services = services
        self._owner = owner
        self._stopping = stopping
        self._limits = child_limits(services.settings)
        self._child: Child | None = None
        self._steps = 0
        self._warm = False
        self._found = False
        self.at_work: UUID | None = None
        """The step that this lane holds and has not judged yet."""

    @property
    def warm(self) -> bool:
        """Whether there is a child with everything loaded."""
        return self._child is not None and self._warm

    def prepare(self) -> None:
        """Have a child with everything loaded: a step's time limit is for the step alone, also under load."""
        if self._child is None:
            self._child, self._steps, self._warm = Child(self._limits), 0, False
            self._child.call("eakte.steps:warm_up", {}, replace(self._limits, wall_seconds=_WARM_UP_SECONDS))
            self._warm = True

    def take(self, kinds: Sequence[str] | None) -> bool:
        """Lease the next due job of `kinds`, have it done, judge its end. Returns whether there was one."""
        self.prepare()
        job = self.next_job(kinds)
        if job is None:
            return False
        self.at_work = job.id
        try:
            self._work(job)
        finally:
            self.at_work = None
        return True

    def _work(self, job: LeasedJob) -> None:
        if job.isolated and self._steps:
            self.close()
            self.prepare()
        if self._child is not None:
            self._steps += 1
            worn = job.isolated or self._steps >= self._services.settings.child_steps
            if not self.run(self._child, job) or worn:
                self.close()

    def close(self) -> None:
        """End the child. Idempotent."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def next_job(self, kinds: Sequence[str] | None) -> LeasedJob | None:
        """The lease of the next due job, or None: also while a store cannot answer. Who has just done one does not look
        first: where there was one, there mostly is another.
        """
        database = self._services.database
        looks, self._found = not self._found, False
        try:
            if looks:
                with database.read() as session:
                    if not jobs.any_due(session, database.clock.now(), kinds):
                        return None
            with database.write(FREE) as tx:
                job = jobs.lease(tx, self._owner, kinds)
        except EakteError as error:
            _log.warning("lease_failed", error=error.reason)
            return None
        self._found = job is not None
        return job

    def run(self, child: Child, job: LeasedJob) -> bool:
        """Run the job in the child; returns whether the child can take another one."""
        outcome = child.call("eakte.steps:perform", {"request": job_to(job)})
        if self._stopping.is_set():
            return False
        try:
            self.judge(job, outcome)
        except LeaseLost:
            _log.info("lease_lost", job=str(job.id))
        except EakteError as error:
            _log.warning("judgement_deferred", job=str(job.id), error=error.reason)
        return isinstance(outcome, Finished | Raised)

    def judge(self, job: LeasedJob, outcome: Outcome) -> None:
        """Write down how the job ended, unless its own commit has done so."""
        if isinstance(outcome, Finished):
            answer = outcome.result if isinstance(outcome.result, dict) else {"status": "failed"}
            if answer["status"] == "retry":
                with self._services.database.write(FREE) as tx:
                    jobs.give_back(tx, job, str(answer.get("error", "")) or "retry")
            elif answer["status"] in ("failed", "unreadable"):
                self._own_fault(job, str(answer.get("error", "failed")), final=answer["status"] == "unreadable")
        elif isinstance(outcome, Crashed | MemoryExceeded | TimedOut | Raised):
            self._own_fault(job, type(outcome).__name__)
        else:
            with self._services.database.write(FREE) as tx:
                jobs.give_back(tx, job, "")

    def _own_fault(self, job: LeasedJob, error: str, *, final: bool = False) -> None:
        """The step failed by its own doing: again alone, then quarantine after three deaths, or at once if `final`."""
        _log.warning("step_died", job=str(job.id), kind=job.kind, error=error, alone=job.isolated)
        with self._services.database.write() as tx:
            if not job.isolated:
                jobs.give_back(tx, job, "", isolate=True)
            elif final or jobs.count_death(tx, job, error):
                quarantine_job(tx, job, error)
                jobs.finish(tx, job)


class LanePool:
    """The lanes of a worker, lent to whoever heard of work: at most `size` jobs run at once, from whatever source."""

    def __init__(self, services: Services, owner: str, stopping: threading.Event, size: int) -> None:
        self._stopping = stopping
        self._lanes = tuple(Lane(services, owner, stopping) for _ in range(size))
        self._idle = list(self._lanes)
        self._free = threading.Semaphore(size)

    @property
    def warm(self) -> bool:
        """Whether all lanes could begin a step at once."""
        return all(lane.warm for lane in self._lanes)

    def take(self, kinds: Sequence[str] | None, *, wait: bool = True) -> bool:
        """Do the next job of `kinds` in a free lane. False when none is due or, without `wait`, no lane is free."""
        if not self._free.acquire(blocking=wait):
            return False
        try:
            if self._stopping.is_set():
                return False
            lane = self._idle.pop(0)  # the one that rested longest: all of them are warm soon
            try:
                return lane.take(kinds)
            finally:
                if self._stopping.is_set():
                    lane.close()
                self._idle.append(lane)
        finally:
            self._free.release()

    def at_work(self) -> list[UUID]:
        """The steps that are being done: their leases are to be kept."""
        return [step for lane in self._lanes if (step := lane.at_work) is not None]

    def close(self) -> None:
        """End the children of lanes that are not lent."""
        for lane in list(self._idle):
            lane.close()
