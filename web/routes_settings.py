"""What people set for themselves, and the list of keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.csrf import require_csrf
from api.routes_session import set_cookie
from core.errors import InvalidInput
from organisation.models import User
from organisation.passwords import LEAST, LONGEST
from organisation.service import set_preferences
from organisation.sessions import change_password
from web import rendering
from web import views as v
from web.keyboard import key_lines
from web.mapping_shell import THEMES, theme_of
from web.pages import OWN_PASSWORD, KnownPage, Page, PageRoute, Visit, frame_of, html, shell_of, show
from web.texts import load_texts
from web.wording import safe_next

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CSRF = [Depends(require_csrf)]
Word = Annotated[str, Form(max_length=20)]
Secret = Annotated[str, Form(max_length=LONGEST)]
CHANGED = "/einstellungen?gespeichert=passwort"


@router.get("/einstellungen")
def get_settings(who: Page, gespeichert: str = "") -> Response:
    """The person's own settings."""
    with who.ctx.database.read() as session:
        user = session.get(User, who.actor.user_id)
        wishes: dict[str, Any] = user.preferences if user else {}
    page = v.SettingsPage(
        who.texts("einstellungen.titel"),
        theme_of(wishes),
        wishes.get("keys", True) is not False,
        bool(wishes.get("text_first")),
        _saved(who, gespeichert),
    )
    return show(who, page, shell_of(who))


@router.get(OWN_PASSWORD)
def get_password(who: KnownPage, weiter: str = CHANGED) -> Response:
    """A new password of one's own; the only page for a person whose password somebody else chose."""
    return show(who, _password_page(who, weiter), shell_of(who))


@router.post(OWN_PASSWORD, dependencies=CSRF)
def post_password(
    who: KnownPage, jetzig: Secret = "", neu: Secret = "", wiederholt: Secret = "", weiter: Annotated[str, Form()] = ""
) -> Response:
    """Takes the new password; the answer carries the cookie of a fresh session, all others ended."""
    page = _password_page(who, weiter)
    if neu != wiederholt:
        return show(who, replace(page, repeat_error=who.texts("passwort.ungleich")), shell_of(who), 422)
    try:
        signed = change_password(who.ctx.database, who.ctx.settings, who.who, jetzig, neu)
    except InvalidInput as error:
        wrong = who.texts("passwort.falsch") if error.reason == "wrong_password" else ""
        page = replace(page, current_error=wrong, faults=error.faults)
        return show(who, page, shell_of(who), error.status)
    response = RedirectResponse(page.next_path, 303)
    set_cookie(response, who.ctx, signed.secret)
    return response


@router.get("/barrierefreiheit")
def get_statement(request: Request) -> Response:
    """The accessibility statement, also for people who are not signed in."""
    page = v.StatementPage(load_texts("de")("barriere.titel"))
    return html(rendering.render(page, frame_of(request)))


@router.post("/einstellungen", dependencies=CSRF)
def post_settings(who: Page, darstellung: Word = "system", tasten: Word = "", ansicht: Word = "") -> Response:
    """All settings of the page at once."""
    _keep(who, theme=_theme(darstellung), keys=tasten == "an", text_first=ansicht == "text")
    return RedirectResponse("/einstellungen?gespeichert=1", 303)


@router.post("/einstellungen/darstellung", dependencies=CSRF)
def post_theme(who: Page, darstellung: Word) -> Response:
    """Light or dark, back to where the person was."""
    _keep(who, theme=_theme(darstellung))
    return RedirectResponse(_back(who.request), 303)


@router.post("/einstellungen/tasten", dependencies=CSRF)
def post_keys(who: Page, tasten: Word = "") -> Response:
    """Single letters as commands on or off."""
    _keep(who, keys=tasten == "an")
    return RedirectResponse(_back(who.request), 303)


@router.get("/hilfe/tastatur")
def get_keys(who: Page) -> Response:
    """Every key with what it does."""
    return show(who, v.KeyboardHelpPage(who.texts("hilfe.tastatur"), key_lines(who.texts)), shell_of(who))


def _password_page(who: Visit, onward: str) -> v.PasswordPage:
    title, forced = who.texts("passwort.titel"), who.who.must_change_password
    return v.PasswordPage(title, safe_next(onward), LEAST, LONGEST, forced)


def _saved(who: Visit, what: str) -> str:
    """What was just done, in words."""
    key = {"1": "einstellungen.gespeichert", "passwort": "passwort.geaendert"}.get(what)
    return who.texts(key) if key else ""


def _keep(who: Visit, **wishes: Any) -> None:
    with who.ctx.database.write() as tx:
        set_preferences(tx, who.actor, **wishes)


def _theme(value: str) -> str:
    if value not in THEMES:
        raise InvalidInput("Diese Darstellung gibt es nicht.", "unknown theme")
    return value


def _back(request: Request) -> str:
    """The path of the page the form stood on; never another site. Any text may stand in the header."""
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/einstellungen"
    return safe_next(f"{referer.path}?{referer.query}" if referer.query else referer.path or "/einstellungen")
