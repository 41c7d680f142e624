"""The whole stack as throw-away processes: PostgreSQL, MinIO, OpenSearch, Redis, an API and workers woken by Celery.

Everything that can be killed is a Target by its name; the demo authority is loaded, with five stations of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from core import leases
from core.actor import system_actor
from core.clock import agency_date
from core.errors import Unavailable
from core.processes import host_name
from core.settings import Settings
from eakte.bootstrap import Services, agency_id, open_services
from eakte.cli import app
from eakte.demo.load import SEED, demo_password, load_demo
from eakte.demo.register import DemoRegister, make_register
from eakte.services.catalogue import STACK, server_class
from eakte.services.folders import throw_away
from eakte.services.process import HOST, Server
from organisation.stations import create_station
from tests.eakte.killing import Process, compiling, free_port
from tests.faults.network import Network
from tests.services import skipped_unless_installed

TARGETS = ("api", "worker", "postgres", "minio", "opensearch", "redis")
STATIONS = tuple(f"LAST-{number}" for number in range(1, 6))
START_SECONDS = 900.0
WORKERS = "2"
MakeServer = Callable[[str, Path, Path, str], Server]


class Target(Protocol):
    """What faults strike."""

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...

    def start(self) -> None:
        """Start again, and wait until it is ready."""
        ...

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        ...

    def resume(self) -> None:
        """SIGCONT."""
        ...


@dataclass(slots=True)
class Part:
    """An eakte process as a target."""

    process: Process
    ready: Callable[[], bool] = lambda: True
    killing: Callable[[Process], None] = lambda process: process.kill(group=True)

    @property
    def alive(self) -> bool:
        """See Target."""
        return self.process.alive

    def kill(self) -> None:
        """See Target."""
        self.killing(self.process)

    def start(self) -> None:
        """See Target."""
        self.process.ensure()
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            assert self.alive, f"{self.process.part} ended at start: {self.said()}"
            assert time.monotonic() < deadline, f"{self.process.part} did not get ready: {self.said()}"
            time.sleep(0.1)

    def pause(self) -> None:
        """See Target."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """See Target."""
        self.process.signal(signal.SIGCONT)

    def said(self) -> str:
        """The end of its log."""
        return self.process.log.read_text("utf-8", "replace")[-3000:]


@dataclass(slots=True)
class Stack:
    """What runs, how to reach it, and the stores as the checks see them."""

    folder: Path
    servers: dict[str, Server]
    services: Services
    environment: dict[str, str]
    register: DemoRegister
    tokens: dict[str, str]
    password: str
    api: Part
    worker: Part
    network: Network | None = None
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Where the API answers."""
        return f"http://{HOST}:{self.environment['EAKTE_PORT']}"

    @property
    def agency(self) -> UUID:
        """The authority."""
        return agency_id(self.services)

    def command(self, *arguments: str) -> tuple[int, Any]:
        """`eakte …` with --json, in this process: exit status and answer."""
        done = CliRunner().invoke(app, [*arguments, "--json"], env=self.environment)
        assert done.stdout, f"eakte {' '.join(arguments)}: {done.output} {done.exception!r}"
        return done.exit_code, json.loads(done.stdout)

    def end(self) -> None:
        """Stop API and workers in an orderly way; whatever does not end is killed."""
        for part in (self.worker, self.api):
            if part.alive:
                part.resume()
                try:
                    part.process.stop()
                except subprocess.TimeoutExpired:
                    part.process.kill(group=True)


def plain_server(name: str, folder: Path, cache: Path, host: str) -> Server:
    """A server as the launcher starts it."""
    return server_class(name)(folder, cache, short_lived=True, host=host)


@contextmanager
def running_stack(
    network: Network | None = None,
    make: MakeServer = plain_server,
    more: Mapping[str, str] | None = None,
    killing: Callable[[Process], None] | None = None,
) -> Iterator[Stack]:
    """The stack, ready for mail; ended and removed afterwards.

    With a network the workers are in its namespace. `make` makes servers of another kind, `more` is environment for API
    and workers, `killing` another way to kill the workers. Skips where a server can't be had, unless CI is set.
    """
    with throw_away() as folder, ExitStack() as ending:
        servers = _servers(folder, network, make)
        for server in servers.values():
            ending.callback(server.stop)
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(lambda server: server.start(), servers.values()))
        settings = {name: value for server in servers.values() for name, value in server.settings().items()}
        with stack_on(settings, folder, servers, more, network, killing) as stack:
            yield stack


@contextmanager
def stack_on(
    settings: Mapping[str, str],
    folder: Path,
    servers: dict[str, Server] | None = None,
    more: Mapping[str, str] | None = None,
    network: Network | None = None,
    killing: Callable[[Process], None] | None = None,
) -> Iterator[Stack]:
    """The E-Akte, ready for mail, on servers that run already; without `servers` they are others' and must not be struck."""
    own = {**settings, "EAKTE_HOME": str(folder / "home"), "EAKTE_PORT": str(free_port())}
    with _environment(own), ExitStack() as ending:
        services = open_services(Settings(), migrate=True)
        ending.callback(services.database.dispose)
        yield from _with_parts(services, servers or {}, folder, {**own, **(more or {})}, network, killing)


def _with_parts(
    services: Services,
    servers: dict[str, Server],
    folder: Path,
    settings: dict[str, str],
    network: Network | None,
    killing: Callable[[Process], None] | None,
) -> Iterator[Stack]:
    register = make_register(SEED, agency_date(services.database.clock.now()))
    load_demo(services, with_mail=False)
    password = demo_password(services)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EAKTE_FAULTS_")}
    environment = {**compiling(inherited), **settings, "OMP_THREAD_LIMIT": "1", "EAKTE_WORKERS": WORKERS}
    inside = network.inside if network else ()
    ends = ("--parent", str(os.getpid()))  # a killed run leaves nothing running
    worker = Part(Process("worker", environment, folder / "worker.log", inside, ends))
    if killing is not None:
        worker.killing = killing
    stack = Stack(
        folder, servers, services, environment, register, _tokens(services), password,
        Part(Process("serve", environment, folder / "serve.log", arguments=ends)), worker, network,
    )  # fmt: skip
    stack.api.ready = lambda: answers(stack.base)
    worker.ready = lambda: gives_signs_of_life(stack)
    stack.targets = {**servers, "api": stack.api, "worker": worker}
    try:
        worker.start()
        stack.api.start()
        yield stack
    finally:
        stack.end()
        if kept := os.environ.get("EAKTE_FAULTS_KEEP"):
            for log in folder.glob("*.log"):
                shutil.copy(log, Path(kept) / f"{folder.name}-{log.name}")


def answers(base: str) -> bool:
    """Whether the API lives."""
    try:
        return httpx.get(f"{base}/healthz", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def gives_signs_of_life(stack: Stack) -> bool:
    """Whether the worker is up: until then it needs database and storage, and ends where one is missing."""
    process = stack.worker.process.running
    assert process is not None
    try:
        with stack.services.database.read() as session:
            now = stack.services.database.clock.now()
            return leases.alive(session, f"worker/{host_name()}:{process.pid}:", now) > 0
    except Unavailable:
        return False


def _servers(folder: Path, network: Network | None, make: MakeServer) -> dict[str, Server]:
    cache = Settings().services_cache_folder
    with skipped_unless_installed():
        return {name: make(name, folder / name, cache, network.hosts[name] if network else HOST) for name in STACK}


def _tokens(services: Services) -> dict[str, str]:
    with services.database.write() as tx:
        actor = system_actor(agency_id(services))
        return {code: create_station(tx, actor, code, "JC-POST")[1] for code in STATIONS}


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Settings for this process too: the checks open the same stores."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield
