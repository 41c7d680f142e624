"""`make run-full` a second time: the same authority on the same servers' data, nothing taken in twice, a clean end.

The first start is ended while its mail is being worked on: all of it is taken in by then, and the second one goes on.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from archive.models import CaseFile, Document
from core.database.postgresql import open_postgresql
from core.models import AuditEvent, Job
from core.settings import Settings
from eakte.services.catalogue import STACK, server_class
from eakte.services.folders import throw_away
from eakte.services.launcher import read_settings
from ingest.models import Receipt
from tests.ingest.door import free_port
from tests.services import skipped_unless_installed

PATIENCE = 1500.0
pytestmark = pytest.mark.timeout(4000)


@dataclass(frozen=True, slots=True)
class Books:
    """What the database says."""

    receipts: frozenset[tuple[str, str]]
    cases: int
    loaded: int
    steps_done: int
    doubled: int


class Start:
    """One start of the launcher with `eakte run --demo` on the folder."""

    def __init__(self, place: Path, port: int) -> None:
        self._port, self._settings, self._log = port, place / "settings", place / "log"
        self._settings.unlink(missing_ok=True)
        self._log.write_bytes(b"")
        launcher = [sys.executable, "-m", "eakte", "dev", "services", "--short-lived", "--folder", str(place / "servers"),
                    "--settings", str(self._settings), "--", sys.executable, "-m", "eakte", "run", "--demo"]  # fmt: skip
        told = {"EAKTE_HOME": str(place / "home"), "EAKTE_PORT": str(port), "EAKTE_WORKERS": "1"}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                launcher, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **told},
                start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """Everything so far."""
        return self._log.read_text("utf-8", "replace")

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a condition."""
        limit = time.monotonic() + PATIENCE
        while not reached():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < limit, self.said
            time.sleep(0.5)

    def loaded(self) -> bool:
        """Whether the demo is there, with its mail."""
        return "Anmeldungen: " in self.said

    def answers(self) -> bool:
        """Whether the server answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def books(self) -> Books:
        """What is in the database now."""
        told = read_settings(self._settings)
        database = open_postgresql(told["EAKTE_DATABASE_URL"], Path(told["EAKTE_DATABASE_PASSWORD_FILE"]), pool=2)
        try:
            with database.read() as session:
                receipts = session.execute(select(Receipt.id, Receipt.sha256)).all()
                documents = select(func.count(Document.id), func.count(Document.mail_item_id.distinct()))
                number, letters = session.execute(documents.where(Document.mail_item_id.is_not(None))).one()
                return Books(
                    frozenset((str(one), sha256) for one, sha256 in receipts),
                    session.scalar(select(func.count()).select_from(CaseFile)) or 0,
                    session.scalar(select(func.count()).where(AuditEvent.action == "demo.loaded")) or 0,
                    session.scalar(select(func.count()).where(Job.state == "done")) or 0,
                    number - letters,
                )
        finally:
            database.dispose()

    def end(self, number: signal.Signals) -> None:
        """Ends cleanly, with everything that it started."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        assert len(started) > len(STACK)
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0, self.said
        assert [one for one in psutil.wait_procs(started, timeout=PATIENCE)[1] if one.is_running()] == []
        assert "Traceback" not in self.said
        assert "neu gestartet" not in self.said


@contextmanager
def started(place: Path, port: int) -> Iterator[Start]:
    start = Start(place, port)
    try:
        yield start
    finally:
        start.process.kill()  # its servers and parts end with it
        start.process.wait()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the servers' user may enter; all servers are on this machine."""
    with throw_away() as folder:
        for name in STACK:
            with skipped_unless_installed():
                server_class(name)(folder / "probe", Settings().services_cache_folder, short_lived=True)
        yield folder


def test_the_second_start_goes_on_with_what_the_first_one_took_in(place: Path) -> None:
    port = free_port()
    with started(place, port) as first:
        first.until(first.loaded)
        first.until(lambda: first.books().steps_done > 0)
        before = first.books()
        first.end(signal.SIGINT)
    assert len(before.receipts) > 1
    assert (before.loaded, before.doubled) == (1, 0)
    with started(place, port) as second:
        second.until(second.loaded)
        second.until(second.answers)
        second.until(lambda: second.books().steps_done > before.steps_done)
        after = second.books()
        second.end(signal.SIGTERM)
    assert after.receipts == before.receipts
    assert (after.cases, after.loaded, after.doubled) == (before.cases, 1, 0)
