"""The embedded engine: tantivy in a folder, one writer, readers that see each commit.

Layout: `<root>/current` names the generation folder in use; a rebuild fills a new one and switches the name. Deleting is
not erasing: the term dictionary keeps the words until a merge, and tantivy offers none, so erasure is a rebuild.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import tantivy

from search.analysis import ANALYSER_VERSION, analyse
from search.index import Hit, IndexBusy, IndexEntry, Scope
from search.query import Clause, ParsedQuery

_PAGE_GAP: Final = 50
_HEAP: Final = 30_000_000
_FETCH: Final = 10_000
_STREAMS: Final = ("x", "t", "u")


class TantivyIndex:
    """See SearchIndex. Opening is cheap; every search looks for a new commit or a new generation first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = _schema()
        self._opened: tuple[str, Any] | None = None

    def apply(self, entries: Iterable[IndexEntry], removed_documents: Iterable[str]) -> None:
        """See SearchIndex."""
        prepared = list(entries)
        index = self._index()
        writer = _writer(index)
        try:
            for document_id in {*removed_documents, *(entry.document_id for entry in prepared)}:
                writer.delete_documents_by_term("document", document_id)
            for entry in prepared:
                writer.add_document(_document(entry))
            writer.commit()
            writer.wait_merging_threads()
        finally:
            del writer
        index.reload()

    def search(self, query: ParsedQuery, scope: Scope, limit: int = _FETCH) -> list[Hit]:
        """See SearchIndex."""
        if not scope.allowed:
            return []
        index = self._index()
        index.reload()
        searcher = index.searcher()
        built = self._query(query, scope)
        found = searcher.search(built, limit=min(limit, _FETCH)).hits
        ranked: dict[str, tuple[float, int]] = {}
        for score, address in found:
            document = searcher.doc(address)
            key = document.get_first("document")
            ranked.setdefault(key, (float(score), int(document.get_first("sort") or 0)))
        ordered = sorted(ranked.items(), key=lambda item: (-round(item[1][0], 4), -item[1][1], item[0]))
        return [Hit(document_id, score) for document_id, (score, _) in ordered]

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        """See SearchIndex."""
        name = f"v{ANALYSER_VERSION}-{os.urandom(6).hex()}"
        folder = self._root / name
        folder.mkdir(parents=True)
        index = tantivy.Index(self._schema, path=str(folder))
        writer = _writer(index)
        count = 0
        for entry in entries:
            writer.add_document(_document(entry))
            count += 1
        writer.commit()
        writer.wait_merging_threads()
        self._switch(name)
        return count

    def documents(self) -> set[str]:
        """See SearchIndex."""
        index = self._index()
        index.reload()
        searcher = index.searcher()
        found = searcher.search(tantivy.Query.all_query(), limit=max(1, searcher.num_docs)).hits
        return {searcher.doc(address).get_first("document") for _, address in found}

    def ready(self) -> bool:
        """See SearchIndex."""
        return self._index() is not None

    def _index(self) -> Any:
        name = self._current()
        if self._opened is None or self._opened[0] != name:
            self._opened = (name, tantivy.Index(self._schema, path=str(self._root / name)))
        return self._opened[1]

    def _current(self) -> str:
        pointer = self._root / "current"
        if not pointer.exists():
            name = f"v{ANALYSER_VERSION}-first"
            (self._root / name).mkdir(parents=True, exist_ok=True)
            self._switch(name)
        return pointer.read_text("ascii").strip()

    def _switch(self, name: str) -> None:
        temporary = self._root / f"current.{os.getpid()}"
        temporary.write_text(name, "ascii")
        temporary.replace(self._root / "current")
        for folder in self._root.glob("v*"):
            if folder.name != name and folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)

    def _query(self, query: ParsedQuery, scope: Scope) -> Any:
        must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
        allowed = tantivy.Query.term_set_query(self._schema, "scope", sorted(scope.allowed))
        parts: list[tuple[Any, Any]] = [(must, tantivy.Query.const_score_query(allowed, 0.0))]
        for clause in query.clauses:
            parts.append((must_not if clause.excluded else must, self._clause(clause)))
        return tantivy.Query.boolean_query(parts)

    def _clause(self, clause: Clause) -> Any:
        if clause.kind in ("type", "keyword", "unit", "year"):
            term = tantivy.Query.term_query(self._schema, clause.kind, clause.terms[0])
            return tantivy.Query.const_score_query(term, 0.1)
        if clause.kind == "phrase":
            return self._phrase(clause.terms)
        if clause.kind == "number":
            return self._any(
                [(self._term("x", clause.terms[0]), 3.0)]
                + ([(self._phrase(clause.terms[1:]), 2.0)] if len(clause.terms) > 1 else [])
            )
        ways = [(self._term("x", clause.terms[0]), 2.0)]
        if clause.stem:
            ways.append((self._term("t", clause.stem), 1.0))
        if clause.fuzzy:
            distance = 2 if len(clause.terms[0]) >= 8 else 1
            fuzzy = tantivy.Query.fuzzy_term_query(self._schema, "u", clause.terms[0], distance, True)
            ways.append((tantivy.Query.const_score_query(fuzzy, 1.0), 0.2))
        return self._any(ways)

    def _phrase(self, terms: Sequence[str]) -> Any:
        # tantivy panics on a phrase of one word; one position of slop spans a lone sign such as §
        return (
            tantivy.Query.phrase_query(self._schema, "x", list(terms), 1)
            if len(terms) > 1
            else self._term("x", terms[0])
        )

    def _term(self, stream: str, text: str) -> Any:
        return tantivy.Query.term_query(self._schema, stream, text)

    def _any(self, ways: Sequence[tuple[Any, float]]) -> Any:
        should = tantivy.Occur.Should
        return tantivy.Query.boolean_query([(should, tantivy.Query.boost_query(way, boost)) for way, boost in ways])


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for stream in _STREAMS:
        builder.add_text_field(stream, stored=False, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("scope", "type", "keyword", "unit", "year"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("sort", stored=True, indexed=True, fast=True)
    return builder.build()


def _document(entry: IndexEntry) -> Any:
    streams: dict[str, list[Any]] = {name: [] for name in _STREAMS}
    offset = 0
    for words in (entry.heading, *entry.pages):
        for term in analyse(words):
            streams[term.stream].append(tantivy.Token(term.text, offset + term.position, 0, 0))
        offset += len(words) + _PAGE_GAP
    document = tantivy.Document()
    for name, terms in streams.items():
        document.add_pre_tokenized_text(name, tantivy.PreTokenizedString("", terms))
    document.add_text("document", entry.document_id)
    document.add_text("scope", entry.scope)
    document.add_text("type", entry.document_type.upper())
    document.add_text("keyword", entry.keyword.upper())
    document.add_text("unit", entry.unit.upper())
    document.add_text("year", str(entry.year))
    document.add_unsigned("sort", entry.sort)
    return document


def _writer(index: Any) -> Any:
    try:
        return index.writer(_HEAP, 1)
    except ValueError as error:
        raise IndexBusy(
            "Der Suchindex wird gerade von einem anderen Prozess geschrieben.", "the index is locked by another writer"
        ) from error
