"""Names of processes that hold leases: unique, and a dead one can be told from a living one.

An owner is `HOST:PID:START`, or `PART/HOST:PID:START` where a part of a process holds leases of its own. A long name of a
host is cut and told apart by its hash: an owner has to fit into the columns that hold it.
"""

from __future__ import annotations

import hashlib
import socket
from typing import Final

import psutil

_LONGEST_HOST: Final = 40


def owner_name(part: str = "") -> str:
    """Host, process and its start: two processes never share it. Parts of one process differ by `part`."""
    process = f"{host_name()}:{psutil.Process().pid}:{_started(psutil.Process())}"
    return f"{part}/{process}" if part else process


def owner_is_dead(owner: str) -> bool:
    """Whether `owner` was a process of this host that no longer runs. Owners elsewhere, or of another form, are never
    called dead: their leases run out.
    """
    host, pid, started = (*owner.rpartition("/")[2].rsplit(":", 2), "", "")[:3]
    if host != host_name() or not (pid.isdigit() and started.isdigit()):
        return False
    try:
        process = psutil.Process(int(pid))
        return process.status() == psutil.STATUS_ZOMBIE or _started(process) != int(started)
    except psutil.NoSuchProcess:
        return True


def host_name() -> str:
    """The name of this host as owners bear it."""
    name = socket.gethostname()
    if len(name) <= _LONGEST_HOST:
        return name
    return f"{name[: _LONGEST_HOST - 9]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _started(process: psutil.Process) -> int:
    return int(process.create_time() * 1000)
