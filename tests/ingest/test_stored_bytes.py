"""Stored bytes against rows: page by page, with no transaction open while bytes are read, and right while both change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.pool import QueuePool

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import StoredBlob
from archive.models import Blob, BlobClaim
from core.database import Database
from core.ids import new_id
from ingest import stored_bytes
from ingest.cleaning import OrphanSweep
from ingest.models import ItemPage, MailItem, Receipt
from ingest.stored_bytes import count_blobs, examine_blobs, missing_blobs, orphan_blobs
from tests.ingest.ledger_door import Door
from tests.support import make_database, stored_file

GRACE = 3600.0


class Meddling(LocalBlobStore):
    """A store in which something happens just before it is asked about an address."""

    def __init__(self, folder: Path, work: Path) -> None:
        super().__init__(folder, work)
        self.before: Callable[[str, str], None] = lambda _question, _address: None

    def exists(self, sha256: str) -> bool:
        """See BlobStore."""
        self.before("exists", sha256)
        return super().exists(sha256)

    def verify(self, sha256: str) -> bool:
        """See BlobStore."""
        self.before("verify", sha256)
        return super().verify(sha256)

    def all(self, after: str = "") -> Iterator[tuple[str, float]]:
        """See BlobStore."""
        for address, modified in super().all(after):
            self.before("listed", address)
            yield address, modified


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_database(tmp_path)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meddling:
    for module in ("ingest.stored_bytes", "ingest.cleaning"):
        monkeypatch.setattr(f"{module}.PAGE", 3)
    return Meddling(tmp_path / "blobs", tmp_path / "work")


def stored(store: Meddling, count: int, mark: str = "letter") -> list[StoredBlob]:
    """Old bytes, in the order of their addresses."""
    found = sorted((store.put_bytes(f"{mark} {n}".encode()) for n in range(count)), key=lambda one: one.sha256)
    for one in found:
        os.utime(stored_file(store, one.sha256), (1, 1))
    return found


def claimed(database: Database, store: Meddling, count: int) -> list[str]:
    blobs = stored(store, count)
    with database.write() as tx:
        for blob in blobs:
            claims.claim(tx, claims.MAIL_ITEM, new_id(), {"master": blob})
    return [blob.sha256 for blob in blobs]


def change(store: Meddling, sha256: str) -> None:
    path = stored_file(store, sha256)
    path.chmod(0o644)
    path.write_bytes(b"changed")


def destroy(database: Database, store: Meddling, sha256: str) -> None:
    """As disposal does it, at once."""
    with database.write() as tx:
        tx.session.execute(delete(BlobClaim).where(BlobClaim.sha256 == sha256))
        tx.session.execute(delete(Blob).where(Blob.sha256 == sha256))
    store.unlink(sha256)


def findings(database: Database, store: Meddling) -> tuple[list[str], list[str], list[str], list[str]]:
    """Missing, orphaned, damaged, unclaimed."""
    pages = list(examine_blobs(database, store, rehash=True))
    damaged = [sha for page in pages for sha in page.damaged]
    unclaimed = [sha for page in pages for sha in page.unclaimed]
    return list(missing_blobs(database, store)), list(orphan_blobs(database, store, GRACE)), damaged, unclaimed


def test_everything_is_named_once_whatever_page_it_is_on(database: Database, store: Meddling) -> None:
    known = claimed(database, store, 11)
    orphans = [blob.sha256 for blob in stored(store, 5, "orphan")]
    lost, changed, left = known[0:9:4], known[1:10:4], known[2:11:4]
    with database.write() as tx:
        tx.session.execute(delete(BlobClaim).where(BlobClaim.sha256.in_(left)))
    for sha in lost:
        store.unlink(sha)
    for sha in changed:
        change(store, sha)
    orphans += left  # known bytes without a claim: neither the row nor the bytes belong to anything
    assert findings(database, store) == (lost, sorted(orphans), changed, left)
    assert sum(page.count for page in examine_blobs(database, store, rehash=False)) == count_blobs(database) == 11


def test_bytes_that_only_a_row_names_are_missing_too(store: Meddling, tmp_path: Path) -> None:
    door = Door(tmp_path)
    receipts = [door.bring(f"batch {number}".encode()).receipt_id for number in range(4)]
    texts = [f"{number:064x}" for number in range(7)]
    with door.database.write() as tx:
        for receipt_id in receipts:
            door.store.unlink(tx.session.get_one(Receipt, receipt_id).sha256)
        tx.session.execute(delete(BlobClaim))
        tx.session.get_one(Receipt, receipts[0]).blob_released_at = tx.now
        for number in (1, 2):
            item = MailItem(id=new_id(), agency_id=door.agency, receipt_id=receipts[0], item_no=number, page_count=7)
            tx.session.add(item)
            tx.session.flush()
            tx.session.add_all(ItemPage(mail_item_id=item.id, page_no=no, text_sha256=sha)
                               for no, sha in enumerate(texts, 1))  # fmt: skip
        needed = {tx.session.get_one(Receipt, one).sha256 for one in receipts[1:]}
    found = list(missing_blobs(door.database, door.store))
    assert len(found) == len(set(found))
    assert set(found) == needed | set(texts)


def test_no_transaction_is_open_while_bytes_are_read(database: Database, store: Meddling) -> None:
    claimed(database, store, 7)
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    open_then: list[int] = []
    store.before = lambda _question, _address: open_then.append(pool.checkedout())
    assert findings(database, store) == ([], [], [], [])
    assert len(open_then) >= 3 * 7 - 7
    assert set(open_then) == {0}


def test_what_is_destroyed_meanwhile_is_no_finding(database: Database, store: Meddling) -> None:
    known = claimed(database, store, 7)
    going = iter(known[1:])

    def before(question: str, address: str) -> None:
        if question in ("verify", "listed") and address == known[0]:
            for sha in going:
                destroy(database, store, sha)

    store.before = before
    assert list(missing_blobs(database, store)) == []
    assert count_blobs(database) == 1


def test_what_is_destroyed_while_it_is_hashed_is_no_finding(database: Database, store: Meddling) -> None:
    known = claimed(database, store, 2)

    def before(question: str, address: str) -> None:
        if question == "verify" and address == known[1]:
            change(store, address)
            with database.write() as tx:
                tx.session.execute(update(Blob).where(Blob.sha256 == address).values(tombstoned_at=tx.now))

    store.before = before
    assert [page.damaged for page in examine_blobs(database, store, rehash=True)] == [[]]


def test_what_is_claimed_or_removed_meanwhile_is_no_orphan(database: Database, store: Meddling) -> None:
    first, *others = stored(store, 7)

    def before(question: str, address: str) -> None:
        if question == "listed" and address == others[0].sha256:
            with database.write() as tx:
                claims.claim(tx, claims.RECEIPT, new_id(), {"batch": first})
        if question == "exists":
            store.unlink(address)

    store.before = before
    assert list(orphan_blobs(database, store, GRACE)) == []


def test_the_sweep_does_a_part_each_time_and_begins_anew(database: Database, store: Meddling) -> None:
    kept = claimed(database, store, 3)
    orphans = [blob.sha256 for blob in stored(store, 9, "orphan")]
    young = store.put_bytes(b"young").sha256
    sweep = OrphanSweep(database, store, GRACE)
    listed: list[str] = []
    store.before = lambda question, address: listed.append(address) if question == "listed" else None
    removed, seen = [], []
    for _ in range(3):
        removed.append(sweep.step(5))
        seen.append(len(listed))
    assert seen == [5, 10, 13]
    assert sum(removed) == len(orphans)
    assert {address for address, _ in store.all()} == {*kept, young}
    low = min(store.put_bytes(f"later {n}".encode()).sha256 for n in range(20))
    os.utime(stored_file(store, low), (1, 1))
    assert sum(sweep.step(5) for _ in range(6)) == 1
    assert not store.exists(low)


def test_the_sweep_never_takes_what_is_stored_anew(database: Database, store: Meddling) -> None:
    (orphan,) = stored(store, 1, "orphan")
    sweep = OrphanSweep(database, store, GRACE)
    assert store.put_bytes(b"orphan 0") == orphan
    assert sweep.step() == 0
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": orphan})
    os.utime(stored_file(store, orphan.sha256), (1, 1))
    assert sweep.step() == 0
    assert store.verify(orphan.sha256)


def test_the_sweep_asks_again_under_the_lock(
    database: Database, store: Meddling, monkeypatch: pytest.MonkeyPatch
) -> None:
    (orphan,) = stored(store, 1, "orphan")
    looked = stored_bytes.unknown

    def claimed_after_the_look(*args: object) -> list[str]:
        found = looked(*args)  # type: ignore[arg-type]
        with database.write() as tx:
            claims.claim(tx, claims.RECEIPT, new_id(), {"batch": orphan})
        return found

    monkeypatch.setattr("ingest.cleaning.unknown", claimed_after_the_look)
    assert OrphanSweep(database, store, GRACE).step() == 0
    assert store.verify(orphan.sha256)
