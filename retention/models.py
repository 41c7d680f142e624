"""Tables of retention: confirmed schedule entries, trigger facts, holds, disposal lists and their objects,
certificates.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class ScheduleEntry(Base):
    """An entry of the retention schedule as adopted by the agency; `data` is the entry of the data file."""

    __tablename__ = "schedule_entry"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    confirmed: Mapped[bool] = mapped_column(Boolean, default=False)
    schedule_version: Mapped[str] = mapped_column(String(64))


class TriggerFact(Base):
    """That a trigger other than closing happened on a day (decision final, claim settled …), with its source."""

    __tablename__ = "trigger_fact"
    __table_args__ = (UniqueConstraint("case_file_id", "document_id", "trigger"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    trigger: Mapped[str] = mapped_column(String(30))
    happened_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(100))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DisposalHold(Base):
    """A hold (Löschsperre) on a case file: reason, who, review date. A hold always wins until released."""

    __tablename__ = "disposal_hold"
    __table_args__ = (Index("ix_disposal_hold_open", "case_file_id", "released_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    reason_id: Mapped[str] = mapped_column(String(40))
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    review_on: Mapped[date | None] = mapped_column(Date)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[UUID | None]


class DisposalList(Base):
    """A list of due case files. `state`: collecting | frozen | approved | executing | done."""

    __tablename__ = "disposal_list"
    __table_args__ = (UniqueConstraint("agency_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    name: Mapped[str] = mapped_column(String(80))
    as_of: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="frozen")
    schedule_version: Mapped[str] = mapped_column(String(64))
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    executed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DisposalObject(Base):
    """One case file on a list, with the facts frozen at proposal and what became of it.

    `decision`: null | destroy | archive (by the archive). `state`: open | refused | executing | destroyed | kept.
    `file_number` maps the id to a number and stays after destruction: only list and certificate do that.
    """

    __tablename__ = "disposal_object"
    __table_args__ = (UniqueConstraint("list_id", "number"), UniqueConstraint("list_id", "case_file_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("disposal_list.id"))
    number: Mapped[int] = mapped_column(Integer)
    case_file_id: Mapped[UUID]
    file_number: Mapped[str] = mapped_column(String(80))
    schedule_id: Mapped[str] = mapped_column(String(40))
    retention_end: Mapped[date] = mapped_column(Date)
    disposal_action: Mapped[str] = mapped_column(String(1))
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default="open")
    reason: Mapped[str | None] = mapped_column(String(300))
    proof: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DestructionCertificate(Base):
    """The certificate of an executed list: hashes of its JSON and PDF, which lie in the certificate folder."""

    __tablename__ = "destruction_certificate"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    list_id: Mapped[UUID] = mapped_column(ForeignKey("disposal_list.id"), unique=True)
    json_sha256: Mapped[str] = mapped_column(String(64))
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
