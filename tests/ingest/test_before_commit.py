"""I3: nothing happens outside the database before the commit, and what follows a commit can be done again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.audit import record_act
from core.errors import Unavailable
from core.models import AuditEvent, Job, OutboxEvent
from inbox import acts
from inbox.acts import FileInto
from ingest import ledger
from ingest.models import Receipt
from tests.inbox.world import World, copy_world, make_world
from tests.ingest.test_ledger import Door


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_a_commit_that_fails_releases_no_source_and_makes_no_receipt(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Unavailable("besetzt")

    with monkeypatch.context() as failing:
        failing.setattr(ledger, "record_act", busy)
        with pytest.raises(Unavailable):
            door.bring(b"letter")
    assert (door.folder / "incoming.bin").read_bytes() == b"letter"
    assert (door.count(Receipt), door.count(Job), door.count(AuditEvent)) == (0, 0, 0)
    assert not door.bring(b"letter").repeated
    assert (door.count(Receipt), door.count(Job), door.count(AuditEvent)) == (1, 1, 1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "made").mkdir()
    return copy_world(make_world(tmp_path / "made"), tmp_path / "made", tmp_path / "copy")


def test_an_act_that_does_not_commit_leaves_no_trace_anywhere(world: World) -> None:
    ref = world.in_clearing("Wassergeld")
    before = world.who_finds("Wassergeld")

    def file_and_fail() -> None:
        with world.database.write() as tx:
            acts.file_item(tx, world.actor("paula"), ref, FileInto(case_number="C-4"))
            record_act(tx, world.actor("paula"), "test.last", "thing", None)
            raise RuntimeError

    def traces() -> list[int]:
        with world.database.read() as session:
            tables = (AuditEvent, OutboxEvent)
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    rows, files = traces(), sorted(os.listdir(world.blobs._folder))
    with pytest.raises(RuntimeError):
        file_and_fail()
    assert traces() == rows
    assert sorted(os.listdir(world.blobs._folder)) == files
    assert world.who_finds("Wassergeld") == before == {"paula", "piet"}
