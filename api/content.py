"""Sending stored bytes: strong ETag, conditional requests, Range. A 304 was authorised and audited like a 200.

Bytes are streamed through this process from whatever store holds them (ADR 0016): no link to the store leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from archive.reading import OpenedContent

PRIVATE = "private, no-cache"
_CHUNK = 256 * 1024
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes are asked for: `start` and how many; none when the range lies outside."""

    start: int
    length: int


def etag_matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match names `etag` (weak comparison, RFC 9110 §13.1.2)."""
    header = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags


def part_of(header: str, size: int) -> Part | None:
    """The one range that a Range header asks for (RFC 9110 §14.2), None for the whole: no header, several ranges, another
    unit, or one that cannot be read. `length` 0: not satisfiable.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return Part(size - length, length)
    if last and int(last) < int(first):
        return None
    end = min(int(last) + 1, size) if last else size
    return Part(int(first), max(0, end - int(first)))


def send(request: Request, content: OpenedContent) -> Response:
    """The bytes as 200, 206 or 416, or 304 when the client has them. The caller has checked access and audited.

    What a browser may show is what we wrote; received bytes are downloaded only, since nobody vouches for them.
    """
    etag = f'"{content.sha256}"'
    headers = {
        "ETag": etag, "Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff", "Vary": "Cookie",
    }  # fmt: skip
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    headers |= {"Accept-Ranges": "bytes", "Content-Disposition": _disposition(content)}
    wanted = request.headers.get("range", "") if request.headers.get("if-range", etag) == etag else ""
    part = part_of(wanted, content.size)
    if part is None:
        return _stream(content.stream(), 200, headers | {"Content-Length": str(content.size)}, content.media_type)
    if not part.length:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{content.size}"})
    headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{content.size}"
    headers["Content-Length"] = str(part.length)
    return _stream(content.stream(part.start, part.length), 206, headers, content.media_type)


def send_bytes(request: Request, data: bytes, media_type: str, etag: str) -> Response:
    """Computed bytes (a page image) with an ETag of their own."""
    headers = {"ETag": f'"{etag}"', "Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff", "Vary": "Cookie"}
    if etag_matches(request, f'"{etag}"'):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def _stream(stream: BinaryIO, status: int, headers: dict[str, str], media_type: str) -> Response:
    """The store is asked before the status is sent, so that one that cannot answer is a 503 and not a cut-off 200."""
    return StreamingResponse(_chunks(stream), status, headers, media_type)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _disposition(content: OpenedContent) -> str:
    kind = "inline" if content.vouched else "attachment"
    return f'{kind}; filename="{quote(content.filename)}"'
