"""The blob store's contract, for every adapter: local disk, MinIO, a second S3 server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.blobs import s3_parts
from archive.blobs.port import BlobDamaged, BlobLocked, BlobMissing, BlobStore, Lock
from tests.archive.stores import SERVERS, Bench, local_bench, own_bucket, s3_bench, server

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(params=["local", *SERVERS])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    name = request.param
    if name == "local":
        yield local_bench(tmp_path)
    else:
        yield s3_bench(name, own_bucket(server(request, name)), tmp_path)
    assert [path.name for path in (tmp_path / "work").iterdir()] == [], "a temporary file was left"


@pytest.fixture
def store(bench: Bench) -> BlobStore:
    return bench.store


def listed(store: BlobStore) -> list[str]:
    return [address for address, _ in store.all()]


def test_bytes_are_known_by_their_hash(store: BlobStore) -> None:
    stored = store.put_bytes(b"abc")
    assert (stored.sha256, stored.size) == (ABC, 3)
    with store.open(ABC) as file:
        assert file.read() == b"abc"
    assert store.exists(ABC)
    assert store.verify(ABC)
    assert store.ready()


def test_a_part_is_read_without_the_rest(store: BlobStore) -> None:
    data = os.urandom(300_000)
    sha256 = store.put_bytes(data).sha256
    for start, length in ((0, 1), (0, 300_000), (299_999, 1), (100_000, 150_000), (299_000, 5_000), (7, 0)):
        with store.open(sha256, start, length) as file:
            assert file.read() == data[start : start + length], (start, length)
    with store.open(sha256, 250_000) as file:
        assert (file.read(10), file.read()) == (data[250_000:250_010], data[250_010:])


def test_nothing_is_bytes_too(store: BlobStore) -> None:
    assert store.put_bytes(b"").sha256 == NOTHING
    assert store.verify(NOTHING)
    with store.open(NOTHING) as file:
        assert file.read() == b""


def test_putting_again_changes_nothing(store: BlobStore) -> None:
    store.put_bytes(b"abc")
    store.put_bytes(b"abc")
    ((address, stored_at),) = store.all()
    assert address == ABC
    assert abs(stored_at - time.time()) < 60


def test_the_listing_is_in_order_and_goes_on_behind_any_place(store: BlobStore) -> None:
    addresses = sorted(store.put_bytes(f"{number}".encode()).sha256 for number in range(12))
    assert listed(store) == addresses
    places = [*addresses, addresses[7][:2], addresses[7][:4], addresses[7][:9], "0" * 64, "f" * 64]
    for place in places:
        assert [address for address, _ in store.all(place)] == [one for one in addresses if one > place]
    assert list(store.strangers()) == []


def test_large_bytes_arrive_whole(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "large.pdf"
    source.write_bytes(os.urandom(s3_parts.PART + 70_000))
    stored = bench.store.put_file(source)
    assert stored.size == s3_parts.PART + 70_000
    assert bench.store.verify(stored.sha256)
    assert bench.store.put_file(source) == stored
    assert bench.store.tidy(-60) == 0, "a part was left"
    with bench.store.local_copy(stored.sha256) as path:
        assert path.read_bytes() == source.read_bytes()


def test_a_source_outside_stays_where_it_is(store: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "letter.pdf"
    source.write_bytes(b"abc")
    assert store.put_file(source).sha256 == ABC
    assert source.read_bytes() == b"abc"


def test_a_damaged_blob_is_noticed_and_healed_by_the_same_bytes(bench: Bench) -> None:
    bench.store.put_bytes(b"abc")
    bench.damage(ABC, b"abd")
    assert not bench.store.verify(ABC)
    bench.store.put_bytes(b"abc")
    assert bench.store.verify(ABC)


def test_a_copy_is_what_its_address_says(bench: Bench) -> None:
    bench.store.put_bytes(b"abc")
    with bench.store.local_copy(ABC) as path:
        assert path.read_bytes() == b"abc"
        assert path.stat().st_mode & 0o222 == 0
    if bench.name != "local":  # a disk hands out the file itself and compares nothing
        bench.damage(ABC, b"abd")
        with pytest.raises(BlobDamaged), bench.store.local_copy(ABC):
            pass


def test_missing_bytes_are_an_error_not_an_empty_answer(store: BlobStore) -> None:
    unknown = "0" * 64
    for ask in (store.open, store.verify):
        with pytest.raises(BlobMissing):
            ask(unknown)
    with pytest.raises(BlobMissing), store.local_copy(unknown):
        pass
    with pytest.raises(BlobMissing):
        store.lock(unknown, Lock(datetime.now(UTC) + timedelta(days=1)))
    assert not store.exists(unknown)
    store.unlink(unknown)


def test_removed_bytes_are_gone_and_can_come_again(bench: Bench) -> None:
    bench.store.put_bytes(b"abc")
    bench.damage(ABC, b"abd")
    bench.store.unlink(ABC)
    bench.store.unlink(ABC)
    assert not bench.store.exists(ABC)
    assert listed(bench.store) == []
    bench.store.put_bytes(b"abc")
    assert bench.store.verify(ABC)


def test_a_lock_keeps_bytes_where_the_store_has_locks(bench: Bench) -> None:
    """`locks` says what `lock` is worth: where it is false nothing is kept, and nobody may rely on it."""
    bench.store.put_bytes(b"abc")
    bench.store.lock(ABC, Lock(datetime.now(UTC) + timedelta(days=30)))
    if bench.store.locks:
        with pytest.raises(BlobLocked):
            bench.store.unlink(ABC)
        assert bench.store.verify(ABC)
        bench.disposal.unlink(ABC)
    else:
        bench.store.unlink(ABC)
    assert not bench.store.exists(ABC)


def test_a_hold_keeps_bytes_until_it_is_lifted(bench: Bench) -> None:
    bench.store.put_bytes(b"abc")
    bench.store.lock(ABC, Lock(None, hold=True))
    if bench.store.locks:
        with pytest.raises(BlobLocked):
            bench.store.unlink(ABC)
    bench.store.lock(ABC, Lock(None, hold=False))
    bench.store.unlink(ABC)
    assert not bench.store.exists(ABC)
