"""A small S3 that lies on demand: what no honest server does, and what a broken proxy or disk does in practice."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@dataclass(frozen=True, slots=True)
class Lies:
    """What it gets wrong: keeps nothing, gives other bytes, cuts bodies, refuses puts (status, code), shows an object only
    after `late` questions, lists nothing, drops the answer of the first puts.
    """

    keeps: bool = True
    gives: bytes | None = None
    cuts: bool = False
    refuses: tuple[int, str | None] | None = None
    late: int = 0
    lists: bool = True
    drops_answers: int = 0


class LyingServer:
    """Runs in threads of this process; `asked` counts requests by method."""

    def __init__(self) -> None:
        self.lies = Lies()
        self.objects: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: LyingServer
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.owner.asked["PUT"] += 1
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        lies, key = self.owner.lies, self._key()
        if lies.refuses:
            self._refuse(*lies.refuses)
        elif self.headers.get("if-none-match") == "*" and key in self.owner.objects:
            self._refuse(412, "PreconditionFailed")
        else:
            if lies.keeps:
                self.owner.objects[key] = data
            if self.owner.asked["PUT"] <= lies.drops_answers:
                self.close_connection = True
                return
            self._answer(200, b"", ETag='"x"')

    def do_GET(self) -> None:
        self.owner.asked["GET"] += 1
        if (settings := next((told for asked, told in _BUCKET.items() if f"?{asked}=" in self.path), None)) is not None:
            self._answer(200, settings, **{"Content-Type": "application/xml"})
            return
        if "list-type" in self.path or "versions" in self.path:
            self._answer(200, _LISTING, **{"Content-Type": "application/xml"})
            return
        data = self._shown()
        if data is None:
            self._refuse(404, "NoSuchKey")
        elif self.owner.lies.cuts:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:1])
            self.close_connection = True
        else:
            self._answer(200, self.owner.lies.gives if self.owner.lies.gives is not None else data)

    def do_HEAD(self) -> None:
        data = self._shown()
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()

    def _shown(self) -> bytes | None:
        return self.owner.objects.get(self._key()) if self.owner.asked["GET"] > self.owner.lies.late else None

    def _key(self) -> str:
        return self.path.partition("?")[0].rpartition("/")[2]

    def _refuse(self, status: int, code: str | None) -> None:
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b"no"
        self._answer(status, body, **{"Content-Type": "application/xml" if code else "text/plain"})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


_BUCKET = {
    "versioning": b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "object-lock": b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
}
_LISTING = (
    b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>eakte</Name>'
    b"<IsTruncated>false</IsTruncated></ListBucketResult>"
)
