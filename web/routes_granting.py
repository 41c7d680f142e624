"""A lead admits a person to a case for a time, and ends that. Who may not open the case does not find the forms."""

from __future__ import annotations

from fastapi import APIRouter, Response

from archive.granting import Admission, admit, end_admission, may_admit, standing
from archive.models import CaseFile
from core.errors import InvalidInput, NotFound
from web import views as v
from web.commands import CSRF, Command, Short, Text, once, parse_day
from web.mapping_forms import admission_fields
from web.mapping_records import case_href
from web.pages import Page, PageRoute, Visit, WrongInput, shell_of, show
from web.routes_inbox_acts import check_length
from web.routes_records import case_form, done_at, require_case

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/akte/{number}/freigeben")
def get_admit(who: Page, number: str) -> Response:
    """Who, until when, why?"""
    return show(who, _admit_form(who, require_case(who, number)), shell_of(who, "akten"))


@router.post("/akte/{number}/freigeben", dependencies=CSRF)
def post_admit(
    who: Page, number: str, command: Command, person: Short = "", tag: Short = "", grund: Text = ""
) -> Response:
    """The person may read the case (and work on it, if that is the role) until the day."""

    def done() -> Response:
        case_file = require_case(who, number)
        _admit_form(who, case_file)
        try:
            wanted = Admission(person, None, parse_day(tag), check_length(grund))
            with who.ctx.database.write() as tx:
                admit(tx, who.actor, [case_file.id], wanted)
        except InvalidInput as error:
            raise WrongInput("dialog-inhalt", _admit_form(who, case_file, person, tag, grund, error.de)) from None
        return done_at(who, case_href(case_file), "freigegeben")

    return once(who, command, done)


@router.get("/akte/{number}/freigabe-beenden")
def get_withdraw(who: Page, number: str) -> Response:
    """Whose?"""
    return show(who, _withdraw_form(who, require_case(who, number)), shell_of(who, "akten"))


@router.post("/akte/{number}/freigabe-beenden", dependencies=CSRF)
def post_withdraw(who: Page, number: str, command: Command, person: Short = "") -> Response:
    """The person sees the case no more, from now on."""

    def done() -> Response:
        case_file = require_case(who, number)
        with who.ctx.database.write() as tx:
            end_admission(tx, who.actor, case_file.id, person)
        return done_at(who, case_href(case_file), "freigabe_beendet")

    return once(who, command, done)


def _admit_form(
    who: Visit, case_file: CaseFile, person: str = "", day: str = "", reason: str = "", error: str = ""
) -> v.FormPage:
    with who.ctx.database.read() as session:
        if not may_admit(session, who.actor, case_file.id):
            raise NotFound
        fields = admission_fields(session, who.actor, who.texts, person, day, reason, error)
    return case_form(who, case_file, "freigeben", who.texts("akte.freigeben"), fields)


def _withdraw_form(who: Visit, case_file: CaseFile) -> v.FormPage:
    with who.ctx.database.read() as session:
        rows = standing(session, who.actor, who.today, case_file.id)
    if not rows:
        raise NotFound
    options = tuple(v.Option(row.user.username, row.user.display_name, False) for row in rows)
    field = v.Field("person", "select", who.texts("formular.fuer_wen"), options=options)
    return case_form(who, case_file, "freigabe-beenden", who.texts("akte.freigabe_beenden"), (field,))
