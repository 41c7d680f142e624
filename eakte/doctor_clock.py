"""Clocks of several hosts: leases and retries compare instants that different hosts wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import Database
from core.models import Lease
from core.processes import host_name, owner_is_dead
from eakte.doctor_records import Told
from eakte.host_clock import MOST, skew
from eakte.housekeeping import LEASE_SECONDS


def clock_findings(database: Database) -> Iterator[Told]:
    """This host against the database, and hosts that differ from what is now."""
    if (told := skew(database)) is not None:
        yield "skew", host_name(), *told
    with database.read() as session:
        for host, lead in hosts_ahead(session, database.clock.now()):
            yield (
                "skew", host,
                f"Die Uhr des Rechners geht gegenüber diesem {lead} Sekunden vor. Bitte die Zeit beider abgleichen (NTP).",
                f"The clock of that host is {lead} seconds ahead of this one's. Please set both by NTP.",
            )  # fmt: skip


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
