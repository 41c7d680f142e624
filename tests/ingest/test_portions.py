"""A large batch is split in short transactions: killed between them it goes on, and every letter is there once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from archive.models import Blob, BlobClaim, Document
from core import jobs
from core.actor import system_actor
from core.database import RECORDS, Database, Transaction
from core.errors import Conflict, LeaseLost
from core.isolation import KilledFromOutside, run_once
from core.jobs import LeasedJob
from core.models import AuditEvent, Job
from eakte.doctor import examine
from eakte.handover import job_to
from eakte.intake import take_in
from ingest import portions, quarantine
from ingest.cleaning import OrphanSweep
from ingest.kinds import ASSEMBLE, READ, SPLIT
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage
from ingest.outcomes import quarantine_job
from ingest.pipeline import Pipeline
from ingest.reporting import item_lines, reconcile
from tests.databases import enter
from tests.eakte.support import work_off
from tests.ingest.door import House, Sheet, book, letter, open_house

SEP = Sheet("EA1|SEP")
# A letter longer than a portion, and letters that begin and end within one: 5 letters, 15 pages
BATCH = book(SEP, letter("a"), SEP, *(letter(f"b{page}") for page in range(6)), SEP, letter("c"), SEP, letter("d1"),
             letter("d2"), SEP, letter("e"))  # fmt: skip
LETTERS, PAGES, READINGS = 5, 16, 11
SMALL = 4
pytestmark = pytest.mark.timeout(900)


class Killed(BaseException):
    """Nothing of the program catches it."""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(portions, "PORTION", SMALL)
    house = open_house(tmp_path / "home")
    bring(house, BATCH)
    return house


def bring(house: House, content: bytes) -> None:
    path = house.home.parent / "batch.pdf"
    path.write_bytes(content)
    take_in(house.services, house.agency, [path], None, None, None)


def lease(house: House) -> LeasedJob:
    """The next step, whoever held it before."""
    with house.services.database.write() as tx:
        jobs.release_owner(tx, "test")
        job = jobs.lease(tx, "test")
    assert job is not None
    return job


def perform(house: House, job: LeasedJob) -> None:
    Pipeline(house.services.database, house.services.blobs, house.services.settings).perform(job)


def die_after(house: House, commits: int) -> LeasedJob:
    """Split until so many transactions are committed, and no further."""
    write, left = Database.write, commits
    job = lease(house)

    @contextmanager
    def deadly(database: Database, lane: str | None = RECORDS) -> Iterator[Transaction]:
        nonlocal left
        with write(database, lane) as tx:
            yield tx
        left -= 1
        if not left:
            raise Killed

    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(Database, "write", deadly)
        with pytest.raises(Killed):
            perform(house, job)
    return job


def count(house: House, *what: Any) -> int:
    with house.services.database.read() as session:
        return session.scalar(select(func.count()).select_from(what[0]).where(*what[1:])) or 0


def the_receipt(house: House) -> Receipt:
    (receipt,) = house.receipts()
    return receipt


def require_all_once(house: House) -> None:
    """The batch is split and worked off, with nothing missing, doubled or left over."""
    with house.services.database.write() as tx:
        jobs.release_owner(tx, "test")
    work_off(house.services)
    receipt = the_receipt(house)
    assert (receipt.state, receipt.page_count, receipt.final_at is None) == ("split", PAGES, False)
    with house.services.database.read() as session:
        items = session.scalars(select(MailItem).order_by(MailItem.item_no)).all()
        places = session.scalars(select(ReceiptPage).order_by(ReceiptPage.page_no)).all()
        kinds = sorted(session.scalars(select(Job.kind)))
        done = set(session.scalars(select(Job.state)))
        claims = session.scalars(select(BlobClaim.owner_type)).all()
    assert [(item.item_no, item.page_count, item.state) for item in items] == [
        (number, pages, "clearing") for number, pages in enumerate((1, 6, 1, 2, 1), 1)
    ]
    assert [place.page_no for place in places] == list(range(1, PAGES + 1))
    assert "".join(place.kind[0] for place in places) == "sisiiiiiisisiisi"
    assert kinds == [ASSEMBLE] * LETTERS + [READ] * READINGS + [SPLIT]
    assert done == {"done"}
    assert count(house, Document) == LETTERS
    assert "mail_item" not in claims  # the documents have them now
    for action, number in (("receipt.split", 1), ("item.assembled", LETTERS), ("mail.quarantined", 0)):
        assert count(house, AuditEvent, AuditEvent.action == action) == number
    assert examine(house.services) == []
    counts = reconcile(house.services.database, house.services.blobs, house.agency, 0)
    assert (counts["items"], counts["clearing"], counts["difference"], counts["orphans"]) == (LETTERS, LETTERS, 0, 0)


def test_no_transaction_is_about_more_than_a_portion(house: House) -> None:
    rows, longest = 0, []

    def begin(*_: object) -> None:
        nonlocal rows
        rows = 0

    def wrote(_c: object, cursor: Any, statement: str, *_: object) -> None:
        nonlocal rows
        if statement.lstrip().split()[0] in ("INSERT", "UPDATE", "DELETE"):
            rows += max(0, cursor.rowcount)

    def commit(*_: object) -> None:
        longest.append(rows)

    engine, job = house.services.database.engine, lease(house)
    for name, listener in (("begin", begin), ("after_cursor_execute", wrote), ("commit", commit)):
        event.listen(engine, name, listener)
    perform(house, job)
    for name, listener in (("begin", begin), ("after_cursor_execute", wrote), ("commit", commit)):
        event.remove(engine, name, listener)
    # Of a page: its place, its text, and with the first one of a letter the letter, its bytes and their claim. Then a
    # reading step of each. Around them the receipt, the log, the lease.
    assert len(longest) >= -(-PAGES // SMALL) + -(-READINGS // SMALL)
    assert max(longest) <= 5 * SMALL + 3
    assert sum(longest) >= PAGES + READINGS * 2 + LETTERS * 3
    require_all_once(house)


def test_killed_between_all_its_transactions_every_letter_is_there_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real step in real children: 4 portions of pages, 3 of reading; each child commits one of them and is killed."""
    enter(monkeypatch, house.home)
    seen = []
    for number in range(6):
        told = {"commits": 0 if number == 2 else 1, "inside": number == 2, "portion": SMALL}
        ended = run_once("tests.ingest.dying:perform_and_die", {"request": job_to(lease(house)), **told})
        assert isinstance(ended, KilledFromOutside), ended
        seen.append((the_receipt(house).state, count(house, ReceiptPage), count(house, Job, Job.kind == READ)))
        assert the_receipt(house).final_at is None
        assert examine(house.services) == []
    accepted = [("accepted", pages, 0) for pages in (SMALL, 2 * SMALL, 2 * SMALL, 3 * SMALL)]
    assert seen == [*accepted, ("split", PAGES, 0), ("split", PAGES, SMALL)]
    require_all_once(house)


def test_letters_of_a_receipt_that_is_not_split_are_nobodys_work(house: House) -> None:
    die_after(house, 2)
    database, receipt = house.services.database, the_receipt(house)
    with database.read() as session:
        assert session.scalars(select(Job.kind)).all() == [SPLIT]
        assert list(item_lines(session, [(receipt.id, None)])) == []
        laid = session.scalars(select(MailItem.id)).all()
    assert len(laid) == 2
    counts = reconcile(database, house.services.blobs, house.agency, 3600)
    assert (counts["items"], counts["in_work"], counts["difference"]) == (1, 1, 0)
    with pytest.raises(Conflict):
        quarantine.reprocess(database, house.agency, laid[0])
    require_all_once(house)


def test_masters_without_a_claim_that_are_swept_between_portions_come_back(house: House) -> None:
    die_after(house, 1)
    with house.services.database.read() as session:
        laid = set(session.scalars(select(MailItem.master_sha256)))
    assert OrphanSweep(house.services.database, house.services.blobs, 0).step() == LETTERS - len(laid)
    assert all(house.services.blobs.exists(address) for address in laid if address)
    require_all_once(house)


def test_the_one_who_lost_the_lease_between_portions_writes_nothing_more(house: House) -> None:
    stale = die_after(house, 1)
    lease(house)
    before = count(house, ReceiptPage)
    with pytest.raises(LeaseLost):
        perform(house, stale)
    assert count(house, ReceiptPage) == before == SMALL
    require_all_once(house)


def test_what_another_version_would_cut_otherwise_is_taken_back_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_after(house, 3)
    monkeypatch.setattr(portions, "PORTION", 2)
    with house.services.database.write() as tx:
        tx.session.execute(update(MailItem).where(MailItem.item_no == 2).values(page_count=7))
    require_all_once(house)


def test_a_batch_quarantined_between_portions_is_one_entry_and_can_be_retried(house: House) -> None:
    die_after(house, 3)
    job = lease(house)
    with house.services.database.write() as tx:
        quarantine_job(tx, job, "TimedOut")
        jobs.finish(tx, job)
    with house.services.database.read() as session:
        (entry,) = session.scalars(select(MailItem)).all()
        kept = session.scalars(select(BlobClaim.owner_type)).all()
        free = session.scalars(select(Blob.sha256).where(Blob.tombstoned_at.is_not(None))).all()
    assert (entry.item_no, entry.state, the_receipt(house).state) == (0, "quarantined", "quarantined")
    assert (count(house, ReceiptPage), count(house, ItemPage), kept, len(free)) == (0, 0, ["receipt"], 3)
    assert examine(house.services) == []
    quarantine.retry(house.services.database, system_actor(house.agency), entry.id)
    work_off(house.services)
    assert (count(house, MailItem, MailItem.state == "clearing"), count(house, Document)) == (LETTERS, LETTERS)
    assert examine(house.services) == []


def test_a_split_batch_whose_reading_cannot_be_given_out_is_never_quarantined(house: House) -> None:
    die_after(house, 5)
    assert (the_receipt(house).state, count(house, Job, Job.kind == READ)) == ("split", SMALL)
    job = lease(house)
    assert job.kind == SPLIT
    with house.services.database.write() as tx:
        quarantine_job(tx, job, "TimedOut")
        jobs.finish(tx, job)
    require_all_once(house)


def test_a_step_alone_goes_on_like_any_other(house: House) -> None:
    die_after(house, 1)
    perform(house, replace(lease(house), isolated=True))
    require_all_once(house)
