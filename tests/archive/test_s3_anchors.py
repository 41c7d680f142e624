"""Heads of the audit chain in a real bucket: two hosts, one chain; nobody takes a head away or hides it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from minio.error import S3Error

from archive.blobs.s3 import ANCHORS, S3BlobStore
from archive.blobs.s3_anchors import S3Anchors
from archive.blobs.s3_bucket import prepare
from archive.blobs.s3_wire import Access, connect
from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import renew_anchors, seal
from core.audit.verify import verify
from core.database import Database
from core.ids import new_id
from core.settings import Settings
from eakte.storage import open_anchors
from tests.archive.stores import SERVERS, access_of, own_bucket, server
from tests.support import make_agency, make_database


@pytest.fixture(params=SERVERS)
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return own_bucket(server(request, request.param))


@pytest.fixture
def access(settings: dict[str, str]) -> Access:
    found = access_of(settings)
    prepare(connect(found), found.bucket, new_id())
    return found


def host(access: Access) -> S3Anchors:
    return S3Anchors(connect(access), access.bucket)


def act(database: Database) -> None:
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx, str(new_id()))), "test.act", "thing", None)


def test_the_sealer_moves_between_hosts_and_the_chain_stays_one(access: Access, tmp_path: Path) -> None:
    database, hosts = make_database(tmp_path), (host(access), host(access))
    for number in range(5):
        act(database)
        assert seal(database, hosts[number % 2]) == 1
    for one in hosts:
        assert [head["block_no"] for head in one.all()] == [1, 2, 3, 4, 5]
        assert verify(database, one).ok
    store = S3BlobStore(connect(access), access.bucket, tmp_path / "work")
    assert list(store.all()) == []
    assert list(store.strangers()) == []


def test_a_head_is_neither_removed_nor_hidden_nor_replaced(access: Access, tmp_path: Path) -> None:
    database, client = make_database(tmp_path), connect(access)
    for _ in range(2):
        act(database)
        seal(database, host(access))
    listed = list(client.list_objects(access.bucket, prefix=ANCHORS, recursive=True, include_version=True))
    for one in listed:
        with pytest.raises(S3Error):
            client.remove_object(access.bucket, str(one.object_name), one.version_id)
        client.remove_object(access.bucket, str(one.object_name))  # puts a delete marker on top
    assert list(client.list_objects(access.bucket, prefix=ANCHORS, recursive=True)) == []
    assert verify(database, host(access)).ok
    forged = {**host(access).all()[0], "hash": "00" * 32}
    host(access).append([forged])
    assert [(p.position, p.kind) for p in verify(database, host(access)).problems] == [(1, "anchor_mismatch")]


def test_more_heads_than_a_page_of_the_listing_holds(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors = host(access)
    heads = [{"block_no": n, "last_no": n * 3, "hash": f"{n:064x}", "sealed_at": n} for n in range(1, 8)]
    anchors.append(heads)
    client, pages = anchors._client, []
    execute = client._execute

    def two_at_a_time(method: str, bucket: str, query_params: dict[str, str]) -> Any:
        pages.append(query_params)
        return execute(method, bucket, query_params={**query_params, "max-keys": "2"})

    monkeypatch.setattr(client, "_execute", two_at_a_time)
    assert anchors.all() == heads
    assert len(pages) >= 4  # one server begins a page with the last of the page before


def test_a_lost_head_is_named_until_a_person_renews_it(access: Access, tmp_path: Path) -> None:
    database = make_database(tmp_path)
    act(database)
    act(database)
    for _ in range(2):
        act(database)
        seal(database, AnchorFile(tmp_path / "elsewhere.jsonl"))
    seal(database, host(access))
    assert [p.kind for p in verify(database, host(access)).problems] == ["anchor_missing"]
    with database.write() as tx:
        actor = system_actor(make_agency(tx, "B"))
    assert renew_anchors(database, host(access), actor, "Speicher gewechselt") == 3
    assert verify(database, host(access)).ok


def test_heads_of_a_file_are_carried_over_when_the_bucket_is_made(settings: dict[str, str], tmp_path: Path) -> None:
    told: dict[str, Any] = {name.removeprefix("EAKTE_").lower(): value for name, value in settings.items()}
    chosen, database = Settings(home=tmp_path, **told), make_database(tmp_path)
    file = AnchorFile(chosen.anchor_file)
    for _ in range(2):
        act(database)
        seal(database, file)
    found = access_of(settings)
    prepare(connect(found), found.bucket, new_id())
    for _ in range(2):
        shared = open_anchors(chosen, make=True)
    assert shared.all() == file.all()
    act(database)
    seal(database, shared)
    assert verify(database, open_anchors(chosen)).ok
