"""The Postkorb for machines of signed-in people: lists, and acts that carry the version they were made on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.context import Ctx, Session
from api.csrf import require_csrf
from api.problems import refusals
from core.clock import agency_date
from inbox import acts, passing, repository, undo
from inbox.acts import FileInto, ItemRef
from inbox.listing import list_items
from inbox.models import InboxItem

router = APIRouter(prefix="/api/v1/inbox", tags=["Postkorb"], responses=refusals(401))
CSRF = [Depends(require_csrf)]
CHANGE = refusals(403, 404, 409)
BoxKind = Literal["all", "own", "team", "deputy", "members", "clearing", "unit_clearing", "restricted"]


class Act(BaseModel):
    """What a person does with an item; `version` is the one that was shown."""

    act: Literal["done", "take", "forward", "assign", "give_back", "defer", "file", "dismiss"]
    version: int = Field(ge=1)
    to_user: str | None = None
    to_unit: str | None = None
    until: date | None = None
    text: str = ""
    case_file_number: str | None = None
    keyword: str | None = None
    document_type: str | None = None
    received_on: date | None = None
    kind: Literal["advertising", "misdirected", "returned", "duplicate"] | None = None
    reason: str = ""


@router.get("/items", summary="Schreiben im Postkorb")
def get_items(
    ctx: Ctx,
    who: Session,
    box: BoxKind = "all",
    box_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Open items in working order. `cursor` is the position to go on from."""
    today = agency_date(ctx.database.clock.now())
    chosen = None if box == "all" else repository.Box(box, box_id)
    with ctx.database.read() as session:
        items = list_items(session, who.actor, today, chosen, limit=limit, offset=cursor)
    return {"items": items, "next_cursor": cursor + limit if len(items) == limit else None}


@router.post("/items/{item_id}/acts", summary="Schreiben bearbeiten", dependencies=CSRF, responses=CHANGE)
def post_act(ctx: Ctx, who: Session, item_id: UUID, act: Act) -> dict[str, Any]:
    """Do it once; a stale version answers 409 and changes nothing."""
    ref = ItemRef(item_id, act.version)
    with ctx.database.write() as tx:
        if act.act == "done":
            item = acts.finish(tx, who.actor, ref)
        elif act.act == "take":
            item = passing.take(tx, who.actor, ref)
        elif act.act == "forward":
            item = passing.forward(tx, who.actor, ref, to_user=act.to_user, to_unit=act.to_unit)
        elif act.act == "assign":
            item = passing.assign(tx, who.actor, ref, to_user=act.to_user)
        elif act.act == "give_back":
            item = passing.give_back(tx, who.actor, ref, act.reason)
        elif act.act == "defer":
            item = acts.defer(tx, who.actor, ref, act.until or tx.today, act.text)
        elif act.act == "dismiss":
            item = acts.dismiss(tx, who.actor, ref, act.kind or "", act.reason)
        else:
            into = FileInto(act.case_file_number, None, act.keyword, act.document_type, act.received_on)
            item = acts.file_item(tx, who.actor, ref, into)
        return _answer(item)


@router.post("/undo", summary="Zuletzt Getanes zurücknehmen", dependencies=CSRF, responses=CHANGE)
def post_undo(ctx: Ctx, who: Session, act_id: UUID | None = None) -> dict[str, Any]:
    """Take back one's own last act, or the one named; refused once somebody else has gone on."""
    with ctx.database.write() as tx:
        return _answer(undo.undo(tx, who.actor, act_id))


def _answer(item: InboxItem) -> dict[str, Any]:
    return {"item_id": str(item.id), "state": item.state, "version": item.version}
