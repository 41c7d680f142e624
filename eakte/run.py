"""`eakte run`: everything embedded in one go: database, demo on request, server and worker as child processes.

A child that ends by itself is started again; Ctrl-C or SIGTERM ends all.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import FrameType

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select

from core.errors import ConfigurationError
from core.settings import Settings
from eakte.bootstrap import Services, exclusive
from ingest.models import MailItem, Receipt

_RESTART_SECONDS = 1.0
_FREE_SECONDS = 20.0
"""A server whose `eakte run` was killed needs some seconds to end; whoever holds the address longer is somebody else."""
messages = Console(stderr=True, soft_wrap=True)
_PARTS = ("serve", "worker")


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
        children = {part: _start(part) for part in _PARTS}
        try:
            messages.print(f"E-Akte: http://{services.settings.host}:{services.settings.port}")
            if demo:
                messages.print(f"Anmeldungen: {logins}")
            _follow_intake(services, stopping)
            if _await_server(services.settings, children["serve"], stopping):
                messages.print("Bereit. Beenden mit Strg C.")
            _watch(children, stopping)
        finally:
            _end(children)


def await_free(settings: Settings, stopping: threading.Event, seconds: float = _FREE_SECONDS) -> None:
    """Wait until the server can listen at its address. Raises ConfigurationError when it can't: whatever else answers
    there would be taken for it.
    """
    deadline = time.monotonic() + seconds
    while fault := _not_free(settings):
        if fault.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise ConfigurationError(
                f"Unter {settings.host}:{settings.port} lässt sich kein Server starten ({fault.strerror}). "
                "Bitte EAKTE_PORT oder EAKTE_HOST ändern, zum Beispiel EAKTE_PORT=8001.",
                f"no server can listen at {settings.host}:{settings.port}: set EAKTE_PORT or EAKTE_HOST",
            )
        if stopping.wait(0.2):
            return


def _not_free(settings: Settings) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _await_server(settings: Settings, server: subprocess.Popen[bytes], stopping: threading.Event) -> bool:
    """Whether the server takes connections; False when it ended or all is to stop."""
    while server.poll() is None and not stopping.is_set():
        try:
            with socket.create_connection((settings.host, settings.port), timeout=5):
                return True
        except OSError:
            stopping.wait(0.1)
    return False


def _start(part: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "eakte", part, "--parent", str(os.getpid())])


def _follow_intake(services: Services, stopping: threading.Event) -> None:
    """A progress bar while the first mail is worked on; silent when nothing waits."""
    with Progress(console=messages, transient=True) as progress:
        task = progress.add_task("Post wird gelesen und zugeordnet", total=None)
        while not stopping.is_set():
            done, total, waiting = _progress(services)
            progress.update(task, completed=done, total=total or None)
            if not waiting:
                return
            stopping.wait(0.5)


def _progress(services: Services) -> tuple[int, int, bool]:
    with services.database.read() as session:
        total = session.scalar(select(func.count()).select_from(MailItem)) or 0
        done = session.scalar(select(func.count()).select_from(MailItem).where(MailItem.state != "in_work")) or 0
        waiting = session.scalar(select(func.count()).select_from(Receipt).where(Receipt.final_at.is_(None))) or 0
    return done, total, waiting > 0


def _watch(children: dict[str, subprocess.Popen[bytes]], stopping: threading.Event) -> None:
    while not stopping.wait(_RESTART_SECONDS):
        for part, child in children.items():
            if child.poll() is not None:
                messages.print(f"{part} endete mit {child.returncode} und wird neu gestartet.", style="yellow")
                children[part] = _start(part)


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 15
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
