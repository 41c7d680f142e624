"""Step "read": one page of one mail item. Pages of an item run in parallel; the last commit makes the assemble job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from archive.blobs import claims
from archive.blobs.port import BlobStore, StoredBlob
from archive.pagetext import encode
from core import jobs
from core.database import Database
from core.jobs import LeasedJob
from ingest import repository
from ingest.engines.port import OcrEngine
from ingest.kinds import ASSEMBLE
from ingest.models import ItemPage, MailItem
from ingest.reading import PageReading, read_page

ASSEMBLE_PRIORITY = 20


def read(database: Database, store: BlobStore, engine: Callable[[bool], OcrEngine], job: LeasedJob) -> None:
    """Read the page that the job names and commit its text. Again gives the same bytes and the same row."""
    page_no = int(job.payload["page_no"])
    with database.read() as session:
        item = session.get_one(MailItem, job.subject_id)
        master = item.master_sha256 or ""
    with store.local_copy(master) as path:
        reading = read_page(path, page_no, engine(job.isolated))
    stored = store.put_bytes(encode(reading.text))
    again = claims.revived(database, store, [stored])
    with database.write() as tx:
        claims.claim(tx, claims.MAIL_ITEM, job.subject_id, {f"text-{page_no}": stored}, again)
        note(tx.session.get_one(ItemPage, (job.subject_id, page_no)), reading, stored, tx.now)
        tx.session.flush()
        if repository.waits_for_assembly(tx.session, job.subject_id):
            generation = jobs.next_generation(tx.session, ASSEMBLE, job.subject_id)
            jobs.enqueue(
                tx, job.agency_id, ASSEMBLE, job.subject_id, priority=ASSEMBLE_PRIORITY, generation=generation,
                source=job.source,
            )  # fmt: skip
        jobs.finish(tx, job)


def note(page: ItemPage, reading: PageReading, stored: StoredBlob, now: datetime | None) -> None:
    """Put down what was read on a page, and when that is committed (`now`)."""
    page.text_sha256 = stored.sha256
    page.blank = reading.blank
    page.rotation = reading.text.rotation
    page.width, page.height, page.dpi = reading.text.width, reading.text.height, reading.text.dpi
    page.confidence = reading.mean_confidence
    page.engine = reading.text.engine
    page.notes = list(reading.notes)
    page.read_at = now
