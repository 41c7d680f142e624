"""From an opened case or document to its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from archive import repository as archive
from archive.granting import may_admit, standing
from archive.models import CaseFile, Document, Filing
from archive.reading import OpenedCase, OpenedDocument
from core.actor import Actor, Role
from web import views as v
from web.mapping_inbox import form, instant_words, notes
from web.mapping_lookup import case_names, sender_title, unit_title, user_name
from web.texts import Texts
from web.wording import date_words, path_number, period_title, sheet_range

PERIODS: Mapping[str, tuple[str, int | None]] = {
    "": ("alle", None),
    "4w": ("letzte 4 Wochen", 28),
    "12m": ("letzte 12 Monate", 365),
}
ORDERS = {"neu": "Neueste zuerst", "blatt": "Nach Blatt"}
STATES = {"open": "laufend", "closed": "zu den Akten", "transferred": "abgegeben"}
SOURCES = {
    "told": "angegeben von der Poststelle",
    "today": "Tag der Annahme",
    "stamp": "Stempel der Poststelle",
    "person": "von Hand berichtigt",
}

Selection = Mapping[str, str]


def case_href(case_file: CaseFile) -> str:
    """Address of a case."""
    return f"/akte/{path_number(case_file.file_number)}"


def case_page(
    session: Session,
    actor: Actor,
    opened: OpenedCase,
    wanted: Selection,
    today: date,
    texts: Texts,
    more: int | None,
) -> v.CasePage:
    """The cover, the register and the list, without the preview. `more` = ordinal to go on from."""
    case_file = opened.case_file
    href, name = case_href(case_file), case_names(session, [case_file])[case_file.id]
    titles = keyword_titles(session, case_file)
    rows = list(selected(opened.filings, wanted, today))
    works = actor.has(Role.CASEWORKER, Role.TEAM_LEAD)
    return v.CasePage(
        title=f"{name} – {case_file.file_number}" if name != case_file.file_number else name,
        name=name,
        number=case_file.file_number,
        crumbs=(),
        facts=case_facts(session, opened, texts),
        tabs=(v.Tab(href, texts("akte.dokumente"), True, opened.total),),
        register=_register(session, case_file, opened.total, titles, wanted, texts),
        list_title=texts("akte.neueste_zuerst") if wanted.get("sortierung") != "blatt" else texts("akte.dokumente"),
        groups=_groups(rows, href, titles, archive.first_sheets(session, case_file.id), wanted, today, texts),
        filter_action=href,
        filter_text=wanted.get("text", ""),
        periods=tuple(v.Option(k, words, k == wanted.get("zeitraum", "")) for k, (words, _) in PERIODS.items()),
        orders=tuple(v.Option(k, words, k == (wanted.get("sortierung") or "neu")) for k, words in ORDERS.items()),
        empty=v.Empty(texts("akte.leer_titel"), texts("akte.leer_text")) if not rows else None,
        note_href=f"{href}/notiz" if works else None,
        close=form(f"{href}/schliessen", case_file.version) if works and case_file.state == "open" else None,
        reopen_href=f"{href}/wieder-oeffnen" if actor.has(Role.TEAM_LEAD) and case_file.state == "closed" else None,
        merge_href=f"{href}/zusammenfuehren" if works and case_file.provisional and case_file.state == "open" else None,
        admit_href=f"{href}/freigeben" if may_admit(session, actor, case_file.id) else None,
        withdraw_href=f"{href}/freigabe-beenden" if standing(session, actor, today, case_file.id) else None,
        more_href=_href(href, {**wanted, "ab": str(more)}) if more else None,
    )


def selected(
    filings: Sequence[tuple[Filing, Document]], wanted: Selection, today: date
) -> Iterator[tuple[Filing, Document]]:
    """The filings that a selection leaves, in its order. Pure."""
    days = PERIODS.get(wanted.get("zeitraum", ""), ("", None))[1]
    text = wanted.get("text", "").strip().casefold()
    keyword = wanted.get("schlagwort", "")
    rows = sorted(filings, key=lambda one: one[0].ordinal, reverse=wanted.get("sortierung") != "blatt")
    for filing, document in rows:
        old = days is not None and document.received_on < today - timedelta(days=days)
        if not old and text in document.title.casefold() and keyword in ("", filing.keyword):
            yield filing, document


def case_facts(session: Session, opened: OpenedCase, texts: Texts) -> tuple[v.Facts, ...]:
    """The lines of the cover."""
    case_file = opened.case_file
    unit = unit_title(session, case_file.org_unit_id)
    person = user_name(session, case_file.responsible_user_id)
    state = STATES.get(case_file.state, case_file.state)
    closed = f" seit {date_words(case_file.closed_on)}" if case_file.closed_on else ""
    people = [
        f"{one.name.given_names} {one.name.family_name}"
        + (f" ({date_words(one.person.birth_date)})" if one.person.birth_date else "")
        for one in opened.members
        if one.name is not None and one.membership.valid_until is None
    ]
    facts = [
        v.Facts(texts("akte.zustaendig"), f"{person}, {unit}" if person else f"Team {unit}"),
        v.Facts(texts("akte.stand"), f"{state}{closed}"),
        v.Facts(texts("akte.personen"), f"{len(people)} – {', '.join(people)}" if people else "0"),
    ]
    facts += [v.Facts(texts("postkorb.notiz"), f"{one.author}, {one.written}: {one.text}")
              for one in notes(session, opened.notes)]  # fmt: skip
    return tuple(facts)


def keyword_titles(session: Session, case_file: CaseFile) -> dict[str, str]:
    """The keyword catalogue of a case's file type."""
    return {one.code: one.title for one in archive.keywords(session, case_file.agency_id, case_file.file_plan_unit)}


def document_preview(
    session: Session, opened: OpenedDocument, filing: Filing, href: str, self_href: str, page: v.PageView, texts: Texts
) -> v.DocumentPreview:
    """The document beside the list."""
    document, own = opened.document, f"{href}/dokument/{filing.ordinal}"
    sheets = f"{texts('akte.blatt')} {_sheets(filing, archive.first_sheets(session, filing.case_file_id))}"
    parts = (sender_title(document.sender), f"Eingang {date_words(document.received_on)}", sheets)
    return v.DocumentPreview(
        self_href=self_href,
        title=document.title,
        meta=" · ".join(part for part in parts if part),
        open_href=own,
        page=page,
        origin=_origin(document),
        download_href=f"{own}/pdf" if opened.whole else None,
    )


def document_page(
    session: Session,
    actor: Actor,
    case_file: CaseFile,
    filing: Filing,
    opened: OpenedDocument,
    page: v.PageView,
    note: Mapping[str, Any] | None,
    texts: Texts,
) -> v.DocumentPage:
    """Read, compare, cite."""
    document, href = opened.document, case_href(case_file)
    own = f"{href}/dokument/{filing.ordinal}"
    works = actor.has(Role.CASEWORKER, Role.TEAM_LEAD)
    original = f"{own}/original" if opened.whole else None
    return v.DocumentPage(
        title=document.title,
        heading=document.title,
        sheets=f"{texts('akte.blatt')} {_sheets(filing, archive.first_sheets(session, case_file.id))}",
        crumbs=(v.Link(href, texts("akte.akte", nummer=case_file.file_number)),),
        page=page,
        facts=_document_facts(session, case_file, filing, document, texts),
        versions=_versions(opened, original),
        notes=notes(session, opened.notes),
        transfer=transfer_lines(note) if note else (),
        download_pdf_href=f"{own}/pdf" if opened.whole else None,
        download_original_href=original,
        note_href=f"{own}/notiz" if works else None,
    )


def transfer_lines(note: Mapping[str, Any]) -> tuple[v.TransferLine, ...]:
    """The lines of a transfer note; parts that are not there are left out. Pure."""
    creator, times = note.get("creator") or {}, note.get("times") or {}
    products, procedure = note.get("products") or {}, (note.get("environment") or {}).get("procedure") or {}
    received, accepted = str(times.get("received_on") or ""), str(times.get("accepted_at") or "")
    lines = (
        ("Erfasst von", ", ".join(str(one) for one in (creator.get("operator"), creator.get("station")) if one)),
        ("Eingang", date_words(date.fromisoformat(received)) if received else ""),
        ("Angenommen", instant_words(datetime.fromisoformat(accepted)) if accepted else ""),
        ("Verfahren", " ".join(str(procedure[key]) for key in ("name", "variant", "version") if procedure.get(key))),
        ("Seiten", str(len(note.get("pages") or ()))),
        ("Prüfsumme des Scans", str(products.get("scan_master") or "")),
        ("Auffälligkeiten", ", ".join(str(one) for one in note.get("anomalies") or ())),
        ("Erklärung", str(note.get("statement") or "")),
    )
    return tuple(v.TransferLine(term, text) for term, text in lines if text)


def _document_facts(
    session: Session, case_file: CaseFile, filing: Filing, document: Document, texts: Texts
) -> tuple[v.Facts, ...]:
    source = SOURCES.get(document.received_on_source, "")
    received = date_words(document.received_on) + (f", {source}" if source else "")
    keyword = keyword_titles(session, case_file).get(filing.keyword or "", "")
    lines = (
        ("Absender", sender_title(document.sender)),
        (texts("postkorb.eingang"), received),
        ("Datum des Schreibens", date_words(document.document_date) if document.document_date else ""),
        (texts("klaerung.schlagwort"), keyword),
        ("Abgelegt am", date_words(document.filed_at.date()) if document.filed_at else ""),
    )
    return tuple(v.Facts(term, text) for term, text in lines if text)


def _versions(opened: OpenedDocument, original: str | None) -> tuple[v.VersionLine, ...]:
    conformance = opened.version.rendition_conformance
    words = {"pdfa-2b": "Lesefassung PDF/A-2b", "rasterised": "Lesefassung, neu gezeichnet"}.get(conformance or "")
    lines = [v.VersionLine(words or "Ohne Lesefassung", None, True)]
    return (*lines, v.VersionLine("Original-Scan", original)) if original else tuple(lines)


def _origin(document: Document) -> tuple[str, ...]:
    received = f"Eingegangen am {date_words(document.received_on)}."
    filed = f"Abgelegt am {date_words(document.filed_at.date())}." if document.filed_at else ""
    return tuple(sentence for sentence in (received, filed) if sentence)


def _sheets(filing: Filing, starts: Mapping[int, int]) -> str:
    return sheet_range(starts[filing.ordinal], filing.page_to - filing.page_from + 1)


def _register(
    session: Session, case_file: CaseFile, total: int, titles: Mapping[str, str], wanted: Selection, texts: Texts
) -> tuple[v.RegisterEntry, ...]:
    href, chosen = case_href(case_file), wanted.get("schlagwort", "")
    counts = archive.keyword_counts(session, case_file.id)
    entries = [v.RegisterEntry(href, texts("akte.alle_dokumente"), total, not chosen)]
    for code, title in titles.items():
        if counts.get(code):
            entries.append(v.RegisterEntry(f"{href}?schlagwort={code}", title, counts[code], code == chosen))
    return tuple(entries)


def _groups(
    rows: Sequence[tuple[Filing, Document]],
    href: str,
    titles: Mapping[str, str],
    starts: Mapping[int, int],
    wanted: Selection,
    today: date,
    texts: Texts,
) -> tuple[v.RowGroup, ...]:
    def title(one: tuple[Filing, Document]) -> str:
        return period_title(one[1].received_on, today, texts)

    shown = str(wanted.get("dokument", ""))
    kept = {key: value for key, value in wanted.items() if key not in ("dokument", "ab")}
    if wanted.get("sortierung") == "blatt":
        groups = [(texts("akte.dokumente"), list(rows))] if rows else []
    else:
        groups = [(name, list(group)) for name, group in groupby(rows, key=title)]
    return tuple(
        v.RowGroup(
            name,
            tuple(
                v.CaseRow(
                    _href(href, {**kept, "dokument": str(filing.ordinal)}),
                    document.title,
                    titles.get(filing.keyword or "", ""),
                    sender_title(document.sender),
                    _sheets(filing, starts),
                    date_words(document.received_on),
                    str(filing.ordinal) == shown,
                )
                for filing, document in group
            ),
        )
        for name, group in groups
    )


def _href(href: str, query: Selection) -> str:
    given = {key: value for key, value in query.items() if value}
    return f"{href}?{urlencode(given)}" if given else href
