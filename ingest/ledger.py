"""The receipt ledger: bytes stored and read back, row committed, only then "accepted" (Life of a page, step 1)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from archive.blobs import claims
from archive.blobs.port import BlobStore, StoredBlob
from core import jobs
from core.actor import Actor, ActorKind
from core.audit import record_act
from core.database import FREE, Database, Transaction
from core.errors import InvalidInput, StorageFull, Unavailable
from core.ids import new_id
from core.log import logger
from ingest import repository
from ingest.errors import ChecksumDiffers, KeyReused
from ingest.kinds import SPLIT
from ingest.models import Receipt
from ingest.repository import ACCEPTED

_log = logger(__name__)
EARLIEST = date(1950, 1, 1)
"""Nothing older lies in a paper file that is still to be scanned: a year like 0026 is a slip."""
SCANNING_CHANNELS = ("station", "hotfolder", "cli")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a source says about the bytes it brings. `key` None = the delivery is known by its bytes, station and
    date. `there_since`: the source holds this very file since then; one accepted later under its name is the same
    delivery, on whatever day it comes once more.
    """

    channel: str
    station_id: UUID
    key: str | None = None
    received_on: date | None = None
    operator: str | None = None
    source_name: str | None = None
    sheets_told: int | None = None
    announced_sha256: str | None = None
    there_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a delivery: the same however often it comes, and whatever has become of it by then.

    `repeated`: the same delivery was accepted before, nothing new was made.
    """

    receipt_id: UUID
    sha256: str
    repeated: bool
    state: str = ACCEPTED


def receive(database: Database, store: BlobStore, agency_id: UUID, path: Path, delivery: Delivery) -> Accepted:
    """Store the file durably, then write the ledger row and the split job in one transaction.

    The file may be consumed. Raises KeyReused, ChecksumDiffers, InvalidInput (date in the future or before EARLIEST),
    StorageFull; in each case nothing is in the ledger. A crash in between leaves bytes without a claim, which the sweep
    removes.
    """
    blob = store.put_file(path)
    if delivery.announced_sha256 and delivery.announced_sha256.lower() != blob.sha256:
        raise ChecksumDiffers
    again = claims.revived(database, store, [blob])
    with database.write() as tx:
        received_on = delivery.received_on or tx.today
        if received_on > tx.today:
            raise InvalidInput(
                "Das Eingangsdatum liegt in der Zukunft. Nichts wurde angenommen.", "received_on lies in the future"
            )
        if received_on < EARLIEST:
            raise InvalidInput(
                f"Das Eingangsdatum liegt vor dem Jahr {EARLIEST.year}. Nichts wurde angenommen.",
                f"received_on lies before the year {EARLIEST.year}",
            )
        known = _known(tx, delivery, blob, received_on)
        if known is not None:
            return Accepted(known.id, known.sha256, repeated=True)
        receipt = _new_receipt(tx, agency_id, delivery, blob, received_on)
        claims.claim(tx, claims.RECEIPT, receipt.id, {"batch": blob}, again)
        jobs.enqueue(tx, agency_id, SPLIT, receipt.id, priority=50, source=delivery.station_id)
        actor = Actor(ActorKind.STATION, agency_id, station_id=delivery.station_id)
        record_act(
            tx, actor, "receipt.accepted", "receipt", receipt.id, sha256=blob.sha256, size=blob.size,
            channel=delivery.channel, received_on=received_on,
        )  # fmt: skip
        return Accepted(receipt.id, blob.sha256, repeated=False)


def note_refusal(database: Database, agency_id: UUID, station_id: UUID, code: str) -> None:
    """The audit event of what made no receipt: too large, storage full, cut off, vanished. Best effort by nature.

    Where even the event finds no room (a disk filled to the last byte), the sender's answer must not suffer from it.
    """
    actor = Actor(ActorKind.STATION, agency_id, station_id=station_id)
    try:
        with database.write(FREE) as tx:
            record_act(tx, actor, "receipt.refused", "scan_station", station_id, code=code)
    except (StorageFull, Unavailable) as error:
        _log.error("refusal_not_noted", station=str(station_id), code=code, error=error.reason)


def readable(name: str) -> str:
    """A name or path of the file system as text that every store takes: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _known(tx: Transaction, delivery: Delivery, blob: StoredBlob, received_on: date) -> Receipt | None:
    if delivery.key is None:
        return repository.same_delivery(tx.session, delivery.station_id, blob.sha256, received_on) or _left_there(
            tx, delivery, blob
        )
    known = repository.receipt_by_key(tx.session, delivery.station_id, delivery.key)
    if known is not None and known.sha256 != blob.sha256:
        raise KeyReused
    return known


def _left_there(tx: Transaction, delivery: Delivery, blob: StoredBlob) -> Receipt | None:
    """The receipt of a file that was accepted and then not taken away: a crash at midnight, a folder without rights."""
    if delivery.there_since is None or delivery.source_name is None:
        return None
    return repository.accepted_since(
        tx.session, delivery.station_id, blob.sha256, delivery.source_name, delivery.there_since
    )


def _new_receipt(tx: Transaction, agency_id: UUID, delivery: Delivery, blob: StoredBlob, received_on: date) -> Receipt:
    twin = repository.first_receipt_of(tx.session, agency_id, blob.sha256)
    receipt = Receipt(
        id=new_id(),
        agency_id=agency_id,
        sha256=blob.sha256,
        size=blob.size,
        channel=delivery.channel,
        station_id=delivery.station_id,
        operator=delivery.operator,
        # The stroke keeps it out of reach of keys that a sender chooses: those come as one part of an address.
        idempotency_key=delivery.key or f"{blob.sha256}/{received_on.isoformat()}",
        source_name=delivery.source_name,
        received_on=received_on,
        received_on_source="told" if delivery.received_on else "today",
        accepted_at=tx.now,
        sheets_told=delivery.sheets_told,
        duplicate_of=twin.id if twin else None,
        state=ACCEPTED,
    )
    tx.session.add(receipt)
    tx.session.flush()
    return receipt
