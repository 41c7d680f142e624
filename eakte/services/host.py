"""A host of its own on this machine: `python -m eakte.services.host PARENT NAME PORTS COMMAND …` (see `on_host`).

The command runs under the host name NAME in a network namespace of its own. Its only way out are cables from PORTS
(numbers with commas) of its own loopback address to the same ports of this machine's. Needs no root where the kernel lets
everybody make user namespaces; files and accounts stay the same. Ends with the command, with its exit
status, and with PARENT.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from core.parent import end_with
from eakte.services.ports import free_port

HOST = "127.0.0.1"
_NEW_USER, _NEW_NAME, _NEW_NETWORK = 0x10000000, 0x04000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_CHUNK = 64 * 1024
_BACKLOG = 128


def on_host(name: str, ports: Sequence[int], command: Sequence[str]) -> list[str]:
    """The command as this process starts it on a host of its own."""
    cables = ",".join(map(str, ports))
    return [sys.executable, "-P", "-m", "eakte.services.host", str(os.getpid()), name, cables, *command]


def ports_of(settings: Mapping[str, str]) -> list[int]:
    """The ports of the servers that these EAKTE_* settings name."""
    addresses = ("EAKTE_DATABASE_URL", "EAKTE_S3_ENDPOINT", "EAKTE_OPENSEARCH_URL", "EAKTE_BROKER_URL")
    return [port for name in addresses if (port := urlsplit(settings.get(name, "")).port)]


def why_not() -> str:
    """Why this machine lets us have no host of its own; empty when it does."""
    tried = subprocess.run(on_host("trial", [free_port()], ["true"]), capture_output=True, text=True)
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode else ""


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit status."""
    parent, name, ports, *command = arguments
    end_with(int(parent), signal.SIGTERM)
    numbers = [int(port) for port in ports.split(",")]
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        _become(name, numbers, there, command)
    there.close()

    def pass_on(received: int, _frame: FrameType | None) -> None:
        os.kill(child, received)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    _, sockets, _, _ = socket.recv_fds(here, 1, len(numbers))
    ends = dict(zip(numbers, (socket.socket(fileno=one) for one in sockets), strict=False))
    return asyncio.run(_serve(ends, child))


def _become(name: str, ports: Sequence[int], there: socket.socket, command: Sequence[str]) -> None:
    """Never returns: enter the namespaces, hand the sockets of the cables over, become the command."""
    try:
        end_with(os.getppid(), signal.SIGTERM)
        _enter(name)
        _raise_loopback()
        ends = [socket.create_server((HOST, port), backlog=_BACKLOG) for port in ports]
        socket.send_fds(there, [b"."], [end.fileno() for end in ends])
        os.execvp(command[0], list(command))  # noqa: S606  exactly what the caller wants to run on this host
    except OSError as error:
        print(f"no host of its own: {error}", file=sys.stderr)  # noqa: T201  before there is any log
        os._exit(125)


def _enter(name: str) -> None:
    """Namespaces for users (the same accounts, so that everybody may make the others), host name and network."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER | _NEW_NAME | _NEW_NETWORK):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    socket.sethostname(name)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


_cables: set[asyncio.Task[None] | None] = set()
"""Held here: of a connection that one side has closed the loop keeps nothing alive, and the other side would be cut off."""


async def _serve(ends: dict[int, socket.socket], child: int) -> int:
    """Carry bytes until the command ends."""

    for port, end in ends.items():
        await asyncio.start_server(partial(_cable, port), sock=end)
    _, status = await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)
    return os.waitstatus_to_exitcode(status) % 256


async def _cable(port: int, inner: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
    task = asyncio.current_task()
    _cables.add(task)
    try:
        outer, forth = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_carry(inner, forth), _carry(outer, back))
    except OSError:
        back.transport.abort()  # nobody there: as a server that is down
    finally:
        _cables.discard(task)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
    except OSError:
        target.transport.abort()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
