"""Small helpers for tests: a migrated database in a folder, a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from archive.blobs.port import BlobStore
from core.clock import Clock, SetClock
from core.database import Database, Transaction
from core.ids import new_id
from organisation.models import Agency
from tests.databases import make_migrated, open_at

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def make_database(folder: Path, clock: Clock | None = None) -> Database:
    """A fresh database at the newest schema."""
    make_migrated(folder)
    return open_at(folder, clock or SetClock(NOON))


def make_agency(tx: Transaction, code: str = "TEST") -> UUID:
    """An agency to hang rows on."""
    agency_id = new_id()
    tx.session.add(Agency(id=agency_id, code=code, name="Testbehörde"))
    tx.session.flush()
    return agency_id


def stored_file(store: BlobStore, sha256: str) -> Path:
    """The file that a local store holds the bytes in: to look at it, or to damage it."""
    with store.local_copy(sha256) as path:
        return path


def raw(session: Session, statement: str) -> None:
    """Run SQL as an attacker with access to the file would: triggers dropped, no rules."""
    session.connection().exec_driver_sql(statement)
