"""The text of a page as search reads it. One document's lost bytes may keep no other one from being found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from cachetools import TTLCache

from archive.blobs.port import BlobMissing, BlobStore
from archive.pagetext import PageText, decode
from core.log import logger
from search.repository import PageOf

_log = logger(__name__)
_KEPT_BYTES: Final = 16 * 1024 * 1024
_KEPT_SECONDS: Final = 120.0


class RecentTexts:
    """Page texts for answers, as stored. The last ones are kept for two minutes: people search on in the same letters,
    and a page of hits is twenty requests to an S3 server. An address names its bytes, so nothing kept is out of date;
    who may see a page is decided before it is asked for. May be used by several threads.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._kept: TTLCache[str, bytes] = TTLCache(_KEPT_BYTES, _KEPT_SECONDS, getsizeof=len)
        self._lock = threading.Lock()

    def of(self, page: PageOf) -> PageText | None:
        """See `text_of`."""
        return _decoded(page, self._bytes)

    def _bytes(self, address: str) -> bytes:
        with self._lock:
            kept = self._kept.get(address)
        if kept is None:
            kept = _read(self._store, address)
            with self._lock, suppress(ValueError):  # larger than all there is room for
                self._kept[address] = kept
        return kept


def text_of(store: BlobStore, page: PageOf) -> PageText | None:
    """The text; None for a page that was never read, or whose bytes are lost or damaged (`eakte doctor` names them)."""
    return _decoded(page, lambda address: _read(store, address))


def _read(store: BlobStore, address: str) -> bytes:
    with store.open(address) as file:
        return file.read()


def _decoded(page: PageOf, read: Callable[[str], bytes]) -> PageText | None:
    if page.text_sha256 is None:
        return None
    try:
        return decode(read(page.text_sha256))
    except (BlobMissing, ValueError) as error:
        _log.error("page_without_text", document=str(page.document_id), page=page.page_no, kind=type(error).__name__)
        return None
