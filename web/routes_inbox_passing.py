"""Zuteilen by team leads, and the way back to clearing of a letter that lies in no case."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from core.database import Transaction
from core.errors import InvalidInput, NotFound
from inbox import passing
from inbox.acts import ItemRef
from inbox.repository import Row
from web import views as v
from web.commands import CSRF, Command, Short, Text, once
from web.mapping_forms import assign_fields, give_back_fields
from web.pages import Page, PageRoute, Visit
from web.routes_inbox_acts import act_on, form_of, note_on, require_row, show_form

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/postkorb/e/{item_id}/zuteilen")
def get_assign(who: Page, item_id: UUID) -> Response:
    """To whom of the team?"""
    return show_form(who, _assign_form(who, require_row(who, item_id)))


@router.post("/postkorb/e/{item_id}/zuteilen", dependencies=CSRF)
def post_assign(who: Page, item_id: UUID, command: Command, an: Short = "", bemerkung: Text = "") -> Response:
    """Zuteilen; a remark becomes a note on the document."""

    def act(tx: Transaction, ref: ItemRef) -> None:
        note_on(tx, who, ref, bemerkung)
        passing.assign(tx, who.actor, ref, to_user=an)

    def again(error: InvalidInput) -> v.FormPage:
        return _assign_form(who, require_row(who, item_id), an, bemerkung, error.de)

    return once(who, command, lambda: act_on(who, command, item_id, act, again))


@router.get("/postkorb/e/{item_id}/zurueck")
def get_give_back(who: Page, item_id: UUID) -> Response:
    """Why?"""
    return show_form(who, form_of(who, unfiled_row(who, item_id), "zurueck", give_back_fields(who.texts)))


@router.post("/postkorb/e/{item_id}/zurueck", dependencies=CSRF)
def post_give_back(who: Page, item_id: UUID, command: Command, grund: Text = "") -> Response:
    """Zurück an die Klärung."""

    def act(tx: Transaction, ref: ItemRef) -> None:
        passing.give_back(tx, who.actor, ref, grund)

    def again(error: InvalidInput) -> v.FormPage:
        fields = give_back_fields(who.texts, grund, error.de)
        return form_of(who, unfiled_row(who, item_id), "zurueck", fields)

    return once(who, command, lambda: act_on(who, command, item_id, act, again))


def unfiled_row(who: Visit, item_id: UUID) -> Row:
    """A letter of an inbox that lies in no case. Raises NotFound."""
    row = require_row(who, item_id)
    if row.document.filed or row.item.inbox_kind == "clearing":
        raise NotFound
    return row


def _assign_form(who: Visit, row: Row, to: str = "", note: str = "", error: str = "") -> v.FormPage:
    with who.ctx.database.read() as session:
        if not passing.led_places(session, who.actor, row.item):
            raise NotFound
        fields = assign_fields(session, who.actor, row, who.today, who.texts, to, note, error)
    return form_of(who, row, "zuteilen", fields)
