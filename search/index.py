"""The port that every engine passes the same contract tests for. An index can always be rebuilt from the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import Unavailable
from search.query import ParsedQuery


class IndexBusy(Unavailable):
    """Another process is writing the index."""

    code = "index_busy"


class IndexOutdated(Unavailable):
    """There is no index that this analyser can read: it must be built anew, which the indexer does."""

    code = "index_outdated"

    def __init__(self) -> None:
        super().__init__(
            "Der Suchindex wird gerade neu aufgebaut. Bitte in einigen Minuten noch einmal suchen.",
            "The search index is being rebuilt. Please search again in a few minutes.",
        )


class IndexUnavailable(Unavailable):
    """The index does not answer, or refuses: the same call may go through later."""

    code = "index_unavailable"

    def __init__(self, en: str = "the search index does not answer") -> None:
        super().__init__(
            "Die Suche ist im Moment nicht verfügbar. Alles andere geht weiter. Bitte suchen Sie in einigen Minuten noch "
            "einmal.",
            en,
        )


class IndexRefused(IndexUnavailable):
    """The index server knows us not: user or password are wrong, or the right is missing."""

    code = "index_refused"


class IndexNewer(Unavailable):
    """The index was made by a newer version of the E-Akte: this one can neither read it nor may it replace it."""

    code = "index_newer"

    def __init__(self, found: str, own: str) -> None:
        super().__init__(
            f"Der Suchindex ({found}) gehört zu einer neueren Version der E-Akte als dieser ({own}). Bitte diesen Dienst "
            "auf dieselbe Version bringen wie die anderen.",
            f"the search index ({found}) belongs to a newer version than this one ({own}); please upgrade this service",
        )


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What one grant of reading opens: the pages of a filing (scope = its case), or a whole document (scope = itself).

    `key` is the entry's own id. `pages` are the words of each page in order; `heading` words (title, names) count like
    page text. `sort` orders hits of equal score, highest first.
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
class Hit:
    """A document that matches, with its score (higher first)."""

    document_id: str
    score: float


class SearchIndex(Protocol):
    """Posting lists, nothing else: no text is stored, no right is decided. One writer at a time."""

    def current(self) -> bool:
        """Whether there is an index, made by this version of the analyser. If not: `rebuild`. Raises IndexUnavailable."""
        ...

    def apply(self, entries: Iterable[IndexEntry], removed_documents: Iterable[str]) -> None:
        """Replace all entries of the documents named or removed, durably. The same again changes nothing.

        What is replaced is no longer found, but its words may stay in files until `erase` or a rebuild. `entries` is read
        once, after the writer's place was taken. Raises IndexBusy (then nothing may count as indexed), IndexOutdated,
        IndexUnavailable.
        """
        ...

    def search(self, query: ParsedQuery, scopes: Collection[str], limit: int | None = None) -> list[Hit]:
        """Documents within these scopes (case and document ids, from SQL), best first, newest first among equals, each once.

        No scope, no hits. `case` clauses are not looked at: who calls has narrowed the scopes. Raises IndexOutdated,
        IndexUnavailable.
        """
        ...

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        """Make a new index beside the old one and switch to it; returns the number of entries. Killed, the old one stays.

        No term of what is left out remains in any file. `entries` is read once, those of one document one after another,
        after the writer's place was taken: what was committed before is in it. Raises IndexBusy, IndexUnavailable.
        """
        ...

    def erase(self) -> bool:
        """Remove from all files the terms of what was replaced or removed before. False: here only a rebuild does that.

        May take a minute. The same again changes nothing. Raises IndexUnavailable when it did not come to an end.
        """
        ...

    def documents(self) -> set[str]:
        """Ids of all documents in the index: for `eakte doctor`. Empty when there is no index. Raises IndexUnavailable."""
        ...
