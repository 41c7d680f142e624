"""The frame around every answer: size limit, HEAD, security headers, the last error boundary, and the access log.

The log prints route templates only: paths hold personal numbers. Written as plain ASGI, so that nothing outside of it
answers or logs a traceback of its own, and bodies are never held back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.problems import unexpected
from core import telemetry
from core.ids import new_id
from core.log import logger

# Works for KERN, htmx and our own files without inline script, inline style or eval; `data:` is for KERN's icon masks.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
BODY_LIMIT = 1024 * 1024
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = logger("access")


class BrokenOff(RuntimeError):
    """An answer failed after its first byte: the connection is cut, so that nobody takes the part for the whole."""


class Frame:
    """ASGI middleware. `streams` says of a path whether its body has a limit of its own (uploads)."""

    def __init__(self, app: ASGIApp, streams: Callable[[str], bool]) -> None:
        self._app = app
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        # GET answers HEAD too (RFC 9110 §9.3.2): the same access check and the same look, without the bytes.
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        body = receive if self._streams(scope["path"]) else _limited(scope, receive)
        with telemetry.span("request", request_id=answer.request_id) as span:
            try:
                with bound_contextvars(request_id=answer.request_id):
                    await self._app(inner, body, answer.send)
            except (
                Exception
            ) as error:  # the last boundary: whatever it was, the client gets a reference and no internals
                reference = secrets.token_hex(4).upper()
                _log.error(
                    "unexpected",
                    reference=reference,
                    request_id=answer.request_id,
                    kind=type(error).__name__,
                    exc_info=error,
                )
                if answer.status:
                    raise BrokenOff(f"answer broken off, reference {reference}") from None
                await unexpected(reference)(inner, receive, answer.send)
            finally:
                answer.end(getattr(inner.get("route"), "path", "unmatched"), span)


class _Answer:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._method: str = scope["method"]
        self._send = send
        self._started = time.monotonic()
        self.request_id = str(new_id())
        self.status = 0

    async def send(self, message: Message) -> None:
        """Add the headers; of HEAD keep everything but the body."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self.request_id
        elif self._method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def end(self, route: str, span: telemetry.Span) -> None:
        """The line of the access log, and what the span says of the answer.

        A method is any word that the sender likes: unknown ones stay out of the span.
        """
        milliseconds = round((time.monotonic() - self._started) * 1000, 1)
        _log.info(
            "request", request_id=self.request_id, method=self._method, route=route, status=self.status,
            milliseconds=milliseconds,
        )  # fmt: skip
        method = self._method if self._method in _METHODS else "OTHER"
        span.update_name(f"{method} {route}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", self.status)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that refuses a body over BODY_LIMIT, announced or not: forms and JSON are held in memory."""
    announced = Headers(scope=scope).get("content-length", "0")
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_LIMIT or not announced.isdecimal() or int(announced[:12]) > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return limited
