"""Clearing: one letter, one question. The list at its first letter, the search for a case, the lease."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlalchemy.orm import Session as DbSession

from api.csrf import require_csrf
from archive import reading
from archive.case_search import find_cases
from core.actor import Actor
from core.clock import AGENCY_ZONE
from core.errors import NotFound
from inbox import leases, repository
from inbox.models import InboxItem
from inbox.repository import Row
from ingest.repository import item_by_document
from web import rendering
from web import views as v
from web.mapping_acts import toast_for
from web.mapping_clearing import (
    Decision,
    clearing_letter,
    evidence_of,
    first_image,
    visible_candidates,
)
from web.mapping_forms import MOST_HITS, case_hits
from web.mapping_lookup import evidence_about, user_name
from web.mapping_sheet import page_view
from web.mapping_shell import clearing_condition
from web.pages import Page, PageRoute, Visit, html, shell_of, show
from web.routes_inbox import quiet_visit
from web.sheets import texts_of, wants_text

router = APIRouter(route_class=PageRoute, include_in_schema=False)
URGENT = InboxItem.urgency != "normal"
MOST = 200
AHEAD = 3  # letters whose image is fetched while the person decides on the one before (CONCEPT §5)
LISTS = ("", "eilt", "zurueckgestellt")
Query200 = Annotated[str, Query(max_length=200)]


@router.get("/klaerung")
def get_clearing(who: Page, liste: str = "", akte_suche: Query200 = "", getan: str = "") -> Response:
    """The list at its first letter that nobody else holds."""
    chosen = liste if liste in LISTS else ""
    row = next_row(who, chosen)
    return _page(who, clearing_page(who, row, chosen, query=akte_suche), getan)


@router.get("/klaerung/{item_id}")
def get_letter(
    who: Page, item_id: UUID, seite: int = 1, ansicht: str = "", akte_suche: Query200 = "", getan: str = ""
) -> Response:
    """One letter; a decided one shows the next."""
    row = require_letter(who, item_id)
    if row.item.state not in ("open", "deferred"):
        row = next_row(who) or row
    if row.item.state not in ("open", "deferred"):
        return _page(who, clearing_page(who, None), getan)
    return _page(who, clearing_page(who, row, number=seite, view=ansicht, query=akte_suche), getan)


@router.get("/klaerung/{item_id}/akten")
def get_cases(who: Page, item_id: UUID, q: Query200 = "", akte_suche: Query200 = "") -> Response:
    """At most six cases whose cover the person may see."""
    with who.ctx.database.read() as session:
        if repository.visible_item(session, who.actor, item_id, who.today) is None:
            raise NotFound
        hits = case_hits(session, who.actor, q or akte_suche, who.today)
    reading.look_at_covers(who.ctx.database, who.actor, [UUID(hit.value) for hit in hits.hits])
    return html(rendering.render_fragment("akten", hits, shell_of(who, "klaerung")))


async def from_own_page(
    request: Request,
    who: Annotated[Visit, Depends(quiet_visit)],
    x_csrf_token: Annotated[str | None, Header()] = None,
) -> Visit:
    """The CSRF check for what a page posts by itself: it does not prolong the session."""
    await require_csrf(request, who.who, x_csrf_token)
    return who


@router.post("/klaerung/{item_id}/halten")
def post_hold(who: Annotated[Visit, Depends(from_own_page)], item_id: UUID) -> Response:
    """Colleagues see for two minutes that this letter is open here."""
    with who.ctx.database.write() as tx:
        leases.hold(tx, who.actor, item_id)
    return Response(status_code=204)


def require_letter(who: Visit, item_id: UUID) -> Row:
    """A letter that this person clears, in any state. Raises NotFound."""
    with who.ctx.database.read() as session:
        row = repository.visible_item(session, who.actor, item_id, who.today)
    if row is None or row.item.inbox_kind != "clearing":
        raise NotFound
    return row


def next_row(who: Visit, chosen: str = "") -> Row | None:
    """The first letter of a list, those that a colleague holds last."""
    with who.ctx.database.read() as session:
        rows = _rows(who, session, chosen)
    return next(iter([*_free(who, rows), *rows]), None)


def clearing_page(
    who: Visit,
    row: Row | None,
    chosen: str = "",
    *,
    number: int = 0,
    view: str = "",
    query: str = "",
    decision: Decision | None = None,
) -> v.ClearingPage:
    """The page at a letter; opening the letter is audited before anything of it is drawn."""
    letter = _letter(who, row, number, view, query, decision) if row is not None else None
    with who.ctx.database.read() as session:
        if row is not None and letter is not None:
            letter = replace(letter, preload=_images_ahead(who, session, row, chosen))
        condition = clearing_condition(who.actor)
        counts = {
            "": repository.count(session, who.actor, condition, who.today),
            "eilt": repository.count(session, who.actor, condition & URGENT, who.today),
            "zurueckgestellt": len(repository.put_aside(session, who.actor, condition, who.today, MOST)),
        }
        since = datetime.combine(who.today, time(), AGENCY_ZONE)
        done = repository.filed_since(session, _user_id(who.actor), since)
    texts = who.texts
    words = {"": "alle", "eilt": "eilt", "zurueckgestellt": "zurueckgestellt"}
    tabs = tuple(
        v.Tab(f"/klaerung?liste={key}" if key else "/klaerung", texts(f"klaerung.{words[key]}"), key == chosen,
              counts[key] if key else None)
        for key in LISTS
    )  # fmt: skip
    later = v.Link("/klaerung?liste=zurueckgestellt", texts("klaerung.leer_zurueckgestellte"))
    empty = v.Empty(
        texts("klaerung.leer_titel"),
        texts("klaerung.leer_text", n=done),
        later if counts["zurueckgestellt"] else None,
    )
    return v.ClearingPage(texts("raum.klaerung"), counts[""], done, tabs, letter, empty)


def _letter(who: Visit, row: Row, number: int, view: str, query: str, decision: Decision | None) -> v.ClearingLetter:
    opened = reading.open_document(who.ctx.database, who.actor, row.document.id)
    text = texts_of(who, opened) if wants_text(who, view) else None
    with who.ctx.database.read() as session:
        mail = item_by_document(session, row.document.id)
        cases = visible_candidates(session, who.actor, mail, who.today)
        if query.strip():
            hits = find_cases(session, who.actor, query, who.today, MOST_HITS)
            cases += [one for one in hits if one.id not in {case.id for case in cases}]
    reading.look_at_covers(who.ctx.database, who.actor, [case.id for case in cases])
    with who.ctx.database.read() as session:
        found, boxes = evidence_of(evidence_about(mail, cases), opened, who.texts)
        first = boxes[0].page if boxes else 1
        href = f"/klaerung/{row.item.id}"
        sheet = page_view(opened, number or first, href, who.texts, boxes=boxes, text=text, thumbs=True)
        letter = clearing_letter(
            session, who.actor, row, opened, mail, sheet, boxes, found, cases, who.texts, decision, query
        )
        holder = leases.holder(row.item, who.ctx.database.clock.now())
        if holder in (None, who.actor.user_id):
            return letter
        busy = who.texts("klaerung.wird_geklaert", name=user_name(session, holder))
        return replace(letter, meta=f"{letter.meta} · {busy}")


def _free(who: Visit, rows: list[Row]) -> list[Row]:
    """Those that no colleague holds."""
    now = who.ctx.database.clock.now()
    return [row for row in rows if leases.holder(row.item, now) in (None, who.actor.user_id)]


def _images_ahead(who: Visit, session: DbSession, row: Row, chosen: str) -> tuple[str, ...]:
    following = [one for one in _free(who, _rows(who, session, chosen)) if one.item.id != row.item.id]
    found = [first_image(session, who.actor, one, who.today) for one in following[:AHEAD]]
    return tuple(href for href in found if href is not None)


def _rows(who: Visit, session: DbSession, chosen: str) -> list[Row]:
    condition = clearing_condition(who.actor)
    if chosen == "zurueckgestellt":
        return list(repository.put_aside(session, who.actor, condition, who.today, MOST))
    return list(repository.rows(session, who.actor, condition & URGENT if chosen else condition, who.today, MOST))


def _page(who: Visit, page: v.ClearingPage, done: str) -> Response:
    with who.ctx.database.read() as session:
        toast = toast_for(session, who.actor, done, who.ctx.database.clock.now(), who.texts)
    return show(who, page, shell_of(who, "klaerung", toast))


def _user_id(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise NotFound
    return actor.user_id
