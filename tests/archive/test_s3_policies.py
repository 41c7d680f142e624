"""The two policies of `deploy/s3/` at a real server: what everyday work needs and no more, what disposal may besides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio.credentials.providers import StaticProvider
from minio.error import S3Error
from minio.minioadmin import MinioAdmin

from archive.blobs.port import BlobLocked, Lock
from archive.blobs.s3 import S3BlobStore
from archive.blobs.s3_anchors import S3Anchors
from archive.blobs.s3_bucket import examine, prepare
from archive.blobs.s3_wire import Access, connect
from core.errors import EakteError
from core.ids import new_id
from tests.archive.stores import access_of, server

POLICIES = Path(__file__).resolve().parents[2] / "deploy" / "s3"
US = new_id()


@pytest.fixture
def identities(request: pytest.FixtureRequest) -> dict[str, Access]:
    """A server of its own, with the bucket `eakte` and a user for each policy."""
    running: Any = server(request, "own_server")("minio")
    root = tuple(running.secret(f"root-{kind}-key").read_text() for kind in ("access", "secret"))
    admin = MinioAdmin(endpoint=running.endpoint, credentials=StaticProvider(*root), secure=False)
    plain = access_of(running.settings())
    prepare(connect(replace(plain, access_key=root[0], secret_key=root[1])), plain.bucket, US)
    found = {}
    for name in ("everyday", "disposal"):
        admin.policy_add(f"p-{name}", policy_file=str(POLICIES / f"{name}.json"))
        admin.user_add(f"u-{name}", f"secret-of-{name}")
        admin.policy_set(f"p-{name}", user=f"u-{name}")
        found[name] = replace(plain, access_key=f"u-{name}", secret_key=f"secret-of-{name}")
    return found


def store_of(access: Access, folder: Path, *, bypass: bool = False) -> S3BlobStore:
    return S3BlobStore(connect(access), access.bucket, folder, bypass=bypass)


def test_everyday_work_needs_no_more_and_may_not_break_locks(identities: dict[str, Access], tmp_path: Path) -> None:
    access = identities["everyday"]
    prepare(connect(access), access.bucket, US)
    examine(connect(access), access.bucket, US)
    store = store_of(access, tmp_path)
    locked, free = (store.put_bytes(data).sha256 for data in (b"locked", b"free"))
    store.lock(locked, Lock(datetime.now(UTC) + timedelta(days=30)))
    assert store.tidy(0) == 0
    store.unlink(free)
    assert [address for address, _ in store.all()] == [locked]
    for one in (store, store_of(access, tmp_path, bypass=True)):
        with pytest.raises(BlobLocked):
            one.unlink(locked)
    assert store.verify(locked)
    head = {"block_no": 1, "last_no": 3, "hash": "ab" * 32, "sealed_at": 1}
    anchors = S3Anchors(connect(access), access.bucket)
    anchors.append([head])
    assert anchors.all() == [head]
    with pytest.raises(S3Error):
        connect(access).make_bucket("another")


def test_disposal_may_remove_and_cannot_write(identities: dict[str, Access], tmp_path: Path) -> None:
    locked = store_of(identities["everyday"], tmp_path).put_bytes(b"locked").sha256
    store_of(identities["everyday"], tmp_path).lock(locked, Lock(datetime.now(UTC) + timedelta(days=30), hold=True))
    disposal = store_of(identities["disposal"], tmp_path, bypass=True)
    with pytest.raises(EakteError):
        disposal.put_bytes(b"planted")
    disposal.unlink(locked)
    assert not disposal.exists(locked)
    assert list(disposal.all()) == []
