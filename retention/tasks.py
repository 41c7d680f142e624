"""What a worker does for retention in its loops: finish interrupted lists and disposals."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select

from core.actor import system_actor
from core.database import Database
from core.errors import Conflict
from retention.disposal import Stores, carry_on
from retention.models import DisposalList
from retention.proposing import COLLECTING, collect


def resume_proposals(database: Database) -> int:
    """Finish every list whose proposal was interrupted; returns how many there were. Idempotent."""
    with database.read() as session:
        query = select(DisposalList.id, DisposalList.agency_id).where(DisposalList.state == COLLECTING)
        begun = session.execute(query.order_by(DisposalList.proposed_at)).all()
    for list_id, agency_id in begun:
        with suppress(Conflict):  # nothing is due any more: the list was given up
            collect(database, system_actor(agency_id), list_id)
    return len(begun)


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
