"""Commands of the Postkorb and their short forms. Each command is one act of `inbox.acts` in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from archive import reading
from archive import service as records
from core.database import Transaction
from core.errors import InvalidInput, NotFound
from inbox import acts, passing, repository
from inbox.acts import FileInto, ItemRef
from inbox.models import UndoableAct
from inbox.repository import Row
from web import views as v
from web.commands import CSRF, Command, Posted, Short, Text, on_item, once, parse_day
from web.mapping_acts import toast_of
from web.mapping_boxes import OpenBox, box_of_item, boxes_of
from web.mapping_forms import (
    LONGEST_NOTE,
    case_fields,
    case_hits,
    follow_up_fields,
    form_page,
    forward_fields,
    note_fields,
)
from web.mapping_shell import room_counts
from web.pages import Page, PageRoute, Visit, WrongInput, answered, shell_of, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/postkorb/e/{item_id}/weiterleiten")
def get_forward(who: Page, item_id: UUID) -> Response:
    """To whom?"""
    return show_form(who, _forward_form(who, require_row(who, item_id)))


@router.get("/postkorb/e/{item_id}/wiedervorlage")
def get_follow_up(who: Page, item_id: UUID) -> Response:
    """When?"""
    fields = follow_up_fields(who.today, who.texts)
    return show_form(who, form_of(who, require_row(who, item_id), "wiedervorlage", fields))


@router.get("/postkorb/e/{item_id}/andere-akte")
def get_other_case(who: Page, item_id: UUID, akte_suche: str = "") -> Response:
    """Which case?"""
    return show_form(who, _case_form(who, require_row(who, item_id), akte_suche))


@router.get("/postkorb/e/{item_id}/notiz")
def get_note(who: Page, item_id: UUID) -> Response:
    """The text of a note."""
    return show_form(who, form_of(who, require_row(who, item_id), "notiz", note_fields(who.texts)))


@router.post("/postkorb/e/{item_id}/erledigt", dependencies=CSRF)
def post_done(who: Page, item_id: UUID, command: Command) -> Response:
    """Erledigt."""
    return once(who, command, lambda: act_on(who, command, item_id, lambda tx, ref: acts.finish(tx, who.actor, ref)))


@router.post("/postkorb/e/{item_id}/zuweisen", dependencies=CSRF)
def post_take(who: Page, item_id: UUID, command: Command) -> Response:
    """Mir zuweisen."""
    return once(who, command, lambda: act_on(who, command, item_id, lambda tx, ref: passing.take(tx, who.actor, ref)))


@router.post("/postkorb/e/{item_id}/weiterleiten", dependencies=CSRF)
def post_forward(who: Page, item_id: UUID, command: Command, an: Short = "", bemerkung: Text = "") -> Response:
    """Weiterleiten; a remark becomes a note on the document."""

    def act(tx: Transaction, ref: ItemRef) -> None:
        forward(tx, who, ref, an, bemerkung)

    def again(error: InvalidInput) -> v.FormPage:
        return _forward_form(who, require_row(who, item_id), an, bemerkung, error.de)

    return once(who, command, lambda: act_on(who, command, item_id, act, again))


@router.post("/postkorb/e/{item_id}/wiedervorlage", dependencies=CSRF)
def post_follow_up(who: Page, item_id: UUID, command: Command, tag: Short = "", bemerkung: Text = "") -> Response:
    """Wiedervorlage."""

    def act(tx: Transaction, ref: ItemRef) -> None:
        acts.defer(tx, who.actor, ref, parse_day(tag), check_length(bemerkung))

    def again(error: InvalidInput) -> v.FormPage:
        fields = follow_up_fields(who.today, who.texts, tag, bemerkung, error.de)
        return form_of(who, require_row(who, item_id), "wiedervorlage", fields)

    return once(who, command, lambda: act_on(who, command, item_id, act, again))


@router.post("/postkorb/e/{item_id}/andere-akte", dependencies=CSRF)
def post_other_case(
    who: Page, item_id: UUID, command: Command, akte: Short = "", akte_suche: Short = "", suchen: Short = ""
) -> Response:
    """Ablegen in einer anderen Akte; `suchen` only shows hits (without JavaScript)."""
    if suchen:
        return show_form(who, _case_form(who, require_row(who, item_id), akte_suche))

    def act(tx: Transaction, ref: ItemRef) -> None:
        acts.file_item(tx, who.actor, ref, FileInto(case_file_id=chosen_case(who, akte)))

    def again(error: InvalidInput) -> v.FormPage:
        return _case_form(who, require_row(who, item_id), akte_suche, error.de)

    return once(who, command, lambda: act_on(who, command, item_id, act, again))


@router.post("/postkorb/e/{item_id}/notiz", dependencies=CSRF)
def post_note(who: Page, item_id: UUID, command: Command, text: Text = "") -> Response:
    """A note on the letter. The item stays as it is, so that nobody else's work is refused."""
    row = require_row(who, item_id)

    def done() -> Response:
        try:
            with who.ctx.database.write() as tx:
                case_id = row.case_file.id if row.case_file else None
                records.add_note(tx, who.actor, check_length(text), document_id=row.document.id, case_file_id=case_id)
        except InvalidInput as error:
            fields = note_fields(who.texts, text, error.de)
            raise WrongInput("dialog-inhalt", form_of(who, row, "notiz", fields)) from None
        answer = v.Answer(v.Toast(who.texts("getan.notiz")), f"/postkorb/e/{item_id}?getan=notiz")
        return answered(who, answer, "postkorb")

    return once(who, command, done)


def require_row(who: Visit, item_id: UUID) -> Row:
    """The item with its document. Raises NotFound when it is not there or not the person's."""
    with who.ctx.database.read() as session:
        row = repository.visible_item(session, who.actor, item_id, who.today)
    if row is None:
        raise NotFound
    return row


def forward(tx: Transaction, who: Visit, ref: ItemRef, to: str, remark: str) -> None:
    """Forward an item to `user:NAME` or `team:CODE`; the remark is written while the person still sees the letter."""
    kind, _, name = to.partition(":")
    note_on(tx, who, ref, remark)
    to_user, to_unit = (name if kind == "user" else None), (name if kind == "team" else None)
    passing.forward(tx, who.actor, ref, to_user=to_user, to_unit=to_unit)


def note_on(tx: Transaction, who: Visit, ref: ItemRef, remark: str) -> None:
    """A remark as a note on the letter, if there is one and the letter is still as the person saw it."""
    row = repository.visible_item(tx.session, who.actor, ref.item_id, tx.today)
    if row is not None and remark.strip() and row.item.version == ref.version:
        records.add_note(tx, who.actor, check_length(remark), document_id=row.document.id)


def chosen_case(who: Visit, value: str) -> UUID:
    """The id of the chosen case. Raises InvalidInput when none was chosen."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidInput(who.texts("klaerung.erst_akte"), "no case chosen") from None


def check_length(text: str) -> str:
    """The text, if it is not too long. Raises InvalidInput."""
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(f"Der Text ist zu lang. Höchstens {LONGEST_NOTE} Zeichen.", "the text is too long")
    return text


def act_on(who: Visit, command: Posted, item_id: UUID, act: Any, again: Any = None) -> Response:
    """One act, then what the page needs: the toast, the counts, the row that leaves."""
    row = require_row(who, item_id)
    with who.ctx.database.read() as session:
        box = box_of_item(boxes_of(session, who.actor, who.texts), row.item, who.actor)
    try:
        done = on_item(who, command, item_id, box.href, act)
    except InvalidInput as error:
        if again is None:
            raise
        raise WrongInput("dialog-inhalt", again(error)) from None
    return answered(who, _answer(who, done, box, (str(item_id),)), "postkorb")


def _answer(who: Visit, done: UndoableAct | None, box: OpenBox, gone: tuple[str, ...]) -> v.Answer:
    with who.ctx.database.read() as session:
        counts = room_counts(session, who.actor, who.today)
        here = repository.count(session, who.actor, repository.in_box(who.actor, box.box), who.today)
        toast = toast_of(session, done, who.texts) if done is not None else v.Toast("")
    return v.Answer(
        toast,
        f"{box.href}?getan={done.id}" if done is not None else box.href,
        (*counts.items(), ("reiter", here)),
        gone=gone,
    )


def show_form(who: Visit, page: v.FormPage) -> Response:
    """A short form of the Postkorb."""
    return show(who, page, shell_of(who, "postkorb"))


def form_of(who: Visit, row: Row, name: str, fields: Sequence[v.Field]) -> v.FormPage:
    """The form behind the command `name` of a letter."""
    key = name.replace("-", "_") if row.document.filed or name != "andere-akte" else "ablegen"
    return form_page(row, f"/postkorb/e/{row.item.id}", name, who.texts(f"postkorb.{key}"), fields, who.texts)


def _forward_form(who: Visit, row: Row, to: str = "", note: str = "", error: str = "") -> v.FormPage:
    with who.ctx.database.read() as session:
        fields = forward_fields(session, who.actor, who.texts, to, note, error)
    return form_of(who, row, "weiterleiten", fields)


def _case_form(who: Visit, row: Row, query: str, error: str = "") -> v.FormPage:
    with who.ctx.database.read() as session:
        hits = case_hits(session, who.actor, query, who.today) if query.strip() else None
    reading.look_at_covers(who.ctx.database, who.actor, [UUID(hit.value) for hit in hits.hits] if hits else [])
    cases_href = f"/klaerung/{row.item.id}/akten"
    return form_of(who, row, "andere-akte", case_fields(who.texts, cases_href, query, hits, error))
