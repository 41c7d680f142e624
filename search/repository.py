"""All queries of the search room: what the index needs to know of a document, and what a hit may show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.access import visible_case_files, visible_documents
from archive.models import CaseFile, Document, Filing, Membership, PersonName
from core.actor import Actor
from organisation.models import OrgUnit

_CHUNK = 500


def allowed_scopes(session: Session, actor: Actor, on: date) -> frozenset[str]:
    """Cases that the actor may read, and documents that lie outside them but in a visible inbox or clearing."""
    cases = session.scalars(select(CaseFile.id).where(visible_case_files(actor, on)))
    inside = select(Filing.document_id).where(
        Filing.ended_at.is_(None), Filing.case_file_id.in_(select(CaseFile.id).where(visible_case_files(actor, on)))
    )
    documents = session.scalars(select(Document.id).where(visible_documents(actor, on), Document.id.not_in(inside)))
    return frozenset(str(one) for one in (*cases, *documents))


def visible_hits(session: Session, actor: Actor, on: date, ids: Sequence[UUID]) -> dict[UUID, Document]:
    """The documents among the hits that the actor may read now: rights in an index never decide."""
    found: dict[UUID, Document] = {}
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        query = select(Document).where(Document.id.in_(part), visible_documents(actor, on))
        found |= {document.id: document for document in session.scalars(query)}
    return found


def visible_filings_of(
    session: Session, actor: Actor, on: date, ids: Iterable[UUID]
) -> dict[UUID, list[tuple[Filing, CaseFile]]]:
    """The visible filings of each document with their cases."""
    wanted = list(ids)
    found: dict[UUID, list[tuple[Filing, CaseFile]]] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = (
            select(Filing, CaseFile)
            .join(CaseFile, CaseFile.id == Filing.case_file_id)
            .where(
                Filing.document_id.in_(wanted[start : start + _CHUNK]),
                Filing.ended_at.is_(None),
                visible_case_files(actor, on),
            )
        )
        for filing, case_file in session.execute(query):
            found.setdefault(filing.document_id, []).append((filing, case_file))
    return found


def names_of_case(session: Session, case_file_id: UUID) -> list[str]:
    """Names of the case's members, for the heading of its documents."""
    query = (
        select(PersonName.family_name, PersonName.given_names)
        .join(Membership, Membership.person_id == PersonName.person_id)
        .where(Membership.case_file_id == case_file_id)
    )
    return [f"{given} {family}" for family, given in session.execute(query)]


def unit_code(session: Session, unit_id: UUID | None) -> str:
    """The code of a unit, or an empty text."""
    unit = session.get(OrgUnit, unit_id) if unit_id else None
    return unit.code if unit else ""


def active_documents(session: Session) -> Sequence[UUID]:
    """All documents that belong into the index, in a stable order."""
    return session.scalars(select(Document.id).where(Document.state == "active").order_by(Document.id)).all()


def documents_of_case(session: Session, case_file_id: UUID) -> Sequence[UUID]:
    """Documents with an active filing in a case."""
    query = select(Filing.document_id).where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None))
    return sorted(set(session.scalars(query)))
