"""Killed at random moments, nothing is lost and nothing is doubled: the real engine, real processes, SIGKILL.

Child, supervisor, server and everything at once are killed while a station uploads over HTTP, a hot folder is filled
and the command line takes files in. The seed is printed; EAKTE_KILL_SEED repeats a run, EAKTE_KILLS sets the number of
kills. With EAKTE_TEST_DATABASE=postgresql the same on PostgreSQL, a shorter storm.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive.models import Document, Filing
from core.actor import system_actor
from core.audit.verify import verify
from core.clock import agency_date
from core.models import AuditEvent, Job, OutboxEvent
from eakte.bootstrap import Services, open_services
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import DemoRegister, make_register
from eakte.doctor import examine
from eakte.searching import documents_in_index
from inbox.models import InboxItem
from ingest.cleaning import OrphanSweep
from ingest.models import MailItem, Receipt
from ingest.reporting import reconcile
from organisation.stations import rotate_token
from tests.databases import ON_POSTGRESQL, environment_at, settings_at
from tests.eakte.killing import (
    GIVE_UP_SECONDS,
    Feeder,
    Killer,
    Process,
    command_line,
    compiling,
    digital_letter,
    free_port,
    hot_folder,
    letters_pdf,
    station,
)
from tests.eakte.support import agency_of

KILLS = int(os.environ.get("EAKTE_KILLS", "15" if ON_POSTGRESQL else "100"))
UPLOADS, FILES, COMMANDS = (5, 1, 4) if ON_POSTGRESQL else (12, 3, 8)
SINGLE, BATCH = 1, 2


class World:
    """An installation with its two processes and three senders."""

    def __init__(self, services: Services, folder: Path, rng: random.Random) -> None:
        self.services, self.folder = services, folder
        self.home = services.settings.data
        self.environment = {
            **compiling(os.environ), **environment_at(self.home), "OMP_THREAD_LIMIT": "1", "EAKTE_WORKERS": "2",
            "EAKTE_PORT": str(free_port()), "EAKTE_HOTFOLDER": str(folder / "hot"),
        }  # fmt: skip
        self.server = Process("serve", self.environment, folder / "serve.log")
        self.worker = Process("worker", self.environment, folder / "worker.log")
        self.killer = Killer(self.server, self.worker, rng, lambda: self._leased() > 0, self._left)
        self.feeders = self._feeders(rng)

    def _feeders(self, rng: random.Random) -> tuple[Feeder, Feeder, Feeder]:
        register = make_register(SEED, agency_date(self.services.database.clock.now()))
        serials = iter(range(10_000))
        uploads = [_batch(register, serials, BATCH if number % 3 == 0 else SINGLE) for number in range(UPLOADS)]
        files = [_batch(register, serials, BATCH) for _ in range(FILES)]
        paths = [self.folder / f"command-{number}.pdf" for number in range(COMMANDS)]
        for number, path in enumerate(paths):
            serial = next(serials)
            path.write_bytes(digital_letter(register, serial) if number % 2 else letters_pdf(register, [serial]))
        hot = self.folder / "hot" / "SCAN-1-DUPLEX"
        hot.mkdir(parents=True)
        with self.services.database.write() as tx:
            token = rotate_token(tx, system_actor(agency_of(self.services)), "SCAN-1")
        base = f"http://127.0.0.1:{self.environment['EAKTE_PORT']}"
        return (
            Feeder("station", station(base, token, uploads), UPLOADS),
            Feeder("hot folder", hot_folder(hot, files), FILES),
            Feeder("command line", command_line(self.environment, paths, random.Random(rng.random())), COMMANDS),
        )

    def storm(self, kills: int) -> None:
        """Kill `kills` times while the senders are let go evenly; then let everything come to its end."""
        self.server.ensure()
        self.worker.ensure()
        for feeder in self.feeders:
            feeder.start()
        for number in range(kills):
            for feeder in self.feeders:
                feeder.release((number + 1) * feeder.count // kills - number * feeder.count // kills)
            self.killer.strike()

    def settle(self) -> None:
        """Wait until everything brought has its final state and the index and the audit chain are up to date."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        for feeder in self.feeders:
            feeder.join()
        while self._open() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert self._open() == 0, "work is left over"
        self.server.stop()
        self.worker.stop()

    def end(self) -> None:
        """Leave no process behind."""
        for process in (self.server, self.worker):
            if process.running is not None:
                process.kill(group=True)

    def _leased(self) -> int:
        with self.services.database.read() as session:
            return session.scalar(select(func.count()).select_from(Job).where(Job.state == "leased")) or 0

    def _left(self) -> int:
        """What was let go and is not at its end yet."""
        with self.services.database.read() as session:
            final = session.scalar(select(func.count()).select_from(Receipt).where(Receipt.final_at.is_not(None))) or 0
        return sum(feeder.released for feeder in self.feeders) - final

    def _open(self) -> int:
        with self.services.database.read() as session:
            received = session.scalar(select(func.count()).select_from(Receipt)) or 0
            waiting = session.scalar(select(func.count()).select_from(Receipt).where(Receipt.final_at.is_(None))) or 0
            owed = session.scalar(
                select(func.count()).select_from(OutboxEvent).where(OutboxEvent.processed_at.is_(None))
            )
            unsealed = session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.chain_no.is_(None)))
        return (UPLOADS + FILES + COMMANDS - received) + waiting + (owed or 0) + (unsealed or 0)


def _batch(register: DemoRegister, serials: Iterator[int], size: int) -> bytes:
    return letters_pdf(register, list(islice(serials, size)))


@pytest.fixture(scope="module")
def seed() -> int:
    return int(os.environ.get("EAKTE_KILL_SEED", str(random.randrange(10**6))))


@pytest.fixture(scope="module")
def survived(seed: int, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world after the storm, at rest."""
    print(f"EAKTE_KILL_SEED={seed}")
    folder = tmp_path_factory.mktemp("kill")
    services = open_services(settings_at(folder / "home"), migrate=True)
    load_demo(services, with_mail=False)
    rng = random.Random(seed)
    world = World(services, folder, rng)
    started = time.monotonic()
    try:
        world.storm(KILLS)
        stormed = time.monotonic()
        world.settle()
    finally:
        world.end()
    attempts = {feeder.name: feeder.attempts for feeder in world.feeders}
    print(
        f"{KILLS} kills {world.killer.hits}, {world.killer.hits_at_work} while a step was leased; "
        f"sender attempts {attempts}; "
        f"storm {stormed - started:.0f} s, to rest {time.monotonic() - stormed:.0f} s"
    )
    return world


pytestmark = [pytest.mark.kill, pytest.mark.timeout(3600)]


def test_the_kills_met_work_and_every_target(survived: World, seed: int) -> None:
    assert sum(survived.killer.hits.values()) == KILLS
    assert survived.killer.hits_at_work > KILLS // 5, f"seed {seed}"
    if KILLS >= 100:
        assert set(survived.killer.hits) == {"child", "server", "supervisor", "group"}


def test_every_accepted_receipt_is_there_exactly_once(survived: World, seed: int) -> None:
    by_station, by_folder, by_command = survived.feeders
    with survived.services.database.read() as session:
        ids = [str(one) for one in session.scalars(select(Receipt.id))]
        noted = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "receipt.accepted")).all()
        twins = session.scalars(select(Receipt.id).where(Receipt.duplicate_of.is_not(None))).all()
    told = [*by_station.accepted, *by_command.accepted]
    assert len(set(told)) == UPLOADS + COMMANDS, f"seed {seed}"
    assert set(told) <= set(ids), f"seed {seed}"
    assert len(ids) == UPLOADS + FILES + COMMANDS, f"seed {seed}"
    assert sorted(map(str, noted)) == sorted(ids)
    assert twins == []
    done = survived.folder / "hot" / "SCAN-1-DUPLEX" / "done"
    assert sorted(path.name for path in done.iterdir()) == sorted(by_folder.accepted)


def test_every_letter_is_there_exactly_once_and_in_one_inbox(survived: World, seed: int) -> None:
    letters = UPLOADS + -(-UPLOADS // 3) + FILES * BATCH + COMMANDS * SINGLE
    with survived.services.database.read() as session:
        states = session.scalars(select(MailItem.state)).all()
        documents = session.scalars(select(Document.id)).all()
        delivered = session.scalars(select(InboxItem.document_id)).all()
        filings = session.scalars(select(Filing.document_id)).all()
        assembled = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "item.assembled")).all()
    assert len(states) == letters, f"seed {seed}"
    assert set(states) <= {"filed", "clearing"}, f"seed {seed}: {states}"
    assert len(documents) == letters
    assert sorted(delivered) == sorted(documents), f"seed {seed}"
    assert len(filings) == len(set(filings)) == states.count("filed")
    assert len(assembled) == len(set(assembled)) == letters


def test_all_stores_agree(survived: World, seed: int) -> None:
    services = survived.services
    counts = reconcile(services.database, services.blobs, agency_of(services), 3600)
    assert (counts["quarantined"], counts["difference"], counts["orphans"]) == (0, 0, 0), f"seed {seed}: {counts}"
    OrphanSweep(services.database, services.blobs, 0).step()
    assert reconcile(services.database, services.blobs, agency_of(services), 0)["orphans"] == 0, f"seed {seed}"
    assert examine(services) == [], f"seed {seed}"


def test_index_and_audit_are_complete(survived: World, seed: int) -> None:
    services = survived.services
    with services.database.read() as session:
        documents = {str(one) for one in session.scalars(select(Document.id))}
        verdict = verify(services.database, services.anchors)
        events = session.scalar(select(func.count()).select_from(AuditEvent))
    assert documents_in_index(services) == documents, f"seed {seed}"
    assert verdict.ok, f"seed {seed}: {verdict.problems}"
    assert verdict.checked == events
