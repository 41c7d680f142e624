"""A letter of somebody without a case: a provisional case is opened, and the letter is filed there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from api.csrf import require_csrf
from core.database import Transaction
from core.errors import InvalidInput, NotFound
from inbox.acts import ItemRef
from inbox.provisional import Applicant, file_into_provisional
from web import views as v
from web.commands import Posted, once, parse_day, posted
from web.mapping_forms import Newcomer, form_page, newcomer_fields
from web.pages import Page, PageRoute, Visit, WrongInput, shell_of, show
from web.routes_clearing import require_letter
from web.routes_clearing_acts import work_on
from web.wording import date_words

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Command = Annotated[Posted, Depends(posted)]
Short = Annotated[str, Form(max_length=200)]


@router.get("/klaerung/{item_id}/neue-akte")
def get_new_case(who: Page, item_id: UUID) -> Response:
    """Who is it, and which team gets the case?"""
    return show(who, _form(who, item_id, Newcomer()), shell_of(who, "klaerung"))


@router.post("/klaerung/{item_id}/neue-akte", dependencies=[Depends(require_csrf)])
def post_new_case(
    who: Page,
    item_id: UUID,
    command: Command,
    name: Short = "",
    vorname: Short = "",
    geburtsdatum: Short = "",
    aktenart: Short = "",
    einheit: Short = "",
) -> Response:
    """Open the provisional case and file the letter there; undo takes the filing back."""
    typed = Newcomer(name, vorname, geburtsdatum, aktenart, einheit)

    def done() -> Response:
        born, faults = _understood(who, typed)
        if faults:
            raise WrongInput("dialog-inhalt", _form(who, item_id, replace(typed, faults=faults)), "klaerung")
        applicant = Applicant(aktenart, einheit, name, vorname, born)

        def act(tx: Transaction, ref: ItemRef) -> None:
            file_into_provisional(tx, who.actor, ref, applicant)

        try:
            return work_on(who, command, item_id, act)
        except InvalidInput as error:
            wrong = replace(typed, faults={"einheit": error.de})
            raise WrongInput("dialog-inhalt", _form(who, item_id, wrong), "klaerung") from None

    return once(who, command, done)


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


def _form(who: Visit, item_id: UUID, typed: Newcomer) -> v.FormPage:
    row = require_letter(who, item_id)
    if row.item.state not in ("open", "deferred"):
        raise NotFound
    with who.ctx.database.read() as session:
        fields = newcomer_fields(session, who.actor, who.texts, typed)
    return form_page(row, f"/klaerung/{item_id}", "neue-akte", who.texts("klaerung.neue_akte"), fields, who.texts)
