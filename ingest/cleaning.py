"""Bytes that are no longer needed on the way in: split batches after their grace time, orphans, stale temporary
files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from archive.blobs import claims
from archive.blobs.port import BlobStore
from core.actor import system_actor
from core.audit import record_act
from core.database import Database
from ingest import repository
from ingest.models import Receipt
from ingest.stored_bytes import PAGE, unknown

# Addresses that one tick of the sweep looks at: well below a second on a disk.
SWEEP_BUDGET = 20_000


def release_split_batches(database: Database, grace: timedelta) -> int:
    """Give up the bytes of batches whose items all have verified masters of their own, `grace` after the last one.

    A receipt that is one item keeps its bytes: they are the item's master, claimed by it. Idempotent.
    """
    due = database.clock.now() - grace
    with database.read() as session:
        query = select(Receipt.id).where(
            Receipt.state == "split", Receipt.blob_released_at.is_(None), Receipt.final_at <= due
        )
        waiting = session.scalars(query).all()
    released = 0
    for receipt_id in waiting:
        with database.write() as tx:
            receipt = tx.session.get_one(Receipt, receipt_id)
            items = repository.items_of(tx.session, receipt_id)
            if receipt.blob_released_at is not None or any(item.master_sha256 is None for item in items):
                continue
            claims.release(tx, claims.RECEIPT, receipt_id)
            receipt.blob_released_at = tx.now
            record_act(tx, system_actor(receipt.agency_id), "receipt.batch_released", "receipt", receipt_id)
            released += 1
    return released


class OrphanSweep:
    """Removes stored bytes that no row knows and that are older than the grace time (a crash between put and commit).

    Goes through the store in order, a bounded part each time, remembers the place and begins anew at the end. Whether
    somebody claims the bytes is asked again where their removal is announced, under the lock that a claim takes.
    """

    def __init__(self, database: Database, store: BlobStore, grace: float) -> None:
        self._database, self._store, self._grace = database, store, grace
        self._place = ""

    def step(self, budget: int = SWEEP_BUDGET) -> int:
        """Look at the next `budget` addresses; returns how many were removed."""
        listed = islice(self._store.all(self._place), budget)
        removed = looked = 0
        while page := list(islice(listed, PAGE)):
            orphans = unknown(self._database, page, self._grace)
            removed += sum(claims.remove(self._database, self._store, address) for address in orphans)
            looked += len(page)
            self._place = page[-1][0]
        if looked < budget:
            self._place = ""
        return removed


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Keep a temporary folder from being taken for a dead process's, however long nothing is written in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def remove_stale_files(folder: Path, seconds: float) -> int:
    """Remove temporary files and folders in which nothing is younger than `seconds` and which nobody keeps: their process
    is long dead.
    """
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if time.time() - _youngest(path) > seconds:
                if path.is_dir() and not path.is_symlink():
                    if _kept(path):
                        continue
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed


def _kept(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _youngest(path: Path) -> float:
    """When something in it was last written."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
    youngest: float = max(one.lstat().st_mtime for one in (path, *inside))
    return youngest
