"""The port that every engine passes the same contract tests for. An index can always be rebuilt from the archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import Unavailable
from search.query import ParsedQuery


class IndexBusy(Unavailable):
    """Another process is writing the index."""

    code = "index_busy"


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What one grant of reading opens: the pages of a filing (scope = its case), or a whole document (scope = itself).

    `pages` are the words of each page in order; `heading` words (title, numbers, names) count like page text.
    """

    key: str
    document_id: str
    scope: str
    pages: Sequence[Sequence[str]]
    heading: Sequence[str]
    sort: int
    document_type: str
    year: int
    keyword: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The scopes (case ids and document ids) that the reader may open, computed from SQL. Empty = no hits."""

    allowed: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that matches, with its score (higher first)."""

    document_id: str
    score: float


class SearchIndex(Protocol):
    """Posting lists, nothing else: no text is stored, no right is decided."""

    def apply(self, entries: Iterable[IndexEntry], removed_documents: Iterable[str]) -> None:
        """Replace all entries of the documents named or removed, durably. Raises IndexBusy."""
        ...

    def search(self, query: ParsedQuery, scope: Scope, limit: int) -> list[Hit]:
        """Matching documents within the scope, best first, newest first among equals, each once."""
        ...

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        """Make a new index beside the old one and switch to it; returns the number of entries.

        This is also how erasure works: no term of what is left out remains in any file.
        """
        ...

    def documents(self) -> set[str]:
        """Ids of all documents in the index: for `eakte doctor`."""
        ...

    def ready(self) -> bool:
        """Whether the index can be read."""
        ...
