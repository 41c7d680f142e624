"""Locks on stored bytes, kept up with what the records say: decided by `retention.locks`, set by the store.

A row says when it has to be looked at again; whatever changes the decision (a claim, a filing, a hold, closing) says "at
once" in its own transaction. Looking reads, asks the store outside of any transaction, and then notes what was set. Killed
anywhere, it is done again: a lock is never shortened here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from archive.blobs import claims
from archive.blobs.port import BlobMissing, BlobStore, Lock
from archive.models import Blob, BlobClaim, CaseFile, Filing
from core.clock import agency_date
from core.database import Database
from core.log import logger
from retention import ledger
from retention.facts import judge
from retention.locks import Keeping, Need, keeping

BATCH: Final = 200
PORTION: Final = 25
"""So many locks are set, then noted together: a transaction for each would be half of the work."""
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    """Bytes whose lock has to be looked at, as their row had it."""

    sha256: str
    locked_until: datetime | None
    held: bool
    due_at: datetime | None
    keeping: Keeping


@dataclass(frozen=True, slots=True)
class _Set:
    """What the store has now, and when to look again."""

    until: datetime | None
    held: bool
    look_again_at: datetime


def renew_locks(database: Database, store: BlobStore, limit: int = BATCH) -> int:
    """Look at up to `limit` locks that are due; returns how many. Nothing where the store has no locks.

    Raises Unavailable when the store does not answer: what was set so far is noted.
    """
    if not store.locks:
        return 0
    now = database.clock.now()
    with database.read() as session:
        due = _due(session, now, limit)
    for start in range(0, len(due), PORTION):
        noted: dict[tuple[_Set, datetime | None], list[str]] = {}
        try:
            for one in due[start : start + PORTION]:
                noted.setdefault((_set(store, one, now), one.due_at), []).append(one.sha256)
        finally:
            if noted:
                _note(database, noted)
    return len(due)


def _due(session: Session, now: datetime, limit: int) -> list[_Due]:
    alive = Blob.tombstoned_at.is_(None), Blob.removing_at.is_(None)
    overdue = or_(Blob.lock_due_at.is_(None), Blob.lock_due_at <= now)
    rows = session.scalars(select(Blob).where(overdue, *alive).order_by(Blob.sha256).limit(limit)).all()
    needs = _needs(session, [row.sha256 for row in rows])
    today = agency_date(now)
    return [
        _Due(row.sha256, row.locked_until, row.held, row.lock_due_at, keeping(needs.get(row.sha256, ()), today))
        for row in rows
    ]


def _set(store: BlobStore, one: _Due, now: datetime) -> _Set:
    until = _instant_after(one.keeping.until) if one.keeping.until else None
    look = _instant_after(one.keeping.look_again_on)
    longer = until is not None and (one.locked_until is None or until > one.locked_until)
    try:
        if longer or one.held != one.keeping.held:
            store.lock(one.sha256, Lock(until if longer else None, one.keeping.held))
    except BlobMissing:
        _log.error("lock_without_bytes", sha256=one.sha256)  # `eakte doctor` names them
        until, look = one.locked_until, now + timedelta(days=1)
    return _Set(until if longer else one.locked_until, one.keeping.held, look)


def _note(database: Database, noted: Mapping[tuple[_Set, datetime | None], Sequence[str]]) -> None:
    """Note what was set. A row that says "at once" again meanwhile goes on saying so."""
    with database.write() as tx:
        for (now_set, due_at), addresses in noted.items():
            same = Blob.lock_due_at.is_(None) if due_at is None else Blob.lock_due_at == due_at
            mine = update(Blob).where(Blob.sha256.in_(addresses))
            tx.session.execute(mine.values(locked_until=now_set.until, held=now_set.held))
            tx.session.execute(mine.where(same).values(lock_due_at=now_set.look_again_at))


def _needs(session: Session, addresses: Sequence[str]) -> Mapping[str, list[Need]]:
    rows = session.scalars(select(BlobClaim).where(BlobClaim.sha256.in_(addresses))).all()
    by_type: dict[str, set[UUID]] = {}
    for row in rows:
        by_type.setdefault(row.owner_type, set()).add(row.owner_id)
    finished = ledger.finished_receipts(session, by_type.get(claims.RECEIPT, set()))
    documents = _needs_of_documents(session, by_type.get(claims.DOCUMENT, set()))
    found: dict[str, list[Need]] = {}
    for row in rows:
        if row.owner_type == claims.DOCUMENT:
            found.setdefault(row.sha256, []).extend(documents.get(row.owner_id) or [Need()])
        elif row.owner_type != claims.RECEIPT or row.owner_id not in finished:
            found.setdefault(row.sha256, []).append(Need())
    return found


def _needs_of_documents(session: Session, ids: set[UUID]) -> Mapping[UUID, list[Need]]:
    filed = session.execute(
        select(Filing.document_id, CaseFile.id, CaseFile.agency_id)
        .join(CaseFile, CaseFile.id == Filing.case_file_id)
        .where(Filing.document_id.in_(ids), Filing.ended_at.is_(None))
    ).all()
    agencies: dict[UUID, set[UUID]] = {}
    for _, case_id, agency_id in filed:
        agencies.setdefault(agency_id, set()).add(case_id)
    judged = [one for agency_id, cases in agencies.items() for one in judge(session, agency_id, cases)]
    needs = {one.case_file.id: Need(one.end.outcome, bool(one.holds)) for one in judged}
    found: dict[UUID, list[Need]] = {}
    for document_id, case_id, _ in filed:
        if case_id in needs:
            found.setdefault(document_id, []).append(needs[case_id])
    return found


def _instant_after(day: date) -> datetime:
    """When the day is over everywhere that matters: noon of the next, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(12), UTC)
