"""A letter of somebody without a case: a provisional case is opened, and the letter is filed there.

From clearing, or from the inbox of somebody whom clearing sent it to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from core.database import Transaction
from core.errors import InvalidInput, NotFound
from inbox.acts import ItemRef
from inbox.provisional import Applicant, file_into_provisional
from inbox.repository import Row
from web import views as v
from web.commands import CSRF, Command, Posted, Short, once, parse_day
from web.mapping_forms import Newcomer, form_page, newcomer_fields
from web.pages import Page, PageRoute, Visit, WrongInput, shell_of, show
from web.routes_clearing_acts import waiting, work_on
from web.routes_inbox_acts import act_on, require_row
from web.routes_inbox_passing import unfiled_row
from web.wording import date_words

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Act = Callable[[Transaction, ItemRef], Any]


@dataclass(frozen=True, slots=True)
class Room:
    """Where the letter lies: the room's name and address, the letter that may be filed, and what follows an act."""

    name: str
    base: str
    letter: Callable[[Visit, UUID], Row]
    work: Callable[[Visit, Posted, UUID, Act], Response]


def typed_in(
    name: Short = "", vorname: Short = "", geburtsdatum: Short = "", aktenart: Short = "", einheit: Short = ""
) -> Newcomer:
    """The fields of the form, as a dependency."""
    return Newcomer(name, vorname, geburtsdatum, aktenart, einheit)


Typed = Annotated[Newcomer, Depends(typed_in)]


@router.get("/klaerung/{item_id}/neue-akte")
def get_new_case(who: Page, item_id: UUID) -> Response:
    """Who is it, and which team gets the case?"""
    return show(who, _form(who, CLEARING, item_id, Newcomer()), shell_of(who, "klaerung"))


@router.post("/klaerung/{item_id}/neue-akte", dependencies=CSRF)
def post_new_case(who: Page, item_id: UUID, command: Command, typed: Typed) -> Response:
    """Open the provisional case and file the letter there; undo takes the filing back."""
    return once(who, command, lambda: _open(who, CLEARING, command, item_id, typed))


@router.get("/postkorb/e/{item_id}/neue-akte")
def get_new_case_here(who: Page, item_id: UUID) -> Response:
    """The same from an inbox, for a team of the person's own."""
    return show(who, _form(who, INBOX, item_id, Newcomer()), shell_of(who, "postkorb"))


@router.post("/postkorb/e/{item_id}/neue-akte", dependencies=CSRF)
def post_new_case_here(who: Page, item_id: UUID, command: Command, typed: Typed) -> Response:
    """The same from an inbox."""
    return once(who, command, lambda: _open(who, INBOX, command, item_id, typed))


def _open(who: Visit, room: Room, command: Posted, item_id: UUID, typed: Newcomer) -> Response:
    born, faults = _understood(who, typed)
    if faults:
        raise WrongInput("dialog-inhalt", _form(who, room, item_id, replace(typed, faults=faults)), room.name)
    applicant = Applicant(typed.file_type, typed.unit_code, typed.family_name, typed.given_names, born)

    def act(tx: Transaction, ref: ItemRef) -> None:
        file_into_provisional(tx, who.actor, ref, applicant)

    try:
        return room.work(who, command, item_id, act)
    except InvalidInput as error:
        wrong = replace(typed, faults={"einheit": error.de})
        raise WrongInput("dialog-inhalt", _form(who, room, item_id, wrong), room.name) from None


def _understood(who: Visit, typed: Newcomer) -> tuple[date | None, dict[str, str]]:
    """The birth date, and a sentence for each field that is wrong."""
    faults: dict[str, str] = {}
    born = None
    for key, text in (("name", typed.family_name), ("vorname", typed.given_names)):
        if not text.strip():
            faults[key] = who.texts("formular.name_fehlt")
    if not typed.unit_code:
        faults["einheit"] = who.texts("formular.team_waehlen")
    if typed.birth_date.strip():
        try:
            born = parse_day(typed.birth_date)
        except InvalidInput as error:
            faults["geburtsdatum"] = error.de
    if born is not None and born > who.today:
        faults["geburtsdatum"] = who.texts("klaerung.zukunft", tag=date_words(who.today))
    return born, faults


def _form(who: Visit, room: Room, item_id: UUID, typed: Newcomer) -> v.FormPage:
    row = room.letter(who, item_id)
    with who.ctx.database.read() as session:
        fields = newcomer_fields(session, who.actor, who.texts, typed)
    heading = who.texts("klaerung.neue_akte")
    return form_page(row, f"{room.base}/{item_id}", "neue-akte", heading, fields, who.texts)


def _work_here(who: Visit, command: Posted, item_id: UUID, act: Act) -> Response:
    """A letter that a colleague filed meanwhile is a conflict (409); one that was filed all along has no such form."""
    row = require_row(who, item_id)
    if row.document.filed and row.item.version == command.version:
        raise NotFound
    return act_on(who, command, item_id, act)


CLEARING = Room("klaerung", "/klaerung", waiting, work_on)
INBOX = Room("postkorb", "/postkorb/e", unfiled_row, _work_here)
