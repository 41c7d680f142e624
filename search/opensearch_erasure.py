"""Erasing, not only deleting: what was removed or replaced must be in no file any more.

A deleted document stays in its segment until that is merged; and OpenSearch keeps deleted documents for copies that may want
to catch up, as long as a lease runs (here one second, looked at by the server twice a minute). So: merge for the sake of
deletions until none of the segments that hold deletions now is left, in any copy. Searching and writing go on meanwhile.
"""

from __future__ import annotations

import time
from typing import Any, Final

from opensearchpy import OpenSearch

from search.index import IndexUnavailable

_PATIENCE: Final = 180.0
_PAUSE: Final = 1.0
_MERGE_SECONDS: Final = 600.0
_Segment = tuple[str, str, str]


def expunge(client: OpenSearch, index: str, patience: float = _PATIENCE) -> None:
    """Rewrite all segments that hold deletions. Raises IndexUnavailable when they are still there after `patience`."""
    client.indices.flush(index=index, params={"force": "true", "wait_if_ongoing": "true"})
    old = {segment for segment, deleted in _segments(client, index).items() if deleted}
    until = time.monotonic() + patience
    while True:
        options = {"only_expunge_deletes": "true", "request_timeout": _MERGE_SECONDS}
        client.indices.forcemerge(index=index, params=options)
        client.indices.refresh(index=index)  # the reader lets go of the old files
        client.indices.flush(index=index, params={"force": "true", "wait_if_ongoing": "true"})
        if old.isdisjoint(_segments(client, index)):
            return
        if time.monotonic() > until:
            raise IndexUnavailable("deleted documents are still in the index files")
        time.sleep(_PAUSE)


def _segments(client: OpenSearch, index: str) -> dict[_Segment, int]:
    """Deletions in each segment of each copy, of those searched and those on disk. Names are never used again."""
    told: dict[str, Any] = client.indices.segments(index=index)["indices"]
    return {
        (number, copy["routing"]["node"], name): segment["deleted_docs"]
        for one in told.values()
        for number, copies in one["shards"].items()
        for copy in copies
        for name, segment in copy["segments"].items()
    }
