"""Machines at the door, through a real server: what makes a receipt, what makes only an audit event, and what nothing.

The table "What becomes of input" (INTERFACES): 413, 507, cut-off; then idempotency, tokens, headers.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from core.actor import system_actor
from eakte.bootstrap import open_services
from eakte.serve import build_app
from organisation.stations import revoke_station, rotate_token
from tests.databases import settings_at
from tests.ingest.door import House, open_house

LIMIT = 6 * 1024 * 1024
STALL = 8
MEGABYTE = b"%PDF-" + bytes(1024 * 1024)


@dataclass
class Server:
    """A running server and the house behind it."""

    house: House
    http: httpx.Client
    log: Path

    def put(self, key: str, content: bytes, **headers: str) -> httpx.Response:
        return self.http.put(f"/api/v1/batches/{key}", content=content, headers=headers)

    def counts(self) -> tuple[int, int, int]:
        """Receipts, stored blobs, temporary files."""
        house = self.house
        work = [path for path in house.services.settings.work_folder.iterdir() if path.is_file()]
        return len(house.receipts()), len(list(house.services.blobs.all())), len(work)

    def socket(self) -> socket.socket:
        return socket.create_connection((self.http.base_url.host, self.http.base_url.port or 80), timeout=250)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("upload")
    house = open_house(folder / "home")
    log = folder / "stderr.log"
    told = {"EAKTE_UPLOAD_LIMIT": str(LIMIT), "EAKTE_UPLOAD_STALL_SECONDS": str(STALL), "EAKTE_DISK_RESERVE": "0"}
    with house.server(log, **told) as client:
        yield Server(house, client, log)
    assert "Traceback" not in log.read_text("utf-8")


def problem(answer: httpx.Response, status: int, code: str) -> None:
    """An answer as problem+json with a German sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"].endswith(".")
    assert " " in body["detail"]


def test_accepted_again_and_other_bytes(server: Server) -> None:
    data = b"%PDF-1.7 first"
    sha = hashlib.sha256(data).hexdigest()
    first = server.put("k-1", data, **{"X-Content-SHA256": sha.upper(), "X-Operator": "P007", "X-Sheets": "2"})
    assert first.status_code == 201
    assert first.json() == {"receipt_id": first.json()["receipt_id"], "receipt_sha256": sha, "state": "accepted"}
    before = server.counts()
    again = server.put("k-1", data)
    assert (again.status_code, again.json()) == (200, first.json())
    problem(server.put("k-1", b"%PDF-1.7 other"), 409, "key_reused")
    receipts, _, work = server.counts()
    assert (receipts, work) == (before[0], before[2])
    shown = server.http.get(f"/api/v1/receipts/{first.json()['receipt_id']}").json()
    assert (shown["receipt_sha256"], shown["items"]) == (sha, [])


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "unannounced"])
def test_a_body_over_the_limit_leaves_only_an_audit_event(server: Server, chunked: bool) -> None:
    before, noted = server.counts(), server.house.refusals().count("too_large")
    pieces = [MEGABYTE] * 8
    answer = server.http.put("/api/v1/batches/big", content=iter(pieces) if chunked else b"".join(pieces))
    problem(answer, 413, "too_large")
    assert server.counts() == before
    assert server.house.refusals().count("too_large") == noted + 1


def test_a_body_of_exactly_the_limit_is_taken(server: Server) -> None:
    assert server.put("exact", b"%PDF-" + bytes(LIMIT - 5)).status_code == 201


@pytest.mark.parametrize("headers", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_cut_off_upload_leaves_only_an_audit_event(server: Server, headers: str) -> None:
    before, noted = server.counts(), server.house.refusals().count("cut_off")
    with closing(server.socket()) as line:
        line.sendall(_head(server, "cut", headers))
        line.sendall(b"1000\r\n" + b"x" * 3000 if "chunked" in headers else b"%PDF-" + b"x" * 3000)
        time.sleep(0.5)
    assert _eventually(lambda: server.house.refusals().count("cut_off") == noted + 1)
    assert server.counts() == before


def test_a_sender_that_falls_silent_is_cut_off_a_slow_one_is_not(server: Server) -> None:
    before, noted = server.counts(), server.house.refusals().count("cut_off")
    with closing(server.socket()) as silent, closing(server.socket()) as slow:
        silent.sendall(_head(server, "silent", "Content-Length: 100000") + b"%PDF-")
        slow.sendall(_head(server, "slow", "Content-Length: 8"))
        for byte in b"%PDF-1.7":
            time.sleep(1.2 * STALL / 8)  # together longer than the silence that is allowed
            slow.sendall(bytes([byte]))
        status, answer = _answer(silent)
        assert _answer(slow)[0] == 201
    assert status == 400
    assert b"cut_off" in answer
    assert server.house.refusals().count("cut_off") == noted + 1
    receipts, blobs, work = server.counts()
    assert (receipts, blobs, work) == (before[0] + 1, before[1] + 1, before[2])


def _answer(line: socket.socket) -> tuple[int, bytes]:
    """Status and whole body of an answer, however many pieces the network makes of it."""
    answer = HTTPResponse(line)
    answer.begin()
    return answer.status, answer.read()


def test_wrong_and_revoked_tokens(server: Server) -> None:
    house = server.house
    with house.services.database.write() as tx:
        token = rotate_token(tx, system_actor(house.agency), "SCAN-2")
    assert server.put("t-1", b"%PDF-", Authorization=f"Bearer {token}").status_code == 201
    with house.services.database.write() as tx:
        revoke_station(tx, system_actor(house.agency), "SCAN-2")
    before = server.counts()
    body = MEGABYTE * 3  # the answer must reach a sender that is still writing
    for wrong in (f"Bearer {token}", "Bearer nonsense", "Bearer", token, "Basic eDp5"):
        problem(server.put("t-2", body, Authorization=wrong), 401, "not_signed_in")
    bare = httpx.put(f"{server.http.base_url}/api/v1/batches/t-3", content=body, timeout=60)
    problem(bare, 401, "not_signed_in")
    assert server.counts() == before


def test_a_token_revoked_while_the_body_arrives_brings_nothing_any_more(tmp_path: Path) -> None:
    """A slow body may take as long as it likes: what began under a token may not end after it."""
    house = open_house(tmp_path / "home")

    def body() -> Iterator[bytes]:
        yield b"%PDF-begun"
        with house.services.database.write() as tx:
            revoke_station(tx, system_actor(house.agency), "SCAN-1")
        yield b"ended"

    with TestClient(build_app(house.services), headers=_headers(house)) as client:
        problem(client.put("/api/v1/batches/slow", content=body()), 401, "not_signed_in")
    assert Server(house, client, tmp_path).counts() == (0, 0, 0)


def test_a_station_sees_only_its_own_receipts(server: Server) -> None:
    made = server.put("own", b"%PDF-own").json()["receipt_id"]
    with server.house.services.database.write() as tx:
        token = rotate_token(tx, system_actor(server.house.agency), "SCAN-2")
    other = server.http.get(f"/api/v1/receipts/{made}", headers={"Authorization": f"Bearer {token}"})
    problem(other, 404, "not_found")
    assert server.http.get(f"/api/v1/receipts/{made}").status_code == 200


TOMORROW = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days off whatever the zone


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/html"}, 415, "unknown_media_type"),
        ({"Content-Type": ""}, 415, "unknown_media_type"),
        ({"X-Received-On": "24.11.2026"}, 422, "invalid_input"),
        ({"X-Received-On": TOMORROW}, 422, "invalid_input"),
        ({"X-Received-On": "0001-01-01"}, 422, "invalid_input"),
        ({"X-Received-On": "0026-11-24"}, 422, "invalid_input"),
        ({"X-Received-On": "1949-12-31"}, 422, "invalid_input"),
        ({"X-Sheets": "viele"}, 422, "invalid_input"),
        ({"X-Sheets": "-3"}, 422, "invalid_input"),
        ({"X-Sheets": "9999999"}, 422, "invalid_input"),
        ({"X-Operator": "x" * 101}, 422, "invalid_input"),
        ({"X-Content-SHA256": "0" * 64}, 422, "checksum_differs"),
    ],
)
def test_what_the_headers_may_not_say(server: Server, headers: dict[str, str], status: int, code: str) -> None:
    before = server.counts()
    problem(server.put("h-1", MEGABYTE * 3, **headers), status, code)
    receipts, _, work = server.counts()
    assert (receipts, work) == (before[0], before[2])


def test_keys_that_are_too_long_or_strange(server: Server) -> None:
    problem(server.put("k" * 201, b"%PDF-"), 422, "invalid_input")
    assert server.put("Stapel%20%C3%A4%22%27", b"%PDF-strange").status_code == 201


def test_a_disk_below_its_reserve_takes_nothing(tmp_path: Path) -> None:
    house = open_house(tmp_path / "home")
    house = replace(house, services=open_services(settings_at(house.home, disk_reserve=1 << 60)))
    with TestClient(build_app(house.services), headers=_headers(house)) as client:
        problem(client.put("/api/v1/batches/full", content=MEGABYTE), 507, "storage_full")
    assert Server(house, client, tmp_path).counts() == (0, 0, 0)
    assert house.refusals() == ["storage_full"]


def test_a_disk_that_really_is_full_keeps_nothing_half(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no small file system can be mounted here; the reserve test covers the answer")
    try:
        house = open_house(disk / "home", disk_reserve=0)
        with TestClient(build_app(house.services), headers=_headers(house)) as client:
            assert client.put("/api/v1/batches/a", content=b"%PDF-small").status_code == 201
            filler = disk / "filler"
            _fill(filler, leave=3 * 1024 * 1024)
            server = Server(house, client, tmp_path)
            before = server.counts()
            # Announced: refused before a byte is written. Unannounced: the disk fills under the upload.
            problem(client.put("/api/v1/batches/b", content=MEGABYTE * 5), 507, "storage_full")
            problem(client.put("/api/v1/batches/c", content=iter([MEGABYTE] * 5)), 507, "storage_full")
            assert server.counts() == before
            _fill(filler, leave=0)
            problem(client.put("/api/v1/batches/d", content=iter([b"%PDF-", b"x"])), 507, "storage_full")
            assert server.counts()[0] == before[0]
            filler.unlink()
            assert client.put("/api/v1/batches/d", content=MEGABYTE).status_code == 201
            assert len(house.receipts()) == before[0] + 1
        house.services.database.dispose()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(path: Path, leave: int) -> None:
    """Write into `path` until only `leave` bytes are free on its file system."""
    with path.open("ab", buffering=0) as file:
        while True:
            free = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize - leave
            if free <= 0:
                return
            try:
                file.write(bytes(min(free, 1024 * 1024)))
            except OSError:
                return


def _headers(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.token}", "Content-Type": "application/pdf"}


def _head(server: Server, key: str, more: str) -> bytes:
    lines = [
        f"PUT /api/v1/batches/{key} HTTP/1.1", "Host: test", f"Authorization: Bearer {server.house.token}",
        "Content-Type: application/pdf", more, "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def _eventually(condition: Callable[[], bool], seconds: float = 200) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())
