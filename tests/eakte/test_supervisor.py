"""How a worker judges the ends of its children, and that it gives everything back whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import select

from core import jobs, leases
from core.database import Database
from core.errors import Unavailable
from core.ids import new_id
from core.isolation import Child, Crashed, Finished, KilledFromOutside, MemoryExceeded, Outcome, Raised, TimedOut
from core.jobs import LeasedJob
from core.models import Job, Lease
from eakte.bootstrap import Services, open_services
from eakte.hearing import TableHearing
from eakte.lanes import Lane, LanePool
from eakte.supervisor import Supervisor, owner_is_dead, owner_name
from ingest.models import MailItem, Receipt
from tests.databases import environment_at, settings_at
from tests.support import make_agency


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return open_services(settings_at(tmp_path_factory.mktemp("worker") / "home"), migrate=True)


@pytest.fixture
def lane(services: Services) -> Lane:
    return Lane(services, "test", threading.Event())


def new_receipt(database: Database) -> LeasedJob:
    """A receipt whose split is leased by this process."""
    with database.write() as tx:
        agency = make_agency(tx, str(new_id()))
        receipt = Receipt(
            id=new_id(), agency_id=agency, sha256="0" * 64, size=1, channel="cli", idempotency_key=str(new_id()),
            received_on=tx.today, received_on_source="today", accepted_at=tx.now,
        )  # fmt: skip
        tx.session.add(receipt)
        tx.session.flush()
        jobs.enqueue(tx, agency, "split", receipt.id, priority=0)
    return lease(database)


def lease(database: Database) -> LeasedJob:
    with database.write() as tx:
        job = jobs.lease(tx, "test")
    assert job is not None
    return job


def row(database: Database, job: LeasedJob) -> Job:
    with database.read() as session:
        return session.get_one(Job, job.id)


OWN = [
    Crashed(-11),
    Crashed(1),
    MemoryExceeded(900),
    TimedOut(180.0),
    Raised("RuntimeError", "x"),
    Finished({"status": "failed"}),
]
OTHERS = [
    KilledFromOutside(-9),
    KilledFromOutside(-15),
    KilledFromOutside(0),
    Finished({"status": "retry", "error": "OSError"}),
]


@pytest.mark.parametrize("outcome", OTHERS, ids=repr)
def test_an_end_from_outside_never_counts_however_often(services: Services, lane: Lane, outcome: Outcome) -> None:
    job = new_receipt(services.database)
    for _ in range(2 * jobs.MAX_DEATHS):
        lane.judge(job, outcome)
        kept = row(services.database, job)
        assert (kept.state, kept.deaths, kept.isolated) == ("ready", 0, False)
        with services.database.write() as tx:
            tx.session.get_one(Job, job.id).not_before = None
        job = lease(services.database)
    with services.database.write() as tx:
        jobs.finish(tx, job)


@pytest.mark.parametrize("outcome", OWN, ids=repr)
def test_an_own_end_counts_only_alone_and_the_third_is_quarantine(
    services: Services, lane: Lane, outcome: Outcome
) -> None:
    job = new_receipt(services.database)
    seen = []
    for _ in range(1 + jobs.MAX_DEATHS):
        lane.judge(job, outcome)
        kept = row(services.database, job)
        seen.append((kept.state, kept.deaths, kept.isolated))
        if kept.state == "ready":
            job = lease(services.database)
    assert seen == [("ready", 0, True), ("ready", 1, True), ("ready", 2, True), ("done", 3, True)]
    with services.database.read() as session:
        assert session.get_one(Receipt, job.subject_id).state == "quarantined"
        item = session.scalars(select(MailItem).where(MailItem.receipt_id == job.subject_id)).one()
    code = {MemoryExceeded: "memory_limit", TimedOut: "time_limit"}.get(type(outcome), "kills_its_child")
    assert (item.state, item.item_no, item.reasons[0]["code"]) == ("quarantined", 0, code)


def test_nothing_counts_while_the_worker_stops(services: Services) -> None:
    job, stopping = new_receipt(services.database), threading.Event()
    stopping.set()

    class Dying:
        def call(self, *_: object) -> Outcome:
            return Crashed(-11)

    assert not Lane(services, "test", stopping).run(Dying(), job)  # type: ignore[arg-type]
    assert row(services.database, job).deaths == 0
    with services.database.write() as tx:
        jobs.finish(tx, job)


def test_only_what_a_lane_works_on_is_kept_alive(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step whose end could not be written down: its lease has to run out although the worker lives."""
    new_receipt(services.database)
    pool = LanePool(services, "test", threading.Event(), 1)
    (lane,) = pool._lanes
    during: list[list[UUID]] = []

    class Retrying:
        def call(self, *_: object) -> Outcome:
            during.append(pool.at_work())
            return Finished({"status": "retry", "error": "Unavailable"})

    def unreachable(*_: object) -> None:
        raise Unavailable("away", "away")

    monkeypatch.setattr(lane, "_child", Retrying())
    monkeypatch.setattr(lane, "judge", unreachable)
    with services.database.write() as tx:
        jobs.release_owner(tx, "test")
    assert pool.take(["split"])
    with services.database.read() as session:
        (left,) = session.scalars(select(Job.id).where(Job.state == "leased"))
    assert (during, pool.at_work()) == ([[left]], [])
    with services.database.write() as tx:
        assert jobs.heartbeat(tx, "test", pool.at_work()) == 0
        jobs.release_owner(tx, "test")


def test_a_lane_outlives_a_store_that_fails(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, calls = threading.Event(), []

    class Failing(LanePool):
        def take(self, kinds: Sequence[str] | None, *, wait: bool = True) -> bool:
            calls.append(kinds)
            if len(calls) > 2:
                stopping.set()
                return False
            raise OSError("no more processes")

    monkeypatch.setattr("eakte.hearing.FAULT_SECONDS", 0.01)
    pool = Failing(services, "test", stopping, 1)
    (loop,) = TableHearing(pool, ("ocr",), 1, stopping).loops()
    loop()
    assert calls == [("read",)] * 3


def test_a_child_is_replaced_after_its_steps(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = services.settings.model_copy(update={"child_steps": 2})
    lane, children = Lane(replace(services, settings=settings), "test", threading.Event()), []

    class Willing(Child):
        def call(self, target: str, *_: object) -> Outcome:
            if target.endswith(":perform"):
                children.append(id(self))
                with services.database.write() as tx:
                    jobs.finish(tx, held[-1])
                return Finished({"status": "done"})
            return Finished({"status": "warm"})

    held: list[LeasedJob] = []
    monkeypatch.setattr("eakte.lanes.Child", Willing)
    monkeypatch.setattr(lane, "next_job", lambda _kinds: held.append(new_receipt(services.database)) or held[-1])
    kept = [lane.take(None) and lane._child for _ in range(4)]
    assert [child is None for child in kept] == [False, True, False, True]
    assert children[0] == children[1]


def test_heartbeats_go_on_after_a_busy_store(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, beats = Supervisor(services, (), 1), []

    def beat(*_: object) -> None:
        beats.append(1)
        if len(beats) > 2:
            worker._stopping.set()
        raise [Unavailable("besetzt"), OSError("voll"), RuntimeError("x")][len(beats) - 1]

    monkeypatch.setattr("eakte.supervisor._HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("eakte.supervisor.heartbeat", beat)
    worker._beat()
    assert len(beats) == 3


def test_a_dead_owner_is_told_from_a_living_one() -> None:
    mine = owner_name()
    host, pid, started = mine.rsplit(":", 2)
    assert not owner_is_dead(mine)
    assert owner_is_dead(f"{host}:{pid}:{int(started) - 1}")
    assert not owner_is_dead(f"another-machine:{pid}:1")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    born = int(psutil.Process(ended.pid).create_time() * 1000)
    while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    assert owner_is_dead(f"{host}:{ended.pid}:{born}")  # not waited for yet
    ended.wait()
    assert owner_is_dead(f"{host}:{ended.pid}:{born}")


def test_a_new_worker_takes_back_what_a_dead_one_held(services: Services) -> None:
    host, pid, started = owner_name().rsplit(":", 2)
    dead = f"{host}:{pid}:{int(started) - 1}"
    with services.database.write() as tx:
        agency = make_agency(tx, str(new_id()))
        jobs.enqueue(tx, agency, "unknown", new_id(), priority=0)
    with services.database.write() as tx:
        job = jobs.lease(tx, dead)
        assert job is not None
        leases.acquire(tx, "duty/test", dead, 20)
    Supervisor(services, (), 1)._reclaim()
    assert row(services.database, job).state == "ready"
    with services.database.read() as session:
        assert session.get(Lease, "duty/test") is None


def test_the_children_of_run_end_with_it(tmp_path: Path) -> None:
    """A killed `eakte run` leaves no server behind that would hold the data folder."""
    environment = {**os.environ, **environment_at(tmp_path / "home")}
    script = (
        "import subprocess, sys, os, time;"
        "child = subprocess.Popen([sys.executable, '-m', 'eakte', 'worker', '--parent', str(os.getpid())]);"
        "print(child.pid, flush=True); time.sleep(1000)"
    )
    open_services(settings_at(tmp_path / "home"), migrate=True).database.dispose()
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    while not child.children() and child.is_running():
        time.sleep(0.1)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([child], timeout=200)[1] == []
