"""The embedded engine: tantivy in a folder, one writer, readers that see each commit.

Layout: `<root>/current` names the generation folder in use (`v<analyser>.<layout>-<random>`); a rebuild fills a new one
and switches the name. Deleting is not erasing: the term dictionary keeps the words until a merge, and tantivy offers none,
so erasure is a rebuild. `<root>/writer.lock` is held by whoever writes, over generations: what is written to an old
generation while a new one is filled would be lost. The system frees it when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import tantivy

from search.analyser import ANALYSER_VERSION
from search.index import Hit, IndexBusy, IndexEntry, IndexOutdated
from search.plan import plan
from search.postings import postings, schema_version
from search.query import ParsedQuery
from search.tantivy_query import Dictionary, build

_PAGE_GAP: Final = 50
_HEAP: Final = 30_000_000
_STREAMS: Final = ("words", "forms", "unknown")
_HALF: Final = 1 << 64
_OPEN_ATTEMPTS: Final = 3


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
        built = build(self._schema, plan(query, scopes), Dictionary(searcher, opened.terms))
        found = searcher.search(built, limit=max(1, searcher.num_docs)).hits
        ids = _ids(searcher, [address for _, address in found])
        order = searcher.fast_field_values("sort", [address for _, address in found])
        ranked: dict[UUID, tuple[float, int]] = {}
        for (score, _), document_id, sort in zip(found, ids, order, strict=True):
            ranked.setdefault(document_id, (score, sort))
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

    def erase(self) -> bool:
        """See SearchIndex. Tantivy offers no merge for the sake of deletions."""
        return False

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


def _prefix() -> str:
    return f"{schema_version(ANALYSER_VERSION)}-"


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("x", stored=False, tokenizer_name="whitespace", index_option="position")
    for stream in _STREAMS:
        builder.add_text_field(stream, stored=False, tokenizer_name="whitespace", index_option="basic")
    for name in ("document", "scope", "type", "keyword", "unit", "year"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    for name in ("document_high", "document_low", "sort"):
        builder.add_unsigned_field(name, stored=False, indexed=False, fast=True)
    return builder.build()


def _document(entry: IndexEntry) -> Any:
    made = postings(entry)
    tokens: list[Any] = []
    offset = 0
    for words, page in zip((entry.heading, *entry.pages), made.pages, strict=True):
        tokens += [tantivy.Token(text, offset + place, 0, 0) for text, place in page]
        offset += len(words) + _PAGE_GAP
    document = tantivy.Document()
    document.add_pre_tokenized_text("x", tantivy.PreTokenizedString("", tokens))
    for stream, terms in (("words", made.words), ("forms", made.forms), ("unknown", made.unknown)):
        unplaced = [tantivy.Token(term, 0, 0, 0) for term in terms]
        document.add_pre_tokenized_text(stream, tantivy.PreTokenizedString("", unplaced))
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
