"""The year's collective file: where mail goes that belongs to no case, so that it has a period like everything else.

Its file type (COLLECTIVE, "Sammelakte Posteingang ohne Fallbezug") has one file a year, named by the plan's pattern, made
when it is first needed and closed on 31 December. Retention treats it like any other case file: schedule, holds, list,
four eyes, certificate. `archive.access` opens it to nobody by responsibility; who may read a dismissed letter is decided
by the letter (ADR 0022).
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from archive import repository
from archive.access import COLLECTIVE
from archive.blobs.claims import look_at_locks_of_case
from archive.models import CaseFile, Filing
from archive.numbers import number_key
from archive.service import FilingTarget, end_filing, file_document
from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from core.ids import new_id
from organisation.models import OrgUnit


def file_in_collective(tx: Transaction, actor: Actor, document_id: UUID, year: int) -> Filing | None:
    """File a dismissed document in the collective file of a year; None when that one is closed already.

    Checks no rights: whoever dismissed the document had them. Idempotent.
    """
    case_file = _of_year(tx, actor, year)
    if case_file.state != "open":
        return None
    return file_document(tx, actor, document_id, FilingTarget(case_file.id))


def take_out_of_collective(tx: Transaction, actor: Actor, document_id: UUID) -> None:
    """The dismissal is taken back: the document is unfiled again. Also out of a file that is closed, never of one that
    is destroyed: the caller looks at `archive.access.living`. Idempotent.
    """
    for filing in repository.active_filings(tx.session, document_id):
        if tx.session.get_one(CaseFile, filing.case_file_id).file_plan_unit == COLLECTIVE:
            end_filing(tx, actor, filing.id, "undone")


def close_past(tx: Transaction, actor: Actor) -> int:
    """Close the agency's collective files of years that are over, on their last day; returns how many. Idempotent."""
    over = select(CaseFile).where(CaseFile.agency_id == actor.agency_id, past(tx.today))
    found = tx.session.scalars(over).all()
    for case_file in found:
        assert case_file.opened_on is not None, "compared with the day"
        case_file.state, case_file.closed_on = "closed", date(case_file.opened_on.year, 12, 31)
        case_file.version += 1
        record_act(
            tx, actor, "case.closed", "case_file", case_file.id, case_file_id=case_file.id, on=case_file.closed_on
        )
        look_at_locks_of_case(tx, case_file.id)
    return len(found)


def past(on: date) -> ColumnElement[bool]:
    """Condition on CaseFile: a collective file whose year is over on that day, and which is still open."""
    open_one = and_(CaseFile.file_plan_unit == COLLECTIVE, CaseFile.state == "open")
    return and_(open_one, CaseFile.opened_on < date(on.year, 1, 1))


def _of_year(tx: Transaction, actor: Actor, year: int) -> CaseFile:
    """The file of the year, made if it is not there. A number that another file type took is passed over."""
    plan = repository.file_plan_unit(tx.session, actor.agency_id, COLLECTIVE)
    number = ((plan and plan.number_pattern) or "P-{yyyy}").replace("{yyyy}", str(year))
    for name in (number, f"{number}-{COLLECTIVE}"):
        query = select(CaseFile).where(CaseFile.agency_id == actor.agency_id, CaseFile.file_number == name)
        found = tx.session.scalar(query)
        if found is None:
            return _open(tx, actor, name, year, (plan and plan.secrecy_class) or "SOZ")
        if found.file_plan_unit == COLLECTIVE:
            return found
    raise ValueError("both numbers of the year's collective file belong to other file types")


def _open(tx: Transaction, actor: Actor, number: str, year: int, secrecy_class: str) -> CaseFile:
    case_file = CaseFile(
        id=new_id(), agency_id=actor.agency_id, file_number=number, number_key=number_key(number),
        file_plan_unit=COLLECTIVE, org_unit_id=_post_room(tx, actor.agency_id), secrecy_class=secrecy_class,
        opened_on=date(year, 1, 1), created_at=tx.now,
    )  # fmt: skip
    tx.session.add(case_file)
    tx.session.flush()
    record_act(tx, actor, "case.opened", "case_file", case_file.id, case_file_id=case_file.id)
    return case_file


def _post_room(tx: Transaction, agency_id: UUID) -> UUID:
    """The unit that answers for it: the first post room, else the first unit. It gives nobody any right."""
    query = select(OrgUnit.id).where(OrgUnit.agency_id == agency_id)
    return tx.session.scalars(query.order_by(OrgUnit.kind != "mailroom", OrgUnit.code).limit(1)).one()
