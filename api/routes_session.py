"""Signing in and out for machines of people, and whether the process lives and can work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import text

from api.context import COOKIE, Context, Ctx, Known
from api.csrf import require_csrf
from api.problems import refusals
from core.errors import EakteError
from organisation.passwords import LONGEST
from organisation.sessions import SignedInSession, change_password, sign_in, sign_out

router = APIRouter(tags=["Anmeldung"])


class Credentials(BaseModel):
    """A user name and a password."""

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=LONGEST)


class NewPassword(BaseModel):
    """The password so far and the one that shall hold from now on."""

    current_password: str = Field(min_length=1, max_length=LONGEST)
    new_password: str = Field(min_length=1, max_length=LONGEST)


@router.post("/api/v1/session", summary="Anmelden", status_code=201, responses=refusals(400, 401, 413))
def post_session(request: Request, ctx: Ctx, credentials: Credentials) -> Response:
    """A new session: cookie for the browser, CSRF token for its changes."""
    signed = sign_in(
        ctx.database, ctx.settings, ctx.agency_id, credentials.username, credentials.password,
        replacing=request.cookies.get(COOKIE, ""),
    )  # fmt: skip
    return _session_answer(ctx, signed, 201)


@router.put(
    "/api/v1/password",
    summary="Das eigene Passwort ändern",
    dependencies=[Depends(require_csrf)],
    responses=refusals(400, 401, 403, 413),
)
def put_password(ctx: Ctx, who: Known, passwords: NewPassword) -> Response:
    """A new password of one's own. All sessions end; cookie and CSRF token of the answer are those of a fresh one."""
    signed = change_password(ctx.database, ctx.settings, who, passwords.current_password, passwords.new_password)
    return _session_answer(ctx, signed, 200)


@router.delete(
    "/api/v1/session",
    summary="Abmelden",
    status_code=204,
    dependencies=[Depends(require_csrf)],
    responses=refusals(401, 403),
)
def delete_session(ctx: Ctx, who: Known) -> Response:
    """End the session at once."""
    sign_out(ctx.database, who.session.id)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/healthz", summary="Der Prozess lebt")
def healthz() -> dict[str, str]:
    """Answers as long as the process can answer at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Der Prozess kann arbeiten")
def readyz(ctx: Ctx) -> Response:
    """200 when database and bytes answer; else 503 with what does not. Without the index all but searching goes on: a
    proxy that took the process away for it would take everything away. Its state is told: `degraded`.
    """
    checks = {"database": _database_ready(ctx), "blobs": ctx.blobs.ready(), "index": ctx.search.ready()}
    works = checks["database"] and checks["blobs"]
    status = "not_ready" if not works else "ready" if checks["index"] else "degraded"
    body: dict[str, Any] = {"status": status, "checks": checks}
    return JSONResponse(body, 200 if works else 503)


def set_cookie(response: Response, ctx: Context, secret: str) -> None:
    """The session cookie: for this site only, not readable by scripts."""
    response.set_cookie(
        COOKIE, secret, httponly=True, samesite="strict", secure=ctx.settings.cookie_secure, path="/",
        max_age=ctx.settings.session_hours * 3600,
    )  # fmt: skip


def _session_answer(ctx: Context, signed: SignedInSession, status: int) -> Response:
    response = JSONResponse({"csrf_token": signed.csrf_token}, status, {"Cache-Control": "no-store"})
    set_cookie(response, ctx, signed.secret)
    return response


def _database_ready(ctx: Context) -> bool:
    try:
        with ctx.database.read() as session:
            session.execute(text("SELECT 1"))
    except EakteError:
        return False
    return True
