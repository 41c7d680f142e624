"""`eakte ingest`: files and folders into the ledger, and, when asked to wait, their way to the end.

When no worker is alive and something is not at its end, waiting starts one in this process and ends it afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core import leases
from core.errors import EakteError, InvalidInput, StorageFull
from eakte.bootstrap import Services
from ingest.ledger import Accepted, Delivery, note_refusal, readable, receive
from ingest.models import Receipt
from ingest.reporting import item_lines
from organisation.models import ScanStation

_POLL_SECONDS, _LONG_POLL_SECONDS = 0.1, 0.5
_SOON_SECONDS = 5.0
"""What has not ended by then will take a while: it is asked for less often, until a few are left."""
_FEW = 8
FOREVER = 7 * 24 * 3600.0


@dataclass(slots=True)
class Outcome:
    """What became of the files: JSON lines of finished items, problems in German, and whether time ran out."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    timed_out: bool = False


def take_in(
    services: Services,
    agency_id: UUID,
    paths: Sequence[Path],
    station: str | None,
    received_on: date | None,
    wait: float | None,
) -> Outcome:
    """Receive every file; with `wait` (seconds, 0 = as long as it takes) also follow them to their final state."""
    outcome = Outcome()
    station_id = _station(services, agency_id, station)
    accepted: list[tuple[Path, Accepted]] = []
    for path in files_below(paths):
        try:
            delivery = Delivery("cli", station_id, received_on=received_on, source_name=readable(path.name))
            accepted.append((path, receive(services.database, services.blobs, agency_id, path, delivery)))
        except (EakteError, OSError) as error:
            if isinstance(error, StorageFull):
                note_refusal(services.database, agency_id, station_id, error.reason)
            text = error.de if isinstance(error, EakteError) else f"Die Datei ist nicht lesbar ({error.strerror})."
            outcome.problems.append(f"{readable(str(path))}: {text}")
    if wait is None:
        outcome.lines = [_received_line(path, one) for path, one in accepted]
        return outcome
    ids = [one.receipt_id for _, one in accepted]
    with _worker_if_none(services) if _pending(services, ids) else nullcontext():
        until = time.monotonic() + (wait or FOREVER)
        outcome.timed_out = not (_wait_for(services, ids, until) and _found(services, until))
    with services.database.read() as session:
        outcome.lines += item_lines(session, ((one.receipt_id, readable(str(path))) for path, one in accepted))
    return outcome


def files_below(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as given; folders recurse, sorted; hidden files and folders are skipped."""
    for path in paths:
        if path.is_dir():
            children = [child for child in path.iterdir() if not child.name.startswith(".")]
            yield from files_below(sorted(children))
        elif path.is_file():
            yield path


def _received_line(path: Path, accepted: Accepted) -> dict[str, Any]:
    return {
        "receipt_id": str(accepted.receipt_id),
        "receipt_sha256": accepted.sha256,
        "source": readable(str(path)),
        "state": accepted.state,
    }


def _station(services: Services, agency_id: UUID, code: str | None) -> UUID:
    query = select(ScanStation.id).where(ScanStation.agency_id == agency_id, ScanStation.revoked_at.is_(None))
    if code is not None:
        query = query.where(ScanStation.code == code)
    with services.database.read() as session:
        found = session.scalars(query.order_by(ScanStation.code).limit(1)).first()
    if found is None:
        raise InvalidInput(
            "Diese Scanstation gibt es nicht. Legen Sie eine an: `eakte stations create CODE --unit EINHEIT`.",
            "unknown station",
        )
    return found


@contextmanager
def _worker_if_none(services: Services) -> Iterator[None]:
    with services.database.read() as session:
        alive = leases.alive(session, "worker/", services.database.clock.now())
    if alive:
        yield
        return
    from eakte.duties import duties  # loads the index: nothing that merely receives needs it
    from eakte.supervisor import Supervisor

    supervisor = Supervisor(services, duties(services))
    supervisor.start()
    try:
        yield
    finally:
        supervisor.stop()


def _found(services: Services, until: float) -> bool:
    """Whether search finds what was taken in before `until` (monotonic seconds): filed and found is done."""
    from eakte.searching import settle

    return settle(services, max(0.0, until - time.monotonic()))


def _wait_for(services: Services, receipt_ids: Sequence[UUID], deadline: float) -> bool:
    """Whether every receipt reached its end by `deadline` (monotonic seconds)."""
    soon = time.monotonic() + _SOON_SECONDS
    pending = _pending(services, receipt_ids)
    while pending:
        if time.monotonic() > deadline:
            return False
        often = len(pending) <= _FEW or time.monotonic() < soon
        time.sleep(_POLL_SECONDS if often else _LONG_POLL_SECONDS)
        pending = _pending(services, pending)
    return True


def _pending(services: Services, receipt_ids: Collection[UUID]) -> set[UUID]:
    """Those that are not at their end yet."""
    with services.database.read() as session:
        query = select(Receipt.id).where(Receipt.id.in_(receipt_ids), Receipt.final_at.is_(None))
        return set(session.scalars(query))
