"""The auditor's pages: assigned cases, and the acts on them. Looks are a separate log and never shown here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive.access import visible_case_files
from archive.models import CaseFile, CaseGrant
from core.actor import Actor
from core.clock import AGENCY_ZONE
from core.models import AuditEvent
from organisation.models import ScanStation, User
from web import views as v
from web.mapping_inbox import instant_words
from web.mapping_lookup import case_names, unit_title
from web.mapping_records import STATES, case_href
from web.texts import Texts
from web.wording import date_words

MANDATE = "aktuell"
BASE = f"/pruefung/{MANDATE}"
PAGE_SIZE = 50
ACTS = {
    "document.filed": "Abgelegt",
    "document.filing_ended": "Ablage beendet",
    "document.date_corrected": "Datum berichtigt",
    "inbox.delivered": "Zugestellt",
    "inbox.done": "Erledigt",
    "inbox.take": "Zugewiesen",
    "inbox.forward": "Weitergeleitet",
    "inbox.assign": "Zugeteilt",
    "inbox.give_back": "Zurück an die Klärung",
    "inbox.deferred": "Wiedervorlage",
    "inbox.followed": "Der Zuständigkeit gefolgt",
    "inbox.rescued": "Der Leitung vorgelegt",
    "inbox.undone": "Zurückgenommen",
    "note.added": "Notiz",
    "case.opened": "Akte angelegt",
    "case.reassigned": "Zuständigkeit geändert",
    "case.closed": "Akte geschlossen",
    "case.reopened": "Akte wieder geöffnet",
    "case.merged": "Akten zusammengeführt",
    "case.granted": "Akte für eine Person freigegeben",
    "case.grant_ended": "Freigabe beendet",
    "case.opened_provisionally": "Vorläufige Akte angelegt",
    "person.added": "Person eingetragen",
    "case.exported": "Akte herausgegeben",
    "disposal.appraised": "Vom Archiv bewertet",
    "disposal.kept": "Nicht vernichtet",
    "disposal.refused": "Vernichtung abgelehnt",
    "case.destroyed": "Akte vernichtet",
    "document.destroyed": "Dokument vernichtet",
    "disposal.bytes_removed": "Dateien gelöscht",
    "hold.set": "Löschsperre gesetzt",
    "hold.review_moved": "Prüftermin der Löschsperre verschoben",
    "hold.released": "Löschsperre aufgehoben",
    "inbox.to_clearing": "In die Klärung gegeben",
    "item.assembled": "Gelesen und zugeordnet",
    "trigger.recorded": "Fristereignis erfasst",
    "access_log.asked": "Einsicht ins Zugriffsprotokoll beantragt",
    "access_log.approved": "Einsicht ins Zugriffsprotokoll freigegeben",
    "access_log.refused": "Einsicht ins Zugriffsprotokoll abgelehnt",
}


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What of the log is wanted: act, days inclusive, case number, position."""

    act: str = ""
    start: date | None = None
    end: date | None = None
    case_number: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Seal:
    """Whether the audit chain holds (None = not asked), in words."""

    ok: bool | None
    text: str


def assigned_cases(session: Session, actor: Actor, on: date) -> list[CaseFile]:
    """The cases that this person may audit today."""
    granted = select(CaseGrant.case_file_id).where(CaseGrant.user_id == actor.user_id, CaseGrant.reason == "audit")
    query = select(CaseFile).where(visible_case_files(actor, on), CaseFile.id.in_(granted))
    return list(session.scalars(query.order_by(CaseFile.file_number)))


def mandate_page(session: Session, actor: Actor, on: date, texts: Texts) -> v.MandatePage:
    """The assigned cases with the end of the assignment."""
    cases = assigned_cases(session, actor, on)
    names = case_names(session, cases)
    heading = texts("pruefung.auftrag")
    end = session.scalar(
        select(func.min(CaseGrant.valid_until)).where(
            CaseGrant.user_id == actor.user_id, CaseGrant.reason == "audit", CaseGrant.ended_at.is_(None),
            CaseGrant.valid_until >= on,
        )
    )  # fmt: skip
    facts: tuple[v.Facts, ...] = (v.Facts("Umfang", f"{len(cases)} Akten"),)
    if end is not None:
        facts = (v.Facts("Ende", f"{date_words(end)}, noch {(end - on).days} Tage"), *facts)
    return v.MandatePage(
        heading,
        heading,
        facts,
        _tabs(len(cases), False, texts),
        tuple(
            v.AuditCase(
                case_href(one), names[one.id], one.file_number, unit_title(session, one.org_unit_id),
                STATES.get(one.state, one.state),
            )
            for one in cases
        ),
        v.Empty(texts("pruefung.leer_titel"), texts("pruefung.leer_text")) if not cases else None,
    )  # fmt: skip


def log_page(
    session: Session,
    actor: Actor,
    on: date,
    wanted: LogQuery,
    shown: tuple[str, str],
    errors: tuple[str, ...],
    seal: Seal,
    texts: Texts,
) -> v.LogPage:
    """The acts on the assigned cases, newest first. `shown` are the two dates as typed."""
    cases = {one.id: one for one in assigned_cases(session, actor, on)}
    condition = _condition(cases, wanted)
    events = [] if errors else session.scalars(
        select(AuditEvent).where(*condition).order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(PAGE_SIZE + 1).offset(wanted.offset)
    ).all()  # fmt: skip
    total = 0 if errors else session.scalar(select(func.count()).select_from(AuditEvent).where(*condition)) or 0
    options = (v.Option("", texts("protokoll.alle"), not wanted.act),)
    acts = (*options, *(v.Option(code, words, code == wanted.act) for code, words in ACTS.items()))
    heading = texts("pruefung.protokoll")
    query = {"vorgang": wanted.act, "von": shown[0], "bis": shown[1], "akte": wanted.case_number}
    return v.LogPage(
        title=heading,
        heading=heading,
        tabs=_tabs(len(cases), True, texts),
        filter=v.LogFilter(f"{BASE}/protokoll", acts, shown[0], shown[1], wanted.case_number, errors),
        seal_ok=seal.ok,
        seal_text=seal.text,
        check_href=_href({**query, "kette": "pruefen"}, wanted.offset),
        rows=tuple(_row(session, event, cases) for event in events[:PAGE_SIZE]),
        total_text=texts.count("protokoll.summe", total),
        empty=v.Empty(texts("protokoll.leer_titel"), texts("protokoll.leer_text")) if not events else None,
        next_href=_href(query, wanted.offset + PAGE_SIZE) if len(events) > PAGE_SIZE else None,
        previous_href=_href(query, max(0, wanted.offset - PAGE_SIZE)) if wanted.offset else None,
    )


def _condition(cases: dict[UUID, CaseFile], wanted: LogQuery) -> list[ColumnElement[bool]]:
    number = wanted.case_number.strip().casefold()
    chosen = [one.id for one in cases.values() if number in one.file_number.casefold()]
    condition: list[ColumnElement[bool]] = [AuditEvent.category == "act", AuditEvent.case_file_id.in_(chosen)]
    if wanted.act:
        condition.append(AuditEvent.action == wanted.act)
    if wanted.start is not None:
        condition.append(AuditEvent.at >= midnight(wanted.start))
    if wanted.end is not None:
        condition.append(AuditEvent.at < midnight(wanted.end + timedelta(days=1)))
    return condition


def midnight(day: date) -> datetime:
    """The instant at which a day begins at the agency."""
    return datetime.combine(day, time(), AGENCY_ZONE)


def _row(session: Session, event: AuditEvent, cases: dict[UUID, CaseFile]) -> v.LogRow:
    case_file = cases.get(event.case_file_id) if event.case_file_id else None
    return v.LogRow(
        event.chain_no,
        instant_words(event.at),
        event.at.isoformat(),
        actor_words(session, event),
        ACTS.get(event.action, event.action),
        v.Link(case_href(case_file), case_file.file_number) if case_file is not None else None,
        f"{event.leaf_hash.hex()[:8]}…" if event.leaf_hash else "",
    )


def actor_words(session: Session, event: AuditEvent) -> str:
    """Who did it: a person, a scanning station, the system."""
    if event.actor_kind == "system" or event.actor_id is None:
        return "System"
    if event.actor_kind == "station":
        station = session.get(ScanStation, event.actor_id)
        return f"Scanstation {station.code}" if station else "Scanstation"
    user = session.get(User, event.actor_id)
    return user.display_name if user else ""


def _tabs(count: int, log: bool, texts: Texts) -> tuple[v.Tab, ...]:
    return (
        v.Tab(BASE, texts("raum.akten"), not log, count),
        v.Tab(f"{BASE}/protokoll", texts("pruefung.protokoll"), log),
    )


def _href(query: dict[str, str], offset: int) -> str:
    given = {**query, "ab": str(offset) if offset else ""}
    return f"{BASE}/protokoll?{urlencode({key: value for key, value in given.items() if value})}"
