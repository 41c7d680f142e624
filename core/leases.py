"""Named leases: at most one sealer, one indexer, one sweeper; and the sign of life of each worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.database import Transaction
from core.models import Lease


def acquire(tx: Transaction, name: str, owner: str, seconds: float) -> int | None:
    """Take or extend `name`; returns the fencing number, or None while somebody else holds it."""
    held = tx.session.get(Lease, name)
    until = tx.now + timedelta(seconds=seconds)
    if held is None:
        tx.session.add(Lease(name=name, owner=owner, until=until, fencing=1))
        return 1
    if held.owner != owner and held.until > tx.now:
        return None
    if held.owner != owner:
        held.fencing += 1
        held.owner = owner
    held.until = until
    return held.fencing


def release(tx: Transaction, name: str, owner: str) -> None:
    """Give `name` back; nothing happens when somebody else holds it."""
    tx.session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


def alive(session: Session, prefix: str, now: datetime) -> int:
    """How many leases whose name starts with `prefix` have not run out."""
    query = select(func.count()).select_from(Lease)
    return session.scalar(query.where(Lease.name.startswith(prefix), Lease.until > now)) or 0
