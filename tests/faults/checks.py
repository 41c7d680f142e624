"""Afterwards: everything comes to rest by itself, and all stores tell the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select

from archive.blobs.claims import unlink_released
from archive.models import Blob, BlobClaim, Document, Filing
from core.errors import EakteError
from core.models import AuditEvent, Job, OutboxEvent
from eakte.searching import documents_in_index
from inbox.models import InboxItem
from ingest.cleaning import OrphanSweep
from ingest.models import MailItem, Receipt
from tests.faults.stack import Stack
from tests.faults.stations import Station

REST_SECONDS = 1800.0


def come_to_rest(stack: Stack) -> float:
    """Wait until nothing is in work, nothing owed to the index, nothing unsealed or unlocked; returns the seconds."""
    begun = time.monotonic()
    left: dict[str, int] | str = "nobody asked"
    while time.monotonic() - begun < REST_SECONDS:
        try:
            left = _left(stack)
        except EakteError as error:
            left = error.en
        if isinstance(left, dict) and not any(left.values()):
            return time.monotonic() - begun
        time.sleep(0.5)
    raise AssertionError(f"not at rest: {left}; {stack.worker.said()}")


def compare(stack: Stack, stations: Sequence[Station]) -> dict[str, Any]:
    """Hold all stores against what the stations were told. Raises AssertionError; returns the counts."""
    told = {key: receipt for station in stations for key, receipt in station.accepted.items()}
    counted = _ledger(stack, told)
    counted |= _records(stack)
    counted |= _bytes(stack)
    code, answer = stack.command("ledger", "reconcile")
    assert (code, answer["difference"], answer["orphans"], answer["in_work"]) == (0, 0, 0, 0), answer
    assert (answer["quarantined"], answer["rejected"]) == (0, 0), answer
    code, answer = stack.command("doctor")
    assert (code, answer) == (0, {"findings": []})
    code, answer = stack.command("audit", "verify")
    assert (code, answer["ok"], answer["problems"]) == (0, True, []), answer
    return {**counted, "difference": 0, "findings": 0, "audit_checked": answer["checked"]}


def _left(stack: Stack) -> dict[str, int]:
    count = select(func.count())
    with stack.services.database.read() as session:
        now = stack.services.database.clock.now()
        alive = Blob.tombstoned_at.is_(None), Blob.removing_at.is_(None), Blob.removed_at.is_(None)
        asked = {
            "receipts": count.select_from(Receipt).where(Receipt.final_at.is_(None)),
            "jobs": count.select_from(Job).where(Job.state.in_(("ready", "leased"))),
            "index": count.select_from(OutboxEvent).where(OutboxEvent.processed_at.is_(None)),
            "seals": count.select_from(AuditEvent).where(AuditEvent.chain_no.is_(None)),
            "locks": count.select_from(Blob).where(or_(Blob.lock_due_at.is_(None), Blob.lock_due_at <= now), *alive),
        }
        return {name: session.scalar(query) or 0 for name, query in asked.items()}


def _ledger(stack: Stack, told: dict[str, str]) -> dict[str, int]:
    """Every receipt that a station was told of is there once under its key, and none besides."""
    with stack.services.database.read() as session:
        rows = session.execute(select(Receipt.idempotency_key, Receipt.id)).all()
        noted = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "receipt.accepted")).all()
    there = {key: str(one) for key, one in rows}
    assert there == told, f"lost {told.items() - there.items()}, not told {there.items() - told.items()}"
    assert len(rows) == len(set(told.values())) == len(told)
    assert sorted(map(str, noted)) == sorted(told.values())
    return {"receipts": len(told)}


def _records(stack: Stack) -> dict[str, int]:
    """Every batch of the load is one letter: one document, one delivery, one filing at most, one entry in the index."""
    with stack.services.database.read() as session:
        items = session.execute(select(MailItem.id, MailItem.state)).all()
        receipts = session.scalar(select(func.count()).select_from(Receipt))
        documents = session.scalars(select(Document.id)).all()
        delivered = session.scalars(select(InboxItem.document_id)).all()
        filings = session.scalars(select(Filing.document_id)).all()
        deaths = session.scalar(select(func.max(Job.deaths)))
    assert len(items) == len(documents) == receipts
    assert {state for _, state in items} <= {"filed", "clearing"}
    assert sorted(delivered) == sorted(documents)
    assert len(filings) == len(set(filings)) == sum(state == "filed" for _, state in items)
    assert deaths in (0, None), "a step was blamed for what others did"
    indexed = documents_in_index(stack.services)
    assert indexed == {str(one) for one in documents}, "the index and the database differ"
    return {"documents": len(documents), "in_index": len(indexed)}


def _bytes(stack: Stack) -> dict[str, int]:
    """What a kill left between storing and committing is swept; then objects and claims are the same."""
    services = stack.services
    swept = 0
    sweep = OrphanSweep(services.database, services.blobs, 0)
    while removed := sweep.step():
        swept += removed
    unlink_released(services.database, services.blobs, timedelta(0))
    with services.database.read() as session:
        claimed = set(session.scalars(select(BlobClaim.sha256)))
    objects = {address for address, _ in services.blobs.all()}
    assert objects == claimed, f"{len(claimed - objects)} missing, {len(objects - claimed)} too many"
    return {"objects": len(objects), "claimed": len(claimed), "swept": swept}
