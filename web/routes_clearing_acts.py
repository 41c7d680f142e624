"""Decisions in clearing: file, put aside, forward, dismiss; and taking back what was done last, there or in the Postkorb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select

from archive.access import covers_visible
from archive.models import CaseFile, Keyword
from core.database import Transaction
from core.errors import Conflict, InvalidInput, NotFound
from inbox import acts, repository, undo
from inbox.acts import FileInto, ItemRef
from inbox.models import UndoableAct
from inbox.repository import Row
from web import views as v
from web.commands import CSRF, Command, Posted, Short, Text, on_item, once, parse_day
from web.mapping_acts import toast_of
from web.mapping_boxes import box_of_item, boxes_of
from web.mapping_clearing import Decision
from web.mapping_forms import dismiss_fields, form_page, forward_fields
from web.mapping_shell import room_counts
from web.pages import Page, PageRoute, Visit, WrongInput, answered, shell_of, show
from web.routes_clearing import clearing_page, next_row, require_letter
from web.routes_inbox_acts import chosen_case, forward
from web.wording import date_words

router = APIRouter(route_class=PageRoute, include_in_schema=False)
POSTPONE = timedelta(days=1)


@router.get("/klaerung/{item_id}/weiterleiten")
def get_forward(who: Page, item_id: UUID) -> Response:
    """To whom?"""
    return show(who, _forward_form(who, item_id), shell_of(who, "klaerung"))


@router.post("/klaerung/{item_id}/ablegen", dependencies=CSRF)
def post_file(
    who: Page,
    item_id: UUID,
    command: Command,
    akte: Short = "",
    art: Short = "",
    schlagwort: Short = "",
    eingang: Short = "",
) -> Response:
    """Ablegen und weiter."""
    decision = Decision(akte, art, schlagwort, eingang)

    def done() -> Response:
        into, errors = _understood(who, decision)
        if into is None:
            raise _wrong(who, item_id, decision, errors)
        try:
            return work_on(who, command, item_id, lambda tx, ref: acts.file_item(tx, who.actor, ref, into))
        except InvalidInput as error:
            raise _wrong(who, item_id, decision, v.ClearingErrors(akte=error.de)) from None

    return once(who, command, done)


@router.post("/klaerung/{item_id}/zurueckstellen", dependencies=CSRF)
def post_postpone(who: Page, item_id: UUID, command: Command) -> Response:
    """Zurückstellen until tomorrow."""

    def act(tx: Transaction, ref: ItemRef) -> None:
        acts.defer(tx, who.actor, ref, tx.today + POSTPONE)

    return once(who, command, lambda: work_on(who, command, item_id, act))


@router.post("/klaerung/{item_id}/weiterleiten", dependencies=CSRF)
def post_forward(who: Page, item_id: UUID, command: Command, an: Short = "", bemerkung: Text = "") -> Response:
    """Weiterleiten."""

    def done() -> Response:
        try:
            return work_on(who, command, item_id, lambda tx, ref: forward(tx, who, ref, an, bemerkung))
        except InvalidInput as error:
            raise WrongInput("dialog-inhalt", _forward_form(who, item_id, an, bemerkung, error.de)) from None

    return once(who, command, done)


@router.get("/klaerung/{item_id}/kein-vorgang")
def get_dismiss(who: Page, item_id: UUID) -> Response:
    """What is it, and what became of it?"""
    return show(who, _dismiss_form(who, item_id), shell_of(who, "klaerung"))


@router.post("/klaerung/{item_id}/kein-vorgang", dependencies=CSRF)
def post_dismiss(who: Page, item_id: UUID, command: Command, grundart: Short = "", grund: Text = "") -> Response:
    """Kein Vorgang: the letter belongs to no case."""

    def done() -> Response:
        try:
            return work_on(who, command, item_id, lambda tx, ref: acts.dismiss(tx, who.actor, ref, grundart, grund))
        except InvalidInput as error:
            again = _dismiss_form(who, item_id, grundart, grund, error.de)
            raise WrongInput("dialog-inhalt", again, "klaerung") from None

    return once(who, command, done)


@router.post("/aktionen/{act_id}/zuruecknehmen", dependencies=CSRF)
def post_undo(who: Page, act_id: UUID, command: Command) -> Response:
    """Rückgängig; refused once somebody went on."""
    return once(who, command, lambda: _undo(who, act_id))


def _undo(who: Visit, act_id: UUID) -> Response:
    with who.ctx.database.write() as tx:
        item = undo.undo(tx, who.actor, act_id)
        in_clearing = item.inbox_kind == "clearing"
    if in_clearing:
        page = clearing_page(who, require_letter(who, item.id))
        href = f"/klaerung/{item.id}?getan={act_id}"
        with who.ctx.database.read() as session:
            toast = toast_of(session, session.get_one(UndoableAct, act_id), who.texts)
            counts = room_counts(session, who.actor, who.today)
        return answered(who, v.Answer(toast, href, tuple(counts.items()), clearing=page), "klaerung")
    with who.ctx.database.read() as session:
        toast = toast_of(session, session.get_one(UndoableAct, act_id), who.texts)
        counts = room_counts(session, who.actor, who.today)
        box = box_of_item(boxes_of(session, who.actor, who.texts), item, who.actor)
        here = repository.count(session, who.actor, repository.in_box(who.actor, box.box), who.today)
    href = f"/postkorb/e/{item.id}?getan={act_id}"
    answer = v.Answer(toast, href, (*counts.items(), ("reiter", here)), back=(str(item.id),))
    return answered(who, answer, "postkorb")


def work_on(who: Visit, command: Posted, item_id: UUID, act: Callable[[Transaction, ItemRef], Any]) -> Response:
    """One act on a letter in clearing, then the next letter."""
    require_letter(who, item_id)
    done = on_item(who, command, item_id, "/klaerung", act)
    row = next_row(who)
    page = clearing_page(who, row)
    href = f"/klaerung/{row.item.id}" if row is not None else "/klaerung"
    with who.ctx.database.read() as session:
        counts = room_counts(session, who.actor, who.today)
        toast = toast_of(session, done, who.texts) if done is not None else v.Toast("")
    target = f"{href}?getan={done.id}" if done is not None else href
    return answered(who, v.Answer(toast, target, tuple(counts.items()), clearing=page), "klaerung")


def _understood(who: Visit, decision: Decision) -> tuple[FileInto | None, v.ClearingErrors]:
    """The posted decision, or a sentence for each field that is wrong."""
    case = case_error = day = day_error = None
    try:
        case = chosen_case(who, decision.case)
    except InvalidInput as error:
        case_error = error.de
    try:
        day = parse_day(decision.received) if decision.received.strip() else None
        if day is not None and day > who.today:
            day_error = who.texts("klaerung.zukunft", tag=date_words(who.today))
    except InvalidInput:
        day_error = who.texts("klaerung.datum_form")
    keyword, keyword_error = _keyword(who, case, decision.keyword)
    errors = v.ClearingErrors(akte=case_error or "", schlagwort=keyword_error, eingang=day_error or "")
    if errors != v.ClearingErrors():
        return None, errors
    return FileInto(None, case, keyword, decision.document_type or None, day), errors


def _keyword(who: Visit, case_id: UUID | None, code: str) -> tuple[str | None, str]:
    """The keyword, if the chosen case's catalogue has it. A case that the person cannot see says nothing here."""
    if not code or case_id is None:
        return None, ""
    with who.ctx.database.read() as session:
        seen = covers_visible(who.actor, who.today)
        case_file = session.scalar(select(CaseFile).where(CaseFile.id == case_id, seen))
        if case_file is None:
            return None, ""
        known = session.scalar(
            select(Keyword.id).where(
                Keyword.agency_id == who.actor.agency_id,
                Keyword.file_plan_unit == case_file.file_plan_unit,
                Keyword.code == code,
            )
        )
    wrong = "Dieses Schlagwort gehört nicht zur Aktenart. Bitte wählen Sie eines aus der Liste."
    return (code, "") if known is not None else (None, wrong)


def _wrong(who: Visit, item_id: UUID, decision: Decision, errors: v.ClearingErrors) -> WrongInput:
    row = require_letter(who, item_id)
    if row.item.state not in ("open", "deferred"):
        raise Conflict("Das Schreiben wurde inzwischen bearbeitet.", "worked on meanwhile")
    kept = Decision(decision.case, decision.document_type, decision.keyword, decision.received, errors)
    return WrongInput("fall", clearing_page(who, row, decision=kept), "klaerung")


def _forward_form(who: Visit, item_id: UUID, to: str = "", note: str = "", error: str = "") -> v.FormPage:
    row = waiting(who, item_id)
    with who.ctx.database.read() as session:
        fields = forward_fields(session, who.actor, who.texts, to, note, error)
    base = f"/klaerung/{item_id}"
    return form_page(row, base, "weiterleiten", who.texts("klaerung.weiterleiten"), fields, who.texts)


def _dismiss_form(who: Visit, item_id: UUID, kind: str = "", reason: str = "", error: str = "") -> v.FormPage:
    row = waiting(who, item_id)
    heading = who.texts("klaerung.kein_vorgang")
    fields = dismiss_fields(who.texts, kind, reason, error)
    return form_page(row, f"/klaerung/{item_id}", "kein-vorgang", heading, fields, who.texts)


def waiting(who: Visit, item_id: UUID) -> Row:
    """A letter of clearing that nobody decided yet. Raises NotFound."""
    row = require_letter(who, item_id)
    if row.item.state not in ("open", "deferred"):
        raise NotFound
    return row
