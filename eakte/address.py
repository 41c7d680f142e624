"""The address at which the own server is to listen: free, or the start says so."""

from __future__ import annotations

import errno
import socket
import threading
import time

from core.errors import ConfigurationError
from core.settings import Settings

_FREE_SECONDS = 20.0
"""A server whose `eakte run` was killed needs some seconds to end; whoever holds the address longer is somebody else."""


def await_free(settings: Settings, stopping: threading.Event, seconds: float = _FREE_SECONDS) -> None:
    """Wait until the server can listen at its address. Raises ConfigurationError when it can't: whatever else answers
    there would be taken for it.
    """
    deadline = time.monotonic() + seconds
    while fault := _not_free(settings):
        if fault.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise ConfigurationError(
                f"Unter {settings.host}:{settings.port} lässt sich kein Server starten ({fault.strerror}). "
                "Bitte EAKTE_PORT oder EAKTE_HOST ändern, zum Beispiel EAKTE_PORT=8001.",
                f"no server can listen at {settings.host}:{settings.port}: set EAKTE_PORT or EAKTE_HOST",
            )
        if stopping.wait(0.2):
            return


def _not_free(settings: Settings) -> OSError | None:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None
