"""The indexer: takes what the outbox owes, reads each object's current state, writes posting lists, then marks it done.

Killed between commit of the index and marking, it does the same work again with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from archive import repository as archive
from archive.blobs.port import BlobStore
from archive.models import CaseFile, Document, Page
from archive.pagetext import decode
from core import outbox
from core.database import Database
from search import repository
from search.index import IndexEntry, SearchIndex

_BATCH = 100


class Indexer:
    """One per index: its caller holds the lease."""

    def __init__(self, database: Database, store: BlobStore, index: SearchIndex) -> None:
        self._database = database
        self._store = store
        self._index = index

    def catch_up(self) -> int:
        """Work off the outbox; returns how many events were closed."""
        closed = 0
        while True:
            with self._database.read() as session:
                events = outbox.unprocessed(session, outbox.INDEX, _BATCH)
                if not events:
                    return closed
                touched = _touched(session, [(event.topic, event.object_id) for event in events])
                entries = [entry for document_id in touched for entry in self._entries(session, document_id)]
            if any(event.topic == "document.destroyed" for event in events):
                self.rebuild()
            else:
                self._index.apply(entries, [str(document_id) for document_id in touched])
            with self._database.write() as tx:
                outbox.mark_processed(tx, [event.id for event in events])
            closed += len(events)

    def rebuild(self) -> int:
        """Make the whole index anew; also what erasure needs, since a deleted term stays in the dictionary."""
        return self._index.rebuild(self._all_entries())

    def _all_entries(self) -> Iterator[IndexEntry]:
        with self._database.read() as session:
            for document_id in repository.active_documents(session):
                yield from self._entries(session, document_id)

    def _entries(self, session: Session, document_id: UUID) -> Iterator[IndexEntry]:
        document = session.get(Document, document_id)
        version = archive.current_version(session, document_id)
        if document is None or document.state != "active" or version is None:
            return
        pages = archive.pages(session, version.id)
        words = {page.page_no: self._words(page) for page in pages}
        whole = [words[page.page_no] for page in pages]
        heading = document.title.split()
        yield self._entry(session, document, str(document.id), str(document.id), whole, heading, "", None)
        for filing in archive.active_filings(session, document_id):
            case_file = session.get_one(CaseFile, filing.case_file_id)
            shown = [words[page.page_no] for page in pages if filing.page_from <= page.page_no <= filing.page_to]
            names = " ".join(repository.names_of_case(session, case_file.id)).split()
            more = [*heading, case_file.file_number, *names]
            yield self._entry(
                session, document, str(filing.id), str(case_file.id), shown, more, filing.keyword or "", case_file
            )

    def _entry(
        self, session: Session, document: Document, key: str, scope: str, pages: list[list[str]], heading: list[str],
        keyword: str, case_file: CaseFile | None,
    ) -> IndexEntry:  # fmt: skip
        unit_id = case_file.org_unit_id if case_file else document.org_unit_id
        return IndexEntry(
            key=key,
            document_id=str(document.id),
            scope=scope,
            pages=pages,
            heading=heading,
            sort=document.received_on.toordinal(),
            document_type=document.document_type,
            year=document.received_on.year,
            keyword=keyword,
            unit=repository.unit_code(session, unit_id),
        )

    def _words(self, page: Page) -> list[str]:
        if page.text_sha256 is None:
            return []
        with self._store.open(page.text_sha256) as file:
            return [word.text for word in decode(file.read()).words]


def _touched(session: Session, events: list[tuple[str, UUID]]) -> list[UUID]:
    """The documents whose entries must be made anew, each once, in order."""
    found: dict[UUID, None] = {}
    for topic, object_id in events:
        if topic == "case_file.changed":
            found.update(dict.fromkeys(repository.documents_of_case(session, object_id)))
        else:
            found[object_id] = None
    return list(found)
