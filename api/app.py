"""The application: routers, error answers, security headers, and an access log that prints route templates only."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI, Request, Response

from api import problems, routes_inbox, routes_receipts, routes_records, routes_session
from api.context import Context
from core.ids import new_id
from core.log import logger

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
}
ROUTERS: tuple[APIRouter, ...] = (
    routes_receipts.router,
    routes_records.router,
    routes_inbox.router,
    routes_session.router,
)
_log = logger("access")


def create_app(context: Context | None, extra: Sequence[APIRouter] = ()) -> FastAPI:
    """The ASGI application over `context` (None only for writing the OpenAPI document)."""
    app = FastAPI(
        title="E-Akte",
        version="1",
        summary="Schnittstelle der E-Akte für Scanstationen und angemeldete Personen",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.context = context
    for router in (*ROUTERS, *extra):
        app.include_router(router)
    problems.install(app)
    app.middleware("http")(_headers_and_log)
    return app


async def _headers_and_log(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    started = time.monotonic()
    request_id = str(new_id())
    response = await call_next(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Request-Id"] = request_id
    route = request.scope.get("route")
    _log.info(
        "request",
        request_id=request_id,
        method=request.method,
        route=getattr(route, "path", "unmatched"),
        status=response.status_code,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )
    return response
