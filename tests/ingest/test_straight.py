"""A receipt that is one page of text is one step: the record is the same as by single steps, also when it fails once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive.blobs import claims
from archive.models import Blob, BlobClaim, ContentFile, Document, DocumentVersion, Filing, Page
from core import jobs
from core.errors import LeaseLost
from core.jobs import LeasedJob
from core.models import AuditEvent, Job, OutboxEvent
from eakte.doctor import examine
from eakte.intake import take_in
from inbox.models import InboxItem
from ingest import step_assemble
from ingest.cleaning import OrphanSweep
from ingest.kinds import ASSEMBLE, READ, SPLIT
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage, TransferNote
from ingest.pipeline import Pipeline
from tests.eakte.support import work_off
from tests.ingest.door import House, Sheet, book, letter, open_house
from tests.ingest.watching import Watched

FILED = letter("BG-Nummer: 99801BG0004711", "Anna Kowalczyk, geboren am 12.03.1984, Deichweg 3, 00811 Halvesund")
UNCLEAR = letter("Guten Tag")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path / "home")


def bring(house: House, name: str, content: bytes) -> None:
    path = house.home.parent / name
    path.write_bytes(content)
    take_in(house.services, house.agency, [path], None, None, None)


def next_job(house: House) -> LeasedJob:
    with house.services.database.write() as tx:
        job = jobs.lease(tx, "test")
    assert job is not None
    return job


def pipeline(house: House) -> Pipeline:
    return Pipeline(house.services.database, house.services.blobs, house.services.settings)


def record(house: House, receipt_id: UUID) -> dict[str, Any]:
    """Everything that was made of a receipt, without ids and times."""
    with house.services.database.read() as session:
        receipt = session.get_one(Receipt, receipt_id)
        item = session.scalars(select(MailItem).where(MailItem.receipt_id == receipt_id)).one()
        page = session.scalars(select(ItemPage).where(ItemPage.mail_item_id == item.id)).one()
        place = session.scalars(select(ReceiptPage).where(ReceiptPage.receipt_id == receipt_id)).one()
        document = session.scalars(select(Document).where(Document.mail_item_id == item.id)).one()
        version = session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document.id)).one()
        shown = session.scalars(select(Page).where(Page.version_id == version.id)).one()
        filings = session.scalars(select(Filing).where(Filing.document_id == document.id)).all()
        contents = session.scalars(select(ContentFile).where(ContentFile.version_id == version.id)).all()
        inbox = session.scalars(select(InboxItem).where(InboxItem.document_id == document.id)).one()
        owners = {receipt.id: "receipt", item.id: "item", document.id: "document"}
        kept = session.scalars(select(BlobClaim).where(BlobClaim.owner_id.in_(owners))).all()
        note = session.scalars(select(TransferNote).where(TransferNote.document_id == document.id)).one()
        objects = [*owners, inbox.id]
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.object_id.in_(objects))).all()
        owed = session.scalars(select(OutboxEvent.topic).where(OutboxEvent.object_id == document.id)).all()
        return {
            "receipt": (receipt.state, receipt.page_count, receipt.media_type, receipt.final_at is not None),
            "item": (item.state, item.document_type, item.keyword, item.inbox, item.confidence, item.evidence,
                     item.candidates, item.blank_pages, item.final_at is not None, item.reasons),
            "pages": (page.text_sha256, page.read_at is not None, page.engine, place.kind, place.item_page_no,
                      shown.text_sha256, shown.rendition_page_no, shown.width, shown.blank),
            "document": (document.title, document.document_type, document.filed, document.clearing_scope,
                         document.received_on, document.sender, version.number, version.rendition_conformance),
            "filings": [(one.case_file_id, one.keyword, one.page_from, one.page_to) for one in filings],
            "contents": sorted((one.role, one.media_type, one.size if one.role == "scan_master" else 0) for one in contents),
            "inbox": (inbox.inbox_kind, inbox.user_id, inbox.unit_id, inbox.due_on, inbox.reasons, inbox.urgency),
            "claims": sorted((owners[one.owner_id], one.role) for one in kept),
            "note": sorted(note.note),
            "acts": sorted(acts),
            "owed": sorted(owed),
        }  # fmt: skip


@pytest.mark.parametrize("text", [FILED, UNCLEAR], ids=["filed", "unclear"])
def test_the_record_is_the_same_as_by_single_steps(house: House, text: str) -> None:
    whole = book(text)
    bring(house, "straight.pdf", whole)
    assert work_off(house.services) == 1
    bring(house, "stepwise.pdf", whole + b"\n")
    first = next_job(house)
    pipeline(house).perform(replace(first, isolated=True))
    assert work_off(house.services) == 2
    straight, stepwise = (record(house, receipt.id) for receipt in house.receipts())
    master = ("scan_master", "application/pdf", len(whole))
    assert straight["contents"].count(master) == 1
    straight["contents"].remove(master)
    stepwise["contents"].remove(("scan_master", "application/pdf", len(whole) + 1))
    assert straight == stepwise  # of a rendition not the size: it names the minute it was received in, compressed
    assert straight["document"][2] is (text == FILED)
    assert examine(house.services) == []


def kinds(house: House) -> list[str]:
    with house.services.database.read() as session:
        return sorted(session.scalars(select(Job.kind)))


def test_two_pages_and_pages_that_may_be_sheets_take_the_steps_one_by_one(house: House) -> None:
    bring(house, "two.pdf", book(letter("eins"), letter("zwei")))
    work_off(house.services)
    assert kinds(house) == [ASSEMBLE, READ, READ, SPLIT]


def test_a_straight_step_whose_lease_is_lost_leaves_nothing(house: House) -> None:
    bring(house, "letter.pdf", book(FILED))
    job = next_job(house)
    with pytest.raises(LeaseLost):
        pipeline(house).perform(replace(job, fencing=job.fencing - 1))
    with house.services.database.read() as session:
        for table in (MailItem, Document, Page, Filing, InboxItem, TransferNote):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert session.scalars(select(BlobClaim.owner_type)).all() == [claims.RECEIPT]
    pipeline(house).perform(job)
    assert examine(house.services) == []


def test_a_straight_step_that_dies_before_its_commit_is_done_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(house, "letter.pdf", book(FILED))
    job = next_job(house)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(step_assemble, "finish_receipt", die)
        with pytest.raises(KeyboardInterrupt):
            pipeline(house).perform(job)
    pipeline(house).perform(job)
    with house.services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1
        assert session.scalar(select(func.count()).select_from(Filing)) == 1
    assert examine(house.services) == []


def test_the_store_is_never_asked_while_a_write_transaction_is_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole and cut receipts, straight and by steps; bytes that come again after their removal; the removal itself."""
    watched = Watched(house.services.blobs, monkeypatch)
    house.services = replace(house.services, blobs=watched)  # type: ignore[arg-type]
    lone = book(FILED)
    database = house.services.database
    assert claims.remove(database, watched, watched.put_bytes(lone).sha256)  # type: ignore[arg-type]
    bring(house, "straight.pdf", lone)
    bring(house, "cut.pdf", book(Sheet("EA1|SEP"), letter("eins"), Sheet("EA1|SEP"), letter("zwei"), letter("drei")))
    work_off(house.services)
    with database.write() as tx:
        batch = house.receipts()[1]
        assert claims.release(tx, claims.RECEIPT, batch.id) == [batch.sha256]
        tx.session.get_one(Receipt, batch.id).blob_released_at = tx.now
    assert claims.unlink_released(database, watched, timedelta(0)) == 1  # type: ignore[arg-type]
    OrphanSweep(database, watched, 0.0).step()  # type: ignore[arg-type]
    with database.read() as session:
        assert session.get_one(Blob, house.receipts()[0].sha256).removed_at is None
    assert {"put_file", "put_bytes", "exists", "local_copy", "open", "unlink", "all"} <= set(watched.asked)
    assert watched.asked_inside == []
    with database.write():
        watched.exists(batch.sha256)
    assert watched.asked_inside == ["exists"]
