"""Free ports."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_FIRST, _LAST = 15000, 32000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port(host: str = "127.0.0.1") -> int:
    """A port of the address that nobody listens on, below those the kernel gives to outgoing connections.

    A port from the kernel's range would be lost while its server is down: a client that keeps trying to connect can
    be given that very port and talk to itself.
    """
    chooser = random.SystemRandom()
    while True:
        port = chooser.randrange(_FIRST, _last())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


def _last() -> int:
    try:
        first_outgoing = int(_RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return _LAST
    return min(_LAST, first_outgoing) if first_outgoing > _FIRST + 1000 else _LAST
