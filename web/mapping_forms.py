"""The short forms beside a letter: forward, follow up, other case, note."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.case_search import find_cases
from archive.models import CaseFile
from core.actor import Actor
from inbox.repository import Row
from organisation.models import OrgUnit, RoleAssignment, User
from web import views as v
from web.mapping_inbox import form
from web.mapping_lookup import case_details, case_names
from web.texts import Texts
from web.wording import date_words

WORKING_ROLES = ("caseworker", "team_lead")
MOST_HITS = 6
LONGEST_NOTE = 4_000
FOLLOW_UP_DAYS = 7


def form_page(
    row: Row, base: str, name: str, heading: str, fields: Sequence[v.Field], texts: Texts, submit: str = ""
) -> v.FormPage:
    """A short form about a letter; `base` is the letter's own address."""
    return v.FormPage(
        title=heading,
        heading=heading,
        intro=row.document.title,
        form=form(f"{base}/{name}", row.item.version),
        self_href=f"{base}/{name}",
        fields=tuple(fields),
        submit=submit or heading,
        back=v.Link(base, texts("formular.abbrechen")),
    )


def forward_fields(
    session: Session, actor: Actor, texts: Texts, chosen: str = "", note: str = "", error: str = ""
) -> tuple[v.Field, ...]:
    """To whom, and a remark."""
    options = recipients(session, actor, chosen)
    return (
        v.Field("an", "select", texts("formular.an_wen"), error=error, options=options),
        v.Field("bemerkung", "textarea", texts("formular.bemerkung"), note, required=False),
    )


def follow_up_fields(today: date, texts: Texts, day: str = "", note: str = "", error: str = "") -> tuple[v.Field, ...]:
    """When, and a remark."""
    shown = day or date_words(today + timedelta(days=FOLLOW_UP_DAYS))
    return (
        v.Field("tag", "date", texts("formular.tag"), shown, "Tag.Monat.Jahr", error),
        v.Field("bemerkung", "text", texts("formular.bemerkung"), note, required=False),
    )


def note_fields(texts: Texts, text: str = "", error: str = "") -> tuple[v.Field, ...]:
    """The text of a note."""
    return (v.Field("text", "textarea", texts("formular.notiz"), text, error=error),)


def reason_fields(texts: Texts, text: str = "", error: str = "") -> tuple[v.Field, ...]:
    """A reason."""
    return (v.Field("grund", "textarea", texts("formular.grund"), text, error=error),)


def case_fields(
    texts: Texts, cases_href: str, query: str = "", hits: v.CaseHits | None = None, error: str = ""
) -> tuple[v.Field, ...]:
    """Which case: a search whose hits are choices."""
    label = texts("formular.akte")
    return (v.Field("akte", "case", label, query, error=error, cases_href=cases_href, hits=hits),)


def case_hits(session: Session, actor: Actor, query: str, on: date) -> v.CaseHits:
    """At most six cases whose cover the person may see."""
    return v.CaseHits(query, hits_of(session, find_cases(session, actor, query, on, MOST_HITS)))


def hits_of(session: Session, cases: Sequence[CaseFile]) -> tuple[v.CaseHit, ...]:
    """Cases as choices."""
    names = case_names(session, cases)
    details = case_details(session, names)
    return tuple(
        v.CaseHit(str(one.id), names[one.id], one.file_number, details.get(one.id, ""), one.file_plan_unit)
        for one in cases
    )


def recipients(session: Session, actor: Actor, chosen: str = "") -> tuple[v.Option, ...]:
    """Teams, then the people who work in a Postkorb, unit by unit; never the actor."""
    units = session.scalars(
        select(OrgUnit).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.active).order_by(OrgUnit.code)
    ).all()
    teams = [
        v.Option(f"team:{unit.code}", unit.title, f"team:{unit.code}" == chosen, "Teams")
        for unit in units
        if unit.kind == "team"
    ]
    people = session.execute(
        select(User.username, User.display_name, OrgUnit.title)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(OrgUnit, OrgUnit.id == RoleAssignment.unit_id)
        .where(User.agency_id == actor.agency_id, User.active, User.id != actor.user_id)
        .where(RoleAssignment.role.in_(WORKING_ROLES))
        .distinct()
        .order_by(OrgUnit.code, User.display_name)
    )
    options = [v.Option(f"user:{name}", shown, f"user:{name}" == chosen, unit) for name, shown, unit in people]
    return (v.Option("", "", not chosen), *options, *teams)
