"""Log-in and log-out, and where log-in leads."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.context import COOKIE, Context, Ctx
from api.csrf import ForgedRequest, from_elsewhere, require_csrf
from api.routes_session import set_cookie
from core.errors import EakteError, NotSignedIn
from organisation.passwords import LONGEST
from organisation.sessions import open_session, sign_in, sign_out
from web import rendering, wording
from web import views as v
from web.mapping_shell import bare_shell
from web.pages import KnownPage, Page, PageRoute, html
from web.texts import load_texts

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LONGEST_NAME = 100


@router.get("/")
def get_home(who: Page) -> Response:
    """To the first room of the person's roles."""
    return RedirectResponse(wording.home_of(who.actor.roles), 303)


@router.get("/anmelden")
def get_login(request: Request, ctx: Ctx, weiter: str = "/", abgemeldet: str = "") -> Response:
    """The log-in page; who is signed in already goes on."""
    if open_session(ctx.database, request.cookies.get(COOKIE, ""), ctx.settings) is not None:
        return RedirectResponse(wording.safe_next(weiter), 303)
    texts = load_texts("de")
    notice = texts("anmelden.abgemeldet") if abgemeldet else ""
    page = v.LoginPage(texts("anmelden.ueberschrift"), wording.safe_next(weiter), notice=notice)
    with ctx.database.read() as session:
        return html(rendering.render(page, bare_shell(session, ctx.agency_id)))


@router.post("/anmelden")
def post_login(
    request: Request,
    ctx: Ctx,
    benutzer: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
    passwort: Annotated[str, Form(max_length=LONGEST)] = "",
    weiter: Annotated[str, Form()] = "/",
) -> Response:
    """A new session. A wrong name and a wrong password look the same."""
    require_same_origin(request)
    try:
        before = request.cookies.get(COOKIE, "")
        signed = sign_in(ctx.database, ctx.settings, ctx.agency_id, benutzer, passwort, replacing=before)
    except NotSignedIn as error:
        return _refused(request, ctx, error, benutzer, weiter)
    if request.headers.get("HX-Request") == "true":
        trigger = json.dumps({"ea:angemeldet": {"csrf": signed.csrf_token}})
        response = Response(headers={**rendering.HEADERS, "HX-Trigger": trigger})
    else:
        response = RedirectResponse(wording.safe_next(weiter), 303)
    set_cookie(response, ctx, signed.secret)
    return response


@router.post("/abmelden", dependencies=[Depends(require_csrf)])
def post_logout(ctx: Ctx, who: KnownPage) -> Response:
    """End the session at once."""
    sign_out(ctx.database, who.who.session.id)
    response = RedirectResponse("/anmelden?abgemeldet=1", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def require_same_origin(request: Request) -> None:
    """Before there is a session, the browser itself says where a form came from. Raises ForgedRequest."""
    if from_elsewhere(request) or request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise ForgedRequest


def _refused(request: Request, ctx: Context, error: EakteError, name: str, next_path: str) -> Response:
    texts = load_texts("de")
    # The same words whether the name exists or is locked: who asks learns nothing.
    lock = texts("anmelden.gesperrt", n=ctx.settings.login_attempts, m=ctx.settings.lockout_minutes)
    problem = f"{texts('anmelden.falsch')} {lock}"
    page = v.LoginPage(texts("anmelden.ueberschrift"), wording.safe_next(next_path), name, problem)
    with ctx.database.read() as session:
        shell = bare_shell(session, ctx.agency_id)
    htmx = request.headers.get("HX-Request") == "true"
    text = rendering.render_fragment("dialog-inhalt", page, shell) if htmx else rendering.render(page, shell)
    return html(text, error.status)
