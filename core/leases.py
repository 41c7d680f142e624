"""Named leases: at most one sealer, one indexer, one sweeper; and the sign of life of each worker.

No lease is given for longer than LONGEST. One that ends later was written before the clock was set back and holds
nothing: work may not stand still until the clock has caught up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.database import Transaction
from core.models import Lease
from core.processes import owner_is_dead

LONGEST = timedelta(minutes=10)


def acquire(tx: Transaction, name: str, owner: str, seconds: float) -> int | None:
    """Take or extend `name`; returns the fencing number, or None while somebody else holds it.

    Raises ValueError for a time over LONGEST.
    """
    if timedelta(seconds=seconds) > LONGEST:
        raise ValueError("no lease is given for longer than ten minutes")
    held = tx.session.get(Lease, name, with_for_update=True)
    until = tx.now + timedelta(seconds=seconds)
    if held is None:
        tx.session.add(Lease(name=name, owner=owner, until=until, fencing=1))
        return 1
    if held.owner != owner and in_force(held, tx.now):
        return None
    if held.owner != owner:
        held.fencing += 1
        held.owner = owner
    held.until = until
    return held.fencing


def in_force(lease: Lease, now: datetime) -> bool:
    """Whether the lease still holds at the instant."""
    return now < lease.until <= now + LONGEST


def release(tx: Transaction, name: str, owner: str) -> None:
    """Give `name` back; nothing happens when somebody else holds it."""
    tx.session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


def reclaim(tx: Transaction) -> None:
    """Take back what dead processes of this host still hold: nobody has to wait until it runs out."""
    for lease in tx.session.scalars(select(Lease)):
        if owner_is_dead(lease.owner):
            tx.session.delete(lease)
    tx.session.flush()


def alive(session: Session, prefix: str, now: datetime) -> int:
    """How many leases whose name starts with `prefix` have not run out."""
    query = select(func.count()).select_from(Lease)
    held = (Lease.until > now, Lease.until <= now + LONGEST)
    return session.scalar(query.where(Lease.name.startswith(prefix), *held)) or 0
