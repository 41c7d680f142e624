"""What hears of work is exchangeable: lanes that look into the table and Celery on a real Redis keep the same promises.

Work that is offered is done exactly once, whoever is killed; a broker that is killed, emptied, full, locked or fed with
rubbish costs time, never work. The steps are the real ones, on papers with their own text.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from archive.models import Document
from core import leases
from core.celery_waking import CeleryWaker
from core.models import AuditEvent, Job
from core.processes import host_name
from eakte.bootstrap import open_services
from eakte.doctor import examine
from eakte.duties import duties
from eakte.relay import broker_fault
from eakte.supervisor import Supervisor
from ingest.ledger import Delivery, receive
from ingest.models import Receipt
from tests.databases import settings_at
from tests.eakte.broker import Broker, redis_program
from tests.ingest.door import House, book, letter, open_house

PATIENCE = 600.0
pytestmark = pytest.mark.timeout(2000)
needs_redis = pytest.mark.skipif(
    redis_program() is None and not os.environ.get("CI"), reason="no redis-server is installed"
)


class World:
    """An installation, its broker if it has one, and worker processes."""

    def __init__(self, folder: Path, broker: Broker | None) -> None:
        self.folder, self.broker = folder, broker
        self.house: House = open_house(folder / "home")
        self.running: list[subprocess.Popen[bytes]] = []
        self.offered = 0

    def offer(self, number: int = 3) -> None:
        """Papers of one page; the first one is a batch of two."""
        station = self.house.station("SCAN-1").id
        for _ in range(number):
            self.offered += 1
            path = self.folder / f"{self.offered}.pdf"
            path.write_bytes(book(letter(f"Nachweis Nr. {self.offered}", "Aktenzeichen 99801BG0055555")))
            services = self.house.services
            receive(services.database, services.blobs, self.house.agency, path, Delivery("cli", station))

    def worker(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """`eakte worker` as a process of its own."""
        known = self.house.environment(**{**(self.broker.settings if self.broker else {}), **environment})
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "eakte", "worker", "--count", "1", *arguments], env=known, stderr=log, stdout=log
            )
        self.running.append(process)
        return process

    @property
    def log(self) -> Path:
        """What the workers said."""
        return self.folder / "worker.log"

    def end(self) -> None:
        """Stop the workers in an orderly way."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(PATIENCE)
        self.running.clear()

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a condition."""
        limit = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < limit, self.log.read_text("utf-8", "replace")[-4000:]
            time.sleep(0.1)

    def finished(self) -> bool:
        """Whether every receipt is at its end."""
        with self.house.services.database.read() as session:
            open_ones = select(func.count()).select_from(Receipt).where(Receipt.final_at.is_(None))
            return session.scalar(open_ones) == 0

    def until_at_work(self) -> None:
        """Offer until a step is seen at work: a warm worker may be done between two looks."""

        def at_work() -> bool:
            if self.finished():
                self.offer(1)
            return self.leased()

        self.until(at_work)

    def up(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a worker gives signs of life."""
        with self.house.services.database.read() as session:
            now = self.house.services.database.clock.now()
            return leases.alive(session, f"worker/{host_name()}:{process.pid}:", now) > 0

    def leased(self) -> bool:
        """Whether a step is at work."""
        with self.house.services.database.read() as session:
            return session.scalars(select(Job.id).where(Job.state == "leased").limit(1)).first() is not None

    def assert_exactly_once(self) -> None:
        """One split and one document for each paper; nothing quarantined, no step left."""
        with self.house.services.database.read() as session:
            split = Counter(session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "receipt.split")))
            assert (len(split), set(split.values())) == (self.offered, {1})
            assert session.scalar(select(func.count()).select_from(Document)) == self.offered
            assert set(session.scalars(select(Receipt.state))) == {"split"}
            assert set(session.execute(select(Job.state, Job.deaths))) == {("done", 0)}


@pytest.fixture(params=["table", pytest.param("celery", marks=needs_redis)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as ending:
        broker = Broker(tmp_path / "redis").start() if request.param == "celery" else None
        if broker is not None:
            ending.callback(broker.kill)
        made = World(tmp_path, broker)
        ending.callback(made.end)
        yield made


@pytest.fixture(scope="module")
def made_brokered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("broker-faults")
    broker = Broker(folder / "redis").start()
    yield World(folder, broker)
    broker.kill()


@pytest.fixture
def brokered(made_brokered: World) -> Iterator[World]:
    yield made_brokered
    made_brokered.end()


def test_work_is_done_once_whoever_is_killed_or_told_to_stop(world: World) -> None:
    """One after another, for a worker takes seconds to start: each stage begins with the workers of the one before."""
    world.offer()
    killed = world.worker()
    world.until_at_work()
    killed.kill()
    killed.wait()
    told, idle = world.worker(), world.worker()
    world.until(world.finished)
    world.assert_exactly_once()

    world.until(lambda: world.up(told) and world.up(idle))
    world.offer(5)
    world.until(world.finished)
    world.offer(2)
    world.until(world.finished)
    world.assert_exactly_once()

    idle.send_signal(signal.SIGTERM)
    assert idle.wait(PATIENCE) == 0
    world.offer(4)
    world.until_at_work()
    told.send_signal(signal.SIGTERM)
    assert told.wait(PATIENCE) == 0
    assert not world.leased()
    with world.house.services.database.read() as session:
        assert session.scalars(select(Job.attempts).where(Job.state == "ready", Job.attempts > 0)).all() == []

    world.offer()
    for queue in ("ocr", "ingest", "default"):
        world.worker("--queues", queue)
    world.until(world.finished)
    world.assert_exactly_once()


def broker_of(world: World) -> Broker:
    assert world.broker is not None
    return world.broker


@needs_redis
def test_messages_alone_bring_the_work(brokered: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep switched off: what is done is done because Celery said so."""
    monkeypatch.setattr("eakte.celery_hearing.SILENCE_SECONDS", 1e6)
    broker = broker_of(brokered)
    monkeypatch.setenv("EAKTE_HOME", str(brokered.house.home))
    settings = settings_at(
        brokered.house.home, broker_url=broker.settings["EAKTE_BROKER_URL"],
        broker_password_file=broker.password_file,
    )  # fmt: skip
    services = open_services(settings)
    supervisor = Supervisor(services, duties(services), 1)
    supervisor.start()
    try:
        brokered.offer(2)
        brokered.until(brokered.finished)
    finally:
        supervisor.stop(PATIENCE)
        services.database.dispose()
    brokered.assert_exactly_once()


@needs_redis
def test_a_broker_that_is_emptied_fed_with_rubbish_or_killed_costs_time_only(brokered: World) -> None:
    broker = broker_of(brokered)
    client = broker.client()
    brokered.worker()
    brokered.offer(2)
    client.flushall()
    client.lpush("eakte:ocr", b"\x00 no message at all", b"{}", b'{"body": 7}')
    client.lpush("eakte:ingest", b'{"body": "W10=", "headers": {"task": "os.system"}, "properties": {}}', b"[]")
    brokered.offer(1)
    brokered.until(brokered.finished)
    brokered.until(lambda: client.llen("eakte:ocr") == client.llen("eakte:ingest") == 0)
    brokered.offer(1)
    brokered.until(brokered.finished)
    brokered.assert_exactly_once()

    brokered.offer(2)
    brokered.until_at_work()
    before = brokered.log.stat().st_size
    broker.kill()
    brokered.offer(2)
    brokered.until(brokered.finished)
    broker.start()
    brokered.offer(2)
    brokered.until(brokered.finished)
    brokered.until(lambda: b"broker_back" in brokered.log.read_bytes()[before:])
    brokered.assert_exactly_once()


@needs_redis
def test_the_doctor_says_what_is_wrong_with_the_broker_and_nothing_else(brokered: World) -> None:
    broker = broker_of(brokered)
    told = {"broker_url": broker.settings["EAKTE_BROKER_URL"], "broker_password_file": broker.password_file}
    with_broker = replace(brokered.house.services, settings=settings_at(brokered.house.home, **told))
    assert broker_fault(with_broker.settings) is None
    assert [one for one in examine(with_broker, deep=False) if one.store == "broker"] == []
    broker.client().config_set("maxmemory", "1kb")
    try:
        (finding,) = [one for one in examine(with_broker, deep=False) if one.store == "broker"]
    finally:
        broker.client().config_set("maxmemory", "0")
    assert (finding.kind, finding.id) == ("broker_full", "redis")
    assert finding.text.startswith("Redis ist voll.")
    assert finding.english.startswith("Redis is out of memory.")
    assert broker_fault(settings_at(brokered.house.home)) is None


@needs_redis
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("full", "broker_full"), ("password", "broker_password"), ("absent", "broker_unreachable")],
)
def test_work_goes_on_without_a_usable_broker_and_the_log_says_why(brokered: World, fault: str, reason: str) -> None:
    broker, environment = broker_of(brokered), dict(broker_of(brokered).settings)
    if fault == "full":
        broker.client().config_set("maxmemory", "1kb")
    elif fault == "password":
        wrong = brokered.folder / "wrong"
        wrong.write_text("falsch")
        environment["EAKTE_BROKER_PASSWORD_FILE"] = str(wrong)
    else:
        environment["EAKTE_BROKER_URL"] = "redis://127.0.0.1:1/0"
    try:
        process = brokered.worker(**environment)
        brokered.offer(1)
        brokered.until(brokered.finished)
        brokered.until(lambda: reason.encode() in brokered.log.read_bytes())
        home = brokered.house.home
        found = broker_fault(
            settings_at(
                home, broker_url=environment["EAKTE_BROKER_URL"],
                broker_password_file=Path(environment["EAKTE_BROKER_PASSWORD_FILE"]),
            )
        )  # fmt: skip
        assert found is not None
        assert found.reason == reason
        told = " ".join(psutil.Process(process.pid).cmdline())
        assert broker.password not in told + brokered.log.read_text("utf-8", "replace")
        brokered.end()
    finally:
        if fault == "full":
            broker.client().config_set("maxmemory", "0")
    brokered.assert_exactly_once()


@needs_redis
def test_an_end_without_a_broker_is_told_in_a_line(tmp_path: Path) -> None:
    """The wake of the step at hand cannot be acknowledged any more: that is no traceback, and a second Ctrl-C none too."""
    broker = Broker(tmp_path / "redis").start()
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.eakte.hearing_alone"], env={**os.environ, **broker.settings}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert worker.stdout is not None
    try:
        CeleryWaker(broker.settings["EAKTE_BROKER_URL"], broker.password).wake("ingest", 1)
        assert worker.stdout.readline() == "took\n"
        broker.kill()
        worker.send_signal(signal.SIGINT)
        assert worker.stdout.readline() == "stopping\n"
        worker.send_signal(signal.SIGINT)
        told = worker.communicate("go on\n", timeout=PATIENCE)[1]
    finally:
        broker.kill()
        worker.kill()
    assert worker.returncode == 0, told
    assert "CRITICAL celery.worker.request Couldn't ack" in told
    assert "Traceback" not in told
