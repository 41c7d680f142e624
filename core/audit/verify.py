"""The verifier: finds changed, removed, reordered and cut-off audit events, and says where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.audit.hashing import ZERO, block_hash, leaf_hash, merkle_root
from core.audit.sealing import event_fields, read_anchors
from core.models import AuditBlock, AuditEvent


@dataclass(frozen=True, slots=True)
class Problem:
    """`position` is the chain number (for anchors: the last number anchored). Kinds: changed, missing, extra,
    reordered, broken_link, block_changed, cut_tail, anchor_mismatch. `what` names the file, where it is one."""

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


def verify(session: Session, anchor: Path) -> Verdict:
    """Recompute every sealed event, block and link, and compare the heads with the anchors outside the database."""
    verdict = Verdict()
    previous, expected_no, expected_block = ZERO, 1, 1
    heads: dict[int, str] = {}
    for block in session.scalars(select(AuditBlock).order_by(AuditBlock.block_no)):
        if block.block_no != expected_block or block.first_no != expected_no:
            verdict.problems.append(Problem(expected_no, "missing"))
        _verify_block(session, block, verdict)
        recomputed = block_hash(block.previous_hash, block.merkle_root, block.block_no, block.first_no, block.last_no)
        if recomputed != block.block_hash:
            verdict.problems.append(Problem(block.first_no, "block_changed"))
        if block.previous_hash != previous and block.block_no == expected_block:
            verdict.problems.append(Problem(block.first_no, "broken_link"))
        previous, expected_no, expected_block = block.block_hash, block.last_no + 1, block.block_no + 1
        heads[block.block_no] = block.block_hash.hex()
    _verify_tail(session, expected_no - 1, verdict)
    verdict.problems.extend(_compare_anchors(read_anchors(anchor), heads))
    return verdict


def _verify_block(session: Session, block: AuditBlock, verdict: Verdict) -> None:
    query = select(AuditEvent).where(AuditEvent.chain_no.between(block.first_no, block.last_no))
    events = {event.chain_no: event for event in session.scalars(query)}
    leaves: list[bytes] = []
    damaged = False
    for number in range(block.first_no, block.last_no + 1):
        event = events.get(number)
        if event is None:
            verdict.problems.append(Problem(number, "missing"))
            damaged = True
            continue
        verdict.checked += 1
        leaf = leaf_hash(event_fields(event))
        if leaf != event.leaf_hash:
            verdict.problems.append(Problem(number, "changed"))
            damaged = True
        leaves.append(leaf)
    if not damaged and merkle_root(leaves) != block.merkle_root:
        verdict.problems.append(Problem(block.first_no, "reordered"))


def _verify_tail(session: Session, last_no: int, verdict: Verdict) -> None:
    beyond = session.scalar(select(func.max(AuditEvent.chain_no)).where(AuditEvent.chain_no > last_no))
    if beyond is not None:
        verdict.problems.append(Problem(beyond, "extra"))


def _compare_anchors(anchors: list[dict[str, object]], heads: dict[int, str]) -> Iterable[Problem]:
    for head in anchors:
        number, last_no = int(str(head["block_no"])), int(str(head["last_no"]))
        if number not in heads:
            yield Problem(last_no, "cut_tail")
        elif heads[number] != head["hash"]:
            yield Problem(last_no, "anchor_mismatch")
