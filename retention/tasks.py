"""What a worker does for retention in its loops: finish interrupted disposals, name holds that are up for review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actor import system_actor
from retention.disposal import Stores, carry_on
from retention.models import DisposalHold, DisposalList


def resume_disposals(stores: Stores) -> list[str]:
    """Finish every list whose execution a person started and something interrupted; returns their names. Idempotent.

    Raises NotFinished when traces are left: the next run tries again.
    """
    with stores.database.read() as session:
        query = select(DisposalList.id, DisposalList.agency_id, DisposalList.name)
        started = session.execute(
            query.where(DisposalList.state == "executing").order_by(DisposalList.proposed_at)
        ).all()
    for list_id, agency_id, _ in started:
        carry_on(stores, system_actor(agency_id), list_id)
    return [name for _, _, name in started]


def holds_to_review(session: Session, agency_id: UUID, on: date) -> Sequence[DisposalHold]:
    """Standing holds whose review date has come, the oldest first. A hold never ends by itself."""
    query = select(DisposalHold).where(
        DisposalHold.agency_id == agency_id, DisposalHold.released_at.is_(None), DisposalHold.review_on <= on
    )
    return session.scalars(query.order_by(DisposalHold.review_on, DisposalHold.id)).all()
