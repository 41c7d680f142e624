"""Asking for an access log, deciding as the second person, reading it. Every step and every reading is in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from archive import repository as records
from archive.access import GONE
from archive.accesslog import repository, rules
from archive.accesslog.models import LogRequest
from archive.accesslog.repository import Selection
from archive.models import CaseFile
from core.actor import Actor
from core.audit import Seen, look, record_act
from core.clock import agency_date
from core.database import Database, Transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from core.models import AuditEvent

LOG = "log_request"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event. `ordinal`: the running number of the document it is about; `elsewhere`: it was seen in another case."""

    event: AuditEvent
    ordinal: int | None
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class OpenedLog:
    """A page of the access log of one case, and how much there is in all."""

    request: LogRequest
    case_file: CaseFile
    entries: Sequence[LogEntry]
    total: int


def ask(tx: Transaction, actor: Actor, file_number: str, reason: str) -> LogRequest:
    """Ask for the log of the case with this number, of one's own agency. Raises NotFound for everybody but data
    protection, InvalidInput without a reason or when the number names no case.
    """
    if not rules.may_ask(actor) or actor.user_id is None:
        raise NotFound
    found = records.case_file_by_exact_number(tx.session, actor.agency_id, file_number.strip())
    if found is None or found.state in GONE:
        raise InvalidInput(
            "Zu diesem Aktenzeichen gibt es keine Akte. Bitte prüfen Sie die Schreibweise.", "no such case",
            code="file_number",
        )  # fmt: skip
    request = LogRequest(
        id=new_id(), agency_id=actor.agency_id, case_file_id=found.id, requested_by=actor.user_id, requested_at=tx.now,
        reason=_given(reason), state=rules.ASKED, version=1,
    )  # fmt: skip
    tx.session.add(request)
    record_act(tx, actor, "access_log.asked", LOG, request.id, case_file_id=found.id)
    return request


def decide(tx: Transaction, actor: Actor, request_id: UUID, *, version: int, approve: bool, reason: str) -> LogRequest:
    """Open the log to whoever asked, or refuse, as the second person. Raises NotFound for whoever is none, Conflict when
    it was decided already, InvalidInput without a reason.
    """
    request, case_file = _found(tx.session, request_id)
    if not rules.may_decide(actor, standing(request)):
        raise NotFound
    if (request.state, request.version) != (rules.ASKED, version):
        raise Conflict("Über diesen Antrag wurde schon entschieden.", "this was decided already", code="stale")
    request.decision_reason = _given(reason)
    request.decided_by, request.decided_at, request.version = actor.user_id, tx.now, version + 1
    request.state = rules.APPROVED if approve else rules.REFUSED
    request.readable_until = rules.readable_until(agency_date(tx.now)) if approve else None
    record_act(
        tx, actor, f"access_log.{request.state}", LOG, request.id, case_file_id=case_file.id,
        readable_until=request.readable_until,
    )  # fmt: skip
    return request


def require_to_decide(session: Session, actor: Actor, request_id: UUID) -> tuple[LogRequest, CaseFile]:
    """An open request that this person may decide. Raises NotFound."""
    request, case_file = _found(session, request_id)
    if request.state != rules.ASKED or not rules.may_decide(actor, standing(request)):
        raise NotFound
    return request, case_file


def to_decide(session: Session, actor: Actor) -> Sequence[tuple[LogRequest, CaseFile]]:
    """The open requests that this person may decide, the oldest first."""
    if not rules.may_be_second(actor):
        return []
    found = repository.open_requests(session, actor.agency_id)
    return [(one, case) for one, case in found if rules.may_decide(actor, standing(one))]


def open_log(database: Database, actor: Actor, request_id: UUID, wanted: Selection) -> OpenedLog:
    """A page of the log, after this reading was logged. Raises NotFound for everybody but whoever asked and was allowed
    to, and after the last day; Unavailable when the reading cannot be logged.
    """
    today = agency_date(database.clock.now())
    with database.read() as session:
        _, case_file = _readable(session, actor, request_id, today)
    look(database, actor, "access_log", [Seen(LOG, request_id, case_file.id)])
    with database.read() as session:
        request, case_file = _readable(session, actor, request_id, today)
        ids = records.merged_ids(session, case_file.id)
        events, total = repository.log_events(session, actor.agency_id, ids, wanted)
        return OpenedLog(request, case_file, _entries(session, events, ids), total)


def standing(request: LogRequest) -> rules.Standing:
    """What counts of a request."""
    return rules.Standing(
        request.agency_id, request.requested_by, request.state, request.decided_by, request.readable_until
    )


def _entries(session: Session, events: Sequence[AuditEvent], ids: Sequence[UUID]) -> list[LogEntry]:
    documents = {one.object_id for one in events if one.object_type == "document" and one.object_id is not None}
    numbers = repository.ordinals(session, ids, documents)
    return [
        LogEntry(
            one,
            numbers.get(one.object_id) if one.object_id else None,
            one.case_file_id is not None and one.case_file_id not in ids,
        )
        for one in events
    ]


def _readable(session: Session, actor: Actor, request_id: UUID, on: date) -> tuple[LogRequest, CaseFile]:
    request, case_file = _found(session, request_id)
    if not rules.may_read(actor, standing(request), on):
        raise NotFound
    return request, case_file


def _found(session: Session, request_id: UUID) -> tuple[LogRequest, CaseFile]:
    found = repository.request_with_case(session, request_id)
    if found is None:
        raise NotFound
    return found


def _given(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie einen Grund an.", "a reason is needed", code="reason")
    return reason.strip()
