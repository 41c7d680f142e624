"""The sealer: gives committed events gap-free numbers, links them into blocks, anchors the head outside the database.

Only one sealer runs (a named lease). Sealing lags behind commit by seconds; events are chained in the order of their
sealing, which is some order in which they were visible, not the order of their ids.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.audit.hashing import ZERO, block_hash, leaf_hash, merkle_root
from core.database import Database, Transaction
from core.models import AuditBlock, AuditEvent

BLOCK_SIZE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def event_fields(event: AuditEvent) -> dict[str, Any]:
    """What the leaf hash covers: every column but the hash itself; ids as text, the instant in microseconds."""
    return {
        "id": str(event.id),
        "agency_id": str(event.agency_id),
        "at": (event.at - _EPOCH) // _MICROSECOND,
        "category": event.category,
        "action": event.action,
        "actor_kind": event.actor_kind,
        "actor_id": _text(event.actor_id),
        "session_id": _text(event.session_id),
        "object_type": event.object_type,
        "object_id": _text(event.object_id),
        "case_file_id": _text(event.case_file_id),
        "details": event.details,
        "chain_no": event.chain_no,
        "case_no": event.case_no,
    }


def seal(database: Database, anchor: Path) -> int:
    """Seal what is committed, block by block, and anchor each head. Returns the number of events sealed.

    Killed between commit and anchor, the next run writes the missing anchors first.
    """
    sealed = 0
    _anchor_missing(database, anchor)
    while True:
        with database.write() as tx:
            count = _seal_block(tx)
        if not count:
            return sealed
        sealed += count
        _anchor_missing(database, anchor)


def _seal_block(tx: Transaction) -> int:
    pending = tx.session.scalars(
        select(AuditEvent).where(AuditEvent.chain_no.is_(None)).order_by(AuditEvent.id).limit(BLOCK_SIZE)
    ).all()
    if not pending:
        return 0
    last = tx.session.scalars(select(AuditBlock).order_by(AuditBlock.block_no.desc()).limit(1)).first()
    block_no, first_no, previous = (last.block_no + 1, last.last_no + 1, last.block_hash) if last else (1, 1, ZERO)
    leaves = _number_and_hash(tx, pending, first_no)
    root = merkle_root(leaves)
    last_no = first_no + len(pending) - 1
    tx.session.add(
        AuditBlock(
            block_no=block_no,
            first_no=first_no,
            last_no=last_no,
            merkle_root=root,
            previous_hash=previous,
            block_hash=block_hash(previous, root, block_no, first_no, last_no),
            sealed_at=tx.now,
        )
    )
    return len(pending)


def _number_and_hash(tx: Transaction, events: Sequence[AuditEvent], first_no: int) -> list[bytes]:
    counters = _case_counters(tx, {event.case_file_id for event in events if event.case_file_id})
    leaves = []
    for chain_no, event in enumerate(events, first_no):
        case_no = None
        if event.case_file_id:
            case_no = counters[event.case_file_id] = counters.get(event.case_file_id, 0) + 1
        with tx.session.no_autoflush:
            event.chain_no, event.case_no = chain_no, case_no
            event.leaf_hash = leaf_hash(event_fields(event))
        leaves.append(event.leaf_hash)
    return leaves


def _case_counters(tx: Transaction, case_ids: set[UUID]) -> dict[UUID, int]:
    rows = tx.session.execute(
        select(AuditEvent.case_file_id, func.max(AuditEvent.case_no))
        .where(AuditEvent.case_file_id.in_(case_ids), AuditEvent.case_no.is_not(None))
        .group_by(AuditEvent.case_file_id)
    )
    return {case_id: number or 0 for case_id, number in rows if case_id is not None}


def read_anchors(anchor: Path) -> list[dict[str, Any]]:
    """The anchored heads, oldest first; a half-written last line (power cut) is left out."""
    if not anchor.exists():
        return []
    heads = []
    for line in anchor.read_text("utf-8").splitlines():
        try:
            heads.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return heads


def _anchor_missing(database: Database, anchor: Path) -> None:
    known = read_anchors(anchor)
    last = known[-1]["block_no"] if known else 0
    with database.read() as session:
        blocks = session.scalars(
            select(AuditBlock).where(AuditBlock.block_no > last).order_by(AuditBlock.block_no)
        ).all()
    if not blocks:
        return
    anchor.parent.mkdir(parents=True, exist_ok=True)
    with anchor.open("a", encoding="utf-8") as file:
        for block in blocks:
            head = {"block_no": block.block_no, "last_no": block.last_no, "hash": block.block_hash.hex()}
            file.write(json.dumps(head) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
