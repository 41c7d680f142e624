"""Doing once, here and now, what a worker's singleton does in its loop: sealing the log, bringing the index up to date.

The worker's duties are leased by name (`duty/sealer`, `duty/indexer`). Whoever holds the name does the work; when a living
worker holds it, waiting for that worker is enough. So a disposal finishes with and without running workers, and never
writes an index or an anchor file beside one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from archive.blobs.port import BlobStore
from core import leases
from core.audit.sealing import seal
from core.database import Database
from core.ids import new_id
from core.models import AuditEvent, OutboxEvent
from core.outbox import INDEX
from search.index import SearchIndex
from search.indexing import Indexer

INDEXER: Final = "duty/indexer"
SEALER: Final = "duty/sealer"
LEASE_SECONDS: Final = 300.0
WAIT_SECONDS: Final = 60.0
_PAUSE: Final = 0.1


def settle_index(database: Database, store: BlobStore, index: SearchIndex, wait: float = WAIT_SECONDS) -> bool:
    """Work off what the outbox owes the index. False when another process holds the index and has not done it in time."""
    indexer = Indexer(database, store, index)
    owed = select(exists().where(OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None)))
    return _settle(database, INDEXER, indexer.catch_up, lambda session: bool(session.scalar(owed)), wait)


def settle_seals(database: Database, anchor: Path, wait: float = WAIT_SECONDS) -> bool:
    """Seal all committed audit events. False when another process holds the sealer and has not done it in time."""
    unsealed = select(exists().where(AuditEvent.chain_no.is_(None)))
    return _settle(
        database, SEALER, lambda: seal(database, anchor), lambda session: bool(session.scalar(unsealed)), wait
    )


def _settle(
    database: Database, name: str, work: Callable[[], object], owed: Callable[[Session], bool], wait: float
) -> bool:
    owner = f"retention/{new_id()}"
    until = time.monotonic() + wait
    while True:
        with database.read() as session:
            if not owed(session):
                return True
        with database.write() as tx:
            held = leases.acquire(tx, name, owner, LEASE_SECONDS) is not None
        if held:
            try:
                work()
            finally:
                with database.write() as tx:
                    leases.release(tx, name, owner)
        elif time.monotonic() > until:
            return False
        else:
            time.sleep(_PAUSE)
