"""Case files and documents: read, note, close, reopen. What is not there and what is not yours look the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.content import send
from archive import reading, repository
from archive import service as records
from archive.models import CaseFile, Filing
from archive.reading import OpenedCase
from core.actor import Role
from core.errors import Conflict, InvalidInput, NotFound
from inbox.provisional import merge_into
from ingest.repository import transfer_note
from web import views as v
from web.commands import CSRF, Command, Posted, Text, once
from web.mapping_acts import PLAIN, toast_for
from web.mapping_forms import note_fields, reason_fields
from web.mapping_inbox import form
from web.mapping_records import Selection, case_href, case_page, document_page, document_preview, selected
from web.mapping_sheet import page_view
from web.pages import Page, PageRoute, Visit, WrongInput, answered, shell_of, show
from web.routes_inbox_acts import check_length
from web.sheets import texts_of, wants_text
from web.wording import path_number

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=200)]
Ordinal = Annotated[int, Path(ge=1, le=1_000_000_000)]
PAGE_SIZE = 200
WHOLE_CASE = 5_000  # a selection looks at the whole case, not only at the newest documents (CONCEPT §5: 5,000)


@router.get("/akte/{number}")
def get_case(
    who: Page,
    number: str,
    text: Word = "",
    zeitraum: Word = "",
    sortierung: Word = "",
    schlagwort: Word = "",
    dokument: Word = "",
    ab: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None,
    seite: int = 1,
    ansicht: str = "",
    getan: str = "",
) -> Response:
    """The case with its documents, newest first, and one of them beside the list."""
    wanted = {"text": text, "zeitraum": zeitraum, "sortierung": sortierung, "schlagwort": schlagwort}
    limit = WHOLE_CASE if any(value not in ("", "neu") for value in wanted.values()) else PAGE_SIZE
    opened = reading.open_case(who.ctx.database, who.actor, number, limit, ab)
    if number != path_number(opened.case_file.file_number):
        return RedirectResponse(case_href(opened.case_file), 303)
    filing = _shown(opened, wanted, dokument, who)
    wanted["dokument"] = str(filing.ordinal) if filing is not None else ""
    preview = _preview(who, opened.case_file, filing, seite, ansicht) if filing is not None else None
    more = opened.filings[-1][0].ordinal if len(opened.filings) == limit else None
    with who.ctx.database.read() as session:
        page = case_page(session, who.actor, opened, wanted, who.today, who.texts, more)
        toast = toast_for(session, who.actor, getan, who.ctx.database.clock.now(), who.texts)
    return show(who, replace(page, preview=preview), shell_of(who, "akten", toast))


@router.get("/akte/{number}/notiz")
def get_case_note(who: Page, number: str) -> Response:
    """The text of a note on the case."""
    case_file = require_case(who, number)
    return show(who, case_form(who, case_file, "notiz", "Notiz", note_fields(who.texts)), shell_of(who, "akten"))


@router.get("/akte/{number}/wieder-oeffnen")
def get_reopen(who: Page, number: str) -> Response:
    """Why is the case opened again?"""
    case_file = require_case(who, number)
    heading = who.texts("akte.wieder_oeffnen")
    page = case_form(who, case_file, "wieder-oeffnen", heading, reason_fields(who.texts))
    return show(who, page, shell_of(who, "akten"))


@router.get("/akte/{number}/dokument/{n}")
def get_document(who: Page, number: str, n: Ordinal, seite: int = 1, ansicht: str = "", getan: str = "") -> Response:
    """One document with its facts, versions, notes and transfer note."""
    case_file, filing = require_filing(who, number, n)
    if number != path_number(case_file.file_number):
        return RedirectResponse(f"{case_href(case_file)}/dokument/{n}", 303)
    opened = reading.open_document(who.ctx.database, who.actor, filing.document_id)
    text = texts_of(who, opened) if wants_text(who, ansicht) else None
    href = f"{case_href(case_file)}/dokument/{n}"
    start = seite if seite != 1 else filing.page_from
    sheet = page_view(opened, start, href, who.texts, text=text, thumbs=True)
    with who.ctx.database.read() as session:
        note = transfer_note(session, filing.document_id)
        content = note.note if note is not None and opened.whole else None
        page = document_page(session, who.actor, case_file, filing, opened, sheet, content, who.texts)
        toast = toast_for(session, who.actor, getan, who.ctx.database.clock.now(), who.texts)
    return show(who, page, shell_of(who, "akten", toast))


@router.get("/akte/{number}/dokument/{n}/pdf")
def get_pdf(request: Request, who: Page, number: str, n: Ordinal) -> Response:
    """The readable version, for whoever may read every page."""
    _, filing = require_filing(who, number, n)
    ctx = who.ctx
    return send(
        request, reading.open_content(ctx.database, ctx.blobs, who.actor, filing.document_id, reading.RENDITION)
    )


@router.get("/akte/{number}/dokument/{n}/original")
def get_original(request: Request, who: Page, number: str, n: Ordinal) -> Response:
    """The scan as it was made, as a download."""
    _, filing = require_filing(who, number, n)
    ctx = who.ctx
    content = reading.open_content(ctx.database, ctx.blobs, who.actor, filing.document_id, reading.MASTER)
    return send(request, content)


@router.get("/akte/{number}/dokument/{n}/notiz")
def get_document_note(who: Page, number: str, n: Ordinal) -> Response:
    """The text of a note on the document."""
    case_file, _ = require_filing(who, number, n)
    page = case_form(who, case_file, f"dokument/{n}/notiz", who.texts("postkorb.notiz"), note_fields(who.texts))
    return show(who, page, shell_of(who, "akten"))


@router.post("/akte/{number}/schliessen", dependencies=CSRF)
def post_close(who: Page, number: str, command: Command) -> Response:
    """Zu den Akten."""

    def done() -> Response:
        case_file = current_case(who, number, command)
        with who.ctx.database.write() as tx:
            same_version(tx.session.get_one(CaseFile, case_file.id), command)
            records.close_case(tx, who.actor, case_file.id)
        return done_at(who, case_href(case_file), "geschlossen")

    return once(who, command, done)


@router.post("/akte/{number}/wieder-oeffnen", dependencies=CSRF)
def post_reopen(who: Page, number: str, command: Command, grund: Text = "") -> Response:
    """Wieder öffnen, with a reason."""

    def done() -> Response:
        case_file = current_case(who, number, command)
        try:
            with who.ctx.database.write() as tx:
                same_version(tx.session.get_one(CaseFile, case_file.id), command)
                records.reopen_case(tx, who.actor, case_file.id, check_length(grund))
        except InvalidInput as error:
            fields = reason_fields(who.texts, grund, error.de)
            heading = who.texts("akte.wieder_oeffnen")
            raise WrongInput("dialog-inhalt", case_form(who, case_file, "wieder-oeffnen", heading, fields)) from None
        return done_at(who, case_href(case_file), "geoeffnet")

    return once(who, command, done)


@router.get("/akte/{number}/zusammenfuehren")
def get_merge(who: Page, number: str) -> Response:
    """Under which number does the applicant's case go on?"""
    return show(who, _merge_form(who, require_case(who, number)), shell_of(who, "akten"))


@router.post("/akte/{number}/zusammenfuehren", dependencies=CSRF)
def post_merge(who: Page, number: str, command: Command, nummer: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Everything of the provisional case moves to the case with the number; the old number still leads there."""

    def done() -> Response:
        case_file = current_case(who, number, command)
        if not who.actor.has(Role.CASEWORKER, Role.TEAM_LEAD):
            raise NotFound
        try:
            with who.ctx.database.write() as tx:
                target = merge_into(tx, who.actor, case_file.id, nummer)
        except InvalidInput as error:
            raise WrongInput("dialog-inhalt", _merge_form(who, case_file, nummer, error.de)) from None
        return done_at(who, case_href(target), "zusammengefuehrt")

    return once(who, command, done)


@router.post("/akte/{number}/notiz", dependencies=CSRF)
def post_case_note(who: Page, number: str, command: Command, text: Text = "") -> Response:
    """A note on the case."""

    def done() -> Response:
        case_file = require_case(who, number)
        try:
            with who.ctx.database.write() as tx:
                records.add_note(tx, who.actor, check_length(text), case_file_id=case_file.id)
        except InvalidInput as error:
            fields = note_fields(who.texts, text, error.de)
            raise WrongInput("dialog-inhalt", case_form(who, case_file, "notiz", "Notiz", fields)) from None
        return done_at(who, case_href(case_file), "notiz")

    return once(who, command, done)


@router.post("/akte/{number}/dokument/{n}/notiz", dependencies=CSRF)
def post_document_note(who: Page, number: str, n: Ordinal, command: Command, text: Text = "") -> Response:
    """A note on the document."""

    def done() -> Response:
        case_file, filing = require_filing(who, number, n)
        try:
            with who.ctx.database.write() as tx:
                note = check_length(text)
                records.add_note(tx, who.actor, note, document_id=filing.document_id, case_file_id=case_file.id)
        except InvalidInput as error:
            fields = note_fields(who.texts, text, error.de)
            page = case_form(who, case_file, f"dokument/{n}/notiz", who.texts("postkorb.notiz"), fields)
            raise WrongInput("dialog-inhalt", page) from None
        return done_at(who, f"{case_href(case_file)}/dokument/{n}", "notiz")

    return once(who, command, done)


def require_case(who: Visit, number: str) -> CaseFile:
    """The case by its number in any spelling. Raises NotFound."""
    with who.ctx.database.read() as session:
        return reading.require_case_named(session, who.actor, number, who.today)


def require_filing(who: Visit, number: str, n: int) -> tuple[CaseFile, Filing]:
    """The case and its document with the running number `n`. Raises NotFound."""
    case_file = require_case(who, number)
    with who.ctx.database.read() as session:
        filing = repository.filing_by_ordinal(session, case_file.id, n)
    if filing is None:
        raise NotFound
    return case_file, filing


def _shown(opened: OpenedCase, wanted: Selection, ordinal: str, who: Visit) -> Filing | None:
    if ordinal.isdecimal():
        return require_filing(who, opened.case_file.file_number, int(ordinal[:9]))[1]
    first = next(selected(opened.filings, wanted, who.today), None)
    return first[0] if first is not None else None


def _preview(who: Visit, case_file: CaseFile, filing: Filing, number: int, view: str) -> v.DocumentPreview:
    opened = reading.open_document(who.ctx.database, who.actor, filing.document_id)
    text = texts_of(who, opened) if wants_text(who, view) else None
    href = case_href(case_file)
    self_href = f"{href}?dokument={filing.ordinal}"
    start = number if number != 1 else filing.page_from
    sheet = page_view(opened, start, self_href, who.texts, text=text)
    with who.ctx.database.read() as session:
        return document_preview(session, opened, filing, href, self_href, sheet, who.texts)


def case_form(who: Visit, case_file: CaseFile, name: str, heading: str, fields: tuple[v.Field, ...]) -> v.FormPage:
    """A short form about a case; `name` is its address below the case's own."""
    href = case_href(case_file)
    back = f"{href}/{name.rpartition('/')[0]}".rstrip("/")
    return v.FormPage(
        title=heading,
        heading=heading,
        intro=who.texts("akte.akte", nummer=case_file.file_number),
        form=form(f"{href}/{name}", case_file.version),
        self_href=f"{href}/{name}",
        fields=fields,
        submit=heading,
        back=v.Link(back, who.texts("formular.abbrechen")),
    )


def _merge_form(who: Visit, case_file: CaseFile, number: str = "", error: str = "") -> v.FormPage:
    if not case_file.provisional or case_file.merged_into_id is not None:
        raise NotFound
    field = v.Field("nummer", "text", who.texts("formular.nummer"), number, error=error)
    return case_form(who, case_file, "zusammenfuehren", who.texts("akte.zusammenfuehren"), (field,))


def current_case(who: Visit, number: str, command: Posted) -> CaseFile:
    """The case as the command saw it. Raises NotFound, Conflict when it changed meanwhile."""
    case_file = require_case(who, number)
    same_version(case_file, command)
    return case_file


def same_version(case_file: CaseFile, command: Posted) -> None:
    """Raises Conflict when the case is not the one that the form showed."""
    if case_file.version != command.version:
        raise Conflict("Die Akte wurde inzwischen geändert.", "the case file changed meanwhile", code="stale")


def done_at(who: Visit, href: str, what: str) -> Response:
    """The answer to a command: the page goes there and says what was done."""
    return answered(who, v.Answer(v.Toast(who.texts(PLAIN[what])), f"{href}?getan={what}"), "akten")
