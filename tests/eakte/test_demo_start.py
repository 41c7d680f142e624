"""The demo authority is loaded once; `eakte run` keeps its data folder to itself, and Ctrl-C ends all of it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import func, select

from archive.models import CaseFile, Person
from core.models import Job
from eakte.bootstrap import Services, open_services
from eakte.demo import load
from eakte.demo.batches import DemoBatch
from ingest.models import Receipt
from organisation.models import ScanStation, User
from tests.databases import environment_at, settings_at
from tests.ingest.door import book, free_port, letter

PATIENCE = 900.0
"""A bound for what never comes, not a budget."""
COUNTED = (CaseFile, Person, User, ScanStation, Receipt, Job)


def counts(services: Services) -> list[int]:
    """How many there are of everything that a second load might double."""
    with services.database.read() as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in COUNTED]


PAPERS = {station: book(letter(station)) for station in ("SCAN-1", "FACHVERFAHREN")}


def two_papers(_register: object, _seed: int, day: date) -> list[DemoBatch]:
    """Mail that costs no drawing."""
    return [
        DemoBatch(station, day, f"{station}.pdf", "application/pdf", data, 1, ()) for station, data in PAPERS.items()
    ]


def test_a_second_load_makes_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "make_demo_mail", two_papers)
    services = open_services(settings_at(tmp_path / "home"), migrate=True)
    first = load.load_demo(services)
    assert first.receipts == 2
    assert stat.S_IMODE(first.logins.stat().st_mode) == 0o600
    told, before = first.logins.read_bytes(), counts(services)
    assert before[:5] != [0] * 5
    assert load.load_demo(services).receipts == 0
    (services.settings.data / "demo-mail.done").unlink()  # as if killed before it was written
    assert load.load_demo(services).receipts == 0
    assert (first.logins.read_bytes(), counts(services)) == (told, before)
    services.database.dispose()


class Office:
    """`eakte run --demo` as a process of its own, with what it says."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "eakte", "run", "--demo"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("Bereit."):
                self._ready.set()
        self._ready.set()

    def ready(self) -> bool:
        """Wait until it says so; False when it ended before."""
        assert self._ready.wait(PATIENCE), self.said
        return self.process.poll() is None

    def interrupt(self) -> int:
        """Ctrl-C, and its status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status


def test_one_office_on_a_data_folder_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    services = open_services(settings_at(home), migrate=True)
    load.load_demo(services, with_mail=False)
    (services.settings.data / "demo-mail.done").touch()
    before = counts(services)
    environment = {**os.environ, **environment_at(home), "EAKTE_PORT": str(free_port()), "EAKTE_WORKERS": "1"}
    office = Office(environment)
    try:
        assert office.ready(), office.said
        base = f"http://127.0.0.1:{environment['EAKTE_PORT']}"
        assert any(base in line for line in office.said)
        assert any(str(home / "demo-logins.txt") in line for line in office.said)
        with httpx.Client(
            base_url=base, trust_env=False, timeout=PATIENCE, transport=httpx.HTTPTransport(retries=10)
        ) as client:
            assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        for part in ("serve", "run"):
            second = subprocess.run(
                [sys.executable, "-m", "eakte", part],
                env={**environment, "EAKTE_PORT": str(free_port())}, capture_output=True, text=True, timeout=PATIENCE,
            )  # fmt: skip
            assert (second.returncode, second.stdout) == (1, ""), second.stderr
            assert "läuft schon ein anderer Prozess" in second.stderr
            assert "Traceback" not in second.stderr
        children = psutil.Process(office.process.pid).children(recursive=True)
        assert len(children) >= 2
        assert office.interrupt() == 0, office.said
        assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
    finally:
        office.process.kill()
    assert counts(services) == before
    services.database.dispose()
