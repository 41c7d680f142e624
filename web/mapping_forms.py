"""The short forms beside a letter: forward, follow up, other case, note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.access import worked_units
from archive.case_search import find_cases
from archive.models import CaseFile, FilePlanUnit
from core.actor import Actor, Role
from inbox.acts import DISMISSALS
from inbox.passing import assignable
from inbox.repository import Row
from organisation.models import OrgUnit, RoleAssignment, User
from web import views as v
from web.mapping_inbox import form
from web.mapping_lookup import case_details, case_names, with_site
from web.texts import Texts
from web.wording import date_words

WORKING_ROLES = ("caseworker", "team_lead")
MOST_HITS = 6
USUAL_FILE_TYPE = "LEIST"
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


def assign_fields(
    session: Session, actor: Actor, row: Row, today: date, texts: Texts, chosen: str = "", note: str = "",
    error: str = "",
) -> tuple[v.Field, ...]:  # fmt: skip
    """To whom of the team, and a remark."""
    people = assignable(session, actor, row.item, today)
    options = (
        v.Option("", "", not chosen),
        *(v.Option(one.username, one.display_name, one.username == chosen) for one in people),
    )
    return (
        v.Field("an", "select", texts("formular.an_wen"), error=error, options=options),
        v.Field("bemerkung", "textarea", texts("formular.bemerkung"), note, required=False),
    )


def give_back_fields(texts: Texts, reason: str = "", error: str = "") -> tuple[v.Field, ...]:
    """Why clearing gets it back."""
    return (v.Field("grund", "textarea", texts("formular.warum_zurueck"), reason, error=error),)


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


def dismiss_fields(texts: Texts, kind: str = "", reason: str = "", error: str = "") -> tuple[v.Field, ...]:
    """Why the letter belongs to no case. Without a kind chosen the error belongs to that question, else to the
    reason.
    """
    kinds = tuple(v.Option(one, texts(f"kein_vorgang.{one}"), one == kind) for one in DISMISSALS)
    ask, hint = texts("kein_vorgang.was"), texts("kein_vorgang.hinweis")
    chosen = kind in DISMISSALS
    return (
        v.Field("grundart", "radio", ask, error="" if chosen else error, options=kinds),
        v.Field("grund", "textarea", texts("formular.grund"), reason, hint, error if chosen else ""),
    )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What was typed about an applicant without a number, kept while something is wrong with it."""

    family_name: str = ""
    given_names: str = ""
    birth_date: str = ""
    file_type: str = ""
    unit_code: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


def newcomer_fields(session: Session, actor: Actor, texts: Texts, typed: Newcomer) -> tuple[v.Field, ...]:
    """Who it is, which kind of case, and the team that gets it: for all but clearing a team of their own."""
    plan = session.scalars(
        select(FilePlanUnit)
        .where(FilePlanUnit.agency_id == actor.agency_id, FilePlanUnit.kind == "file_type")
        .order_by(FilePlanUnit.title)
    )
    kinds = tuple(v.Option(one.code, one.title, one.code == (typed.file_type or USUAL_FILE_TYPE)) for one in plan)
    chosen = v.Option("", "", not typed.unit_code)
    teams = tuple(
        v.Option(one.code, with_site(session, one), one.code == typed.unit_code)
        for one in _teams(session, actor)
        if actor.has(Role.CLEARING) or one.id in worked_units(actor)
    )
    fault = typed.faults.get
    return (
        v.Field("name", "text", texts("formular.familienname"), typed.family_name, error=fault("name", "")),
        v.Field("vorname", "text", texts("formular.vorname"), typed.given_names, error=fault("vorname", "")),
        v.Field(
            "geburtsdatum", "date", texts("formular.geburtsdatum"), typed.birth_date, texts("formular.tag_form"),
            fault("geburtsdatum", ""), required=False,
        ),
        v.Field("aktenart", "select", texts("formular.aktenart"), error=fault("aktenart", ""), options=kinds),
        v.Field("einheit", "select", texts("formular.team"), error=fault("einheit", ""), options=(chosen, *teams)),
    )  # fmt: skip


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
    """The people who work in a Postkorb, unit by unit, then the teams; never the actor."""
    teams = [
        v.Option(f"team:{unit.code}", with_site(session, unit), f"team:{unit.code}" == chosen, "Teams")
        for unit in _teams(session, actor)
    ]
    people = _people(session, actor, WORKING_ROLES)
    options = [v.Option(f"user:{name}", shown, f"user:{name}" == chosen, unit) for name, shown, unit in people]
    return (v.Option("", "", not chosen), *options, *teams)


def admission_fields(
    session: Session, actor: Actor, texts: Texts, chosen: str = "", day: str = "", reason: str = "", error: str = ""
) -> tuple[v.Field, ...]:
    """Who is let into a case (auditors first, then colleagues), until when and why."""
    auditors = [(name, shown, texts("formular.pruefung")) for name, shown, _ in _people(session, actor, ("auditor",))]
    options = [
        v.Option(name, shown, name == chosen, group)
        for name, shown, group in (*auditors, *_people(session, actor, WORKING_ROLES))
    ]
    return (
        v.Field(
            "person",
            "select",
            texts("formular.fuer_wen"),
            error=error,
            options=(v.Option("", "", not chosen), *options),
        ),
        v.Field("tag", "date", texts("formular.bis_wann"), day, texts("formular.tag_form")),
        v.Field("grund", "textarea", texts("formular.grund"), reason),
    )


def _people(session: Session, actor: Actor, roles: Sequence[str]) -> list[tuple[str, str, str]]:
    """User name, name and unit of the active people with one of the roles, unit by unit; never the actor."""
    rows = session.execute(
        select(User.username, User.display_name, OrgUnit.title, OrgUnit.code)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(OrgUnit, OrgUnit.id == RoleAssignment.unit_id)
        .where(User.agency_id == actor.agency_id, User.active, User.id != actor.user_id)
        .where(RoleAssignment.role.in_(roles))
        .distinct()
        .order_by(OrgUnit.code, User.display_name)
    )
    return [(name, shown, unit) for name, shown, unit, _ in rows]


def _teams(session: Session, actor: Actor) -> Sequence[OrgUnit]:
    """The teams of the agency."""
    here = (OrgUnit.agency_id == actor.agency_id) & OrgUnit.active & (OrgUnit.kind == "team")
    return session.scalars(select(OrgUnit).where(here).order_by(OrgUnit.code)).all()
