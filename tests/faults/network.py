"""A namespace of the network for the workers, with one link per server that can be pulled like a cable.

The servers listen on this machine's end of the links. Nothing answers through a pulled link and nothing refuses: as with
a cut cable the other side is simply silent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_PREFIX = "eakte-"
LINKS = ("postgres", "minio", "redis", "opensearch")


class NoNetwork(Exception):
    """This machine does not let us make a namespace; the text says why."""


@dataclass(frozen=True, slots=True)
class Network:
    """The namespace `name` and the address of this side of each link."""

    name: str
    hosts: dict[str, str] = field(default_factory=dict)

    @property
    def inside(self) -> tuple[str, ...]:
        """The beginning of a command that runs in the namespace."""
        return ("ip", "netns", "exec", self.name)

    def cut(self, server: str) -> None:
        """Pull the cable between the workers and one server."""
        _ip("link", "set", _plug(server), "down")

    def mend(self, server: str) -> None:
        """Put it back."""
        _ip("link", "set", _plug(server), "up")


@contextmanager
def network() -> Iterator[Network]:
    """A namespace with its links, gone afterwards. Raises NoNetwork."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise NoNetwork("namespaces of the network need root and iproute2")
    _sweep()
    hosts = {server: f"198.18.{os.getpid() % 256}.{4 * number + 1}" for number, server in enumerate(LINKS)}
    made = Network(f"{_PREFIX}{os.getpid()}", hosts)
    try:
        _ip("netns", "add", made.name)
        _ip("-n", made.name, "link", "set", "lo", "up")
        for server, host in made.hosts.items():
            _link(made.name, server, host)
        yield made
    finally:
        _remove(os.getpid())


def _link(name: str, server: str, host: str) -> None:
    """A switch of this machine with the server's address, and a cable from it into the namespace."""
    start, _, last = host.rpartition(".")
    switch, plug, inner = _switch(server), _plug(server), f"to-{server}"
    _ip("link", "add", switch, "type", "bridge")
    _ip("addr", "add", f"{host}/30", "dev", switch)
    _ip("link", "set", switch, "up")
    _ip("link", "add", plug, "type", "veth", "peer", "name", inner, "netns", name)
    _ip("link", "set", plug, "master", switch, "up")
    _ip("-n", name, "addr", "add", f"{start}.{int(last) + 1}/30", "dev", inner)
    _ip("-n", name, "link", "set", inner, "up")


def _switch(server: str) -> str:
    return f"ea{os.getpid()}s{LINKS.index(server)}"


def _plug(server: str) -> str:
    return f"ea{os.getpid()}p{LINKS.index(server)}"


def _sweep() -> None:
    """Remove what a killed run left behind."""
    for folder in Path("/run/netns").glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX)
        if process.isdigit() and not psutil.pid_exists(int(process)):
            _remove(int(process))


def _remove(process: int) -> None:
    subprocess.run(["ip", "netns", "del", f"{_PREFIX}{process}"], capture_output=True)
    for server in LINKS:
        for kind in ("p", "s"):
            gone = f"ea{process}{kind}{LINKS.index(server)}"
            subprocess.run(["ip", "link", "del", gone], capture_output=True)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise NoNetwork(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
