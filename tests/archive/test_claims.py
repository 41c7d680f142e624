"""Claims: bytes stay as long as somebody needs them, and leave in steps that no claim can slip between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobLocked, BlobMissing, BlobStore
from archive.models import Blob, BlobClaim
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from tests.support import NOON, make_database

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return LocalBlobStore(tmp_path / "blobs", tmp_path / "work")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def database(tmp_path: Path, clock: SetClock) -> Database:
    return make_database(tmp_path, clock)


GRACE = timedelta(hours=1)


def test_shared_bytes_stay_until_the_last_claim_goes(store: BlobStore, database: Database, clock: SetClock) -> None:
    stored = store.put_bytes(b"abc")
    first, second = new_id(), new_id()
    with database.write() as tx:
        claims.claim(tx, claims.DOCUMENT, first, {"scan_master": stored})
        claims.claim(tx, claims.DOCUMENT, second, {"scan_master": stored})
    with database.write() as tx:
        assert claims.release(tx, claims.DOCUMENT, first) == []
    with database.write() as tx:
        assert claims.release(tx, claims.DOCUMENT, second) == [ABC]
        assert claims.release(tx, claims.DOCUMENT, second) == []
    assert claims.unlink_released(database, store, GRACE) == 0
    clock.instant += GRACE + timedelta(seconds=1)
    assert claims.unlink_released(database, store, GRACE) == 1
    assert claims.unlink_released(database, store, GRACE) == 0
    assert not store.exists(ABC)
    clock.instant += timedelta(days=1, seconds=1)
    claims.unlink_released(database, store, GRACE)
    with database.read() as session:
        assert session.scalars(select(Blob)).all() == []


def test_a_new_claim_lifts_the_tombstone(store: BlobStore, database: Database, clock: SetClock) -> None:
    stored = store.put_bytes(b"abc")
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored})
    with database.read() as session:
        owner = session.scalars(select(BlobClaim.owner_id)).one()
    with database.write() as tx:
        claims.release(tx, claims.RECEIPT, owner)
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored})
    clock.instant += GRACE * 2
    assert claims.unlink_released(database, store, GRACE) == 0
    assert store.exists(ABC)


def test_bytes_that_were_removed_after_they_were_put_cannot_be_claimed(store: BlobStore, database: Database) -> None:
    """A sweep came between put and claim: the step learns it, stores the bytes again, and then has its claim."""
    stored = store.put_bytes(b"abc")
    assert claims.remove(database, store, stored.sha256)
    with pytest.raises(BlobMissing), database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored})
    with database.read() as session:
        assert session.scalars(select(BlobClaim)).all() == []
    store.put_bytes(b"abc")
    again = claims.revived(database, store, [stored])
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored}, again)
    assert claims.revived(database, store, [stored]) == {}
    assert not claims.remove(database, store, stored.sha256)
    assert store.exists(ABC)


class Interrupted(LocalBlobStore):
    """A store whose `unlink` lets something happen first, or dies."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def unlink(self, sha256: str) -> None:
        self.meanwhile()
        super().unlink(sha256)


def test_no_claim_slips_between_mark_and_removal(tmp_path: Path, database: Database) -> None:
    store = Interrupted(tmp_path / "blobs", tmp_path / "work")
    stored = store.put_bytes(b"abc")
    refused = []

    def claim_now() -> None:
        store.put_bytes(b"abc")
        with pytest.raises(BlobMissing), database.write() as tx:
            claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored})
        refused.append(True)

    store.meanwhile = claim_now
    assert claims.remove(database, store, ABC)
    assert refused == [True]
    assert not store.exists(ABC)


def test_no_transaction_is_open_while_the_store_works(tmp_path: Path, database: Database) -> None:
    store = Interrupted(tmp_path / "blobs", tmp_path / "work")
    store.put_bytes(b"abc")
    written = []

    def write() -> None:
        with database.write() as tx:
            written.append(tx.now)

    store.meanwhile = write
    assert claims.remove(database, store, ABC)
    assert written == [NOON]


def test_a_removal_that_died_is_finished_by_the_next(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_OTHERS_SECONDS", 0.2)
    store = Interrupted(tmp_path / "blobs", tmp_path / "work")
    store.put_bytes(b"abc")

    def die() -> None:
        raise KeyboardInterrupt

    store.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        claims.remove(database, store, ABC)
    assert store.exists(ABC)
    store.meanwhile = lambda: None
    assert claims.unlink_released(database, store, GRACE) == 1
    assert not store.exists(ABC)


def test_what_the_store_locks_stays_and_can_be_claimed_again(tmp_path: Path, database: Database) -> None:
    store = Interrupted(tmp_path / "blobs", tmp_path / "work")
    stored = store.put_bytes(b"abc")

    def refuse() -> None:
        raise BlobLocked("Der Speicher hält die Bytes fest.", "locked")

    store.meanwhile = refuse
    assert not claims.remove(database, store, ABC)
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored})
    assert store.exists(ABC)


def test_what_another_writer_made_known_at_the_same_moment_is_found(store: BlobStore, database: Database) -> None:
    """The row is made without a look before: whoever comes second on a real server finds that of the first."""
    stored, owner = store.put_bytes(b"abc"), new_id()
    for claimant in (owner, new_id(), owner):
        with database.write() as tx:
            claims.claim(tx, claims.RECEIPT, claimant, {"batch": stored})
    with database.read() as session:
        assert [blob.size for blob in session.scalars(select(Blob))] == [3]
        assert len(session.scalars(select(BlobClaim)).all()) == 2


def test_an_answer_of_the_store_holds_for_one_removal_only(store: BlobStore, database: Database) -> None:
    """Put, removed, put again, seen - and removed once more before the claim, all within one instant of the clock."""
    stored = store.put_bytes(b"abc")
    assert claims.remove(database, store, ABC)
    assert claims.revived(database, store, [stored]) == {}
    store.put_bytes(b"abc")
    again = claims.revived(database, store, [stored])
    assert claims.remove(database, store, ABC)
    with pytest.raises(BlobMissing), database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored}, again)
    store.put_bytes(b"abc")
    later = claims.revived(database, store, [stored])
    assert later != again
    with database.write() as tx:
        claims.claim(tx, claims.RECEIPT, new_id(), {"batch": stored}, later)


def test_one_that_is_missing_keeps_all_from_being_claimed(store: BlobStore, database: Database) -> None:
    gone, there = store.put_bytes(b"abc"), store.put_bytes(b"def")
    assert claims.remove(database, store, ABC)
    with pytest.raises(BlobMissing), database.write() as tx:
        claims.claim(tx, claims.DOCUMENT, new_id(), {"rendition": there, "scan_master": gone})
    with database.read() as session:
        assert session.scalars(select(BlobClaim)).all() == []
