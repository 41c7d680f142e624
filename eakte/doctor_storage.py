"""What `eakte doctor` asks of the blob store itself: is everything in it ours, and is it locked as the records say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import or_, select

from archive.blobs.port import BlobMissing, BlobStore
from archive.models import Blob
from core.database import Database
from eakte.doctor_records import Told

_LATE = timedelta(days=1)
_PAGE = 500


def storage_findings(database: Database, store: BlobStore, *, deep: bool) -> Iterator[Told]:
    """Each disagreement. `deep` also asks the store for every lock. No transaction is open
    while the store answers.
    """
    for name in store.strangers():
        yield (
            "foreign",
            name,
            "Das liegt im Speicher und stammt nicht von der E-Akte.",
            "This lies in the storage and is not ours.",
        )
    if store.locks:
        yield from _late_locks(database)
        if deep:
            yield from _weak_locks(database, store)


def _late_locks(database: Database) -> Iterator[Told]:
    before = database.clock.now() - _LATE
    late = or_(Blob.lock_due_at < before, Blob.lock_due_at.is_(None) & (Blob.created_at < before))
    with database.read() as session:
        found = session.scalars(select(Blob.sha256).where(late, Blob.tombstoned_at.is_(None))).all()
    for sha in found:
        yield (
            "lock_late",
            sha,
            "Die Sperre im Speicher wurde nicht rechtzeitig erneuert. Läuft ein Arbeitsprozess?",
            "The lock at the storage was not renewed in time. Does a worker run?",
        )


def _weak_locks(database: Database, store: BlobStore) -> Iterator[Told]:
    """Locks that end sooner at the store than the rows say, or a hold that is not there."""
    after = ""
    while page := _locked_rows(database, after):
        for row in page:
            try:
                found = store.locked(row.sha256)
            except BlobMissing:
                continue  # told as missing
            shorter = row.locked_until is not None and (found.until is None or found.until < row.locked_until)
            if shorter or (row.held and not found.hold):
                yield (
                    "lock_weak",
                    row.sha256,
                    "Die Bytes sind im Speicher kürzer gesperrt, als sie aufbewahrt werden.",
                    "The storage locks the bytes for a shorter time than they are kept.",
                )
        after = page[-1].sha256


def _locked_rows(database: Database, after: str) -> Sequence[Blob]:
    told = or_(Blob.locked_until > database.clock.now(), Blob.held)
    query = select(Blob).where(told, Blob.tombstoned_at.is_(None), Blob.sha256 > after)
    with database.read() as session:
        return session.scalars(query.order_by(Blob.sha256).limit(_PAGE)).all()
