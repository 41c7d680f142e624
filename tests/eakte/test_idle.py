"""What a worker asks for while nothing is to be done: an idle installation must leave the machine to those who work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from archive.blobs.local import LocalBlobStore
from core import jobs, leases, outbox
from core.audit.anchors import AnchorFile
from core.clock import SystemClock
from core.database import Database
from core.ids import new_id
from core.settings import Settings
from eakte import searching
from eakte.bootstrap import Services
from eakte.housekeeping import Duty, run_duty
from eakte.relay import Relay
from eakte.searching import Indexing, open_index
from search.index import SearchIndex
from tests.support import make_agency, make_database
from tests.web.room import Room, make_room

RUNS = 40


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def services_of(room: Room) -> Services:
    return Services(room.settings, room.database, room.blobs, AnchorFile(room.settings.anchor_file))


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """The statements that reach the database."""
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def run(services: Services, runs: int, owner: str = "hier:1:1") -> None:
    """A duty so many times."""
    stopping, done = threading.Event(), 0

    def one() -> None:
        nonlocal done
        done += 1
        if done == runs:
            stopping.set()

    run_duty(services, Duty("trial", 0.0, one), owner, stopping)


def test_a_duty_that_is_surely_held_is_not_asked_for_at_each_run(room: Room) -> None:
    with asked(room.database) as told:
        run(services_of(room), RUNS)
    assert 0 < sum("FROM lease" in statement for statement in told) < RUNS / 2


def test_a_duty_is_not_run_while_another_worker_holds_it_and_is_when_its_time_is_over(tmp_path: Path) -> None:
    database = make_database(tmp_path, SystemClock())
    blobs, anchors = LocalBlobStore(tmp_path / "blobs", tmp_path / "work"), AnchorFile(tmp_path / "audit.jsonl")
    services = Services(Settings(home=tmp_path), database, blobs, anchors)
    with database.write() as tx:
        assert leases.acquire(tx, "duty/trial", "anderswo:1:1", 1.5) is not None
        free_from = tx.now.timestamp() + 1.5
    run(services, 1)
    assert database.clock.now().timestamp() >= free_from


def test_who_waits_for_another_worker_asks_seldom(room: Room) -> None:
    services, stopping = services_of(room), threading.Event()
    with room.database.write() as tx:
        assert leases.acquire(tx, "duty/trial", "anderswo:1:1", 60.0) is not None
    waits: list[float] = []

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds or 0.0)
        stopping.set()
        return True

    stopping.wait = wait  # type: ignore[method-assign]
    run_duty(services, Duty("trial", 0.1, lambda: pytest.fail("another worker's duty was run")), "hier:1:1", stopping)
    assert waits[0] > 0.5


class Broker:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.wakes: dict[str, int] = {}

    def wake(self, queue: str, number: int) -> None:
        self.wakes[queue] = self.wakes.get(queue, 0) + number

    def waiting(self, queue: str) -> int:
        return self.wakes.get(queue, 0)


def test_the_relay_asks_one_question_for_all_queues(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
        for kind, number in (("split", 1), ("read", 100), ("assemble", 2)):
            for _ in range(number):
                jobs.enqueue(tx, agency, kind, new_id())
    broker = Broker()
    relay = Relay(database, broker)
    relay.run()
    assert broker.wakes == {"ingest": 3, "ocr": 64}
    with asked(database) as told:
        relay.run()
    assert sum("FROM job" in statement for statement in told) == 1
    assert broker.wakes == {"ingest": 3, "ocr": 64}


def test_the_relay_rests_when_there_is_nothing_to_send_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Relay, "_QUIET_SECONDS", 3600.0)
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
        jobs.enqueue(tx, agency, "split", new_id())
    relay = Relay(database, Broker())
    with asked(database) as told:
        for _ in range(RUNS):
            relay.run()
    assert sum("FROM job" in statement for statement in told) == 2, "one look sent, one found nothing; then it rests"
    monkeypatch.setattr(Relay, "_QUIET_SECONDS", 0.0)
    rested = Relay(database, Broker())
    with asked(database) as told:
        for _ in range(3):
            rested.run()
    assert sum("FROM job" in statement for statement in told) == 3


class Questions:
    """An index that counts how often anybody asks whether it is there."""

    def __init__(self, index: SearchIndex) -> None:
        self.index, self.asked = index, 0

    def __getattr__(self, name: str) -> object:
        self.asked += name == "current"
        return getattr(self.index, name)


def test_the_index_is_asked_when_something_is_owed_and_seldom_otherwise(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Indexing, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(Indexing, "GATHER_SECONDS", 0.0)
    counted = Questions(open_index(services_of(room)))
    monkeypatch.setattr(searching, "open_index", lambda _: counted)
    indexing = Indexing(services_of(room))
    for _ in range(5):
        indexing.run()
    first = counted.asked
    assert first == 1
    room.filed("dirks")
    indexing.run()
    assert counted.asked == first + 1
    with room.database.read() as session:
        assert not outbox.owes(session, outbox.INDEX)


def test_letters_gather_while_many_come(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Indexing, "GATHER_SECONDS", 3600.0)
    monkeypatch.setattr(Indexing, "GATHER_TIMES", 1e9)
    indexing = Indexing(services_of(room))
    room.filed("dirks")
    indexing.run()
    room.filed("dirks")
    indexing.run()
    with room.database.read() as session:
        assert outbox.owes(session, outbox.INDEX)


def test_a_lost_index_is_built_anew_although_nothing_is_owed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Indexing, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Indexing, "GATHER_SECONDS", 0.0)
    services = services_of(room)
    indexing = Indexing(services)
    indexing.run()
    assert open_index(services).current()
    for path in sorted(room.settings.index_folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert not open_index(services).current()
    indexing.run()
    assert open_index(services).current()
