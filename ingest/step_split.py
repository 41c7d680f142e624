"""Step "split": what is it, where does one letter end, and each letter's own verified master.

A receipt that is one page with a text of its own goes straight on in the same step and the same transaction, to its
place in file and inbox: for such a paper, three leases and three commits cost more than the work. A step that failed once
(an isolated job) hands on as usual, so that each step is alone with what it may die of.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from archive.blobs import claims
from archive.blobs.port import BlobStore
from archive.pagetext import encode
from core import jobs
from core.actor import system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.jobs import LeasedJob
from core.settings import Settings
from ingest import step_assemble, step_read
from ingest.cutting import Cut, Letter, cut
from ingest.kinds import READ
from ingest.models import Receipt, ReceiptPage
from ingest.opening import Inspection, Reason, inspect
from ingest.outcomes import refuse_receipt
from ingest.reading import PageReading, own_reading
from ingest.step_assemble import Work, Workshop
from ingest.texts import reason

SHEET, BACK, ITEM = "sheet", "back", "item"


def split(database: Database, store: BlobStore, settings: Settings, job: LeasedJob) -> None:
    """Inspect and split a receipt; commit its items and one reading job per page, or its refusal, or its one page as
    filed or cleared.
    """
    with database.read() as session:
        receipt = session.get_one(Receipt, job.subject_id)
        station = step_assemble.station_of(session, receipt)
    with store.local_copy(receipt.sha256) as path:
        inspection = inspect(path, receipt.source_name)
        if inspection.reason is not None:
            _refuse(database, receipt, job, inspection.state, inspection.reason)
            return
        pieces = cut(store, settings.work_folder, path, receipt, inspection)
        reading = None if job.isolated else _one_page_of_text(path, inspection)
        if reading is not None:
            (letter,) = pieces.letters
            work = Work(letter.item, receipt, letter.pages, station)
            _go_straight(Workshop(database, store, settings.work_folder), job, pieces, work, path, reading)
            return
    _hand_on(database, store, job, pieces)


def _one_page_of_text(path: Path, inspection: Inspection) -> PageReading | None:
    alone = len(inspection.pages) == 1 and not inspection.pages[0].may_be_sheet
    return own_reading(path, 1) if alone else None


def _refuse(database: Database, receipt: Receipt, job: LeasedJob, state: str, why: Reason) -> None:
    with database.write() as tx:
        refuse_receipt(tx, tx.session.get_one(Receipt, receipt.id), state, [reason(why.code, why.text)])
        jobs.finish(tx, job)


def _hand_on(database: Database, store: BlobStore, job: LeasedJob, pieces: Cut) -> None:
    again = claims.revived(database, store, [letter.master for letter in pieces.letters])
    with database.write() as tx:
        receipt = _commit(tx, job, pieces)
        for letter in pieces.letters:
            claims.claim(tx, claims.MAIL_ITEM, letter.item.id, {"scan_master": letter.master}, again)
            for page in letter.pages:
                jobs.enqueue(
                    tx, receipt.agency_id, READ, letter.item.id, payload={"page_no": page.page_no},
                    generation=page.page_no, source=receipt.station_id,
                )  # fmt: skip
        jobs.finish(tx, job)


def _go_straight(shop: Workshop, job: LeasedJob, pieces: Cut, work: Work, master: Path, reading: PageReading) -> None:
    (page,) = work.pages
    stored = shop.store.put_bytes(encode(reading.text))
    step_read.note(page, reading, stored, None)
    made = step_assemble.make(shop, work, master, [(reading.text, stored)])
    with shop.database.write() as tx:
        receipt = _commit(tx, job, pieces)
        page.read_at = tx.now
        step_assemble.commit(tx, replace(work, receipt=receipt), made)
        jobs.finish(tx, job)


def _commit(tx: Transaction, job: LeasedJob, pieces: Cut) -> Receipt:
    """The receipt as split, its items and all its pages."""
    receipt = tx.session.get_one(Receipt, job.subject_id)
    inspection, found = pieces.inspection, pieces.found
    receipt.state, receipt.media_type, receipt.page_count = "split", inspection.media_type, len(inspection.pages)
    receipt.batch_code = found.batch.get("BATCH")
    receipt.reasons = [reason(note.code, note.text) for note in inspection.notes]
    tx.session.add_all(letter.item for letter in pieces.letters)
    tx.session.flush()
    for kind, numbers in ((SHEET, found.sheets), (BACK, found.backs)):
        tx.session.add_all(ReceiptPage(receipt_id=receipt.id, page_no=number, kind=kind) for number in numbers)
    for letter in pieces.letters:
        tx.session.add_all(letter.pages)
        tx.session.add_all(_receipt_pages(receipt, letter))
    record_act(
        tx, system_actor(receipt.agency_id), "receipt.split", "receipt", receipt.id, items=len(pieces.letters),
        pages=len(inspection.pages), sheets=len(found.sheets),
    )  # fmt: skip
    return receipt


def _receipt_pages(receipt: Receipt, letter: Letter) -> list[ReceiptPage]:
    return [
        ReceiptPage(
            receipt_id=receipt.id, page_no=number, kind=ITEM, mail_item_id=letter.item.id, item_page_no=page.page_no,
            image_sha256=page.image_sha256,
        )
        for number, page in zip(letter.numbers, letter.pages, strict=True)
    ]  # fmt: skip
