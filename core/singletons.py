"""Doing once, here and now, what a worker's singleton does in its loop: sealing the log, bringing the index up to date.

The worker's duties are leased by name (`duty/sealer`, `duty/indexer`). Whoever holds the name does the work; when a living
worker holds it, waiting for that worker is enough. So a disposal or an export finishes with and without running workers,
and never writes an index or an anchor file beside one. What a dead process of this host still holds is taken back at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core import leases
from core.audit.anchors import Anchors
from core.audit.sealing import seal
from core.database import LEASES, Database
from core.errors import EakteError
from core.ids import new_id
from core.models import AuditEvent, OutboxEvent
from core.outbox import INDEX
from core.processes import owner_name

INDEXER: Final = "duty/indexer"
SEALER: Final = "duty/sealer"
LEASE_SECONDS: Final = 60.0
_RENEW_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 60.0
_PAUSE: Final = 0.1


def settle_index(
    database: Database,
    catch_up: Callable[[], object],
    wait: float = WAIT_SECONDS,
    current: Callable[[], bool] = lambda: True,
) -> bool:
    """Have what the outbox owes the index worked off, by `catch_up` or by the worker that holds the index.

    An index that is not `current` (absent, or of another analyser) is owed as a whole. False when another process holds
    the index and has not done it in time.
    """
    owed = select(exists().where(OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None)))
    return _settle(database, INDEXER, catch_up, lambda session: bool(session.scalar(owed)) or not current(), wait)


def settle_seals(database: Database, anchors: Anchors, wait: float = WAIT_SECONDS) -> bool:
    """Seal all committed audit events. False when another process holds the sealer and has not done it in time."""
    unsealed = select(exists().where(AuditEvent.chain_no.is_(None)))
    return _settle(
        database, SEALER, lambda: seal(database, anchors), lambda session: bool(session.scalar(unsealed)), wait
    )


@contextmanager
def _kept(database: Database, name: str, owner: str) -> Iterator[None]:
    """Keep the lease while the work lasts, however long (a rebuild of a large index), then give it back."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(_RENEW_SECONDS):
            with suppress(EakteError), database.write(LEASES) as tx:  # a beat that fails is made up for by the next
                leases.acquire(tx, name, owner, LEASE_SECONDS)

    beat = threading.Thread(target=renew, name=f"keep-{name}", daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        with database.write(LEASES) as tx:
            leases.release(tx, name, owner)


def _settle(
    database: Database, name: str, work: Callable[[], object], owed: Callable[[Session], bool], wait: float
) -> bool:
    owner = owner_name(new_id().hex[-8:])
    until = time.monotonic() + wait
    while True:
        with database.read() as session:
            if not owed(session):
                return True
        with database.write(LEASES) as tx:
            leases.reclaim(tx)
            held = leases.acquire(tx, name, owner, LEASE_SECONDS) is not None
        if held:
            with _kept(database, name, owner):
                work()
        elif time.monotonic() > until:
            return False
        else:
            time.sleep(_PAUSE)
