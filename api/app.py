"""The application: routers, error answers, and the frame around every answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from api import problems, routes_inbox, routes_operation, routes_receipts, routes_records, routes_session
from api.context import COOKIE, Context
from api.frame import Frame

ROUTERS: tuple[APIRouter, ...] = (
    routes_receipts.router,
    routes_records.router,
    routes_inbox.router,
    routes_session.router,
    routes_operation.router,
)


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with what the framework cannot know: the form of refusals and the two ways to sign in."""
    if app.openapi_schema is None:
        made = FastAPI.openapi(app)
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = problems.Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(unused, None)
        parts["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            "station": {"type": "http", "scheme": "bearer"},
        }
        for operations in made["paths"].values():
            for method, operation in operations.items():
                if security := _security(method, operation):
                    operation["security"] = [{security: []}]
        app.openapi_schema = made
    return app.openapi_schema


def _security(method: str, operation: dict[str, Any]) -> str | None:
    """How the caller shows who it is; signing in is the one operation that may answer 401 without asking that."""
    if "401" not in operation["responses"] or (method == "post" and "Anmeldung" in operation["tags"]):
        return None
    return "station" if "Posteingang" in operation["tags"] else "session"


def create_app(context: Context | None, extra: Sequence[APIRouter] = ()) -> FastAPI:
    """The ASGI application over `context` (None only for writing the OpenAPI document)."""
    app = FastAPI(
        title="E-Akte",
        version="1",
        summary="Schnittstelle der E-Akte für Scanstationen und angemeldete Personen",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # A redirect would be built from the Host header, which is the sender's to choose.
        redirect_slashes=False,
        # Its own traces hold paths and queries, and the environment could turn them on; ours are made in api.frame.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.context = context
    for router in (*ROUTERS, *extra):
        # As they are: `include_router` makes every route once more, a third of a second before the first answer. What a
        # FastAPI object says about all routes (dependencies, overrides) does not reach them; here it says nothing.
        app.router.routes.extend(router.routes)
    problems.install(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    app.add_middleware(Frame, streams=routes_receipts.streams_body)
    return app
