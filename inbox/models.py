"""Tables of the Postkorb."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class InboxItem(Base):
    """A document lies in an inbox: personal (`user_id`), team (`unit_id`), clearing, unit clearing, restricted
    clearing.

    `inbox_kind`: user | team | clearing. `unit_id` with kind clearing = that team's clearing; `restricted` = leads
    only. `state`: open | deferred | done | forwarded | withdrawn (undone misfiling) | dismissed (belongs to no case;
    the last of `reasons` says why). Forwarding ends this row and makes a new one. `version` guards against stale acts
    (409). `due_on` is the next legal date; `reasons` hold codes with German texts.
    """

    __tablename__ = "inbox_item"
    __table_args__ = (
        Index("ix_inbox_item_user", "user_id", "state"),
        Index("ix_inbox_item_unit", "unit_id", "inbox_kind", "state"),
        Index("ix_inbox_item_kind", "inbox_kind", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    inbox_kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("org_unit.id"))
    restricted: Mapped[bool] = mapped_column(default=False)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), index=True)
    case_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="open")
    urgency: Mapped[str] = mapped_column(String(10), default="normal")
    due_on: Mapped[date | None] = mapped_column(Date)
    deferred_until: Mapped[date | None] = mapped_column(Date)
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    taken_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    previous_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbox_item.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(Integer, default=1)


class FollowUp(Base):
    """A reminder (Wiedervorlage) for a user on a day, on an inbox item's document or a case."""

    __tablename__ = "follow_up"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    inbox_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbox_item.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    case_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    due_on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UndoableAct(Base):
    """What a user did last and can take back: refused once somebody else acted on the same item."""

    __tablename__ = "undoable_act"
    __table_args__ = (Index("ix_undoable_act_user", "user_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    inbox_item_id: Mapped[UUID] = mapped_column(ForeignKey("inbox_item.id"))
    expected_version: Mapped[int] = mapped_column(Integer)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
