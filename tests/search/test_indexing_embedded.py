"""The indexer on the embedded engine: killed, interrupted, with another analyser; erasure is a rebuild."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable

import pytest
from sqlalchemy import delete, update

from archive.models import Document, Filing
from core import outbox
from core.ids import new_id
from search import tantivy_index
from search.index import IndexBusy, IndexEntry
from search.indexing import Indexer
from search.tantivy_index import TantivyIndex
from tests.search.dictionaries import dictionaries_with
from tests.search.world import World, add_case, add_letter, owed


def test_destruction_leaves_no_word_in_any_dictionary(world: World) -> None:
    case, kept = add_case(world, "A-1", family="Kanarienvogelperson"), add_case(world, "A-2")
    letter = add_letter(world, "Kanarientitel", ["Kanarienwort"], (case, 1, 1))
    add_letter(world, "Bleibt", ["Miete"], (kept, 1, 1))
    world.indexer.catch_up()
    assert {"kanarienvogelperson", "kanarientitel", "kanarienwort"} <= set(dictionaries_with(world.home, "kanarien"))
    with world.database.write() as tx:
        tx.session.execute(delete(Filing).where(Filing.document_id == letter))
        tx.session.execute(update(Document).where(Document.id == letter).values(state="destroyed", title=""))
        outbox.emit(tx, world.agency, "document.destroyed", letter)
        outbox.emit(tx, world.agency, "document.changed", letter)
    assert world.indexer.catch_up() == 2
    assert dictionaries_with(world.home, "kanarien") == []
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
            outbox.emit(tx, world.agency, "document.destroyed", new_id())
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
