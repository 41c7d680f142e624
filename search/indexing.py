"""The indexer: takes what the outbox owes, reads each object's current state, writes posting lists, then marks it done.

Killed between the commit of the index and the marking, it does the same work again with the same result. An event that
comes late or twice is harmless: it only names an object. An index that is missing or of another analyser is built anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from archive.blobs.port import BlobStore
from core import outbox
from core.database import FREE, Database
from core.models import OutboxEvent
from search import repository
from search.index import IndexEntry, SearchIndex
from search.pagetexts import text_of
from search.repository import CHUNK, DocumentFacts, FiledAt, PageOf

_BATCH: Final = 100
_ERASED_TOGETHER: Final = 10_000
_ERASING: Final = "document.destroyed"


class Indexer:
    """One per index: its caller holds the lease."""

    def __init__(self, database: Database, store: BlobStore, index: SearchIndex) -> None:
        self._database = database
        self._store = store
        self._index = index

    def catch_up(self) -> int:
        """Work off the outbox; returns how many events were closed."""
        closed = 0
        if not self._index.current():
            closed = self._rebuild_for_all()
        while True:
            with self._database.read() as session:
                events = outbox.unprocessed(session, outbox.INDEX, _BATCH)
                touched = _touched(session, events)
            if not events:
                return closed
            if any(event.topic == _ERASING for event in events):
                closed += self._erase_for_all()
                continue
            self._index.apply(self._entries(touched), [str(document_id) for document_id in touched])
            closed += self._close([event.id for event in events])
            if len(events) < _BATCH:  # what came meanwhile is the next batch: one for each letter would cost the most
                return closed

    def rebuild(self) -> int:
        """Make the whole index anew; also what erasure needs where a deleted term stays in the dictionary."""
        return self._index.rebuild(self._all_entries())

    def _erase_for_all(self) -> int:
        """Everything that is owed now, then one erasure for all of it: in place, or by a rebuild."""
        with self._database.read() as session:
            events = outbox.unprocessed(session, outbox.INDEX, _ERASED_TOGETHER)
            touched = _touched(session, events)
        for start in range(0, len(touched), _BATCH):
            part = touched[start : start + _BATCH]
            self._index.apply(self._entries(part), [str(document_id) for document_id in part])
        if not self._index.erase():
            return self._rebuild_for_all()
        return self._close([event.id for event in events])

    def _rebuild_for_all(self) -> int:
        """One rebuild does what every event until now asks for."""
        with self._database.read() as session:
            owed = repository.owed_events(session)
        self.rebuild()
        return self._close(owed)

    def _close(self, event_ids: Sequence[UUID]) -> int:
        for start in range(0, len(event_ids), CHUNK):
            with self._database.write(FREE) as tx:
                outbox.mark_processed(tx, event_ids[start : start + CHUNK])
        return len(event_ids)

    def _all_entries(self) -> Iterator[IndexEntry]:
        with self._database.read() as session:
            ids = repository.active_documents(session)
        for start in range(0, len(ids), _BATCH):
            yield from self._entries(ids[start : start + _BATCH])

    def _entries(self, document_ids: Collection[UUID]) -> Iterator[IndexEntry]:
        with self._database.read() as session:
            facts = repository.facts_of(session, document_ids)
            pages = repository.pages_of(session, document_ids)
            filings = repository.filings_of(session, document_ids)
            cases = {filing.case_file_id for filed in filings.values() for filing in filed}
            names = repository.names_of_cases(session, cases)
            units = repository.unit_codes(session)
        for document in facts.values():
            words = {page.page_no: self._words(page) for page in pages.get(document.id, ())}
            unit = units.get(document.org_unit_id, "") if document.org_unit_id else ""
            yield _whole(document, list(words.values()), unit)
            for filing in filings.get(document.id, ()):
                yield _filed(document, filing, words, names.get(filing.case_file_id, ()))

    def _words(self, page: PageOf) -> tuple[str, ...]:
        text = text_of(self._store, page)
        return () if text is None else tuple(word.text for word in text.words)


def _whole(document: DocumentFacts, pages: Sequence[Sequence[str]], unit: str) -> IndexEntry:
    key = str(document.id)
    return IndexEntry(
        key=key, document_id=key, scope=key, pages=pages, heading=document.title.split(),
        sort=document.received_on.toordinal(), document_type=document.document_type, year=document.received_on.year,
        unit=unit,
    )  # fmt: skip


def _filed(
    document: DocumentFacts, filing: FiledAt, words: Mapping[int, Sequence[str]], names: Collection[str]
) -> IndexEntry:
    return IndexEntry(
        key=str(filing.id), document_id=str(document.id), scope=str(filing.case_file_id),
        pages=[text for page_no, text in words.items() if filing.page_from <= page_no <= filing.page_to],
        heading=[*document.title.split(), *" ".join(names).split()],
        sort=document.received_on.toordinal(), document_type=document.document_type, year=document.received_on.year,
        keyword=filing.keyword, unit=filing.unit,
    )  # fmt: skip


def _touched(session: Session, events: Sequence[OutboxEvent]) -> list[UUID]:
    """The documents whose entries must be made anew, each once, in order."""
    found: dict[UUID, None] = {}
    for event in events:
        if event.topic == "case_file.changed":
            found.update(dict.fromkeys(repository.documents_of_case(session, event.object_id)))
        else:
            found[event.object_id] = None
    return list(found)
