"""Workers on two hosts with the same servers share the work, and nothing comes out twice.

A host is a namespace of this machine with a host name, a network and a data folder of its own; cables lead to the servers.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Select, func, select

from archive.models import Document
from core.clock import agency_date
from core.models import AuditEvent, Job, Lease
from core.settings import Settings
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import DemoRegister, make_register
from eakte.searching import documents_in_index, settle
from eakte.services.host import on_host, ports_of, why_not
from ingest.ledger import Delivery, receive
from ingest.models import ItemPage, MailItem, Receipt
from organisation.models import ScanStation
from tests.eakte.killing import compiling, letters_pdf

PATIENCE = 480.0
HOSTS = ("wirt-1", "wirt-2")


@pytest.fixture(scope="module", autouse=True)
def possible() -> None:
    """Namespaces are the kernel's to give; a container may have been denied them, on CI too."""
    if reason := why_not():
        pytest.skip(f"no hosts of our own on this machine: {reason}")


def test_a_host_has_a_name_of_its_own_and_reaches_what_its_cables_lead_to_and_nothing_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as cabled, socket.create_server(("127.0.0.1", 0)) as other:
        port, forbidden = cabled.getsockname()[1], other.getsockname()[1]
        answering = threading.Thread(target=lambda: cabled.accept()[0].sendall(b"hallo"))
        answering.start()
        code = f"""
import socket
print(socket.gethostname())
print(socket.create_connection(("127.0.0.1", {port}), 60).recv(5).decode())
try:
    socket.create_connection(("127.0.0.1", {forbidden}), 60)
except ConnectionRefusedError:
    print("no way")
raise SystemExit(7)
"""
        done = subprocess.run(on_host("otto", [port], [sys.executable, "-c", code]), capture_output=True, text=True)
        answering.join()
    assert (done.stdout.split("\n")[:3], done.returncode) == (["otto", "hallo", "no way"], 7), done.stderr


@dataclass
class Office:
    """An installation on the servers, its hosts, and which steps each of them was seen at."""

    services: Services
    folder: Path
    settings: dict[str, str]
    register: DemoRegister
    seen: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    letters: int = 0

    @contextmanager
    def hosts(self) -> Iterator[None]:
        """A worker on each, with one lane."""
        running = [self._start(name) for name in HOSTS]
        try:
            self.until(lambda: {name for name in HOSTS if self._alive(name)} == set(HOSTS))
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(120)

    def bring(self, station: str, letters: int) -> None:
        """A batch of so many letters of one page."""
        path = self.folder / "batch.pdf"
        path.write_bytes(letters_pdf(self.register, range(self.letters, self.letters + letters)))
        self.letters += letters
        with self.services.database.read() as session:
            code = select(ScanStation.id).where(ScanStation.code == station)
            delivery = Delivery("cli", session.scalars(code).one())
        receive(self.services.database, self.services.blobs, agency_id(self.services), path, delivery)

    def finished(self) -> bool:
        """Whether every receipt is at its end; looks who is at work meanwhile."""
        with self.services.database.read() as session:
            for job, owner in session.execute(select(Job.id, Job.leased_by).where(Job.state == "leased")):
                self.seen[str(owner).partition(":")[0]].add(job)
            return session.scalar(select(func.count()).where(Receipt.final_at.is_(None))) == 0

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a condition."""
        limit = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < limit, self.said()
            time.sleep(0.02)

    def said(self) -> str:
        """The end of what the workers said."""
        return "\n".join((self.folder / f"{name}.log").read_text("utf-8", "replace")[-2000:] for name in HOSTS)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        home = self.folder / name
        home.mkdir()
        environment = {**compiling(os.environ), **self.settings, "EAKTE_HOME": str(home), "OMP_THREAD_LIMIT": "1"}
        command = on_host(name, ports_of(self.settings), [sys.executable, "-m", "eakte", "worker", "--count", "1"])
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def _alive(self, name: str) -> bool:
        with self.services.database.read() as session:
            worker = Lease.name.startswith(f"worker/{name}:")
            return session.scalar(select(func.count()).where(worker)) == 1


@pytest.fixture
def office(stack_settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for name, value in stack_settings.items():
        monkeypatch.setenv(name, value)
    services = open_services(Settings(home=tmp_path / "desk"), migrate=True)
    load_demo(services, with_mail=False)
    register = make_register(SEED, agency_date(services.database.clock.now()))
    yield Office(services, tmp_path, stack_settings, register)
    services.database.dispose()


@pytest.mark.timeout(1500)
def test_two_hosts_share_the_mail_of_two_stations_and_nothing_comes_out_twice(office: Office) -> None:
    with office.hosts():
        while not all(office.seen[name] for name in HOSTS) or office.letters < 10:
            assert office.letters < 100, f"one host did nothing: {office.said()}"
            office.bring("SCAN-1", 4)
            office.bring("SCAN-SAN", 1)
            office.until(office.finished)
        assert settle(office.services, PATIENCE)
    _assert_once(office.services, office.letters)
    command = [sys.executable, "-m", "eakte", "ledger", "reconcile", "--json"]
    environment = {**os.environ, "EAKTE_HOME": str(office.services.settings.home)}
    told = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert (told["items"], told["difference"], told["in_work"]) == (office.letters, 0, 0)


def _assert_once(services: Services, letters: int) -> None:
    with services.database.read() as session:
        documents = [str(one) for one in session.scalars(select(Document.id))]
        assert len(documents) == session.scalar(select(func.count()).select_from(MailItem)) == letters
        assert set(session.scalars(select(Job.state))) == {"done"}
        assert _times(session.scalars(select(Job.subject_id).where(Job.kind == "read")).all()) == {1}
        assert _times(session.scalars(_acts("item.assembled")).all()) == {1}
        assert _times(session.scalars(_acts("receipt.split")).all()) == {1}
        assert session.scalar(select(func.count()).where(ItemPage.read_at.is_(None))) == 0
    assert documents_in_index(services) == set(documents)


def _acts(action: str) -> Select[tuple[UUID | None]]:
    return select(AuditEvent.object_id).where(AuditEvent.action == action)


def _times(subjects: Sequence[object]) -> set[int]:
    return set(Counter(subjects).values())
