"""The collective files of dismissed mail, kept by a worker: what was dismissed before there were any is brought in, and
what belongs to a year that is over is closed. Short transactions; killed anywhere, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from archive.collective import close_past, file_in_collective, past
from archive.models import CaseFile, Document
from core.actor import system_actor
from core.clock import agency_date
from core.database import Database, Transaction
from inbox.repository import dismissal_of

BATCH: Final = 20
_FIRST: Final = UUID(int=0)


def keep_collective_files(database: Database) -> int:
    """Bring in dismissed documents that lie in no file, then close the files of past years; returns how many documents
    came in. Idempotent.
    """
    count, after = 0, _FIRST
    while waiting := _waiting(database, after):
        with database.write() as tx:
            count += sum(_bring_in(tx, document_id) for document_id in waiting)
        after = waiting[-1]
    over = past(agency_date(database.clock.now()))
    with database.read() as session:
        agencies = session.scalars(select(CaseFile.agency_id).where(over).distinct()).all()
    for agency_id in sorted(agencies):
        with database.write() as tx:
            close_past(tx, system_actor(agency_id))
    return count


def _waiting(database: Database, after: UUID) -> Sequence[UUID]:
    unfiled = Document.state == "dismissed", Document.filed.is_(False), Document.id > after
    with database.read() as session:
        return session.scalars(select(Document.id).where(*unfiled).order_by(Document.id).limit(BATCH)).all()


def _bring_in(tx: Transaction, document_id: UUID) -> bool:
    """Into the file of the year in which it was dismissed; where that one is closed, into this year's."""
    document = tx.session.get_one(Document, document_id)
    if document.state != "dismissed" or document.filed:
        return False
    actor, item = system_actor(document.agency_id), dismissal_of(tx.session, document_id)
    year = agency_date(item.finished_at).year if item and item.finished_at else tx.today.year
    years = (min(year, tx.today.year), tx.today.year)
    return any(file_in_collective(tx, actor, document_id, one) is not None for one in years)
