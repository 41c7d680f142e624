"""A server as a process of one's own: start, wait until it really answers, stop, kill, restart, pause.

Every server listens on one address, the loopback one if nothing else is said, keeps all it writes below its own folder,
and ends with the process that started it, however that ends. Where this process is root, the server runs as an ordinary
user.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import psutil

from core.parent import in_lasting_thread
from eakte.services.errors import NotReady, NotStarted
from eakte.services.ports import free_port

_ORDINARY_USER = "nobody"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.03, 0.5
_STOP_SECONDS = 30.0
_ATTEMPTS = 3
_STILL = frozenset({psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})
HOST = "127.0.0.1"


class Server(ABC):
    """One server. The folder may hold the data of an earlier run: they are used again."""

    name: ClassVar[str]
    start_seconds: ClassVar[float] = 300.0
    """A bound for what never gets ready: a server that ends is noticed at once, and a busy machine takes minutes."""
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, folder: Path, cache: Path, *, short_lived: bool = False, host: str = HOST) -> None:
        """`folder`: its own, made here. `cache`: where programs are installed. Raises NotInstalled.

        `short_lived`: better a quick start than full speed. `host`: the address of this machine to listen on; another
        than the loopback one is for namespaces of the network, which nobody else can reach.
        """
        self.folder = folder.resolve()
        self.short_lived = short_lived
        self.host = host
        self.port = free_port(host)
        self._owner = _ordinary_user()
        self._process: subprocess.Popen[bytes] | None = None
        self.find(cache)

    @classmethod
    @abstractmethod
    def install(cls, cache: Path, /) -> None:
        """Get what this server needs onto the machine. Raises NotInstalled with what a person can do."""

    @abstractmethod
    def find(self, cache: Path, /) -> None:
        """Note where the programs are; installs nothing. Raises NotInstalled."""

    @abstractmethod
    def prepare(self) -> None:
        """Make configuration and empty data below `self.data`, once per folder."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments; never a secret among them."""

    @abstractmethod
    def check(self) -> None:
        """Ask the server for something that only a working one answers. Raises NotReady."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """The EAKTE_* settings that make the E-Akte use this server."""

    def environment(self) -> dict[str, str]:
        """What the server finds in its environment besides a path and a home."""
        return {}

    def populate(self) -> None:  # noqa: B027  most servers need no accounts
        """Make accounts in the running server, once per folder; may run twice."""

    @property
    def data(self) -> Path:
        """What the server itself owns and writes."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Everything the server says."""
        return self.folder / "log"

    @property
    def endpoint(self) -> str:
        """Address and port."""
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id. Raises NotStarted before the first start."""
        if self._process is None:
            raise NotStarted(f"{self.name} wurde noch nicht gestartet.", f"{self.name} was not started.")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs (it may be paused)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until ready. A port that somebody took meanwhile is replaced at the very first start."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self.spawn()
                self.wait_ready()
            except NotStarted:
                self.kill()
                if attempt == _ATTEMPTS or self._prepared.exists() or not self._port_was_taken():
                    raise
                self.port = free_port(self.host)
                shutil.rmtree(self.data, ignore_errors=True)
            else:
                return

    def spawn(self) -> None:
        """Start without waiting: several servers get ready side by side."""
        if not self._prepared.exists():
            self._prepare()
        uid, gid = self._owner
        command = [
            sys.executable, "-P", "-m", "eakte.services.child", str(os.getpid()), str(uid), str(gid), *self.command(),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = in_lasting_thread(
                lambda: subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
                    env=self._environment(), start_new_session=True,  # Ctrl-C is for the launcher alone
                )
            )  # fmt: skip

    def wait_ready(self, seconds: float | None = None) -> None:
        """Wait until `check` passes. Raises NotStarted when the process ends first or the time is over."""
        deadline = time.monotonic() + (seconds or self.start_seconds)
        pause = _FIRST_PAUSE
        while True:
            if not self.alive:
                raise self._not_started("endete beim Start", "ended at start")
            try:
                self.check()
                break
            except NotReady as error:
                if time.monotonic() > deadline:
                    raise self._not_started("wurde nicht bereit", "did not get ready") from error
            time.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)
        if not self._prepared.exists():
            self.populate()
            self._prepared.touch()

    def stop(self) -> None:
        """End in order; killed when it takes longer than 30 seconds. Idempotent."""
        if self._process is None:
            return
        if self.alive:
            self.resume()
            self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the server and all its children, as a power cut would end them. Idempotent."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGSTOP)  # or it could start another child while they are counted
        family = self._family()
        for process in family:
            _signal(process, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(family, timeout=_STOP_SECONDS)

    def restart(self) -> None:
        """Start again on the same data and the same port, stopped in order first if it runs."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP to server and children: connections stay open and nothing answers. Returns when all stand still.

        Raises TimeoutError when one of them goes on.
        """
        deadline = time.monotonic() + _STOP_SECONDS
        while not all(map(_stands_still, family := self._family())):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} does not stand still")
            for process in family:
                _signal(process, signal.SIGSTOP)
            time.sleep(_FIRST_PAUSE)  # on a busy machine a thread goes on until another one has taken the signal

    def resume(self) -> None:
        """SIGCONT: undo `pause`."""
        for process in self._family():
            _signal(process, signal.SIGCONT)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Started inside, stopped afterwards."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def secret(self, name: str) -> Path:
        """A file of mode 0600 with a random secret of this folder, made at first use; the server can't read it."""
        path = self.folder / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_private(path, secrets.token_urlsafe(24))
        return path

    def write(self, name: str, text: str) -> Path:
        """A file of mode 0600 below `data` that the server may read."""
        path = self.data / name
        path.unlink(missing_ok=True)
        _write_private(path, text)
        self._give(path)
        return path

    def run(self, command: Sequence[str]) -> None:
        """Run a preparing program as the server's user. Raises NotStarted with its output."""
        uid, gid = self._owner
        as_user = {"user": uid, "group": gid, "extra_groups": []} if uid >= 0 else {}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=self.start_seconds, cwd=self.data,
            env=self._environment(), **as_user,  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode:
            text = done.stdout + done.stderr
            raise NotStarted(f"{self.name} ließ sich nicht einrichten:\n{text}", f"{self.name}: {text}")

    @property
    def _prepared(self) -> Path:
        return self.folder / "prepared"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        self._check_way()
        self.prepare()

    def _check_way(self) -> None:
        """Every folder above must let the server's user pass."""
        if self._owner[0] < 0:
            return
        for folder in self.data.parents:
            if not folder.stat().st_mode & 0o001:
                raise NotStarted(
                    f"Als root laufen die Server unter dem Konto {_ORDINARY_USER}; es darf {folder} nicht betreten. "
                    "Bitte einen anderen Ordner wählen.",
                    f"The account {_ORDINARY_USER} cannot enter {folder}.",
                )

    def _give(self, path: Path) -> None:
        if self._owner[0] >= 0:
            os.chown(path, *self._owner)

    def _environment(self) -> dict[str, str]:
        base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.data), "LANG": "C.UTF-8", "TZ": "UTC"}
        return {**base, **self.environment()}

    def _family(self) -> list[psutil.Process]:
        try:
            server = psutil.Process(self.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _port_was_taken(self) -> bool:
        return "in use" in self._last_words().lower()

    def _last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:] if self.log.exists() else ""

    def _not_started(self, de: str, en: str) -> NotStarted:
        words = self._last_words()
        return NotStarted(f"{self.name} {de}:\n{words}", f"{self.name} {en}:\n{words}")


def _ordinary_user() -> tuple[int, int]:
    """User and group for servers, or -1 to keep this process's: PostgreSQL and OpenSearch refuse to run as root."""
    if os.geteuid() != 0:
        return -1, -1
    user = pwd.getpwnam(_ORDINARY_USER)
    return user.pw_uid, user.pw_gid


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _stands_still(process: psutil.Process) -> bool:
    """Whether no thread of it runs any more. A thread that ended between two looks asks for another look."""
    try:
        return all(psutil.Process(thread.id).status() in _STILL for thread in process.threads())
    except psutil.ZombieProcess:
        return True
    except psutil.NoSuchProcess:
        return not process.is_running()
