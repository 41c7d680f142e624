"""How a receipt is cut into letters: its sheets, the pages of each letter, and each letter's own stored master."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.blobs.port import BlobStore, StoredBlob
from core.ids import derived_id
from core.progress import ahead, paced
from ingest.barcodes import read_mark
from ingest.images import is_blank
from ingest.ledger import SCANNING_CHANNELS
from ingest.masters import open_batch
from ingest.models import ItemPage, MailItem, Receipt
from ingest.opening import Inspection
from ingest.pageimage import PageLoader, PageUnreadable, open_pages
from ingest.reading import as_grey
from ingest.sheets import Sheet
from ingest.splitting import Item, MarkedPage, Split, split_pages
from ingest.texts import reason

_MARK_REDUCE = 2
_LOOKING = 2  # threads; image work leaves Python's lock


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail item and its pages, in no session yet; its stored master, and which pages of the receipt it has."""

    item: MailItem
    pages: Sequence[ItemPage]
    master: StoredBlob
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Cut:
    """What was found in a receipt, and its letters."""

    inspection: Inspection
    found: Split
    letters: Sequence[Letter]


def cut(store: BlobStore, folder: Path, path: Path, receipt: Receipt, inspection: Inspection) -> Cut:
    """Look for sheets and store a master for each letter. A receipt that is one letter is its own master."""
    found = _find_items(path, inspection, receipt)
    media_type = inspection.media_type or ""
    if len(found.items) == 1 and len(found.items[0].pages) == len(inspection.pages):
        whole = StoredBlob(receipt.sha256, receipt.size)
        hashes = [page.raw_sha256 for page in inspection.pages]
        return Cut(inspection, found, [_letter(receipt, inspection, found, 1, whole, hashes)])
    letters = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="split-") as temporary, open_batch(path, media_type) as write:
        for number, item in enumerate(found.items, 1):
            ahead(len(item.pages))
            out = Path(temporary) / "master"
            hashes = write(item.pages, out)
            letters.append(_letter(receipt, inspection, found, number, store.put_file(out), hashes))
    return Cut(inspection, found, letters)


def _find_items(path: Path, inspection: Inspection, receipt: Receipt) -> Split:
    scanning = receipt.channel in SCANNING_CHANNELS
    numbers = [page.page_no for page in inspection.pages if scanning and page.may_be_sheet]
    # A batch is one step: until it is split, the other lanes have nothing of it to do.
    with open_pages(path) as load, ThreadPoolExecutor(_LOOKING) as pool:
        looks = pool.map(lambda number: _look_at(load, number), numbers)
        seen = dict(paced(zip(numbers, looks, strict=True)))
    marked = [MarkedPage(page.page_no, *seen.get(page.page_no, (None, False))) for page in inspection.pages]
    found = split_pages(marked, receipt.sheets_told)
    if found.items or not marked:
        return found
    # A batch of nothing but sheets: kept as one item, so that a person sees it; nothing vanishes.
    return Split((Item(tuple(page.page_no for page in marked)),), (), (), found.batch, False, only_sheets=True)


def _look_at(load: PageLoader, page_no: int) -> tuple[Sheet | None, bool]:
    try:
        page = load(page_no, reduce=_MARK_REDUCE, grey=True)
    except PageUnreadable:
        return None, False
    grey = as_grey(page.pixels)
    sheet = read_mark(grey, page.dpi).sheet
    return sheet, sheet is None and is_blank(grey, page.dpi)


def _letter(
    receipt: Receipt, inspection: Inspection, found: Split, number: int, master: StoredBlob, hashes: Sequence[str]
) -> Letter:
    cut_out = found.items[number - 1]
    item = MailItem(
        id=derived_id(receipt.id, number), agency_id=receipt.agency_id, receipt_id=receipt.id, item_no=number,
        state="in_work", page_count=len(cut_out.pages), sheet=cut_out.fields, master_sha256=master.sha256,
        master_media_type=inspection.media_type or "", master_size=master.size,
        notes=[reason(note.code, note.text) for note in inspection.notes],
        forced_reasons=_forced(receipt, cut_out, found),
    )  # fmt: skip
    pages = [
        ItemPage(mail_item_id=item.id, page_no=index, image_sha256=image or None)
        for index, image in enumerate(hashes, 1)
    ]
    return Letter(item, pages, master, cut_out.pages)


def _forced(receipt: Receipt, item: Item, found: Split) -> list[dict[str, Any]]:
    """Reasons that send an item to clearing whatever the letter says."""
    reasons = (
        ("duplicate", receipt.duplicate_of is not None),
        ("sheet_count", found.sheet_count_differs),
        ("sheet_fields", bool(item.faults or found.batch_faults)),
        ("only_sheets", found.only_sheets),
    )
    return [reason(code) for code, holds in reasons if holds]
