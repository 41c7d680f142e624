"""The verifier: finds changed, removed, reordered and cut-off audit events, and says where.

It trusts nothing that it reads: a row that cannot even be read is a changed one, never an error of the verifier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from core.audit.anchors import Anchors
from core.audit.hashing import ZERO, block_hash, leaf_hash, merkle_root
from core.audit.sealing import BLOCK_SIZE, anchored_head, event_fields, long_sealed
from core.database import Database
from core.models import AuditBlock, AuditEvent


@dataclass(frozen=True, slots=True)
class Problem:
    """`position` is the chain number (for anchors: the last number of the head). Kinds: changed, missing, extra,
    reordered, broken_link, block_changed, cut_tail, anchor_mismatch, anchor_missing, unreadable. `what` names the file,
    where it is one."""

    position: int
    kind: str
    what: str = ""


@dataclass(slots=True)
class Verdict:
    """`checked` events were recomputed; `ok` when there is no problem."""

    checked: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class _Walk:
    """How far the chain was followed: the block read last, the hash to link to, the next event and block due, the heads
    met."""

    read_no: int | None = None
    previous: bytes = ZERO
    event_no: int = 1
    block_no: int = 1
    heads: dict[int, dict[str, Any]] = field(default_factory=dict)


def verify(database: Database, anchors: Anchors) -> Verdict:
    """Recompute every sealed event, block and link, and compare the heads with the anchors outside the database.

    Sound beside a running sealer: anchors read before the database may not be ahead of it, and a head without an anchor
    counts only when the anchors read afterwards lack it too; the newest may be on its way, for an hour. Each block is
    read in a transaction of its own, since one over the whole chain would keep the database from cleaning up behind it.
    That loses nothing: a sealed block never changes, and its link is compared with the hash kept from the block before.
    Raises Unavailable when the database cannot be asked.
    """
    verdict, walk = Verdict(), _Walk()
    before = anchors.all()
    try:
        while _step(database, walk, verdict):
            pass
    except DatabaseError:
        verdict.problems.append(Problem(walk.event_no, "unreadable"))
    verdict.problems.extend(_compare_anchors(before, anchors.all(), walk.heads, database.clock.now()))
    return verdict


def _step(database: Database, walk: _Walk, verdict: Verdict) -> bool:
    """Follow the chain by one block. False behind the last, seen in the same transaction as what lies beyond it."""
    with database.read() as session:
        later = true() if walk.read_no is None else AuditBlock.block_no > walk.read_no
        number = session.scalar(select(func.min(AuditBlock.block_no)).where(later))
        if number is None:
            verdict.problems.extend(_beyond(session, walk.event_no - 1))
            return False
        walk.read_no = number
        verdict.problems.extend(_follow(session, number, walk, verdict))
        return True


def _follow(session: Session, number: int, walk: _Walk, verdict: Verdict) -> Iterator[Problem]:
    """The problems of one block; `walk` moves behind it."""
    block = _block(session, number)
    if block is None:
        walk.block_no = number + 1
        yield Problem(walk.event_no, "block_changed")
        return
    if block.block_no != walk.block_no or block.first_no != walk.event_no:
        yield Problem(walk.event_no, "missing")
    yield from _verify_block(session, block, verdict)
    recomputed = block_hash(block.previous_hash, block.merkle_root, block.block_no, block.first_no, block.last_no)
    if recomputed != block.block_hash:
        yield Problem(block.first_no, "block_changed")
    if block.previous_hash != walk.previous and block.block_no == walk.block_no:
        yield Problem(block.first_no, "broken_link")
    walk.heads[block.block_no] = anchored_head(block)
    walk.previous, walk.event_no, walk.block_no = block.block_hash, block.last_no + 1, block.block_no + 1


def _block(session: Session, number: int) -> AuditBlock | None:
    """The block, or None when it cannot be read as one: wrong types, impossible numbers."""
    try:
        block = session.get_one(AuditBlock, number)
        whole = all(isinstance(part, bytes) for part in (block.merkle_root, block.previous_hash, block.block_hash))
        possible = 0 < block.last_no - block.first_no + 1 <= BLOCK_SIZE
    except Exception:  # what somebody wrote into the row may fail to be read in any way; each of them is a finding
        return None
    return block if whole and possible else None


def _verify_block(session: Session, block: AuditBlock, verdict: Verdict) -> Iterator[Problem]:
    events = _events(session, block)
    leaves: list[bytes] = []
    damaged = False
    for number in range(block.first_no, block.last_no + 1):
        if number not in events:
            yield Problem(number, "missing")
            damaged = True
            continue
        verdict.checked += 1
        event = events[number]
        leaf = leaf_hash(event_fields(event)) if event is not None else b""
        if event is None or leaf != event.leaf_hash:
            yield Problem(number, "changed")
            damaged = True
        leaves.append(leaf)
    if not damaged and merkle_root(leaves) != block.merkle_root:
        yield Problem(block.first_no, "reordered")


def _events(session: Session, block: AuditBlock) -> dict[int, AuditEvent | None]:
    """The events of a block by number; None for a row that is there and cannot be read."""
    inside = AuditEvent.chain_no.between(block.first_no, block.last_no)
    try:
        return {event.chain_no or 0: event for event in session.scalars(select(AuditEvent).where(inside))}
    except Exception:  # one row that cannot be read must not hide the others
        numbers = session.scalars(select(AuditEvent.chain_no).where(inside)).all()
    return {number: _event(session, number) for number in numbers if number is not None}


def _event(session: Session, number: int) -> AuditEvent | None:
    try:
        return session.scalars(select(AuditEvent).where(AuditEvent.chain_no == number)).one()
    except Exception:  # see _block
        return None


def _beyond(session: Session, last_no: int) -> Iterator[Problem]:
    beyond = session.scalar(select(func.max(AuditEvent.chain_no)).where(AuditEvent.chain_no > last_no))
    if beyond is not None:
        yield Problem(beyond, "extra")


def _compare_anchors(
    before: list[dict[str, Any]], after: list[dict[str, Any]], heads: dict[int, dict[str, Any]], now: datetime
) -> Iterator[Problem]:
    for head in before:
        known = heads.get(head["block_no"])
        if known is None:
            yield Problem(head["last_no"], "cut_tail")
        elif known != head:
            yield Problem(head["last_no"], "anchor_mismatch")
    anchored = {head["block_no"] for head in (*before, *after)}
    for number, head in heads.items():
        if number not in anchored and (number != max(heads) or long_sealed(head, now)):
            yield Problem(head["last_no"], "anchor_missing")
