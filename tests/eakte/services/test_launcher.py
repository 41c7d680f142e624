"""`eakte dev services` as a person and as the tests use it: settings, signals, commands, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from eakte.services.folders import throw_away
from eakte.services.launcher import as_lines, read_settings, write_settings
from tests.services import Service

COMMAND = [sys.executable, "-m", "eakte", "dev", "services", "--only", "redis"]
_SECONDS = 400.0


class Launched:
    """A launcher of Redis alone, ready, with the process id of its server."""

    def __init__(self, place: Path, *arguments: str) -> None:
        self.file = place / "settings.env"
        self.process = subprocess.Popen(
            [*COMMAND, "--settings", str(self.file), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        deadline = time.monotonic() + _SECONDS
        while not self.file.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.servers = [p for p in psutil.Process(self.process.pid).children() if "redis" in " ".join(p.cmdline())]
        assert len(self.servers) == 1

    def gone(self) -> bool:
        """Whether no server is left, waited for."""
        _, alive = psutil.wait_procs(self.servers, timeout=_SECONDS)
        return all(p.status() == psutil.STATUS_ZOMBIE for p in alive)


@pytest.fixture
def place(redis_server: Service) -> Iterator[Path]:
    """A folder that the servers' user may enter; Redis is on this machine."""
    with throw_away() as folder:
        yield folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_in_order(place: Path, number: signal.Signals) -> None:
    launched = Launched(place)
    launched.process.send_signal(number)
    out, told = launched.process.communicate(timeout=_SECONDS)
    assert launched.process.returncode == 0, told
    assert launched.gone()
    assert out == launched.file.read_text()
    secret = Path(read_settings(launched.file)["EAKTE_BROKER_PASSWORD_FILE"])
    assert not secret.parents[2].exists(), "the throw-away folder is gone"


def test_a_killed_launcher_leaves_no_server_and_the_next_one_its_folder(place: Path) -> None:
    launched = Launched(place)
    launched.process.kill()
    launched.process.communicate(timeout=_SECONDS)
    assert launched.gone()
    left = Path(read_settings(launched.file)["EAKTE_BROKER_PASSWORD_FILE"]).parents[2]
    assert left.exists()
    os.utime(left, (0, 0))
    with throw_away() as other:
        assert not left.exists()
        assert other.exists()


def test_the_watched_process_takes_the_launcher_along(place: Path) -> None:
    watched = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    launched = Launched(place, "--while", str(watched.pid))
    watched.communicate(b"\n")
    launched.process.communicate(timeout=_SECONDS)
    assert launched.process.returncode == 0
    assert launched.gone()


def test_a_server_that_ends_by_itself_is_told(place: Path) -> None:
    launched = Launched(place)
    launched.servers[0].kill()
    _, told = launched.process.communicate(timeout=_SECONDS)
    assert launched.process.returncode == 1
    assert "redis ist von selbst beendet" in told


def test_a_command_runs_with_the_settings_and_its_status_counts(place: Path) -> None:
    script = "import os, sys; print(os.environ['EAKTE_BROKER_URL']); sys.exit(3)"
    done = subprocess.run([*COMMAND, "--", sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("redis://127.0.0.1:")


def test_a_command_is_told_once_to_end_and_may_take_its_time(place: Path) -> None:
    """Whoever has given up listening, as an interpreter that goes down, must not be killed by a second call."""
    script = (
        "import os, signal, sys, time\n"
        "ending = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: ending.append(signal.signal(signal.SIGTERM, signal.SIG_DFL)))\n"
        "print('runs', flush=True)\n"
        "while not ending: time.sleep(0.05)\n"
        "time.sleep(2); print('ended', flush=True); sys.exit(7)"
    )
    process = subprocess.Popen([*COMMAND, "--", sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "runs\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=_SECONDS)[0] == "ended\n"
    assert process.returncode == 7


def test_a_kept_folder_keeps_data_and_takes_one_launcher(place: Path) -> None:
    kept = place / "kept"
    first = Launched(place, "--folder", str(kept))
    refused = subprocess.run([*COMMAND, "--folder", str(kept)], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "laufen schon Server" in refused.stderr
    secret = (kept / "redis" / "secrets" / "broker-password").read_text()
    first.process.terminate()
    first.process.communicate(timeout=_SECONDS)
    first.file.unlink()
    second = Launched(place, "--folder", str(kept))
    second.process.terminate()
    second.process.communicate(timeout=_SECONDS)
    assert (kept / "redis" / "secrets" / "broker-password").read_text() == secret


def test_installing_goes_on_past_what_cannot_be_had(redis_server: Service, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "eakte", "dev", "services", "--install", "--only", "opensearch", "--only", "redis"],
        env={**os.environ, "EAKTE_SERVICES_CACHE": str(tmp_path / "file" / "cache")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "redis: installiert" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_server_is_wrong_usage() -> None:
    done = subprocess.run([*COMMAND, "--only", "oracle"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "oracle" in done.stderr
    assert "postgres" in done.stderr


def test_settings_survive_a_shell(tmp_path: Path) -> None:
    settings = {"EAKTE_A": "/a b/c'd", "EAKTE_B": "x=y"}
    write_settings(tmp_path / "s.env", settings)
    assert (tmp_path / "s.env").stat().st_mode & 0o777 == 0o600
    assert read_settings(tmp_path / "s.env") == settings
    script = f'. {tmp_path}/s.env; printf %s "$EAKTE_A|$EAKTE_B"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout == "/a b/c'd|x=y"
    assert as_lines(settings) == (tmp_path / "s.env").read_text()
