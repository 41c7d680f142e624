"""Proposing a disposal list: what is due on a day is frozen under a name, in short transactions.

List: collecting → frozen. What is due is looked for outside any write transaction, page by page in the order of the file
numbers; a few files at a time are then judged once more and put on the list, in one transaction that waits for nothing.
Killed anywhere, the same call goes on behind the last object, and so does a worker. Nothing can be appraised, approved
or executed before the list is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from archive.models import CaseGrant
from core.actor import Actor, Role
from core.audit import record_act
from core.clock import agency_date
from core.database import Database, Transaction
from core.errors import Conflict, InvalidInput
from core.ids import new_id
from retention import repository
from retention.cases import DisposalVerdict, disposal_state
from retention.dates import RetentionEnd
from retention.errors import ListExists
from retention.facts import Adopted, Judged, adopted_schedule, judge
from retention.models import DisposalList, DisposalObject
from retention.service import require_role

MAX_NAME = 80
COLLECTING = "collecting"
PAGE: Final = 200
BATCH: Final = 20


def propose(database: Database, actor: Actor, name: str, on: date) -> UUID:
    """Freeze under a name what is due on a day, with the facts that made it due; returns the list's id. Nothing is
    destroyed.

    Held and undecidable files and those on another unfinished list stay out. Archivists may read what is offered to them
    until the list is approved. The same call by the same person finishes a list that was interrupted. Raises ListExists,
    InvalidInput for a bad name, Conflict when nothing is due.
    """
    user = require_role(actor, Role.RECORDS_MANAGER)
    clean = name.strip()
    if not clean or len(clean) > MAX_NAME or not clean.isprintable():
        raise InvalidInput("Bitte geben Sie der Liste einen Namen mit höchstens 80 Zeichen.", "bad list name")
    with database.read() as session:
        known = repository.disposal_list(session, actor.agency_id, clean) is not None
        adopted = adopted_schedule(session, actor.agency_id)
    if not known and not any(_due(database, actor.agency_id, adopted, on, None)):
        raise _nothing_due()
    list_id = _list_of(database, actor, user, clean, on, adopted)
    collect(database, actor, list_id)
    return list_id


def collect(database: Database, actor: Actor, list_id: UUID) -> None:
    """Do what is left of a list that is being collected, and freeze it. Idempotent, and harmless beside another run.

    Checks no role: `propose` did. A list without objects in the end (everything was held or taken meanwhile) is given up:
    raises Conflict.
    """
    with database.read() as session:
        listed = session.get(DisposalList, list_id)
        if listed is None or listed.state != COLLECTING:
            return
        adopted = adopted_schedule(session, listed.agency_id)
        last = repository.last_object(session, list_id)
    place = (last.file_number, last.case_file_id) if last else None
    for found in _due(database, listed.agency_id, adopted, listed.as_of, place):
        for start in range(0, len(found), BATCH):
            _put_on_list(database, actor, list_id, adopted, found[start : start + BATCH])
    if not _freeze(database, actor, list_id):
        raise _nothing_due()


def _nothing_due() -> Conflict:
    return Conflict("An diesem Tag ist keine Akte fällig. Es wurde keine Liste angelegt.", "nothing is due")


def _due(
    database: Database, agency_id: UUID, adopted: Adopted, on: date, after: repository.Place | None
) -> Iterator[Sequence[UUID]]:
    """Closed case files that are due at the moment, in the order of their numbers, some at a time."""
    while True:
        with database.read() as session:
            page = repository.closed_cases_after(session, agency_id, after, PAGE)
            found = [one.case_file.id for one in _ready(session, agency_id, adopted, on, [key for _, key in page])]
        if found:
            yield found
        if not page:
            return
        after = page[-1]


def _ready(
    session: Session, agency_id: UUID, adopted: Adopted, on: date, ids: Sequence[UUID]
) -> list[Judged]:  # fmt: skip
    """Which of these case files are due and on no unfinished list."""
    taken = repository.on_unfinished_lists(session, ids)
    judged = judge(session, agency_id, [one for one in ids if one not in taken], adopted)
    return [
        one for one in judged if disposal_state(one.end.outcome, one.holds, on).verdict is DisposalVerdict.DUE
    ]  # fmt: skip


def _list_of(database: Database, actor: Actor, user: UUID, name: str, on: date, adopted: Adopted) -> UUID:
    """A new list, or the person's own of that name and day that was interrupted."""
    with database.write() as tx:
        listed = repository.disposal_list(tx.session, actor.agency_id, name)
        if listed is None:
            listed = DisposalList(
                id=new_id(), agency_id=actor.agency_id, name=name, as_of=on, state=COLLECTING,
                schedule_version=adopted.schedule.version, proposed_by=user, proposed_at=tx.now,
            )  # fmt: skip
            tx.session.add(listed)
        elif (listed.state, listed.proposed_by, listed.as_of) != (COLLECTING, user, on):
            raise ListExists
        return listed.id


def _put_on_list(database: Database, actor: Actor, list_id: UUID, adopted: Adopted, ids: Sequence[UUID]) -> None:
    with database.write() as tx:
        listed = tx.session.get(DisposalList, list_id)
        if listed is None or listed.state != COLLECTING:
            return
        last = repository.last_object(tx.session, list_id)
        archivists = repository.archivists(tx.session, listed.agency_id)
        ready = _ready(tx.session, listed.agency_id, adopted, listed.as_of, ids)
        for number, one in enumerate(ready, last.number + 1 if last else 1):
            tx.session.add(_object(tx, listed, number, one))
            _offer(tx, actor, listed.agency_id, one.case_file.id, archivists)
        if adopted.schedule.version not in listed.schedule_version:  # another one was adopted before this was resumed
            listed.schedule_version = f"{listed.schedule_version[:31]}+{adopted.schedule.version[:32]}"


def _freeze(database: Database, actor: Actor, list_id: UUID) -> bool:
    with database.write() as tx:
        listed = tx.session.get(DisposalList, list_id)
        if listed is None or listed.state != COLLECTING:
            return listed is not None
        last = repository.last_object(tx.session, list_id)
        if last is None:
            tx.session.delete(listed)
            return False
        listed.state = "frozen"
        record_act(
            tx, actor, "disposal.proposed", "disposal_list", list_id, objects=last.number, as_of=listed.as_of,
            schedule_version=listed.schedule_version,
        )  # fmt: skip
        return True


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


def _offer(tx: Transaction, actor: Actor, agency_id: UUID, case_file_id: UUID, archivists: Sequence[UUID]) -> None:
    """Appraisal needs a look at what is offered (INTERFACES: archivists see offered objects only)."""
    tx.session.add_all(
        CaseGrant(
            id=new_id(), agency_id=agency_id, case_file_id=case_file_id, user_id=user_id, reason="offer",
            granted_by=actor.user_id, valid_from=agency_date(tx.now),
        )
        for user_id in archivists
    )  # fmt: skip
