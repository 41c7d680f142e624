"""Real servers as processes: ready means ready, data survive a kill, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from eakte.services.errors import NotReady, NotStarted
from eakte.services.postgres import Postgres
from eakte.services.process import Server
from eakte.services.redis import Redis
from tests.services import Service

Start = Callable[[str], Server]


def broker(settings: dict[str, str]) -> redis.Redis:
    password = Path(settings["EAKTE_BROKER_PASSWORD_FILE"]).read_text()
    return redis.Redis.from_url(settings["EAKTE_BROKER_URL"], password=password, decode_responses=True)


def connect(settings: dict[str, str]) -> psycopg.Connection:
    url = settings["EAKTE_DATABASE_URL"].replace("+psycopg", "")
    return psycopg.connect(url, password=Path(settings["EAKTE_DATABASE_PASSWORD_FILE"]).read_text())


def test_database_survives_a_kill_on_the_same_port(own_server: Start) -> None:
    server = own_server("postgres")
    with connect(server.settings()) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    before, port = server.pid, server.port
    family = psutil.Process(before).children(recursive=True)
    server.kill()
    assert not server.alive
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    server.start()
    assert (server.port, server.pid == before) == (port, False)
    with connect(server.settings()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_account_of_the_database_is_no_superuser_and_needs_its_password(postgres_settings: dict[str, str]) -> None:
    with connect(postgres_settings) as connection:
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False, True)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres_settings["EAKTE_DATABASE_URL"].replace("+psycopg", ""), password="wrong")


def test_every_test_has_an_empty_database(postgres_settings: dict[str, str], postgres: Service) -> None:
    assert postgres_settings["EAKTE_DATABASE_URL"] != postgres.settings["EAKTE_DATABASE_URL"]
    with connect(postgres_settings) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_broker_keeps_what_it_accepted_and_shows_no_password(own_server: Start) -> None:
    server = own_server("redis")
    with broker(server.settings()) as client:
        client.set("kept", "yes")
        time.sleep(1.1)  # the append-only file is forced to disk every second
    arguments = " ".join(psutil.Process(server.pid).cmdline())
    assert Path(server.settings()["EAKTE_BROKER_PASSWORD_FILE"]).read_text() not in arguments
    server.kill()
    with pytest.raises(NotReady):
        server.check()
    server.restart()
    with broker(server.settings()) as client:
        assert client.get("kept") == "yes"


def test_paused_server_keeps_connections_and_answers_after_resume(own_server: Start) -> None:
    server = own_server("redis")
    password = Path(server.settings()["EAKTE_BROKER_PASSWORD_FILE"]).read_text()
    patient = redis.Redis("127.0.0.1", server.port, password=password, single_connection_client=True)
    hasty = redis.Redis("127.0.0.1", server.port, password=password, socket_timeout=0.3)
    with patient, hasty:
        connection = patient.client_id()
        server.pause()
        with pytest.raises(redis.TimeoutError):
            hasty.ping()
        assert server.alive
        server.resume()
        assert patient.client_id() == connection


def test_a_paused_server_has_no_thread_that_still_answers(own_server: Start) -> None:
    """The signal is taken by one thread; on a busy machine the others answered on until that one had its turn."""
    server = own_server("minio")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        for _ in range(20):
            server.pause()
            states = {psutil.Process(thread.id).status() for thread in psutil.Process(server.pid).threads()}
            assert states == {psutil.STATUS_STOPPED}
            server.resume()
    finally:
        for one in busy:
            one.kill()
            one.wait()


def test_stopping_a_paused_server_ends_it(own_server: Start) -> None:
    server = own_server("redis")
    server.pause()
    server.stop()
    assert not server.alive


def test_secrets_are_for_their_owner_only(own_server: Start) -> None:
    server = own_server("redis")
    secret = Path(server.settings()["EAKTE_BROKER_PASSWORD_FILE"])
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.parent.stat().st_mode & 0o777 == 0o700
    assert (server.data / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_root_does_not_run_servers(own_server: Start) -> None:
    server = own_server("redis")
    assert psutil.Process(server.pid).uids().effective != 0


def test_a_taken_port_is_replaced_at_the_first_start(
    own_server: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = own_server("redis")
    second = Redis(first.folder.parent / "second", Path("/nonexistent"))
    second.port = first.port
    with second.running():
        assert second.port != first.port
        second.check()
    first.check()


def test_a_server_that_ends_at_start_says_why(own_server: Start) -> None:
    server = own_server("postgres")
    server.stop()
    (server.data / "cluster" / "PG_VERSION").unlink()
    with pytest.raises(NotStarted, match=r"PG_VERSION|data directory"):
        server.start()


def test_a_half_prepared_folder_is_prepared_again(own_server: Start) -> None:
    place = own_server("redis").folder.parent / "half"
    (place / "data" / "cluster").mkdir(parents=True)
    (place / "data" / "cluster" / "PG_VERSION").write_text("15\n")
    server = Postgres(place, Path("/nonexistent"))
    with server.running(), connect(server.settings()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("eakte",)


_LAUNCH = """
import sys
from pathlib import Path
from eakte.services.catalogue import server_class
servers = [server_class(name)(Path(sys.argv[1]) / name, Path("/nonexistent")) for name in sys.argv[2:]]
for server in servers:
    server.start()
print(*[server.pid for server in servers], flush=True)
sys.stdin.read()
"""


def test_servers_end_with_a_launcher_that_is_killed(own_server: Start) -> None:
    place = own_server("redis").folder.parent / "killed"
    launcher = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, str(place), "postgres", "redis"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert launcher.stdout is not None
    family = [psutil.Process(int(number)) for number in launcher.stdout.readline().split()]
    assert len(family) == 2
    family += family[0].children(recursive=True)
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.communicate()
    _, alive = psutil.wait_procs(family, timeout=120)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
