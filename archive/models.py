"""Tables of the system of record (DESIGN "The record, so that daily work fits")."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from archive.names import name_key
from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class FilePlanUnit(Base):
    """A node of the file plan. `code` is the file type (LEIST, WID …); carries retention and secrecy defaults."""

    __tablename__ = "file_plan_unit"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(20))
    plan_code: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    parent_code: Mapped[str | None] = mapped_column(String(20))
    number_pattern: Mapped[str | None] = mapped_column(String(60))
    number_regex: Mapped[str | None] = mapped_column(String(120))
    retention_id: Mapped[str | None] = mapped_column(String(40))
    disposal_action: Mapped[str | None] = mapped_column(String(1))
    secrecy_class: Mapped[str | None] = mapped_column(String(10))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class Keyword(Base):
    """A keyword (Schlagwort) of one file type's catalogue."""

    __tablename__ = "keyword"
    __table_args__ = (UniqueConstraint("agency_id", "file_plan_unit", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    file_plan_unit: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(Integer, default=0)
    sensitivity: Mapped[list[str]] = mapped_column(JSON, default=list)


class DocumentType(Base):
    """A document type with its defaults; the recognition rules stay in the data file."""

    __tablename__ = "document_type"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    direction: Mapped[str] = mapped_column(String(10))
    file_type: Mapped[str | None] = mapped_column(String(20))
    keyword: Mapped[str | None] = mapped_column(String(20))
    urgency: Mapped[str] = mapped_column(String(10), default="normal")
    paper_original: Mapped[str] = mapped_column(String(10), default="check")
    deadlines: Mapped[list[str]] = mapped_column(JSON, default=list)


class CaseFile(Base):
    """A case file (Akte). `responsible_user_id` null = the unit's team. `version` guards against stale writes.

    `state`: open | closed | destroyed | transferred. `number_key` is the folded number for lookups in any spelling.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("agency_id", "file_number"),
        Index("ix_case_file_responsible", "responsible_user_id", "state"),
        Index("ix_case_file_unit", "org_unit_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    file_number: Mapped[str] = mapped_column(String(80))
    number_key: Mapped[str] = mapped_column(String(80), index=True)
    file_plan_unit: Mapped[str] = mapped_column(String(20))
    bg_nummer: Mapped[str | None] = mapped_column(String(40))
    bg_key: Mapped[str | None] = mapped_column(String(40), index=True)
    org_unit_id: Mapped[UUID] = mapped_column(ForeignKey("org_unit.id"))
    responsible_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    secrecy_class: Mapped[str] = mapped_column(String(10), default="SOZ")
    sealed: Mapped[bool] = mapped_column(Boolean, default=False)
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    state: Mapped[str] = mapped_column(String(12), default="open")
    opened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)


class CaseAlias(Base):
    """Another number of a case: a former or provisional one, or a foreign reference. Survives a merge."""

    __tablename__ = "case_alias"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    alias: Mapped[str] = mapped_column(String(80))
    number_key: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[str] = mapped_column(String(20))


class CaseRelation(Base):
    """A directed relation between case files: refers_to, belongs_to, follows, previous_instance (file plan)."""

    __tablename__ = "case_relation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    other_case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))


class Person(Base):
    """A natural person, apart from any case."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    customer_number: Mapped[str | None] = mapped_column(String(40))
    customer_key: Mapped[str | None] = mapped_column(String(40), index=True)
    birth_date: Mapped[date | None] = mapped_column(Date, index=True)


_LONGEST_KEY = 240
"""Folding makes two letters of some."""


def _given_key(context: Any) -> str:
    return name_key(context.get_current_parameters()["given_names"])[:_LONGEST_KEY]


class PersonName(Base):
    """A name with its validity; `family_key` and `given_key` are its parts folded for lookups. A row's names never change:
    another name is another row.
    """

    __tablename__ = "person_name"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    family_name: Mapped[str] = mapped_column(String(120))
    given_names: Mapped[str] = mapped_column(String(120))
    family_key: Mapped[str] = mapped_column(String(120), index=True)
    given_key: Mapped[str] = mapped_column(String(_LONGEST_KEY), default=_given_key, server_default="")
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class PersonAddress(Base):
    """An address with its validity."""

    __tablename__ = "person_address"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    street: Mapped[str] = mapped_column(String(200))
    postal_code: Mapped[str] = mapped_column(String(10))
    city: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class PersonMark(Base):
    """deceased | protected_address | sealed, with validity. Any of them keeps the machine from filing."""

    __tablename__ = "person_mark"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    mark: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Membership(Base):
    """A person belongs to a case in a role, from and until a day (inclusive; open when null)."""

    __tablename__ = "membership"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="member")
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class CaseGrant(Base):
    """A named permission to read a case: `reason` is named | audit | offer | break_glass. Written by
    archive.granting/retention.
    """

    __tablename__ = "case_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    reason: Mapped[str] = mapped_column(String(20))
    granted_by: Mapped[UUID | None]
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Document(Base):
    """A mail item as a record. `filed` says whether it has an active filing; access reads it.

    `state`: active | dismissed (a person ended it in clearing: it belongs to no case) | destroyed.

    `clearing_scope` of an unfiled document: general (clearing role) | unit (that unit's clearing) | restricted (sealed
    or protected: team leads of `org_unit_id` only). `station_unit_id` is the mailroom that may still see it until
    filed. Dates: `received_on` is the date the law cares about; its source stands beside it.
    """

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_unfiled", "agency_id", "filed", "clearing_scope"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    mail_item_id: Mapped[UUID | None] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(String(300))
    document_type: Mapped[str] = mapped_column(String(40))
    direction: Mapped[str] = mapped_column(String(10), default="in")
    state: Mapped[str] = mapped_column(String(12), default="active")
    filed: Mapped[bool] = mapped_column(Boolean, default=False)
    clearing_scope: Mapped[str] = mapped_column(String(12), default="general")
    org_unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("org_unit.id"))
    station_unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("org_unit.id"))
    received_on: Mapped[date] = mapped_column(Date)
    received_on_source: Mapped[str] = mapped_column(String(20))
    effective_received_on: Mapped[date | None] = mapped_column(Date)
    effective_received_on_source: Mapped[str | None] = mapped_column(String(20))
    document_date: Mapped[date | None] = mapped_column(Date)
    document_date_source: Mapped[str | None] = mapped_column(String(20))
    posted_on: Mapped[date | None] = mapped_column(Date)
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sender: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)


class DocumentVersion(Base):
    """A version of a document; number 1 is what arrived."""

    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int] = mapped_column(Integer, default=1)
    page_count: Mapped[int] = mapped_column(Integer)
    rendition_conformance: Mapped[str | None] = mapped_column(String(12))
    rendition_reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContentFile(Base):
    """Bytes of a version: role scan_master | rendition."""

    __tablename__ = "content_file"
    __table_args__ = (UniqueConstraint("version_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("document_version.id"))
    role: Mapped[str] = mapped_column(String(12))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)


class Page(Base):
    """A page of a version's master: its text (blob), geometry, and its page number in the rendition (null = blank)."""

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("version_id", "page_no"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("document_version.id"))
    page_no: Mapped[int] = mapped_column(Integer)
    rendition_page_no: Mapped[int | None] = mapped_column(Integer)
    text_sha256: Mapped[str | None] = mapped_column(String(64))
    image_sha256: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    dpi: Mapped[int] = mapped_column(Integer, default=0)
    rotation: Mapped[int] = mapped_column(Integer, default=0)
    blank: Mapped[bool] = mapped_column(Boolean, default=False)
    confidence: Mapped[float] = mapped_column(Float, default=0.0)


class DateCorrection(Base):
    """A corrected date keeps both values and needs a reason."""

    __tablename__ = "date_correction"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), index=True)
    field: Mapped[str] = mapped_column(String(30))
    old_value: Mapped[date | None] = mapped_column(Date)
    new_value: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(400))
    corrected_by: Mapped[UUID]
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Filing(Base):
    """A page range of a document in a case file under one keyword. n:m; ended filings stay as history.

    `ordinal` is the running number of the document in its case file, never reused.
    """

    __tablename__ = "filing"
    __table_args__ = (
        Index("ix_filing_case", "case_file_id", "ended_at"),
        Index("ix_filing_document", "document_id", "ended_at"),
        UniqueConstraint("case_file_id", "ordinal"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    keyword: Mapped[str | None] = mapped_column(String(20))
    page_from: Mapped[int] = mapped_column(Integer)
    page_to: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    retention_id: Mapped[str | None] = mapped_column(String(40))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[UUID | None]
    ended_reason: Mapped[str | None] = mapped_column(String(40))


class DocumentGrant(Base):
    """A document lies in somebody's inbox: this user, or this unit, may read it (not the rest of its case)."""

    __tablename__ = "document_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("org_unit.id"), index=True)
    inbox_item_id: Mapped[UUID] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Note(Base):
    """A note on a document or on a case file."""

    __tablename__ = "note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"), index=True)
    case_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Installation(Base):
    """One row: the id that marks what lies outside the database and is this installation's alone (its bucket)."""

    __tablename__ = "installation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Blob(Base):
    """Bytes known by their SHA-256. `tombstoned_at`: no claim is left; unlinked after the grace time. `removing_at`: the
    mark of a removal under way; `removed_at`: it ended, the row is a gravestone for a day. `locked_until`, `held`: the
    store's own lock as last set; `lock_due_at`: when it has to be looked at again.
    """

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tombstoned_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    removing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    lock_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class BlobClaim(Base):
    """`owner_type`/`owner_id` needs the bytes in `role`. Bytes without a claim may go after the grace time."""

    __tablename__ = "blob_claim"
    __table_args__ = (UniqueConstraint("sha256", "owner_type", "owner_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    owner_type: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[UUID] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
