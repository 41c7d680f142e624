"""The embedded engine: tantivy in a folder, one writer, readers that see each commit.

Layout: `<root>/current` names the generation folder in use (`v<analyser version>-<random>`); a rebuild fills a new one and
switches the name. Deleting is not erasing: the term dictionary keeps the words until a merge, and tantivy offers none, so
erasure is a rebuild. `<root>/writer.lock` is held by whoever writes, over generations: what is written to an old generation
while a new one is filled would be lost. The system frees it when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import tantivy

from search.analyser import ANALYSER_VERSION, analyse_words
from search.index import Hit, IndexBusy, IndexEntry, IndexOutdated
from search.query import ParsedQuery
from search.tantivy_query import Dictionary, build

_PAGE_GAP: Final = 50
_HEAP: Final = 30_000_000
_STREAMS: Final = ("x", "t", "u")
_HALF: Final = 1 << 64
_OPEN_ATTEMPTS: Final = 3
_SCORE_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class _Opened:
    """A generation as it was at one commit. `terms` keeps what the dictionary was asked for."""

    name: str
    commit: int
    index: Any
    searcher: Any
    terms: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)


class TantivyIndex:
    """See SearchIndex. Opening is cheap; every search looks for a new commit or a new generation first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = _schema()
        self._opened: _Opened | None = None

    def current(self) -> bool:
        """See SearchIndex."""
        name = self._name()
        return name.startswith(_prefix()) and (self._root / name / "meta.json").exists()

    def apply(self, entries: Iterable[IndexEntry], removed_documents: Iterable[str]) -> None:
        """See SearchIndex."""
        with self._writing():
            if not self.current():
                raise IndexOutdated
            prepared = list(entries)
            with _writer(tantivy.Index.open(str(self._root / self._name()))) as writer:
                for document_id in sorted({*removed_documents, *(entry.document_id for entry in prepared)}):
                    writer.delete_documents_by_term("document", document_id)
                for entry in prepared:
                    writer.add_document(_document(entry))
                writer.commit()

    def search(self, query: ParsedQuery, scopes: Collection[str], limit: int | None = None) -> list[Hit]:
        """See SearchIndex."""
        if not scopes:
            return []
        opened = self._open()
        searcher = opened.searcher
        built = build(self._schema, query, scopes, Dictionary(searcher, opened.terms))
        found = searcher.search(built, limit=max(1, searcher.num_docs)).hits
        ids = _ids(searcher, [address for _, address in found])
        order = searcher.fast_field_values("sort", [address for _, address in found])
        ranked: dict[UUID, tuple[float, int]] = {}
        for (score, _), document_id, sort in zip(found, ids, order, strict=True):
            ranked.setdefault(document_id, (round(score, _SCORE_DIGITS), sort))
        best = sorted(ranked, key=lambda one: (-ranked[one][0], -ranked[one][1], one))[:limit]
        return [Hit(str(document_id), ranked[document_id][0]) for document_id in best]

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        """See SearchIndex."""
        with self._writing():
            self._clear(keep=self._name())
            name = f"{_prefix()}{os.urandom(6).hex()}"
            folder = self._root / name
            folder.mkdir()
            count = 0
            with _writer(tantivy.Index(self._schema, path=str(folder))) as writer:
                for count, entry in enumerate(entries, 1):  # noqa: B007
                    writer.add_document(_document(entry))
                writer.commit()
            self._switch(name)
            self._clear(keep=name)
            return count

    def documents(self) -> set[str]:
        """See SearchIndex."""
        if not self.current():
            return set()
        searcher = self._open().searcher
        found = searcher.search(tantivy.Query.all_query(), limit=max(1, searcher.num_docs)).hits
        return {str(one) for one in _ids(searcher, [address for _, address in found])}

    def _open(self) -> _Opened:
        """The newest commit of the newest generation, which may vanish while it is opened."""
        for attempt in range(_OPEN_ATTEMPTS):
            if not self.current():
                raise IndexOutdated
            name = self._name()
            opened = self._opened
            try:
                commit = (self._root / name / "meta.json").stat().st_mtime_ns
                if opened is None or opened.name != name or opened.commit != commit:
                    known = opened.index if opened is not None and opened.name == name else None
                    index = known or tantivy.Index.open(str(self._root / name))
                    index.reload()
                    opened = self._opened = _Opened(name, commit, index, index.searcher())
            except (OSError, ValueError):  # tantivy reports missing files as ValueError
                if attempt == _OPEN_ATTEMPTS - 1:
                    raise
                continue
            return opened
        raise IndexOutdated

    def _name(self) -> str:
        try:
            return (self._root / "current").read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._root / "writer.lock").open("a") as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise IndexBusy(
                    "Der Suchindex wird gerade von einem anderen Prozess geschrieben.",
                    "another process writes the index",
                ) from error
            yield

    def _switch(self, name: str) -> None:
        temporary = self._root / "current.new"
        with temporary.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._root / "current")
        folder = os.open(self._root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _clear(self, *, keep: str) -> None:
        """Remove old generations, and what a killed rebuild left. Who still reads one keeps its files until it closes."""
        for folder in self._root.iterdir():
            if folder.is_dir() and folder.name != keep:
                shutil.rmtree(folder)


# The entries of one document come one after another and share its pages.
_analysed = lru_cache(maxsize=64)(analyse_words)


def _prefix() -> str:
    return f"v{ANALYSER_VERSION}-"


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for stream in _STREAMS:
        builder.add_text_field(stream, stored=False, tokenizer_name="whitespace", index_option="position")
    for name in ("document", "scope", "type", "keyword", "unit", "year"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    for name in ("document_high", "document_low", "sort"):
        builder.add_unsigned_field(name, stored=False, indexed=False, fast=True)
    return builder.build()


def _document(entry: IndexEntry) -> Any:
    streams: dict[str, list[Any]] = {name: [] for name in _STREAMS}
    offset = 0
    for words in (entry.heading, *entry.pages):
        found = _analysed(tuple(words))
        for name, terms in zip(_STREAMS, (found.x, found.t, found.u), strict=True):
            # a word divided over two places stands at both, so that phrases hold before it and behind it
            streams[name] += [
                tantivy.Token(text, offset + place, 0, 0)
                for text, at, count in terms
                for place in ((at,) if count == 1 else (at, at + count - 1))
            ]
        offset += len(words) + _PAGE_GAP
    document = tantivy.Document()
    for name, tokens in streams.items():
        document.add_pre_tokenized_text(name, tantivy.PreTokenizedString("", tokens))
    document.add_text("document", entry.document_id)
    document.add_text("scope", entry.scope)
    for name, value in (("type", entry.document_type), ("keyword", entry.keyword), ("unit", entry.unit)):
        document.add_text(name, value.casefold())
    document.add_text("year", str(entry.year))
    number = UUID(entry.document_id).int
    document.add_unsigned("document_high", number // _HALF)
    document.add_unsigned("document_low", number % _HALF)
    document.add_unsigned("sort", entry.sort)
    return document


def _ids(searcher: Any, addresses: list[Any]) -> list[UUID]:
    high = searcher.fast_field_values("document_high", addresses)
    low = searcher.fast_field_values("document_low", addresses)
    return [UUID(int=first * _HALF + second) for first, second in zip(high, low, strict=True)]


@contextmanager
def _writer(index: Any) -> Iterator[Any]:
    """One writing thread; merges end before it closes. What was not committed is dropped."""
    writer = index.writer(_HEAP, 1)
    try:
        yield writer
        writer.wait_merging_threads()
    finally:
        del writer
