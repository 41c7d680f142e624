"""All queries of the system of record. Access conditions come from `archive.access`; nothing here decides who may
see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from archive.models import (
    CaseAlias,
    CaseFile,
    ContentFile,
    Document,
    DocumentType,
    DocumentVersion,
    FilePlanUnit,
    Filing,
    Keyword,
    Membership,
    Page,
    Person,
    PersonName,
)
from archive.numbers import number_key, path_form


def case_files_by_number(session: Session, agency_id: UUID, number: str) -> Sequence[CaseFile]:
    """Cases that the number names in any spelling: as file number first, else as BG number, alias or customer
    number.
    """
    found = case_files_named(session, agency_id, number)
    if found:
        return found
    key = number_key(number)
    by_person = (
        select(Membership.case_file_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.agency_id == agency_id, Person.customer_key == key)
    )
    other = or_(CaseFile.bg_key == key, CaseFile.id.in_(by_person))
    return session.scalars(select(CaseFile).where(CaseFile.agency_id == agency_id, other)).all()


def case_files_named(session: Session, agency_id: UUID, number: str) -> Sequence[CaseFile]:
    """Cases with this file number: exactly, as a path, in another spelling, or as a number they had before.

    A provisional case that was merged answers with the case that took it in. Several = the spelling is not unique.
    """
    own = select(CaseFile).where(CaseFile.agency_id == agency_id)
    exact = session.scalars(own.where(CaseFile.file_number == number)).all()
    key = number_key(number)
    found = exact or session.scalars(own.where(CaseFile.number_key == key)).all()
    if len(found) > 1:  # 1/23 and 12/3 share a key
        found = [one for one in found if path_form(one.file_number) == path_form(number)] or found
    if not found:
        alias = select(CaseAlias.case_file_id).where(CaseAlias.agency_id == agency_id, CaseAlias.number_key == key)
        found = session.scalars(own.where(CaseFile.id.in_(alias))).all()
    merged = {one.merged_into_id for one in found if one.merged_into_id is not None}
    if not merged:
        return found
    kept = {one.id for one in found if one.merged_into_id is None}
    return session.scalars(own.where(CaseFile.id.in_(merged | kept))).all()


def merged_ids(session: Session, case_file_id: UUID) -> list[UUID]:
    """The case and the provisional ones that were merged into it."""
    ids = [case_file_id]
    for one in ids:
        ids += [
            found
            for found in session.scalars(select(CaseFile.id).where(CaseFile.merged_into_id == one))
            if found not in ids
        ]
    return ids


def case_file_by_exact_number(session: Session, agency_id: UUID, number: str) -> CaseFile | None:
    """The one case that the number names (see `case_files_named`); None when unclear."""
    found = case_files_named(session, agency_id, number)
    return found[0] if len(found) == 1 else None


def current_version(session: Session, document_id: UUID) -> DocumentVersion | None:
    """The newest version of a document."""
    query = select(DocumentVersion).where(DocumentVersion.document_id == document_id)
    return session.scalars(query.order_by(DocumentVersion.number.desc()).limit(1)).first()


def pages(session: Session, version_id: UUID) -> Sequence[Page]:
    """The pages of a version's master, in order."""
    return session.scalars(select(Page).where(Page.version_id == version_id).order_by(Page.page_no)).all()


def content_file(session: Session, version_id: UUID, role: str) -> ContentFile | None:
    """The bytes of a version in a role (scan_master, rendition), or None."""
    return session.scalar(select(ContentFile).where(ContentFile.version_id == version_id, ContentFile.role == role))


def active_filings(session: Session, document_id: UUID) -> Sequence[Filing]:
    """Where a document is filed now."""
    query = select(Filing).where(Filing.document_id == document_id, Filing.ended_at.is_(None))
    return session.scalars(query.order_by(Filing.filed_at, Filing.id)).all()


def next_ordinal(session: Session, case_file_id: UUID) -> int:
    """The next running number in a case file; numbers are never reused, also not after a filing ended."""
    highest = session.scalar(select(func.max(Filing.ordinal)).where(Filing.case_file_id == case_file_id))
    return (highest or 0) + 1


def document_types(session: Session, agency_id: UUID) -> Sequence[DocumentType]:
    """The document types, by title."""
    return session.scalars(
        select(DocumentType).where(DocumentType.agency_id == agency_id).order_by(DocumentType.title, DocumentType.code)
    ).all()


def document_type(session: Session, agency_id: UUID, code: str) -> DocumentType | None:
    """One document type."""
    return session.scalar(select(DocumentType).where(DocumentType.agency_id == agency_id, DocumentType.code == code))


def keywords(session: Session, agency_id: UUID, file_plan_unit: str) -> Sequence[Keyword]:
    """The keyword catalogue of a file type, in its order."""
    query = select(Keyword).where(Keyword.agency_id == agency_id, Keyword.file_plan_unit == file_plan_unit)
    return session.scalars(query.order_by(Keyword.position, Keyword.code)).all()


def has_keyword(session: Session, agency_id: UUID, file_plan_unit: str, code: str) -> bool:
    """Whether the catalogue of a file type has the keyword."""
    named = Keyword.agency_id == agency_id, Keyword.file_plan_unit == file_plan_unit, Keyword.code == code
    return bool(session.scalar(select(exists().where(*named))))


def all_keywords(session: Session, agency_id: UUID) -> Sequence[Keyword]:
    """The keywords of all catalogues, catalogue by catalogue."""
    query = select(Keyword).where(Keyword.agency_id == agency_id)
    return session.scalars(query.order_by(Keyword.file_plan_unit, Keyword.position, Keyword.code)).all()


def keyword_counts(session: Session, case_file_id: UUID) -> dict[str | None, int]:
    """How many active documents of a case are filed under each keyword."""
    query = (
        select(Filing.keyword, func.count())
        .join(Document, Document.id == Filing.document_id)
        .where(Filing.case_file_id == case_file_id, Filing.ended_at.is_(None), Document.state == "active")
        .group_by(Filing.keyword)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def first_sheets(session: Session, case_file_id: UUID) -> dict[int, int]:
    """For each running number in a case the number of its first sheet (Blatt), counted through the file from 1.

    Ended filings keep their sheets, so that numbers that were cited stay true.
    """
    query = select(Filing.ordinal, Filing.page_to - Filing.page_from + 1).where(Filing.case_file_id == case_file_id)
    starts: dict[int, int] = {}
    following = 1
    for ordinal, pages_filed in session.execute(query.order_by(Filing.ordinal)):
        starts[ordinal] = following
        following += pages_filed
    return starts


def filing_by_ordinal(session: Session, case_file_id: UUID, ordinal: int) -> Filing | None:
    """The active filing with a running number in a case."""
    return session.scalar(
        select(Filing).where(Filing.case_file_id == case_file_id, Filing.ordinal == ordinal, Filing.ended_at.is_(None))
    )


def file_plan_unit(session: Session, agency_id: UUID, code: str) -> FilePlanUnit | None:
    """One file plan unit by its code."""
    return session.scalar(select(FilePlanUnit).where(FilePlanUnit.agency_id == agency_id, FilePlanUnit.code == code))


def head_names(session: Session, case_file_ids: Iterable[UUID]) -> dict[UUID, str]:
    """For each case the name shown for it: of the first person by role (head before member) whose membership is
    open.
    """
    rows = session.execute(
        select(Membership.case_file_id, PersonName.family_name, PersonName.given_names)
        .join(PersonName, PersonName.person_id == Membership.person_id)
        .where(
            Membership.case_file_id.in_(list(case_file_ids)),
            Membership.valid_until.is_(None),
            PersonName.valid_until.is_(None),
        )
        .order_by(Membership.role, Membership.id)
    )
    names: dict[UUID, str] = {}
    for case_id, family, given in rows:
        names.setdefault(case_id, f"{family}, {given}")
    return names
