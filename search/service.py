"""Searching: the query understood, the index asked within what access allows, every hit checked again in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from archive import repository as archive
from archive.access import visible_pages
from archive.blobs.port import BlobStore
from archive.models import CaseFile, Document, Filing
from archive.pagetext import decode
from core.actor import Actor
from core.audit import record_look
from core.audit.record import looked_recently
from core.clock import agency_date
from core.database import Database
from search import repository
from search.highlight import Snippet, snippet
from search.index import Hit, Scope, SearchIndex
from search.query import ParsedQuery, parse

_MAX_HITS = 10_000
Filings = Mapping[UUID, Sequence[tuple[Filing, CaseFile]]]


@dataclass(frozen=True, slots=True)
class _Found:
    hit: Hit
    document: Document


class SearchService:
    """The reading side of search. Counts, facets and snippets come only from documents visible now."""

    def __init__(self, database: Database, store: BlobStore, index: SearchIndex) -> None:
        self._database = database
        self._store = store
        self._index = index

    def ready(self) -> bool:
        """Whether the index can be read."""
        return self._index.ready()

    def answer(self, actor: Actor, text: str, *, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
        """{"total", "results", "facets", "understood", "next_cursor"}; the shown documents are audited as looked at."""
        query = parse(text)
        today = agency_date(self._database.clock.now())
        offset = int(cursor) if cursor and cursor.isdigit() else 0
        with self._database.read() as session:
            found = self._find(session, actor, query, today)
            filings = repository.visible_filings_of(session, actor, today, [one.document.id for one in found])
            shown = found[offset : offset + limit]
            results = [self._result(session, actor, today, query, one, filings) for one in shown]
            facets = _facets(session, found, filings)
        self._look(actor, [one.document.id for one in shown])
        return {
            "total": len(found),
            "results": results,
            "facets": facets,
            "understood": query.understood,
            "next_cursor": str(offset + limit) if offset + limit < len(found) else None,
        }

    def _find(self, session: Session, actor: Actor, query: ParsedQuery, today: date) -> list[_Found]:
        scope = Scope(repository.allowed_scopes(session, actor, today))
        hits = self._index.search(query, scope, _MAX_HITS)
        documents = repository.visible_hits(session, actor, today, [UUID(hit.document_id) for hit in hits])
        return [_Found(hit, documents[UUID(hit.document_id)]) for hit in hits if UUID(hit.document_id) in documents]

    def _result(
        self, session: Session, actor: Actor, today: date, query: ParsedQuery, found: _Found, filings: Filings
    ) -> dict[str, Any]:
        document = found.document
        where = filings.get(document.id, ())
        best = self._snippet(session, actor, today, query, document.id)
        return {
            "document_id": str(document.id),
            "page": best.page_no if best else 1,
            "title": document.title,
            "case_file_number": where[0][1].file_number if where else None,
            "snippet": best.text() if best else "",
            "score": round(found.hit.score, 4),
            "received_on": document.received_on.isoformat(),
            "document_type": document.document_type,
        }

    def _snippet(
        self, session: Session, actor: Actor, today: date, query: ParsedQuery, document_id: UUID
    ) -> Snippet | None:
        version = archive.current_version(session, document_id)
        if version is None:
            return None
        ranges = visible_pages(session, actor, document_id, today)
        best: Snippet | None = None
        for page in archive.pages(session, version.id):
            readable = ranges is None or any(one.first <= page.page_no <= one.last for one in ranges)
            if not readable or page.text_sha256 is None:
                continue
            with self._store.open(page.text_sha256) as file:
                made = snippet(page.page_no, [word.text for word in decode(file.read()).words], query)
            if made is not None and (best is None or len(made.marked) > len(best.marked)):
                best = made
        return best

    def _look(self, actor: Actor, document_ids: Sequence[UUID]) -> None:
        now = self._database.clock.now()
        with self._database.read() as session:
            fresh = [one for one in document_ids if not looked_recently(session, actor, "snippet", one, now)]
        if not fresh:
            return
        with self._database.write() as tx:
            for document_id in fresh:
                record_look(tx, actor, "snippet", "document", document_id)


def _facets(session: Session, found: Sequence[_Found], filings: Filings) -> dict[str, dict[str, int]]:
    units: Counter[str] = Counter()
    keywords: Counter[str] = Counter()
    for one in found:
        where = filings.get(one.document.id, ())
        units.update({repository.unit_code(session, case_file.org_unit_id) for _, case_file in where})
        keywords.update({filing.keyword for filing, _ in where if filing.keyword})
    return {
        "type": _counted(one.document.document_type for one in found),
        "year": _counted(str(one.document.received_on.year) for one in found),
        "unit": dict(units.most_common()),
        "keyword": dict(keywords.most_common()),
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())
