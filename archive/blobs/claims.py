"""Claims: why bytes are kept. Bytes are stored before the transaction, claimed inside it, and leave only without claim.

Removal is tombstone - grace - mark (claims checked again, row locked) - unlink - gravestone. Store and network are never
asked inside a write transaction: a claim relies on the row. One that is marked is refused (its step stores the bytes
again and repeats), and so is one with a gravestone, kept for a day, since the bytes may have been put before that
removal. Whoever put them asks the store after it (`revived`) and brings the answer along: it holds for this very removal.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from archive.blobs.port import BlobLocked, BlobMissing, BlobStore, StoredBlob
from archive.models import Blob, BlobClaim, Filing
from core.database import Database, Transaction
from core.errors import Unavailable
from core.ids import new_id
from core.log import logger

RECEIPT = "receipt"
MAIL_ITEM = "mail_item"
DOCUMENT = "document"
_GRAVESTONE = timedelta(days=1)
_OTHERS_SECONDS = 10.0  # a mark that stays so long belongs to a dead process
_STALE_SECONDS = 5.0  # a process that slept so long between mark and unlink starts again
_log = logger(__name__)

Revived = Mapping[str, datetime]
"""Addresses of bytes that are there again after a removal, and the instant that names it."""
_NONE: Final[Revived] = MappingProxyType({})


def revived(database: Database, store: BlobStore, blobs: Iterable[StoredBlob]) -> Revived:
    """Which of the bytes that were just put had been removed within the last day and are there again, after which removal.

    To be asked before the write transaction that claims them.
    """
    addresses = [blob.sha256 for blob in blobs]
    buried = select(Blob.sha256, Blob.removed_at).where(Blob.sha256.in_(addresses), Blob.removed_at.is_not(None))
    with database.read() as session:
        removed = session.execute(buried).all()
    return {sha256: at for sha256, at in removed if at is not None and store.exists(sha256)}


def claim(
    tx: Transaction, owner_type: str, owner_id: UUID, wanted: Mapping[str, StoredBlob], again: Revived = _NONE
) -> None:
    """Note that `owner` needs these bytes, by role: `claim_each` for one owner."""
    claim_each(tx, owner_type, {owner_id: wanted}, again)


def claim_each(
    tx: Transaction, owner_type: str, wanted: Mapping[UUID, Mapping[str, StoredBlob]], again: Revived = _NONE
) -> None:
    """Note that each owner needs its bytes, by role. Claiming again changes nothing; a tombstone is lifted.

    Raises BlobMissing when some are being removed, or were and `again` does not know them: the step stores them again
    and repeats.
    """
    for row in _rows(tx, {blob.sha256: blob.size for roles in wanted.values() for blob in roles.values()}):
        if row.removing_at is not None or (row.removed_at is not None and row.removed_at != again.get(row.sha256)):
            raise BlobMissing(
                "Die Bytes sind nicht mehr da. Der Schritt wird wiederholt.", "blob vanished before its claim"
            )
        row.tombstoned_at, row.removed_at, row.lock_due_at = None, None, None
    tx.insert_missing(
        BlobClaim,
        [
            {"id": new_id(), "sha256": blob.sha256, "role": role, "owner_type": owner_type, "owner_id": owner_id,
             "created_at": tx.now}
            for owner_id, roles in wanted.items()
            for role, blob in roles.items()
        ],
    )  # fmt: skip


def look_at_locks(tx: Transaction, document_ids: Collection[UUID]) -> None:
    """Something changed that decides how long the bytes of these documents are kept: their locks are due at once."""
    _look_at(tx, BlobClaim.owner_id.in_(document_ids))


def look_at_locks_of_case(tx: Transaction, case_file_id: UUID) -> None:
    """The same for every document of a case."""
    filed = select(Filing.document_id).where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None))
    _look_at(tx, BlobClaim.owner_id.in_(filed))


def _look_at(tx: Transaction, owners: ColumnElement[bool]) -> None:
    """Rows that are due already stay as they are: all of them, where the store has no locks."""
    mine = select(BlobClaim.sha256).where(BlobClaim.owner_type == DOCUMENT, owners)
    due = update(Blob).where(Blob.sha256.in_(mine), Blob.lock_due_at.is_not(None)).values(lock_due_at=None)
    tx.session.execute(due, execution_options={"synchronize_session": False})  # nothing in this session has read it


def release(tx: Transaction, owner_type: str, owner_id: UUID, role: str | None = None) -> list[str]:
    """Drop the owner's claims (of one role, or all): `release_each` for one owner."""
    return release_each(tx, owner_type, [owner_id], role)


def release_each(tx: Transaction, owner_type: str, owner_ids: Collection[UUID], role: str | None = None) -> list[str]:
    """Drop the owners' claims (of one role, or all) and tombstone bytes without any claim left. Idempotent.

    Returns the addresses tombstoned now.
    """
    mine = select(BlobClaim.sha256).where(BlobClaim.owner_type == owner_type, BlobClaim.owner_id.in_(owner_ids))
    doomed = delete(BlobClaim).where(BlobClaim.owner_type == owner_type, BlobClaim.owner_id.in_(owner_ids))
    if role is not None:
        mine, doomed = mine.where(BlobClaim.role == role), doomed.where(BlobClaim.role == role)
    addresses = sorted(set(tx.session.scalars(mine)))
    if not addresses:
        return []
    # Locked before the claims go: two owners that release the same bytes at once must not overlook each other.
    rows = tx.session.scalars(select(Blob).where(Blob.sha256.in_(addresses)).order_by(Blob.sha256).with_for_update())
    blobs = {blob.sha256: blob for blob in rows}
    tx.session.execute(doomed)
    others = set(tx.session.scalars(select(BlobClaim.sha256).where(BlobClaim.sha256.in_(addresses))))
    free = [address for address in addresses if address not in others]
    for address in free:
        blobs[address].tombstoned_at = blobs[address].tombstoned_at or tx.now
    return free


def unlink_released(database: Database, store: BlobStore, grace: timedelta, only: set[str] | None = None) -> int:
    """Remove tombstoned bytes whose grace is over and that nobody claims. Killed midway, the next run finishes it.

    What the store locks stays until the lock is over, or until the one who may break it comes.
    """
    now = database.clock.now()
    over = or_(Blob.tombstoned_at <= now - grace, Blob.removing_at.is_not(None))
    query = select(Blob.sha256).where(Blob.tombstoned_at.is_not(None), Blob.removed_at.is_(None), over)
    if only is None and store.locks:
        query = query.where(or_(Blob.locked_until.is_(None), Blob.locked_until <= now), ~Blob.held)
    with database.read() as session:
        waiting = session.scalars(query.order_by(Blob.sha256)).all()
    removed = sum(remove(database, store, address) for address in waiting if only is None or address in only)
    _forget_gravestones(database, now - _GRAVESTONE)
    return removed


def remove(database: Database, store: BlobStore, sha256: str) -> bool:
    """Remove bytes that nobody claims, known to a row or not. False when somebody claims them or the store locks them.

    Two at once: the later one waits for the earlier, and takes over when that one is dead. Idempotent.
    """
    marked = _mark(database, sha256)
    if marked is None:
        return False
    try:
        store.unlink(sha256)
    except BlobLocked:
        _log.info("blob_locked", sha256=sha256)
        _end(database, sha256, marked, removed=False)
        return False
    _end(database, sha256, marked, removed=True)
    return True


def _mark(database: Database, sha256: str) -> datetime | None:
    """Announce the removal; None when somebody claims the bytes. The answer names the mark."""
    others, until = None, time.monotonic() + _OTHERS_SECONDS
    while True:
        with database.write() as tx:
            (blob,) = _rows(tx, {sha256: 0})
            if _claimed(tx, sha256):
                blob.tombstoned_at = blob.removing_at = None
                return None
            if blob.removing_at is not None and blob.removing_at != others:
                others, until = blob.removing_at, time.monotonic() + _OTHERS_SECONDS
            if blob.removing_at is None or time.monotonic() >= until:
                blob.tombstoned_at = blob.tombstoned_at or tx.now
                blob.removing_at, blob.removed_at = _after(tx.now, blob.removing_at or blob.removed_at), None
                marked, at = blob.removing_at, time.monotonic()
                break
        time.sleep(0.1)
    if time.monotonic() - at > _STALE_SECONDS:
        raise Unavailable("Das System ist gerade ausgelastet. Bitte gleich noch einmal.", "removal was held up")
    return marked


def _rows(tx: Transaction, sizes: Mapping[str, int]) -> Sequence[Blob]:
    """The rows of these addresses, locked in their order; made where there are none. Pages without a word have the same
    text, so two workers may well make one at the same moment: the second finds the row of the first.
    """
    tx.insert_missing(
        Blob, [{"sha256": sha256, "size": sizes[sha256], "created_at": tx.now} for sha256 in sorted(sizes)]
    )
    query = select(Blob).where(Blob.sha256.in_(sizes)).order_by(Blob.sha256).with_for_update()
    return tx.session.scalars(query, execution_options={"populate_existing": True}).all()


def _after(now: datetime, earlier: datetime | None) -> datetime:
    """A mark that differs from the one it replaces, whatever the clock says."""
    return now if earlier is None or now > earlier else earlier + timedelta(microseconds=1)


def _end(database: Database, sha256: str, marked: datetime, *, removed: bool) -> None:
    """Lift the mark, unless another process has taken over since: then it is that one's."""
    with database.write() as tx:
        blob = tx.session.get(Blob, sha256, with_for_update=True)
        if blob is not None and blob.removing_at == marked:
            # The mark names the removal: no earlier one of these bytes bears the same instant.
            blob.removing_at, blob.removed_at = None, marked if removed else None


def _forget_gravestones(database: Database, before: datetime) -> None:
    with database.read() as session:
        if session.scalar(select(exists().where(Blob.removed_at < before))) is not True:
            return
    with database.write() as tx:
        unclaimed = ~exists().where(BlobClaim.sha256 == Blob.sha256)
        tx.session.execute(delete(Blob).where(Blob.removed_at < before, unclaimed))


def _claimed(tx: Transaction, address: str) -> bool:
    return bool(tx.session.scalar(select(exists().where(BlobClaim.sha256 == address))))
