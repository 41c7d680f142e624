"""`eakte dev services`: several servers side by side until a signal, a command's end or another process's end."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from eakte.services.catalogue import server_class
from eakte.services.errors import NotStarted
from eakte.services.process import Server

_LOOK_SECONDS = 0.2
Tell = Callable[[str], None]


class Launcher:
    """Servers in one folder. `stopping` becomes true by SIGINT or SIGTERM, from the constructor on."""

    def __init__(self, names: Sequence[str], folder: Path, cache: Path, *, short_lived: bool) -> None:
        """Raises NotInstalled when one of them is not on this machine."""
        self._servers = [server_class(name)(folder / name, cache, short_lived=short_lived) for name in names]
        self.stopping = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def settings(self) -> dict[str, str]:
        """The EAKTE_* settings of all servers."""
        return {name: value for server in self._servers for name, value in server.settings().items()}

    def processes(self) -> dict[str, int]:
        """The process id of each server. Raises NotStarted."""
        return {server.name: server.pid for server in self._servers}

    @contextmanager
    def running(self, tell: Tell) -> Iterator[bool]:
        """All servers started, yields whether they are ready (or a signal came first), ended afterwards.

        Raises NotStarted.
        """
        pool = ThreadPoolExecutor(max_workers=len(self._servers))
        try:
            starting = {pool.submit(server.start): server for server in self._servers}
            yield self._await_all(starting, tell)
        finally:
            self._end()  # a start under way sees its server go and gives up
            pool.shutdown()
            self._end()  # and whatever was started in that moment

    def stay(self, watched: int | None) -> None:
        """Until a signal, or the process `watched` ends. Raises NotStarted when a server ends by itself."""
        descriptor = None if watched is None else _open_process(watched)
        while not self.stopping and descriptor != _GONE:
            ready, _, _ = select.select([] if descriptor is None else [descriptor], [], [], _LOOK_SECONDS)
            if ready:
                return
            self._look()

    def run(self, command: Sequence[str]) -> int:
        """Run a command with the settings in its environment; its exit status. A signal ends it too: it is told once, for
        a second time might meet it when it no longer listens.
        """
        process = subprocess.Popen(command, env={**os.environ, **self.settings()})
        told = False
        while process.poll() is None:
            if self.stopping and not told:
                process.send_signal(signal.SIGTERM)
                told = True
            try:
                process.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        return process.returncode

    def _await_all(self, starting: dict[Future[None], Server], tell: Tell) -> bool:
        for future, server in starting.items():
            while not future.done():
                if self.stopping:
                    return False
                select.select([], [], [], _LOOK_SECONDS)
            future.result()
            tell(f"{server.name}: bereit auf Port {server.port}")
        return not self.stopping

    def _look(self) -> None:
        for server in self._servers:
            if not server.alive and not self.stopping:
                raise NotStarted(f"{server.name} ist von selbst beendet.", f"{server.name} ended by itself.")

    def _end(self) -> None:
        with ThreadPoolExecutor(max_workers=len(self._servers)) as pool:
            list(pool.map(lambda server: server.stop(), self._servers))

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


_GONE = -1


def as_lines(settings: dict[str, str]) -> str:
    """Lines for a shell to source."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())


def write_settings(path: Path, settings: dict[str, str]) -> None:
    """The lines in a file of mode 0600 that is there whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(as_lines(settings))
    half.rename(path)


def read_settings(path: Path) -> dict[str, str]:
    """What `write_settings` wrote."""
    words = (shlex.split(line)[1].split("=", 1) for line in path.read_text().splitlines())
    return dict(words)


def _open_process(process: int) -> int:
    try:
        return os.pidfd_open(process)
    except ProcessLookupError:
        return _GONE
