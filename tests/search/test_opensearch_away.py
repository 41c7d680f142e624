"""A search server that is away: every answer says so, and the log is not filled by the client's own words."""

from __future__ import annotations

import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from search import opensearch_client
from search.index import IndexUnavailable
from search.opensearch_client import Server, connect, translated

ASKING = 24  # at once: more than the connections that are kept


def test_many_who_ask_a_silent_server_are_told_and_the_log_stays_empty(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opensearch_client, "_ASK_SECONDS", 1.0)
    assert opensearch_client._CONNECTIONS < ASKING
    for name in (*opensearch_client._TALKATIVE, opensearch_client._POOL):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)

    def ask(_: int) -> bool:
        with pytest.raises(IndexUnavailable), translated():
            client.info()
        return True

    with socket.create_server(("127.0.0.1", 0), backlog=4 * ASKING) as silent, caplog.at_level(logging.WARNING):
        client = connect(Server(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        with ThreadPoolExecutor(ASKING) as people:
            assert all(people.map(ask, range(ASKING)))
    assert caplog.records == []
