"""A start is whole or says what is missing: it waits for stores, starts ended parts again, and says "Bereit" only then."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from core.errors import ConfigurationError, Unavailable
from core.settings import Settings
from eakte import patience, run
from eakte.bootstrap import Services, open_services
from eakte.cli import app
from eakte.patience import SAY_AGAIN_SECONDS, patiently
from tests.databases import enter, settings_at

ENDS = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
STAYS = [sys.executable, "-S", "-c", "import time; time.sleep(3000)"]
GONE = Unavailable("Die Datenbank ist weg. Bitte noch einmal.", "The database is gone. Try again.")


class Clock:
    """Moves only when somebody sleeps, or the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    monkeypatch.setattr(run, "_now", clock.monotonic)
    return clock


class Door:
    """Stores that answer at an instant."""

    def __init__(self, clock: Clock, opens_at: float) -> None:
        self._clock, self._opens_at = clock, opens_at
        self.asked = 0

    def open(self) -> str:
        self.asked += 1
        if self._clock.now < self._opens_at:
            raise GONE
        return "open"


def test_a_start_waits_for_stores_and_says_so(clock: Clock) -> None:
    told: list[str] = []
    door = Door(clock, clock.now + 2 * SAY_AGAIN_SECONDS + 30)
    assert patiently(door.open, told.append) == "open"
    waits = (
        "Die Datenbank ist weg. Der Start wartet darauf und geht dann von selbst weiter. "
        "(The database is gone. The start waits for it.)"
    )
    assert told == [waits] * 3 + ["Alles antwortet, der Start geht weiter. (Everything answers, the start goes on.)"]
    assert door.asked > 2 * SAY_AGAIN_SECONDS / 5, "it looks every few seconds"


def test_a_start_that_need_not_wait_says_nothing(clock: Clock) -> None:
    told: list[str] = []
    assert patiently(Door(clock, 0).open, told.append) == "open"
    assert (told, clock.now) == ([], 1000.0)


def test_a_start_waits_no_longer_than_it_was_told(clock: Clock) -> None:
    with pytest.raises(Unavailable):
        patiently(Door(clock, clock.now + 1000).open, lambda _line: None, 30)
    assert 30 <= clock.now - 1000 <= 36


@pytest.mark.parametrize(
    ("command", "waits"),
    [(("serve",), True), (("worker",), True), (("run",), True), (("db", "upgrade", "--wait", "0"), True),
     (("db", "upgrade"), False), (("users", "list"), False)],
)  # fmt: skip
def test_whatever_stays_waits_and_a_command_does_not(
    command: tuple[str, ...], waits: bool, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the end the settings turn out to be wrong, which nobody waits for."""
    enter(monkeypatch, tmp_path / "home")
    answers: list[Exception] = [GONE, GONE, ConfigurationError("Falsches Passwort.", "Wrong password.")]

    def open_nothing(*_arguments: object, **_more: object) -> Services:
        raise answers.pop(0)

    monkeypatch.setattr("eakte.cli.common.open_services", open_nothing)
    done = CliRunner().invoke(app, list(command))
    assert done.exit_code == 1, done.output
    assert len(answers) == (0 if waits else 2)
    assert ("Der Start wartet" in done.output) == ("Falsches Passwort." in done.output) == waits


@pytest.fixture
def closed_door(postgres_settings: dict[str, str]) -> Iterator[tuple[dict[str, str], Callable[[], None]]]:
    """Settings with an address at which PostgreSQL cannot be reached yet, and what opens it."""
    url = make_url(postgres_settings["EAKTE_DATABASE_URL"])
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        outside = url.set(host="127.0.0.1", port=door.getsockname()[1])

        def pass_on() -> None:
            while True:
                try:
                    inner = door.accept()[0]
                except OSError:
                    return
                outer = socket.create_connection((url.host or "", url.port or 0))
                for one, other in ((inner, outer), (outer, inner)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()

        def open_door() -> None:
            door.listen()
            threading.Thread(target=pass_on, daemon=True).start()

        yield {**postgres_settings, "EAKTE_DATABASE_URL": outside.render_as_string()}, open_door
        with suppress(OSError):  # nobody opened it
            door.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()


def test_a_real_database_that_comes_up_later_is_found(
    closed_door: tuple[dict[str, str], Callable[[], None]], tmp_path: Path
) -> None:
    settings, open_door = closed_door
    process = subprocess.Popen(
        [sys.executable, "-m", "eakte", "db", "upgrade", "--wait"], stderr=subprocess.PIPE, text=True,
        env={**os.environ, **settings, "EAKTE_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("Die Datenbank ist gerade nicht erreichbar. Der Start wartet darauf"), first
    assert process.poll() is None
    open_door()
    rest = process.communicate(timeout=600)[1]
    assert process.returncode == 0, rest
    assert "Alles antwortet" in rest
    assert "auf dem Stand dieser Version" in rest


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], run.Part]]:
    """Parts that run another command; ended afterwards."""
    parts: list[run.Part] = []

    def make(command: list[str]) -> run.Part:
        monkeypatch.setattr(run, "_command", lambda _name: command)
        parts.append(run.Part("worker"))
        return parts[-1]

    yield make
    for part in parts:
        part.process.kill()
        part.process.wait()


def test_a_part_that_ends_is_started_again_later_each_time(
    made: Callable[[list[str]], run.Part], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    part, pauses = made(ENDS), []
    for _ in range(7):
        before = part.process
        assert before.wait(600) == 3
        ended = clock.now
        while part.process is before:
            part.keep()
            clock.now += 0.5
        pauses.append(round(clock.now - 0.5 - ended))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert "worker endete mit 3 und wird in 16 s neu gestartet." in capsys.readouterr().err


def test_a_part_that_had_started_well_is_started_again_at_once(
    made: Callable[[list[str]], run.Part], clock: Clock
) -> None:
    part = made(ENDS)
    part._pause = 30.0
    part.process.wait(600)
    clock.now += 60
    part.keep()
    clock.now += 1
    before = part.process
    part.keep()
    assert part.process is not before


def test_nobody_is_told_ready_before_all_of_it_is(
    made: Callable[[list[str]], run.Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away, mail waits, a part ended, the server does not answer: each of them is waited for."""
    settings = settings_at(tmp_path / "home")
    services = open_services(settings, migrate=True)
    kept, looks = made(STAYS), 0
    ended = made(ENDS)
    ended.process.wait(600)
    monkeypatch.setattr(run, "_command", lambda _name: STAYS)
    monkeypatch.setattr(run, "_now", iter(range(0, 10_000, 100)).__next__)

    def progress(_services: Services) -> tuple[int, int, bool]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise GONE
        return looks, 3, looks < 4

    def answers(asked: Settings) -> bool:
        assert asked is settings
        assert looks >= 4
        assert ended.runs
        return looks >= 6

    monkeypatch.setattr(run, "_progress", progress)
    monkeypatch.setattr(run, "_answers", answers)
    run._become_ready(services, [kept, ended], threading.Event())
    assert looks == 6
    services.database.dispose()


def test_the_server_answers_only_when_it_is_one(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not run._answers(settings_at(tmp_path, port=nobody.getsockname()[1], host="0.0.0.0"))
        nobody.listen()

        def answer() -> None:
            with nobody.accept()[0] as asker, asker.makefile("rb") as asked:
                while asked.readline().strip():
                    pass
                asker.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

        told = threading.Thread(target=answer)
        told.start()
        assert run._answers(settings_at(tmp_path, port=nobody.getsockname()[1], host="0.0.0.0"))
        told.join()
