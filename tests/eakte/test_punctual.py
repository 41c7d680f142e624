"""A request head that never ends, or never begins, holds no connection for long; whoever is only slow with a body may be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from eakte import punctual
from eakte.punctual import PunctualProtocol

PATIENCE = 120.0
SHORT = 2.0


async def echo(scope: dict[str, str], receive: object, send: object) -> None:
    """Answers with the length of the body, when it is complete."""
    length, more = 0, True
    while more:
        message = await receive()  # type: ignore[operator]
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    text = str(length).encode()
    head = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": text})  # type: ignore[operator]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with the protocol of `eakte serve`, and little patience."""
    kept, punctual.HEAD_SECONDS = punctual.HEAD_SECONDS, SHORT
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        echo, http=PunctualProtocol, lifespan="off", log_level="critical", timeout_keep_alive=600, loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(PATIENCE)
    punctual.HEAD_SECONDS = kept


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def read_to_the_end(line: socket.socket) -> bytes:
    """Everything until the server closes; a server that does not fails the test by its time-out."""
    received = b""
    while chunk := line.recv(4096):
        received += chunk
    return received


def read_answer(line: socket.socket, body: bytes) -> None:
    received = b""
    while not received.endswith(b"\r\n\r\n" + body):
        chunk = line.recv(4096)
        assert chunk, received
        received += chunk
    assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "begun", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "], ids=["nothing", "a letter", "half"]
)
def test_a_head_that_does_not_end_is_cut_off(port: int, begun: bytes) -> None:
    with connected(port) as line:
        line.sendall(begun)
        assert read_to_the_end(line) == b""


def test_a_head_that_comes_drop_by_drop_is_cut_off_too(port: int) -> None:
    with connected(port) as line:
        line.settimeout(0.1)
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        until = time.monotonic() + PATIENCE
        closed = False
        while not closed and time.monotonic() < until:
            try:
                line.sendall(b"X-Slow: 1\r\n")
                closed = line.recv(4096) == b""
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                closed = True
        assert closed


def test_a_later_head_on_the_same_line_is_due_as_well(port: int) -> None:
    with connected(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        read_answer(line, b"0")
        line.sendall(b"GET / HT")
        assert read_to_the_end(line) == b""


def test_a_body_and_the_pause_before_the_next_request_may_take_longer(port: int) -> None:
    with connected(port) as line:
        for _ in range(2):
            line.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
            time.sleep(1.5 * SHORT)
            line.sendall(b"def")
            read_answer(line, b"6")
            time.sleep(1.5 * SHORT)
