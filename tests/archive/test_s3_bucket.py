"""Wrong buckets and wrong settings: one sentence in German and English, and nothing is started."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.blobs import s3_parts
from archive.blobs.s3 import MARKER, S3BlobStore
from archive.blobs.s3_bucket import examine, prepare
from archive.blobs.s3_wire import Access, connect
from core.errors import ConfigurationError, Unavailable
from core.ids import new_id
from core.settings import Settings
from eakte.storage import may_dispose, open_blobs, open_disposal_blobs
from tests.archive.stores import SERVERS, access_of, own_bucket, raw_client, server
from tests.support import make_database

US = new_id()


@pytest.fixture(params=SERVERS)
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return own_bucket(server(request, request.param))


@pytest.fixture
def access(settings: dict[str, str]) -> Access:
    return access_of(settings)


def refused(access: Access, installation: Any = US, look: Any = prepare) -> str:
    with pytest.raises(ConfigurationError) as error:
        look(connect(access), access.bucket, installation)
    assert error.value.de != error.value.en
    assert access.secret_key not in error.value.de + error.value.en
    return error.value.en


def test_a_bucket_is_made_once_and_known_again(access: Access) -> None:
    assert "db upgrade" in refused(access, look=examine)
    for _ in range(2):
        prepare(connect(access), access.bucket, US)
    examine(connect(access), access.bucket, US)


def test_a_bucket_without_object_lock_is_refused(access: Access) -> None:
    connect(access).make_bucket(access.bucket)
    assert "no Object Lock" in refused(access)
    assert "no Object Lock" in refused(access, look=examine)


def test_a_bucket_with_foreign_content_is_refused_and_left_alone(access: Access) -> None:
    client = connect(access)
    client.make_bucket(access.bucket, object_lock=True)
    client._put_object(access.bucket, "holiday.jpg", b"beach")
    assert "foreign content" in refused(access)
    assert [one.object_name for one in client.list_objects(access.bucket, recursive=True)] == ["holiday.jpg"]


def test_a_bucket_of_another_installation_is_refused(access: Access) -> None:
    prepare(connect(access), access.bucket, new_id())
    assert "another installation" in refused(access)


def test_a_bucket_of_another_version_is_refused(access: Access) -> None:
    prepare(connect(access), access.bucket, US)
    connect(access)._put_object(access.bucket, MARKER, b'{"format": 99}')
    assert "another version" in refused(access)


def test_wrong_keys_are_refused(access: Access) -> None:
    prepare(connect(access), access.bucket, US)
    for wrong in (replace(access, secret_key="wrong-secret-key"), replace(access, access_key="nobody")):
        assert "refuses the credentials" in refused(wrong, look=examine)


def test_strangers_in_the_bucket_are_named(access: Access, tmp_path: Path) -> None:
    client = connect(access)
    prepare(client, access.bucket, US)
    store = S3BlobStore(client, access.bucket, tmp_path)
    client._put_object(access.bucket, "holiday.jpg", b"beach")
    assert list(store.strangers()) == ["holiday.jpg"]
    assert list(store.all()) == []


def test_the_server_encrypts_when_told_to(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings = own_bucket(server(request, "minio"))
    prepare(raw_client(settings), settings["EAKTE_S3_BUCKET"], US)
    told = {name.removeprefix("EAKTE_").lower(): value for name, value in settings.items()}
    store = open_blobs(Settings(home=tmp_path, s3_encryption="AES256", **told), make_database(tmp_path))
    for data in (b"small", os.urandom(s3_parts.PART + 1)):
        sha256 = store.put_bytes(data).sha256
        found = raw_client(settings).stat_object(settings["EAKTE_S3_BUCKET"], sha256)
        assert found.metadata is not None
        assert found.metadata["x-amz-server-side-encryption"] == "AES256"
        assert store.verify(sha256)


def test_a_server_that_is_not_there_is_unavailable_and_soon() -> None:
    access = Access("http://127.0.0.1:9", "eakte", "us-east-1", "key", "secret-key")
    with pytest.raises(Unavailable):
        examine(connect(access), "eakte", US)
    assert not S3BlobStore(connect(access), "eakte", Path("/tmp")).ready()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "ftp://host", "http://", "http://u:p@host", "http://h/path"])
def test_an_address_that_is_none(endpoint: str) -> None:
    with pytest.raises(ConfigurationError):
        connect(Access(endpoint, "eakte", "us-east-1", "key", "secret"))


def eakte(home: Path, settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EAKTE_")}
    return subprocess.run(
        [sys.executable, "-m", "eakte", *arguments], capture_output=True, text=True, timeout=600,
        env={**environment, **settings, "EAKTE_HOME": str(home)},
    )  # fmt: skip


@pytest.mark.parametrize("absent", ["endpoint", "bucket", "access_key_file", "secret_key_file"])
def test_half_settings_start_nothing(tmp_path: Path, absent: str) -> None:
    key = tmp_path / "key"
    key.write_text("something")
    whole: dict[str, Any] = {
        "s3_endpoint": "http://127.0.0.1:9", "s3_bucket": "eakte", "s3_access_key_file": key, "s3_secret_key_file": key,
    }  # fmt: skip
    del whole[f"s3_{absent}"]
    with pytest.raises(ConfigurationError) as error:
        open_blobs(Settings(home=tmp_path, **whole), make_database(tmp_path), make=True)
    assert f"EAKTE_S3_{absent.upper()}" in error.value.de
    assert "incomplete" in error.value.en


def test_an_unreadable_key_starts_nothing(tmp_path: Path) -> None:
    whole: dict[str, Any] = {
        "s3_endpoint": "http://127.0.0.1:9", "s3_bucket": "eakte", "s3_access_key_file": tmp_path / "none",
        "s3_secret_key_file": tmp_path / "none",
    }  # fmt: skip
    with pytest.raises(ConfigurationError, match="cannot be read"):
        open_blobs(Settings(home=tmp_path, **whole), make_database(tmp_path))


def test_disposal_needs_its_own_identity(tmp_path: Path, settings: dict[str, str]) -> None:
    everyday = {
        name.removeprefix("EAKTE_").lower(): value for name, value in settings.items() if "DISPOSAL" not in name
    }
    told = Settings(home=tmp_path, **everyday)
    assert not may_dispose(told)
    with pytest.raises(ConfigurationError, match="EAKTE_S3_DISPOSAL_ACCESS_KEY_FILE"):
        open_disposal_blobs(told, open_blobs(told, make_database(tmp_path)))


def test_a_start_on_a_foreign_bucket_ends_with_a_sentence(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The whole way: `serve` ends with a status, says why in both languages, and answers nothing."""
    settings = own_bucket(server(request, "minio"))
    access = access_of(settings)
    assert eakte(tmp_path / "first", settings, "db", "upgrade").returncode == 0
    examined = eakte(tmp_path / "first", settings, "doctor", "--json")
    assert (examined.returncode, examined.stdout.strip()) == (0, '{"findings": []}'), examined.stderr
    assert eakte(tmp_path / "second", {}, "db", "upgrade").returncode == 0
    done = eakte(tmp_path / "second", settings, "serve")
    assert done.returncode == 1
    assert "gehört zu einer anderen E-Akte" in done.stderr
    assert "belongs to another installation" in done.stderr
    assert access.secret_key not in done.stderr
    assert "Traceback" not in done.stderr
