"""Side effects after commit. Consumers take unprocessed rows, never "id > last": commit order is not id order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from core.database import Transaction
from core.models import OutboxEvent

INDEX = "index"
SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "document.changed": (INDEX,),
    "document.destroyed": (INDEX,),
    "case_file.changed": (INDEX,),
}


def emit(tx: Transaction, agency_id: UUID, topic: str, object_id: UUID) -> None:
    """Note that `topic` happened to `object_id`; consumers read the object's current state later. What this transaction
    has noted is not noted twice.
    """
    noted: set[tuple[str, str, UUID]] = tx.session.info.setdefault("noted", set())
    for consumer in SUBSCRIPTIONS[topic]:
        if (consumer, topic, object_id) not in noted:
            noted.add((consumer, topic, object_id))
            tx.session.add(
                OutboxEvent(agency_id=agency_id, consumer=consumer, topic=topic, object_id=object_id, created_at=tx.now)
            )


def unprocessed(session: Session, consumer: str, limit: int = 200) -> Sequence[OutboxEvent]:
    """The oldest rows that `consumer` still owes."""
    query = select(OutboxEvent).where(OutboxEvent.consumer == consumer, OutboxEvent.processed_at.is_(None))
    return session.scalars(query.order_by(OutboxEvent.id).limit(limit)).all()


def owes(session: Session, consumer: str) -> bool:
    """Whether there is anything that `consumer` has not done yet."""
    query = select(exists().where(OutboxEvent.consumer == consumer, OutboxEvent.processed_at.is_(None)))
    return bool(session.scalar(query))


def mark_processed(tx: Transaction, event_ids: Sequence[UUID]) -> None:
    """Close rows whose effect is durable. Marking twice changes nothing."""
    tx.session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.id.in_(event_ids), OutboxEvent.processed_at.is_(None))
        .values(processed_at=tx.now)
    )
