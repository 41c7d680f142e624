"""Sealers on several hosts that share one place for the heads: no head is lost, whoever is paused or dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile, Head, add_missing
from core.audit.sealing import seal
from core.audit.verify import verify
from core.clock import SetClock
from core.database import AUDIT, RECORDS, Database, Transaction
from core.ids import new_id
from tests.support import NOON, make_agency, make_database


class Shared:
    """A place that keeps nobody out; `beforehand` runs once before a head is kept, as if its host had been paused."""

    def __init__(self, heads: list[Head], beforehand: Callable[[], object] | None = None) -> None:
        self.heads, self.beforehand = heads, beforehand

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def has(self, block_no: int) -> bool:
        return any(head["block_no"] == block_no for head in self.heads)

    def append(self, heads: Sequence[Head]) -> None:
        beforehand, self.beforehand = self.beforehand, None
        if beforehand:
            beforehand()
        self.heads += heads

    def all(self) -> list[Head]:
        return list(self.heads)


class Killed(Exception):
    """The host is gone."""


def dies() -> None:
    raise Killed


def act(database: Database) -> None:
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx, str(new_id()))), "test.act", "thing", None)


def test_a_sealer_paused_before_its_anchor_and_one_on_another_host(tmp_path: Path) -> None:
    database, heads = make_database(tmp_path), list[Head]()
    act(database)

    def meanwhile() -> None:
        act(database)
        assert seal(database, Shared(heads)) == 1

    assert seal(database, Shared(heads, meanwhile)) == 1
    assert {head["block_no"] for head in heads} == {1, 2}
    assert verify(database, Shared(heads)).ok


def test_no_block_is_added_behind_one_whose_anchor_is_still_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other host looked when the chain was shorter; meanwhile this one sealed a block and died before its anchor."""
    database, heads = make_database(tmp_path), list[Head]()
    act(database)
    write, once = database.write, iter([True])

    @contextmanager
    def outrun(lane: str | None = RECORDS) -> Iterator[Transaction]:
        if lane == AUDIT and next(once, False):
            with suppress(Killed):
                seal(database, Shared(heads, dies))
            act(database)
        with write(lane) as tx:
            yield tx

    monkeypatch.setattr(database, "write", outrun)
    assert seal(database, Shared(heads)) == 1
    assert [head["block_no"] for head in heads] == [1, 2]
    verdict = verify(database, Shared(heads))
    assert verdict.ok, verdict.problems
    assert verdict.checked == 2


def test_heads_of_several_files_become_one_chain(tmp_path: Path) -> None:
    """What hosts had before they shared a place: each has the heads of its time as sealer."""
    database, heads = make_database(tmp_path), list[Head]()
    for _ in range(4):
        act(database)
        seal(database, Shared(heads))
    files = [AnchorFile(tmp_path / name / "audit.jsonl") for name in ("one", "two")]
    files[0].append([*heads[:1], *heads[3:]])
    files[1].append(heads[1:3])
    shared = Shared([])
    assert [add_missing(shared, file.all()) for file in (*files, *files)] == [2, 2, 0, 0]
    assert verify(database, shared).ok
    assert all(verify(database, file).problems for file in files)


def test_the_only_head_of_all_is_missed_too_and_not_written_anew_without_a_word(tmp_path: Path) -> None:
    """There is no earlier head that could show that anchors are lost: after an hour it is not on its way any more."""
    clock = SetClock(NOON)
    database, anchors = make_database(tmp_path, clock), AnchorFile(tmp_path / "anchors.jsonl")
    act(database)
    seal(database, anchors)
    anchors.path.unlink()
    assert verify(database, anchors).ok  # killed between commit and anchor looks the same
    clock.instant += timedelta(hours=2)
    assert [(one.position, one.kind) for one in verify(database, anchors).problems] == [(1, "anchor_missing")]
    assert seal(database, anchors) == 0
    assert anchors.all() == []
    act(database)
    assert seal(database, anchors) == 1
    assert (1, "anchor_missing") in [(one.position, one.kind) for one in verify(database, anchors).problems]


def test_the_first_head_whose_sealer_was_just_killed_is_anchored_by_the_next(tmp_path: Path) -> None:
    database, anchors = make_database(tmp_path), AnchorFile(tmp_path / "anchors.jsonl")
    act(database)
    with suppress(Killed):
        seal(database, Shared([], dies))
    assert seal(database, anchors) == 0
    assert [head["block_no"] for head in anchors.all()] == [1]
    assert verify(database, anchors).ok
