"""Forged requests: every change by a signed-in browser carries the session's token, as header or form field."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

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
    """Whether the browser says that another site's page sends this; an origin that is none counts as another's."""
    origin = request.headers.get("origin")
    try:
        return bool(origin) and urlsplit(origin or "").netloc != request.headers.get("host", "")
    except ValueError:
        return True


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
