"""`eakte run` calls itself ready when its own server answers, and not before."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings
from eakte.run import _await_server, await_free
from tests.databases import settings_at

LATE_SERVER = """
import socket, sys, time
time.sleep(0.5)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    server.accept()
"""


def somewhere(home: Path, port: int) -> Settings:
    return settings_at(home).model_copy(update={"host": "127.0.0.1", "port": port})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_an_address_that_another_program_holds_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = somewhere(tmp_path, other.getsockname()[1])
        with pytest.raises(ConfigurationError, match="EAKTE_PORT") as refused:
            await_free(taken, threading.Event(), seconds=0)
        assert f"127.0.0.1:{taken.port}" in refused.value.de
    await_free(taken, threading.Event())


def test_a_server_that_is_still_ending_is_waited_for(tmp_path: Path) -> None:
    other = socket.create_server(("127.0.0.1", 0))
    settings = somewhere(tmp_path, other.getsockname()[1])
    ending = threading.Timer(0.5, other.close)
    ending.start()
    await_free(settings, threading.Event(), seconds=60)
    ending.join()


def test_ready_is_when_the_server_takes_connections(tmp_path: Path) -> None:
    settings = somewhere(tmp_path, free_port())
    with subprocess.Popen([sys.executable, "-c", LATE_SERVER, str(settings.port)]) as server:
        assert _await_server(settings, server, threading.Event())
        assert server.wait(60) == 0


def test_a_server_that_ends_is_not_ready(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as server:
        assert not _await_server(somewhere(tmp_path, free_port()), server, threading.Event())


def test_nothing_is_ready_after_ctrl_c(tmp_path: Path) -> None:
    stopping = threading.Event()
    stopping.set()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        assert not _await_server(somewhere(tmp_path, free_port()), server, stopping)
        server.kill()
