"""The part of the audit log that belongs to one case, in a form that verifies without the installation.

Each event comes with its inclusion path (RFC 6962) to the Merkle root of its block; the blocks come with their hashes, and
the anchored heads beside them. The events of a case are counted from 1 (`case_no`), so that one left out in the middle is
seen; `last_case_no` says how many there were when the extract was made. What the extract alone cannot show: that whoever
made it did not also make the blocks; for that, compare the anchors with the authority's own copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.audit.hashing import block_hash, inclusion_path, leaf_hash, root_from_path
from core.audit.sealing import event_fields, read_anchors
from core.audit.verify import Problem, Verdict
from core.models import AuditBlock, AuditEvent

FORMAT = "eakte-audit-extract/1"


def build_extract(session: Session, case_file_id: UUID, anchor: Path) -> dict[str, Any]:
    """All sealed events of the case. `unsealed` counts those that were not sealed yet: seal first, then there are none."""
    mine = select(AuditEvent).where(AuditEvent.case_file_id == case_file_id)
    events = session.scalars(mine.where(AuditEvent.chain_no.is_not(None)).order_by(AuditEvent.chain_no)).all()
    pending = select(func.count()).select_from(AuditEvent)
    blocks = _blocks(session, events)
    heads = {int(str(head["block_no"])): head for head in read_anchors(anchor)}
    return {
        "format": FORMAT,
        "case_file_id": str(case_file_id),
        "last_case_no": max((event.case_no or 0 for event in events), default=0),
        "unsealed": session.scalar(
            pending.where(AuditEvent.case_file_id == case_file_id, AuditEvent.chain_no.is_(None))
        ),
        "events": [entry for block in blocks for entry in _entries(session, block, case_file_id)],
        "blocks": [_block(block) for block in blocks],
        "anchors": [heads[block.block_no] for block in blocks if block.block_no in heads],
    }


def verify_extract(extract: Any) -> Verdict:
    """Recompute an extract offline. Never raises: what cannot be read is a problem of kind `unreadable`.

    Kinds: unreadable, changed, missing (a number of the case is left out), extra (twice, or another case's), reordered,
    block_changed, anchor_mismatch. `position` is the chain number, for `missing` the number within the case.
    """
    verdict = Verdict()
    try:
        verdict.problems.extend(_problems(extract, verdict))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        verdict.problems.append(Problem(0, "unreadable"))
    return verdict


def _problems(extract: Mapping[str, Any], verdict: Verdict) -> Iterator[Problem]:
    if extract["format"] != FORMAT:
        raise ValueError("another format")
    blocks = {int(block["block_no"]): block for block in extract["blocks"]}
    for block in blocks.values():
        if _recomputed(block) != block["block_hash"]:
            yield Problem(int(block["first_no"]), "block_changed")
    for head in extract["anchors"]:
        if blocks[int(head["block_no"])]["block_hash"] != head["hash"]:
            yield Problem(int(head["last_no"]), "anchor_mismatch")
    counted = []
    for entry in extract["events"]:
        fields, block = entry["event"], blocks[int(entry["block_no"])]
        verdict.checked += 1
        counted.append(int(fields["case_no"]))
        if fields["case_file_id"] != extract["case_file_id"]:
            yield Problem(int(fields["chain_no"]), "extra")
        path = [(str(side), bytes.fromhex(sibling)) for side, sibling in entry["path"]]
        inside = int(block["first_no"]) <= int(fields["chain_no"]) <= int(block["last_no"])
        if not inside or root_from_path(leaf_hash(fields), path).hex() != block["merkle_root"]:
            yield Problem(int(fields["chain_no"]), "changed")
    yield from _uncounted(counted, int(extract["last_case_no"]))


def _uncounted(counted: Sequence[int], last: int) -> Iterator[Problem]:
    for number in range(1, last + 1):
        if number not in set(counted):
            yield Problem(number, "missing")
    if len(set(counted)) != len(counted) or any(number > last for number in counted):
        yield Problem(max(counted), "extra")
    if counted != sorted(counted):
        yield Problem(counted[0], "reordered")


def _recomputed(block: Mapping[str, Any]) -> str:
    previous, root = bytes.fromhex(block["previous_hash"]), bytes.fromhex(block["merkle_root"])
    return block_hash(previous, root, int(block["block_no"]), int(block["first_no"]), int(block["last_no"])).hex()


def _blocks(session: Session, events: Sequence[AuditEvent]) -> list[AuditBlock]:
    """The blocks that hold these events, in order."""
    found: list[AuditBlock] = []
    for event in events:
        if event.chain_no is None or (found and event.chain_no <= found[-1].last_no):
            continue
        query = select(AuditBlock).where(AuditBlock.first_no <= event.chain_no, AuditBlock.last_no >= event.chain_no)
        found += session.scalars(query).all()
    return found


def _entries(session: Session, block: AuditBlock, case_file_id: UUID) -> Iterator[dict[str, Any]]:
    query = select(AuditEvent).where(AuditEvent.chain_no.between(block.first_no, block.last_no))
    events = session.scalars(query.order_by(AuditEvent.chain_no)).all()
    leaves = [event.leaf_hash or b"" for event in events]
    for place, event in enumerate(events):
        if event.case_file_id == case_file_id:
            path = [[side, sibling.hex()] for side, sibling in inclusion_path(leaves, place)]
            yield {"event": event_fields(event), "block_no": block.block_no, "path": path}


def _block(block: AuditBlock) -> dict[str, Any]:
    return {
        "block_no": block.block_no,
        "first_no": block.first_no,
        "last_no": block.last_no,
        "merkle_root": block.merkle_root.hex(),
        "previous_hash": block.previous_hash.hex(),
        "block_hash": block.block_hash.hex(),
    }
