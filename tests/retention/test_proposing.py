"""Proposing in short transactions: killed anywhere, the list is finished once, by the same call or by a worker."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from archive.models import CaseFile, CaseGrant
from core.errors import Conflict
from core.models import AuditEvent
from retention import holding, proposing, service, tasks
from retention.appraising import appraise
from retention.errors import ListExists, WrongListState
from retention.models import DisposalList, DisposalObject
from retention.proposing import propose
from tests.retention.world import TODAY, World, add_case, open_world

RUN = "from pathlib import Path; from tests.retention.test_proposing import go_on; go_on(Path({home!r}))"


class Killed(BaseException):
    """Like SIGKILL as far as Python code can tell: nothing handles it."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "PAGE", 3)
    monkeypatch.setattr(proposing, "BATCH", 2)


def numbers(world: World, count: int) -> list[str]:
    """That many due cases, made in any order; between them one that runs and one that is held."""
    due = [f"99801BG{number:07d}" for number in range(1, count + 1)]
    for number in random.sample(due, count):
        add_case(world, number)
    add_case(world, "99801BG0000001a", closed_on=date(2025, 1, 1))
    add_case(world, "99801BG0000002a")
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("anna"), "99801BG0000002a", "FORDERUNG")
    return due


def listed(world: World, name: str = "L1") -> list[tuple[int, str]]:
    with world.database.read() as session:
        rows = session.execute(
            select(DisposalObject.number, DisposalObject.file_number)
            .join(DisposalList, DisposalList.id == DisposalObject.list_id)
            .where(DisposalList.name == name)
            .order_by(DisposalObject.number)
        )
        return [(number, file_number) for number, file_number in rows]


def assert_frozen_once(world: World, due: list[str]) -> None:
    assert listed(world) == list(enumerate(due, 1))
    with world.database.read() as session:
        (one,) = session.scalars(select(DisposalList)).all()
        (proposed,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "disposal.proposed")).all()
        offers = session.scalars(select(CaseGrant.case_file_id).where(CaseGrant.reason == "offer")).all()
    assert (one.state, proposed.details["objects"]) == ("frozen", len(due))
    assert len(offers) == len(set(offers)) == len(due)


def test_no_transaction_takes_more_than_a_few(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    due, seen = numbers(world, 7), []
    put = proposing._put_on_list

    def counted(*arguments: Any) -> None:
        put(*arguments)
        seen.append(len(listed(world)))

    monkeypatch.setattr(proposing, "_put_on_list", counted)
    propose(world.database, world.actor("rita"), "L1", TODAY)
    assert_frozen_once(world, due)
    assert max(after - before for before, after in zip([0, *seen], seen, strict=False)) <= 2


@pytest.mark.parametrize("step", ["_put_on_list", "_freeze"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("by_worker", [False, True])
def test_killed_anywhere_and_resumed(
    world: World, step: str, call: int, by_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = numbers(world, 7)
    real: Callable[..., Any] = getattr(proposing, step)
    calls = 0

    def dying(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == (call if step == "_put_on_list" else 1):
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(proposing, step, dying)
    with pytest.raises(Killed):
        propose(world.database, world.actor("rita"), "L1", TODAY)
    monkeypatch.setattr(proposing, step, real)
    with pytest.raises(WrongListState):
        appraise(world.database, world.actor("arne"), "L1", "destroy")
    with pytest.raises(WrongListState), world.database.write() as tx:
        service.approve(tx, world.actor("ralf"), "L1")
    if by_worker:
        assert tasks.resume_proposals(world.database) == 1
    else:
        propose(world.database, world.actor("rita"), "L1", TODAY)
    assert_frozen_once(world, due)
    assert tasks.resume_proposals(world.database) == 0


def interrupt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that was begun and has nothing on it."""
    real = proposing._put_on_list

    def dying(*_arguments: Any) -> None:
        raise Killed

    monkeypatch.setattr(proposing, "_put_on_list", dying)
    with pytest.raises(Killed):
        propose(world.database, world.actor("rita"), "L1", TODAY)
    monkeypatch.setattr(proposing, "_put_on_list", real)


def test_nobody_else_takes_over_a_list_that_is_being_collected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers(world, 3)
    interrupt(world, monkeypatch)
    with pytest.raises(ListExists):
        propose(world.database, world.actor("ralf"), "L1", TODAY)
    with pytest.raises(ListExists):
        propose(world.database, world.actor("rita"), "L1", date(2026, 1, 1))


def test_a_case_is_on_one_list_while_two_are_collected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    due = numbers(world, 7)
    real, calls = proposing._put_on_list, 0

    def beside(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            propose(world.database, world.actor("ralf"), "L2", TODAY)
        real(*arguments)

    monkeypatch.setattr(proposing, "_put_on_list", beside)
    propose(world.database, world.actor("rita"), "L1", TODAY)
    first, second = listed(world, "L1"), listed(world, "L2")
    assert sorted(number for _, number in (*first, *second)) == due
    assert [number for number, _ in first] == list(range(1, len(first) + 1))
    assert second


def test_what_is_held_or_reopened_meanwhile_stays_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers(world, 3)
    interrupt(world, monkeypatch)
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("anna"), "99801BG0000001", "FORDERUNG")
        tx.session.execute(
            update(CaseFile).where(CaseFile.file_number == "99801BG0000003").values(state="open", closed_on=None)
        )
    propose(world.database, world.actor("rita"), "L1", TODAY)
    assert listed(world) == [(1, "99801BG0000002")]


def test_a_list_that_ends_without_objects_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers(world, 1)
    interrupt(world, monkeypatch)
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("anna"), "99801BG0000001", "FORDERUNG")
    with pytest.raises(Conflict, match="nothing is due"):
        propose(world.database, world.actor("rita"), "L1", TODAY)
    with world.database.read() as session:
        assert session.scalars(select(DisposalList)).all() == []


def go_on(folder: Path) -> None:
    """What the child does: propose, one case in each transaction."""
    proposing.PAGE, proposing.BATCH = 4, 1  # type: ignore[misc]
    world = open_world(folder)
    rita = world.actor("rita")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    propose(world.database, rita, "L1", TODAY)


@pytest.mark.kill
def test_killed_at_random_moments_and_frozen_once(world: World) -> None:
    seed = random.randrange(10**6)
    moments, due, killed = random.Random(seed), numbers(world, 30), 0
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", RUN.format(home=str(world.home))], stdout=subprocess.PIPE, cwd=os.getcwd()
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0.0, 0.15))
        killed += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if len(listed(world)) == len(due):
            break
    assert killed, f"seed {seed}: the child was never killed while it ran"
    tasks.resume_proposals(world.database)
    with world.database.read() as session:
        begun = session.scalars(select(DisposalList)).first()
    if begun is None:
        propose(world.database, world.actor("rita"), "L1", TODAY)
    assert_frozen_once(world, due)
