"""The pages of the access log: requests to decide and to read, the two forms, the log of one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from archive.accesslog import repository, rules, service
from archive.accesslog.models import LogRequest
from archive.accesslog.repository import Selection
from archive.accesslog.service import LogEntry, OpenedLog
from archive.models import CaseFile
from core.actor import Actor, Role
from web import views as v
from web.mapping_auditing import ACTS, actor_words, midnight
from web.mapping_inbox import form, instant_words
from web.mapping_lookup import user_name
from web.texts import Texts
from web.views.common import BadgeKind
from web.wording import date_words

BASE = "/zugriffe"
ASK = f"{BASE}/neu"
PAGE_SIZE = 50
FIRST_VERSION = 1
KINDS = {"look": "zugriffe.look", "act": "zugriffe.act"}
APPROVE, REFUSE = "ja", "nein"
LOOKS = {
    "look.document": "Dokument geöffnet",
    "look.text": "Text gelesen",
    "look.page": "Seite angesehen",
    "look.content": "Datei geöffnet",
    "look.case": "Akte geöffnet",
    "look.cover": "Angaben zur Akte gesehen",
    "look.snippet": "Textausschnitt in der Suche gesehen",
    "look.access_log": "Zugriffsprotokoll gelesen",
}
_BADGES: Mapping[str, BadgeKind] = {"asked": "warning", "approved": "success", "refused": "danger"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The selection as it was typed, and what is wrong with it."""

    kind: str = ""
    start: str = ""
    end: str = ""
    offset: int = 0
    errors: tuple[str, ...] = ()


def selection(asked: Asked, start: date | None, end: date | None) -> Selection:
    """What the log is asked for; days are inclusive."""
    return Selection(
        asked.kind if asked.kind in KINDS else "",
        midnight(start) if start else None,
        midnight(end + timedelta(days=1)) if end else None,
        asked.offset,
        0 if asked.errors else PAGE_SIZE,
    )


def request_page(session: Session, actor: Actor, on: date, offset: int, texts: Texts) -> v.LogRequestPage:
    """What this person may decide, then what the person asked for or decided."""
    waiting = service.to_decide(session, actor)
    mine = repository.requests_of(session, actor.user_id, PAGE_SIZE + 1, offset) if actor.user_id else []
    empty = v.Empty(texts("zugriffe.leer_titel"), texts("zugriffe.leer_text"))
    heading = texts("raum.zugriffe")
    more = (texts("zugriffe.zweite"),) if actor.has(Role.RECORDS_MANAGER) else ()
    return v.LogRequestPage(
        title=heading,
        heading=heading,
        intro=" ".join((texts("zugriffe.erklaerung", tage=rules.READ_DAYS), *more)),
        ask_href=ASK if rules.may_ask(actor) else None,
        waiting=tuple(_row(session, actor, one, case, on, texts) for one, case in waiting),
        rows=tuple(_row(session, actor, one, case, on, texts) for one, case in mine[:PAGE_SIZE]),
        empty=None if waiting or mine else empty,
        previous_href=f"{BASE}?ab={max(0, offset - PAGE_SIZE)}" if offset else None,
        next_href=f"{BASE}?ab={offset + PAGE_SIZE}" if len(mine) > PAGE_SIZE else None,
    )


def ask_form(texts: Texts, number: str = "", reason: str = "", field: str = "", error: str = "") -> v.FormPage:
    """Which case, and why. `field` is the one that `error` belongs to."""
    heading = texts("zugriffe.beantragen")
    wrong_number = error if field == "nummer" else ""
    return v.FormPage(
        title=heading,
        heading=heading,
        intro=texts("zugriffe.erklaerung", tage=rules.READ_DAYS),
        form=form(ASK, FIRST_VERSION),
        self_href=ASK,
        fields=(
            v.Field("nummer", "text", texts("zugriffe.nummer"), number, texts("zugriffe.nummer_hinweis"), wrong_number),
            v.Field("grund", "textarea", texts("formular.grund"), reason, error="" if wrong_number else error),
        ),
        submit=heading,
        back=v.Link(BASE, texts("formular.abbrechen")),
    )


def decide_form(
    session: Session, request: LogRequest, case_file: CaseFile, texts: Texts, answer: str = "", reason: str = "",
    error: str = "",
) -> v.FormPage:  # fmt: skip
    """Approve or refuse, and why. Without a choice the error belongs to the question, else to the reason."""
    heading, href = texts("zugriffe.entscheiden"), f"{BASE}/{request.id}/entscheiden"
    words = {APPROVE: texts("zugriffe.ja", tage=rules.READ_DAYS), REFUSE: texts("zugriffe.nein")}
    chosen, hint = answer in words, texts("zugriffe.entscheiden_hinweis")
    options = tuple(v.Option(value, text, value == answer) for value, text in words.items())
    who = user_name(session, request.requested_by)
    return v.FormPage(
        title=heading,
        heading=heading,
        intro=texts("zugriffe.antrag", wer=who, nummer=case_file.file_number, grund=request.reason),
        form=form(href, request.version),
        self_href=href,
        fields=(
            v.Field("antwort", "radio", texts("zugriffe.frage"), error="" if chosen else error, options=options),
            v.Field("grund", "textarea", texts("formular.grund"), reason, hint, error if chosen else ""),
        ),
        submit=heading,
        back=v.Link(BASE, texts("formular.abbrechen")),
    )


def log_page(session: Session, opened: OpenedLog, asked: Asked, on: date, texts: Texts) -> v.AccessLogPage:
    """The log of one case, newest first."""
    heading = texts("zugriffe.protokoll", nummer=opened.case_file.file_number)
    href = f"{BASE}/{opened.request.id}"
    kinds = (("", texts("zugriffe.alles")), *((kind, texts(words)) for kind, words in KINDS.items()))
    return v.AccessLogPage(
        title=heading,
        heading=heading,
        back=v.Link(BASE, texts("zugriffe.zurueck")),
        facts=_facts(session, opened.request, on, texts),
        filter=v.AccessLogFilter(
            href, tuple(v.Option(kind, words, kind == asked.kind) for kind, words in kinds), asked.start, asked.end,
            asked.errors,
        ),
        rows=tuple(_log_row(session, entry, texts) for entry in opened.entries),
        total_text=texts.count("zugriffe.summe", opened.total),
        empty=None if opened.entries else v.Empty(texts("zugriffe.nichts_titel"), texts("zugriffe.nichts_text")),
        next_href=_href(href, asked, asked.offset + PAGE_SIZE) if opened.total > asked.offset + PAGE_SIZE else None,
        previous_href=_href(href, asked, max(0, asked.offset - PAGE_SIZE)) if asked.offset else None,
    )  # fmt: skip


def _row(
    session: Session, actor: Actor, request: LogRequest, case_file: CaseFile, on: date, texts: Texts
) -> v.LogRequestRow:
    readable = rules.may_read(actor, service.standing(request), on)
    decidable = request.state == rules.ASKED and rules.may_decide(actor, service.standing(request))
    return v.LogRequestRow(
        request_id=str(request.id),
        title=texts("zugriffe.akte", nummer=case_file.file_number),
        state=_badge(request, on, texts),
        asked=texts(
            "zugriffe.beantragt", wer=user_name(session, request.requested_by), zeit=instant_words(request.requested_at)
        ),
        reason=request.reason,
        decided=_decided(session, request, texts),
        decision_reason=request.decision_reason or "",
        decide_href=f"{BASE}/{request.id}/entscheiden" if decidable else None,
        log_href=f"{BASE}/{request.id}" if readable else None,
    )


def _badge(request: LogRequest, on: date, texts: Texts) -> v.Badge:
    if request.readable_until is None:
        return v.Badge(_BADGES[request.state], texts(f"zugriffe.stand.{request.state}"))
    if request.readable_until < on:
        return v.Badge("info", texts("zugriffe.abgelaufen"))
    return v.Badge(_BADGES[request.state], texts("zugriffe.lesbar_bis", tag=date_words(request.readable_until)))


def _decided(session: Session, request: LogRequest, texts: Texts) -> str:
    if request.decided_at is None:
        return ""
    who, when = user_name(session, request.decided_by), instant_words(request.decided_at)
    return texts("zugriffe.entschieden", stand=texts(f"zugriffe.stand.{request.state}"), wer=who, zeit=when)


def _facts(session: Session, request: LogRequest, on: date, texts: Texts) -> tuple[v.Facts, ...]:
    until = request.readable_until or on
    end = texts("zugriffe.ende_am", tag=date_words(until), tage=texts.number((until - on).days))
    second = f"{user_name(session, request.decided_by)}: {request.decision_reason or ''}"
    return (
        v.Facts(texts("zugriffe.grund"), request.reason),
        v.Facts(texts("zugriffe.freigegeben"), second),
        v.Facts(texts("zugriffe.ende"), end),
    )


def _log_row(session: Session, entry: LogEntry, texts: Texts) -> v.AccessLogRow:
    event = entry.event
    notes = (
        texts("zugriffe.dokument_nr", n=entry.ordinal) if entry.ordinal is not None else "",
        texts("zugriffe.andere_akte") if entry.elsewhere else "",
        texts("zugriffe.vorab") if event.details.get("prefetched") else "",
    )
    return v.AccessLogRow(
        event.chain_no,
        instant_words(event.at),
        event.at.isoformat(),
        actor_words(session, event),
        LOOKS.get(event.action) or ACTS.get(event.action, event.action),
        ", ".join(note for note in notes if note),
    )


def _href(base: str, asked: Asked, offset: int) -> str:
    given = {"art": asked.kind, "von": asked.start, "bis": asked.end, "ab": str(offset) if offset else ""}
    return f"{base}?{urlencode({key: value for key, value in given.items() if value})}"
