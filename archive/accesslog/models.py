"""One request to read the access log of one case file."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class LogRequest(Base):
    """Who asked why, and who decided what and why. `state`: asked | approved | refused; a decision is final.

    The reasons are the only free text about an access log; they are destroyed with the case. The log itself holds ids.
    """

    __tablename__ = "log_request"
    __table_args__ = (
        Index("ix_log_request_state", "agency_id", "state"),
        Index("ix_log_request_requested_by", "requested_by"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="second_person"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_file_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    readable_until: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(default=1)
