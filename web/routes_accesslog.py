"""The access log of a case: data protection asks with a reason, a second person decides, then it is read for some days."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from archive.accesslog import rules, service
from core.errors import InvalidInput, NotFound
from web import views as v
from web.commands import CSRF, Command, Short, Text, once
from web.mapping_accesslog import APPROVE, BASE, REFUSE, Asked, ask_form, decide_form, log_page, request_page, selection
from web.pages import Page, PageRoute, Visit, WrongInput, answered, shell_of, show
from web.routes_auditing import day_of
from web.routes_inbox_acts import check_length

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=100)]
Start = Annotated[int, Query(ge=0, le=1_000_000)]
ROOM = "zugriffe"
DONE = {"beantragt": "zugriffe.getan_beantragt", "entschieden": "zugriffe.getan_entschieden"}


@router.get("/zugriffe")
def get_requests(who: Page, getan: Word = "", ab: Start = 0) -> Response:
    """What waits for a second person, and one's own requests."""
    if not rules.may_be_second(who.actor):  # whoever may ask is one of these
        raise NotFound
    with who.ctx.database.read() as session:
        page = request_page(session, who.actor, who.today, ab, who.texts)
    toast = v.Toast(who.texts(DONE[getan])) if getan in DONE else None
    return show(who, page, shell_of(who, ROOM, toast))


@router.get("/zugriffe/neu")
def get_ask(who: Page) -> Response:
    """Which case, and why?"""
    if not rules.may_ask(who.actor):
        raise NotFound
    return show(who, ask_form(who.texts), shell_of(who, ROOM))


@router.post("/zugriffe/neu", dependencies=CSRF)
def post_ask(who: Page, command: Command, nummer: Short = "", grund: Text = "") -> Response:
    """The request waits for a second person."""

    def done() -> Response:
        try:
            with who.ctx.database.write() as tx:
                service.ask(tx, who.actor, nummer, check_length(grund))
        except InvalidInput as error:
            field = "nummer" if error.reason == "file_number" else "grund"
            raise WrongInput("dialog-inhalt", ask_form(who.texts, nummer, grund, field, error.de), ROOM) from None
        return _answer(who, "beantragt")

    return once(who, command, done)


@router.get("/zugriffe/{request_id}/entscheiden")
def get_decide(who: Page, request_id: UUID) -> Response:
    """May the log be read?"""
    return show(who, _decide_form(who, request_id), shell_of(who, ROOM))


@router.post("/zugriffe/{request_id}/entscheiden", dependencies=CSRF)
def post_decide(who: Page, request_id: UUID, command: Command, antwort: Short = "", grund: Text = "") -> Response:
    """The second person approves or refuses, for good."""

    def done() -> Response:
        try:
            with who.ctx.database.write() as tx:
                approve, reason = _chosen(who, antwort), check_length(grund)
                service.decide(
                    tx, who.actor, request_id, version=command.version, approve=approve, reason=reason
                )  # fmt: skip
        except InvalidInput as error:
            raise WrongInput("dialog-inhalt", _decide_form(who, request_id, antwort, grund, error.de), ROOM) from None
        return _answer(who, "entschieden")

    return once(who, command, done)


@router.get("/zugriffe/{request_id}")
def get_log(
    who: Page, request_id: UUID, art: Word = "", von: Word = "", bis: Word = "", ab: Start = 0
) -> Response:  # fmt: skip
    """The log, for whoever asked and was allowed to."""
    errors: list[str] = []
    start, end = day_of(von, errors), day_of(bis, errors)
    asked = Asked(art, von, bis, ab, tuple(errors))
    opened = service.open_log(who.ctx.database, who.actor, request_id, selection(asked, start, end))
    with who.ctx.database.read() as session:
        page = log_page(session, opened, asked, who.today, who.texts)
    return show(who, page, shell_of(who, ROOM), 422 if errors else 200)


def _decide_form(who: Visit, request_id: UUID, answer: str = "", reason: str = "", error: str = "") -> v.FormPage:
    with who.ctx.database.read() as session:
        request, case_file = service.require_to_decide(session, who.actor, request_id)
        return decide_form(session, request, case_file, who.texts, answer, reason, error)


def _chosen(who: Visit, answer: str) -> bool:
    if answer not in (APPROVE, REFUSE):
        raise InvalidInput(who.texts("zugriffe.erst_waehlen"), "nothing chosen")
    return answer == APPROVE


def _answer(who: Visit, what: str) -> Response:
    return answered(who, v.Answer(v.Toast(who.texts(DONE[what])), f"{BASE}?getan={what}"), ROOM)
