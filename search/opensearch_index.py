"""The index on an OpenSearch server, for several workers on several hosts. Layout: `search.opensearch_layout`.

Who writes takes a number from each generation (the version of its document `writer`, which grows with every write to it)
and then reads what is to be written. The number is the version of all that is written: what comes late never wins, and a
removed document stays as an empty one, so that no time limit ends this. Only when the numbers and the generations are still
the same afterwards does the work count; if not, somebody may have written older things over ours: IndexBusy, and the
outbox owes the events still. So two writers, stopped and woken at any moment, lose nothing, without a lock.

A rebuild fills a new generation under version 1, below all numbers, while others write to the old and the new one; then one
step moves the alias and deletes the old ones. A rebuild that died leaves a generation, which the next one removes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from search.analyser import ANALYSER_VERSION
from search.index import Hit, IndexBusy, IndexEntry, IndexNewer, IndexOutdated, IndexUnavailable
from search.opensearch_bulk import Gone, Line, Sender
from search.opensearch_client import Server, connect, translated
from search.opensearch_erasure import expunge
from search.opensearch_layout import Generation, Names, bodies, template
from search.opensearch_query import build
from search.plan import plan
from search.query import ParsedQuery

_FIRST_PAGE: Final = 1_000
_PAGE: Final = 10_000
_KEEP: Final = "30s"
_WRITER: Final = "writer"
_REBUILD: Final = 1
_TOGETHER: Final = 200
_ATTEMPTS: Final = 3
_LONG_SECONDS: Final = 60.0
_READY_SECONDS: Final = 3.0
"""A question of readiness must not hang with the server."""
_ORDER: Final = [{"_score": "desc"}, {"sort": "desc"}, {"document": "asc"}]
_Row = list[Any]


class OpenSearchIndex:
    """See SearchIndex. Threads may share it."""

    def __init__(self, server: Server, prefix: str, shards: int = 1) -> None:
        self._client: OpenSearch = connect(server)
        self._prefix = prefix
        self._shards = shards

    @property
    def _names(self) -> Names:
        return Names(self._prefix, ANALYSER_VERSION)

    def current(self) -> bool:
        """See SearchIndex. Raises IndexNewer too."""
        return any(one.live and one.schema == self._names.schema for one in self._generations())

    def apply(self, entries: Iterable[IndexEntry], removed_documents: Iterable[str]) -> None:
        """See SearchIndex."""
        targets = self._targets()
        try:
            numbers = {one: self._take(one) for one in targets}
            written = {document_id: Line.of(document_id, body) for document_id, body in bodies(entries).items()}
            for document_id in removed_documents:
                written.setdefault(document_id, Line.of(document_id, {}))
            for one, number in numbers.items():
                if Sender(self._client, one.door, number).send(list(written.values())):
                    raise _busy()
                self._refresh(one.name)
            if self._targets() != targets or any(self._number(one) != number for one, number in numbers.items()):
                raise _busy()
        except (Gone, NotFoundError) as error:  # a rebuild has just replaced what we wrote to
            raise _busy() from error

    def search(self, query: ParsedQuery, scopes: Collection[str], limit: int | None = None) -> list[Hit]:
        """See SearchIndex."""
        if not scopes:
            return []
        asked = build(plan(query, scopes))
        return [Hit(str(row[2]), float(row[0])) for row in self._rows(asked, _ORDER, limit)]

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        """See SearchIndex. Raises IndexNewer too. Of two at the same time the later one goes on."""
        made = self._create()
        try:
            sender = Sender(self._client, made.door, _REBUILD)
            count = 0
            lines: list[Line] = []
            for _, of_one in groupby(entries, key=attrgetter("document_id")):
                together = list(of_one)
                count += len(together)
                lines += [Line.of(document_id, body) for document_id, body in bodies(together).items()]
                if len(lines) >= _TOGETHER:
                    sender.send(lines)
                    lines = []
            sender.send(lines)
            self._refresh(made.name)
            self._switch(made)
        except BaseException as error:  # whatever stops it: a half-built generation must not stay on the server
            with suppress(IndexUnavailable, NotFoundError):
                self._drop(made.name)
            if isinstance(error, Gone | NotFoundError):
                raise _busy() from error
            raise
        return count

    def erase(self) -> bool:
        """See SearchIndex. Searching and writing go on meanwhile."""
        for one in self._targets():
            try:
                with translated():
                    expunge(self._client, one.name)
            except NotFoundError:  # replaced meanwhile: its files are gone with it
                continue
        return True

    def documents(self) -> set[str]:
        """See SearchIndex. Raises IndexNewer too."""
        if not self.current():
            return set()
        return {str(row[0]) for row in self._rows({"exists": {"field": "document"}}, [{"document": "asc"}], None)}

    def _generations(self) -> list[Generation]:
        """What there is of ours, oldest first."""
        with translated():
            told = self._client.indices.get_alias(index=self._names.pattern, params={"request_timeout": _READY_SECONDS})
            found = self._names.known(told)
        own = self._names.schema
        newer = [one.name for one in found if one.schema > own]
        if newer:
            raise IndexNewer(newer[-1], self._names.read)
        return found

    def _targets(self) -> list[Generation]:
        """The generation that is read, and what a rebuild is filling."""
        found = [one for one in self._generations() if one.schema == self._names.schema]
        if not any(one.live for one in found):
            raise IndexOutdated
        return found

    def _take(self, one: Generation) -> int:
        """The next number of this generation: higher than all before, and than what a rebuild writes."""
        with translated():
            told = self._client.index(index=one.door, id=_WRITER, body={}, params={"require_alias": "true"})
        return int(told["_version"]) + _REBUILD

    def _number(self, one: Generation) -> int:
        with translated():
            return int(self._client.get(index=one.name, id=_WRITER)["_version"]) + _REBUILD

    def _refresh(self, name: str) -> None:
        with translated():
            self._client.indices.refresh(index=name, params={"request_timeout": _LONG_SECONDS})

    def _create(self) -> Generation:
        """A new generation beside the one that is read; what a rebuild that died has left goes."""
        before = self._generations()
        names = self._names
        number = max([int(time.time() * 1000), *(int(one.name.rpartition("-")[2]) + 1 for one in before)])
        made = Generation(names.generation(number), names.schema, live=False)
        with translated():
            for one in before:
                if not one.live:
                    self._drop(one.name)
            self._client.indices.put_index_template(name=names.read, body=template(names, self._shards))
            self._client.indices.create(
                index=made.name, body={"aliases": {made.door: {}}}, params={"request_timeout": _LONG_SECONDS}
            )
        return made

    def _switch(self, made: Generation) -> None:
        """In one step: the new one is read, all others are gone. NotFoundError when another rebuild removed it."""
        others = [one.name for one in self._generations() if one.name != made.name]
        actions: list[dict[str, Any]] = [{"add": {"index": made.name, "alias": self._names.read}}]
        actions += [{"remove_index": {"index": name}} for name in others]
        with translated():
            self._client.indices.update_aliases(body={"actions": actions}, params={"request_timeout": _LONG_SECONDS})

    def _drop(self, name: str) -> None:
        with translated(), suppress(NotFoundError):
            self._client.indices.delete(index=name, params={"request_timeout": _LONG_SECONDS})

    def _rows(self, query: dict[str, Any], order: list[dict[str, str]], limit: int | None) -> list[_Row]:
        """The sort values of all hits. A generation may be replaced while it is read: then from the start."""
        for _ in range(_ATTEMPTS):
            try:
                with translated():
                    first = self._page({"query": query, "sort": order}, min(limit or _FIRST_PAGE, _FIRST_PAGE))
                    if len(first) < _FIRST_PAGE or limit == _FIRST_PAGE:
                        return first
                    return list(self._all({"query": query, "sort": order}))[:limit]
            except NotFoundError:
                if not self.current():
                    raise IndexOutdated from None
        raise IndexUnavailable("the search index is being replaced again and again")

    def _all(self, body: dict[str, Any]) -> Iterator[_Row]:
        """All hits of one state of the index, page by page."""
        options = {"keep_alive": _KEEP, "allow_partial_pit_creation": "false"}
        held = self._client.create_pit(index=self._names.read, params=options)["pit_id"]
        try:
            after: dict[str, Any] = {}
            ask = partial(self._page, size=_PAGE, pit=True)
            while page := ask({**body, **after, "pit": {"id": held, "keep_alive": _KEEP}}):
                yield from page
                after = {"search_after": page[-1]}
        finally:
            with suppress(NotFoundError):
                self._client.delete_pit(body={"pit_id": [held]})

    def _page(self, body: dict[str, Any], size: int, *, pit: bool = False) -> list[_Row]:
        """Nothing but the values that order the hits is fetched."""
        told = self._client.search(
            body={**body, "size": size, "track_total_hits": False, "_source": False, "stored_fields": "_none_"},
            index=None if pit else self._names.read,
            params={"allow_partial_search_results": "false", "filter_path": "hits.hits.sort,timed_out"},
        )
        return [hit["sort"] for hit in told.get("hits", {}).get("hits", ())]


def _busy() -> IndexBusy:
    return IndexBusy(
        "Der Suchindex wird gerade von einem anderen Prozess geschrieben.", "another process writes the index"
    )
