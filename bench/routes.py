"""What people wait for: the main routes of the API and the pages, asked by a few readers at once on a filled house."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import urllib3
from sqlalchemy import func, select

from core.actor import system_actor
from core.ids import new_id
from eakte.bootstrap import Services, agency_id
from eakte.demo.load import demo_password
from eakte.services.ports import free_port
from inbox.models import InboxItem
from organisation.models import User
from organisation.stations import create_station

READERS = 3
ROUNDS = 40
_WARM_ROUNDS = 3
_START_SECONDS = 120.0
_RANGE = "bytes=0-65535"
_QUERIES = ("Miete", "Bescheid", "Bewilligungsbescheid", "Widerspruch", "SGB II", "Jobcenter", '"der Bescheid"')


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader sees: its log-in, its documents, and a station's token for what it brings."""

    base: str
    user: str
    password: str
    documents: Sequence[UUID]
    token: str
    paper: bytes


def measure_routes(services: Services, paper: bytes) -> dict[str, dict[str, float]]:
    """p50 and p95 in milliseconds of every route, with `READERS` readers at once and no worker beside them."""
    user, documents = _busiest(services)
    token = _station(services)
    password = demo_password(services)
    with _server() as base:
        seen = Seen(base, user, password, documents, token, paper)
        with ThreadPoolExecutor(READERS) as pool:
            taken = [pool.submit(_read, seen, number) for number in range(READERS)]
            found: dict[str, list[float]] = defaultdict(list)
            for one in taken:
                for route, seconds in one.result():
                    found[route].append(1000 * seconds)
    return {route: _marks(values) for route, values in found.items()}


def _read(seen: Seen, number: int) -> list[tuple[str, float]]:
    """One person: the same routes again and again; the first rounds only warm up."""
    http = urllib3.PoolManager(maxsize=1, retries=False, timeout=60)
    cookie = _sign_in(http, seen)
    taken = []
    for turn in range(_WARM_ROUNDS + ROUNDS):
        document = seen.documents[(turn * READERS + number) % len(seen.documents)]
        for route, method, path, headers, body in _requests(seen, turn, document):
            began = time.perf_counter()
            answer = http.request(method, seen.base + path, headers={"Cookie": cookie, **headers}, body=body)
            seconds = time.perf_counter() - began
            if answer.status not in (200, 201, 206):
                raise RuntimeError(f"{route} answered {answer.status}: {answer.data[:200]!r}")
            if turn >= _WARM_ROUNDS:
                taken.append((route, seconds))
    return taken


def _requests(seen: Seen, turn: int, document: UUID) -> Iterator[tuple[str, str, str, dict[str, str], bytes | None]]:
    """Route, method, path, headers and body of one round."""
    query = _QUERIES[turn % len(_QUERIES)].replace(" ", "%20").replace('"', "%22")
    yield "Postkorb", "GET", "/postkorb", {}, None
    yield "search", "GET", f"/api/v1/search?q={query}", {}, None
    yield "document", "GET", f"/api/v1/documents/{document}", {}, None
    yield "content, Range", "GET", f"/api/v1/documents/{document}/pdf", {"Range": _RANGE}, None
    told = {"Authorization": f"Bearer {seen.token}", "Content-Type": "application/pdf"}
    yield "upload", "PUT", f"/api/v1/batches/{new_id()}", told, _unlike(seen.paper)


def _unlike(paper: bytes) -> bytes:
    """The paper with bytes of its own: a comment after its end, which every reader of PDF passes over."""
    return paper + f"\n%{new_id()}\n".encode()


def _sign_in(http: urllib3.PoolManager, seen: Seen) -> str:
    body = json.dumps({"username": seen.user, "password": seen.password}).encode()
    answer = http.request(
        "POST", f"{seen.base}/api/v1/session", body=body, headers={"Content-Type": "application/json"}
    )
    if answer.status != 201:
        raise RuntimeError(f"signing in answered {answer.status}")
    return answer.headers["Set-Cookie"].partition(";")[0]


def _busiest(services: Services) -> tuple[str, Sequence[UUID]]:
    """The person with the most letters in the Postkorb, and the letters."""
    with services.database.read() as session:
        most = select(InboxItem.user_id).where(InboxItem.user_id.is_not(None), InboxItem.state == "open")
        whose = session.scalars(most.group_by(InboxItem.user_id).order_by(func.count().desc()).limit(1)).one()
        user = session.get_one(User, whose)
        theirs = select(InboxItem.document_id).where(InboxItem.user_id == whose, InboxItem.state == "open")
        return user.username, session.scalars(theirs.order_by(InboxItem.id)).all()


def _station(services: Services) -> str:
    with services.database.write() as tx:
        return create_station(tx, system_actor(agency_id(services)), "BENCH", "JC-POST")[1]


@contextmanager
def _server() -> Iterator[str]:
    """`eakte serve` as a process of its own; its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "eakte", "serve", "--parent", str(os.getpid())],
        env={**os.environ, "EAKTE_PORT": str(port)},
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base, process)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    http = urllib3.PoolManager(retries=False, timeout=10)
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            if http.request("GET", f"{base}/readyz").status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not get ready")
        time.sleep(0.1)


def _marks(values: Sequence[float]) -> dict[str, float]:
    marks = statistics.quantiles(values, n=20)
    return {"p50_ms": round(marks[9], 1), "p95_ms": round(marks[18], 1)}
