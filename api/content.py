"""Sending stored bytes: strong ETag, conditional requests, Range. A 304 was authorised and audited like a 200."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.responses import FileResponse

from archive.reading import OpenedContent

PRIVATE = "private, no-cache"


def etag_matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match names `etag` (weak comparison, RFC 9110 §13.1.2)."""
    header = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags


def send(request: Request, content: OpenedContent) -> Response:
    """The bytes as 200, 206 or 416, or 304 when the client has them. The caller has checked access and audited.

    What a browser may show is what we wrote; received bytes are downloaded only, since nobody vouches for them.
    """
    etag = f'"{content.sha256}"'
    headers = {"ETag": etag, "Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff", "Vary": "Cookie"}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        content.path,
        media_type=content.media_type,
        filename=content.filename,
        content_disposition_type="inline" if content.vouched else "attachment",
        headers=headers,
    )


def send_bytes(request: Request, data: bytes, media_type: str, etag: str) -> Response:
    """Computed bytes (a page image) with an ETag of their own."""
    headers = {"ETag": f'"{etag}"', "Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff", "Vary": "Cookie"}
    if etag_matches(request, f'"{etag}"'):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
