"""`eakte run`: everything embedded in one go: database, demo on request, server and worker as child processes.

A child that ends by itself is started again, later each time; Ctrl-C or SIGTERM ends all. "Bereit" is said when the server
answers and the first mail is worked off.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select

from core.errors import EakteError
from core.settings import Settings
from eakte.address import await_free
from eakte.bootstrap import Services, exclusive
from ingest.models import MailItem, Receipt

_LOOK_SECONDS = 0.5
_SOON, _LATEST = 1.0, 30.0
"""Seconds until a child that ended is started again: at first, and when it keeps ending."""
_LASTED_SECONDS = 60.0
"""A child that ran for so long had started well."""
_ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  # compared with, not listened on
messages = Console(stderr=True, soft_wrap=True)
_PARTS = ("serve", "worker")
_now = time.monotonic


class Part:
    """A child process that is kept running."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pause = _SOON
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(_command(self._name))
        self._started, self._due = _now(), 0.0

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def keep(self) -> None:
        """Start it again if it ended by itself and its pause is over."""
        if self.runs:
            return
        if self._due:
            if _now() >= self._due:
                self._start()
            return
        if _now() - self._started >= _LASTED_SECONDS:
            self._pause = _SOON
        self._due, pause = _now() + self._pause, self._pause
        self._pause = min(_LATEST, 2 * self._pause)
        messages.print(
            f"{self._name} endete mit {self.process.returncode} und wird in {pause:.0f} s neu gestartet.",
            style="yellow",
        )


def run(services: Services, *, demo: bool) -> None:
    """Set up, start, show where to go, and stay until stopped."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with exclusive(services.settings, "run"):
        await_free(services.settings, stopping)
        if demo:
            from eakte.demo.load import load_demo  # draws letters: kept out of a start without the demo

            messages.print("Vorführbehörde wird geladen …")
            logins = load_demo(services).logins
        parts = [Part(name) for name in _PARTS]
        try:
            messages.print(f"E-Akte: http://{services.settings.host}:{services.settings.port}")
            if demo:
                messages.print(f"Anmeldungen: {logins}")
            _become_ready(services, parts, stopping)
            if not stopping.is_set():
                messages.print("Bereit. Beenden mit Strg C.")
            while not stopping.wait(_LOOK_SECONDS):
                _keep(parts)
        finally:
            _end(parts)


def _command(part: str) -> list[str]:
    return [sys.executable, "-m", "eakte", part, "--parent", str(os.getpid())]


def _keep(parts: Sequence[Part]) -> None:
    for part in parts:
        part.keep()


def _become_ready(services: Services, parts: Sequence[Part], stopping: threading.Event) -> None:
    """Until the server answers and no mail waits; a progress bar while the first mail is worked on."""
    with Progress(console=messages, transient=True) as progress:
        task = progress.add_task("Post wird gelesen und zugeordnet", total=None)
        while not stopping.is_set():
            _keep(parts)
            try:
                done, total, waiting = _progress(services)
            except EakteError:  # a store is away for a moment; the parts wait for it too
                waiting = True
            else:
                progress.update(task, completed=done, total=total or None)
            if not waiting and all(part.runs for part in parts) and _answers(services.settings):
                return
            stopping.wait(_LOOK_SECONDS)


def _progress(services: Services) -> tuple[int, int, bool]:
    with services.database.read() as session:
        total = session.scalar(select(func.count()).select_from(MailItem)) or 0
        done = session.scalar(select(func.count()).select_from(MailItem).where(MailItem.state != "in_work")) or 0
        waiting = session.scalar(select(func.count()).select_from(Receipt).where(Receipt.final_at.is_(None))) or 0
    return done, total, waiting > 0


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in _ANY_ADDRESS else settings.host
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(parts: Sequence[Part]) -> None:
    for part in parts:
        part.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 15
    for part in parts:
        try:
            part.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
