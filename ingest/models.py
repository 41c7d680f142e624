"""Tables of the way in: receipt ledger, pages of a receipt, mail items, pages of an item, transfer notes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, Date, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class Receipt(Base):
    """One thing received (ReceiptLedger): written, with its bytes durable, before the sender is told "accepted".

    `state`: accepted | split | quarantined | rejected. `ended_at`: a person ended a quarantine or rejection with a
    reason. `source_name` may hold personal data: destruction clears it. `blob_released_at`: the batch's own bytes
    are gone.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("station_id", "idempotency_key"),
        Index("ix_receipt_sha256", "sha256"),
        Index("ix_receipt_state", "agency_id", "state"),
        Index("ix_receipt_day", "agency_id", "accepted_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str | None] = mapped_column(String(100))
    channel: Mapped[str] = mapped_column(String(12))
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("scan_station.id"))
    operator: Mapped[str | None] = mapped_column(String(100))
    idempotency_key: Mapped[str] = mapped_column(String(200))
    source_name: Mapped[str | None] = mapped_column(String(400))
    received_on: Mapped[date] = mapped_column(Date)
    received_on_source: Mapped[str] = mapped_column(String(20))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sheets_told: Mapped[int | None] = mapped_column(Integer)
    batch_code: Mapped[str | None] = mapped_column(String(80))
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("receipt.id"))
    state: Mapped[str] = mapped_column(String(12), default="accepted")
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    page_count: Mapped[int | None] = mapped_column(Integer)
    final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[UUID | None]
    ended_reason: Mapped[str | None] = mapped_column(String(400))
    blob_released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceiptPage(Base):
    """Where each page of a receipt went: into exactly one item, or it is a sheet (or the blank back of one). I1."""

    __tablename__ = "receipt_page"

    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("receipt.id"), primary_key=True)
    page_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    mail_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("mail_item.id"), index=True)
    item_page_no: Mapped[int | None] = mapped_column(Integer)
    image_sha256: Mapped[str | None] = mapped_column(String(64))


class MailItem(Base):
    """What one envelope or upload contained. `item_no` from 1; 0 = a receipt quarantined or rejected whole.

    `state`: in_work | filed | clearing | quarantined | rejected. `forced_reasons` come from splitting and send the
    item to clearing whatever the letter says. `evidence` and `candidates` are what the clearing page shows.
    """

    __tablename__ = "mail_item"
    __table_args__ = (UniqueConstraint("receipt_id", "item_no"), Index("ix_mail_item_state", "agency_id", "state"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("receipt.id"))
    item_no: Mapped[int] = mapped_column(Integer)
    page_count: Mapped[int] = mapped_column(Integer)
    blank_pages: Mapped[list[int]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(12), default="in_work")
    sheet: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    forced_reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    master_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    master_media_type: Mapped[str | None] = mapped_column(String(100))
    master_size: Mapped[int | None] = mapped_column(BigInteger)
    document_id: Mapped[UUID | None] = mapped_column(index=True)
    case_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    document_type: Mapped[str | None] = mapped_column(String(40))
    keyword: Mapped[str | None] = mapped_column(String(20))
    inbox: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[UUID | None]
    ended_reason: Mapped[str | None] = mapped_column(String(400))


class ItemPage(Base):
    """A page of a mail item while it is read: its text is a blob; `read_at` null = still to read."""

    __tablename__ = "item_page"

    mail_item_id: Mapped[UUID] = mapped_column(ForeignKey("mail_item.id"), primary_key=True)
    page_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text_sha256: Mapped[str | None] = mapped_column(String(64))
    image_sha256: Mapped[str | None] = mapped_column(String(64))
    blank: Mapped[bool] = mapped_column(Boolean, default=False)
    rotation: Mapped[int] = mapped_column(Integer, default=0)
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    dpi: Mapped[int] = mapped_column(Integer, default=0)
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    engine: Mapped[str | None] = mapped_column(String(40))
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TransferNote(Base):
    """Transfervermerk of a document (TR-RESISCAN A.NB.4): who, how, when, anomalies, result, statement. Never
    changed.
    """

    __tablename__ = "transfer_note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), unique=True)
    mail_item_id: Mapped[UUID] = mapped_column(ForeignKey("mail_item.id"))
    note: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
