"""The health check of workers: only a worker of this host that gives signs of life counts."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from core.clock import SetClock
from core.processes import owner_name
from core.settings import Settings
from eakte.alive import worker_alive
from eakte.bootstrap import open_services
from eakte.housekeeping import heartbeat
from tests.support import NOON


def test_a_worker_counts_while_it_gives_signs_of_life(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    services = open_services(Settings(home=tmp_path), clock, migrate=True)
    assert not worker_alive(services)
    heartbeat(services, "elsewhere:1:1")
    assert not worker_alive(services)
    heartbeat(services, owner_name())
    assert worker_alive(services)
    clock.instant = NOON + timedelta(minutes=5)
    assert not worker_alive(services)


def test_the_command_answers_by_its_status(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eakte.alive"]
    environment = {**os.environ, "EAKTE_HOME": str(tmp_path)}
    assert subprocess.run(command, env=environment).returncode == 1, "no database yet"
    services = open_services(Settings(home=tmp_path), migrate=True)
    assert subprocess.run(command, env=environment).returncode == 1
    heartbeat(services, owner_name())
    assert subprocess.run(command, env=environment).returncode == 0
