"""Use cases before disposal: what is due, and the second person's release of a frozen list.

Records managers see dates and numbers, no contents. Each function works inside the caller's transaction, checks the role
first, and writes its audit event there. Proposing is `retention.proposing`, the archive's decision `retention.appraising`,
holds and triggers are `retention.holding`, execution is `retention.disposal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from archive.models import CaseGrant
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import NotAllowed, NotFound
from retention import repository
from retention.cases import disposal_state, review_due
from retention.dates import RetentionEnd, Undecidable
from retention.errors import SecondPerson, WrongListState
from retention.facts import Judged, judge
from retention.models import DisposalList, DisposalObject


@dataclass(frozen=True, slots=True)
class DueRow:
    """A closed case file that is due, held although its period is over, or undecidable, or any with a hold that is up for
    review; `work_item` says what a person has to find out or to look at.
    """

    case_file_id: UUID
    file_number: str
    schedule_id: str | None
    retention_end: date | None
    due_on: date | None
    disposal_action: str
    holds: Sequence[str]
    work_item: str | None

    def as_json(self) -> dict[str, Any]:
        """The object of INTERFACES `retention due --json`."""
        return {
            "file_number": self.file_number,
            "schedule_id": self.schedule_id,
            "retention_end": self.retention_end.isoformat() if self.retention_end else None,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "disposal_action": self.disposal_action,
            "holds": list(self.holds),
            "work_item": self.work_item,
        }


def due(session: Session, agency_id: UUID, on: date) -> list[DueRow]:
    """What may be disposed of on a day, what a hold keeps beyond its period, what nobody can decide yet (I7), and holds
    that are up for review.

    By number. Open case files only for the sake of a review. Checks no rights: the caller is the operator or asked for
    the role.
    """
    closed, review = repository.closed_cases(session, agency_id), repository.cases_to_review(session, agency_id, on)
    judged = judge(session, agency_id, {*closed, *review})
    return [row for one in judged if (row := _row(one, on)) is not None]


def approve(tx: Transaction, actor: Actor, name: str) -> int:
    """The second person's release of a frozen list. Returns how many objects lack the archive's decision: those will be
    refused at execution. Raises SecondPerson for whoever proposed it.
    """
    user = require_role(actor, Role.RECORDS_MANAGER)
    listed = require_list(tx.session, actor, name)
    require_frozen(listed)
    if listed.proposed_by == user:
        raise SecondPerson
    listed.state, listed.approved_by, listed.approved_at = "approved", user, tx.now
    chosen = repository.objects(tx.session, listed.id)
    end_offer(tx, DisposalObject.list_id == listed.id)
    record_act(tx, actor, "disposal.approved", "disposal_list", listed.id, objects=len(chosen))
    return sum(one.decision is None for one in chosen)


def require_list(session: Session, actor: Actor, name: str) -> DisposalList:
    """The agency's list of that name. Raises NotFound."""
    listed = repository.disposal_list(session, actor.agency_id, name.strip())
    if listed is None:
        raise NotFound("Eine Liste mit diesem Namen gibt es nicht.", "no such disposal list")
    return listed


def end_offer(tx: Transaction, objects: ColumnElement[bool]) -> None:
    """Archivists no longer read the files of these DisposalObjects. Idempotent."""
    offered = select(DisposalObject.case_file_id).where(objects)
    standing = CaseGrant.case_file_id.in_(offered), CaseGrant.reason == "offer", CaseGrant.ended_at.is_(None)
    tx.session.execute(update(CaseGrant).where(*standing).values(ended_at=tx.now))


def require_role(actor: Actor, role: Role) -> UUID:
    """The acting person's id. Raises NotAllowed without the role, and for machines."""
    if actor.user_id is None or not actor.has(role):
        raise NotAllowed
    return actor.user_id


def require_frozen(listed: DisposalList) -> None:
    """Raises WrongListState for a list that is still being collected, or was approved."""
    if listed.state == "collecting":
        raise WrongListState("Die Liste wird noch zusammengestellt. Bitte gleich noch einmal versuchen.")
    if listed.state != "frozen":
        raise WrongListState("Die Liste ist schon freigegeben.")


def _row(one: Judged, on: date) -> DueRow | None:
    """The row of INTERFACES, or None for a file that gives nothing to do on that day."""
    outcome, review = one.end.outcome, review_due(one.holds, on)
    state = disposal_state(outcome, one.holds, on)
    decided = outcome if isinstance(outcome, RetentionEnd) else None
    undecided = outcome.text if isinstance(outcome, Undecidable) and one.case_file.state == "closed" else None
    over = decided is not None and decided.due_on <= on
    if not (over or undecided or review):
        return None
    return DueRow(
        case_file_id=one.case_file.id,
        file_number=one.case_file.file_number,
        schedule_id=outcome.schedule_id,
        retention_end=decided.retention_end if decided else None,
        due_on=state.due_on if over else None,
        disposal_action=one.end.disposal_action.value,
        holds=[hold.reason_id for hold in one.holds],
        work_item=" ".join(text for text in (undecided, review) if text) or None,
    )
