"""Holds, triggers, conditions: what people record about a case so that its end can be decided, or must wait.

Records managers, and everybody who works on the case; each function works inside the caller's transaction, checks access
first, and writes its audit event there. A hold always wins until it is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.access import registered
from archive.blobs.claims import look_at_locks_of_case
from archive.models import CaseFile
from core.actor import Actor, Role
from core.audit import record_act
from core.clock import agency_date
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from retention import repository
from retention.dates import review_date
from retention.errors import UnknownReason
from retention.facts import APPLIES, APPLIES_NOT, adopted_schedule
from retention.loading import schedule_data
from retention.models import DisposalHold, ScheduleEntry, TriggerFact
from retention.schedule_file import default_schedule
from retention.service import require_role

_HOLDERS = (Role.RECORDS_MANAGER, Role.CASEWORKER, Role.TEAM_LEAD)
_RELEASERS = (Role.RECORDS_MANAGER, Role.TEAM_LEAD)


def set_hold(tx: Transaction, actor: Actor, number: str, reason_id: str, review_on: date | None = None) -> DisposalHold:
    """Put a hold on a case file: it is not destroyed while the hold stands, whatever its period and however far a list is.

    Records managers, and everybody who works on the case. The review date defaults to the reason's months. The same
    reason again returns the hold that stands, with a new review date when one is given.
    """
    reason = default_schedule().hold_reasons.get(reason_id)
    if reason is None:
        raise UnknownReason(reason_id, list(default_schedule().hold_reasons))
    case_file = _case_for(tx.session, actor, number, agency_date(tx.now), _HOLDERS)
    if review_on is not None and review_on <= agency_date(tx.now):
        raise InvalidInput("Das Datum der Prüfung liegt nicht in der Zukunft.", "review date not in the future")
    standing = repository.open_holds(tx.session, [case_file.id]).get(case_file.id, [])
    for hold in standing:
        if hold.reason_id == reason_id:
            if review_on is not None and review_on != hold.review_on:
                hold.review_on = review_on
                record_act(
                    tx, actor, "hold.review_moved", "case_file", case_file.id, case_file_id=case_file.id, hold=hold.id,
                    review_on=review_on,
                )  # fmt: skip
            return hold
    months = reason.review_after_months
    hold = DisposalHold(
        id=new_id(), agency_id=actor.agency_id, case_file_id=case_file.id, reason_id=reason_id, set_by=actor.id,
        set_at=tx.now, review_on=review_on or review_date(agency_date(tx.now), months),
    )  # fmt: skip
    tx.session.add(hold)
    look_at_locks_of_case(tx, case_file.id)
    record_act(
        tx, actor, "hold.set", "case_file", case_file.id, case_file_id=case_file.id, hold=hold.id, reason=reason_id,
        review_on=hold.review_on,
    )  # fmt: skip
    return hold


def release_hold(tx: Transaction, actor: Actor, number: str, reason_id: str) -> None:
    """Release the case's hold for a reason. Records managers, and leads of the case. Raises NotFound when none stands."""
    case_file = _case_for(tx.session, actor, number, agency_date(tx.now), _RELEASERS)
    standing = [
        hold
        for hold in repository.open_holds(tx.session, [case_file.id]).get(case_file.id, [])
        if hold.reason_id == reason_id
    ]
    if not standing:
        raise NotFound("Mit diesem Grund besteht keine Sperre auf der Akte.", "no such hold")
    look_at_locks_of_case(tx, case_file.id)
    for hold in standing:
        hold.released_at, hold.released_by = tx.now, actor.id
        record_act(
            tx, actor, "hold.released", "case_file", case_file.id, case_file_id=case_file.id, hold=hold.id,
            reason=reason_id,
        )  # fmt: skip


def record_trigger(
    tx: Transaction, actor: Actor, number: str, trigger: str, on: date, source: str, document_id: UUID | None = None
) -> TriggerFact:
    """Record on which day a trigger happened (decision final, claim settled …) for a case, or for one document of it.

    Again replaces the day. `source` names where it is known from (a decision, a receipt), no contents. A fixed date may
    lie in the future, nothing else. Raises UnknownReason for a trigger that the schedule does not have.
    """
    known = [
        one for one in schedule_data()[0]["conventions"]["triggers"] if one not in ("case_closed", "parent_closed")
    ]
    if trigger not in known:
        raise UnknownReason(trigger, known)
    if on > agency_date(tx.now) and trigger != "fixed_date":
        raise InvalidInput("Das Datum liegt in der Zukunft.", "date in the future")
    return _record(tx, actor, number, trigger, on, source, document_id)


def record_condition(
    tx: Transaction, actor: Actor, number: str, schedule_id: str, applies: bool, document_id: UUID | None = None
) -> TriggerFact:
    """Record that an entry of the schedule applies to a case (or a document of it) or does not: conditions are found by
    persons. The later record counts.
    """
    entries = adopted_schedule(tx.session, actor.agency_id).schedule.entries
    if schedule_id not in entries:
        raise UnknownReason(schedule_id, list(entries))
    prefix, other = (APPLIES, APPLIES_NOT) if applies else (APPLIES_NOT, APPLIES)
    fact = _record(tx, actor, number, prefix + schedule_id, agency_date(tx.now), "person", document_id)
    for opposite in _recorded(tx.session, fact.case_file_id, other + schedule_id, document_id):
        tx.session.delete(opposite)
    return fact


def confirm_entry(tx: Transaction, actor: Actor, schedule_id: str) -> None:
    """Confirm an entry that needs a decision, on behalf of whoever has the mandate. Idempotent."""
    require_role(actor, Role.RECORDS_MANAGER)
    query = select(ScheduleEntry).where(ScheduleEntry.agency_id == actor.agency_id, ScheduleEntry.code == schedule_id)
    row = tx.session.scalar(query)
    if row is None:
        raise UnknownReason(schedule_id, [one.code for one in repository.schedule_rows(tx.session, actor.agency_id)])
    if not row.confirmed:
        row.confirmed = True
        record_act(tx, actor, "schedule.confirmed", "schedule_entry", row.id, entry=schedule_id)


def _case_for(session: Session, actor: Actor, number: str, on: date, roles: Sequence[Role]) -> CaseFile:
    if not actor.has(*roles):
        raise NotAllowed
    named = archive.case_file_by_exact_number(session, actor.agency_id, number)
    query = select(CaseFile).where(registered(actor, on), CaseFile.state.in_(("open", "closed")))
    case_file = session.scalar(query.where(CaseFile.id == named.id)) if named else None
    if case_file is None:
        raise NotFound
    return case_file


def _record(
    tx: Transaction, actor: Actor, number: str, trigger: str, on: date, source: str, document_id: UUID | None
) -> TriggerFact:
    case_file = _case_for(tx.session, actor, number, agency_date(tx.now), _HOLDERS)
    if document_id is not None and not repository.is_filed(tx.session, case_file.id, document_id):
        raise NotFound
    known = _recorded(tx.session, case_file.id, trigger, document_id)
    for superseded in known[1:]:
        tx.session.delete(superseded)
    if known:
        fact = known[0]
    else:
        fact = TriggerFact(
            id=new_id(), agency_id=actor.agency_id, case_file_id=case_file.id, document_id=document_id, trigger=trigger
        )
        tx.session.add(fact)
    fact.happened_on, fact.source, fact.recorded_by, fact.recorded_at = on, source.strip()[:100], actor.id, tx.now
    record_act(
        tx, actor, "trigger.recorded", "case_file", case_file.id, case_file_id=case_file.id, trigger=trigger, on=on,
        document=document_id,
    )  # fmt: skip
    tx.session.flush()
    look_at_locks_of_case(tx, case_file.id)
    return fact


def _recorded(session: Session, case_file_id: UUID, trigger: str, document_id: UUID | None) -> list[TriggerFact]:
    """What is known already, also about provisional cases that were merged into this one."""
    facts = repository.trigger_facts(session, [case_file_id]).get(case_file_id, [])
    return [fact for fact in facts if (fact.trigger, fact.document_id) == (trigger, document_id)]
