"""Forged requests: every change by a signed-in browser carries the session's token, as header or form field."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Header, Request

from api.context import Known
from core.errors import EakteError


class ForgedRequest(EakteError):
    """The request does not come from a page of this session."""

    status = 403
    code = "forged_request"

    def __init__(self) -> None:
        super().__init__(
            "Die Seite war zu alt oder kam von anderswo. Nichts wurde geändert. Bitte laden Sie die Seite neu.",
            "The request did not come from a page of this session.",
        )


def from_elsewhere(request: Request) -> bool:
    """Whether the browser says that the request comes from a page of another site. Any text may stand there."""
    origin = request.headers.get("origin")
    return bool(origin) and (origin or "").partition("://")[2] != request.headers.get("host", "")


async def require_csrf(
    request: Request,
    who: Known,
    x_csrf_token: Annotated[str | None, Header()] = None,
) -> None:
    """Refuse a change whose token or origin is not the session's own."""
    if from_elsewhere(request):
        raise ForgedRequest
    token = x_csrf_token
    if token is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        form = await request.form()
        token = str(form.get("csrf", ""))
    if not token or not hmac.compare_digest(token.encode(errors="replace"), who.session.csrf_token.encode()):
        raise ForgedRequest
