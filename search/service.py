"""Searching: the query understood, the index asked within what access allows, every hit checked again in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from archive.blobs.port import BlobStore
from archive.models import CaseFile
from archive.pagetext import PageText
from core.actor import Actor
from core.audit import Seen, look
from core.clock import agency_date
from core.database import Database
from core.errors import InvalidInput, Unavailable
from search import repository
from search.highlight import Snippet, snippet
from search.index import Hit, SearchIndex
from search.pagetexts import RecentTexts
from search.query import Clause, ParsedQuery, parse
from search.repository import DocumentFacts, FiledAt, PageOf

_CURSOR_DIGITS: Final = 9
_LATE: Final = timedelta(seconds=10)
_ALL_PAGES: Final = 1 << 31
_Filings = Mapping[UUID, Sequence[FiledAt]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who searches, on which day, and what is open to them now: cases, and documents of which every page is."""

    actor: Actor
    today: date
    cases: frozenset[UUID]
    whole: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class _Found:
    hit: Hit
    document: DocumentFacts
    filings: Sequence[FiledAt]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A snippet and the page it is from."""

    snippet: Snippet
    page: PageText


class SearchService:
    """The reading side of search. Counts, facets and snippets come only from documents visible now."""

    def __init__(self, database: Database, store: BlobStore, index: SearchIndex) -> None:
        self._database = database
        self._texts = RecentTexts(store)
        self._index = index

    def ready(self) -> bool:
        """Whether the index can be asked."""
        try:
            return self._index.current()
        except Unavailable:
            return False

    def answer(self, actor: Actor, text: str, *, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
        """{"total", "results", "facets", "cases", "understood", "next_cursor", "late_since"}, as of now.

        `cases`: visible cases that a number in the query names; their documents come first. `late_since`: since when the
        index owes changes (ISO), if for longer than some seconds. The shown documents are audited as looked at. Raises
        QueryError, InvalidInput for an unknown cursor, IndexOutdated while the index is being built, IndexUnavailable.
        """
        query = parse(text)
        offset = parse_cursor(cursor)
        now = self._database.clock.now()
        with self._database.read() as session:
            reader = _reader(session, actor, agency_date(now))
            named = _named(session, reader, query)
        asked = _with_cases(query, named)
        hits = self._index.search(asked, _scopes(reader, asked, named))  # no transaction waits for an index server
        with self._database.read() as session:
            reader = replace(reader, whole=frozenset(repository.wholly_visible(session, actor)))
            found = _visible(session, reader, asked, named, hits)
            shown = found[offset : offset + limit]
            pages = repository.pages_of(session, [one.document.id for one in shown])
            facets = _facets(session, found)
            owed = repository.oldest_owed(session, actor.agency_id)
        results = [self._result(reader, query, one, pages.get(one.document.id, ())) for one in shown]
        look(self._database, actor, "snippet", [Seen("document", one.document.id) for one in shown])
        return {
            "total": len(found),
            "results": results,
            "facets": facets,
            "cases": [{"id": str(one.id), "case_file_number": one.file_number} for one in _numbered(query, named)],
            "understood": query.understood,
            "next_cursor": str(offset + limit) if offset + limit < len(found) else None,
            "late_since": owed.isoformat() if owed is not None and now - owed > _LATE else None,
        }

    def _result(self, reader: _Reader, query: ParsedQuery, found: _Found, pages: Sequence[PageOf]) -> dict[str, Any]:
        document = found.document
        readable = _readable(reader, found)
        open_pages = [page for page in pages if any(first <= page.page_no <= last for first, last in readable)]
        best = self._best(query, open_pages)
        first_page = min((page.page_no for page in open_pages), default=1)
        return {
            "document_id": str(document.id),
            "page": best.snippet.page_no if best else first_page,
            "title": document.title,
            "case_file_number": found.filings[0].file_number if found.filings else None,
            "snippet": best.snippet.text() if best else "",
            "boxes": [list(best.page.words[at].box) for at in best.snippet.positions] if best else [],
            "score": found.hit.score,
            "received_on": document.received_on.isoformat(),
            "document_type": document.document_type,
        }

    def _best(self, query: ParsedQuery, pages: Sequence[PageOf]) -> _Shown | None:
        """The page with the densest match, the first of equals."""
        best: _Shown | None = None
        for page in pages:
            text = self._texts.of(page)
            if text is None:
                continue
            made = snippet(page.page_no, [word.text for word in text.words], query)
            if made is not None and (best is None or len(made.marked) > len(best.snippet.marked)):
                best = _Shown(made, text)
        return best


def parse_cursor(cursor: str | None) -> int:
    """The position that a cursor names; 0 for none. Raises InvalidInput for what was never handed out."""
    if not cursor:
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > _CURSOR_DIGITS:
        raise InvalidInput("Diese Stelle in der Trefferliste gibt es nicht. Bitte suchen Sie neu.", "unknown cursor")
    return int(cursor)


def _reader(session: Session, actor: Actor, today: date) -> _Reader:
    cases = repository.visible_cases(session, actor, today)
    return _Reader(actor, today, frozenset(cases), frozenset(repository.wholly_visible(session, actor)))


def _visible(
    session: Session, reader: _Reader, query: ParsedQuery, named: Mapping[str, Sequence[CaseFile]], hits: Sequence[Hit]
) -> list[_Found]:
    """The hits that are visible now; documents of cases that a number names come first."""
    ids = [UUID(hit.document_id) for hit in hits]
    documents = repository.visible_facts(session, reader.actor, reader.today, ids)
    filings = repository.visible_filings_of(session, reader.actor, reader.today, ids)
    found = [
        _Found(hit, documents[document_id], filings.get(document_id, ()))
        for hit, document_id in zip(hits, ids, strict=True)
        if document_id in documents
    ]
    without = {one.id for clause in _case_clauses(query, excluded=True) for one in _all(named, clause.terms)}
    first = {one.id for one in _numbered(query, named)}
    kept = [one for one in found if without.isdisjoint(filing.case_file_id for filing in one.filings)]
    return sorted(kept, key=lambda one: first.isdisjoint(filing.case_file_id for filing in one.filings))


def _readable(reader: _Reader, found: _Found) -> list[tuple[int, int]]:
    """Page ranges of a hit that the reader may see."""
    if found.document.id in reader.whole:
        return [(1, _ALL_PAGES)]
    return [(filing.page_from, filing.page_to) for filing in found.filings]


def _named(session: Session, reader: _Reader, query: ParsedQuery) -> dict[str, list[CaseFile]]:
    """The visible cases behind each number of the query, by the number as typed."""
    typed = {number for clause in query.clauses for number in _typed(clause)}
    return {number: repository.cases_named(session, reader.actor, reader.today, number) for number in sorted(typed)}


def _typed(clause: Clause) -> set[str]:
    own = clause.terms if clause.kind == "case" else (clause.typed,) if clause.typed else ()
    return {*own, *(number for part in clause.every for number in _typed(part))}


def _with_cases(query: ParsedQuery, named: Mapping[str, Sequence[CaseFile]]) -> ParsedQuery:
    """A number also stands for the documents of the case that it names, in any spelling."""
    return replace(query, clauses=tuple(_with_scopes(clause, named) for clause in query.clauses))


def _with_scopes(clause: Clause, named: Mapping[str, Sequence[CaseFile]]) -> Clause:
    every = tuple(_with_scopes(part, named) for part in clause.every)
    return replace(clause, every=every, scopes=tuple(str(one.id) for one in named.get(clause.typed, ())))


def _scopes(reader: _Reader, query: ParsedQuery, named: Mapping[str, Sequence[CaseFile]]) -> set[str]:
    """What the index may look at: everything visible, or only the cases that `akte:` names."""
    narrowing = _case_clauses(query, excluded=False)
    if not narrowing:
        return {str(one) for one in (*reader.cases, *reader.whole)}
    return {str(one.id) for clause in narrowing for one in _all(named, clause.terms)}


def _case_clauses(query: ParsedQuery, *, excluded: bool) -> list[Clause]:
    return [clause for clause in query.clauses if clause.kind == "case" and clause.excluded is excluded]


def _all(named: Mapping[str, Sequence[CaseFile]], numbers: Iterable[str]) -> list[CaseFile]:
    return [one for number in numbers for one in named.get(number, ())]


def _numbered(query: ParsedQuery, named: Mapping[str, Sequence[CaseFile]]) -> list[CaseFile]:
    """Visible cases that a number of the query names."""
    typed = sorted({number for clause in query.clauses if not (clause.is_field or clause.excluded)
                    for number in _typed(clause)})  # fmt: skip
    return list({one.id: one for one in _all(named, typed)}.values())


def _facets(session: Session, found: Sequence[_Found]) -> dict[str, dict[str, int]]:
    """How many of the visible hits carry each value; all values, most frequent first."""
    units: Counter[str] = Counter()
    keywords: Counter[str] = Counter()
    codes = repository.unit_codes(session)
    for one in found:
        own = codes.get(one.document.org_unit_id, "") if one.document.org_unit_id else ""
        units.update({filing.unit for filing in one.filings if filing.unit} or ({own} if own else ()))
        keywords.update({filing.keyword for filing in one.filings if filing.keyword})
    return {
        "type": _counted(one.document.document_type for one in found),
        "year": _counted(str(one.document.received_on.year) for one in found),
        "unit": dict(units.most_common()),
        "keyword": dict(keywords.most_common()),
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())
