"""The mailroom: the day's balance, and what a person must still end with a reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response

from core.actor import Role
from core.errors import InvalidInput, NotFound
from ingest import mailroom, quarantine
from ingest.mailroom import OpenEntry
from web import views as v
from web.commands import CSRF, Command, once, parse_day
from web.mapping_mailroom import OPEN, WAYS, board_page, end_form, quarantine_page
from web.pages import Page, PageRoute, Visit, WrongInput, answered, shell_of, show
from web.wording import date_words

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Start = Annotated[int, Query(ge=0, le=1_000_000)]
ROOM = "poststelle"


@router.get("/poststelle")
def get_board(who: Page, tag: Annotated[str, Query(max_length=20)] = "", ab: Start = 0) -> Response:
    """The balance of a day: received is filed, in clearing, in work, quarantined or not to be processed."""
    _require_mailroom(who)
    day, error = _day(who, tag)
    with who.ctx.database.read() as session:
        balance = mailroom.day_balance(session, who.actor, day)
        page = board_page(session, who.actor, balance, who.today, tag or date_words(day), error, who.texts, ab)
    return show(who, page, shell_of(who, ROOM), 422 if error else 200)


@router.get("/poststelle/quarantaene")
def get_quarantine(who: Page, getan: str = "", ab: Start = 0) -> Response:
    """What no machine can go on with."""
    _require_mailroom(who)
    with who.ctx.database.read() as session:
        page = quarantine_page(session, who.actor, who.texts, ab)
    words = {"beendet": "getan.beendet", "nochmal": "getan.nochmal"}.get(getan)
    toast = v.Toast(who.texts(words)) if words else None
    return show(who, page, shell_of(who, ROOM, toast))


@router.get("/poststelle/quarantaene/{entry_id}/beenden")
def get_end(who: Page, entry_id: UUID) -> Response:
    """What became of it, and why?"""
    return show(who, end_form(_entry(who, entry_id), who.texts), shell_of(who, ROOM))


@router.post("/poststelle/quarantaene/{entry_id}/beenden", dependencies=CSRF)
def post_end(
    who: Page,
    entry_id: UUID,
    command: Command,
    wie: Annotated[str, Form(max_length=20)] = "",
    grund: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """A person ends the entry with a reason."""

    def done() -> Response:
        entry = _entry(who, entry_id)
        try:
            if wie not in WAYS:
                raise InvalidInput(who.texts("poststelle.erst_waehlen"), "no way chosen")
            quarantine.end(who.ctx.database, who.actor, entry.item.id, wie, grund)
        except InvalidInput as error:
            raise WrongInput("dialog-inhalt", end_form(entry, who.texts, wie, grund, error.de), ROOM) from None
        return _answer(who, "getan.beendet", "beendet")

    return once(who, command, done)


@router.post("/poststelle/quarantaene/{entry_id}/nochmal", dependencies=CSRF)
def post_retry(who: Page, entry_id: UUID, command: Command) -> Response:
    """Work on it once more."""

    def done() -> Response:
        entry = _entry(who, entry_id)
        quarantine.retry(who.ctx.database, who.actor, entry.item.id)
        return _answer(who, "getan.nochmal", "nochmal")

    return once(who, command, done)


def _answer(who: Visit, words: str, what: str) -> Response:
    return answered(who, v.Answer(v.Toast(who.texts(words)), f"{OPEN}?getan={what}"), ROOM)


def _day(who: Visit, text: str) -> tuple[date, str]:
    if not text.strip():
        return who.today, ""
    try:
        return min(parse_day(text), who.today), ""
    except InvalidInput as error:
        return who.today, error.de


def _entry(who: Visit, entry_id: UUID) -> OpenEntry:
    with who.ctx.database.read() as session:
        return mailroom.require_entry(session, who.actor, entry_id)


def _require_mailroom(who: Visit) -> None:
    if not who.actor.has(Role.MAILROOM, Role.CLEARING):
        raise NotFound
