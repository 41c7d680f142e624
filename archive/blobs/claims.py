"""Claims: why bytes are kept. Bytes are stored before the transaction, claimed inside it, and leave only without claim.

Deletion is tombstone - grace - check the claims again - unlink, inside a write transaction (the same lock that a claim
takes), so that a claim can never land on bytes that are being removed.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select

from archive.blobs.port import BlobMissing, BlobStore, StoredBlob
from archive.models import Blob, BlobClaim
from core.database import Database, Transaction

RECEIPT = "receipt"
MAIL_ITEM = "mail_item"
DOCUMENT = "document"


def claim(tx: Transaction, store: BlobStore, blob: StoredBlob, owner_type: str, owner_id: UUID, role: str) -> None:
    """Note that `owner` needs the bytes. Claiming again changes nothing; a tombstone is lifted.

    Raises BlobMissing when the bytes vanished since they were put: the step stores them again and repeats.
    """
    if not store.exists(blob.sha256):
        raise BlobMissing(
            "Die Bytes sind nicht mehr da. Der Schritt wird wiederholt.", "blob vanished before its claim"
        )
    row = tx.session.get(Blob, blob.sha256)
    if row is None:
        tx.session.add(Blob(sha256=blob.sha256, size=blob.size, created_at=tx.now))
        tx.session.flush()
    else:
        row.tombstoned_at = None
    same = select(BlobClaim.id).where(
        BlobClaim.sha256 == blob.sha256,
        BlobClaim.owner_type == owner_type,
        BlobClaim.owner_id == owner_id,
        BlobClaim.role == role,
    )
    if tx.session.scalar(same) is None:
        tx.session.add(
            BlobClaim(sha256=blob.sha256, owner_type=owner_type, owner_id=owner_id, role=role, created_at=tx.now)
        )


def release(tx: Transaction, owner_type: str, owner_id: UUID, role: str | None = None) -> list[str]:
    """Drop the owner's claims (of one role, or all) and tombstone bytes without any claim left. Idempotent.

    Returns the addresses tombstoned now.
    """
    mine = select(BlobClaim.sha256).where(BlobClaim.owner_type == owner_type, BlobClaim.owner_id == owner_id)
    doomed = delete(BlobClaim).where(BlobClaim.owner_type == owner_type, BlobClaim.owner_id == owner_id)
    if role is not None:
        mine, doomed = mine.where(BlobClaim.role == role), doomed.where(BlobClaim.role == role)
    addresses = sorted(set(tx.session.scalars(mine)))
    tx.session.execute(doomed)
    free = [address for address in addresses if not _claimed(tx, address)]
    for blob in tx.session.scalars(select(Blob).where(Blob.sha256.in_(free))):
        blob.tombstoned_at = blob.tombstoned_at or tx.now
    return free


def unlink_released(database: Database, store: BlobStore, grace: timedelta, only: set[str] | None = None) -> int:
    """Remove tombstoned bytes whose grace is over and that nobody claims. Killed midway, the next run finishes it."""
    with database.read() as session:
        waiting = session.scalars(
            select(Blob.sha256).where(
                Blob.tombstoned_at.is_not(None), Blob.tombstoned_at <= database.clock.now() - grace
            )
        ).all()
    removed = 0
    for address in waiting:
        if only is None or address in only:
            removed += _unlink_one(database, store, address)
    return removed


def _unlink_one(database: Database, store: BlobStore, address: str) -> int:
    with database.write() as tx:
        blob = tx.session.get(Blob, address)
        if blob is None or blob.tombstoned_at is None:
            return 0
        if _claimed(tx, address):
            blob.tombstoned_at = None
            return 0
        store.unlink(address)
        tx.session.delete(blob)
        return 1


def _claimed(tx: Transaction, address: str) -> bool:
    return bool(tx.session.scalar(select(exists().where(BlobClaim.sha256 == address))))
