"""`python -m eakte.alive`: exit status 0 while a worker of this host gives signs of life, for a container's health check.

A worker serves nothing that could be asked; it is its heartbeat in the database that says it can work.
"""

from __future__ import annotations

import sys

from core import leases
from core.errors import EakteError
from core.processes import host_name
from eakte.bootstrap import Services, open_services


def worker_alive(services: Services) -> bool:
    """Whether the lease of any worker of this host is in force."""
    with services.database.read() as session:
        return leases.alive(session, f"worker/{host_name()}:", services.database.clock.now()) > 0


if __name__ == "__main__":
    try:
        sys.exit(0 if worker_alive(open_services()) else 1)
    except EakteError:
        sys.exit(1)
