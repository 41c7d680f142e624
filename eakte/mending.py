"""`eakte doctor --repair`: what can be mended without a decision of a person is mended, or handed to the workers.

Each act looks once more whether the finding still holds, in the transaction that mends it; done twice it is harmless.
Records, the log and what somebody put into the storage are nothing that a program may invent: these findings are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from archive.models import Blob, Document
from core import outbox
from core.actor import system_actor
from core.audit import record_act
from eakte.backup.restoring import Source, restore_blob
from eakte.bootstrap import Services, agency_id
from eakte.doctor import Finding
from eakte.doctor_records import items_without_job, receipts_without_job
from inbox.checks import unseen_items
from inbox.rescue import bring_to_light
from ingest.models import MailItem, Receipt
from ingest.quarantine import restart_item, restart_receipt

Act = Callable[[Services, str], bool]
"""Mends the finding about the object of this id; False when it can't."""


def mend(services: Services, findings: Iterable[Finding], source: Source | None = None) -> list[Finding]:
    """Mend what can be mended; returns the findings that are left for a person. `source`: a backup for lost bytes."""
    acts: dict[tuple[str, str], Act] = {
        **_ACTS,
        ("blobs", "missing"): partial(_bytes, source),
        ("blobs", "damaged"): partial(_bytes, source),
    }
    left = []
    for finding in findings:
        act = acts.get((finding.store, finding.kind))
        if act is None or not act(services, finding.id):
            left.append(finding)
    return left


def _index_anew(services: Services, document_id: str) -> bool:
    """The indexer reads what the document is now."""
    with services.database.write() as tx:
        document = tx.session.get(Document, UUID(document_id))
        if document is not None:
            outbox.emit(tx, document.agency_id, "document.changed", document.id)
    return True


def _out_of_index(services: Services, document_id: str) -> bool:
    agency = agency_id(services)
    with services.database.write() as tx:
        outbox.emit(tx, agency, "document.destroyed", UUID(document_id))
    return True


def _item(services: Services, item_id: str) -> bool:
    with services.database.write() as tx:
        item = tx.session.get(MailItem, UUID(item_id))
        if item is not None and tx.session.scalar(items_without_job().where(MailItem.id == item.id)) is not None:
            record_act(tx, system_actor(item.agency_id), "item.reprocessed", "mail_item", item.id)
            restart_item(tx, item)
    return True


def _receipt(services: Services, receipt_id: str) -> bool:
    with services.database.write() as tx:
        receipt = tx.session.get(Receipt, UUID(receipt_id))
        if (
            receipt is not None
            and tx.session.scalar(receipts_without_job().where(Receipt.id == receipt.id)) is not None
        ):
            record_act(tx, system_actor(receipt.agency_id), "receipt.restarted", "receipt", receipt.id)
            restart_receipt(tx, receipt)
    return True


def _lock(services: Services, sha256: str) -> bool:
    """As if no lock were known: the duty sets it anew, and never shorter."""
    anew = update(Blob).where(Blob.sha256 == sha256).values(locked_until=None, held=False, lock_due_at=None)
    with services.database.write() as tx:
        tx.session.execute(anew)
    return True


def _unseen(services: Services, item_id: str) -> bool:
    bring_to_light(services.database)
    with services.database.read() as session:
        return UUID(item_id) not in unseen_items(session, services.database.clock.now())


def _bytes(source: Source | None, services: Services, sha256: str) -> bool:
    """The same bytes from the backup, whose hash is compared; nothing that was destroyed since comes back."""
    if source is None or not source.repository.blob(sha256).exists():
        return False
    with services.database.read() as session:
        kept = session.scalar(select(Blob.sha256).where(Blob.sha256 == sha256, Blob.tombstoned_at.is_(None)))
    if kept is not None:
        restore_blob(services, source.identity, source.repository.blob(sha256), sha256)
    return True


_ACTS: Final[Mapping[tuple[str, str], Act]] = MappingProxyType(
    {
        ("index", "not_indexed"): _index_anew,
        ("index", "only_indexed"): _out_of_index,
        ("jobs", "item_without_job"): _item,
        ("jobs", "receipt_without_job"): _receipt,
        ("blobs", "lock_weak"): _lock,
        ("inbox", "unseen"): _unseen,
    }
)
