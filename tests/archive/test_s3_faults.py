"""S3 at its worst: killed during a put, silent, full, lying. Nothing is acknowledged that is not there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

from api.problems import from_error
from archive.blobs import s3_bucket, s3_silence, s3_wire
from archive.blobs.port import BlobDamaged, BlobStore, StorageFull
from archive.blobs.s3 import MARKER, S3BlobStore
from archive.blobs.s3_bucket import prepare
from archive.blobs.s3_wire import Access, connect
from core.errors import ConfigurationError, EakteError, Unavailable
from core.ids import new_id
from ingest.models import Receipt
from ingest.stored_bytes import missing_blobs
from tests.archive.lying_s3 import ABC, Lies, LyingServer
from tests.archive.stores import SERVERS, access_of, own_bucket, raw_client, s3_bench, server
from tests.ingest.ledger_door import Door


@pytest.mark.parametrize("name", SERVERS)
def test_many_puts_of_the_same_bytes_leave_one_version(
    request: pytest.FixtureRequest, name: str, tmp_path: Path
) -> None:
    settings = own_bucket(server(request, name))
    store = s3_bench(name, settings, tmp_path).store
    data = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(store.put_bytes, [data] * 16))
    assert len(stored) == 1
    listed = raw_client(settings).list_objects(
        settings["EAKTE_S3_BUCKET"], prefix=stored.pop().sha256, include_version=True
    )
    assert len(list(listed)) == 1


@pytest.mark.parametrize("name", SERVERS)
def test_parts_of_a_killed_upload_are_tidied(request: pytest.FixtureRequest, name: str, tmp_path: Path) -> None:
    settings = own_bucket(server(request, name))
    store = s3_bench(name, settings, tmp_path).store
    client, bucket = raw_client(settings), settings["EAKTE_S3_BUCKET"]
    upload = client._create_multipart_upload(bucket, ABC, {})
    client._upload_part(bucket, ABC, b"first part", None, upload, 1)
    assert store.tidy(3600) == 0, "an upload that may still be running was aborted"
    assert store.tidy(-60) == 1
    assert store.tidy(-60) == 0
    assert not store.exists(ABC)


@pytest.fixture
def own_minio(request: pytest.FixtureRequest) -> Any:
    """A server of this test's own, to kill and to stop."""
    return server(request, "own_server")("minio")


def store_on(settings: dict[str, str], folder: Path) -> BlobStore:
    return S3BlobStore(connect(access_of(settings)), settings["EAKTE_S3_BUCKET"], folder / "work")


@pytest.mark.kill
def test_a_server_killed_during_puts_loses_nothing_acknowledged(own_minio: Any, tmp_path: Path) -> None:
    """SIGKILL three times; versitygw is no witness here, for it never forces data to disk."""
    settings = own_bucket(own_minio)
    prepare(connect(access_of(settings)), settings["EAKTE_S3_BUCKET"], new_id())
    acknowledged: list[str] = []
    refused: list[EakteError] = []

    def write() -> None:
        store = store_on(settings, tmp_path)
        while True:
            try:
                acknowledged.append(store.put_bytes(os.urandom(150_000)).sha256)
            except EakteError as error:
                refused.append(error)
                return

    for kills in range(3):
        before = len(acknowledged)
        writers = [threading.Thread(target=write, daemon=True) for _ in range(3)]
        for writer in writers:
            writer.start()
        wait_for(lambda enough=before + 5 + 4 * kills: len(acknowledged) > enough)  # type: ignore[misc]
        own_minio.kill()
        for writer in writers:
            writer.join(250)
        own_minio.start()
    assert len(refused) == 9
    assert {type(error) for error in refused} == {Unavailable}, refused
    store = store_on(settings, tmp_path)
    assert all(store.verify(address) for address in acknowledged)
    assert all(store.verify(address) for address, _ in store.all()), "half an object is shown as a whole one"


def test_while_the_server_is_away_everything_is_503_and_later_it_works(own_minio: Any, tmp_path: Path) -> None:
    settings = own_bucket(own_minio)
    access = access_of(settings)
    prepare(connect(access), access.bucket, new_id())
    store = store_on(settings, tmp_path)
    store.put_bytes(b"abc")
    own_minio.pause()
    began = time.monotonic()
    assert not store.ready()
    assert time.monotonic() - began < 15, "a health check waits for a store that is silent"
    own_minio.resume()
    own_minio.stop()
    began = time.monotonic()
    for ask in (store.exists, store.verify, store.open, store.unlink):
        with pytest.raises(Unavailable):
            ask(ABC)
    with pytest.raises(Unavailable) as refused:
        store.put_bytes(b"another")
    assert time.monotonic() - began < 300, "waits are not bounded"
    answer = from_error(refused.value)
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert not store.ready()
    own_minio.start()
    assert store.ready()
    assert store.put_bytes(b"another").size == 7
    assert store.verify(ABC)


def test_a_silent_server_holds_up_one_request_at_a_time(
    own_minio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it every request, a store that stands still would take all threads, and with them all other pages."""
    monkeypatch.setattr(s3_wire, "SILENCE_SECONDS", 2.0)
    monkeypatch.setattr(s3_silence, "REST_SECONDS", 3600.0)
    settings = own_bucket(own_minio)
    access = access_of(settings)
    prepare(connect(access), access.bucket, new_id())
    store = store_on(settings, tmp_path)
    store.put_bytes(b"abc")
    sent: list[str] = []
    real = urllib3.PoolManager.urlopen

    def counted(self: urllib3.PoolManager, method: str, url: str, *more: Any, **options: Any) -> Any:
        sent.append(url)
        return real(self, method, url, *more, **options)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", counted)
    own_minio.pause()
    for _ in range(20):
        with pytest.raises(Unavailable):
            store.exists(ABC)
    assert len(sent) == 1
    own_minio.resume()
    monkeypatch.setattr(store._client._http, "_silent_until", time.monotonic())
    assert store.verify(ABC)
    assert store.exists(ABC)


@pytest.fixture
def lying(tmp_path: Path) -> Any:
    with LyingServer() as running:
        yield running


def liar(running: LyingServer, folder: Path) -> S3BlobStore:
    access = Access(running.endpoint, "eakte", "us-east-1", "key", "secret-key")
    return S3BlobStore(connect(access), "eakte", folder / "work")


@pytest.mark.parametrize(
    ("lies", "expected"),
    [
        (Lies(keeps=False), BlobDamaged),
        (Lies(gives=b"abd"), BlobDamaged),
        (Lies(gives=b"ab"), BlobDamaged),
        (Lies(cuts=True), Unavailable),
        (Lies(refuses=(507, "XMinioStorageFull")), StorageFull),
        (Lies(refuses=(503, "SlowDown")), Unavailable),
        (Lies(refuses=(403, "AccessDenied")), Unavailable),
        (Lies(refuses=(500, None)), Unavailable),
        (Lies(refuses=(507, None)), StorageFull),
    ],
)
def test_no_lie_is_acknowledged(
    lying: LyingServer, lies: Lies, expected: type[EakteError], tmp_path: Path
) -> None:  # fmt: skip
    """And nothing of it reaches the ledger: the sender hears 503 or 507 and keeps his letter."""
    lying.lies = lies
    door = Door(tmp_path)
    door.store = liar(lying, tmp_path)  # type: ignore[assignment]
    with pytest.raises(expected) as refused:
        door.bring(b"abc")
    assert door.count(Receipt) == 0
    answer = from_error(refused.value)
    assert answer.status_code in (503, 507)
    assert answer.status_code == 507 or int(answer.headers["retry-after"]) > 0
    assert list((tmp_path / "work").iterdir()) == []


def test_a_server_that_shows_it_a_little_later_is_believed_then(lying: LyingServer, tmp_path: Path) -> None:
    lying.lies = Lies(late=3)
    assert liar(lying, tmp_path).put_bytes(b"abc").sha256 == ABC
    assert lying.asked["GET"] == 4


def test_a_bucket_on_a_server_that_keeps_nothing_is_not_called_ready(
    lying: LyingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_bucket, "EVENTUAL", (0.0, 0.0))
    lying.lies = Lies(keeps=False)
    client = connect(Access(lying.endpoint, "eakte", "us-east-1", "key", "secret-key"))
    with pytest.raises(ConfigurationError, match="does not keep what it accepts") as told:
        prepare(client, "eakte", new_id())
    assert "bewahrt nicht auf" in told.value.de


def test_a_bucket_whose_mark_is_shown_a_little_later_is_ready(lying: LyingServer) -> None:
    client = connect(Access(lying.endpoint, "eakte", "us-east-1", "key", "secret-key"))
    lying.lies = Lies(late=9)
    prepare(client, "eakte", new_id())
    assert list(lying.objects) == [MARKER]
    assert lying.asked["GET"] > 9


def test_what_is_not_listed_yet_is_not_missing(lying: LyingServer, tmp_path: Path) -> None:
    """The listing is behind; HEAD decides."""
    lying.lies = Lies(lists=False)
    door = Door(tmp_path)
    door.store = liar(lying, tmp_path)  # type: ignore[assignment]
    door.bring(b"abc")
    assert list(door.store.all()) == []
    assert list(missing_blobs(door.database, door.store)) == []
    assert door.counts()["orphans"] == 0


def test_an_answer_lost_on_the_way_is_found_by_asking_again(lying: LyingServer, tmp_path: Path) -> None:
    """The first put arrives and its answer does not: the repeat meets the condition, and the bytes are there."""
    lying.lies = Lies(drops_answers=1)
    assert liar(lying, tmp_path).put_bytes(b"abc").sha256 == ABC
    assert lying.asked["PUT"] == 2


def wait_for(done: Callable[[], bool], seconds: float = 250) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
