"""Blob stores for tests: the local disk, and a bucket of the test's own on each S3 server."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from minio import Minio

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobStore
from archive.blobs.s3 import MARKER, S3BlobStore
from archive.blobs.s3_bucket import prepare
from archive.blobs.s3_wire import Access, connect
from core.ids import new_id
from tests.support import stored_file

SERVERS = ("minio", "versitygw")


@dataclass(frozen=True, slots=True)
class Bench:
    """A store to examine. `damage` puts other bytes under an address, behind the store's back; `disposal` is the store as
    the disposal identity has it; `names` lists whatever lies there, older versions and delete markers too.
    """

    name: str
    store: BlobStore
    disposal: BlobStore
    damage: Callable[[str, bytes], None]
    names: Callable[[], set[str]]


def local_bench(folder: Path) -> Bench:
    """Files below the folder."""
    store = LocalBlobStore(folder / "blobs", folder / "work")

    def damage(sha256: str, data: bytes) -> None:
        path = stored_file(store, sha256)
        path.chmod(0o644)
        path.write_bytes(data)

    def names() -> set[str]:
        return {path.name for path in (folder / "blobs").rglob("*") if path.is_file()}

    return Bench("local", store, store, damage, names)


def s3_bench(name: str, settings: dict[str, str], folder: Path) -> Bench:
    """A new bucket on the server that these settings name."""
    everyday, disposal = access_of(settings), access_of(settings, "DISPOSAL_")
    client = connect(everyday)
    prepare(client, everyday.bucket, new_id())

    def damage(sha256: str, data: bytes) -> None:
        client._put_object(everyday.bucket, sha256, data)

    def names() -> set[str]:
        found = client.list_objects(everyday.bucket, recursive=True, include_version=True)
        return {str(one.object_name) for one in found} - {MARKER}

    return Bench(
        name, S3BlobStore(client, everyday.bucket, folder / "work"),
        S3BlobStore(connect(disposal), everyday.bucket, folder / "work", bypass=True), damage, names,
    )  # fmt: skip


def server(request: pytest.FixtureRequest, name: str) -> Any:
    """The running server of that name (tests.services); skips with the reason where there is none."""
    return request.getfixturevalue(name)


def access_of(settings: dict[str, str], identity: str = "") -> Access:
    """The access that EAKTE_S3_* settings name, to a bucket that nobody has used."""
    keys = (Path(settings[f"EAKTE_S3_{identity}{kind}_KEY_FILE"]).read_text().strip() for kind in ("ACCESS", "SECRET"))
    return Access(settings["EAKTE_S3_ENDPOINT"], settings["EAKTE_S3_BUCKET"], settings["EAKTE_S3_REGION"], *keys)


def own_bucket(service: Any) -> dict[str, str]:
    """The server's settings with a bucket of the caller's own, which is not there yet."""
    settings = service.settings() if callable(service.settings) else service.settings
    return {**settings, "EAKTE_S3_BUCKET": f"test-{secrets.token_hex(8)}"}


def raw_client(settings: dict[str, str]) -> Minio:
    """The vendor's client, to look at what really lies there."""
    return connect(access_of(settings))
