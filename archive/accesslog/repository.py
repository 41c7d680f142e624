"""Queries of the access log: requests, and what stands in the log of one case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import Session

from archive.access import GONE
from archive.accesslog.models import LogRequest
from archive.accesslog.rules import ASKED
from archive.models import CaseFile, Filing
from core.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the log is wanted: looks or acts or both (""), from an instant on, before an instant, the page."""

    category: str = ""
    start: datetime | None = None
    end: datetime | None = None
    offset: int = 0
    limit: int = 50


def open_requests(session: Session, agency_id: UUID) -> Sequence[tuple[LogRequest, CaseFile]]:
    """The undecided requests of an agency, the oldest first. Those for cases that are gone are none."""
    query = _with_case().where(LogRequest.agency_id == agency_id, LogRequest.state == ASKED)
    return session.execute(query.order_by(LogRequest.requested_at, LogRequest.id)).all()


def requests_of(session: Session, user_id: UUID, limit: int, offset: int) -> Sequence[tuple[LogRequest, CaseFile]]:
    """What this person asked for or decided, the newest first."""
    mine = or_(LogRequest.requested_by == user_id, LogRequest.decided_by == user_id)
    query = _with_case().where(mine).order_by(LogRequest.requested_at.desc(), LogRequest.id.desc())
    return session.execute(query.limit(limit).offset(offset)).all()


def request_with_case(session: Session, request_id: UUID) -> tuple[LogRequest, CaseFile] | None:
    """A request and its case, which is there."""
    return session.execute(_with_case().where(LogRequest.id == request_id)).one_or_none()


def log_events(
    session: Session, agency_id: UUID, case_ids: Collection[UUID], wanted: Selection
) -> tuple[Sequence[AuditEvent], int]:
    """A page of everything that was done to or seen of these cases, the newest first, and how much there is in all.

    An event that names the case belongs here; and so does a look at a document that lies in it, or lay in it then, even
    where the look names another case or none: whoever sees a letter in two cases leaves a look that names one of them.
    """
    own = select(AuditEvent.id).where(AuditEvent.case_file_id.in_(case_ids))
    lying = and_(Filing.document_id == AuditEvent.object_id, Filing.case_file_id.in_(case_ids))
    seen = select(AuditEvent.id).join(Filing, lying).where(
        AuditEvent.category == "look",
        AuditEvent.object_type == "document",
        or_(Filing.ended_at.is_(None), Filing.ended_at >= AuditEvent.at),
    )  # fmt: skip
    ids = union(own, seen).subquery()
    condition = [AuditEvent.id.in_(select(ids.c.id)), AuditEvent.agency_id == agency_id, *_narrowed(wanted)]
    total = session.scalar(select(func.count()).select_from(AuditEvent).where(*condition)) or 0
    page = select(AuditEvent).where(*condition).order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    return session.scalars(page.limit(wanted.limit).offset(wanted.offset)).all(), total


def ordinals(session: Session, case_ids: Collection[UUID], document_ids: Collection[UUID]) -> dict[UUID, int]:
    """The running number in these cases of each document; of one filed twice, the first."""
    query = select(Filing.document_id, Filing.ordinal).where(
        Filing.case_file_id.in_(case_ids), Filing.document_id.in_(document_ids)
    )
    numbers: dict[UUID, int] = {}
    for document_id, ordinal in session.execute(query.order_by(Filing.filed_at, Filing.id)):
        numbers.setdefault(document_id, ordinal)
    return numbers


def _narrowed(wanted: Selection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.category:
        found.append(AuditEvent.category == wanted.category)
    if wanted.start is not None:
        found.append(AuditEvent.at >= wanted.start)
    if wanted.end is not None:
        found.append(AuditEvent.at < wanted.end)
    return found


def _with_case() -> Select[LogRequest, CaseFile]:
    there = CaseFile.state.not_in(GONE)
    return select(LogRequest, CaseFile).join(CaseFile, CaseFile.id == LogRequest.case_file_id).where(there)
