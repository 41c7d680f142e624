"""The indexer: outbox in, posting lists out; late, twice, killed, another analyser; erasure and rebuild."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from uuid import UUID

import pytest
import tantivy
from sqlalchemy import delete, select, update

from archive.models import CaseFile, Document, DocumentVersion, Filing, Page, PersonName
from core import outbox
from core.models import OutboxEvent
from search import tantivy_index
from search.index import IndexBusy, IndexEntry
from search.indexing import Indexer
from search.tantivy_index import TantivyIndex
from tests.search.world import World, add_case, add_letter, owed
from tests.support import stored_file


def emit(world: World, topic: str, object_id: UUID) -> None:
    with world.database.write() as tx:
        outbox.emit(tx, world.agency, topic, object_id)


def test_from_commit_to_hit_and_nothing_is_owed(world: World) -> None:
    case = add_case(world, "A-1")
    world.indexer.catch_up()
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    assert owed(world) == 1
    assert world.titles("anna", "Miete") == []
    assert world.indexer.catch_up() == 1
    assert owed(world) == 0
    assert world.titles("anna", "Miete") == ["Brief"]
    assert world.indexer.catch_up() == 0


def test_an_event_names_an_object_whose_state_now_counts(world: World) -> None:
    """Late, twice, out of order, for something that is gone: the index shows what the database holds."""
    case = add_case(world, "A-1")
    letter = add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == letter).values(title="Neuer Titel"))
    for _ in range(3):
        emit(world, "document.changed", letter)
    emit(world, "document.changed", case)  # no document has this id
    world.indexer.catch_up()
    emit(world, "document.changed", letter)
    world.indexer.catch_up()
    assert world.titles("anna", "Titel") == ["Neuer Titel"]
    with world.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == letter).values(state="destroyed"))
    emit(world, "document.changed", letter)
    world.indexer.catch_up()
    assert world.index.documents() == set()


def test_an_older_event_committed_later_is_not_passed_over(world: World) -> None:
    case = add_case(world, "A-1")
    add_letter(world, "Erster", ["Miete"], (case, 1, 1))
    with world.database.write() as tx:
        tx.session.execute(update(OutboxEvent).values(processed_at=tx.now))
    add_letter(world, "Zweiter", ["Strom"], (case, 1, 1))
    world.indexer.rebuild()
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(OutboxEvent).values(processed_at=None))
    assert world.indexer.catch_up() == 2
    assert world.titles("anna", "Miete") == ["Erster"]


def test_a_changed_case_brings_its_letters(world: World) -> None:
    case = add_case(world, "A-1", family="Kowalczyk")
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(PersonName).values(family_name="Yıldız"))
        tx.session.execute(update(CaseFile).values(org_unit_id=world.units[1]))
    emit(world, "case_file.changed", case)
    world.indexer.catch_up()
    assert world.titles("anna", "Kowalczyk") == []
    assert world.titles("anna", "Yildiz einheit:T2") == ["Brief"]


def test_more_events_than_one_batch(world: World) -> None:
    case = add_case(world, "A-1")
    world.indexer.catch_up()
    letter = add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    with world.database.write() as tx:
        for _ in range(250):
            outbox.emit(tx, world.agency, "document.changed", letter)
    assert world.indexer.catch_up() == 251
    assert world.titles("anna", "Miete") == ["Brief"]


def words_on_disk(world: World, prefix: str) -> list[str]:
    """Terms of every generation on disk, of deleted documents too."""
    found: list[str] = []
    for folder in (world.home / "index").iterdir():
        if folder.is_dir():
            searcher = tantivy.Index.open(str(folder)).searcher()
            found += [term for stream in "xtu" for term, _ in searcher.terms_with_prefix(stream, prefix)]
    return found


def test_destruction_leaves_no_word_in_any_dictionary(world: World) -> None:
    case, kept = add_case(world, "A-1", family="Kanarienvogelperson"), add_case(world, "A-2")
    letter = add_letter(world, "Kanarientitel", ["Kanarienwort"], (case, 1, 1))
    add_letter(world, "Bleibt", ["Miete"], (kept, 1, 1))
    world.indexer.catch_up()
    assert {"kanarienvogelperson", "kanarientitel", "kanarienwort"} <= set(words_on_disk(world, "kanarien"))
    with world.database.write() as tx:
        tx.session.execute(delete(Filing).where(Filing.document_id == letter))
        tx.session.execute(update(Document).where(Document.id == letter).values(state="destroyed", title=""))
        outbox.emit(tx, world.agency, "document.destroyed", letter)
        outbox.emit(tx, world.agency, "document.changed", letter)
    assert world.indexer.catch_up() == 2
    assert words_on_disk(world, "kanarien") == []
    assert world.titles("anna", "Miete") == ["Bleibt"]


class Counting(TantivyIndex):
    """Counts rebuilds."""

    rebuilds = 0

    def rebuild(self, entries: Iterable[IndexEntry]) -> int:
        self.rebuilds += 1
        return super().rebuild(entries)


def test_many_destructions_are_one_rebuild(world: World) -> None:
    world.indexer.catch_up()
    with world.database.write() as tx:
        for _ in range(350):
            outbox.emit(tx, world.agency, "document.destroyed", world.agency)
    index = Counting(world.home / "index")
    assert Indexer(world.database, world.blobs, index).catch_up() == 350
    assert index.rebuilds == 1


def test_another_analyser_version_is_built_anew_by_the_indexer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = add_case(world, "A-1")
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    monkeypatch.setattr(tantivy_index, "ANALYSER_VERSION", tantivy_index.ANALYSER_VERSION + 1)
    assert not world.index.current()
    world.indexer.catch_up()
    assert world.index.current()
    assert world.titles("anna", "Miete") == ["Brief"]


def test_a_lost_index_comes_back_although_nothing_is_owed(world: World) -> None:
    case = add_case(world, "A-1")
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    (world.home / "index" / "current").unlink()
    assert owed(world) == 0
    world.indexer.catch_up()
    assert world.titles("anna", "Miete") == ["Brief"]


def test_what_is_committed_during_a_rebuild_is_not_lost(world: World) -> None:
    """A second indexer is refused while the rebuild fills its folder; afterwards the event is still owed."""
    case = add_case(world, "A-1")
    add_letter(world, "Erster", ["Miete"], (case, 1, 1))
    world.indexer.catch_up()
    refused: list[bool] = []

    class Interrupted(TantivyIndex):
        def rebuild(self, entries: Iterable[IndexEntry]) -> int:
            def during() -> Iterable[IndexEntry]:
                yield from entries
                add_letter(world, "Zweiter", ["Miete"], (case, 1, 1))
                with pytest.raises(IndexBusy):
                    world.indexer.catch_up()
                refused.append(True)

            return super().rebuild(during())

    Indexer(world.database, world.blobs, Interrupted(world.home / "index")).rebuild()
    assert refused == [True]
    assert owed(world) == 1
    world.indexer.catch_up()
    assert set(world.titles("anna", "Miete")) == {"Erster", "Zweiter"}


@pytest.mark.kill
@pytest.mark.parametrize("rebuilding", [False, True])
def test_killed_between_commit_and_marking_nothing_is_lost_or_doubled(world: World, rebuilding: bool) -> None:
    case = add_case(world, "A-1")
    if not rebuilding:
        world.indexer.catch_up()
    for number in range(3):
        add_letter(world, f"Brief {number}", ["Miete"], (case, 1, 1))
    arguments = f"{str(world.home)!r}, {str(world.agency)!r}, {str(world.units[0])!r}"
    run = f"from tests.search.world import stop_before_marking; stop_before_marking({arguments})"
    command = [sys.executable, "-c", run]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=os.getcwd())
    assert child.stdout is not None
    assert child.stdout.readline() == b"committed\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert owed(world) == 3
    assert world.answer("anna", "Miete")["total"] == 3
    assert world.indexer.catch_up() == 3
    answer = world.answer("anna", "Miete")
    assert (answer["total"], len(answer["results"]), owed(world)) == (3, 3, 0)


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_lost_bytes_of_one_page_keep_no_other_letter_unfound(world: World, damage: str) -> None:
    case = add_case(world, "A-1")
    letter = add_letter(world, "Schaden", ["Wasserrohr"], (case, 1, 1))
    add_letter(world, "Brief", ["Miete"], (case, 1, 1))
    with world.database.read() as session:
        address = session.scalars(
            select(Page.text_sha256).join(DocumentVersion).where(DocumentVersion.document_id == letter)
        ).one()
    assert address is not None
    path = stored_file(world.blobs, address)
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[:-9])
    world.indexer.catch_up()
    assert owed(world) == 0
    assert world.titles("anna", "Miete") == ["Brief"]
    assert world.titles("anna", "Schaden") == ["Schaden"]
    assert world.indexer.rebuild() == 4
