"""The blob store's contract, for every adapter; claims and the way bytes leave."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobMissing, BlobStore, StorageFull
from archive.models import Blob, BlobClaim
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from tests.support import NOON, make_database

ADAPTERS = ("local",)
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture(params=ADAPTERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    assert request.param == "local"
    return LocalBlobStore(tmp_path / "blobs", tmp_path / "work")


def test_bytes_are_known_by_their_hash(store: BlobStore) -> None:
    stored = store.put_bytes(b"abc")
    assert (stored.sha256, stored.size) == (ABC, 3)
    with store.open(ABC) as file:
        assert file.read() == b"abc"
    assert store.exists(ABC)
    assert store.verify(ABC)


def test_putting_again_changes_nothing(store: BlobStore) -> None:
    store.put_bytes(b"abc")
    inode = store.path(ABC).stat().st_ino
    store.put_bytes(b"abc")
    assert store.path(ABC).stat().st_ino == inode
    assert [address for address, _ in store.all()] == [ABC]


def test_the_listing_is_in_order_and_goes_on_behind_any_place(store: BlobStore) -> None:
    addresses = sorted(store.put_bytes(f"{number}".encode()).sha256 for number in range(40))
    assert [address for address, _ in store.all()] == addresses
    places = [*addresses, addresses[7][:2], addresses[7][:4], addresses[7][:9], "0" * 64, "f" * 64]
    for place in places:
        assert [address for address, _ in store.all(place)] == [one for one in addresses if one > place]


def test_putting_again_renews_the_time(store: BlobStore) -> None:
    store.put_bytes(b"abc")
    os.utime(store.path(ABC), (1, 1))
    store.put_bytes(b"abc")
    ((_, stored_at),) = store.all()
    assert stored_at > time.time() - 3600


def test_stored_bytes_are_read_only(store: BlobStore) -> None:
    store.put_bytes(b"abc")
    assert store.path(ABC).stat().st_mode & 0o222 == 0


def test_a_damaged_blob_is_noticed_and_healed_by_the_same_bytes(store: BlobStore) -> None:
    store.put_bytes(b"abc")
    path = store.path(ABC)
    path.chmod(0o644)
    path.write_bytes(b"abd")
    assert not store.verify(ABC)
    store.put_bytes(b"abc")
    assert store.verify(ABC)


def test_missing_bytes_are_an_error_not_an_empty_answer(store: BlobStore) -> None:
    for ask in (store.open, store.path, store.verify):
        with pytest.raises(BlobMissing):
            ask("0" * 64)
    store.unlink("0" * 64)


def test_a_source_outside_stays_where_it_is(store: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "letter.pdf"
    source.write_bytes(b"abc")
    assert store.put_file(source).sha256 == ABC
    assert source.read_bytes() == b"abc"


def test_a_full_disk_stores_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalBlobStore(tmp_path / "blobs", tmp_path / "work")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        store.put_bytes(b"abc")
    monkeypatch.undo()
    assert list(store.all()) == []
    assert list((tmp_path / "work").iterdir()) == []


def test_the_reserve_is_kept_free(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path / "blobs", tmp_path / "work", reserve=1 << 62)
    with pytest.raises(StorageFull):
        store.put_bytes(b"abc")


WRITER = """
import os, sys
from pathlib import Path
from archive.blobs.local import LocalBlobStore
root = Path(sys.argv[1])
store = LocalBlobStore(root / "blobs", root / "work")
number = 0
while True:
    stored = store.put_bytes(os.urandom(200_000))
    print(stored.sha256, flush=True)
"""


@pytest.mark.kill
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_number in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        time.sleep(0.6 + 0.07 * round_number)
        writer.send_signal(signal.SIGKILL)
        out, _ = writer.communicate(timeout=10)
        acknowledged += [line for line in out.split("\n") if len(line) == 64]
    store = LocalBlobStore(tmp_path / "blobs", tmp_path / "work")
    assert len(acknowledged) > 4
    assert all(store.verify(address) for address in acknowledged)
    assert all(store.verify(address) for address, _ in store.all())


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
        claims.claim(tx, store, stored, claims.DOCUMENT, first, "scan_master")
        claims.claim(tx, store, stored, claims.DOCUMENT, second, "scan_master")
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
    with database.read() as session:
        assert session.scalars(select(Blob)).all() == []


def test_a_new_claim_lifts_the_tombstone(store: BlobStore, database: Database, clock: SetClock) -> None:
    stored = store.put_bytes(b"abc")
    with database.write() as tx:
        claims.claim(tx, store, stored, claims.RECEIPT, new_id(), "batch")
    with database.read() as session:
        owner = session.scalars(select(BlobClaim.owner_id)).one()
    with database.write() as tx:
        claims.release(tx, claims.RECEIPT, owner)
    with database.write() as tx:
        claims.claim(tx, store, stored, claims.RECEIPT, new_id(), "batch")
    clock.instant += GRACE * 2
    assert claims.unlink_released(database, store, GRACE) == 0
    assert store.exists(ABC)


def test_bytes_that_vanished_cannot_be_claimed(store: BlobStore, database: Database) -> None:
    stored = store.put_bytes(b"abc")
    store.unlink(stored.sha256)
    with pytest.raises(BlobMissing), database.write() as tx:
        claims.claim(tx, store, stored, claims.RECEIPT, new_id(), "batch")
    with database.read() as session:
        assert session.scalars(select(BlobClaim)).all() == []
