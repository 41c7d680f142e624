"""The S3 servers and OpenSearch as the launcher gives them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.commonconfig import GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention
from opensearchpy import OpenSearch

from eakte.services import identities
from eakte.services.process import Server
from tests.services import Service

Start = Callable[[str], Server]


def client(service: Service, identity: str = "") -> Minio:
    access, secret = (service.read(f"EAKTE_S3_{identity}{part}_KEY_FILE") for part in ("ACCESS", "SECRET"))
    address = urlsplit(service.settings["EAKTE_S3_ENDPOINT"]).netloc
    return Minio(address, access, secret, secure=False, region=service.settings["EAKTE_S3_REGION"])


def remove_past_lock(store: Minio, bucket: str, version: str | None) -> list[str | None]:
    wanted = [DeleteObject("a", version)]
    return [error.code for error in store.remove_objects(bucket, wanted, bypass_governance_mode=True)]


def test_only_the_disposal_identity_goes_past_a_lock(minio: Service, bucket_name: str) -> None:
    everyday, disposal = client(minio), client(minio, "DISPOSAL_")
    everyday.make_bucket(bucket_name, object_lock=True)
    until = datetime.now(UTC) + timedelta(days=1)
    lock = Retention(GOVERNANCE, until)
    version = everyday.put_object(bucket_name, "a", BytesIO(b"abc"), 3, retention=lock).version_id
    with pytest.raises(S3Error):
        everyday.remove_object(bucket_name, "a", version_id=version)
    assert remove_past_lock(everyday, bucket_name, version) != []
    assert everyday.stat_object(bucket_name, "a", version_id=version).size == 3
    assert remove_past_lock(disposal, bucket_name, version) == []
    with pytest.raises(S3Error):
        everyday.stat_object(bucket_name, "a", version_id=version)


def test_objects_survive_a_kill(own_server: Start) -> None:
    server = own_server("minio")
    store = client(Service("minio", server.settings()))
    store.make_bucket("kept")
    store.put_object("kept", "a", BytesIO(b"abc"), 3)
    server.kill()
    server.start()
    assert store.get_object("kept", "a").data == b"abc"


def test_second_store_takes_objects(versitygw: Service, bucket_name: str) -> None:
    store = client(versitygw)
    store.make_bucket(bucket_name)
    store.put_object(bucket_name, "a", BytesIO(b"abc"), 3)
    assert store.get_object(bucket_name, "a").data == b"abc"


def test_index_is_made_only_on_demand(opensearch: Service, index_prefix: str) -> None:
    index = OpenSearch(opensearch.settings["EAKTE_OPENSEARCH_URL"], timeout=60)
    with pytest.raises(Exception, match="no such index"):
        index.index(index=index_prefix, body={"word": "Bescheid"})


def test_identities_are_made_from_files_and_may_be_made_again(own_server: Start, tmp_path: Path) -> None:
    server = own_server("minio")
    for name in ("s3_root", "s3", "s3_disposal"):
        for part in ("access", "secret"):
            secret = server.folder / "secrets" / f"{'root' if name == 's3_root' else 'new-' + name}-{part}-key"
            text = secret.read_text() if secret.exists() else f"{name}-{part}-0123456789"[:20]
            (tmp_path / f"{name}_{part}_key").write_text(text + "\n")
    for _ in range(2):
        identities.main(server.settings()["EAKTE_S3_ENDPOINT"], tmp_path)
    made = Minio(
        f"127.0.0.1:{server.port}", (tmp_path / "s3_access_key").read_text().strip(),
        (tmp_path / "s3_secret_key").read_text().strip(), secure=False,
    )  # fmt: skip
    made.make_bucket("mine", object_lock=True)
    assert made.bucket_exists("mine")
