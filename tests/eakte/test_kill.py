"""Killed at random moments, nothing is lost and nothing is doubled: the real engine, real processes, SIGKILL.

The seed is printed; EAKTE_KILL_SEED repeats a run, EAKTE_KILLS sets the number of kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.clock import agency_date
from core.settings import Settings
from eakte.bootstrap import Services, open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.mix import make_letters
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from eakte.doctor import examine
from eakte.intake import take_in
from ingest.reporting import reconcile
from tests.eakte.support import agency_of

KILLS = int(os.environ.get("EAKTE_KILLS", "12"))
LETTERS = 4
BATCHES = 6


class Worker:
    """A worker process that is started again whenever it dies."""

    def __init__(self, home: Path) -> None:
        self._environment = {**os.environ, "EAKTE_HOME": str(home), "OMP_THREAD_LIMIT": "1", "EAKTE_WORKERS": "2"}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "eakte", "worker"]
        return subprocess.Popen(command, env=self._environment, start_new_session=True)

    def kill_something(self, rng: random.Random) -> str:
        """SIGKILL to a child, the supervisor, or the whole group."""
        if self.process.poll() is not None:
            self.process = self._start()
        children = psutil.Process(self.process.pid).children(recursive=True)
        what = rng.choice(["child", "child", "supervisor", "group"])
        if what == "child" and children:
            rng.choice(children).kill()
        elif what == "group":
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = self._start()
        else:
            self.process.kill()
            self.process.wait()
            self.process = self._start()
        return what

    def stop(self) -> None:
        """End the worker in an orderly way."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setenv("EAKTE_HOME", str(tmp_path / "home"))
    services = open_services(Settings(), migrate=True)
    load_demo(services, with_mail=False)
    return services


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_when_killed(installation: Services, tmp_path: Path) -> None:
    seed = int(os.environ.get("EAKTE_KILL_SEED", str(random.randrange(10**6))))
    print(f"EAKTE_KILL_SEED={seed}")
    rng = random.Random(seed)
    day = agency_date(installation.database.clock.now())
    register = make_register(SEED, day)
    folder = tmp_path / "mail"
    folder.mkdir()
    letters = make_letters(register, LETTERS * BATCHES, seed, day)
    for number in range(BATCHES):
        part = letters[number * LETTERS : (number + 1) * LETTERS]
        write_scan_batch(part, folder / f"batch-{number}.pdf", separators="both", profile="office", seed=number)
    take_in(installation, agency_of(installation), [folder], None, None, None)
    worker = Worker(installation.settings.data)
    try:
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 1.5))
            worker.kill_something(rng)
        waited = take_in(installation, agency_of(installation), [folder], None, None, 300.0)
    finally:
        worker.stop()
    counts = reconcile(installation.database, installation.blobs, agency_of(installation), 3600)
    states = [line["state"] for line in waited.lines]
    assert not waited.timed_out, f"seed {seed}: {json.dumps(counts)}"
    assert set(states) <= {"filed", "clearing"}, f"seed {seed}: {states}"
    assert counts["received"] == BATCHES
    assert counts["items"] == len(states) == LETTERS * BATCHES
    assert (counts["difference"], counts["orphans"], counts["quarantined"]) == (0, 0, 0)
    assert examine(installation) == []
