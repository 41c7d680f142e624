"""The search of this installation: the index of the data folder, or the one on OpenSearch, behind the search service."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core import outbox
from core.errors import ConfigurationError
from core.log import logger
from core.secrets import optional_secret
from core.settings import Settings
from core.singletons import settle_index
from eakte.bootstrap import Services
from search.index import IndexNewer, IndexRefused, IndexUnavailable, SearchIndex
from search.indexing import Indexer
from search.service import SearchService
from search.tantivy_index import TantivyIndex

_log = logger(__name__)


def open_index(services: Services) -> SearchIndex:
    """The index that the settings name. Raises ConfigurationError for settings that contradict each other."""
    settings = services.settings
    if not settings.opensearch_url:
        return TantivyIndex(settings.index_folder)
    return _opensearch(
        _checked(settings), settings.opensearch_user,
        optional_secret(settings.opensearch_password_file, "EAKTE_OPENSEARCH_PASSWORD_FILE") or "",
        settings.opensearch_ca_file, settings.opensearch_index, settings.opensearch_shards,
    )  # fmt: skip


def require_usable_index(services: Services) -> None:
    """At start: refuse an index that this version must not touch, or that refuses us. One that does not answer, or has to
    be built anew, is no reason not to start: everything but searching goes on. Raises ConfigurationError.
    """
    try:
        current = open_index(services).current()
    except IndexNewer as error:
        raise ConfigurationError(error.de, error.en) from error
    except IndexRefused as error:
        raise ConfigurationError(
            "OpenSearch weist uns ab. Bitte EAKTE_OPENSEARCH_USER und die Datei aus EAKTE_OPENSEARCH_PASSWORD_FILE prüfen, "
            "und ob das Konto Rechte auf unsere Indexe hat.",
            f"{error.en}: check EAKTE_OPENSEARCH_USER, its password file, and the rights of the account",
        ) from error
    except IndexUnavailable as error:
        _log.warning("search_not_available", reason=error.reason)
    else:
        if not current:
            _log.info("search_index_is_built_anew")


def search_service(services: Services) -> SearchService:
    """Reading side; opens the index anew in each process."""
    return SearchService(services.database, services.blobs, open_index(services))


class Indexing:
    """The indexer's duty. Looks often whether something is owed, seldom whether the index is there at all, and lets
    letters gather while many come: each batch costs several questions and a refresh, however small it is. How long they
    gather follows from how long the batch before took, so a slow index is asked less often.
    """

    LOOK_SECONDS: Final = 2.0
    GATHER_TIMES: Final = 3.0
    GATHER_SECONDS: Final = 2.0
    """At most."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._look_at = self._next_batch = 0.0

    def run(self) -> None:
        """Once; raises what the index raises, and does the same again next time."""
        now = time.monotonic()
        if now < self._next_batch or (now < self._look_at and not self._owed()):
            return
        indexed = index_pending(self._services)
        ended = time.monotonic()
        if indexed:
            self._next_batch = ended + min(self.GATHER_SECONDS, self.GATHER_TIMES * (ended - now))
        self._look_at = ended + self.LOOK_SECONDS

    def _owed(self) -> bool:
        with self._services.database.read() as session:
            return outbox.owes(session, outbox.INDEX)


def index_pending(services: Services) -> int:
    """Writing side: bring the index up to what the outbox owes. Only the worker that holds the lease calls it."""
    return _indexer(services, open_index(services)).catch_up()


def settle(services: Services, wait: float) -> bool:
    """Wait until everything committed can be found; where no worker runs, index it here. False after `wait` seconds."""
    index = open_index(services)
    return settle_index(services.database, _indexer(services, index).catch_up, wait, index.current)


def rebuild_index(services: Services) -> int:
    """Make the index anew from the archive beside the old one, then switch to it."""
    return _indexer(services, open_index(services)).rebuild()


def documents_in_index(services: Services) -> set[str]:
    """Ids of the documents that the index holds: for `eakte doctor`. Raises IndexUnavailable, IndexNewer."""
    return open_index(services).documents()


def _indexer(services: Services, index: SearchIndex) -> Indexer:
    return Indexer(services.database, services.blobs, index)


@lru_cache(maxsize=4)
def _opensearch(url: str, user: str, password: str, ca_file: Path | None, prefix: str, shards: int) -> SearchIndex:
    """One client for each process: the indexer asks several times a second."""
    from search.opensearch_client import (
        Server,
    )  # the client costs a third of a second, which the embedded index needn't
    from search.opensearch_index import OpenSearchIndex

    return OpenSearchIndex(Server(url, user, password, ca_file), prefix, shards)


def _checked(settings: Settings) -> str:
    """The address of OpenSearch; user and password go together, and neither stands in the address."""
    url = settings.opensearch_url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or "@" in parts.netloc:
        raise ConfigurationError(
            "EAKTE_OPENSEARCH_URL muss http(s)://Rechner:Port lauten, ohne Benutzer und Passwort.",
            "EAKTE_OPENSEARCH_URL must be http(s)://host:port, without user and password",
        )
    if bool(settings.opensearch_user) != bool(settings.opensearch_password_file):
        raise ConfigurationError(
            "EAKTE_OPENSEARCH_USER und EAKTE_OPENSEARCH_PASSWORD_FILE gehören zusammen: Bitte beide setzen oder keines.",
            "EAKTE_OPENSEARCH_USER and EAKTE_OPENSEARCH_PASSWORD_FILE go together: set both or neither",
        )
    if settings.opensearch_ca_file and not settings.opensearch_ca_file.is_file():
        raise ConfigurationError(
            "Die Datei aus EAKTE_OPENSEARCH_CA_FILE gibt es nicht.",
            "the file named by EAKTE_OPENSEARCH_CA_FILE is missing",
        )
    return url
