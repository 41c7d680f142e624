"""Use cases before disposal: what is due, and the frozen list: propose, appraise, approve.

Records managers see dates and numbers, no contents. Each function works inside the caller's transaction, checks the role
first, and writes its audit event there. Holds and triggers are `retention.holding`, execution `retention.disposal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.models import CaseFile, CaseGrant
from core.actor import Actor, Role
from core.audit import record_act
from core.clock import agency_date
from core.database import Transaction
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from retention import repository
from retention.cases import DisposalVerdict, disposal_state, review_due
from retention.dates import RetentionEnd, Undecidable
from retention.errors import ListExists, SecondPerson, WrongListState
from retention.facts import Judged, adopted_schedule, judge
from retention.models import DisposalList, DisposalObject

DECISIONS = ("destroy", "archive")
MAX_NAME = 80


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


def propose(tx: Transaction, actor: Actor, name: str, on: date) -> DisposalList:
    """Freeze under a name what is due on a day, with the facts that made it due. Nothing is destroyed.

    Held and undecidable files and those on another unfinished list stay out. Archivists may read what is offered to them
    until the list is approved. Raises ListExists, InvalidInput for a bad name, Conflict when nothing is due.
    """
    user = require_role(actor, Role.RECORDS_MANAGER)
    clean = name.strip()
    if not clean or len(clean) > MAX_NAME or not clean.isprintable():
        raise InvalidInput("Bitte geben Sie der Liste einen Namen mit höchstens 80 Zeichen.", "bad list name")
    if repository.disposal_list(tx.session, actor.agency_id, clean) is not None:
        raise ListExists
    adopted = adopted_schedule(tx.session, actor.agency_id)
    taken = repository.on_unfinished_lists(tx.session, actor.agency_id)
    closed = [one for one in repository.closed_cases(tx.session, actor.agency_id) if one not in taken]
    ready = [
        one
        for one in judge(tx.session, actor.agency_id, closed, adopted)
        if disposal_state(one.end.outcome, one.holds, on).verdict is DisposalVerdict.DUE
    ]
    if not ready:
        raise Conflict("An diesem Tag ist keine Akte fällig. Es wurde keine Liste angelegt.", "nothing is due")
    listed = DisposalList(
        id=new_id(), agency_id=actor.agency_id, name=clean, as_of=on, state="frozen",
        schedule_version=adopted.schedule.version, proposed_by=user, proposed_at=tx.now,
    )  # fmt: skip
    tx.session.add(listed)
    tx.session.flush()
    for number, one in enumerate(ready, 1):
        tx.session.add(_object(tx, listed, number, one))
        _offer(tx, actor, one.case_file)
    record_act(
        tx, actor, "disposal.proposed", "disposal_list", listed.id, objects=len(ready), as_of=on,
        schedule_version=listed.schedule_version,
    )  # fmt: skip
    return listed


def appraise(tx: Transaction, actor: Actor, name: str, decision: str, number: int | None = None) -> int:
    """The archive's decision on all objects of a frozen list, or on one: destroy | archive. Returns how many it is for.

    A later decision replaces an earlier one until approval. Objects with action A are archival and never marked destroy.
    """
    require_role(actor, Role.ARCHIVIST)
    if decision not in DECISIONS:
        raise InvalidInput("Möglich sind destroy (vernichten) und archive (abgeben).", "unknown decision")
    listed = require_list(tx.session, actor, name)
    if listed.state != "frozen":
        raise WrongListState("Die Liste ist schon freigegeben. Bewerten geht nur davor.")
    chosen = [one for one in repository.objects(tx.session, listed.id) if number in (None, one.number)]
    if not chosen:
        raise NotFound(f"Die Liste hat kein Objekt {number}.", "no such object")
    if decision == "destroy" and number is None:
        chosen = [one for one in chosen if one.disposal_action != "A"]
    if decision == "destroy" and any(one.disposal_action == "A" for one in chosen):
        raise InvalidInput("Dieses Objekt ist archivwürdig (A) und wird nicht vernichtet.", "archival object")
    for one in chosen:
        one.decision, one.decided_by, one.decided_at = decision, actor.user_id, tx.now
        record_act(
            tx, actor, "disposal.appraised", "disposal_object", one.id, case_file_id=one.case_file_id, decision=decision
        )
    return len(chosen)


def approve(tx: Transaction, actor: Actor, name: str) -> int:
    """The second person's release of a frozen list. Returns how many objects lack the archive's decision: those will be
    refused at execution. Raises SecondPerson for whoever proposed it.
    """
    user = require_role(actor, Role.RECORDS_MANAGER)
    listed = require_list(tx.session, actor, name)
    if listed.state != "frozen":
        raise WrongListState("Die Liste ist schon freigegeben.")
    if listed.proposed_by == user:
        raise SecondPerson
    listed.state, listed.approved_by, listed.approved_at = "approved", user, tx.now
    chosen = repository.objects(tx.session, listed.id)
    for one in chosen:
        end_offer(tx, one.case_file_id)
    record_act(tx, actor, "disposal.approved", "disposal_list", listed.id, objects=len(chosen))
    return sum(one.decision is None for one in chosen)


def require_list(session: Session, actor: Actor, name: str) -> DisposalList:
    """The agency's list of that name. Raises NotFound."""
    listed = repository.disposal_list(session, actor.agency_id, name.strip())
    if listed is None:
        raise NotFound("Eine Liste mit diesem Namen gibt es nicht.", "no such disposal list")
    return listed


def end_offer(tx: Transaction, case_file_id: UUID) -> None:
    """Archivists no longer read this file. Idempotent."""
    query = select(CaseGrant).where(
        CaseGrant.case_file_id == case_file_id, CaseGrant.reason == "offer", CaseGrant.ended_at.is_(None)
    )
    for grant in tx.session.scalars(query):
        grant.ended_at = tx.now


def require_role(actor: Actor, role: Role) -> UUID:
    """The acting person's id. Raises NotAllowed without the role, and for machines."""
    if actor.user_id is None or not actor.has(role):
        raise NotAllowed
    return actor.user_id


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


def _object(tx: Transaction, listed: DisposalList, number: int, one: Judged) -> DisposalObject:
    outcome = one.end.outcome
    if not isinstance(outcome, RetentionEnd):
        raise TypeError("only decided files are proposed")
    closed_on = one.case_file.closed_on
    return DisposalObject(
        id=new_id(),
        list_id=listed.id,
        number=number,
        case_file_id=one.case_file.id,
        file_number=one.case_file.file_number,
        schedule_id=outcome.schedule_id,
        retention_end=outcome.retention_end,
        disposal_action=one.end.disposal_action.value,
        proof={
            "facts": {
                "due_on": outcome.due_on.isoformat(),
                "source": outcome.source,
                "legal_basis": outcome.basis,
                "file_type": one.case_file.file_plan_unit,
                "closed_on": closed_on.isoformat() if closed_on else None,
                "documents": repository.count_filings(tx.session, one.case_file.id),
            }
        },
    )


def _offer(tx: Transaction, actor: Actor, case_file: CaseFile) -> None:
    """Appraisal needs a look at what is offered (INTERFACES: archivists see offered objects only)."""
    for user_id in repository.archivists(tx.session, actor.agency_id):
        tx.session.add(
            CaseGrant(
                id=new_id(), agency_id=actor.agency_id, case_file_id=case_file.id, user_id=user_id, reason="offer",
                granted_by=actor.user_id, valid_from=agency_date(tx.now),
            )
        )  # fmt: skip
