"""The singletons beside the lanes: heartbeat, sweeper, sealer, indexer, byte remover, hot folders. Each is a leased
loop.

Every duty is a small idempotent function; a worker that loses its lease simply stops doing it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from core import jobs, leases
from core.database import FREE, LEASES
from core.errors import EakteError
from core.log import logger
from core.models import Lease
from eakte.bootstrap import Services

_log = logger(__name__)
LEASE_SECONDS = 20.0
_AFTER_FAILURE = 2.0
"""Seconds until what failed is tried again: a store that is away for an hour must not fill the log."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A named loop: at most one process runs it at a time; `interval` in seconds."""

    name: str
    interval: float
    run: Callable[[], object]


def heartbeat(services: Services, owner: str, at_work: Collection[UUID] = ()) -> None:
    """Keep the leases of the steps that are at work in this worker, and its sign of life."""
    with services.database.write(LEASES) as tx:
        jobs.heartbeat(tx, owner, at_work)
        leases.acquire(tx, f"worker/{owner}", owner, LEASE_SECONDS)


def sweep(services: Services) -> None:
    """Return expired leases to the queue."""
    with services.database.write(FREE) as tx:
        jobs.sweep(tx)


def run_duty(services: Services, duty: Duty, owner: str, stopping: threading.Event) -> None:
    """Run one duty until `stopping`, whenever this worker holds its lease. An error is logged and tried again later."""
    sure_until = 0.0
    while not stopping.is_set():
        started = time.monotonic()
        pause = duty.interval
        try:
            if started >= sure_until:
                sure_until = started + _sure_seconds(services, duty.name, owner)
            if started < sure_until:
                duty.run()
        except (EakteError, OSError) as error:
            _log.warning("duty_failed", duty=duty.name, error=type(error).__name__)
            pause = max(pause, _AFTER_FAILURE)
        except Exception as error:  # one duty's fault must not end the others
            _log.error("duty_broken", duty=duty.name, error=type(error).__name__, exc_info=error)
            pause = max(pause, _AFTER_FAILURE)
        stopping.wait(max(0.02, pause - (time.monotonic() - started)))


def _sure_seconds(services: Services, name: str, owner: str) -> float:
    """How long this worker surely holds the duty; 0 while another one does. Asking at each run, several times a second,
    would be most of what an idle worker does.
    """
    with services.database.read() as session:
        held = session.get(Lease, f"duty/{name}")
        now = services.database.clock.now()
        in_force = held is not None and leases.in_force(held, now)
        if held is not None and in_force and held.owner != owner:
            return 0.0
        left = (held.until - now).total_seconds() if held is not None and in_force else 0.0
        if left > LEASE_SECONDS / 2:
            return left - LEASE_SECONDS / 2
    with services.database.write(LEASES) as tx:
        taken = leases.acquire(tx, f"duty/{name}", owner, LEASE_SECONDS)
    return 0.0 if taken is None else LEASE_SECONDS / 2
