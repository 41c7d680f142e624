"""Step "split": what is it, where does one letter end, and each letter's own verified master.

A receipt that is one page with a text of its own goes straight on in the same step and the same transaction, to its
place in file and inbox: for such a paper, three leases and three commits cost more than the work. A step that failed once
(an isolated job) hands on as usual, so that each step is alone with what it may die of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.blobs import claims
from archive.blobs.port import BlobStore
from archive.pagetext import encode
from core import jobs
from core.actor import system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.jobs import LeasedJob
from core.progress import ahead
from core.settings import Settings
from ingest import portions, repository, step_assemble, step_read
from ingest.cutting import Cut, Letter, cut
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage
from ingest.opening import Inspection, Reason, inspect
from ingest.outcomes import refuse_receipt
from ingest.reading import PageReading, own_reading
from ingest.step_assemble import Work, Workshop
from ingest.texts import reason

SHEET, BACK, ITEM = "sheet", "back", "item"


def split(database: Database, store: BlobStore, settings: Settings, job: LeasedJob) -> None:
    """Inspect and split a receipt; commit its items and one reading job per page, in portions, or its refusal, or its
    one page as filed or cleared.
    """
    with database.read() as session:
        receipt = session.get_one(Receipt, job.subject_id)
        station = step_assemble.station_of(session, receipt)
    if receipt.state == "split":
        portions.give_out(database, job)
        return
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
    portions.take_back(database, job)
    with database.write() as tx:
        refuse_receipt(tx, tx.session.get_one(Receipt, receipt.id), state, [reason(why.code, why.text)])
        jobs.finish(tx, job)


def _hand_on(database: Database, store: BlobStore, job: LeasedJob, pieces: Cut) -> None:
    places = _places(pieces)
    laid = _laid(database, job, places)
    whole = len(places) <= portions.PORTION
    while laid < len(places):
        ahead(portions.PORTION)
        part = places[laid : laid + portions.PORTION]
        laid += len(part)
        masters = {place.letter.item.id: place.letter.master for place in part if place.letter is not None}
        again = claims.revived(database, store, masters.values())
        with database.write() as tx:
            _lay_down(tx, part)
            claims.claim_each(
                tx, claims.MAIL_ITEM, {item: {"scan_master": master} for item, master in masters.items()}, again
            )
            if laid == len(places):
                _note_split(tx, job, pieces)
            if whole:
                portions.give_out_part(tx, job, 0, None)
                jobs.finish(tx, job)
                return
            jobs.hold(tx, job, job.payload)
    portions.give_out(database, job)


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
    _lay_down(tx, _places(pieces))
    return _note_split(tx, job, pieces)


def _note_split(tx: Transaction, job: LeasedJob, pieces: Cut) -> Receipt:
    receipt = tx.session.get_one(Receipt, job.subject_id)
    inspection, found = pieces.inspection, pieces.found
    receipt.state, receipt.media_type, receipt.page_count = "split", inspection.media_type, len(inspection.pages)
    receipt.batch_code = found.batch.get("BATCH")
    receipt.reasons = [reason(note.code, note.text) for note in inspection.notes]
    record_act(
        tx, system_actor(receipt.agency_id), "receipt.split", "receipt", receipt.id, items=len(pieces.letters),
        pages=len(inspection.pages), sheets=len(found.sheets),
    )  # fmt: skip
    return receipt


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page of the receipt goes; of a letter, the letter's page; at its first page, the letter itself."""

    row: ReceiptPage
    page: ItemPage | None = None
    letter: Letter | None = None


def _places(pieces: Cut) -> list[_Place]:
    """All pages of the receipt in their order."""
    receipt_id, places = pieces.letters[0].item.receipt_id, []
    for kind, numbers in ((SHEET, pieces.found.sheets), (BACK, pieces.found.backs)):
        places += [_Place(ReceiptPage(receipt_id=receipt_id, page_no=number, kind=kind)) for number in numbers]
    for letter in pieces.letters:
        for number, page in zip(letter.numbers, letter.pages, strict=True):
            row = ReceiptPage(
                receipt_id=receipt_id, page_no=number, kind=ITEM, mail_item_id=letter.item.id,
                item_page_no=page.page_no, image_sha256=page.image_sha256,
            )  # fmt: skip
            places.append(_Place(row, page, letter if page.page_no == 1 else None))
    return sorted(places, key=lambda place: place.row.page_no)


def _lay_down(tx: Transaction, places: Sequence[_Place]) -> None:
    tx.session.add_all(place.letter.item for place in places if place.letter is not None)
    tx.session.flush()
    tx.session.add_all(place.page for place in places if place.page is not None)
    tx.session.add_all(place.row for place in places)


def _laid(database: Database, job: LeasedJob, places: Sequence[_Place]) -> int:
    """How many of the places an earlier try has laid down. What differs from them is taken back: then it is none."""
    with database.read() as session:
        rows = repository.receipt_pages(session, job.subject_id)
        items = repository.items_of(session, job.subject_id)
    same = places[: len(rows)]
    letters = [place.letter.item for place in same if place.letter is not None]
    if [_row(row) for row in rows] == [_row(place.row) for place in same] and (
        [_item(item) for item in items] == [_item(item) for item in letters]
    ):
        return len(rows)
    portions.take_back(database, job)
    return 0


def _row(row: ReceiptPage) -> tuple[object, ...]:
    return row.page_no, row.kind, row.mail_item_id, row.item_page_no, row.image_sha256


def _item(item: MailItem) -> tuple[object, ...]:
    return item.id, item.page_count, item.master_sha256, item.sheet, item.forced_reasons
