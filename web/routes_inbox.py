"""The Postkorb: own, team, people led, and deputy; the letter beside the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.context import Ctx, ready, session_of
from archive import reading
from core.errors import NotFound
from inbox import repository
from web import rendering
from web import views as v
from web.mapping_acts import toast_for
from web.mapping_boxes import box_at, box_of_item, boxes_of
from web.mapping_inbox import ORDERS, Selection, inbox_page, item_preview, narrowed, new_mail, order_of
from web.mapping_sheet import page_view
from web.pages import Page, PageRoute, Visit, html, shell_of, show, visit_of
from web.sheets import texts_of, wants_text

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def selection(
    sortierung: str = "frist",
    art: Annotated[str, Query(max_length=40)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    ab: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    person: Annotated[str, Query(max_length=100)] = "",
) -> Selection:
    """How the list is narrowed; an unknown order is the working order."""
    return Selection(sortierung if sortierung in ORDERS else ORDERS[0], art, text, ab, person)


Wanted = Annotated[Selection, Depends(selection)]


def quiet_visit(request: Request, ctx: Ctx) -> Visit:
    """A visit that does not count as activity: what the page asks by itself. Raises NotSignedIn."""
    return visit_of(request, ctx, ready(session_of(request, ctx, prolong=False)))


@router.get("/postkorb")
def get_own(who: Page, wanted: Wanted, getan: str = "") -> Response:
    """The person's own Postkorb with its first letter."""
    return _list(who, "/postkorb", wanted, getan)


@router.get("/postkorb/team/{code}")
def get_team(who: Page, code: str, wanted: Wanted, getan: str = "") -> Response:
    """The Postkorb of a team."""
    return _list(who, f"/postkorb/team/{code}", wanted, getan)


@router.get("/postkorb/personen")
def get_people(who: Page, wanted: Wanted, getan: str = "") -> Response:
    """What lies in the Postkörbe of the people whose team this person leads."""
    return _list(who, "/postkorb/personen", wanted, getan)


@router.get("/postkorb/vertretung/{user_id}")
def get_deputy(who: Page, user_id: UUID, wanted: Wanted, getan: str = "") -> Response:
    """The Postkorb of somebody who is absent and for whom this person stands in today."""
    return _list(who, f"/postkorb/vertretung/{user_id}", wanted, getan)


@router.get("/postkorb/neu")
def get_new(who: Annotated[Visit, Depends(quiet_visit)], seit: int = 0, liste: str = "/postkorb") -> Response:
    """How many letters arrived since the list was drawn. Does not prolong the session."""
    now = who.ctx.database.clock.now()
    try:
        since = datetime.fromtimestamp(seit / 1_000_000, UTC) if seit else now
    except (ValueError, OverflowError, OSError):
        since = now
    with who.ctx.database.read() as session:
        box = box_at(boxes_of(session, who.actor, who.texts), liste)
        if not who.htmx:
            return RedirectResponse(box.href, 303)
        arrived = new_mail(session, who.actor, box, since, now)
    empty = v.InboxFilter(box.href, (), ())
    page = v.PostkorbPage(box.tab, box.heading, box.list_title, (), empty, (), new_mail=arrived)
    return html(rendering.render_fragment("neu", page, shell_of(who, "postkorb")))


@router.get("/postkorb/e/{item_id}")
def get_item(who: Page, item_id: UUID, seite: int = 1, ansicht: str = "", getan: str = "") -> Response:
    """One letter beside the list of the box it lies in."""
    with who.ctx.database.read() as session:
        row = repository.visible_item(session, who.actor, item_id, who.today)
        if row is None:
            raise NotFound
        box = box_of_item(boxes_of(session, who.actor, who.texts), row.item, who.actor)
    if row.item.inbox_kind == "clearing":
        return RedirectResponse(f"/klaerung/{item_id}", 303)
    return _page(who, box.href, Selection(), row, seite, ansicht, getan)


def _list(who: Visit, href: str, wanted: Selection, done: str) -> Response:
    with who.ctx.database.read() as session:
        box = box_at(boxes_of(session, who.actor, who.texts), href)
        condition = narrowed(who.actor, box.box, wanted)
        rows = repository.rows(session, who.actor, condition, who.today, 1, wanted.offset, order_of(wanted))
    return _page(who, href, wanted, rows[0] if rows else None, 1, "", done)


def _page(
    who: Visit, href: str, wanted: Selection, row: repository.Row | None, number: int, view: str, done: str
) -> Response:
    preview = _preview(who, row, number, view) if row is not None else None
    now = who.ctx.database.clock.now()
    with who.ctx.database.read() as session:
        boxes = boxes_of(session, who.actor, who.texts)
        box = box_at(boxes, href)
        current = row.item.id if row is not None else None
        page, _ = inbox_page(session, who.actor, boxes, box, wanted, now, who.texts, current)
        toast = toast_for(session, who.actor, done, now, who.texts)
    return show(who, replace(page, preview=preview), shell_of(who, "postkorb", toast))


def _preview(who: Visit, row: repository.Row, number: int, view: str) -> v.ItemPreview:
    """The preview shows contents: opening it is audited before it is drawn."""
    opened = reading.open_document(who.ctx.database, who.actor, row.document.id)
    href = f"/postkorb/e/{row.item.id}"
    text = texts_of(who, opened) if wants_text(who, view) else None
    sheet = page_view(opened, number, href, who.texts, text=text)
    with who.ctx.database.read() as session:
        return item_preview(session, who.actor, row, opened, sheet, who.today, who.texts)
