"""Children that may die: they outlive threads, never their parent, and how they ended is told apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from core import isolation, jobs, progress
from core.database import Database
from core.ids import new_id
from core.isolation import Child, Crashed, Finished, KilledFromOutside, Limits, TimedOut, run_once
from core.models import AuditEvent
from eakte.handover import job_to
from tests.databases import open_at
from tests.support import make_agency, make_database

HERE = "tests.core.child_work"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))


def test_a_child_outlives_the_thread_that_called_it_first() -> None:
    child = Child()
    thread = threading.Thread(target=child.call, args=(f"{HERE}:pid", {}))
    thread.start()
    thread.join()
    time.sleep(0.3)
    try:
        assert child.call(f"{HERE}:pid", {}) == Finished(child.pid)
    finally:
        child.stop()


@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGQUIT", "SIGHUP"])
def test_a_signal_from_outside_says_nothing_of_the_call(number: str) -> None:
    assert isinstance(run_once(f"{HERE}:hit_myself", {"number": getattr(signal, number)}), KilledFromOutside)


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE"])
def test_a_signal_of_its_own_making_is_a_crash(number: str) -> None:
    assert run_once(f"{HERE}:hit_myself", {"number": getattr(signal, number)}) == Crashed(-getattr(signal, number))


def test_a_stopped_child_costs_its_time_limit_and_no_more() -> None:
    started = time.monotonic()
    outcome = run_once(f"{HERE}:hit_myself", {"number": signal.SIGSTOP}, Limits(wall_seconds=1.5))
    assert isinstance(outcome, TimedOut)
    assert time.monotonic() - started < 120, "it was waited for without end"


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the parent was told. Its clock moves on only then, by 9 seconds each time: no machine is too slow."""
    told: list[int] = []
    renew = isolation._Deadline.renew

    def renew_and_move_on(deadline: isolation._Deadline, portions: int) -> None:
        renew(deadline, portions)
        told.append(portions)

    monkeypatch.setattr(isolation._Deadline, "renew", renew_and_move_on)
    monkeypatch.setattr(isolation, "_now", lambda: 9.0 * len(told))
    return told


def test_a_call_that_gets_on_has_its_time_for_each_portion(signs: list[int]) -> None:
    limits = Limits(wall_seconds=10, stretch=40)
    assert run_once(f"{HERE}:get_on", {"signs": 12, "things": 1, "hang": False}, limits) == Finished("done")
    assert signs == [1] * 12


def test_a_call_that_says_it_gets_on_ends_all_the_same(signs: list[int]) -> None:
    told = {"signs": 12, "things": 1, "hang": True}
    assert run_once(f"{HERE}:get_on", told, Limits(wall_seconds=10, stretch=10)) == TimedOut(10)
    assert len(signs) == 12


def test_without_a_stretch_saying_so_changes_nothing(signs: list[int]) -> None:
    assert run_once(f"{HERE}:get_on", {"signs": 2, "things": 5_000, "hang": True}, Limits(wall_seconds=10)) == TimedOut(
        10
    )
    assert signs == [100, 100]


@pytest.mark.parametrize(("things", "until"), [(0, 10.0), (50, 10.0), (51, 20.0), (5_000, 400.0), (10**400, 400.0)])
def test_what_cannot_be_interrupted_is_given_the_time_of_its_portions(
    things: int, until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(isolation, "_now", lambda: now)
    deadline = isolation._Deadline(Limits(wall_seconds=10, stretch=40))
    monkeypatch.setattr(progress, "_listener", deadline.renew)
    progress.ahead(things)
    now = until
    assert not deadline.over
    now = until + 1
    assert deadline.over


def test_children_die_with_their_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.core.child_work", str(tmp_path / "pid")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([child], timeout=120)
    assert (gone, alive) == ([child], [])


def late_committer(database: Database, tmp_path: Path) -> tuple[Child, threading.Thread, list[object]]:
    """A real child that has done its work and is stopped just before it commits."""
    with database.write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    with database.write() as tx:
        job = jobs.lease(tx, "first")
    assert job is not None
    arguments: dict[str, object] = {
        "database": str(tmp_path),
        "request": job_to(job),
        "gate": str(tmp_path / "gate"),
    }
    child, outcomes = Child(), []
    thread = threading.Thread(target=lambda: outcomes.append(child.call(f"{HERE}:commit_late", arguments)))
    thread.start()
    while not (tmp_path / "gate.ready").exists():
        time.sleep(0.02)
    return child, thread, outcomes


def test_a_stopped_child_that_wakes_up_late_commits_nothing(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    child, thread, outcomes = late_committer(database, tmp_path)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    (tmp_path / "gate").touch()
    with database.write() as tx:
        assert jobs.release_owner(tx, "first") == 1
    with database.write() as tx:
        second = jobs.lease(tx, "second")
        assert second is not None
    with database.write() as tx:
        jobs.finish(tx, second)
    os.kill(child.pid, signal.SIGCONT)
    thread.join(200)
    child.stop()
    assert outcomes == [Finished("lost")]
    with open_at(tmp_path).read() as session:
        assert session.scalars(select(AuditEvent.action)).all() == []


def test_the_same_child_commits_when_nobody_took_its_lease(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    child, thread, outcomes = late_committer(database, tmp_path)
    (tmp_path / "gate").touch()
    thread.join(200)
    child.stop()
    assert outcomes == [Finished("done")]
    with database.read() as session:
        assert session.scalars(select(AuditEvent.action)).all() == ["test.committed"]
