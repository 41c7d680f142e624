"""Appraising a frozen list, in short transactions: the archive decides on all of its objects, or on one.

A decision that replaces an earlier one takes all earlier ones back first, in one statement; then the objects get theirs, a
few in each transaction. So whatever interrupts it, an object has the new decision or none, and what has none is not
destroyed. The same call goes on where it stopped; a list that was approved meanwhile stays as it was approved.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from core.actor import Actor, Role
from core.audit import record_act
from core.database import Database, Transaction
from core.errors import InvalidInput, NotFound
from retention.models import DisposalList, DisposalObject
from retention.service import require_frozen, require_list, require_role

DECISIONS = ("destroy", "archive")
BATCH: Final = 50


def appraise(database: Database, actor: Actor, name: str, decision: str, number: int | None = None) -> int:
    """The archive's decision on all objects of a frozen list, or on one: destroy | archive. Returns how many it is for.

    A later decision replaces an earlier one until approval. Objects with action A are archival: left out where all are to
    be destroyed. Idempotent: an object that the same person decided so already is left alone. Raises NotAllowed,
    InvalidInput, NotFound, and WrongListState, also when the list is approved before all objects had their turn.
    """
    user = require_role(actor, Role.ARCHIVIST)
    if decision not in DECISIONS:
        raise InvalidInput("Möglich sind destroy (vernichten) und archive (abgeben).", "unknown decision")
    with database.write() as tx:
        listed = _frozen(tx.session, actor, name)
        chosen = _chosen(listed.id, decision, number)
        count = _require_any(tx.session, listed, decision, number, chosen)
        earlier = DisposalObject.decision.is_not(None), DisposalObject.decision != decision
        taken_back = update(DisposalObject).where(chosen, *earlier)
        tx.session.execute(taken_back.values(decision=None, decided_by=None, decided_at=None))
    while _decide_some(database, actor, user, name, decision, chosen):
        pass
    return count


def _decide_some(
    database: Database, actor: Actor, user: UUID, name: str, decision: str, chosen: ColumnElement[bool]
) -> bool:
    """Give the next objects their decision; False when there are none left."""
    with database.write() as tx:
        _frozen(tx.session, actor, name)
        undecided = or_(DisposalObject.decision.is_(None), DisposalObject.decision != decision)
        others = or_(DisposalObject.decided_by.is_(None), DisposalObject.decided_by != user)
        waiting = select(DisposalObject).where(chosen, or_(undecided, others))
        some = tx.session.scalars(waiting.order_by(DisposalObject.number).limit(BATCH)).all()
        for one in some:
            _decide(tx, actor, user, one, decision)
        return bool(some)


def _decide(tx: Transaction, actor: Actor, user: UUID, one: DisposalObject, decision: str) -> None:
    one.decision, one.decided_by, one.decided_at = decision, user, tx.now
    record_act(
        tx, actor, "disposal.appraised", "disposal_object", one.id, case_file_id=one.case_file_id, decision=decision
    )


def _frozen(session: Session, actor: Actor, name: str) -> DisposalList:
    listed = require_list(session, actor, name)
    require_frozen(listed)
    return listed


def _chosen(list_id: UUID, decision: str, number: int | None) -> ColumnElement[bool]:
    chosen = DisposalObject.list_id == list_id
    if number is not None:
        return chosen & (DisposalObject.number == number)
    return chosen & (DisposalObject.disposal_action != "A") if decision == "destroy" else chosen


def _require_any(
    session: Session, listed: DisposalList, decision: str, number: int | None, chosen: ColumnElement[bool]
) -> int:
    if number is not None:
        mine = DisposalObject.list_id == listed.id, DisposalObject.number == number
        action = session.scalar(select(DisposalObject.disposal_action).where(*mine))
        if action is None:
            raise NotFound(f"Die Liste hat kein Objekt {number}.", "no such object")
        if decision == "destroy" and action == "A":
            raise InvalidInput("Dieses Objekt ist archivwürdig (A) und wird nicht vernichtet.", "archival object")
    return session.scalar(select(func.count()).select_from(DisposalObject).where(chosen)) or 0
