"""The text of a page as search reads it. One document's lost bytes may keep no other one from being found."""

from __future__ import annotations

from archive.blobs.port import BlobMissing, BlobStore
from archive.pagetext import PageText, decode
from core.log import logger
from search.repository import PageOf

_log = logger(__name__)


def text_of(store: BlobStore, page: PageOf) -> PageText | None:
    """The text; None for a page that was never read, or whose bytes are lost or damaged (`eakte doctor` names them)."""
    if page.text_sha256 is None:
        return None
    try:
        with store.open(page.text_sha256) as file:
            return decode(file.read())
    except (BlobMissing, ValueError) as error:
        _log.error("page_without_text", document=str(page.document_id), page=page.page_no, kind=type(error).__name__)
        return None
