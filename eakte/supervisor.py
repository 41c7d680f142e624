"""The worker: lanes with a child each, whoever tells them of work, a heartbeat, and the duties.

Owns no state that the database does not have: a worker that is killed costs its leases, nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import select

from core import jobs, leases
from core.database import LEASES
from core.log import logger
from core.models import Job
from core.processes import owner_is_dead, owner_name
from core.secrets import optional_secret
from core.waking import QUEUES
from eakte.bootstrap import Services
from eakte.hearing import TableHearing
from eakte.housekeeping import Duty, heartbeat, run_duty
from eakte.lanes import LanePool

_log = logger(__name__)
_HEARTBEAT_SECONDS = 5.0
GRACE_SECONDS = 10.0
"""How long a stopping worker waits for the pages at hand to be finished."""


class Hearing(Protocol):
    """How the lanes hear of work."""

    def loops(self) -> list[Callable[[], None]]:
        """What runs in a thread each, until the worker stops."""
        ...


class Supervisor:
    """Runs lanes and duties until `stop`."""

    def __init__(
        self, services: Services, duties: Sequence[Duty], lanes: int | None = None, queues: Sequence[str] = QUEUES
    ) -> None:
        self._services = services
        self._duties = duties
        self._owner = owner_name()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        size = lanes or services.settings.worker_count
        self._pool = LanePool(services, self._owner, self._stopping, size)
        self._hearing = _hearing(services, self._pool, queues, size, self._stopping)

    @property
    def owner(self) -> str:
        """The name under which this worker holds its leases."""
        return self._owner

    @property
    def warm(self) -> bool:
        """Whether every lane has a child with everything loaded."""
        return self._pool.warm

    def start(self) -> None:
        """Take back what dead workers of this host still hold, then start lanes, heartbeat and duties."""
        self._reclaim()
        heartbeat(self._services, self._owner)
        self._spawn("heartbeat", self._beat)
        for number, loop in enumerate(self._hearing.loops()):
            self._spawn(f"lane-{number}", loop)
        for duty in self._duties:
            self._spawn(duty.name, lambda duty=duty: run_duty(self._services, duty, self._owner, self._stopping))

    def stop(self, timeout: float = GRACE_SECONDS) -> None:
        """End lanes and duties. Pages at hand are finished within `timeout` seconds; the rest goes back to the queue."""
        self._stopping.set()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._pool.close()
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
                heartbeat(self._services, self._owner, self._pool.at_work())
            except Exception as error:  # whatever it was, the next beat may go through; without beats leases are lost
                _log.warning("heartbeat_failed", error=type(error).__name__)

    def _reclaim(self) -> None:
        with self._services.database.write(LEASES) as tx:
            owners = set(tx.session.scalars(select(Job.leased_by).where(Job.state == "leased")))
            for owner in owners:
                if owner and owner_is_dead(owner):
                    jobs.release_owner(tx, owner)
            leases.reclaim(tx)


def _hearing(
    services: Services, pool: LanePool, queues: Sequence[str], size: int, stopping: threading.Event
) -> Hearing:
    settings = services.settings
    if not settings.broker_url:
        return TableHearing(pool, queues, size, stopping)
    from core.celery_waking import celery_app  # Celery is loaded only where a broker is set
    from eakte.celery_hearing import CeleryHearing

    password = optional_secret(settings.broker_password_file, "EAKTE_BROKER_PASSWORD_FILE")
    return CeleryHearing(celery_app(settings.broker_url, password), pool, queues, size, stopping)
