"""The archive's decision on a whole list, in short transactions: interrupted, it leaves the new decision or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from core.database import RECORDS, Transaction
from core.errors import InvalidInput, NotFound
from core.models import AuditEvent
from retention import appraising, service
from retention.appraising import appraise
from retention.errors import WrongListState
from retention.models import DisposalObject
from retention.proposing import propose
from tests.retention.world import TODAY, World, add_case

COUNT = 5


class Killed(BaseException):
    """Like SIGKILL as far as Python code can tell: nothing handles it."""


@pytest.fixture
def listed(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A frozen list of five; two are decided in each transaction."""
    monkeypatch.setattr(appraising, "BATCH", 2)
    for number in range(1, COUNT + 1):
        add_case(world, f"99801BG{number:07d}")
    propose(world.database, world.actor("rita"), "L1", TODAY)
    return world


def decide(world: World, decision: str, number: int | None = None) -> int:
    return appraise(world.database, world.actor("arne"), "L1", decision, number)


def decisions(world: World) -> list[str | None]:
    with world.database.read() as session:
        return list(session.scalars(select(DisposalObject.decision).order_by(DisposalObject.number)))


def events(world: World, decision: str) -> int:
    with world.database.read() as session:
        found = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "disposal.appraised"))
        return sum(details["decision"] == decision for details in found)


def dying(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    real: Callable[..., Any] = appraising._decide
    calls = 0

    def decide_or_die(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise Killed
        real(*arguments)

    monkeypatch.setattr(appraising, "_decide", decide_or_die)


def test_no_transaction_decides_more_than_a_few(listed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write, done = listed.database.write, [0]

    @contextmanager
    def counted(lane: str | None = RECORDS) -> Iterator[Transaction]:
        with write(lane) as tx:
            yield tx
        done.append(sum(one is not None for one in decisions(listed)))

    monkeypatch.setattr(listed.database, "write", counted)
    assert decide(listed, "destroy") == COUNT
    assert decisions(listed) == ["destroy"] * COUNT
    assert max(after - before for before, after in pairwise(done)) == 2


@pytest.mark.parametrize("call", range(1, COUNT + 1))
def test_killed_anywhere_it_leaves_the_new_decision_or_none(
    listed: World, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(listed, "destroy")
    with monkeypatch.context() as dead:
        dying(dead, call)
        with pytest.raises(Killed):
            decide(listed, "archive")
    committed = (call - 1) // 2 * 2
    assert decisions(listed) == ["archive"] * committed + [None] * (COUNT - committed)
    assert decide(listed, "archive") == COUNT
    assert decisions(listed) == ["archive"] * COUNT
    assert (events(listed, "destroy"), events(listed, "archive")) == (COUNT, COUNT)


def test_the_same_decision_again_changes_nothing(listed: World) -> None:
    assert [decide(listed, "destroy") for _ in range(2)] == [COUNT, COUNT]
    assert events(listed, "destroy") == COUNT


def test_one_object_is_decided_apart(listed: World) -> None:
    decide(listed, "destroy")
    assert decide(listed, "archive", 2) == 1
    assert decisions(listed) == ["destroy", "archive", "destroy", "destroy", "destroy"]
    for number in (0, COUNT + 1):
        with pytest.raises(NotFound):
            decide(listed, "archive", number)


def test_archival_objects_are_left_out_and_never_to_be_destroyed(listed: World) -> None:
    with listed.database.write() as tx:
        tx.session.scalars(select(DisposalObject).where(DisposalObject.number == 3)).one().disposal_action = "A"
    assert decide(listed, "destroy") == COUNT - 1
    assert decisions(listed) == ["destroy", "destroy", None, "destroy", "destroy"]
    with pytest.raises(InvalidInput):
        decide(listed, "destroy", 3)
    assert decide(listed, "archive") == COUNT


def test_a_list_approved_in_between_stays_as_it_was_approved(listed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dead:
        dying(dead, 3)
        with pytest.raises(Killed):
            decide(listed, "destroy")
    with listed.database.write() as tx:
        assert service.approve(tx, listed.actor("ralf"), "L1") == COUNT - 2
    with pytest.raises(WrongListState):
        decide(listed, "destroy")
    assert decisions(listed) == ["destroy", "destroy", None, None, None]
