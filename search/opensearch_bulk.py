"""Sending many documents: in pieces that the server takes, slower when it says "too many", smaller when it says "too large".

Each document goes with a version given from outside: what is older than what is there is refused (`stale`), the same again
is harmless, so that a piece may be sent twice. A document that the server never takes is left out and named in the log:
`eakte doctor` misses it; the others go on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from core.log import logger
from search.index import IndexUnavailable
from search.opensearch_client import TOO_LARGE, TOO_MANY, translated

_log = logger(__name__)
_PIECE_BYTES: Final = 5_000_000
_PIECE_SECONDS: Final = 60.0
_ATTEMPTS: Final = 10
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 10.0
_STALE: Final = 409
_GONE: Final = 404


class Gone(Exception):
    """The index that was written to is not there any more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A document to be written, as it goes over the wire."""

    document_id: str
    data: str

    @classmethod
    def of(cls, document_id: str, body: dict[str, Any]) -> Line:
        """Serialise once, for however many indexes."""
        return cls(document_id, json.dumps(body, ensure_ascii=False, separators=(",", ":")))


@dataclass(frozen=True, slots=True)
class Sender:
    """Writes by the alias `door`, under `version`."""

    client: OpenSearch
    door: str
    version: int
    sleep: Callable[[float], object] = time.sleep

    def send(self, lines: Sequence[Line]) -> list[str]:
        """Write all; returns the documents for which something newer is there. Raises Gone, IndexUnavailable."""
        return [one for piece in _pieces(lines) for one in self._piece(piece)]

    def _piece(self, lines: Sequence[Line]) -> list[str]:
        stale: list[str] = []
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS):
            answered = self._once(lines)
            if answered is None:
                return [*stale, *self._halves(lines)]
            again = []
            for line, status in zip(lines, answered, strict=True):
                if status == TOO_MANY:
                    again.append(line)
                elif status == _STALE:
                    stale.append(line.document_id)
                elif status == _GONE:
                    raise Gone
                elif status >= TOO_LARGE - TOO_LARGE % 100:
                    _refused(line, status)
            if not again:
                return stale
            lines = again
            self.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise IndexUnavailable("the search server takes no more for now")

    def _once(self, lines: Sequence[Line]) -> list[int] | None:
        """The status of each document; None when the piece is too large for the server."""
        parts = []
        for line in lines:
            parts += [json.dumps({"index": {"_id": line.document_id, "version": self.version,
                                            "version_type": "external_gte"}}), line.data]  # fmt: skip
        options = {"require_alias": "true", "request_timeout": _PIECE_SECONDS, "filter_path": "items.*.status"}
        try:
            with translated():
                told = self.client.bulk(body="\n".join([*parts, ""]), index=self.door, params=options)
        except TransportError as error:
            if error.status_code == TOO_LARGE:
                return None
            if error.status_code == _GONE:
                raise Gone from error
            raise
        except IndexUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, TransportError) and cause.status_code == TOO_MANY:
                return [TOO_MANY] * len(lines)
            raise
        return [int(one["index"]["status"]) for one in told["items"]]

    def _halves(self, lines: Sequence[Line]) -> list[str]:
        if len(lines) == 1:
            _refused(lines[0], TOO_LARGE)
            return []
        middle = len(lines) // 2
        return [*self._piece(lines[:middle]), *self._piece(lines[middle:])]


def _refused(line: Line, status: int) -> None:
    _log.error("document_not_indexed", document=line.document_id, status=status, size=len(line.data))


def _pieces(lines: Sequence[Line]) -> Iterator[list[Line]]:
    piece: list[Line] = []
    size = 0
    for line in lines:
        if piece and size + len(line.data) > _PIECE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line.data)
    if piece:
        yield piece
