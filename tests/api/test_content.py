"""Stored bytes on their way out: whole, in part, conditional, from a disk and from a server; and a store that fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from api.content import Part, part_of, send
from api.problems import install
from archive.blobs.port import BlobStore
from archive.blobs.s3 import S3BlobStore
from archive.blobs.s3_wire import Access, connect
from archive.reading import OpenedContent
from tests.archive.stores import Bench, local_bench, own_bucket, s3_bench, server

DATA = os.urandom(600_000)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-3", Part(0, 4)),
        ("bytes=5-", Part(5, 5)),
        ("bytes=-3", Part(7, 3)),
        ("bytes=-30", Part(0, 10)),
        ("bytes=8-99", Part(8, 2)),
        ("bytes=9-9", Part(9, 1)),
        ("bytes=10-", Part(10, 0)),
        ("bytes=99-100", Part(99, 0)),
        ("bytes=-0", Part(10, 0)),
        ("bytes=3-1", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("lines=0-3", None),
        ("bytes=" + "9" * 40 + "-", None),
        ("", None),
    ],
)
def test_which_part_a_header_asks_for(header: str, part: Part | None) -> None:
    assert part_of(header, 10) == part


@pytest.fixture(params=["local", "minio"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    if request.param == "local":
        return local_bench(tmp_path)
    return s3_bench(request.param, own_bucket(server(request, request.param)), tmp_path)


def client_for(store: BlobStore, sha256: str) -> TestClient:
    app = FastAPI()
    install(app)

    @app.get("/it")
    def it(request: Request) -> Response:
        return send(request, OpenedContent(store, sha256, len(DATA), "application/pdf", "brief.pdf", vouched=True))

    return TestClient(app)


def test_parts_come_from_any_store(bench: Bench) -> None:
    client = client_for(bench.store, bench.store.put_bytes(DATA).sha256)
    whole = client.get("/it")
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, DATA, "bytes")
    assert whole.headers["content-disposition"] == 'inline; filename="brief.pdf"'
    part = client.get("/it", headers={"Range": "bytes=100-300099"})
    assert (part.status_code, part.content) == (206, DATA[100:300_100])
    assert part.headers["content-range"] == "bytes 100-300099/600000"
    beyond = client.get("/it", headers={"Range": "bytes=600000-"})
    assert (beyond.status_code, beyond.content, beyond.headers["content-range"]) == (416, b"", "bytes */600000")
    etag = whole.headers["etag"]
    assert client.get("/it", headers={"If-None-Match": etag}).status_code == 304
    assert client.get("/it", headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert client.get("/it", headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200


def test_missing_bytes_are_503_before_the_first_byte(bench: Bench) -> None:
    answer = client_for(bench.store, "0" * 64).get("/it")
    assert (answer.status_code, answer.json()["code"]) == (503, "blob_missing")


def test_a_store_that_is_away_is_503_with_retry_after(tmp_path: Path) -> None:
    access = Access("http://127.0.0.1:9", "eakte", "us-east-1", "key", "secret-key")
    store: Any = S3BlobStore(connect(access), "eakte", tmp_path)
    answer = client_for(store, "0" * 64).get("/it")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in answer.text
