"""What every page shares: who visits, how a view model becomes an answer, and errors as German pages.

`PageRoute` is the route class of all pages: an error raised below it becomes a page (or, for htmx, the fragment that
says what happened), never a problem document. Routes under /api/ keep `api.problems`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.context import COOKIE, Context, Ctx, Known, PasswordChangeRequired, Session
from core import errors
from core.actor import Actor
from core.clock import agency_date
from core.log import logger
from organisation.sessions import SignedIn, open_session
from web import rendering, wording
from web import views as v
from web.mapping_shell import bare_shell, build_shell
from web.texts import Texts, load_texts

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in person."""

    request: Request
    ctx: Context
    who: SignedIn
    texts: Texts
    today: date

    @property
    def actor(self) -> Actor:
        """The person with the facts that access needs."""
        return self.who.actor

    @property
    def htmx(self) -> bool:
        """Whether htmx asks, so that a fragment is wanted and not a page."""
        return self.request.headers.get("HX-Request") == "true"


def visit(request: Request, ctx: Ctx, who: Session) -> Visit:
    """The visit behind a request. Raises NotSignedIn and PasswordChangeRequired."""
    return visit_of(request, ctx, who)


def known_visit(request: Request, ctx: Ctx, who: Known) -> Visit:
    """The visit of somebody who may still have to change the password. Raises NotSignedIn."""
    return visit_of(request, ctx, who)


def visit_of(request: Request, ctx: Context, who: SignedIn) -> Visit:
    """One request with its person, texts and day."""
    return Visit(request, ctx, who, load_texts("de"), agency_date(ctx.database.clock.now()))


Page = Annotated[Visit, Depends(visit)]
KnownPage = Annotated[Visit, Depends(known_visit)]
OWN_PASSWORD = "/einstellungen/passwort"  # noqa: S105  an address


class Overtaken(errors.Conflict):
    """Somebody was faster; `view` leads to what became of it, `onward` to the next work."""

    def __init__(self, text: str, view: v.Link | None, onward: v.Link) -> None:
        super().__init__(text, "Somebody else was faster.", code="stale")
        self.view, self.onward = view, onward


class WrongInput(errors.InvalidInput):
    """Posted input that cannot be taken: the same page again with the input and the sentences beside the fields."""

    def __init__(self, target: str, page: Any, room: str = "") -> None:
        super().__init__("Eine Angabe fehlt noch.", "wrong input")
        self.target, self.page, self.room = target, page, room


def html(text: str, status: int = 200) -> HTMLResponse:
    """An HTML answer with the headers that every page carries."""
    return HTMLResponse(text, status, headers=dict(rendering.HEADERS))


def shell_of(who: Visit, room: str = "", toast: v.Toast | None = None, query: str = "") -> v.Shell:
    """The frame for this person."""
    with who.ctx.database.read() as session:
        if who.who.must_change_password:  # no room, no count, no search before that is done
            return replace(bare_shell(session, who.ctx.agency_id), csrf=who.who.session.csrf_token)
        return build_shell(session, who.actor, who.who.session.csrf_token, who.today, room, toast, query)


def show(who: Visit, page: Any, shell: v.Shell, status: int = 200) -> HTMLResponse:
    """The page, or the part of it that htmx asked for."""
    target = rendering.fragment_target(who.request.headers)
    fits = target is not None and (target != "dialog-inhalt" or page.template in _DIALOGS)
    text = rendering.render_fragment(target, page, shell) if target and fits else rendering.render(page, shell)
    return html(text, status)


_DIALOGS = ("formular.html", "tastatur.html", "anmelden.html")


def answered(who: Visit, answer: v.Answer, room: str = "") -> Response:
    """The answer to a command that was done: parts of the page for htmx, else the next page."""
    if who.htmx:
        return html(rendering.render_answer(answer, shell_of(who, room)))
    return RedirectResponse(answer.next_href, 303)


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler with the translation of errors around it."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except (errors.EakteError, RequestValidationError, HTTPException) as error:
                return await run_in_threadpool(refusal, request, error)
            except Exception as error:  # the last boundary: whatever it was, the person gets a page with a reference
                reference = secrets.token_hex(4).upper()
                _log.error("unexpected", reference=reference, kind=type(error).__name__, exc_info=error)
                return await run_in_threadpool(refusal, request, error, reference)

        return handle


def refusal(request: Request, error: Exception, reference: str = "") -> Response:
    """The page or fragment for an error."""
    shell = frame_of(request)
    if isinstance(error, errors.NotSignedIn):
        return _sign_in_first(request, shell)
    if isinstance(error, PasswordChangeRequired):
        return _password_first(request, error.status)
    if isinstance(error, WrongInput):
        return _part(request, error.target, error.page, shell, 422)
    if isinstance(error, errors.Conflict):
        return _part(request, "meldung", _conflict(error), shell, 409)
    status = status_of(error)
    kept = error.de if isinstance(error, errors.InvalidInput) else ""
    told = error.de if isinstance(error, errors.Unavailable | errors.StorageFull) else ""
    number = request.path_params.get("number", "")
    page = error_page(status, reference or secrets.token_hex(4).upper(), number, kept, told)
    response = _part(request, "meldung", page, shell, status)
    if isinstance(error, errors.Unavailable):
        response.headers["Retry-After"] = str(errors.Unavailable.retry_after)
    return response


def status_of(error: Exception) -> int:
    """The status of an error's page. A function that is not the person's own looks as if it were not there."""
    if isinstance(error, errors.NotAllowed):
        return 404
    if isinstance(error, errors.EakteError):
        return error.status
    if isinstance(error, RequestValidationError):
        unreadable = any(fault["loc"][0] == "path" for fault in error.errors())
        return 404 if unreadable else 422
    if isinstance(error, HTTPException):
        return error.status_code
    return 500


def error_page(status: int, reference: str, number: str = "", kept: str = "", told: str = "") -> v.ErrorPage:
    """The page of a status; statuses without words of their own use those of 500."""
    texts = load_texts("de")
    words = texts.keys()
    title = texts(f"fehler.{status}.titel" if f"fehler.{status}.titel" in words else "fehler.500.titel")
    return v.ErrorPage(title, status, reference, number, kept, told)


def _conflict(error: errors.Conflict) -> v.Conflict:
    texts = load_texts("de")
    onward = error.onward if isinstance(error, Overtaken) else v.Link("/", texts("konflikt.weiter"))
    view = error.view if isinstance(error, Overtaken) else None
    return v.Conflict(texts("konflikt.titel"), error.de, view, onward)


def _sign_in_first(request: Request, shell: v.Shell) -> Response:
    texts = load_texts("de")
    path = _asked(request)
    htmx = request.headers.get("HX-Request") == "true"
    if request.method in ("GET", "HEAD") and not htmx:
        return RedirectResponse(f"/anmelden?weiter={quote(path)}", 303)
    after = wording.safe_next(path) if request.method == "GET" else "/"
    page = v.LoginPage(texts("anmelden.ueberschrift"), after, notice=texts("anmelden.abgelaufen"))
    return _part(request, "dialog-inhalt", page, shell, 401)


def _password_first(request: Request, status: int) -> Response:
    """To the page where the password is changed; htmx leaves the page it is on."""
    seen = request.method in ("GET", "HEAD")
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=status, headers={**rendering.HEADERS, "HX-Redirect": OWN_PASSWORD})
    return RedirectResponse(f"{OWN_PASSWORD}?weiter={quote(_asked(request))}" if seen else OWN_PASSWORD, 303)


def _asked(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _part(request: Request, target: str, page: Any, shell: v.Shell, status: int) -> HTMLResponse:
    if request.headers.get("HX-Request") == "true":
        return html(rendering.render_fragment(target, page, shell), status)
    return html(rendering.render(page, shell), status)


def frame_of(request: Request) -> v.Shell:
    """The person's frame, or the bare one when nobody is signed in or the database cannot say."""
    ctx: Context = request.app.state.context
    try:
        found = open_session(ctx.database, request.cookies.get(COOKIE, ""), ctx.settings)
        if found is not None:
            return shell_of(visit_of(request, ctx, found))
        with ctx.database.read() as session:
            return bare_shell(session, ctx.agency_id)
    except errors.EakteError:
        return v.Shell(agency="", csrf="")
