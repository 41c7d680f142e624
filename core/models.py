"""Tables of the foundation: jobs, leases of singletons, outbox, audit, idempotent answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime, only_where
from core.database import Base
from core.ids import new_id


class Job(Base):
    """One step of work. The table is the truth; whatever wakes a worker only wakes it.

    `fencing` grows with each lease; a step's commit must carry the number it was leased with. `deaths` counts only ends
    that the step itself caused (see core.jobs); `isolated` asks for a child of its own. `source` is the station that the
    work came from, `turn` its place in the fair order (core.fairness).
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "generation"),
        Index("ix_job_ready", "state", "priority", "turn", "created_at"),
        Index("ix_job_kind", "state", "kind", "priority", "turn", "created_at"),
        Index("ix_job_source", "state", "source", "priority", "turn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="ready")
    priority: Mapped[int] = mapped_column(Integer, default=100)
    source: Mapped[UUID | None]
    turn: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    deaths: Mapped[int] = mapped_column(Integer, default=0)
    isolated: Mapped[bool] = mapped_column(Boolean, default=False)
    fencing: Mapped[int] = mapped_column(Integer, default=0)
    leased_by: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(400))


class Lease(Base):
    """A name that at most one process holds for a while: sealer, indexer, sweeper, or a worker's sign of life."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    fencing: Mapped[int] = mapped_column(Integer, default=1)


class OutboxEvent(Base):
    """A side effect that is due after commit: one row per consumer, naming an object, never carrying its content."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_open", "consumer", "id", **only_where("processed_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID]
    consumer: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEvent(Base):
    """One act or one look. Holds ids and codes, never contents or names; written in the transaction it belongs to.

    `chain_no`, `case_no` and `leaf_hash` come from the sealer, seconds later. Rows are append-only (triggers).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_unsealed", "id", **only_where("chain_no IS NULL")),
        Index("ix_audit_event_case", "case_file_id", "case_no"),
        Index("ix_audit_event_object", "object_id", "at"),
        UniqueConstraint("chain_no"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    category: Mapped[str] = mapped_column(String(4))
    action: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[UUID | None]
    case_file_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    chain_no: Mapped[int | None]
    case_no: Mapped[int | None]
    leaf_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AuditBlock(Base):
    """A sealed run of audit events: Merkle root over their leaf hashes, linked to the block before."""

    __tablename__ = "audit_block"

    block_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_no: Mapped[int]
    last_no: Mapped[int]
    merkle_root: Mapped[bytes] = mapped_column(LargeBinary(32))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    block_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


# Append-only is enforced by the database too: a sealed event never changes, no event is ever deleted.
AUDIT_TRIGGERS = {
    "sqlite": (
        """CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END""",
        """CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event WHEN OLD.chain_no IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'sealed audit events never change'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_ARGV[0]; END $$""",
        """CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_event_refuse('audit events are append-only')""",
        """CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse('audit events are append-only')""",
        """CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event FOR EACH ROW
        WHEN (OLD.chain_no IS NOT NULL) EXECUTE FUNCTION audit_event_refuse('sealed audit events never change')""",
    ),
}
"""By dialect; run by the first migration."""
