"""A taken address is told at the start, not hidden behind another program's pages."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings
from eakte.address import await_free
from tests.databases import settings_at


def somewhere(home: Path, port: int) -> Settings:
    return settings_at(home).model_copy(update={"host": "127.0.0.1", "port": port})


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
