"""Step "split": what is it, where does one letter end, and each letter's own verified master."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.blobs import claims
from archive.blobs.port import BlobStore, StoredBlob
from core import jobs
from core.actor import system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.ids import new_id
from core.jobs import LeasedJob
from core.settings import Settings
from ingest.barcodes import read_mark
from ingest.images import is_blank
from ingest.kinds import READ
from ingest.ledger import SCANNING_CHANNELS
from ingest.masters import write_master
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage
from ingest.opening import Inspection, Reason, inspect
from ingest.outcomes import refuse_receipt
from ingest.pageimage import PageUnreadable, load_page
from ingest.reading import as_grey
from ingest.sheets import Sheet
from ingest.splitting import Item, MarkedPage, Split, split_pages
from ingest.texts import reason

_MARK_REDUCE = 2
_LOOKING = 2  # threads; image work leaves Python's lock
SHEET, BACK, ITEM = "sheet", "back", "item"


@dataclass(frozen=True, slots=True)
class Piece:
    """A mail item to be written: its pages, its stored master, and the image hash of each page."""

    item: Item
    master: StoredBlob
    media_type: str
    hashes: Sequence[str]


def split(database: Database, store: BlobStore, settings: Settings, job: LeasedJob) -> None:
    """Inspect and split a receipt; commit its items and one reading job per page, or its refusal."""
    with database.read() as session:
        receipt = session.get_one(Receipt, job.subject_id)
    with store.local_copy(receipt.sha256) as path:
        inspection = inspect(path, receipt.source_name)
        if inspection.reason is not None:
            _refuse(database, receipt, job, inspection.state, inspection.reason)
            return
        found = _find_items(path, inspection, receipt)
        pieces = _write_pieces(store, settings.work_folder, path, receipt, inspection, found)
    with database.write() as tx:
        _commit(tx, store, job, inspection, found, pieces)
        jobs.finish(tx, job)


def _refuse(database: Database, receipt: Receipt, job: LeasedJob, state: str, why: Reason) -> None:
    with database.write() as tx:
        refuse_receipt(tx, tx.session.get_one(Receipt, receipt.id), state, [reason(why.code, why.text)])
        jobs.finish(tx, job)


def _find_items(path: Path, inspection: Inspection, receipt: Receipt) -> Split:
    scanning = receipt.channel in SCANNING_CHANNELS
    numbers = [page.page_no for page in inspection.pages if scanning and page.may_be_sheet]
    # A batch is one step: until it is split, the other lanes have nothing of it to do.
    with ThreadPoolExecutor(_LOOKING) as pool:
        seen = dict(zip(numbers, pool.map(lambda number: _look_at(path, number), numbers), strict=True))
    marked = [MarkedPage(page.page_no, *seen.get(page.page_no, (None, False))) for page in inspection.pages]
    found = split_pages(marked, receipt.sheets_told)
    if found.items or not marked:
        return found
    # A batch of nothing but sheets: kept as one item, so that a person sees it; nothing vanishes.
    return Split((Item(tuple(page.page_no for page in marked)),), (), (), found.batch, False, only_sheets=True)


def _look_at(path: Path, page_no: int) -> tuple[Sheet | None, bool]:
    try:
        page = load_page(path, page_no, reduce=_MARK_REDUCE, grey=True)
    except PageUnreadable:
        return None, False
    grey = as_grey(page.pixels)
    sheet = read_mark(grey, page.dpi).sheet
    return sheet, sheet is None and is_blank(grey, page.dpi)


def _write_pieces(
    store: BlobStore, folder: Path, path: Path, receipt: Receipt, inspection: Inspection, found: Split
) -> list[Piece]:
    media_type = inspection.media_type or ""
    if len(found.items) == 1 and len(found.items[0].pages) == len(inspection.pages):
        whole = StoredBlob(receipt.sha256, receipt.size)
        return [Piece(found.items[0], whole, media_type, [page.raw_sha256 for page in inspection.pages])]
    pieces = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="split-") as temporary:
        for item in found.items:
            out = Path(temporary) / "master"
            hashes = write_master(path, media_type, item.pages, out)
            pieces.append(Piece(item, store.put_file(out), media_type, hashes))
    return pieces


def _commit(
    tx: Transaction, store: BlobStore, job: LeasedJob, inspection: Inspection, found: Split, pieces: Sequence[Piece]
) -> None:
    receipt = tx.session.get_one(Receipt, job.subject_id)
    receipt.state, receipt.media_type, receipt.page_count = "split", inspection.media_type, len(inspection.pages)
    receipt.batch_code = found.batch.get("BATCH")
    receipt.reasons = [reason(note.code, note.text) for note in inspection.notes]
    for kind, numbers in ((SHEET, found.sheets), (BACK, found.backs)):
        tx.session.add_all(ReceiptPage(receipt_id=receipt.id, page_no=number, kind=kind) for number in numbers)
    for number, piece in enumerate(pieces, 1):
        _commit_item(tx, store, receipt, number, piece, found)
    record_act(
        tx, system_actor(receipt.agency_id), "receipt.split", "receipt", receipt.id, items=len(pieces),
        pages=len(inspection.pages), sheets=len(found.sheets),
    )  # fmt: skip


def _commit_item(tx: Transaction, store: BlobStore, receipt: Receipt, number: int, piece: Piece, found: Split) -> None:
    item = MailItem(
        id=new_id(), agency_id=receipt.agency_id, receipt_id=receipt.id, item_no=number,
        page_count=len(piece.item.pages), sheet=piece.item.fields, master_sha256=piece.master.sha256,
        master_media_type=piece.media_type, master_size=piece.master.size, notes=list(receipt.reasons),
        forced_reasons=_forced(receipt, piece.item, found),
    )  # fmt: skip
    tx.session.add(item)
    tx.session.flush()
    claims.claim(tx, store, piece.master, claims.MAIL_ITEM, item.id, "scan_master")
    for index, page_no in enumerate(piece.item.pages, 1):
        image = piece.hashes[index - 1] or None
        tx.session.add(
            ReceiptPage(
                receipt_id=receipt.id, page_no=page_no, kind=ITEM, mail_item_id=item.id, item_page_no=index,
                image_sha256=image,
            )
        )  # fmt: skip
        tx.session.add(ItemPage(mail_item_id=item.id, page_no=index, image_sha256=image))
        jobs.enqueue(
            tx, receipt.agency_id, READ, item.id, payload={"page_no": index}, generation=index,
            source=receipt.station_id,
        )  # fmt: skip


def _forced(receipt: Receipt, item: Item, found: Split) -> list[dict[str, Any]]:
    """Reasons that send an item to clearing whatever the letter says."""
    reasons = (
        ("duplicate", receipt.duplicate_of is not None),
        ("sheet_count", found.sheet_count_differs),
        ("sheet_fields", bool(item.faults or found.batch_faults)),
        ("only_sheets", found.only_sheets),
    )
    return [reason(code) for code, holds in reasons if holds]
