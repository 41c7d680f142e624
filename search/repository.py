"""All queries of the search room: what the index needs to know of documents, and what a hit may show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive.access import visible_case_files, visible_documents, visible_filings, wholly_visible_documents
from archive.models import CaseFile, Document, DocumentVersion, Filing, Membership, Page, PersonName
from archive.repository import case_files_by_number
from core.actor import Actor
from core.models import OutboxEvent
from core.outbox import INDEX
from organisation.models import OrgUnit

CHUNK = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FiledAt:
    """An active filing, its case, and what the case adds to the words of its documents."""

    id: UUID
    document_id: UUID
    case_file_id: UUID
    file_number: str
    page_from: int
    page_to: int
    keyword: str
    unit: str


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of a document's newest version, and where its text lies."""

    document_id: UUID
    page_no: int
    text_sha256: str | None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What search shows of a document, and counts."""

    id: UUID
    title: str
    document_type: str
    received_on: date
    org_unit_id: UUID | None


def active_documents(session: Session) -> Sequence[UUID]:
    """All documents that belong into the index, in a stable order."""
    return session.scalars(select(Document.id).where(Document.state == "active").order_by(Document.id)).all()


def documents_of_case(session: Session, case_file_id: UUID) -> Sequence[UUID]:
    """Documents with an active filing in a case."""
    query = select(Filing.document_id).where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None))
    return sorted(set(session.scalars(query)))


def facts_of(session: Session, ids: Collection[UUID]) -> dict[UUID, DocumentFacts]:
    """Facts of the active documents among these, for the index."""
    return _facts(session, ids, Document.state == "active")


def filings_of(session: Session, ids: Collection[UUID]) -> dict[UUID, list[FiledAt]]:
    """Where these documents are filed now, whoever may see it: for the index."""
    return _filings(session, ids, Filing.ended_at.is_(None))


def pages_of(session: Session, ids: Collection[UUID]) -> dict[UUID, list[PageOf]]:
    """The pages of the newest version of each document, in order."""
    newest = select(DocumentVersion.document_id, func.max(DocumentVersion.number).label("number")).group_by(
        DocumentVersion.document_id
    )
    found: dict[UUID, list[PageOf]] = {}
    for part in _chunks(ids):
        last = newest.where(DocumentVersion.document_id.in_(part)).subquery()
        query = (
            select(DocumentVersion.document_id, Page.page_no, Page.text_sha256)
            .join(Page, Page.version_id == DocumentVersion.id)
            .join(
                last,
                (last.c.document_id == DocumentVersion.document_id) & (last.c.number == DocumentVersion.number),
            )
            .order_by(Page.page_no)
        )
        for row in session.execute(query):
            found.setdefault(row.document_id, []).append(PageOf(*row))
    return found


def names_of_cases(session: Session, case_file_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Names of each case's members, for the headings of its documents."""
    found: dict[UUID, list[str]] = {}
    for part in _chunks(case_file_ids):
        query = (
            select(Membership.case_file_id, PersonName.given_names, PersonName.family_name)
            .join(PersonName, PersonName.person_id == Membership.person_id)
            .where(Membership.case_file_id.in_(part))
            .order_by(PersonName.id)
        )
        for case_file_id, given, family in session.execute(query):
            found.setdefault(case_file_id, []).append(f"{given} {family}")
    return found


def unit_codes(session: Session) -> dict[UUID, str]:
    """The code of every unit."""
    return {row.id: row.code for row in session.execute(select(OrgUnit.id, OrgUnit.code))}


def oldest_owed(session: Session, agency_id: UUID) -> datetime | None:
    """Since when the index owes a change; None when it is up to date."""
    return session.scalar(
        select(func.min(OutboxEvent.created_at)).where(
            OutboxEvent.agency_id == agency_id, OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None)
        )
    )


def owed_events(session: Session) -> Sequence[UUID]:
    """All events that the index owes."""
    query = select(OutboxEvent.id).where(OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None))
    return session.scalars(query.order_by(OutboxEvent.id)).all()


def visible_cases(session: Session, actor: Actor, on: date) -> set[UUID]:
    """Cases that the actor may read."""
    return set(session.scalars(select(CaseFile.id).where(visible_case_files(actor, on))))


def wholly_visible(session: Session, actor: Actor) -> set[UUID]:
    """Documents of which the actor may read every page, in whatever case they lie: in an inbox, or unfiled."""
    return set(session.scalars(select(Document.id).where(wholly_visible_documents(actor))))


def cases_named(session: Session, actor: Actor, on: date, number: str) -> list[CaseFile]:
    """The visible cases that a number names, in any spelling."""
    ids = [one.id for one in case_files_by_number(session, actor.agency_id, number)]
    query = select(CaseFile).where(CaseFile.id.in_(ids), visible_case_files(actor, on)).order_by(CaseFile.file_number)
    return list(session.scalars(query))


def visible_facts(session: Session, actor: Actor, on: date, ids: Collection[UUID]) -> dict[UUID, DocumentFacts]:
    """The documents among the hits that the actor may read now: rights in an index never decide."""
    return _facts(session, ids, visible_documents(actor, on))


def visible_filings_of(session: Session, actor: Actor, on: date, ids: Collection[UUID]) -> dict[UUID, list[FiledAt]]:
    """The visible filings of each document with their cases."""
    return _filings(session, ids, visible_filings(actor, on))


def _facts(session: Session, ids: Collection[UUID], condition: ColumnElement[bool]) -> dict[UUID, DocumentFacts]:
    found: dict[UUID, DocumentFacts] = {}
    columns = Document.id, Document.title, Document.document_type, Document.received_on, Document.org_unit_id
    for part in _chunks(ids):
        for row in session.execute(select(*columns).where(Document.id.in_(part), condition)):
            found[row[0]] = DocumentFacts(*row)
    return found


def _filings(session: Session, ids: Collection[UUID], condition: ColumnElement[bool]) -> dict[UUID, list[FiledAt]]:
    found: dict[UUID, list[FiledAt]] = {}
    columns = (
        Filing.id, Filing.document_id, CaseFile.id, CaseFile.file_number, Filing.page_from, Filing.page_to,
        func.coalesce(Filing.keyword, ""), func.coalesce(OrgUnit.code, ""),
    )  # fmt: skip
    base = (
        select(*columns)
        .join(CaseFile, CaseFile.id == Filing.case_file_id)
        .join(OrgUnit, OrgUnit.id == CaseFile.org_unit_id, isouter=True)
        .order_by(Filing.filed_at, Filing.id)
    )
    for part in _chunks(ids):
        for row in session.execute(base.where(Filing.document_id.in_(part), condition)):
            found.setdefault(row[1], []).append(FiledAt(*row))
    return found


def _chunks(ids: Collection[_T]) -> Iterator[list[_T]]:
    whole = list(ids)
    return (whole[start : start + CHUNK] for start in range(0, len(whole), CHUNK))
