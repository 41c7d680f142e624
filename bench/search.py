"""Figures of the search room: analyser, indexing, searching as a person over a SQLite register.

`python -m bench.search --documents 2000 --cases 400` takes the texts of generated letters (simulated reading, 1 % misread
characters) again and again until there are enough, indexes them from the database, and asks ordinary queries as a
caseworker who may read half of the cases. Prints one JSON object; milliseconds are wall time of one process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobStore
from archive.models import CaseFile, Document, DocumentVersion, Filing, Page
from archive.numbers import number_key
from archive.pagetext import PageText, Word, encode
from core import outbox
from core.actor import Actor
from core.clock import SystemClock
from core.database import Database, Transaction, open_sqlite
from core.ids import new_id
from eakte.demo.drawing.recognise import letter_text
from eakte.demo.letters.mix import make_letters
from eakte.demo.register import make_register
from migrations.runner import upgrade
from organisation.actors import build_actor
from organisation.models import Agency, OrgUnit, RoleAssignment, User
from search.analyser import analyse_words
from search.index import SearchIndex
from search.indexing import Indexer
from search.opensearch_client import Server
from search.opensearch_index import OpenSearchIndex
from search.query import parse
from search.service import SearchService
from search.tantivy_index import TantivyIndex

DAY = date(2026, 11, 24)
NOISE = 0.01
LETTERS = 300
ROUNDS = 3
_BATCH = 500
QUERIES = (
    "Miete", "Bescheid", "Bewilligungsbescheid", "Widerspruch", "Kosten", "Heizkosten Nachzahlung", "Kontoauszug", "Lohn",
    "Kowalczyk", "Kowalcyk", "Müller", '"mit freundlichen Grüßen"', '"der Bescheid"', "§ 22 SGB II", "SGB II", "12.03.2026",
    "99801BG0004711", "99801 BG 0000007", "Mahnung -Strom", "Bescheid jahr:2026", "Antrag typ:ANTRAG", "Schule Kind",
    "Arbeitsunfähigkeit", "Aufhebungs- und Erstattungsbescheid", "Jobcenter", "Euro Betrag", "Nebenkostenabrechnung",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archive:
    """The stores of a measured archive."""

    database: Database
    store: BlobStore


def make_pages(seed: int) -> list[list[str]]:
    """Words of the pages of generated letters, misread a little."""
    letters = make_letters(make_register(seed, DAY), LETTERS, seed, DAY)
    return [[word.text for word in page.words] for letter in letters for page in letter_text(letter, NOISE, seed)]


def words_per_second(pages: Sequence[Sequence[str]]) -> float:
    """Words that the analyser takes in one CPU second, warm: the best of some rounds over the same pages."""
    count = sum(map(len, pages))
    best = 0.0
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        for page in pages:
            analyse_words(page)
        best = max(best, count / (time.process_time() - began))
    return best


def embedded_archive(folder: Path) -> Archive:
    """An empty one in a folder."""
    database = open_sqlite(folder / "eakte.sqlite", SystemClock())
    upgrade(database.engine)
    return Archive(database, LocalBlobStore(folder / "blobs", folder / "work"))


def fill(archive: Archive, texts: Sequence[Sequence[str]], documents: int, cases: int) -> None:
    """A register of `cases` cases with `documents` one-page letters; half of the cases are the caseworker's."""
    database = archive.database
    stored = [archive.store.put_bytes(encode(_page(words))).sha256 for words in texts]
    rng = random.Random(documents)
    with database.write() as tx:
        agency, users, unit = _people(tx.session)
        numbers = [f"99801BG{number:07d}" for number in range(cases)]
        made = [
            CaseFile(
                id=new_id(), agency_id=agency, file_number=name, number_key=number_key(name), file_plan_unit="LEIST",
                org_unit_id=unit, responsible_user_id=users[at % 2], created_at=tx.now,
            )
            for at, name in enumerate(numbers)
        ]  # fmt: skip
        tx.session.add_all(made)
        filed = [case.id for case in made]
    for start in range(0, documents, _BATCH):
        with database.write() as tx:
            for number in range(start, min(documents, start + _BATCH)):
                _letter(tx, agency, filed[number % cases], rng.choice(stored), number)


def _people(session: Session) -> tuple[UUID, list[UUID], UUID]:
    agency, unit = Agency(id=new_id(), code="BENCH", name="Messbehörde"), new_id()
    session.add(agency)
    session.flush()
    session.add(OrgUnit(id=unit, agency_id=agency.id, code="T1", title="Team 1", kind="team"))
    users = [User(id=new_id(), agency_id=agency.id, username=name, display_name=name) for name in ("anna", "otto")]
    session.add_all(users)
    session.flush()
    for user in users:
        session.add(RoleAssignment(agency_id=agency.id, user_id=user.id, role="caseworker", unit_id=unit))
    return agency.id, [user.id for user in users], unit


def _page(words: Sequence[str]) -> PageText:
    return PageText(2480, 3508, 300, 0, "bench", tuple(Word(word, (0, 0, 9, 9), 90, 0) for word in words))


def _letter(tx: Transaction, agency: UUID, case: UUID, text: str, number: int) -> None:
    document, version = new_id(), new_id()
    received = DAY - timedelta(days=number % 1500)
    tx.session.add(
        Document(
            id=document, agency_id=agency, title=f"Schreiben {number}", document_type=f"TYP{number % 25}", filed=True,
            received_on=received, received_on_source="told", created_at=tx.now,
        )
    )  # fmt: skip
    tx.session.flush()
    tx.session.add(DocumentVersion(id=version, document_id=document, page_count=1, created_at=tx.now))
    tx.session.flush()
    tx.session.add(Page(version_id=version, page_no=1, text_sha256=text))
    tx.session.add(
        Filing(
            agency_id=agency, document_id=document, case_file_id=case, page_from=1, page_to=1, ordinal=number + 1,
            filed_at=tx.now, keyword=str(number % 30),
        )
    )  # fmt: skip


def timed(act: Callable[[str], object]) -> dict[str, float]:
    """p50 and p95 in milliseconds over all queries, some rounds after one that warms up: by the clock, and of CPU."""
    taken: list[tuple[float, float]] = []
    for number in range(ROUNDS + 1):
        for query in QUERIES:
            wall, cpu = time.perf_counter(), time.process_time()
            act(query)
            if number:
                taken.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)))
    found: dict[str, float] = {}
    for name, values in zip(("", "cpu_"), zip(*taken, strict=True), strict=True):
        marks = statistics.quantiles(values, n=20)
        found |= {f"{name}p50": round(marks[9], 1), f"{name}p95": round(marks[18], 1)}
    return found


def caseworker(database: Database) -> Actor:
    """The person who searches."""
    with database.read() as session:
        return build_actor(session, session.scalars(select(User).where(User.username == "anna")).one(), DAY)


def measure_indexing(archive: Archive, index: SearchIndex, documents: int) -> dict[str, float]:
    """A rebuild from the database: reading rows and texts, analysing, writing."""
    wall, cpu = time.perf_counter(), time.process_time()
    entries = Indexer(archive.database, archive.store, index).rebuild()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "entries": entries,
        "documents_per_second": round(documents / wall),
        "documents_per_cpu_second": round(documents / cpu),
    }


def measure_one_letter(archive: Archive, index: SearchIndex) -> float:
    """Milliseconds from an outbox event to a searchable letter, the indexer's turn taken at once: median of some."""
    indexer = Indexer(archive.database, archive.store, index)
    with archive.database.read() as session:
        some = session.execute(select(Document.id, Document.agency_id).limit(9)).all()
    taken = []
    for document, agency in some:
        with archive.database.write() as tx:
            outbox.emit(tx, agency, "document.changed", document)
        began = time.perf_counter()
        indexer.catch_up()
        taken.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(taken), 1)


def measure_searching(archive: Archive, index: SearchIndex) -> dict[str, object]:
    """The index alone with the access filter; then the whole answer with rights, facets, snippets and the audit."""
    actor = caseworker(archive.database)
    service = SearchService(archive.database, archive.store, index)
    mine = select(CaseFile.id).where(CaseFile.responsible_user_id == actor.user_id)
    with archive.database.read() as session:
        scopes = {str(one) for one in session.scalars(mine)}
    hits = [service.answer(actor, query)["total"] for query in QUERIES]
    return {
        "queries": len(QUERIES),
        "scopes": len(scopes),
        "hits_median": statistics.median(hits),
        "hits_most": max(hits),
        "index_search_ms": timed(lambda query: index.search(parse(query), scopes)),
        "answer_ms": timed(lambda query: service.answer(actor, query)),
    }


def measure_erasing(archive: Archive, index: SearchIndex) -> float:
    """Seconds from the destruction of one letter to an index without its words, on disk too."""
    with archive.database.write() as tx:
        document, agency = tx.session.execute(select(Document.id, Document.agency_id).limit(1)).one()
        tx.session.execute(update(Document).where(Document.id == document).values(state="destroyed"))
        outbox.emit(tx, agency, "document.destroyed", document)
    began = time.perf_counter()
    Indexer(archive.database, archive.store, index).catch_up()
    return round(time.perf_counter() - began, 1)


def measure(folder: Path, documents: int, cases: int, seed: int, opensearch: str) -> dict[str, object]:
    """All figures as one JSON object, for the embedded index or for one on this OpenSearch, which is left there."""
    pages = make_pages(seed)
    speed = words_per_second(pages)
    archive = embedded_archive(folder)
    fill(archive, pages, documents, cases)
    index: SearchIndex = TantivyIndex(folder / "index")
    if opensearch:
        index = OpenSearchIndex(Server(opensearch), "bench")
    return {
        "analyser_words_per_cpu_second": round(speed),
        "words_per_page": round(statistics.mean(map(len, pages))),
        "documents": documents,
        "cases": cases,
        **measure_indexing(archive, index, documents),
        "index_bytes": sum(path.stat().st_size for path in (folder / "index").rglob("*") if path.is_file()),
        "one_letter_ms": measure_one_letter(archive, index),
        **measure_searching(archive, index),
        "erasing_seconds": measure_erasing(archive, index),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--opensearch", default="", help="address; empty = the embedded index")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), given.documents, given.cases, given.seed, given.opensearch), indent=1))


if __name__ == "__main__":
    main()
