"""The auditor's room: assigned cases, read only, and the log of acts on them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from core.actor import Role
from core.audit.verify import verify
from core.errors import InvalidInput, NotFound
from web.commands import parse_day
from web.mapping_auditing import BASE, MANDATE, LogQuery, Seal, log_page, mandate_page
from web.mapping_inbox import time_words
from web.pages import Page, PageRoute, Visit, shell_of, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=100)]


@router.get("/pruefung")
def get_first(who: Page) -> Response:
    """To the mandate of this person."""
    _require_auditor(who)
    return RedirectResponse(BASE, 303)


@router.get("/pruefung/{mandate}")
def get_mandate(who: Page, mandate: str) -> Response:
    """The assigned cases."""
    _require_auditor(who, mandate)
    with who.ctx.database.read() as session:
        page = mandate_page(session, who.actor, who.today, who.texts)
    return show(who, page, shell_of(who, "pruefung"))


@router.get("/pruefung/{mandate}/protokoll")
def get_log(
    who: Page,
    mandate: str,
    vorgang: Word = "",
    von: Word = "",
    bis: Word = "",
    akte: Word = "",
    ab: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    kette: Word = "",
) -> Response:
    """The acts on the assigned cases; `kette=pruefen` recomputes the whole chain first."""
    _require_auditor(who, mandate)
    errors: list[str] = []
    start, end = day_of(von, errors), day_of(bis, errors)
    wanted = LogQuery(vorgang, start, end, akte, ab)
    seal = chain_seal(who, kette == "pruefen")
    with who.ctx.database.read() as session:
        page = log_page(session, who.actor, who.today, wanted, (von, bis), tuple(errors), seal, who.texts)
    return show(who, page, shell_of(who, "pruefung"), 422 if errors else 200)


def chain_seal(who: Visit, wanted: bool) -> Seal:
    """What is known about the audit chain: nothing until somebody asks, since checking reads every event."""
    if not wanted:
        return Seal(None, who.texts("protokoll.siegel_offen"))
    verdict = verify(who.ctx.database, who.ctx.anchors)
    now = time_words(who.ctx.database.clock.now())
    if verdict.ok:
        return Seal(True, who.texts("protokoll.siegel_gut", nr=who.texts.number(verdict.checked), zeit=now))
    first = verdict.problems[0]
    what = who.texts(f"protokoll.bruch.{first.kind}", nr=who.texts.number(first.position), datei=first.what)
    return Seal(False, who.texts("protokoll.siegel_bruch", was=what))


def day_of(text: str, errors: list[str]) -> date | None:
    """The day as typed, None for none; what cannot be read is added to `errors`."""
    try:
        return parse_day(text) if text.strip() else None
    except InvalidInput as error:
        errors.append(error.de)
        return None


def _require_auditor(who: Visit, mandate: str = MANDATE) -> None:
    if not who.actor.has(Role.AUDITOR) or mandate != MANDATE:
        raise NotFound
