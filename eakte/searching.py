"""The search of this installation: the tantivy index of the data folder behind the search service."""

from __future__ import annotations

from core.singletons import settle_index
from eakte.bootstrap import Services
from search.index import SearchIndex
from search.indexing import Indexer
from search.service import SearchService
from search.tantivy_index import TantivyIndex


def open_index(services: Services) -> SearchIndex:
    """The index of the data folder."""
    return TantivyIndex(services.settings.index_folder)


def search_service(services: Services) -> SearchService:
    """Reading side; opens the index anew in each process."""
    return SearchService(services.database, services.blobs, open_index(services))


def index_pending(services: Services) -> int:
    """Writing side: bring the index up to what the outbox owes. Only the worker that holds the lease calls it."""
    return _indexer(services, open_index(services)).catch_up()


def settle(services: Services, wait: float) -> bool:
    """Wait until everything committed can be found; where no worker runs, index it here. False after `wait` seconds."""
    index = open_index(services)
    return settle_index(services.database, _indexer(services, index).catch_up, wait, index.current)


def rebuild_index(services: Services) -> int:
    """Make the index anew from the archive into a new folder, then switch to it."""
    return _indexer(services, open_index(services)).rebuild()


def documents_in_index(services: Services) -> set[str]:
    """Ids of the documents that the index holds: for `eakte doctor`."""
    folder = services.settings.index_folder
    return TantivyIndex(folder).documents() if (folder / "current").exists() else set()


def _indexer(services: Services, index: SearchIndex) -> Indexer:
    return Indexer(services.database, services.blobs, index)
