"""Clocks of several hosts: leases and retries compare instants that different hosts wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Lease
from core.processes import owner_is_dead
from eakte.housekeeping import LEASE_SECONDS

MOST = timedelta(seconds=60)


def hosts_ahead(session: Session, now: datetime) -> Iterator[tuple[str, int]]:
    """Hosts whose workers' signs of life lie further ahead than a lease is long, with their lead in seconds.

    Seen from the host that is behind; a host that is behind this one is found by the doctor there.
    """
    latest = now + timedelta(seconds=LEASE_SECONDS) + MOST
    leads: dict[str, int] = {}
    for lease in session.scalars(select(Lease).where(Lease.name.startswith("worker/"), Lease.until > latest)):
        if not owner_is_dead(lease.owner):
            host = lease.owner.rpartition("/")[2].rsplit(":", 2)[0]
            lead = int((lease.until - now).total_seconds() - LEASE_SECONDS)
            leads[host] = max(lead, leads.get(host, 0))
    yield from sorted(leads.items())
