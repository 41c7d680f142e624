"""Fixtures with the real servers: each is started once per test run, at first demand, and shared by all workers.

`eakte dev services` itself keeps them: the first process that asks starts one keeper per server, which ends with the
run however that ends. Nothing is installed from here: a server that is not on the machine is a reason to skip, and a
failure where CI is set.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
import redis as redis_client

from core.settings import Settings
from eakte.services.catalogue import server_class
from eakte.services.errors import NotInstalled
from eakte.services.folders import throw_away
from eakte.services.launcher import read_settings
from eakte.services.process import Server

_START_SECONDS = 650.0
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Service:
    """A running server: the EAKTE_* settings that make the E-Akte use it. Shared: never stop or kill this one."""

    name: str
    settings: dict[str, str]

    def read(self, setting: str) -> str:
        """What stands in the file that a *_FILE setting names."""
        return Path(self.settings[setting]).read_text().strip()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """PostgreSQL; tests take a database of their own by `postgres_database`."""
    return _shared("postgres", tmp_path_factory)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Redis; tests take an empty database of their own by `redis_settings`."""
    return _shared("redis", tmp_path_factory)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """MinIO; tests name a bucket of their own by `bucket_name`."""
    return _shared("minio", tmp_path_factory)


@pytest.fixture(scope="session")
def versitygw(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The second S3 server; tests name a bucket of their own by `bucket_name`."""
    return _shared("versitygw", tmp_path_factory)


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """OpenSearch; tests take an index prefix of their own by `index_prefix`."""
    return _shared("opensearch", tmp_path_factory)


@pytest.fixture
def postgres_settings(postgres: Service) -> Iterator[dict[str, str]]:
    """Settings with an empty database of this test's own, dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with database_of(postgres, name) as settings:
        yield settings


@pytest.fixture
def redis_settings(redis_server: Service) -> dict[str, str]:
    """Settings with an empty database number that no other worker uses."""
    number = _worker_number() % 63 + 1
    address, _, _ = redis_server.settings["EAKTE_BROKER_URL"].rpartition("/")
    url = f"{address}/{number}"
    with redis_client.Redis.from_url(url, password=redis_server.read("EAKTE_BROKER_PASSWORD_FILE")) as client:
        client.flushdb()
    return {**redis_server.settings, "EAKTE_BROKER_URL": url}


@pytest.fixture
def bucket_name() -> str:
    """A bucket name that nobody else uses; whoever makes the bucket needn't remove it."""
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
def index_prefix() -> str:
    """A prefix for indexes that nobody else uses."""
    return f"test{secrets.token_hex(8)}"


@pytest.fixture
def stack_settings(
    postgres_settings: dict[str, str],
    redis_settings: dict[str, str],
    minio: Service,
    opensearch: Service,
    bucket_name: str,
    index_prefix: str,
) -> Iterator[dict[str, str]]:
    """Settings for all servers of this run: a database, a bucket, queues and an index of this test's own.

    The indexes are removed afterwards: every other look into the server's files would read them too.
    """
    from search.opensearch_client import Server as SearchServer
    from tests.search.engines import clear  # the engines are for those who search, not for every test

    yield {
        **postgres_settings, **redis_settings, **minio.settings, **opensearch.settings,
        "EAKTE_S3_BUCKET": bucket_name, "EAKTE_OPENSEARCH_INDEX": index_prefix,
    }  # fmt: skip
    clear(SearchServer(opensearch.settings["EAKTE_OPENSEARCH_URL"]), index_prefix)


@pytest.fixture
def own_server() -> Iterator[Callable[[str], Server]]:
    """Start a server of this test's own, by name, to stop, kill, pause and restart; ended afterwards."""
    with throw_away() as folder, contextlib.ExitStack() as ending:
        numbers = itertools.count()

        def start(name: str) -> Server:
            made = _found(name, folder / f"{name}-{next(numbers)}")
            ending.enter_context(made.running())
            return made

        yield start


@contextlib.contextmanager
def database_of(service: Service, name: str, template: str = "template1") -> Iterator[dict[str, str]]:
    """Settings with the database `name`, made as a copy of `template`; dropped at the end, whoever is connected."""
    address, _, database = service.settings["EAKTE_DATABASE_URL"].rpartition("/")
    password = service.read("EAKTE_DATABASE_PASSWORD_FILE")
    plain = f"{address.replace('+psycopg', '')}/{database}"
    with psycopg.connect(plain, password=password, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield {**service.settings, "EAKTE_DATABASE_URL": f"{address}/{name}"}
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that leads the run ends its keepers; should it be killed first, they notice by themselves."""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if os.environ.get("PYTEST_XDIST_WORKER") or factory is None or factory._basetemp is None:
        return
    keepers = [_keeper(path) for path in _run_folder(factory).glob("*.pid")]
    running = [keeper for keeper in keepers if keeper is not None]
    for keeper in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            keeper.terminate()
    psutil.wait_procs(running, timeout=60)


def _shared(name: str, factory: pytest.TempPathFactory) -> Service:
    _found(name, Path("/nonexistent"))
    folder = _run_folder(factory)
    folder.mkdir(exist_ok=True)
    settings = folder / f"{name}.env"
    with (folder / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        if not settings.exists():
            _start_keeper(name, folder, settings)
    return Service(name, read_settings(settings))


def _found(name: str, folder: Path) -> Server:
    with skipped_unless_installed():
        return server_class(name)(folder, Settings().services_cache_folder, short_lived=True)


@contextmanager
def skipped_unless_installed() -> Iterator[None]:
    """A server that can't be had skips the test with the reason; in CI it fails."""
    try:
        yield
    except NotInstalled as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(error.en)


def _start_keeper(name: str, folder: Path, settings: Path) -> None:
    command = [sys.executable, "-m", "eakte", "dev", "services", "--only", name, "--settings", str(settings)]
    command += ["--short-lived", "--while", str(_leader())]
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            start_new_session=True, env={**os.environ, **_place(name)},
        )  # fmt: skip
    (folder / f"{name}.pid").write_text(f"{keeper.pid} {psutil.Process(keeper.pid).create_time()}")
    deadline = time.monotonic() + _START_SECONDS
    while not settings.exists():
        assert keeper.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"{name} did not get ready: {log.read_text()}"
        time.sleep(0.1)


def _place(name: str) -> dict[str, str]:
    """Databases of tests come and go by the hundred, each of 300 files: ext4 keeps looking at inodes given back within five
    seconds, half of all the time on PostgreSQL. In memory where there is room; servers that tests fell stay on the disk.
    """
    roomy = _MEMORY.is_dir() and psutil.disk_usage(str(_MEMORY)).free > _MEMORY_BYTES
    return {"TMPDIR": str(_MEMORY)} if name == "postgres" and roomy else {}


def _keeper(path: Path) -> psutil.Process | None:
    """The process whose id was noted, unless that id belongs to another one by now."""
    number, created = path.read_text().split()
    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(int(number))
        return found if found.create_time() == float(created) else None
    return None


def _leader() -> int:
    """The process that leads the run: this one, or the one that started this xdist worker."""
    return os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()


def _run_folder(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "services"


def _worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
