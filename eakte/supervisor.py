"""The worker: a supervisor and N child processes. Lanes lease jobs, hand them to children, and judge how children end.

A child that dies costs its lease at once. Only an end that the step itself caused, alone in a child of its own,
counts as a death; three of them quarantine it. A kill from outside, a shutdown or a lost store is retried without
limit.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from core import jobs, leases
from core.database import FREE, LEASES
from core.errors import EakteError, LeaseLost
from core.isolation import Child, Crashed, Finished, Limits, MemoryExceeded, Outcome, Raised, TimedOut
from core.jobs import LeasedJob
from core.log import logger
from core.models import Job
from core.processes import owner_is_dead, owner_name
from eakte.bootstrap import Services
from eakte.handover import job_to
from eakte.housekeeping import Duty, heartbeat, run_duty
from ingest.outcomes import quarantine_job

_log = logger(__name__)
_IDLE_SECONDS = 0.1
_FAULT_SECONDS = 1.0
_HEARTBEAT_SECONDS = 5.0
_WARM_UP_SECONDS = 300.0


class Supervisor:
    """Runs lanes and duties until `stop`. Owns no state that the database does not have."""

    def __init__(self, services: Services, duties: Sequence[Duty], lanes: int | None = None) -> None:
        self._services = services
        self._duties = duties
        self._lanes = lanes or services.settings.worker_count
        self._owner = owner_name()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._limits = Limits(
            memory_mb=services.settings.job_memory_mb, wall_seconds=float(services.settings.job_seconds)
        )

    @property
    def owner(self) -> str:
        """The name under which this worker holds its leases."""
        return self._owner

    def start(self) -> None:
        """Take back what dead workers of this host still hold, then start lanes, heartbeat and duties."""
        self._reclaim()
        heartbeat(self._services, self._owner)
        self._spawn("heartbeat", self._beat)
        for number in range(self._lanes):
            self._spawn(f"lane-{number}", self._lane)
        for duty in self._duties:
            self._spawn(duty.name, lambda duty=duty: run_duty(self._services, duty, self._owner, self._stopping))

    def stop(self, timeout: float = 10.0) -> None:
        """End lanes and duties; unfinished steps go back to the queue at once."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout)
        with self._services.database.write(LEASES) as tx:
            jobs.release_owner(tx, self._owner)
            leases.release(tx, f"worker/{self._owner}", self._owner)
            for duty in self._duties:
                leases.release(tx, f"duty/{duty.name}", self._owner)

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`; True when the worker is stopping."""
        return self._stopping.wait(seconds)

    def _spawn(self, name: str, target: object) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def _beat(self) -> None:
        while not self._stopping.wait(_HEARTBEAT_SECONDS):
            try:
                heartbeat(self._services, self._owner)
            except Exception as error:  # whatever it was, the next beat may go through; without beats leases are lost
                _log.warning("heartbeat_failed", error=type(error).__name__)

    def _lane(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work()
            except Exception as error:  # a lane that ends silently would leave its work undone until a restart
                _log.error("lane_broken", error=type(error).__name__, exc_info=error)
                self._stopping.wait(_FAULT_SECONDS)

    def _work(self) -> None:
        child: Child | None = None
        fresh = False
        try:
            while not self._stopping.is_set():
                if child is None:
                    child, fresh = self._new_child(), True
                    continue
                job = self._next_job()
                if job is None:
                    self._stopping.wait(_IDLE_SECONDS)
                    continue
                if job.isolated and not fresh:
                    child.stop()
                    child = self._new_child()
                fresh = False
                if not self._run(child, job) or job.isolated:
                    child.stop()
                    child = None
        finally:
            if child is not None:
                child.stop()

    def _new_child(self) -> Child:
        """A child with everything loaded: a step's time limit is for the step alone, also on a machine under load."""
        child = Child(self._limits)
        child.call("eakte.steps:warm_up", {}, replace(self._limits, wall_seconds=_WARM_UP_SECONDS))
        return child

    def _next_job(self) -> LeasedJob | None:
        try:
            with self._services.database.read() as session:
                if not jobs.any_due(session, self._services.database.clock.now()):
                    return None
            with self._services.database.write(FREE) as tx:
                return jobs.lease(tx, self._owner)
        except EakteError as error:
            _log.warning("lease_failed", error=error.reason)
            return None

    def _run(self, child: Child, job: LeasedJob) -> bool:
        """Run the job in the child; returns whether the child can take another one."""
        outcome = child.call("eakte.steps:perform", {"request": job_to(job)})
        if self._stopping.is_set():
            return False
        try:
            self._judge(job, outcome)
        except LeaseLost:
            _log.info("lease_lost", job=str(job.id))
        except EakteError as error:
            _log.warning("judgement_deferred", job=str(job.id), error=error.reason)
        return isinstance(outcome, Finished | Raised)

    def _judge(self, job: LeasedJob, outcome: Outcome) -> None:
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

    def _reclaim(self) -> None:
        with self._services.database.write(LEASES) as tx:
            owners = set(tx.session.scalars(select(Job.leased_by).where(Job.state == "leased")))
            for owner in owners:
                if owner and owner_is_dead(owner):
                    jobs.release_owner(tx, owner)
            leases.reclaim(tx)
