"""A receipt of many letters in portions: no write transaction of a split is about more than PORTION of its pages.

First all pages are laid down, with the letters that they belong to and the claims of their masters. No step knows these
letters yet, and the receipt counts as not split, so nobody sees or touches them. The last of these transactions makes it
"split": now all its letters are there. Then their reading is given out, again in portions; the job notes how far.

Killed in between, the step finds what it has laid down (ids of letters follow from the receipt's) and goes on behind it.
What does not fit to how the receipt is cut now (another version of the program) is taken back first. Opens no received
bytes: the supervisor uses it too.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from archive.blobs import claims
from core import jobs
from core.database import Database, Transaction
from core.jobs import LeasedJob
from core.progress import ahead
from ingest import repository
from ingest.kinds import READ
from ingest.models import ItemPage, MailItem, ReceiptPage

PORTION = 50
"""Pages of a receipt, or letters taken back, in one write transaction."""
_GIVEN = "given"


def give_out(database: Database, job: LeasedJob) -> None:
    """Make a reading step for each page of a split receipt, behind those that were made before, and end the job."""
    given = _given(job)
    while True:
        ahead(PORTION)
        with database.write() as tx:
            number = give_out_part(tx, job, given, PORTION)
            given += number
            if number < PORTION:
                jobs.finish(tx, job)
                return
            jobs.hold(tx, job, {_GIVEN: given})


def give_out_rest(tx: Transaction, job: LeasedJob) -> None:
    """The same in one go, for a step whose children died; the caller ends the job."""
    give_out_part(tx, job, _given(job), None)


def give_out_part(tx: Transaction, job: LeasedJob, after: int, most: int | None) -> int:
    """Make the reading steps of the next pages; returns of how many."""
    pages = repository.pages_of_receipt(tx.session, job.subject_id, after, most)
    wanted = ((item_id, page_no, {"page_no": page_no}) for item_id, page_no in pages)
    jobs.enqueue_all(tx, job.agency_id, READ, wanted, source=job.source)
    return len(pages)


def take_back(database: Database, job: LeasedJob) -> None:
    """Forget what was laid down of a receipt that is not split. Killed midway, the rest goes the next time."""
    while True:
        ahead(PORTION)
        with database.write() as tx:
            jobs.hold(tx, job, job.payload)
            if forget(tx, job.subject_id, PORTION) < PORTION:
                return


def forget(tx: Transaction, receipt_id: UUID, most: int | None = None) -> int:
    """Remove the letters (at most so many, the last first) of a receipt that is not split; returns how many. With the
    first letter go the sheets.
    """
    mine = select(MailItem.id).where(MailItem.receipt_id == receipt_id).order_by(MailItem.item_no.desc())
    items = tx.session.scalars(mine.limit(most)).all()
    some_stay = most is not None and len(items) == most
    pages = ReceiptPage.mail_item_id.in_(items) if some_stay else ReceiptPage.receipt_id == receipt_id
    tx.session.execute(delete(ReceiptPage).where(pages))
    tx.session.execute(delete(ItemPage).where(ItemPage.mail_item_id.in_(items)))
    claims.release_each(tx, claims.MAIL_ITEM, items)
    tx.session.execute(delete(MailItem).where(MailItem.id.in_(items)))
    return len(items)


def _given(job: LeasedJob) -> int:
    return int(job.payload.get(_GIVEN, 0))
