"""The part of the audit log that belongs to one case, in a form that verifies without the installation.

Each event comes with its inclusion path (RFC 6962) to the Merkle root of its block; the blocks come with their hashes, and
the anchored heads beside them. The events of a case are counted from 1 (`case_no`), so that one left out in the middle is
seen; `last_case_no` says how many there are up to the export, which is the last of them, so that a cut tail is seen too.
What people do with the case after that belongs to the next extract.

Who looked at a case is not handed out (§ 67c Abs. 4 SGB X: control data are no means to watch staff): of looks the extract
holds hash, number and path only. What the extract alone cannot show: that an entry withheld as a look is one, and that
whoever made it did not also make the blocks; for both, compare with the authority's own log and anchors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.audit.anchors import Head
from core.audit.hashing import inclusion_path
from core.audit.sealing import event_fields
from core.models import AuditBlock, AuditEvent

FORMAT: Final = "eakte-audit-extract/1"
EXPORTED: Final = "case.exported"


def build_extract(session: Session, case_file_id: UUID, anchored: Sequence[Head]) -> dict[str, Any]:
    """The sealed events of the case up to its last export, with the anchored heads of their blocks; all of them where none
    was exported. `unsealed` counts those that were not sealed yet: seal first, then there are none.
    """
    mine = AuditEvent.case_file_id == case_file_id
    numbers = select(func.max(AuditEvent.case_no)).where(mine)
    exported = session.scalar(numbers.where(AuditEvent.action == EXPORTED))
    last = exported or session.scalar(numbers) or 0
    events = session.scalars(
        select(AuditEvent).where(mine, AuditEvent.case_no <= last).order_by(AuditEvent.chain_no)
    ).all()
    pending = select(func.count()).select_from(AuditEvent).where(mine, AuditEvent.chain_no.is_(None))
    blocks = _blocks(session, events)
    heads = {int(str(head["block_no"])): head for head in anchored}
    return {
        "format": FORMAT,
        "case_file_id": str(case_file_id),
        "last_case_no": last,
        "unsealed": 0 if exported else session.scalar(pending),
        "events": [entry for block in blocks for entry in _entries(session, block, case_file_id, last)],
        "blocks": [_block(block) for block in blocks],
        "anchors": [_head(heads[block.block_no]) for block in blocks if block.block_no in heads],
    }


def _blocks(session: Session, events: Sequence[AuditEvent]) -> list[AuditBlock]:
    """The blocks that hold these events, in order."""
    found: list[AuditBlock] = []
    for event in events:
        if event.chain_no is None or (found and event.chain_no <= found[-1].last_no):
            continue
        query = select(AuditBlock).where(AuditBlock.first_no <= event.chain_no, AuditBlock.last_no >= event.chain_no)
        found += session.scalars(query).all()
    return found


def _entries(session: Session, block: AuditBlock, case_file_id: UUID, last: int) -> Iterator[dict[str, Any]]:
    query = select(AuditEvent).where(AuditEvent.chain_no.between(block.first_no, block.last_no))
    events = session.scalars(query.order_by(AuditEvent.chain_no)).all()
    leaves = [event.leaf_hash or b"" for event in events]
    for place, event in enumerate(events):
        if event.case_file_id == case_file_id and (event.case_no or 0) <= last:
            path = [[side, sibling.hex()] for side, sibling in inclusion_path(leaves, place)]
            yield {**_shown(event), "block_no": block.block_no, "path": path}


def _shown(event: AuditEvent) -> dict[str, Any]:
    if event.category != "look":
        return {"event": event_fields(event)}
    leaf = (event.leaf_hash or b"").hex()
    return {"withheld": {"chain_no": event.chain_no, "case_no": event.case_no, "leaf_hash": leaf}}


def _head(head: dict[str, Any]) -> dict[str, Any]:
    """What the hash of a block vouches for; whatever else stands in the anchor file proves nothing here."""
    return {name: head[name] for name in ("block_no", "last_no", "hash")}


def _block(block: AuditBlock) -> dict[str, Any]:
    return {
        "block_no": block.block_no,
        "first_no": block.first_no,
        "last_no": block.last_no,
        "merkle_root": block.merkle_root.hex(),
        "previous_hash": block.previous_hash.hex(),
        "block_hash": block.block_hash.hex(),
    }
