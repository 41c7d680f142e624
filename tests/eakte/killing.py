"""What the kill test needs: small letters, senders that insist, and processes that come back."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from fpdf import FPDF
from PIL import Image, ImageDraw

from eakte.demo.batches import jpeg_pdf
from eakte.demo.drawing.fonts import font
from eakte.demo.drawing.scan import scan
from eakte.demo.drawing.separator import separator_sheet
from eakte.demo.register import DemoRegister

GIVE_UP_SECONDS = 1500.0
"""A bound for what never comes to its end, not a budget."""


def small_letter(register: DemoRegister, serial: int) -> bytes:
    """A page of a few lines, a quarter of a sheet, as JPEG: real for the engine and cheap to read."""
    page = Image.new("L", (1240, 700), 246)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(_lines(register, serial)):
        draw.text((80, 60 + 90 * number), line, fill=20, font=font("sans", False, 40))
    stored = io.BytesIO()
    page.save(stored, "JPEG", quality=85)
    return stored.getvalue()


def digital_letter(register: DemoRegister, serial: int) -> bytes:
    """The same lines as a PDF with a text of its own: split, read and filed in one step."""
    pdf = FPDF(format="A4")
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    lines = "\n".join(_lines(register, serial))
    pdf.multi_cell(0, 6, lines.encode("latin-1", "replace").decode("latin-1"))  # all that a core font has
    return bytes(pdf.output())


def _lines(register: DemoRegister, serial: int) -> Sequence[str]:
    cases = [case for case in register.cases if case.file_plan_unit == "LEIST" and case.closed_on is None]
    case = cases[serial * 7 % len(cases)]
    person = case.persons[0].person
    return (
        f"{person.full_name}, geb. {person.birth_date:%d.%m.%Y}",
        f"Aktenzeichen {case.file_number}",
        f"Nummer der Bedarfsgemeinschaft {case.bg_nummer}",
        f"Betreff: Mietbescheinigung Nr. {serial}",
        "Sehr geehrte Damen und Herren, anbei erhalten Sie",
        "die Bescheinigung meines Vermieters. Mit freundlichen Grüßen",
    )


def letters_pdf(register: DemoRegister, serials: Sequence[int]) -> bytes:
    """A batch: a separator sheet before each letter but a single one."""
    pages: list[bytes] = []
    sheet = scan([separator_sheet("EA1|SEP", patch=False)], "office", 1)[0] if len(serials) > 1 else b""
    for serial in serials:
        pages += [sheet] if sheet else []
        pages.append(small_letter(register, serial))
    return jpeg_pdf(pages)


def compiling(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for many short processes: they may keep compiled modules, or starting is all they would do."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Process:
    """`eakte serve` or `eakte worker` in a process group of its own; started again whenever it has died."""

    part: str
    environment: dict[str, str]
    log: Path
    inside: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    running: subprocess.Popen[bytes] | None = None

    def ensure(self) -> subprocess.Popen[bytes]:
        """The running process, started when there is none; `inside` is the beginning of the command."""
        if self.running is None or self.running.poll() is not None:
            with self.log.open("ab") as log:
                self.running = subprocess.Popen(
                    [*self.inside, sys.executable, "-m", "eakte", self.part, *self.arguments],
                    env=self.environment, start_new_session=True, stdout=log, stderr=log,
                )  # fmt: skip
        return self.running

    @property
    def alive(self) -> bool:
        """Whether it runs (it may be stopped)."""
        return self.running is not None and self.running.poll() is None

    def children(self) -> list[psutil.Process]:
        """Its children that live."""
        try:
            return psutil.Process(self.ensure().pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self, *, group: bool = False) -> None:
        """SIGKILL to the process, or to all of its group."""
        process = self.ensure()
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()

    def signal(self, number: signal.Signals) -> None:
        """A signal to the process and all its group."""
        os.killpg(self.ensure().pid, number)

    def stop(self) -> None:
        """End it in an orderly way; raises TimeoutExpired when it does not end."""
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()
            self.running.wait(200)


class Killer:
    """Kills something at each strike, mostly while it works, and starts it again.

    Two strikes of three wait until the target is at work, as long as there is work left, or else only starting
    processes would ever be hit; the others come at a moment that has nothing to do with the work.
    """

    PATIENCE = 120.0
    _TARGETS = ("child", "child", "child", "child", "server", "server", "server", "supervisor", "supervisor", "group")

    def __init__(
        self, server: Process, worker: Process, rng: random.Random, at_work: Callable[[], bool],
        left: Callable[[], int],
    ) -> None:  # fmt: skip
        self._server, self._worker, self._rng, self._at_work, self._left = server, worker, rng, at_work, left
        self.hits: dict[str, int] = {}
        self.hits_at_work = 0

    def strike(self) -> None:
        """One SIGKILL, to a child, the server, the supervisor, or everything at once."""
        target = self._rng.choice(self._TARGETS)
        if self._rng.random() < 2 / 3:
            self._wait(self._server_answers if target == "server" else self._at_work)
        time.sleep(self._rng.uniform(0.05, 0.5))
        self.hits_at_work += target != "server" and self._at_work()
        if target == "child":
            found = self._worker.children()
            for child in self._rng.sample(found, min(1, len(found))):
                child.kill()
        if target in ("supervisor", "group"):
            self._worker.kill(group=target == "group")
        if target in ("server", "group"):
            self._server.kill(group=target == "group")
        self._server.ensure()
        self._worker.ensure()
        self.hits[target] = self.hits.get(target, 0) + 1

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.PATIENCE
        while not ready() and self._left() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _server_answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", int(self._server.environment["EAKTE_PORT"])), 0.2):
                return True
        except OSError:
            return False


@dataclass(slots=True)
class Feeder:
    """A sender with a list of things to bring; each is let go by `release`, and is brought until it was accepted."""

    name: str
    bring: Callable[[int], str]
    count: int
    accepted: list[str] = field(default_factory=list)
    released: int = 0
    attempts: int = 0
    fault: str | None = None
    _permits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to bring what is let go."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def release(self, number: int) -> None:
        """Let `number` more things go."""
        self.released += number
        self._permits.release(number) if number else None

    def join(self) -> None:
        """Wait until all was accepted."""
        assert self._thread is not None
        self._thread.join(GIVE_UP_SECONDS)
        assert not self._thread.is_alive(), f"{self.name} brought {len(self.accepted)} of {self.count}"
        assert self.fault is None, f"{self.name}: {self.fault}"

    def _run(self) -> None:
        deadline = time.monotonic() + 2 * GIVE_UP_SECONDS
        for number in range(self.count):
            self._permits.acquire()
            while time.monotonic() < deadline:
                self.attempts += 1
                try:
                    self.accepted.append(self.bring(number))
                    break
                except NotAccepted:
                    time.sleep(0.1)
                except AssertionError as error:
                    self.fault = str(error)
                    return


class NotAccepted(Exception):
    """No answer, or "later": bring it again."""


def station(base: str, token: str, bodies: list[bytes]) -> Callable[[int], str]:
    """Real HTTP with an idempotency key per delivery; the body goes slowly, so that kills hit it half-way."""

    def slowly(body: bytes) -> Iterator[bytes]:
        step = max(1, len(body) // 6)
        for start in range(0, len(body), step):
            yield body[start : start + step]
            time.sleep(0.03)

    def bring(number: int) -> str:
        headers = {
            "Authorization": f"Bearer {token}", "Content-Type": "application/pdf",
            "Content-Length": str(len(bodies[number])),
        }  # fmt: skip
        try:
            url = f"{base}/api/v1/batches/delivery-{number}"
            answer = httpx.put(url, content=slowly(bodies[number]), headers=headers, timeout=100)
        except httpx.TransportError as error:
            raise NotAccepted from error
        if answer.status_code in (500, 503):
            raise NotAccepted(answer.text)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["receipt_id"])

    return bring


def command_line(environment: dict[str, str], files: list[Path], rng: random.Random) -> Callable[[int], str]:
    """`eakte ingest`, killed itself now and then, until it has said that the file is received."""

    def bring(number: int) -> str:
        command = [sys.executable, "-m", "eakte", "ingest", str(files[number]), "--station", "SCAN-SAN", "--json"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if rng.random() < 0.5:
            try:
                process.wait(rng.uniform(0.3, 3.0))
            except subprocess.TimeoutExpired:
                process.kill()
        out, _ = process.communicate()
        if process.returncode != 0:
            raise NotAccepted
        return str(json.loads(out)["receipt_id"])

    return bring


def hot_folder(folder: Path, bodies: list[bytes]) -> Callable[[int], str]:
    """Files written bit by bit into a watched folder; returns the name of each."""

    def bring(number: int) -> str:
        path = folder / f"scan-{number}.pdf"
        with path.open("wb") as file:
            for start in range(0, len(bodies[number]), 50_000):
                file.write(bodies[number][start : start + 50_000])
                file.flush()
                time.sleep(0.05)
        return path.name

    return bring
