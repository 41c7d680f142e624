"""The sealer: gives committed events gap-free numbers, links them into blocks, anchors the head outside the database.

Only one sealer runs (a named lease); where a lease was lost and two run, on one host or on several, at most one head is
without its anchor at any time, since a block is added only behind a head that was looked after. Sealing lags behind
commit by seconds; events are chained in the order of their sealing, which is some order in which they were visible, not
the order of their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.actor import Actor
from core.audit.anchors import Anchors, Head
from core.audit.hashing import ZERO, block_hash, leaf_hash, merkle_root
from core.audit.record import record_act
from core.database import AUDIT, Database, Transaction
from core.errors import InvalidInput
from core.models import AuditBlock, AuditEvent

BLOCK_SIZE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ON_ITS_WAY = timedelta(hours=1)


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


def seal(database: Database, anchors: Anchors) -> int:
    """Seal what is committed, block by block, and anchor each head. Returns the number of events sealed.

    Killed between commit and anchor, the next run writes that one head first, on whatever host. More than one head
    behind the last anchor is the work of somebody else, and so is a gap before it: the anchors are then left alone, for
    `verify` to name it, until a person renews them. Looks at the newest two blocks only, however long the chain is.
    """
    sealed = 0
    with anchors.alone():
        while True:
            newest = _anchor_newest(database, anchors)
            with database.write(AUDIT) as tx:
                count = _seal_block(tx) if _newest_block(tx.session) == newest else None
            if count == 0:
                return sealed
            sealed += count or 0  # None: another host was quicker, and its head has to be anchored before the next


def renew_anchors(database: Database, anchors: Anchors, actor: Actor, reason: str) -> int:
    """Write lost anchors anew from the database, after a person checked it. The chain keeps who did it and why.

    Returns the number of heads written. Raises InvalidInput without a reason.
    """
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie eine Begründung an.", "a reason is needed")
    with anchors.alone():
        # Noted and sealed under the lock: the newest head is written last, where the sealer looks for it.
        with database.write() as tx:
            record_act(tx, actor, "audit.anchors_renewed", "audit_block", None, reason=reason.strip())
        with database.write(AUDIT) as tx:
            _seal_block(tx)
        return _anchor_all(database, anchors)


def _newest_block(session: Session) -> int:
    return session.scalar(select(func.max(AuditBlock.block_no))) or 0


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


def anchored_head(block: AuditBlock) -> Head:
    """What is kept of a block outside the database."""
    at = (block.sealed_at - _EPOCH) // _MICROSECOND
    return {"block_no": block.block_no, "last_no": block.last_no, "hash": block.block_hash.hex(), "sealed_at": at}


def long_sealed(head: Head, now: datetime) -> bool:
    """Whether its anchor should be there by now, wherever sealing was interrupted."""
    return bool(now - (_EPOCH + head["sealed_at"] * _MICROSECOND) > _ON_ITS_WAY)


def _anchor_newest(database: Database, anchors: Anchors) -> int:
    """Anchor the newest head when it is the only one that lacks its anchor. Returns its number, 0 without any.

    The only head of all has none before it that could show whether anchors are lost: there, its age decides.
    """
    with database.read() as session:
        newest = session.scalars(select(AuditBlock).order_by(AuditBlock.block_no.desc()).limit(2)).all()
    if not newest:
        return 0
    head, *before = newest
    made = anchored_head(head)
    lost = any(not anchors.has(one.block_no) for one in before) if before else long_sealed(made, database.clock.now())
    if not anchors.has(head.block_no) and not lost:
        anchors.append([made])
    return head.block_no


def _anchor_all(database: Database, anchors: Anchors) -> int:
    """Append every head that has no anchor; returns how many."""
    known = {head["block_no"] for head in anchors.all()}
    with database.read() as session:
        blocks = session.scalars(select(AuditBlock).order_by(AuditBlock.block_no))
        missing = [anchored_head(block) for block in blocks if block.block_no not in known]
    anchors.append(missing)
    return len(missing)


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
