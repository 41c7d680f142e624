"""All queries of retention: closed cases with what decides their end, holds, lists. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, select
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
UNFINISHED_LISTS = ("frozen", "approved", "executing")


def schedule_rows(session: Session, agency_id: UUID) -> Sequence[ScheduleEntry]:
    """The entries as the agency adopted them."""
    return session.scalars(
        select(ScheduleEntry).where(ScheduleEntry.agency_id == agency_id).order_by(ScheduleEntry.code)
    ).all()


def closed_cases(session: Session, agency_id: UUID) -> Sequence[UUID]:
    """Ids of all closed case files."""
    return session.scalars(select(CaseFile.id).where(CaseFile.agency_id == agency_id, CaseFile.state == "closed")).all()


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


def trigger_facts(session: Session, ids: Collection[UUID]) -> Sequence[TriggerFact]:
    """Recorded triggers of these cases."""
    found = (session.scalars(select(TriggerFact).where(TriggerFact.case_file_id.in_(part))) for part in _parts(ids))
    return [row for rows in found for row in rows]


def filed_documents(session: Session, ids: Collection[UUID]) -> dict[UUID, list[tuple[Filing, Document]]]:
    """The active filings of these cases with their documents."""
    found: dict[UUID, list[tuple[Filing, Document]]] = {}
    for part in _parts(ids):
        query = select(Filing, Document).join(Document, Document.id == Filing.document_id)
        active = query.where(Filing.case_file_id.in_(part), Filing.ended_at.is_(None)).order_by(Filing.ordinal)
        for filing, document in session.execute(active):
            found.setdefault(filing.case_file_id, []).append((filing, document))
    return found


def open_holds(session: Session, ids: Collection[UUID]) -> dict[UUID, list[DisposalHold]]:
    """Holds that are not released, by case, oldest first."""
    found: dict[UUID, list[DisposalHold]] = {}
    for part in _parts(ids):
        query = select(DisposalHold).where(DisposalHold.case_file_id.in_(part), DisposalHold.released_at.is_(None))
        for hold in session.scalars(query.order_by(DisposalHold.set_at, DisposalHold.id)):
            found.setdefault(hold.case_file_id, []).append(hold)
    return found


def cases_to_review(session: Session, agency_id: UUID, on: date) -> Sequence[UUID]:
    """Ids of case files, open or closed, with a standing hold whose review date has come."""
    query = select(CaseFile.id).join(DisposalHold, DisposalHold.case_file_id == CaseFile.id)
    waiting = query.where(CaseFile.agency_id == agency_id, CaseFile.state.in_(("open", "closed")))
    standing = waiting.where(DisposalHold.released_at.is_(None), DisposalHold.review_on <= on)
    return session.scalars(standing.distinct().order_by(CaseFile.id)).all()


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


def on_unfinished_lists(session: Session, agency_id: UUID) -> set[UUID]:
    """Cases that are on a list whose execution is not done, as objects still to be decided."""
    query = (
        select(DisposalObject.case_file_id)
        .join(DisposalList, DisposalList.id == DisposalObject.list_id)
        .where(DisposalList.agency_id == agency_id, DisposalList.state.in_(UNFINISHED_LISTS))
        .where(DisposalObject.state.in_(("open", "executing")))
    )
    return set(session.scalars(query))


def archivists(session: Session, agency_id: UUID) -> Sequence[UUID]:
    """Active users with the role archivist."""
    held = and_(RoleAssignment.user_id == User.id, RoleAssignment.role == "archivist")
    query = select(User.id).join(RoleAssignment, held).where(User.agency_id == agency_id, User.active)
    return sorted(set(session.scalars(query)))


def certificate(session: Session, list_id: UUID) -> DestructionCertificate | None:
    """The certificate of a list."""
    return session.scalar(select(DestructionCertificate).where(DestructionCertificate.list_id == list_id))


def count_filings(session: Session, case_file_id: UUID) -> int:
    """How many documents are actively filed in a case."""
    query = select(func.count()).select_from(Filing)
    return session.scalar(query.where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None))) or 0


def _parts(ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    ordered = sorted(ids)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
