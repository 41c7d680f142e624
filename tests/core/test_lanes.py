"""What write transactions promise each other, on every database: threads and connections as different hosts have them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import jobs, leases, outbox
from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import seal
from core.audit.verify import verify
from core.clock import SetClock
from core.database import FREE, LEASES, Database
from core.errors import LeaseLost
from core.ids import new_id
from core.models import AuditEvent, Job, OutboxEvent
from organisation.models import Agency
from tests.databases import open_at
from tests.support import NOON, make_agency, make_database

HOSTS = 4


@pytest.fixture
def hosts(tmp_path: Path) -> list[Database]:
    """The same database as several processes have it."""
    make_database(tmp_path).dispose()
    return [open_at(tmp_path, SetClock(NOON)) for _ in range(HOSTS)]


def together(hosts: list[Database], work: Callable[[Database], object]) -> list[object]:
    """Run the work on all hosts at the same time."""
    start = threading.Barrier(len(hosts))

    def run(host: Database) -> object:
        start.wait()
        return work(host)

    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(run, hosts))


def test_what_is_read_before_writing_stays_true_until_the_commit(hosts: list[Database]) -> None:
    def add_the_next(host: Database) -> None:
        for _ in range(8):
            with host.write() as tx:
                number = tx.session.scalar(select(func.count()).select_from(Agency)) or 0
                make_agency(tx, f"{number:03}")

    together(hosts, add_the_next)
    with hosts[0].read() as session:
        codes = session.scalars(select(Agency.code).order_by(Agency.code)).all()
    assert codes == [f"{number:03}" for number in range(8 * HOSTS)]


def test_each_job_is_leased_by_one_worker(hosts: list[Database]) -> None:
    with hosts[0].write() as tx:
        agency = make_agency(tx)
        for _ in range(24):
            jobs.enqueue(tx, agency, "read", new_id())

    def take_all(host: Database) -> list[object]:
        taken: list[object] = []
        while True:
            with host.write(FREE) as tx:
                job = jobs.lease(tx, f"host-{id(host)}")
            if job is None:
                with host.read() as session:
                    if not jobs.any_due(session, NOON):
                        return taken
            else:
                taken.append(job.id)

    taken = [job for found in together(hosts, take_all) for job in found]  # type: ignore[attr-defined]
    assert len(taken) == 24
    assert len(set(taken)) == 24


def test_one_of_two_that_hold_the_same_lease_commits(hosts: list[Database]) -> None:
    with hosts[0].write() as tx:
        jobs.enqueue(tx, make_agency(tx), "read", new_id())
    with hosts[0].write(FREE) as tx:
        job = jobs.lease(tx, "a")
    assert job is not None

    def commit(host: Database) -> bool:
        try:
            with host.write() as tx:
                record_act(tx, system_actor(job.agency_id), "test.committed", "thing", None)
                jobs.finish(tx, job)
        except LeaseLost:
            return False
        return True

    assert sum(map(bool, together(hosts, commit))) == 1
    with hosts[0].read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_sweeping_and_heartbeats_beside_commits_lose_nothing(hosts: list[Database]) -> None:
    """Two hosts finish their jobs, one beats for both, one sweeps: nobody is in anybody's way."""
    with hosts[0].write() as tx:
        agency = make_agency(tx)
        for _ in range(20):
            jobs.enqueue(tx, agency, "read", new_id())
    held = []
    for number in range(20):
        with hosts[0].write(FREE) as tx:
            held.append(jobs.lease(tx, f"owner-{number % 2}"))

    def act(host: Database) -> int:
        place = hosts.index(host)
        for turn in range(10):
            if place < 2:
                job = held[2 * turn + place]
                assert job is not None
                with host.write() as tx:
                    jobs.finish(tx, job)
            else:
                with host.write(FREE if place == 2 else LEASES) as tx:
                    if place == 2:
                        jobs.sweep(tx)
                    else:
                        jobs.heartbeat(tx, f"owner-{turn % 2}", [job.id for job in held if job is not None])
        return 1

    assert together(hosts, act) == [1] * HOSTS
    with hosts[0].read() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.state == "done")) == 20


def test_one_name_has_one_holder(hosts: list[Database]) -> None:
    def acquire(host: Database) -> int | None:
        with host.write(LEASES) as tx:
            return leases.acquire(tx, "duty/sealer", f"host-{id(host)}", 60)

    for _ in range(5):
        assert sorted(number is not None for number in together(hosts, acquire)) == [False] * (HOSTS - 1) + [True]
        for host in hosts:
            with host.write(LEASES) as tx:
                leases.release(tx, "duty/sealer", f"host-{id(host)}")


def test_sealers_on_all_hosts_make_one_chain(hosts: list[Database], tmp_path: Path) -> None:
    with hosts[0].write() as tx:
        agency = make_agency(tx)

    def write_and_seal(host: Database) -> None:
        for number in range(6):
            with host.write(FREE) as tx:
                record_act(tx, system_actor(agency), f"test.{number}", "thing", None, case_file_id=agency)
            seal(host, AnchorFile(tmp_path / "anchors.jsonl"))

    together(hosts, write_and_seal)
    verdict = verify(hosts[0], AnchorFile(tmp_path / "anchors.jsonl"))
    with hosts[0].read() as session:
        numbers = session.scalars(select(AuditEvent.case_no).order_by(AuditEvent.case_no)).all()
    assert verdict.ok, verdict.problems
    assert verdict.checked == 6 * HOSTS
    assert numbers == list(range(1, 6 * HOSTS + 1))


def test_outbox_rows_are_closed_once(hosts: list[Database]) -> None:
    with hosts[0].write() as tx:
        agency = make_agency(tx)
        for _ in range(5):
            outbox.emit(tx, agency, "document.changed", new_id())
    with hosts[0].read() as session:
        ids = [event.id for event in outbox.unprocessed(session, outbox.INDEX)]

    def close(host: Database) -> None:
        host.clock.instant += timedelta(seconds=hosts.index(host))  # type: ignore[attr-defined]
        with host.write(FREE) as tx:
            outbox.mark_processed(tx, ids)

    together(hosts, close)
    with hosts[0].read() as session:
        assert outbox.unprocessed(session, outbox.INDEX) == []
        assert len(set(session.scalars(select(OutboxEvent.processed_at)))) == 1


def test_a_reader_sees_one_state_while_others_write(hosts: list[Database]) -> None:
    with hosts[0].read() as session:
        before = session.scalar(select(func.count()).select_from(Agency))
        with hosts[1].write() as tx:
            make_agency(tx)
        assert session.scalar(select(func.count()).select_from(Agency)) == before
    with hosts[0].read() as session:
        assert session.scalar(select(func.count()).select_from(Agency)) == (before or 0) + 1
