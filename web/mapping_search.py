"""From an answer of the search to its page. Facets narrow by adding a field to the query („jahr:2026")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.access import visible_case_files, visible_filings
from archive.case_search import readable_cases
from archive.models import CaseFile, Filing
from core.actor import Actor
from organisation.models import OrgUnit
from web import views as v
from web.mapping_inbox import time_words
from web.mapping_lookup import case_details, case_names
from web.mapping_records import case_href
from web.texts import Texts
from web.wording import date_words

PAGE_SIZE = 20
# facet of the search -> (name of the field in the address, title)
FACETS: Mapping[str, tuple[str, str]] = {
    "type": ("art", "Dokumentart"),
    "year": ("jahr", "Jahr"),
    "unit": ("einheit", "Einheit"),
    "keyword": ("schlagwort", "Schlagwort"),
}
MARK = re.compile(r"»([^»«]+)«")
QUERY_FIELDS = {"art": "typ", "jahr": "jahr", "einheit": "einheit", "schlagwort": "schlagwort"}
Narrowing = Mapping[str, str]


def full_query(query: str, narrowing: Narrowing) -> str:
    """The query with its narrowing as fields."""
    fields = [f'{QUERY_FIELDS[name]}:"{value.replace(chr(34), "")}"' for name, value in narrowing.items() if value]
    return " ".join([query, *fields])


def search_page(
    session: Session,
    actor: Actor,
    query: str,
    narrowing: Narrowing,
    offset: int,
    answer: Mapping[str, Any],
    today: date,
    now: str,
    texts: Texts,
) -> v.SearchPage:
    """What was understood, what was found."""
    total = int(answer.get("total") or 0)
    results = results_of(session, actor, list(answer.get("results") or ()), today)
    understood = str(answer.get("understood") or "")
    following = answer.get("next_cursor")
    first = not offset and not any(narrowing.values())
    cases = case_links(session, readable_cases(session, actor, query, today)) if first else ()
    return v.SearchPage(
        title=f"{query} – {texts('suche.titel')}",
        query=query,
        understood=(understood,) if understood else (),
        total_text=texts.count("suche.summe", total, zeit=now),
        cases=cases,
        results=results,
        late_text=_late_text(answer.get("late_since"), texts),
        facet_groups=_facet_groups(session, actor, query, narrowing, answer.get("facets") or {}),
        empty=v.Empty(texts("suche.leer_titel"), texts("suche.leer_text")) if not results and not cases else None,
        next_href=_href(query, narrowing, str(following)) if following else None,
        previous_href=_href(query, narrowing, str(max(0, offset - PAGE_SIZE))) if offset else None,
    )


def case_links(session: Session, cases: Sequence[CaseFile]) -> tuple[v.Link, ...]:
    """Cases as links: name, number, and what tells people of one name apart."""
    names = case_names(session, cases)
    details = case_details(session, names)
    links = []
    for one in cases:
        shown = dict.fromkeys((names[one.id], one.file_number))  # a case without a name is called by its number
        words = (", ".join(shown), details.get(one.id, ""))
        links.append(v.Link(case_href(one), " · ".join(word for word in words if word)))
    return tuple(links)


def _late_text(since: str | None, texts: Texts) -> str:
    return texts("suche.verspaetet", zeit=time_words(datetime.fromisoformat(since))) if since else ""


def results_of(
    session: Session, actor: Actor, found: Sequence[Mapping[str, Any]], today: date
) -> tuple[v.SearchResult, ...]:
    """The hits with an address in a visible case, else the letter's own text view of the inbox is not offered."""
    ids = [UUID(str(one["document_id"])) for one in found]
    places: dict[UUID, tuple[Filing, CaseFile]] = {}
    rows = session.execute(
        select(Filing, CaseFile)
        .join(CaseFile, CaseFile.id == Filing.case_file_id)
        .where(Filing.document_id.in_(ids), visible_filings(actor, today))
        .order_by(Filing.filed_at, Filing.id)
    )
    for filing, case_file in rows:
        places.setdefault(filing.document_id, (filing, case_file))
    names = case_names(session, [case_file for _, case_file in places.values()])
    results = []
    for one, document_id in zip(found, ids, strict=True):
        place = places.get(document_id)
        page = int(one.get("page") or 1)
        href = f"/api/v1/documents/{document_id}/pdf"
        if place is not None:
            href = f"{case_href(place[1])}/dokument/{place[0].ordinal}?seite={page}&fund=1"
        received = date_words(date.fromisoformat(one["received_on"])) if one.get("received_on") else ""
        results.append(
            v.SearchResult(
                href,
                str(one.get("title") or ""),
                names.get(place[1].id, "") if place else "",
                place[1].file_number if place else "",
                received,
                page,
                fragments(str(one.get("snippet") or "")),
            )
        )
    return tuple(results)


def fragments(snippet: str) -> tuple[v.Fragment, ...]:
    """A snippet with its marked words set apart. Pure; the text itself stays as it is."""
    parts: list[v.Fragment] = []
    for index, text in enumerate(MARK.split(snippet)):
        if text:
            parts.append(v.Fragment(text, index % 2 == 1))
    return tuple(parts)


def _facet_groups(
    session: Session, actor: Actor, query: str, narrowing: Narrowing, facets: Mapping[str, Any]
) -> tuple[v.FacetGroup, ...]:
    groups = []
    words = _facet_words(session, actor)
    for key, (field, title) in FACETS.items():
        counted: Mapping[str, int] = facets.get(key) or {}
        entries = tuple(
            v.Facet(
                _href(query, {**narrowing, field: "" if narrowing.get(field) == value else value}),
                words.get(key, {}).get(value, value),
                count,
                narrowing.get(field) == value,
            )
            for value, count in counted.items()
        )
        if entries:
            groups.append(v.FacetGroup(title, entries))
    return tuple(groups)


def _facet_words(session: Session, actor: Actor) -> dict[str, dict[str, str]]:
    units = session.execute(select(OrgUnit.code, OrgUnit.title).where(OrgUnit.agency_id == actor.agency_id))
    return {
        "type": {kind.code: kind.title for kind in archive.document_types(session, actor.agency_id)},
        "unit": {row.code: row.title for row in units},
        "keyword": {one.code: one.title for one in archive.all_keywords(session, actor.agency_id)},
    }


def exact_case(session: Session, actor: Actor, query: str, today: date) -> CaseFile | None:
    """The one visible case that the query names by its number."""
    ids = [one.id for one in archive.case_files_by_number(session, actor.agency_id, query)]
    found = session.scalars(select(CaseFile).where(CaseFile.id.in_(ids), visible_case_files(actor, today))).all()
    return found[0] if len(found) == 1 else None


def _href(query: str, narrowing: Narrowing, cursor: str = "") -> str:
    given = {"q": query, **narrowing, "ab": cursor if cursor != "0" else ""}
    return f"/suche?{urlencode({key: value for key, value in given.items() if value})}"
