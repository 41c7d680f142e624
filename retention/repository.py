"""All queries of retention: closed cases with what decides their end, holds, lists. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from archive.models import CaseFile, CaseRelation, Document, FilePlanUnit, Filing
from organisation.models import RoleAssignment, User
from retention.models import (
    DestructionCertificate,
    DisposalHold,
    DisposalList,
    DisposalObject,
    ScheduleEntry,
    TriggerFact,
)

_CHUNK = 500
UNFINISHED_LISTS = ("collecting", "frozen", "approved", "executing")
# What was recorded about a provisional case that was merged holds for the case it was merged into.
_LASTING_CASE = func.coalesce(CaseFile.merged_into_id, CaseFile.id)


def schedule_rows(session: Session, agency_id: UUID) -> Sequence[ScheduleEntry]:
    """The entries as the agency adopted them."""
    return session.scalars(
        select(ScheduleEntry).where(ScheduleEntry.agency_id == agency_id).order_by(ScheduleEntry.code)
    ).all()


Place = tuple[str, UUID]
"""Number and id of a case file: where a walk through the register stands."""


def closed_cases_after(session: Session, agency_id: UUID, after: Place | None, limit: int) -> Sequence[Place]:
    """Numbers and ids of the next closed case files behind a place, in the order of the numbers."""
    return _cases_after(session, agency_id, CaseFile.state == "closed", after, limit)


def cases_to_look_at_after(
    session: Session, agency_id: UUID, on: date, after: Place | None, limit: int
) -> Sequence[Place]:
    """The same of closed case files and of open ones with a standing hold whose review date has come."""
    held = select(_LASTING_CASE).join(DisposalHold, DisposalHold.case_file_id == CaseFile.id)
    waiting = held.where(DisposalHold.released_at.is_(None), DisposalHold.review_on <= on)
    to_review = and_(CaseFile.state == "open", CaseFile.id.in_(waiting))
    return _cases_after(session, agency_id, or_(CaseFile.state == "closed", to_review), after, limit)


def _cases_after(
    session: Session, agency_id: UUID, condition: ColumnElement[bool], after: Place | None, limit: int
) -> Sequence[Place]:
    key = tuple_(CaseFile.file_number, CaseFile.id)
    query = select(CaseFile.file_number, CaseFile.id).where(CaseFile.agency_id == agency_id, condition)
    behind = query.where(key > after) if after else query
    rows = session.execute(behind.order_by(CaseFile.file_number, CaseFile.id).limit(limit))
    return [(number, case_file_id) for number, case_file_id in rows]


def case_files(session: Session, ids: Collection[UUID]) -> dict[UUID, CaseFile]:
    """The case files of these ids."""
    found = (session.scalars(select(CaseFile).where(CaseFile.id.in_(part))).all() for part in _parts(ids))
    return {row.id: row for rows in found for row in rows}


def relations(session: Session, ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """For each case the cases that it refers to (Bezugsakten)."""
    found: dict[UUID, list[UUID]] = {}
    for part in _parts(ids):
        query = select(CaseRelation.case_file_id, CaseRelation.other_case_file_id)
        for child, parent in session.execute(
            query.where(CaseRelation.case_file_id.in_(part)).order_by(CaseRelation.id)
        ):
            found.setdefault(child, []).append(parent)
    return found


def trigger_facts(session: Session, ids: Collection[UUID]) -> dict[UUID, list[TriggerFact]]:
    """Recorded triggers by case; those of provisional cases merged into it are the case's own."""
    found: dict[UUID, list[TriggerFact]] = {}
    recorded = select(_LASTING_CASE, TriggerFact).join(CaseFile, CaseFile.id == TriggerFact.case_file_id)
    for part in _parts(ids):
        for case_id, row in session.execute(recorded.where(_LASTING_CASE.in_(part)).order_by(TriggerFact.id)):
            found.setdefault(case_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class FiledAlike:
    """Documents of a case that the schedule can't tell apart, as one: the latest of their days and where it stands."""

    keyword: str | None
    document_type: str
    retention_id: str | None
    day: date
    source: str


def filed_alike(session: Session, ids: Collection[UUID]) -> dict[UUID, list[FiledAlike]]:
    """What is actively filed in these cases, apart from `noted_documents`: as many rows as there are kinds of documents,
    however many documents there are.
    """
    found: dict[UUID, list[FiledAlike]] = {}
    undated = Document.document_date.is_(None)
    source = case((undated, Document.received_on_source), else_=Document.document_date_source)
    day = func.max(func.coalesce(Document.document_date, Document.received_on))
    kind = Filing.case_file_id, Filing.keyword, Document.document_type, Filing.retention_id, undated, source
    query = select(*kind, day).join(Document, Document.id == Filing.document_id).where(Filing.ended_at.is_(None))
    for part in _parts(ids):
        mine = query.where(Filing.case_file_id.in_(part), _PLACE.not_in(_noted(part))).group_by(*kind)
        for case_id, keyword, document_type, retention_id, by_receipt, named, latest in session.execute(mine):
            told = f"{'received_on' if by_receipt else 'document_date'}:{named or ''}"
            found.setdefault(case_id, []).append(FiledAlike(keyword, document_type, retention_id, latest, told))
    return found


def noted_documents(session: Session, ids: Collection[UUID]) -> dict[UUID, list[tuple[Filing, Document]]]:
    """The active filings of these cases about whose documents a person recorded something of their own."""
    found: dict[UUID, list[tuple[Filing, Document]]] = {}
    query = select(Filing, Document).join(Document, Document.id == Filing.document_id).where(Filing.ended_at.is_(None))
    for part in _parts(ids):
        mine = query.where(Filing.case_file_id.in_(part), _PLACE.in_(_noted(part))).order_by(Filing.ordinal)
        for filing, document in session.execute(mine):
            found.setdefault(filing.case_file_id, []).append((filing, document))
    return found


def is_filed(session: Session, case_file_id: UUID, document_id: UUID) -> bool:
    """Whether a document has an active filing in a case."""
    here = Filing.case_file_id == case_file_id, Filing.document_id == document_id, Filing.ended_at.is_(None)
    return bool(session.scalar(select(exists().where(*here))))


_PLACE = tuple_(Filing.case_file_id, Filing.document_id)


def _noted(case_ids: Sequence[UUID]) -> Select[UUID, UUID | None]:
    recorded = select(_LASTING_CASE, TriggerFact.document_id).join(CaseFile, CaseFile.id == TriggerFact.case_file_id)
    return recorded.where(_LASTING_CASE.in_(case_ids), TriggerFact.document_id.is_not(None))


def open_holds(session: Session, ids: Collection[UUID]) -> dict[UUID, list[DisposalHold]]:
    """Holds that are not released, by case, oldest first; those of provisional cases merged into it are the case's own."""
    found: dict[UUID, list[DisposalHold]] = {}
    standing = select(_LASTING_CASE, DisposalHold).join(CaseFile, CaseFile.id == DisposalHold.case_file_id)
    for part in _parts(ids):
        query = standing.where(_LASTING_CASE.in_(part), DisposalHold.released_at.is_(None))
        for held, hold in session.execute(query.order_by(DisposalHold.set_at, DisposalHold.id)):
            found.setdefault(held, []).append(hold)
    return found


def destroyed_objects(session: Session, ids: Collection[UUID]) -> dict[UUID, DisposalObject]:
    """What is left of destroyed case files: their row on the list that destroyed them."""
    gone = ("executing", "destroyed")
    found = (
        session.scalars(
            select(DisposalObject).where(DisposalObject.case_file_id.in_(part), DisposalObject.state.in_(gone))
        )
        for part in _parts(ids)
    )
    return {row.case_file_id: row for rows in found for row in rows}


def file_plan(session: Session, agency_id: UUID) -> dict[str, FilePlanUnit]:
    """The file types by code."""
    rows = session.scalars(select(FilePlanUnit).where(FilePlanUnit.agency_id == agency_id))
    return {row.code: row for row in rows}


def disposal_list(session: Session, agency_id: UUID, name: str) -> DisposalList | None:
    """The list of that name."""
    return session.scalar(select(DisposalList).where(DisposalList.agency_id == agency_id, DisposalList.name == name))


def objects(session: Session, list_id: UUID, states: Sequence[str] = ()) -> Sequence[DisposalObject]:
    """The objects of a list by number, all or those in some states."""
    query = select(DisposalObject).where(DisposalObject.list_id == list_id).order_by(DisposalObject.number)
    return session.scalars(query.where(DisposalObject.state.in_(states)) if states else query).all()


def object_ids(session: Session, list_id: UUID, state: str) -> Sequence[UUID]:
    """Ids of the objects of a list in a state, by number."""
    query = select(DisposalObject.id).where(DisposalObject.list_id == list_id, DisposalObject.state == state)
    return session.scalars(query.order_by(DisposalObject.number)).all()


def count_objects(session: Session, list_id: UUID) -> tuple[int, int]:
    """How many objects a list has, and how many of them lack the archive's decision."""
    counted = select(func.count(), func.count() - func.count(DisposalObject.decision))
    objects, undecided = session.execute(counted.where(DisposalObject.list_id == list_id)).one()
    return objects, undecided


def last_object(session: Session, list_id: UUID) -> DisposalObject | None:
    """The object with the highest number on a list."""
    query = select(DisposalObject).where(DisposalObject.list_id == list_id)
    return session.scalars(query.order_by(DisposalObject.number.desc()).limit(1)).first()


def on_unfinished_lists(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these cases are on a list whose execution is not done, as objects still to be decided."""
    query = (
        select(DisposalObject.case_file_id)
        .join(DisposalList, DisposalList.id == DisposalObject.list_id)
        .where(DisposalList.state.in_(UNFINISHED_LISTS), DisposalObject.state.in_(("open", "executing")))
    )
    return {one for part in _parts(ids) for one in session.scalars(query.where(DisposalObject.case_file_id.in_(part)))}


def archivists(session: Session, agency_id: UUID) -> Sequence[UUID]:
    """Active users with the role archivist."""
    held = and_(RoleAssignment.user_id == User.id, RoleAssignment.role == "archivist")
    query = select(User.id).join(RoleAssignment, held).where(User.agency_id == agency_id, User.active)
    return sorted(set(session.scalars(query)))


def certificate(session: Session, list_id: UUID) -> DestructionCertificate | None:
    """The certificate of a list."""
    return session.scalar(select(DestructionCertificate).where(DestructionCertificate.list_id == list_id))


def filed_after(session: Session, case_file_id: UUID, at: datetime) -> bool:
    """Whether something was filed in a case after an instant."""
    later = Filing.case_file_id == case_file_id, Filing.ended_at.is_(None), Filing.filed_at > at
    return bool(session.scalar(select(exists().where(*later))))


def count_filings(session: Session, case_file_id: UUID) -> int:
    """How many documents are actively filed in a case."""
    query = select(func.count()).select_from(Filing)
    return session.scalar(query.where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None))) or 0


def _parts(ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    ordered = sorted(ids)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
